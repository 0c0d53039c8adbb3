"""Finding what somebody meant in spite of a typo, an accent or a capital."""

import re
import unicodedata
from collections.abc import Iterable
from typing import TypeVar

from rapidfuzz import fuzz

from bot.core.text import normalize

T = TypeVar("T")

_TYPED_LIMIT = 100
"""Characters of what was typed that are compared; no name in our lists is longer."""

_BEGINS, _HAS_WORD, _ALIKE = 97.0, 92.0, 70.0
"""Scores out of 100: the name begins so; one of its words does; the least likeness worth showing."""

_BETWEEN = re.compile(r"[\W_]+")
_INSIDE = re.compile(r"[.'’]")
_ASCII = {code: char.lower() if (char := chr(code)).isalnum() else None if char in ".'" else " " for code in range(128)}
"""What the two above make of each character of ASCII, in one step."""

_WORD_LENGTH = 3
"""Fewer letters than this are the beginning of too many words."""


def fold(text: str) -> str:
    """`text` as it is compared: letters and digits in lower case, with single spaces for what is between them.

    Accents, dots and apostrophes count for nothing.
    """
    if text.isascii():  # most names are, and have nothing to decompose
        return " ".join(text.translate(_ASCII).split())
    decomposed = normalize("NFKD", normalize("NFKD", text).casefold())
    plain = "".join(char for char in decomposed if unicodedata.category(char) != "Mn")
    return _BETWEEN.sub(" ", _INSIDE.sub("", plain)).strip()


def nearest(typed: str, names: Iterable[tuple[str, T]], limit: int = 5) -> list[T]:
    """The values whose folded names are most like `typed`, best first, each once, at most `limit`.

    Names of equal likeness stay in the order given. Likeness is rapidfuzz's ratio (0 to 100), and the
    beginning of a name counts more than a name of the same length.
    """
    wanted = fold(typed[:_TYPED_LIMIT])
    if not wanted:
        return []
    scored = [(likeness(wanted, name), value) for name, value in names]
    best = sorted((pair for pair in scored if pair[0] >= _ALIKE), key=lambda pair: -pair[0])
    return list(dict.fromkeys(value for _, value in best))[:limit]


def likeness(wanted: str, name: str) -> float:
    """How much two folded texts are alike, from 0 to 100."""
    if name.startswith(wanted):
        return 100.0 if name == wanted else _BEGINS
    if len(wanted) >= _WORD_LENGTH and f" {wanted}" in name:
        return _HAS_WORD
    return fuzz.ratio(wanted, name, score_cutoff=_ALIKE)
