"""Whether words are a command itself, or a sentence that only begins like one: "resources are no use to me"."""

from collections.abc import Callable, Mapping

from bot.core.commands import Reader
from bot.core.countries import country_of_name
from bot.core.guides import find_guide
from bot.core.resources.topics import topic_id
from bot.core.resources.where import where_in
from bot.services import typed

_IS_KNOWN: Mapping[str, Callable[[str], bool]] = {
    "resources": lambda words: topic_id(where_in(words, country_of_name).words) is not None,
    "guide": lambda words: find_guide(words) is not None,
}
"""Of commands of one word that take any words: whether those name something that it knows."""


TAKES_KNOWN = _IS_KNOWN.keys()


def is_exactly(found: typed.Typed, reader: Reader) -> bool:
    """Whether the words are that command with its options, and cannot well be anything else.

    Behind a name of one word any words would do as a free value: they must name something that the command knows.
    """
    return typed.is_whole(found, reader) and not begins_like(found)


def begins_like(found: typed.Typed) -> bool:
    """Whether it has the name of a command of one word, and behind it words that may as well go on a sentence."""
    name = found.command.name
    free = [
        found.arguments[p.name]
        for p in found.command.parameters
        if p.kind.name in typed.FREE and p.name in found.arguments
    ]
    if not free or " " in name:
        return False
    return name not in _IS_KNOWN or not all(map(_IS_KNOWN[name], free))
