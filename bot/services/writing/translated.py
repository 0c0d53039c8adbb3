"""Commands by the words that other languages have for them: "recursos vivienda" for "resources housing"."""

from collections.abc import Collection, Mapping
from functools import lru_cache

from bot.core.matching import fold
from bot.core.resources.topics import TOPICS
from bot.core.words import Text, Words, _
from bot.services.typed import MARKS, ways

NAMES: Mapping[str, Text] = {
    "help": _("help / menu / commands / what can you do"),
    "resources": _("resources / find help nearby"),
    "resources crisis": _(
        "helplines / helpline / helpline number / crisis line / crisis line number / crisis number / hotline"
        " / suicide hotline / hotline number / phone number / the number / numbers / 988 / call 988"
    ),
    "meetings": _(
        "meetings / next meetings / next meeting / when is the next meeting / whens the next meeting"
        " / when is the meeting / what time is the meeting / any meetings today / are there meetings today"
    ),
    "meetings find": _("find meetings / find a meeting"),
    "checkin start": _("start check-ins / daily check-ins"),
    "checkin stop": _(
        "stop check-ins / no more check-ins / stop checkins / no more checkins / no check-ins / no checkins"
        " / stop the check-ins / stop the checkins / turn off check-ins / turn off checkins / check-ins off"
        " / checkins off / stop checking in / stop checking on me / unsubscribe from check-ins"
    ),
    "checkin now": _("check in now / check me in"),
    "guides": _("guides / all guides"),
    "settings": _("settings / my settings"),
    "settings language": _("language / my language"),
    "settings country": _("country / my country"),
    "settings zone": _("time zone / my time zone"),
    "settings name": _("change my name / change name"),
    "settings quiet": _(
        "quiet hours / my quiet hours / set quiet hours / change quiet hours / settings quiet hours / quiet time"
        " / quiet"
    ),
    "settings quiet none": _(
        "no quiet hours / no more quiet hours / quiet hours off / turn off quiet hours / turn quiet hours off"
        " / switch off quiet hours / switch quiet hours off / stop quiet hours / end quiet hours / remove quiet hours"
        " / delete quiet hours / cancel quiet hours / I want no quiet hours / I don't want quiet hours"
    ),
    "mydata export": _("what do you know about me / what do you store about me"),
}
"""Names of commands, and how a language's speakers would call them. What gets a person are phrases of its own."""

_WORDS = 6
"""Words that a name may have."""

_TAKES_A_NAME, _TAKES_A_TOPIC = "help", "resources"


def in_english(text: str, languages: Collection[Words]) -> tuple[str, str] | None:
    """What `text` is as a typed command, and the language in which it was written; None if it names none."""
    words = text.strip().lstrip("".join(MARKS)).split()
    for count in range(min(_WORDS, len(words)), 0, -1):
        name, rest = fold(" ".join(words[:count])), " ".join(words[count:])
        for language in languages:
            command = _names(language).get(name)
            if command is not None:
                return f"{command} {_argument(command, rest, language)}".strip(), language.language
    return None


def is_menu(text: str, languages: Collection[Words]) -> bool:
    """Whether a whole message asks what the bot can do, in any language."""
    return any(_names(language).get(fold(text)) == _TAKES_A_NAME for language in languages)


def _argument(command: str, rest: str, language: Words) -> str:
    """What stands after the name, where that is one of our own words, too."""
    if command == _TAKES_A_NAME:
        return _names(language).get(fold(rest), rest)
    if command == _TAKES_A_TOPIC and rest:
        wanted = set(fold(rest).split())
        return next((english for label, english in _topics(language) if wanted <= label), rest)
    return rest


@lru_cache(maxsize=64)
def _names(language: Words) -> dict[str, str]:
    return {way: command for command, name in NAMES.items() for way in ways(language, name.message)}


@lru_cache(maxsize=64)
def _topics(language: Words) -> tuple[tuple[frozenset[str], str], ...]:
    """The words of each topic's label, and the label in English."""
    labels = [topic.label for topic in TOPICS.values()]
    return tuple((frozenset(fold(language.render(label)).split()), str(label)) for label in labels)
