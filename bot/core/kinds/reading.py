"""What all kinds do with the words they are given."""

import re
from collections.abc import Collection, Iterable

from bot.core.commands import BadValue
from bot.core.matching import nearest
from bot.core.text import clean_name, normalize
from bot.core.words import Text, _

TYPED_LIMIT = 200
"""Characters of a value; only `Words` takes more."""

GUESS_LIMIT = 5
"""Guesses in a `BadValue`."""

SUGGESTION_LIMIT = 25
"""Suggestions for what has been typed so far: as many as Discord shows."""


_MISSPELT = re.compile(r"[^\W\d_]{3,}[.,]?")
"""A word that may be mended."""


def plain(text: str) -> str:
    """`text` in lower case and common letters, its white space single; "" if it is longer than any value."""
    if len(text) > TYPED_LIMIT:
        return ""
    return " ".join(re.sub(r"[\u2010-\u2015\u2212]", "-", normalize("NFKC", text)).casefold().split())


def read(text: str, expected: Text) -> str:
    """`text` as `plain` has it; raises `BadValue` if nothing is left or it is too long to be a value."""
    if len(text) > TYPED_LIMIT:
        raise BadValue(_("That is longer than I can read here. {expected}", expected=expected))
    found = plain(text)
    if not found:
        raise BadValue(expected)
    return found


def mended(typed: str, known: Collection[str]) -> str | None:
    """`typed` with each word that is none of `known`, but nearly one, as that: "next mondey" → "next monday".

    None if there is no such word. What has a digit in it, or fewer than three letters, is taken as it is.
    """
    names = [(word, word) for word in known]
    words = typed.split()
    better = [
        word if word in known or not _MISSPELT.fullmatch(word) else next(iter(nearest(word, names, 1)), word)
        for word in words
    ]
    return None if better == words else " ".join(better)


def perhaps(word: str, meant: str, expected: Text) -> Text:
    """Says that a `word` which people use otherwise, too, may have `meant` that name, and what is expected."""
    return _("“{word}” may mean {meant}, or just that word. {expected}", word=word, meant=meant, expected=expected)


def not_understood(text: str, expected: Text, guesses: Iterable[str] = ()) -> BadValue:
    """A `BadValue` that repeats the person's words, cleaned and cut, and says what is expected instead."""
    best = tuple(dict.fromkeys(guesses))[:GUESS_LIMIT]
    words = clean_name(text)
    if not words:
        return BadValue(expected, best)
    return BadValue(_("I did not understand “{words}”. {expected}", words=words, expected=expected), best)
