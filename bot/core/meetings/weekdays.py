"""Weekdays, as six worlds number them, brought to one: ISO 8601, Monday 1 to Sunday 7.

Sources of the numberings: Meeting Guide specification 1.1.9 ("0 = Sunday"); BMLT's database the same; BMLT's
semantic API ("1=Sunday … 7=Saturday"); OIAA and ISO 8601; Python's `weekday()` and Discord's recurrence rules
(0 = Monday); RFC 5545 and HSDS 3.0 (letters). Sheets have names.
"""

import re
from collections.abc import Callable, Iterable
from enum import Enum
from functools import lru_cache
from typing import Any, Final

from bot.core.kinds.dates import DAYS, day_of_name
from bot.core.recurrence import DAY_CODES

_WEEK = 7


class Numbering(tuple[int, int], Enum):
    """How a source numbers weekdays: the number of its Sunday and of its Monday."""

    SUNDAY_0 = (0, 1)
    """Meeting Guide and BMLT's database. Some feeds write 7 for Sunday: it can mean nothing else."""
    SUNDAY_1 = (1, 2)
    """BMLT's semantic API."""
    ISO = (7, 1)
    """ISO 8601 and OIAA. A 0 is Sunday, as it can mean nothing else."""
    MONDAY_0 = (6, 0)
    """Python's `weekday()` and Discord."""


def from_number(number: int, numbering: Numbering) -> int:
    """The ISO weekday of a source's number; raises ValueError if it has no such number."""
    if numbering in {Numbering.SUNDAY_0, Numbering.ISO}:
        if 0 <= number <= _WEEK:
            return number or _WEEK
    else:
        first = min(numbering)
        if first <= number < first + _WEEK:
            return (number - numbering[1]) % _WEEK + 1
    raise ValueError("no such weekday")


def to_number(weekday: int, numbering: Numbering) -> int:
    """The source's number of an ISO weekday; raises ValueError if it is none."""
    if not 1 <= weekday <= _WEEK:
        raise ValueError("ISO weekdays are 1 to 7")
    first = min(numbering)
    return (numbering[1] - first + weekday - 1) % _WEEK + first


def from_letters(code: str) -> int:
    """The ISO weekday of RFC 5545's and HSDS's two letters, such as "TU"; raises ValueError."""
    return DAY_CODES.index(code.strip().upper()) + 1


def to_letters(weekday: int) -> str:
    """RFC 5545's letters of an ISO weekday; raises ValueError if it is none."""
    if not 1 <= weekday <= _WEEK:
        raise ValueError("ISO weekdays are 1 to 7")
    return DAY_CODES[weekday - 1]


def name_of(weekday: int) -> str:
    """The English name of an ISO weekday in lower case, as feeds and JSON have it."""
    return DAYS[weekday - 1]


_SETS: Final = {
    "daily": range(1, 8),
    "every day": range(1, 8),
    "everyday": range(1, 8),
    "all": range(1, 8),
    "weekdays": range(1, 6),
    "weekends": range(6, 8),
}
_OTHER_NAMES: Final = {
    "domingo": 7, "lunes": 1, "martes": 2, "miércoles": 3, "miercoles": 3, "jueves": 4, "viernes": 5, "sábado": 6,
    "sabado": 6, "dimanche": 7, "lundi": 1, "mardi": 2, "mercredi": 3, "jeudi": 4, "vendredi": 5, "samedi": 6,
    "sonntag": 7, "montag": 1, "dienstag": 2, "mittwoch": 3, "donnerstag": 4, "freitag": 5, "samstag": 6,
    "tues": 2, "weds": 3, "thur": 4, "thurs": 4,
}  # fmt: skip
_NUMBER: Final = re.compile(r"\s*([0-9])(?:\.0+)?\s*", re.ASCII)
_RANGE: Final = re.compile(r"(\w+)\s*(?:-|–|to|through|thru)\s*(\w+)", re.IGNORECASE)
_BETWEEN: Final = re.compile(r"[\s,;/&+|\[\]\"']+|\band\b", re.IGNORECASE)
_LONGEST: Final = 100
"""Characters of a weekday field: seven names and what is between them."""

APPOINTMENT: Final = frozenset({"", "by appointment", "appointment", "tbd", "varies", "n/a", "none", "null"})


def _one(word: str) -> int | None:
    """The ISO weekday of a name, such as "Tue", "Tuesdays" or "TU"."""
    folded = word.casefold().rstrip(".")
    if folded in _OTHER_NAMES:
        return _OTHER_NAMES[folded]
    found = day_of_name(folded) or day_of_name(folded.removesuffix("s"))
    if found is None and word.upper() in DAY_CODES:
        return from_letters(word)
    return found


def read(value: Any, numbering: Numbering) -> tuple[int, ...]:
    """The ISO weekdays that a feed's field means, in order, each once; () for none ("by appointment").

    A number (also as text, as sheets have it), a name in English and some other languages, several of them, a range,
    or a list of any of these. Raises ValueError where it means nothing.
    """
    if value is None:
        return ()
    if isinstance(value, (list, tuple)):
        if len(value) > 2 * _WEEK:
            raise ValueError("too many weekdays")
        return _sorted(day for each in value for day in read(each, numbering))
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError("not a weekday")  # noqa: TRY004  whatever is no weekday is one kind of refusal
    if not isinstance(value, str):
        if value != int(value):
            raise ValueError("not a weekday")
        return (from_number(int(value), numbering),)
    return _read_text(value, numbering) if len(value) <= _LONGEST else _read_plain(value, numbering)


def _read_plain(value: str, numbering: Numbering) -> tuple[int, ...]:
    if number := _NUMBER.fullmatch(value):
        return (from_number(int(number[1]), numbering),)
    return _read_names(value, lambda word: _part(word, numbering))


_read_text = lru_cache(maxsize=512)(_read_plain)


def _part(word: str, numbering: Numbering) -> int | None:
    number = _NUMBER.fullmatch(word)
    return from_number(int(number[1]), numbering) if number else _one(word)


def _read_names(value: str, one: Callable[[str], int | None]) -> tuple[int, ...]:
    text = value.strip().casefold()
    if text in APPOINTMENT:
        return ()
    if len(text) > _LONGEST:
        raise ValueError("not a weekday")
    if text in _SETS:
        return tuple(_SETS[text])
    ends = _RANGE.fullmatch(text)
    if ends:
        first, last = _one(ends[1]), _one(ends[2])
        if first and last:
            return _sorted((first - 1 + step) % _WEEK + 1 for step in range((last - first) % _WEEK + 1))
    found = [one(word) for word in _BETWEEN.split(text) if word]
    if not found or None in found:
        raise ValueError("not a weekday")
    return _sorted(day for day in found if day)


def _sorted(days: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(set(days)))
