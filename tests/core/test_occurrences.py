"""Recurring things happen once on each local day, at their wall time, whatever the clocks do."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core import recurrence
from bot.core.occurrences import (
    Occurrence,
    Rule,
    day_exists,
    describe,
    end_of_quiet_hours,
    in_quiet_hours,
    instant,
    local_date,
    next_daily,
    next_occurrence,
    occurrences,
    weekly,
)

NEW_YORK, BERLIN = ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")
APIA, LORD_HOWE = ZoneInfo("Pacific/Apia"), ZoneInfo("Australia/Lord_Howe")
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)

ZONES = st.sampled_from(sorted(available_timezones() - {"localtime"})).map(ZoneInfo)
WALLS = st.times()


@cache
def transitions(zone: ZoneInfo) -> list[date]:
    """Dates from 2020 to 2035 near which the offset of `zone` changes."""
    noons = [datetime(2020, 1, 1, 12, tzinfo=UTC) + n * DAY for n in range(365 * 15)]
    offsets = [(noon, noon.astimezone(zone).utcoffset()) for noon in noons]
    return [after[0].date() for before, after in pairwise(offsets) if before[1] != after[1]]


@st.composite
def zones_and_days(draw: st.DrawFn) -> tuple[ZoneInfo, date]:
    """A zone and a day, which is near a change of its clocks if there is any."""
    zone = draw(ZONES)
    near = st.sampled_from(transitions(zone) or [date(2026, 3, 29)])
    any_day = st.dates(date(2020, 1, 1), date(2035, 12, 31))
    return zone, draw(near | any_day) + draw(st.integers(-3, 2)) * DAY


def shown(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def at(zone: ZoneInfo, *parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=zone, fold=fold).astimezone(UTC)  # type: ignore[arg-type, misc]  # parts are numbers


@given(zones_and_days(), WALLS)
@example((APIA, date(2011, 12, 28)), time(9))
@example((APIA, date(2011, 12, 28)), time(0))
@example((ZoneInfo("Africa/Cairo"), date(2026, 4, 22)), time(0, 30))
@example((ZoneInfo("Asia/Beirut"), date(2026, 3, 27)), time(0))
@example((ZoneInfo("America/St_Johns"), date(2006, 10, 27)), time(0, 0))
@example((ZoneInfo("America/Nuuk"), date(2026, 3, 27)), time(23, 30))
def test_each_existing_local_day_fires_once_in_order_and_never_before_its_wall_time(
    where: tuple[ZoneInfo, date], wall: time
) -> None:
    zone, first = where
    begin = instant(first, wall, zone) - timedelta.resolution
    fired: list[Occurrence] = []
    for _ in range(6):
        occurrence = next_daily(wall, zone, fired[-1].at if fired else begin)
        fired.append(occurrence)
    days = [occurrence.day for occurrence in fired]
    assert days == [day for day in (first + n * DAY for n in range(9)) if day_exists(day, zone)][:6]
    assert all(one.at < other.at for one, other in pairwise(fired))
    assert all(shown(o.at, zone) >= datetime.combine(o.day, wall) for o in fired)


@given(zones_and_days(), WALLS)
def test_a_wall_time_fires_at_the_first_instant_that_shows_it_or_later(
    where: tuple[ZoneInfo, date], wall: time
) -> None:
    zone, day = where
    fired, wanted = instant(day, wall, zone), datetime.combine(day, wall)
    assert shown(fired, zone) >= wanted
    earlier = [
        fired - timedelta.resolution,
        fired - timedelta(seconds=1),
        *(fired - n * 10 * MINUTE for n in range(1, 90)),
    ]
    assert all(shown(moment, zone) < wanted for moment in earlier)


@given(zones_and_days(), WALLS, st.integers(0, 2 * 86400))
def test_the_next_daily_occurrence_is_the_first_after(where: tuple[ZoneInfo, date], wall: time, seconds: int) -> None:
    zone, day = where
    after = datetime.combine(day, time.min, UTC) + timedelta(seconds=seconds)
    found = next_daily(wall, zone, after)
    near = [instant(day + n * DAY, wall, zone) for n in range(-2, 5) if day_exists(day + n * DAY, zone)]
    assert found.at == min(moment for moment in near if moment > after)


def test_half_past_two_in_a_new_york_spring_moves_to_three() -> None:
    assert instant(date(2026, 3, 8), time(2, 30), NEW_YORK) == at(NEW_YORK, 2026, 3, 8, 3, 0)


def test_half_past_one_in_a_new_york_autumn_is_the_first_of_the_two() -> None:
    assert instant(date(2026, 11, 1), time(1, 30), NEW_YORK) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_a_shift_of_half_an_hour_moves_to_its_end() -> None:
    assert instant(date(2026, 10, 4), time(2, 10), LORD_HOWE) == at(LORD_HOWE, 2026, 10, 4, 2, 30)


def test_a_half_hour_that_comes_twice_fires_the_first_time() -> None:
    assert instant(date(2026, 4, 5), time(1, 45), LORD_HOWE) == at(LORD_HOWE, 2026, 4, 5, 1, 45, fold=0)


def test_the_day_apia_skipped_does_not_fire() -> None:
    found = next_daily(time(9), APIA, at(APIA, 2011, 12, 29, 9))
    assert (found.day, shown(found.at, APIA)) == (date(2011, 12, 31), datetime.combine(date(2011, 12, 31), time(9)))
    assert not day_exists(date(2011, 12, 30), APIA)


def test_the_local_date_is_that_of_the_place() -> None:
    now = datetime(2026, 5, 1, 23, 30, tzinfo=UTC)
    assert (local_date(now, BERLIN), local_date(now, NEW_YORK)) == (date(2026, 5, 2), date(2026, 5, 1))


def test_a_weekly_meeting_stays_at_its_wall_time_for_a_year() -> None:
    rule = Rule(rule=weekly({2}), wall=time(19, 30), zone_name="Europe/Berlin", start=date(2026, 1, 6))
    found = list(occurrences(rule, (at(BERLIN, 2026, 1, 1), at(BERLIN, 2027, 1, 1))))
    assert len(found) == 52
    assert {(shown(o.at, BERLIN).time(), o.day.isoweekday()) for o in found} == {(time(19, 30), 2)}
    assert len({o.at.time() for o in found}) == 2


def test_a_meeting_in_a_spring_gap_happens_when_the_gap_ends() -> None:
    rule = Rule(rule="FREQ=WEEKLY;BYDAY=SU", wall=time(2, 30), zone_name="America/New_York", start=date(2026, 1, 1))
    found = next_occurrence(rule, at(NEW_YORK, 2026, 3, 7))
    assert found is not None
    assert (found.day, found.at) == (date(2026, 3, 8), at(NEW_YORK, 2026, 3, 8, 3))


def monthly(rule: str, start: date = date(2026, 1, 1)) -> Rule:
    return Rule(rule=rule, wall=time(18), zone_name="Europe/Berlin", start=start)


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=MONTHLY;BYDAY=1MO", ["2026-01-05", "2026-02-02", "2026-03-02"]),
        ("FREQ=MONTHLY;BYDAY=-1FR", ["2026-01-30", "2026-02-27", "2026-03-27"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", ["2026-01-31", "2026-03-31", "2026-05-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", ["2026-01-31", "2026-02-28", "2026-03-31"]),
        ("FREQ=WEEKLY;INTERVAL=2", ["2026-01-01", "2026-01-15", "2026-01-29"]),
        ("FREQ=DAILY;INTERVAL=3", ["2026-01-01", "2026-01-04", "2026-01-07"]),
        ("FREQ=DAILY;UNTIL=20260102", ["2026-01-01", "2026-01-02"]),
        ("FREQ=MONTHLY", ["2026-01-01", "2026-02-01", "2026-03-01"]),
    ],
)
def test_a_rule_falls_on_the_days_rfc_5545_says(rule: str, days: list[str]) -> None:
    found = occurrences(monthly(rule), (at(BERLIN, 2025, 6, 1), at(BERLIN, 2027, 1, 1)))
    assert [str(occurrence.day) for occurrence in islice(found, 3)] == days


RULES = st.sampled_from(
    [
        "FREQ=DAILY;INTERVAL=5",
        "FREQ=DAILY;BYDAY=MO,FR;INTERVAL=2",
        "FREQ=WEEKLY;INTERVAL=3;BYDAY=TU,SU;WKST=SU",
        "FREQ=WEEKLY;INTERVAL=2",
        "FREQ=MONTHLY;INTERVAL=5;BYDAY=2TU,-1FR",
        "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=1,31",
        "FREQ=MONTHLY",
    ]
)


@given(RULES, st.dates(date(2024, 1, 1), date(2026, 1, 1)), st.integers(0, 900))
def test_an_old_rule_goes_on_as_if_counted_from_its_start(text: str, start: date, later: int) -> None:
    parts, last = recurrence.parse(text), date(2029, 1, 1)
    first = start + later * DAY
    whole = [day for day in recurrence.days(parts, start, start, last) if day >= first]
    assert list(recurrence.days(parts, start, first, last)) == whole


def test_a_rule_that_never_happens_has_no_next_occurrence() -> None:
    never = monthly("FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=30", start=date(2026, 2, 1))
    over = monthly("FREQ=DAILY;UNTIL=20260102")
    assert next_occurrence(never, datetime(2026, 1, 1, tzinfo=UTC)) is None
    assert next_occurrence(over, datetime(2026, 1, 5, tzinfo=UTC)) is None


def test_a_meeting_far_in_the_future_has_its_first_occurrence() -> None:
    found = next_occurrence(monthly("FREQ=WEEKLY", start=date(2190, 1, 1)), datetime(2026, 1, 1, tzinfo=UTC))
    assert found is not None
    assert found.day == date(2190, 1, 1)


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "FREQ=SECONDLY",
        "FREQ=YEARLY",
        "FREQ=WEEKLY;INTERVAL=53",
        "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=WEEKLY;BYDAY=",
        "FREQ=WEEKLY;COUNT=3",
        "FREQ=WEEKLY;FREQ=DAILY",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYDAY=MO;BYMONTHDAY=13",
        "FREQ=DAILY;UNTIL=20261399",
        "FREQ=DAILY;WKST=XX",
        "FREQ=DAILY;" + "X" * 200,
    ],
)
def test_a_rule_outside_our_part_of_rfc_5545_is_refused(rule: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        monthly(rule)


@given(st.text() | st.text(st.sampled_from("FREQ=DAILYWEKMONTH;BYU0123456789,-+")))
def test_any_text_is_a_rule_or_a_value_error(text: str) -> None:
    try:
        rule = monthly("FREQ=MONTHLY;" + text)
    except ValueError:
        return
    found = next_occurrence(rule, datetime(2026, 1, 1, tzinfo=UTC))
    assert found is None or found.day >= rule.start


@pytest.mark.parametrize("zone_name", ["", "Nowhere/City", "../etc/passwd", "/etc/passwd", "Europe", "\0"])
def test_a_meeting_in_no_known_zone_is_refused(zone_name: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Rule(rule="FREQ=DAILY", wall=time(18), zone_name=zone_name, start=date(2026, 1, 1))


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (weekly({2, 4}), "Tuesdays and Thursdays"),
        (weekly({1, 3, 5}), "Mondays, Wednesdays and Fridays"),
        (weekly(range(1, 8)), "Every day"),
        (weekly(range(1, 6)), "Monday to Friday"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SA", "Every 2 weeks, Saturdays"),
        ("FREQ=MONTHLY;BYDAY=1MO", "The first Monday of the month"),
        ("FREQ=MONTHLY;BYDAY=1MO,3TU,-1FR", "The first Monday, third Tuesday and last Friday of the month"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "The last day of the month"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15;INTERVAL=2", "Every 2 months, day 1 and 15 of the month"),
        ("FREQ=DAILY;UNTIL=20261224", "Every day, until Thursday 24 December"),
    ],
)
def test_a_rule_is_described_in_words(rule: str, words: str) -> None:
    assert str(describe(monthly(rule))) == f"{words} at 18:00 (Europe/Berlin)"


@pytest.mark.parametrize("days", [[], [0], [8], [1, 9]])
def test_a_weekly_rule_has_weekdays(days: list[int]) -> None:
    with pytest.raises(ValueError, match="weekdays"):
        weekly(days)


@pytest.mark.parametrize(
    ("clock", "start", "end", "quiet"),
    [
        (time(23), time(22), time(7), True),
        (time(3), time(22), time(7), True),
        (time(7), time(22), time(7), False),
        (time(12), time(22), time(7), False),
        (time(13), time(13), time(14), True),
        (time(3), time(5), time(5), False),
    ],
)
def test_quiet_hours_may_span_midnight(clock: time, start: time, end: time, quiet: bool) -> None:
    assert in_quiet_hours(instant(date(2026, 5, 1), clock, BERLIN), BERLIN, start, end) is quiet


@given(zones_and_days(), WALLS, WALLS, WALLS)
def test_quiet_hours_end_after_they_are_asked_for_and_within_a_day_or_so(
    where: tuple[ZoneInfo, date], wall: time, start: time, end: time
) -> None:
    zone, day = where
    asked = instant(day, wall, zone)
    over = end_of_quiet_hours(asked, zone, start, end)
    assert asked <= over <= asked + 2 * DAY
    assert not in_quiet_hours(over, zone, start, end)
    assert (over == asked) is not in_quiet_hours(asked, zone, start, end)


def test_quiet_hours_end_at_the_second_of_two_ends_for_who_asks_between_them() -> None:
    asked = at(NEW_YORK, 2026, 11, 1, 1, 15, fold=1)
    assert end_of_quiet_hours(asked, NEW_YORK, time(22), time(1, 30)) == at(NEW_YORK, 2026, 11, 1, 1, 30, fold=1)


def test_quiet_hours_that_end_in_a_gap_end_with_it() -> None:
    asked = at(NEW_YORK, 2026, 3, 8, 1)
    assert end_of_quiet_hours(asked, NEW_YORK, time(22), time(2, 30)) == at(NEW_YORK, 2026, 3, 8, 3)
