"""Topics that a service's own name and description tell, for sources that name none in our terms. No typos forgiven."""

from collections.abc import Iterable
from functools import cache

from bot.core.resources.match import all_words
from bot.core.resources.topics import TOPICS

_TOLD_LIMIT = 600
"""Characters of a description that are looked at: what comes later is mostly rules and directions."""

_WEAK = frozenset(
    """
    using clean work program programme class course school study student child kid friend family minor vet god
    emergency urgent sad alone listen drug works training court custody insurance doctor clinic hospital nurse
    prescription recovery course spiritual va eat rent job roof army panic crack pills storm
    """.split()  # noqa: SIM905  as prose it is easier to read and to add to
)
"""Words that somebody asks with, and that descriptions use of much else: they count in a name only."""


def topics_told(names: Iterable[str], description: str = "") -> tuple[str, ...]:
    """Ids of the topics whose phrases stand word for word in one of the `names`, or clearly in the description."""
    found: dict[str, None] = {}
    for name in names:
        found |= dict.fromkeys(_in(all_words(name), weak=True))
    found |= dict.fromkeys(_in(all_words(description[:_TOLD_LIMIT]), weak=False))
    return tuple(found)


def _in(said: tuple[str, ...], *, weak: bool) -> Iterable[str]:
    begins = _by_first_word()
    for place, word in enumerate(said):
        for phrase, topic in begins.get(word, ()):
            alone = len(phrase) == 1
            if said[place : place + len(phrase)] == phrase and (weak or not alone or word not in _WEAK):
                yield topic


@cache
def _by_first_word() -> dict[str, list[tuple[tuple[str, ...], str]]]:
    found: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for topic in TOPICS.values():
        for phrase in (topic.id.replace("-", " "), topic.label.message, *topic.synonyms):
            words = all_words(phrase)
            if words:
                found.setdefault(words[0], []).append((words, topic.id))
    return found
