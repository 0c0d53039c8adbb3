"""Opening hours: the one form in which they are kept, and whether something is open at a wall time.

The form is "24/7", or parts separated by "; ", each with days and times: "Mon-Fri 10:00-20:00", "Sat,Sun
09:00-13:00", "17:00-00:00 daily". An end at or before its start is on the next day. What is written otherwise is for
people to read, and says nothing about now.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, time
from functools import lru_cache

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
"""As `datetime.weekday` counts them."""

ROUND_THE_CLOCK = "24/7"

_PARTS_LIMIT = 21
"""Parts of one text: three a day."""

_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_CLOCK = r"([01]\d|2[0-4]):([0-5]\d)"
_TIMES = re.compile(rf"{_CLOCK}\s?[-–]\s?{_CLOCK}")
_DAY_LIST = re.compile(rf"{_DAY}(?:-{_DAY})?(?:,\s?{_DAY}(?:-{_DAY})?)*")

_MIDNIGHT = 24 * 60

Span = tuple[int, int, int]
"""Weekday (0 is Monday), and minutes after its midnight at which it opens and closes; over 1440 is the next day."""


def is_open(hours: str, at: datetime) -> bool | None:
    """Whether what has these `hours` is open at `at`, a wall time where it is; None if `hours` do not tell."""
    if hours.startswith(ROUND_THE_CLOCK):
        return True
    found = spans(hours)
    if found is None:
        return None
    today, minute = at.weekday(), at.hour * 60 + at.minute
    yesterday = (today - 1) % len(DAYS)
    return any(
        (day == today and opens <= minute < closes) or (day == yesterday and minute < closes - _MIDNIGHT)
        for day, opens, closes in found
    )


@lru_cache(maxsize=4_000)
def spans(hours: str) -> tuple[Span, ...] | None:
    """When it is open in a week; None if the text is not in the form."""
    parts = [part.strip() for part in hours.split(";")]
    if not hours or len(parts) > _PARTS_LIMIT:
        return None
    found: list[Span] = []
    for part in parts:
        times = _TIMES.search(part)
        if times is None:
            return None
        days = _days_of(f"{part[: times.start()]} {part[times.end() :]}".strip())
        start, end = _minutes(times[1], times[2]), _minutes(times[3], times[4])
        if days is None or start >= _MIDNIGHT or end > _MIDNIGHT:
            return None
        found += [(day, start, end if end > start else end + _MIDNIGHT) for day in days]
    return tuple(found)


def _days_of(text: str) -> tuple[int, ...] | None:
    if text in {"daily", ""}:
        return tuple(range(len(DAYS))) if text else None
    if not _DAY_LIST.fullmatch(text):
        return None
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        start, end = DAYS.index(first), DAYS.index(last or first)
        found += [(start + step) % len(DAYS) for step in range((end - start) % len(DAYS) + 1)]
    return tuple(dict.fromkeys(found))


def _minutes(hour: str, minute: str) -> int:
    return int(hour) * 60 + int(minute)


def write_hours(opening: Iterable[tuple[Sequence[int], time, time]]) -> str:
    """The text for (weekdays, opens, closes); the same times on several days are put together. "" for nothing."""
    by_times: dict[tuple[time, time], set[int]] = {}
    for days, opens, closes in opening:
        by_times.setdefault((opens, closes), set()).update(days)
    whole_week = set(range(len(DAYS)))
    if any(days == whole_week and opens == closes == time(0) for (opens, closes), days in by_times.items()):
        return ROUND_THE_CLOCK
    return "; ".join(
        f"{_days_text(sorted(days))} {opens:%H:%M}-{closes:%H:%M}" for (opens, closes), days in by_times.items() if days
    )


def _days_text(days: Sequence[int]) -> str:
    if len(days) == len(DAYS):
        return "daily"
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(DAYS[run[0]] if len(run) == 1 else f"{DAYS[run[0]]}-{DAYS[run[-1]]}" for run in runs)
