"""Words compared in spite of typing errors, accents and plurals; phone numbers in spite of their spelling."""

import re
import unicodedata
from collections.abc import Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.core.matching import fold

WORDS_LIMIT = 200
"""Characters of a search that are looked at; what people type is shorter, and the work stays bounded."""

_STOP = frozenset(
    """
    a also am an and any anyone are around at be by call can could do for from get give go have help
    helpline hotline hours how i im in is it line me my near nearby need no not now number of on only or
    please resource service some somebody someone tell text that the there this to today tonight us want
    we what where which who with you your
    al ayuda busco con cerca cómo como de del donde dónde el en es esta este estoy hay hoy la las lo los me mi mí
    necesito no noche para por que qué quiero se sin su tengo un una y
    """.split()  # noqa: SIM905  as prose it is easier to read and to add to
)
"""Words that say nothing about what is looked for."""

_EXACT_BELOW = 5
"""Letters: shorter words must be right ("food" is not "good")."""
_ONE_ERROR_BELOW = 8
"""Letters: from here on two errors are forgiven, below it one."""
_MOST_ERRORS = 2
_FREE_FIRST_LETTER = 7
"""Letters: from here on the error may be in the first letter."""

_NUMBER = re.compile(r"\d(?:[\d\s().\-]{1,24}\d|\d)(?:-[A-Z]{4}\b)?", re.ASCII)
_SHORTEST_NUMBER = 3


def all_words(text: str) -> tuple[str, ...]:
    """Every word of `text`, folded and without an English plural's s."""
    return tuple(_singular(word) for word in _folded(text))


def spelled(text: str) -> dict[str, str]:
    """Every word of `text`, folded, by what `all_words` makes of it: "crisis" is "crisi" there."""
    return {_singular(word): word for word in reversed(_folded(text))}


def telling_words(text: str) -> tuple[str, ...]:
    """The words of `text` that say what is looked for, each once; figures are left to `numbers`."""
    said = (word for word in _folded(text) if word not in _STOP and not word.isdecimal())
    return tuple(dict.fromkeys(_singular(word) for word in said))


def alike(one: str, other: str) -> bool:
    """Whether two folded words are the same but for a typing error."""
    if one == other:
        return True
    if not (one.isalpha() and other.isalpha()):
        return False  # of a postcode or a number, every digit counts
    shorter = min(len(one), len(other))
    if shorter < _EXACT_BELOW or (one[0] != other[0] and shorter < _FREE_FIRST_LETTER):
        return False
    errors = 1 if shorter < _ONE_ERROR_BELOW else _MOST_ERRORS
    return OSA.distance(one, other, score_cutoff=errors) <= errors


def alike_among(word: str, others: Sequence[str]) -> set[str]:
    """Those of `others` that are `word` but for a typing error: `alike`, quick over many."""
    near = process.extract(word, others, scorer=OSA.distance, score_cutoff=_MOST_ERRORS, limit=None)
    return {other for other, _distance, _place in near if alike(word, other)}


def numbers(text: str) -> tuple[tuple[str, str], ...]:
    """Phone numbers and short codes in `text`: each as a key to compare by, and as it was written.

    A key is digits and capital letters without the North American 1 in front; letters as in 1-800-273-TALK stay.
    """
    plain = unicodedata.normalize("NFKC", text).upper()
    found = []
    for match in _NUMBER.finditer(plain):
        key = re.sub(r"[^0-9A-Z]", "", match.group())
        key = re.sub(r"^1(?=[0-9A-Z]{10}$)", "", key)
        if len(key) >= _SHORTEST_NUMBER:
            found.append((key, match.group()))
    return tuple(found)


def _folded(text: str) -> list[str]:
    """The words of `text` to compare; an apostrophe does not part a word ("can't" is "cant")."""
    return fold(text.replace("'", "").replace("’", "")).split()


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word  # noqa: PLR2004  "gas" is no plural
