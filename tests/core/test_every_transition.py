"""Every zone of the tzdata package, at each of its changes from 2020 to 2035: nothing twice, nothing left out.

What must happen is worked out from the offsets alone, which are found by bisection: in a stretch of time with one
offset, a wall time is the instant that is the offset before it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from bot.core.occurrences import Occurrence, Rule, day_exists, instant, next_daily, next_occurrence, occurrences, weekly

DAY, SECOND, MINUTE = timedelta(days=1), timedelta(seconds=1), timedelta(minutes=1)
TINY = timedelta.resolution
SCAN = timedelta(days=3)
"""No place changes its clocks and back again within three days."""

AROUND = 3 * DAY


@dataclass(frozen=True)
class Stretch:
    """From `begin` to before `end` the clocks are `offset` ahead of UTC."""

    begin: datetime
    end: datetime
    offset: timedelta

    @property
    def shows_first(self) -> datetime:
        return (self.begin + self.offset).replace(tzinfo=None)

    @property
    def shows_until(self) -> datetime:
        return (self.end + self.offset).replace(tzinfo=None)


def offset(zone: ZoneInfo, at: datetime) -> timedelta:
    found = at.astimezone(zone).utcoffset()
    assert found is not None
    return found


def changes(zone: ZoneInfo, first: datetime, last: datetime) -> Iterator[datetime]:
    """The instants from `first` to `last` at which the offset changes, to the second."""
    at, before = first, offset(zone, first)
    while at < last:
        then = at + SCAN
        if (after := offset(zone, then)) != before:
            low, high = at, then
            while high - low > SECOND:
                middle = low + (high - low) // SECOND // 2 * SECOND
                low, high = (middle, high) if offset(zone, middle) == before else (low, middle)
            yield high
            before = after
        at = then


def stretches(zone: ZoneInfo, first: datetime, last: datetime) -> list[Stretch]:
    edges = [first, *changes(zone, first, last), last]
    return [Stretch(a, b, offset(zone, a)) for a, b in pairwise(edges)]


def expected_instant(known: list[Stretch], day: date, wall: time) -> datetime:
    """The first instant that shows the wall time on that day, or later."""
    wanted = datetime.combine(day, wall)
    for stretch in known:
        if wanted < stretch.shows_until:
            return max(stretch.begin, wanted.replace(tzinfo=UTC) - stretch.offset)
    raise AssertionError("looked too far")


def expected_days(known: list[Stretch], first: date, count: int) -> list[date]:
    """Of `count` dates from `first` those that any calendar there has shown."""
    days = [first + n * DAY for n in range(count)]
    return [
        day
        for day in days
        if any(
            each.shows_first < datetime.combine(day, time.min) + DAY
            and each.shows_until > datetime.combine(day, time.min)
            for each in known
        )
    ]


def walls_around(before: Stretch, after: Stretch) -> set[time]:
    """Wall times on both edges of a gap or a fold, within it, and around midnight."""
    edges = [before.shows_until, after.shows_first]
    middle = min(edges) + (max(edges) - min(edges)) / 2
    near = [edge + by for edge in edges for by in (-SECOND, -TINY, timedelta(), TINY)]
    return {each.time() for each in [*near, middle]} | {time(0), time(0, 0, 1), time(12), time.max}


@cache
def zones_in_tzdata() -> list[str]:
    """Every zone, but of those whose clocks show the same from 2020 to 2035 only the first."""
    root = files("tzdata")
    names = sorted((root / "zones").read_text("utf-8").split())
    assert len(names) > 500
    same_data = {(root / "zoneinfo" / name).read_bytes(): name for name in reversed(names)}
    same_clocks = {tuple(known_changes(name, 2020, 2035)[0]): name for name in sorted(same_data.values(), reverse=True)}
    return sorted({*same_clocks.values(), "Africa/Casablanca", "Africa/El_Aaiun"})


@cache
def known_changes(name: str, first_year: int, last_year: int) -> tuple[list[Stretch], list[tuple[Stretch, Stretch]]]:
    """All stretches of a zone in these years, and each pair of neighbours."""
    first, last = datetime(first_year, 1, 1, tzinfo=UTC), datetime(last_year + 1, 1, 1, tzinfo=UTC)
    known = stretches(ZoneInfo(name), first - AROUND - 2 * DAY, last + AROUND + 4 * DAY)
    pairs = list(pairwise(known))
    return known, [(a, b) for a, b in pairs if first <= b.begin < last]


def check_days(name: str, first_year: int, last_year: int) -> int:
    """Around each change, each local day happens once, in order, when it must; how many changes there were."""
    zone = ZoneInfo(name)
    known, pairs = known_changes(name, first_year, last_year)
    for before, after in pairs:
        near = [each for each in known if each.end > after.begin - 6 * DAY and each.begin < after.begin + 6 * DAY]
        first = before.shows_until.date() - 2 * DAY
        days = expected_days(near, first, 5)
        for wall in walls_around(before, after):
            must = [Occurrence(day, expected_instant(near, day, wall)) for day in days]
            found = [next_daily(wall, zone, must[0].at - TINY)]
            while len(found) < len(must):
                found.append(next_daily(wall, zone, found[-1].at))
            assert found == must, f"{name} {first} {wall}"
            moved_on = [each for each in must if each.at.astimezone(zone).date() != each.day]
            assert all(next_daily(wall, zone, each.at - TINY) == each for each in moved_on)
            shown = [each.at.astimezone(zone).replace(tzinfo=None) for each in found]
            assert all(at >= datetime.combine(each.day, wall) for at, each in zip(shown, found, strict=True))
    return len(pairs)


def check_rules(name: str, first_year: int, last_year: int) -> None:
    """A weekly and a monthly meeting on the day of each change are that day, once, when they must be."""
    _known, pairs = known_changes(name, first_year, last_year)
    for before, after in pairs:
        gap_or_fold = min(before.shows_until, after.shows_first)
        day, wall = gap_or_fold.date(), gap_or_fold.time()
        near = [before, after]
        for text in (weekly({day.isoweekday()}), f"FREQ=MONTHLY;BYMONTHDAY={day.day}"):
            rule = Rule(rule=text, wall=wall, zone_name=name, start=day - 7 * DAY)
            must = Occurrence(day, expected_instant(near, day, wall))
            if must.day not in expected_days(near, day, 1):
                continue
            window = (must.at - 2 * DAY, must.at + 2 * DAY)
            assert list(occurrences(rule, window)) == [must], f"{name} {text} {day}"
            found = next_occurrence(rule, must.at - TINY)
            assert found == must, f"{name} {text} {day}"


def test_each_local_day_happens_once_in_order_and_not_before_its_wall_time_at_every_change_everywhere() -> None:
    names = zones_in_tzdata()
    seen = {name: check_days(name, 2020, 2035) for name in names}
    assert sum(seen.values()) > 1000
    assert min(seen["Africa/Casablanca"], seen["Africa/El_Aaiun"]) > 30  # Ramadan has changes of its own


def test_weekly_and_monthly_meetings_happen_once_on_the_day_of_every_change_everywhere() -> None:
    for name in zones_in_tzdata():
        check_rules(name, 2020, 2035)


@pytest.mark.parametrize(
    ("name", "first_year", "last_year"),
    [
        ("Pacific/Apia", 2009, 2013),  # skipped 30 December 2011
        ("Pacific/Fakaofo", 2011, 2012),  # skipped the same day
        ("Pacific/Kwajalein", 1993, 1993),  # skipped 21 August 1993
        ("Pacific/Kanton", 1994, 1995),  # skipped 31 December 1994
        ("Pacific/Kiritimati", 1994, 1995),  # skipped 31 December 1994
        ("America/St_Johns", 1987, 2012),  # at one minute past midnight, once by two hours
        ("Antarctica/Troll", 2005, 2019),  # two hours
        ("Antarctica/Casey", 2009, 2024),  # three hours, many times
        ("Asia/Pyongyang", 2015, 2018),  # half an hour, there and back
        ("America/Caracas", 2007, 2016),  # half an hour, there and back
        ("Australia/Lord_Howe", 1981, 2019),  # half an hour, every year
        ("Asia/Kathmandu", 1985, 1987),  # a quarter of an hour
        ("Asia/Gaza", 2000, 2019),  # at midnight, or a second or a minute after it
        ("America/Havana", 1990, 2019),  # from midnight on
        ("Africa/Cairo", 1990, 2019),  # from midnight on
        ("Asia/Beirut", 1990, 2019),  # from midnight on, back to the day before
        ("America/Sao_Paulo", 1990, 2019),  # from midnight on, back to the day before
        ("Africa/Monrovia", 1971, 1973),  # 44 minutes and 30 seconds
        ("Europe/Amsterdam", 1936, 1941),  # seconds in the offset
    ],
)
def test_each_local_day_happens_once_in_the_strangest_years_of_strange_places(
    name: str, first_year: int, last_year: int
) -> None:
    assert check_days(name, first_year, last_year) > 0


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("Pacific/Apia", date(2011, 12, 30)),
        ("Pacific/Fakaofo", date(2011, 12, 30)),
        ("Pacific/Kwajalein", date(1993, 8, 21)),
        ("Pacific/Kanton", date(1994, 12, 31)),
        ("Pacific/Kiritimati", date(1994, 12, 31)),
    ],
)
def test_a_day_that_a_place_has_skipped_does_not_happen(name: str, day: date) -> None:
    zone = ZoneInfo(name)
    assert [day_exists(each, zone) for each in (day - DAY, day, day + DAY)] == [True, False, True]
    found = next_daily(time(9), zone, instant(day - DAY, time(9), zone))
    assert found.day == day + DAY
    daily = Rule(rule="FREQ=DAILY", wall=time(9), zone_name=name, start=day - 5 * DAY)
    window = (instant(day - DAY, time(0), zone), instant(day + 2 * DAY, time(0), zone))
    assert [each.day for each in occurrences(daily, window)] == [day - DAY, day + DAY]
