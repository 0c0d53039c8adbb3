"""When recurring things happen: the one place that turns local wall times into instants.

A recurring thing is a local wall time, an IANA zone and a rule. The policy (DESIGN.md, "Time"):

- a wall time that a spring gap skips moves forward to the first valid instant;
- a wall time that comes twice in autumn happens the first time;
- each local date that exists happens once, in order, never before its wall time; a date that a place has
  skipped altogether (30 December 2011 in Apia) does not happen.

The first two are one sentence: it happens at the first instant at which the local calendar and clock show that
date and time, or later. All instants are aware and in UTC. Dates are taken from the year 2 to 9990.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from bot.core import recurrence
from bot.core.recurrence import weekly
from bot.core.words import Text, _

__all__ = [
    "HORIZON",
    "Occurrence",
    "Rule",
    "day_exists",
    "describe",
    "end_of_quiet_hours",
    "in_quiet_hours",
    "instant",
    "local_date",
    "next_daily",
    "next_occurrence",
    "occurrences",
    "weekly",
]

HORIZON = timedelta(days=5 * 366)
"""How far ahead a next occurrence is looked for: more than the longest interval, 52 months."""

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_YEARS = range(1900, 2200)
"""The years in which a meeting may start."""


@dataclass(frozen=True, slots=True, order=True)
class Occurrence:
    """One instance of a recurring thing: `day` is the local date it belongs to, `at` the instant in UTC.

    The two disagree only where a gap around midnight moves a late wall time into the next date.
    """

    day: date
    at: datetime


def instant(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The first instant, in UTC, at which the clocks of `zone` show `wall` on `day`, or later."""
    wanted = datetime.combine(day, wall.replace(fold=0, tzinfo=None))
    latest = wanted.replace(tzinfo=zone).astimezone(UTC)
    if _shown(latest, zone) == wanted:
        return latest
    # In a gap fold=1 reads the time with the offset after it, and so lies before it; fold=0 lies behind it.
    # The gap itself is a whole second between the two, for time zone data has whole seconds (RFC 9636).
    earliest = wanted.replace(tzinfo=zone, fold=1).astimezone(UTC).replace(microsecond=0)
    latest = latest.replace(microsecond=0)
    while latest - earliest > _SECOND:
        middle = earliest + (latest - earliest) // _SECOND // 2 * _SECOND
        if _shown(middle, zone) < wanted:
            earliest = middle
        else:
            latest = middle
    return latest


def _shown(at: datetime, zone: ZoneInfo) -> datetime:
    """What calendar and clock show in `zone` at the instant `at`."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def local_date(now: datetime, zone: ZoneInfo) -> date:
    """The date in `zone` at the aware instant `now`: a member's "today"."""
    return now.astimezone(zone).date()


def day_exists(day: date, zone: ZoneInfo) -> bool:
    """Whether the calendar of `zone` has ever shown `day`; Apia has not had 30 December 2011."""
    return local_date(instant(day, time.min, zone), zone) == day


def next_daily(wall: time, zone: ZoneInfo, after: datetime) -> Occurrence:
    """The first occurrence strictly after the aware instant `after`, of what happens every day at `wall`."""
    # Yesterday's may lie in today, if a gap around midnight has moved it.
    day = local_date(after, zone) - _DAY
    while (at := instant(day, wall, zone)) <= after or not day_exists(day, zone):
        day += _DAY
    return Occurrence(day, at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When a meeting is: raises ValueError if it cannot be one.

    - `rule`: an RFC 5545 RRULE, as far as `bot.core.recurrence` takes it, such as "FREQ=WEEKLY;BYDAY=TU,TH";
    - `wall`: the local time at which it begins, in the zone `zone_name` (an IANA name);
    - `start`: the local date from which the rule counts (1900 to 2199); nothing happens before it.
    """

    rule: str
    wall: time
    zone_name: str
    start: date

    def __post_init__(self) -> None:
        recurrence.parse(self.rule)
        if self.wall.tzinfo is not None:
            raise ValueError("a wall time has no zone of its own")
        if self.start.year not in _YEARS:
            raise ValueError(f"a meeting starts between {_YEARS[0]} and {_YEARS[-1]}")
        try:
            ZoneInfo(self.zone_name)
        except (KeyError, OSError) as error:  # a folder's name is an OSError
            raise ValueError("there is no such time zone") from error

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose clocks the meeting goes by."""
        return ZoneInfo(self.zone_name)


def occurrences(rule: Rule, between: tuple[datetime, datetime]) -> Iterator[Occurrence]:
    """The rule's occurrences from the first instant (included) to the second (not included), in order."""
    begin, end = between
    zone = rule.zone
    # A gap may move an occurrence into the next date: look a day further on both sides.
    days = recurrence.days(
        recurrence.parse(rule.rule),
        rule.start,
        first=local_date(begin, zone) - _DAY,
        last=local_date(end, zone) + _DAY,
    )
    for day in days:
        at = instant(day, rule.wall, zone)
        if begin <= at < end and day_exists(day, zone):
            yield Occurrence(day, at)


def next_occurrence(rule: Rule, after: datetime) -> Occurrence | None:
    """The first occurrence strictly after `after`; None if there is none within `HORIZON` of it or the start."""
    zone = rule.zone
    begin = max(after + timedelta.resolution, instant(rule.start, time.min, zone))
    return next(occurrences(rule, (begin, begin + HORIZON)), None)


def describe(rule: Rule) -> Text:
    """The rule in words, such as "Tuesdays and Thursdays at 19:30 (Europe/Berlin)"."""
    days = recurrence.describe(recurrence.parse(rule.rule), rule.start)
    return _("{days} at {time} ({zone})", days=days, time=rule.wall, zone=rule.zone_name)


def in_quiet_hours(at: datetime, zone: ZoneInfo, start: time, end: time) -> bool:
    """Whether the clocks of `zone` at the instant `at` show a time from `start` to before `end`.

    The hours may span midnight; where `start` equals `end` there are none.
    """
    shown = _shown(at, zone).time()
    if start <= end:
        return start <= shown < end
    return shown >= start or shown < end


def end_of_quiet_hours(at: datetime, zone: ZoneInfo, start: time, end: time) -> datetime:
    """When the quiet hours around `at` are over, in UTC; `at` itself if it is in none.

    Clocks that go back in quiet hours make them longer, not two.
    """
    if not in_quiet_hours(at, zone, start, end):
        return at.astimezone(UTC)
    today = local_date(at, zone)
    ends = (over for ahead in count() for over in _both(today + ahead * _DAY, end, zone))
    return next(over for over in ends if over > at and not in_quiet_hours(over, zone, start, end))


def _both(day: date, wall: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Both instants of a wall time that comes twice on `day`; else the one instant is among them."""
    return instant(day, wall, zone), datetime.combine(day, wall).replace(tzinfo=zone, fold=1).astimezone(UTC)
