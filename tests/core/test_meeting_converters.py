"""Weekdays, wall times and lengths of feeds: what goes in comes out, and what means nothing is refused."""

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.meetings import clock, weekdays
from bot.core.meetings.weekdays import Numbering
from bot.core.recurrence import DAY_CODES

DAYS = st.integers(1, 7)
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))


@given(DAYS, st.sampled_from(Numbering))
def test_a_weekday_survives_every_numbering(day: int, numbering: Numbering) -> None:
    number = weekdays.to_number(day, numbering)
    assert weekdays.from_number(number, numbering) == day
    assert weekdays.read(number, numbering) == weekdays.read(f" {number} ", numbering) == (day,)


@given(DAYS)
def test_numberings_are_those_of_their_worlds(day: int) -> None:
    a_date = date(2026, 11, 22 + day)  # the 23rd is a Monday
    assert a_date.isoweekday() == day
    assert weekdays.to_number(day, Numbering.ISO) == day
    assert weekdays.to_number(day, Numbering.MONDAY_0) == a_date.weekday()
    assert weekdays.to_number(day, Numbering.SUNDAY_0) == int(a_date.strftime("%w"))
    assert weekdays.to_number(day, Numbering.SUNDAY_1) == int(a_date.strftime("%w")) + 1
    assert weekdays.from_letters(weekdays.to_letters(day)) == day
    assert weekdays.read(a_date.strftime("%A"), Numbering.SUNDAY_1) == (day,)


@given(st.lists(DAYS, max_size=9), st.sampled_from(Numbering))
def test_a_list_of_weekdays_is_each_of_them_once(days: list[int], numbering: Numbering) -> None:
    given_days = [weekdays.to_number(day, numbering) for day in days]
    assert weekdays.read(given_days, numbering) == tuple(sorted(set(days)))
    names = ", ".join(weekdays.name_of(day).title() for day in days)
    assert weekdays.read(names, numbering) == tuple(sorted(set(days)))


@given(st.one_of(st.text(max_size=120), st.integers(), st.floats(), st.lists(st.text(max_size=9), max_size=20)))
def test_whatever_comes_as_a_weekday_is_weekdays_or_refused(value: object) -> None:
    try:
        found = weekdays.read(value, Numbering.SUNDAY_0)
    except (ValueError, OverflowError):
        return
    assert all(1 <= day <= 7 for day in found)


@pytest.mark.parametrize(
    ("value", "days"),
    [
        ("Mon-Fri", (1, 2, 3, 4, 5)),
        ("Saturday - Monday", (1, 6, 7)),
        ("Tuesdays & Thursdays", (2, 4)),
        ("Mon/Wed/Fri", (1, 3, 5)),
        ("daily", (1, 2, 3, 4, 5, 6, 7)),
        (["0", 3], (3, 7)),
        ("[Sunday]", (7,)),
        ("By Appointment", ()),
        (None, ()),
        ("Lunes, miércoles", (1, 3)),
        ("TU", (2,)),
        (7, (7,)),
        (3.0, (3,)),
    ],
)
def test_weekdays_as_sheets_have_them(value: object, days: tuple[int, ...]) -> None:
    assert weekdays.read(value, Numbering.SUNDAY_0) == days


@pytest.mark.parametrize("code", DAY_CODES)
def test_letters_are_read_in_any_case(code: str) -> None:
    assert weekdays.to_letters(weekdays.from_letters(code.lower())) == code


@given(TIMES)
def test_a_time_is_the_same_however_it_is_written(at: time) -> None:
    twelve = at.strftime("%I:%M %p")
    dotted = f"{int(at.strftime('%I'))}:{at.minute:02} {'a.m.' if at.hour < 12 else 'p.m.'}"
    written = (
        f"{at:%H:%M}",
        f"{at:%H:%M:%S}",
        twelve,
        twelve.lower(),
        dotted,
        f"{at:%H%M}",
        f"1899-12-30T{at:%H:%M}:00Z",
    )
    assert {clock.read_time(text) for text in written} == {at}
    assert clock.read_time((at.hour * 60 + at.minute) / 1440) == at


@given(st.one_of(st.text(max_size=50), st.integers(), st.floats(), st.booleans()))
def test_whatever_comes_as_a_time_is_one_or_refused(value: object) -> None:
    try:
        found = clock.read_time(value)
    except ValueError:
        return
    assert found is None or found.tzinfo is None


@given(TIMES, TIMES)
def test_an_end_gives_a_length_of_less_than_a_day_or_a_doubt(start: time, end: time) -> None:
    minutes, doubt = clock.length(start, end)
    if minutes is None:
        assert doubt == "end_before_start"
    else:
        assert 0 < minutes < 1440
        assert (start.hour * 60 + start.minute + minutes) % 1440 == end.hour * 60 + end.minute
        assert (doubt == "overnight") == (end <= start)


def test_past_midnight_is_told_from_a_typing_error() -> None:
    assert clock.length(time(23, 30), time(0, 30)) == (60, "overnight")
    assert clock.length(time(11, 30), time(0, 30)) == (None, "end_before_start")
    assert clock.length(time(19), time(19)) == (None, "end_before_start")


@pytest.mark.parametrize("text", ["7", "25:00", "7:60 pm", "soon", "19:30-20:30", True])
def test_what_is_no_time_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="not a time"):
        clock.read_time(text)


@pytest.mark.parametrize(("value", "minutes"), [("01:30:00", 90), ("1:15", 75), (90, 90), ("60", 60), ("", None)])
def test_lengths(value: object, minutes: int | None) -> None:
    assert clock.read_length(value) == minutes
