"""A date, as people write it."""

import re
from calendar import monthrange
from datetime import date, timedelta

from bot.core.commands import BadValue, Reader
from bot.core.kinds.reading import GUESS_LIMIT, SUGGESTION_LIMIT, mended, not_understood, plain, read
from bot.core.matching import nearest
from bot.core.occurrences import local_date
from bot.core.words import Say, _

MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

FIRST_YEAR, LAST_YEAR = 1900, 2199
"""Years outside these are slips of the keyboard."""

_YEAR = r"(?P<year>\d{4}|\d{2})"
_PATTERNS = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})",
        rf"(?P<day>\d{{1,2}})[.-]\s?(?P<month>\d{{1,2}})\.?(?:[.-]?\s?(?<=[.\s-]){_YEAR})?",
        rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?\s?(?:of )?(?P<name>[a-z]{{3,9}})\.?,?(?:\s{_YEAR})?",
        rf"(?P<name>[a-z]{{3,9}})\.?\s?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?(?:\s{_YEAR})?",
    )
)
_SLASHES = re.compile(rf"(\d{{1,2}})/(\d{{1,2}})(?:/{_YEAR})?", re.ASCII)
_AHEAD = re.compile(r"in (\d{1,3}|an?|one) (day|week)s?", re.ASCII)
_AGO = re.compile(r"(\d{1,5}|an?|one) (day|week)s? ago", re.ASCII)
_NEAR = {"today": 0, "tomorrow": 1, "yesterday": -1}
_WORDS = (*_NEAR, *DAYS, *MONTHS, "next", "last", "this", "day", "days", "week", "weeks", "ago")
_LEAP_YEARS = 9
"""From one 29 February to the next are up to eight years."""
_WORD = 3
"""Letters that tell months and weekdays apart."""


class Date:
    """A date in the reader's calendar: "2026-11-03", "3.11.", "3 November", "tomorrow", "tue" → `date`.

    A date without a year, and a weekday, is the next one; with `past` the latest one. A weekday is never today.
    """

    name = "date"

    def __init__(self, *, past: bool = False) -> None:
        self.past = past
        self.expected = (
            _("Please write a date, such as 2024-11-03, 3 November or yesterday.")
            if past
            else _("Please write a date, such as 2026-11-03, 3 November or tomorrow.")
        )

    def parse(self, text: str, reader: Reader) -> date:
        """The date meant."""
        typed = read(text, self.expected).removeprefix("the ")
        try:
            return self._read(text, typed, reader)
        except BadValue as unread:
            better = mended(typed, _WORDS) if not unread.guesses and " " in typed else None
            if better is None:
                raise
        try:
            meant = self._read(text, better, reader)
        except BadValue:
            raise not_understood(text, self.expected) from None
        raise not_understood(text, self.expected, [meant.isoformat()])

    def _read(self, text: str, typed: str, reader: Reader) -> date:
        today = local_date(reader.now, reader.zone)
        found = _relative(typed, today, past=self.past)
        if found is not None:
            return self._within(text, found, today)
        slashes = _SLASHES.fullmatch(typed)
        if slashes:
            return self._slashes(text, slashes, today)
        for pattern in _PATTERNS:
            match = pattern.fullmatch(typed)
            if match:
                parts = match.groupdict()
                month = _month(parts["name"]) if "name" in parts else int(parts["month"])
                if month is not None:
                    return self._calendar(text, parts["year"], month, int(parts["day"]), today)
        raise not_understood(text, self.expected, nearest(typed, [(word, word) for word in (*_NEAR, *DAYS)]))

    def suggest(self, typed: str, reader: Reader) -> list[tuple[str, Say]]:
        """What is typed, if it is a date, else the coming days (with `past`, the last ones)."""
        today = local_date(reader.now, reader.zone)
        way = -1 if self.past else 1
        week = [today + way * timedelta(days=n) for n in range(8)]
        wanted = plain(typed)
        begun = [day for day in week if f"{day:%A}".casefold().startswith(wanted) or str(day).startswith(wanted)]
        named = [today + timedelta(days=n) for word, n in _NEAR.items() if word.startswith(wanted)]
        days = [*self._meant(typed, reader), *(named if wanted else []), *begun]
        return [(day.isoformat(), day_label(day)) for day in dict.fromkeys(days)][:SUGGESTION_LIMIT]

    def _meant(self, typed: str, reader: Reader) -> list[date]:
        try:
            return [self.parse(typed, reader)]
        except BadValue as unread:
            return [date.fromisoformat(guess) for guess in unread.guesses if guess[0].isdigit()]

    def _within(self, text: str, found: date, today: date) -> date:
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            raise not_understood(text, self.expected, _in_range([found.replace(year=today.year, day=1)]))
        return found

    def _slashes(self, text: str, match: re.Match[str], today: date) -> date:
        """3/11 is 3 November to most and March 11 to some: ask, unless only one of the two can be."""
        first, second = int(match[1]), int(match[2])
        readings = []
        for day, month in dict.fromkeys([(first, second), (second, first)]):
            try:
                readings.append(self._calendar(text, match["year"], month, day, today))
            except BadValue:
                continue
        if len(readings) == 1:
            return readings[0]
        if not readings:
            return self._calendar(text, match["year"], second, first, today)
        unclear = _("Please write the month in letters, or the year first, such as 2026-11-03.")
        raise not_understood(text, unclear, [day.isoformat() for day in readings])

    def _calendar(self, text: str, year: str | None, month: int, day: int, today: date) -> date:
        if not 1 <= month <= len(MONTHS):
            swapped = [(day, month)] if 1 <= day <= len(MONTHS) else []
            near = [self._guess(year, m, d, today) for m, d in swapped]
            raise not_understood(text, self.expected, _in_range(near))
        found = self._choose_year(year, month, day, today)
        if found is None:
            last = self._guess(year, month, day, today)
            raise not_understood(text, self.expected, _in_range([last, last + timedelta(days=1)]))
        return self._within(text, found, today)

    def _choose_year(self, year: str | None, month: int, day: int, today: date) -> date | None:
        """The date, in the year nearest in the right direction if none is given; None if it does not exist."""
        if year is not None:
            return _existing(_full_year(year, today), month, day)
        way = -1 if self.past else 1
        for ahead in range(_LEAP_YEARS):
            found = _existing(today.year + way * ahead, month, day)
            if found is not None and (found - today).days * way >= 0:
                return found
        return None

    def _guess(self, year: str | None, month: int, day: int, today: date) -> date:
        """The last day of that month that is not after `day`."""
        chosen = today.year if year is None else min(max(_full_year(year, today), FIRST_YEAR), LAST_YEAR)
        found = date(chosen, month, min(max(day, 1), monthrange(chosen, month)[1]))
        way = -1 if self.past else 1
        if year is None and (found - today).days * way < 0:
            chosen += way
            found = date(chosen, month, min(max(day, 1), monthrange(chosen, month)[1]))
        return found


def day_label(day: date) -> Say:
    """A date as it is offered: with its weekday, in the reader's language, and its year."""
    return _("{day} {year}", day=day, year=day.year)


def day_of_name(word: str) -> int | None:
    """The ISO weekday (1 Monday to 7 Sunday) of a word such as "tue", "Tues." or "Tuesdays"."""
    letters = word.casefold().strip(".,").removesuffix("s") if len(word) > len("tues.") else word.strip(".,")
    for number, name in enumerate(DAYS, start=1):
        if letters == name[:2] or (len(letters) >= _WORD and name.startswith(letters)):
            return number
    return None


def _month(word: str) -> int | None:
    if word == "sept":
        return MONTHS.index("september") + 1
    found = [number for number, name in enumerate(MONTHS, start=1) if name.startswith(word)]
    return found[0] if len(found) == 1 else None


def _relative(typed: str, today: date, *, past: bool) -> date | None:
    if typed in _NEAR:
        return today + timedelta(days=_NEAR[typed])
    for pattern, way in ((_AHEAD, 1), (_AGO, -1)):
        match = pattern.fullmatch(typed)
        if match:
            number = int(match[1]) if match[1].isdigit() else 1
            return today + way * timedelta(days=number * (7 if match[2] == "week" else 1))
    words = typed.split()
    lead = words[0] if len(words) > 1 else ""
    weekday = day_of_name(words[-1])
    if weekday is None or len(words) > len([lead, weekday]) or lead not in {"", "next", "this", "on", "last"}:
        return None
    backward = lead == "last" or (past and lead not in {"next", "this"})
    days = (today.isoweekday() - weekday - 1) % 7 + 1 if backward else (weekday - today.isoweekday() - 1) % 7 + 1
    return today + timedelta(days=-days if backward else days)


def _full_year(year: str, today: date) -> int:
    """Two digits are the year of that ending that is at most 20 years ahead."""
    number = int(year)
    if len(year) == len("2026"):
        return number
    number += today.year // 100 * 100
    return number - 100 if number > today.year + 20 else number


def _existing(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _in_range(days: list[date]) -> list[str]:
    return [day.isoformat() for day in days if FIRST_YEAR <= day.year <= LAST_YEAR][:GUESS_LIMIT]
