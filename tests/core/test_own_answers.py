"""Languages, answers that may be other words, too, and hours of the day as people write them."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from bot.core.commands import BadValue, Kind, Reader
from bot.core.kinds import COUNTRY, END_TIME, HOURS, LANGUAGE, OWN_COUNTRY, OWN_LANGUAGE, TIME, ZONE

READER = Reader(now=datetime(2026, 11, 23, 13, tzinfo=UTC), zone=ZoneInfo("America/New_York"), country="US")


def refused(kind: Kind, text: str) -> BadValue:
    with pytest.raises(BadValue) as caught:
        kind.parse(text, READER)
    return caught.value


@pytest.mark.parametrize(("text", "code"), [("de", "de"), ("German", "de"), ("Deutsch", "de"), ("espanol", "es")])
def test_a_language_is_read(text: str, code: str) -> None:
    assert LANGUAGE.parse(text, READER) == code


def test_a_mistyped_language_is_answered_with_near_ones() -> None:
    assert refused(LANGUAGE, "Frensh").guesses[0] == "French"


@pytest.mark.parametrize(
    ("kind", "word", "meant"),
    [
        (OWN_LANGUAGE, "no", "Norwegian"),
        (OWN_LANGUAGE, "Hi", "Hindi"),
        (OWN_LANGUAGE, "si", "Sinhala"),
        (OWN_COUNTRY, "no", "Norway"),
        (OWN_COUNTRY, "me", "Montenegro"),
        (ZONE, "north", "Australia/Darwin"),
    ],
)
def test_a_word_that_is_a_name_too_is_asked_about(kind: Kind, word: str, meant: str) -> None:
    bad = refused(kind, word)
    assert bad.guesses == (meant,)
    assert f"may mean {meant}, or just that word" in str(bad.message)


def test_in_a_file_and_in_capitals_a_code_is_what_it_says() -> None:
    assert (LANGUAGE.parse("no", READER), COUNTRY.parse("NO", READER)) == ("no", "NO")
    assert [OWN_COUNTRY.parse(code, READER) for code in ("IT", "US", "us", "NO")] == ["IT", "US", "US", "NO"]
    assert OWN_COUNTRY.parse("I'm in NO", READER) == "NO"


@pytest.mark.parametrize(
    "typed",
    [
        "22:00-07:00",
        "22:00 07:00",
        "22-7",
        "10pm-7am",
        "10 pm to 7 am",
        "22:00 to 07:00",
        "from 22 until 7",
        "between 22:00 and 07:00",
        "22:00 – 07:00",
        "22:00–7",
        "22h-7h",
        "10pm 7am",
        "de 22:00 a 7:00",
        "desde las 22 hasta las 7",
    ],
)
def test_hours_of_the_day_are_read_as_people_write_them(typed: str) -> None:
    assert HOURS.parse(typed, READER) == (time(22), time(7))


@pytest.mark.parametrize(
    ("typed", "begins", "ends"),
    [
        ("10-7", 22, 7),
        ("from 10 to 7", 22, 7),
        ("9 6", 21, 6),
        ("11-11", 23, 11),
        ("12-8", 0, 8),
        ("1-9", 1, 9),
        ("10-12", 22, 0),
        ("10-7am", 22, 7),
        ("10pm-7", 22, 7),
        ("1-3pm", 13, 15),
        ("9am-5", 9, 17),
        ("10-midnight", 22, 0),
        ("midnight to 8", 0, 8),
    ],
)
def test_bare_hours_are_those_of_a_night_or_those_nearest_to_one_with_am_or_pm(
    typed: str, begins: int, ends: int
) -> None:
    assert HOURS.parse(typed, READER) == (time(begins), time(ends))


@pytest.mark.parametrize(
    ("typed", "begins", "ends"),
    [("22-7", 22, 7), ("10:00-7:00", 10, 7), ("07-10", 7, 10), ("0-8", 0, 8), ("8-20", 8, 20), ("7h-10h", 7, 10)],
)
def test_hours_of_a_clock_with_24_hours_are_those(typed: str, begins: int, ends: int) -> None:
    assert HOURS.parse(typed, READER) == (time(begins), time(ends))


@pytest.mark.parametrize("typed", ["22:00-24:00", "22-24", "22h to 24h", "from 22 until midnight"])
def test_24_o_clock_is_the_end_of_the_day(typed: str) -> None:
    assert HOURS.parse(typed, READER) == (time(22), time())
    assert END_TIME.parse("24:00", READER) == time()
    refused(TIME, "24:00")


def test_hours_from_0_to_24_are_the_whole_day_and_not_none() -> None:
    assert HOURS.parse("0-24", READER) == HOURS.parse("00:00-24:00", READER) == (time(), time(23, 59))


def test_no_hours_are_the_same_time_twice() -> None:
    assert HOURS.parse("none", READER) == HOURS.parse("0:00-0:00", READER) == (time(), time())


@pytest.mark.parametrize("typed", ["22:00", "22:00-", "at night", "25-7", "22-7-3"])
def test_what_is_no_span_of_hours_is_asked_about(typed: str) -> None:
    assert "22:00-07:00" in str(refused(HOURS, typed).message)
