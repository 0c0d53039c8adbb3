"""The part of RFC 5545's recurrence rules that a meeting needs: which local dates it falls on.

Rules come from people and from their calendar files, so they are parsed into known parts with known ranges;
python-dateutil then gets those parts, never the text.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal

from dateutil.rrule import DAILY, FR, MO, MONTHLY, SA, SU, TH, TU, WE, WEEKLY, rrule

from bot.core.words import Say, Text, _, _n

INTERVAL_LIMIT = 52
"""Days, weeks or months between two dates of a rule, at most."""

RULE_LIMIT = 200
"""Characters of a rule's text, at most."""

DAY_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
"""RFC 5545's weekdays, in the order of ISO 8601: Monday is 1."""

_DAYS = (MO, TU, WE, TH, FR, SA, SU)

ALL_DAYS = frozenset(range(1, 8))
WORKING_DAYS = frozenset(range(1, 6))

_MONTHS = 12

_BY_DAY = re.compile(r"(?:\+?([1-5]|-1))?(MO|TU|WE|TH|FR|SA|SU)")
_MONTH_DAYS = re.compile(r"-1|(?:[1-9]|[12]\d|3[01])(?:,(?:[1-9]|[12]\d|3[01])){0,30}", re.ASCII)
_FREQUENCIES: dict[str, Literal[1, 2, 3]] = {"DAILY": DAILY, "WEEKLY": WEEKLY, "MONTHLY": MONTHLY}
_KEYS = frozenset({"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "UNTIL", "WKST"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A rule that has been read.

    - `frequency`: "DAILY", "WEEKLY" or "MONTHLY";
    - `by_day`: pairs of an ordinal in the month (1 to 5, -1 the last, 0 none) and an ISO weekday;
    - `month_days`: days of the month (1 to 31), or only -1, the last; months without that day are skipped;
    - `until`: the last date that may be, included;
    - `week_start`: the ISO weekday on which the weeks of an interval begin.
    """

    frequency: str
    interval: int = 1
    by_day: tuple[tuple[int, int], ...] = ()
    month_days: tuple[int, ...] = ()
    until: date | None = None
    week_start: int = 1


def weekly(days: Collection[int]) -> str:
    """The rule of a meeting on these ISO weekdays (1 Monday to 7 Sunday), every week; ValueError for none."""
    if not days or not ALL_DAYS.issuperset(days):
        raise ValueError("weekdays are 1 to 7, and at least one")
    if set(days) == ALL_DAYS:
        return "FREQ=DAILY"
    return "FREQ=WEEKLY;BYDAY=" + ",".join(DAY_CODES[day - 1] for day in sorted(set(days)))


@lru_cache(maxsize=1024)
def parse(text: str) -> Parts:
    """The parts of an RRULE text such as "FREQ=MONTHLY;BYDAY=1MO"; raises ValueError.

    Taken: FREQ of DAILY, WEEKLY or MONTHLY; INTERVAL up to 52; BYDAY (with an ordinal only if monthly);
    BYMONTHDAY (only if monthly, without BYDAY); UNTIL as a date; WKST.
    """
    if len(text) > RULE_LIMIT:
        raise ValueError("the recurrence rule is too long")
    pairs = [part.partition("=") for part in text.upper().removeprefix("RRULE:").split(";")]
    given = {key: value for key, _equals, value in pairs}
    if len(given) != len(pairs) or not given.keys() <= _KEYS:
        raise ValueError("the recurrence rule has parts that are unknown or given twice")
    frequency = given.get("FREQ", "")
    if frequency not in _FREQUENCIES:
        raise ValueError("the recurrence rule is not daily, weekly or monthly")
    by_day = _by_day(given["BYDAY"]) if "BYDAY" in given else ()
    month_days = _month_days(given["BYMONTHDAY"]) if "BYMONTHDAY" in given else ()
    if frequency != "MONTHLY" and (month_days or any(ordinal for ordinal, _day in by_day)):
        raise ValueError("days of the month belong to monthly rules")
    if by_day and month_days:
        raise ValueError("a monthly rule has weekdays or days of the month, not both")
    return Parts(
        frequency=frequency,
        interval=_interval(given.get("INTERVAL", "1")),
        by_day=by_day,
        month_days=month_days,
        until=_until(given["UNTIL"]) if "UNTIL" in given else None,
        week_start=_week_start(given.get("WKST", "MO")),
    )


def _by_day(value: str) -> tuple[tuple[int, int], ...]:
    found = [_BY_DAY.fullmatch(item) for item in value.split(",")]
    pairs = {(int(match[1] or 0), DAY_CODES.index(match[2]) + 1) for match in found if match}
    if not all(found) or len({ordinal == 0 for ordinal, _day in pairs}) > 1:
        raise ValueError("BYDAY is not a list of weekdays, all with an ordinal or all without")
    return tuple(sorted(pairs, key=lambda pair: (pair[0] < 0, pair)))


def _month_days(value: str) -> tuple[int, ...]:
    if not _MONTH_DAYS.fullmatch(value):
        raise ValueError("BYMONTHDAY is not a list of 1 to 31, nor -1")
    return tuple(sorted({int(day) for day in value.split(",")}))


def _interval(value: str) -> int:
    if not re.fullmatch(r"[1-9]\d?", value, re.ASCII) or int(value) > INTERVAL_LIMIT:
        raise ValueError(f"INTERVAL is not 1 to {INTERVAL_LIMIT}")
    return int(value)


def _until(value: str) -> date:
    if not re.fullmatch(r"\d{8}", value, re.ASCII):
        raise ValueError("UNTIL is not a date")
    return date.fromisoformat(value)


def _week_start(value: str) -> int:
    if value not in DAY_CODES:
        raise ValueError("WKST is not a weekday")
    return DAY_CODES.index(value) + 1


def days(parts: Parts, start: date, first: date, last: date) -> Iterator[date]:
    """The dates of the rule that started on `start`, from `first` to `last` (both included), in order.

    Without a day in the rule it is the weekday or the day of the month of `start`.
    """
    month_days = parts.month_days
    if parts.frequency == "MONTHLY" and not parts.by_day and not month_days:
        month_days = (start.day,)
    if parts.frequency == "MONTHLY" and _never(parts.interval, month_days, start.month):
        return
    found = rrule(
        _FREQUENCIES[parts.frequency],
        dtstart=datetime.combine(_skip_ahead(parts, start, first), time.min),
        interval=parts.interval,
        byweekday=[_DAYS[day - 1](ordinal) if ordinal else _DAYS[day - 1] for ordinal, day in parts.by_day] or None,
        bymonthday=month_days or None,
        until=datetime.combine(min(last, parts.until or last), time.min),
        wkst=parts.week_start - 1,
    )
    for moment in found:
        if moment.date() >= first:
            yield moment.date()


def _never(interval: int, month_days: tuple[int, ...], month: int) -> bool:
    """Whether it is always the same month, and one too short: dateutil would look through 8,000 years."""
    a_leap_year = 2024
    longest = monthrange(a_leap_year, month)[1]
    return interval % _MONTHS == 0 and bool(month_days) and min(month_days) > longest


def _skip_ahead(parts: Parts, start: date, first: date) -> date:
    """A date at or before `first` from which the rule goes on as from `start`: an old meeting costs no more."""
    if first <= start:
        return start
    if parts.frequency == "MONTHLY":
        months = (first.year - start.year) * _MONTHS + first.month - start.month
        months -= months % parts.interval
        year, month = divmod(start.year * _MONTHS + start.month - 1 + months, _MONTHS)
        return date(year, month + 1, 1) if months else start
    step = timedelta(days=parts.interval * (7 if parts.frequency == "WEEKLY" else 1))
    return start + (first - start) // step * step


def describe(parts: Parts, start: date) -> Say:
    """The days of the rule in words, such as "Tuesdays and Thursdays"."""
    said = _each(parts, start)
    if parts.until is None:
        return said
    return _("{days}, until {last_day}", days=said, last_day=parts.until)


def _each(parts: Parts, start: date) -> Say:
    n = parts.interval
    if parts.frequency == "MONTHLY":
        return _each_month(parts, start)
    if parts.frequency == "DAILY" and not parts.by_day:
        return _n("Every day", "Every {n} days", n=n)
    names = _weekday_names({day for _ordinal, day in parts.by_day} or {start.isoweekday()})
    if n == 1:
        return names
    if parts.frequency == "DAILY":
        return _("Every {n} days, if on {days}", n=n, days=names)
    return _("Every {n} weeks, {days}", n=n, days=names)


def _each_month(parts: Parts, start: date) -> Say:
    n = parts.interval
    if any(ordinal for ordinal, _day in parts.by_day):
        named = [_ORDINALS[ordinal](_WEEKDAY[day - 1]) for ordinal, day in parts.by_day]
        return _n("The {days} of the month", "Every {n} months, the {days}", n=n, days=_list(named))
    if parts.by_day:
        names = _weekday_names({day for _ordinal, day in parts.by_day})
        return names if n == 1 else _("Every {n} months, {days}", n=n, days=names)
    if parts.month_days == (-1,):
        return _n("The last day of the month", "Every {n} months, the last day of the month", n=n)
    numbers = _list([str(day) for day in parts.month_days or (start.day,)])
    return _n("Day {days} of the month", "Every {n} months, day {days} of the month", n=n, days=numbers)


def _weekday_names(wanted: Collection[int]) -> Say:
    if wanted == ALL_DAYS:
        return _("Every day")
    if wanted == WORKING_DAYS:
        return _("Monday to Friday")
    return _list([_WEEKDAYS[day - 1] for day in sorted(wanted)])


def _list(items: Sequence[Say]) -> Say:
    """The items in one sentence: "a, b and c"."""
    *others, last = items
    if not others:
        return last
    said: Say = others[0]
    for item in others[1:]:
        said = _("{items}, {item}", items=said, item=item)
    return _("{items} and {last}", items=said, last=last)


_WEEKDAYS = (
    _("Mondays"),
    _("Tuesdays"),
    _("Wednesdays"),
    _("Thursdays"),
    _("Fridays"),
    _("Saturdays"),
    _("Sundays"),
)
_WEEKDAY = (
    _("Monday"),
    _("Tuesday"),
    _("Wednesday"),
    _("Thursday"),
    _("Friday"),
    _("Saturday"),
    _("Sunday"),
)
_ORDINALS: dict[int, Callable[[Text], Text]] = {
    1: lambda day: _("first {weekday}", weekday=day),
    2: lambda day: _("second {weekday}", weekday=day),
    3: lambda day: _("third {weekday}", weekday=day),
    4: lambda day: _("fourth {weekday}", weekday=day),
    5: lambda day: _("fifth {weekday}", weekday=day),
    -1: lambda day: _("last {weekday}", weekday=day),
}
