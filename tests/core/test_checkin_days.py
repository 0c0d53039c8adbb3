"""One question for each local date, through any changes of zone and time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.checkins import latest_question, next_question
from bot.core.occurrences import Occurrence, instant, local_date, next_daily

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)

FAR_APART = [
    "Etc/GMT+12", "Pacific/Kiritimati", "Pacific/Apia", "Pacific/Honolulu", "America/New_York", "America/St_Johns",
    "Europe/Berlin", "Africa/Cairo", "Asia/Kathmandu", "Australia/Lord_Howe", "Antarctica/Troll", "Asia/Tokyo",
]  # fmt: skip
ZONES = st.sampled_from(FAR_APART).map(ZoneInfo)
STARTS = st.integers(0, 365 * 24 * 60).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + n * timedelta(minutes=1))
HOURS = st.integers(0, 23).map(time) | st.sampled_from([time(0), time(2, 30), time(23, 59, 59)])
STEPS = st.lists(
    st.tuples(st.just("move"), ZONES)
    | st.tuples(st.just("choose"), HOURS)
    | st.tuples(st.just("pass"), st.integers(1, 60 * 60).map(lambda n: n * timedelta(minutes=1))),
    max_size=14,
)


class Schedule:
    """A member's schedule as the bot keeps it."""

    def __init__(self, wall: time, zone: ZoneInfo, now: datetime) -> None:
        self.wall, self.zone, self.now = wall, zone, now
        self.asked: list[date] = []
        self.next = next_question(wall, zone, after=now, asked=())

    def move(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.next = next_question(self.wall, zone, after=self.now, asked=self.asked, planned=self.next.day)

    def choose(self, wall: time) -> None:
        self.wall = wall
        self.next = next_question(wall, self.zone, after=self.now, asked=self.asked)

    def pass_(self, by: timedelta) -> None:
        end = self.now + by
        while self.next.at <= end:
            self.asked.append(self.next.day)
            self.next = next_question(self.wall, self.zone, after=self.next.at, asked=self.asked)
        self.now = end


class Expected:
    """Which dates must be asked, told day by day from the wall times that the member sees."""

    def __init__(self, wall: time, zone: ZoneInfo, now: datetime) -> None:
        self.wall, self.zone, self.now = wall, zone, now
        self.asked: list[date] = []
        self.owed: date | None = None

    def days_near(self, at: datetime) -> list[date]:
        return [local_date(at, self.zone) + n * DAY for n in range(-3, 6)]

    def at(self, day: date) -> datetime:
        return instant(day, self.wall, self.zone)

    def move(self, zone: ZoneInfo) -> None:
        ahead = [day for day in self.days_near(self.now) if self.at(day) > self.now and day not in self.asked]
        left = self.owed or ahead[0]
        self.zone = zone
        today = local_date(self.now, zone)
        jumped = left <= today and today not in self.asked and self.at(today) <= self.now
        self.owed = today if jumped else None

    def choose(self, wall: time) -> None:
        self.wall, self.owed = wall, None

    def pass_(self, by: timedelta) -> None:
        end = self.now + by
        self.asked += [self.owed] if self.owed else []
        self.owed = None
        seen = [day for day in self.days_near(self.now) if self.now < self.at(day) <= end]
        self.asked += [day for day in seen if day not in self.asked]
        self.now = end


@given(HOURS, ZONES, STARTS, STEPS)
@settings(max_examples=400)
def test_each_local_date_that_sees_its_wall_time_is_asked_once_whatever_the_member_changes(
    wall: time, zone: ZoneInfo, start: datetime, steps: list[tuple[str, object]]
) -> None:
    schedule = Schedule(wall, zone, start)
    expected = Expected(wall, zone, start)
    for name, value in [*steps, ("pass", 2 * DAY)]:
        for each in (schedule, expected):
            getattr(each, "pass_" if name == "pass" else name)(value)
    assert schedule.asked == expected.asked
    assert len(set(schedule.asked)) == len(schedule.asked)


def at(zone: ZoneInfo, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=zone).astimezone(UTC)  # type: ignore[arg-type, misc]  # parts are numbers


def test_who_flies_east_over_their_wall_time_is_asked_on_arrival() -> None:
    landing = at(BERLIN, 2026, 5, 4, 14)
    found = next_question(time(9), BERLIN, after=landing, asked=[date(2026, 5, 3)], planned=date(2026, 5, 4))
    assert found == Occurrence(date(2026, 5, 4), landing)


def test_who_flies_west_is_not_asked_again_for_the_same_date() -> None:
    landing = at(NEW_YORK, 2026, 5, 4, 7)
    found = next_question(time(9), NEW_YORK, after=landing, asked=[date(2026, 5, 4)], planned=date(2026, 5, 5))
    assert found == Occurrence(date(2026, 5, 5), at(NEW_YORK, 2026, 5, 5, 9))


def test_a_zone_set_by_mistake_costs_no_date_its_question() -> None:
    asked_in_sydney = [date(2026, 5, 5)]
    home = at(NEW_YORK, 2026, 5, 4, 8)
    found = next_question(time(9), NEW_YORK, after=home, asked=asked_in_sydney, planned=date(2026, 5, 6))
    assert found.day == date(2026, 5, 4)
    assert next_question(time(9), NEW_YORK, after=found.at, asked=asked_in_sydney).day == date(2026, 5, 6)


def test_who_begins_after_todays_wall_time_is_asked_tomorrow() -> None:
    found = next_question(time(9), BERLIN, after=at(BERLIN, 2026, 5, 4, 10), asked=())
    assert found == Occurrence(date(2026, 5, 5), at(BERLIN, 2026, 5, 5, 9))


@given(HOURS, ZONES, STARTS, st.integers(0, 30 * 86400))
@settings(max_examples=200)
def test_after_a_downtime_the_last_question_that_became_due_is_left(
    wall: time, zone: ZoneInfo, start: datetime, seconds: int
) -> None:
    due = next_daily(wall, zone, start)
    now = due.at + seconds * SECOND
    latest = latest_question(wall, zone, due, now=now)
    assert due.at <= latest.at <= now < next_daily(wall, zone, latest.at).at


@pytest.mark.parametrize("years", [1, 10])
def test_after_a_long_downtime_it_is_todays(years: int) -> None:
    due = next_daily(time(9), BERLIN, datetime(2026, 1, 1, tzinfo=UTC))
    now = due.at + years * 365 * DAY + timedelta(minutes=5)
    latest = latest_question(time(9), BERLIN, due, now=now)
    assert latest == Occurrence(local_date(now, BERLIN), instant(local_date(now, BERLIN), time(9), BERLIN))
