"""Small words that people write to anybody, a bot included: a greeting, thanks, and which language they speak."""

from collections.abc import Collection
from enum import Enum

from bot.core.commands import BadValue
from bot.core.content import Content
from bot.core.kinds import LANGUAGE
from bot.core.matching import fold
from bot.core.words import Text, Words, _
from bot.services import spoken
from bot.services.call import Call
from bot.services.offer import I_NEED_A_PERSON, with_its_language
from bot.services.replies import HELP
from bot.services.typed import PHRASE_LIMIT, ways
from bot.services.voice import Voice


class Small(Enum):
    """What such words are."""

    GREETING = _(
        "hi / hello / hey / hiya / hi there / hello there / hey there / good morning / good afternoon / good evening"
        " / hi bot / hello bot / is anybody here / anyone here"
    )
    THANKS = _("thanks / thank you / thx / ty / tysm / thanks a lot / thank you so much / many thanks / ok thanks")
    FINE = _("ok / okay / k / im ok / im okay / i am ok / im fine / i am fine / im good / all right / alright / sure")
    FOREIGN = _("I speak English / I only speak English / English please / do you speak English / in English")
    HELP = _("help me / please help / help please / help me please / i need help / i need help please")


_LANGUAGE_LIMIT = 20
"""Characters of the name of a language."""


def language_asked_for(call: Call, voice: Voice) -> Content | None:
    """The answer to somebody who names a language, or says in it that it is the one they speak."""
    text = call.inbound.text
    found = _read(call, voice)
    language = found[1] if found is not None and found[0] is Small.FOREIGN else _named(call, text)
    if language is None or language == call.member.language or voice.words(language).language != language:
        return None
    spoken.said(call.tx, call.member.id, language)
    text_in_it = _("I speak English, too, and so may people here. Shall we go on in it?")
    return with_its_language(Content(text=text_in_it, choices=(HELP,)), language)


def heard(call: Call, voice: Voice) -> Small | None:
    """Which small words the message is, if it is nothing else; from now on they are answered in its language."""
    found = _read(call, voice)
    if found is None:
        return None
    if found[1] != call.member.language:
        spoken.said(call.tx, call.member.id, found[1])
    return found[0]


def asks_for_help(text: str, languages: Collection[Words]) -> bool:
    """Whether a whole message says "help me", in any language."""
    return len(text) <= PHRASE_LIMIT and any(fold(text) in ways(words, Small.HELP.value.message) for words in languages)


def answer_to(small: Small) -> Content:
    """What they are answered with."""
    return Content(text=_ANSWERS[small], choices=(HELP, I_NEED_A_PERSON))


_GREETING = _("Hello! I'm a bot. I can show you what there is here, and call a person whenever you want one.")

_ANSWERS: dict[Small, Text] = {
    Small.GREETING: _GREETING,
    Small.FOREIGN: _GREETING,
    Small.THANKS: _("You're welcome. I'm here whenever you need something, and a person comes whenever you want one."),
    Small.FINE: _("All right. I'm here whenever you need something, and a person comes whenever you want one."),
    Small.HELP: _("Yes. I'm a bot; helplines: “resources crisis”. And I can call a person for you right now: shall I?"),
}


def _read(call: Call, voice: Voice) -> tuple[Small, str] | None:
    """What the words are, and in which language: the member's own before others."""
    if len(call.inbound.text) > PHRASE_LIMIT:
        return None
    said = fold(call.inbound.text)
    usual = call.member.language
    for words in sorted(voice.languages, key=lambda words: words.language != usual):
        for small in Small:
            if said in ways(words, small.value.message):
                return small, words.language
    return None


def _named(call: Call, text: str) -> str | None:
    """The language that is all of the words."""
    if len(text) > _LANGUAGE_LIMIT:
        return None
    try:
        return LANGUAGE.parse(text, call.member.reads(call.now))
    except BadValue:
        return None
