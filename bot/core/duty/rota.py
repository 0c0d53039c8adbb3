"""A rota: who takes turns, on which weekdays, between which wall times of one zone.

Its shifts begin and end where `bot.core.occurrences.instant` says: a wall time that a spring gap skips moves forward
to the first valid instant, one that comes twice in autumn is the first. Both ends of a shift go by the same rule, so
shifts that touch on the clock touch in truth: never a minute without anybody, never one twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.core.commands import BadValue
from bot.core.occurrences import day_exists, instant, local_date
from bot.core.recurrence import ALL_DAYS, parse
from bot.core.words import _

PEOPLE_LIMIT = 50
"""People in one rota."""

ROTAS_LIMIT = 20
"""Rotas of one community."""

_DAY = timedelta(days=1)
_WEEK = 7


def weekly_days(rule: str) -> frozenset[int]:
    """The ISO weekdays of a rule (RFC 5545) that holds every week; raises `BadValue` for one that does not."""
    parts = parse(rule)
    if parts.interval != 1 or parts.frequency == "MONTHLY":
        raise BadValue(
            _("Only days of the week count here. For example daily, mon-fri, or sat and sun."),
            parameter="days",
        )
    return frozenset(day for _ordinal, day in parts.by_day) or ALL_DAYS


class Turns(StrEnum):
    """How the people of a rota take turns."""

    SHIFT = "shift"
    """The next person for each shift."""
    WEEK = "week"
    """One person for all shifts of a week, which begins on a Monday."""
    TOGETHER = "together"
    """Everybody for each shift."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    """When who takes turns: raises `BadValue` if it cannot be one.

    - `days`: the ISO weekdays (1 Monday to 7 Sunday) on which a shift begins;
    - `begins`, `ends`: wall times in the zone `zone_name` (IANA); an end at or before the beginning is on the next
      day, so that equal ones are a whole day;
    - `people`: member ids, in the order of their turns, each once;
    - `start`: the local date of the first person's turn; there is no shift before it.
    """

    id: int
    name: str
    days: frozenset[int]
    begins: time
    ends: time
    zone_name: str
    people: tuple[int, ...]
    turns: Turns
    start: date

    def __post_init__(self) -> None:
        if not self.people:
            raise BadValue(_("A rota needs people: who takes turns? For example: Sam, Robin."), parameter="people")
        if len(set(self.people)) != len(self.people):
            raise BadValue(_("Somebody is in this rota twice. Name each person once."), parameter="people")
        if len(self.people) > PEOPLE_LIMIT:
            raise BadValue(
                _("A rota has at most {limit} people. Name fewer, or make a second one.", limit=PEOPLE_LIMIT),
                parameter="people",
            )
        if not self.days or not self.days <= ALL_DAYS:
            raise BadValue(_("A rota needs days. For example: mon, wed, fri."), parameter="days")

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose clocks the rota goes by."""
        return ZoneInfo(self.zone_name)

    def planned(self, day: date) -> tuple[int, ...]:
        """Whose turn it is in the shift that begins on the local date `day`, before any swap."""
        if self.turns is Turns.TOGETHER:
            return self.people
        number = self._week(day) if self.turns is Turns.WEEK else self._shift(day)
        return (self.people[number % len(self.people)],)

    def _week(self, day: date) -> int:
        """How many Mondays lie between the start and `day`."""
        first_monday = self.start - (self.start.isoweekday() - 1) * _DAY
        return (day - first_monday).days // _WEEK

    def _shift(self, day: date) -> int:
        """How many shifts begin before `day`, by the calendar: a date that a place has skipped costs its turn."""
        weeks, rest = divmod((day - self.start).days, _WEEK)
        last = [self.start + n * _DAY for n in range(rest)]
        return weeks * len(self.days) + sum(each.isoweekday() in self.days for each in last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One dated instance of a rota: `day` is the local date on which it begins; the instants are in UTC."""

    rota: int
    day: date
    begin: datetime
    end: datetime
    people: tuple[int, ...]


@lru_cache(maxsize=4096)
def shift_on(rota: Rota, day: date) -> Shift | None:
    """The planned shift that begins on the local date `day`; None if there is none.

    A shift that lies wholly within a spring gap takes no time, and is none.
    """
    if day < rota.start or day.isoweekday() not in rota.days or not day_exists(day, rota.zone):
        return None
    begin = instant(day, rota.begins, rota.zone)
    end = instant(day + _DAY if rota.ends <= rota.begins else day, rota.ends, rota.zone)
    if end <= begin:
        return None
    return Shift(rota=rota.id, day=day, begin=begin, end=end, people=rota.planned(day))


def shifts(rota: Rota, begin: datetime, end: datetime) -> Iterator[Shift]:
    """The planned shifts of which some part lies from `begin` (included) to `end` (not included), in order."""
    # A shift may last into the next day, and a gap around midnight may move its end by another.
    day = max(local_date(begin, rota.zone) - 2 * _DAY, rota.start)
    last = local_date(end, rota.zone) + _DAY
    while day <= last:
        found = shift_on(rota, day)
        if found is not None and found.begin < end and found.end > begin:
            yield found
        day += _DAY
