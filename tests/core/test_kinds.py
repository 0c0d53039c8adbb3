"""What people type is understood, or answered kindly with what would be."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.commands import BadValue, Kind, Reader
from bot.core.countries import (
    country_codes,
    country_name,
    country_of_name,
    country_of_zone,
    guess_countries,
    zone_names,
    zones_of_country,
)
from bot.core.kinds import (
    BEGIN_TIME,
    COUNTRY,
    DATE,
    END_TIME,
    HOURS,
    LANGUAGE,
    LENGTH,
    LINK,
    MINUTES,
    NAME,
    OWN_COUNTRY,
    OWN_LANGUAGE,
    PAST_DATE,
    TIME,
    WEEKDAYS,
    ZONE,
    Number,
    OneOf,
    Words,
)
from bot.core.words import _

READER = Reader(now=datetime(2026, 5, 6, 12, 5, tzinfo=UTC), zone=ZoneInfo("Europe/Berlin"), country="DE")
"""A Wednesday, five past two in Berlin."""

ANSWER = OneOf(("yes", _("Yes, please")), ("later", _("Ask me later")), ("no", _("No, thank you")))
KINDS: list[Kind] = [
    BEGIN_TIME,
    COUNTRY,
    DATE,
    END_TIME,
    HOURS,
    LANGUAGE,
    LENGTH,
    LINK,
    MINUTES,
    NAME,
    OWN_COUNTRY,
    OWN_LANGUAGE,
    PAST_DATE,
    TIME,
    WEEKDAYS,
    ZONE,
    Number(1, 20),
    ANSWER,
    Words(50),
]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)

WORDS = [
    "next",
    "last",
    "every",
    "other",
    "first",
    "tue",
    "thursday",
    "mon",
    "fri-sun",
    "feb",
    "30",
    "29",
    "february",
    "march",
    "31",
    "of",
    "1",
    "2",
    "99",
    "today",
    "in",
    "weeks",
    "days",
    "ago",
    "utc",
    "+1",
    "pst",
    "berlin",
    "germny",
    "gremany",
    "8pm",
    "noon",
    "http://",
    "a@b.c",
    "[::1",
    "yse",
    "99999",
]
TYPED = st.one_of(
    st.text(st.characters(codec=None, exclude_categories=()), max_size=220),
    st.text(st.sampled_from("0123456789:.-/ ,+hmap½²٣é"), max_size=12),
    st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join),
)


def refused(kind: Kind, text: str, reader: Reader = READER) -> BadValue:
    with pytest.raises(BadValue) as caught:
        kind.parse(text, reader)
    return caught.value


@every_kind
@given(typed=TYPED)
def test_whatever_is_typed_is_a_value_or_a_bad_value_with_guesses_that_are_values(kind: Kind, typed: str) -> None:
    try:
        kind.parse(typed, READER)
    except BadValue as answer:
        bad = answer
    else:
        return
    assert len(bad.guesses) <= 5
    assert str(bad.message)
    for guess in bad.guesses:
        kind.parse(guess, READER)


@every_kind
@given(typed=TYPED)
def test_whatever_is_typed_every_suggestion_is_a_value(kind: Kind, typed: str) -> None:
    suggested = kind.suggest(typed, READER)
    assert len(suggested) <= 25
    for value, label in suggested:
        kind.parse(value, READER)
        assert 0 < len(str(label)) <= 100


@every_kind
def test_more_than_any_value_is_refused(kind: Kind) -> None:
    assert refused(kind, "1" * 100_000).guesses == ()


@every_kind
def test_nothing_is_answered_with_what_is_expected(kind: Kind) -> None:
    assert str(refused(kind, " ").message).startswith("Please")


def test_a_persons_own_words_are_repeated_cleaned_and_cut() -> None:
    message = str(refused(TIME, "\u202eq\n" + "x" * 150).message)
    assert message.startswith("I did not understand “q " + "x" * 38 + "”.")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("8", time(8)),
        ("08:00", time(8)),
        ("8am", time(8)),
        ("8:30 pm", time(20, 30)),
        ("8:30 p.m.", time(20, 30)),
        ("20h", time(20)),
        ("20h15", time(20, 15)),
        ("8.30", time(8, 30)),
        ("0830", time(8, 30)),
        ("noon", time(12)),
        ("Midnight", time(0)),
        ("12am", time(0)),
        ("12 PM", time(12)),
        ("20:00:00", time(20)),
        ("２０：１５", time(20, 15)),
    ],
)
def test_a_time_is_read(text: str, value: time) -> None:
    assert TIME.parse(text, READER) == value


def test_a_time_that_does_not_exist_is_answered_with_near_ones() -> None:
    assert refused(TIME, "25:00").guesses == ("01:00", "05:00", "15:00")
    assert refused(TIME, "13 am").guesses[0] == "13:00"


def test_an_hour_is_suggested_for_both_halves_of_the_day() -> None:
    assert [value for value, _label in TIME.suggest("8", READER)][:4] == ["08:00", "20:00", "08:30", "20:30"]


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("new_york", "America/New_York"),
        ("Zürich", "Europe/Zurich"),
        ("são paulo", "America/Sao_Paulo"),
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("buenos aires", "America/Argentina/Buenos_Aires"),
        ("utc", "UTC"),
        ("Munich", "Europe/Berlin"),
    ],
)
def test_a_zone_is_read_by_name_and_city(text: str, zone: str) -> None:
    assert ZONE.parse(text, READER).key == zone


@pytest.mark.parametrize(
    ("text", "guess"),
    [
        ("CET", "Europe/Berlin"),
        ("PST", "America/Los_Angeles"),
        ("EST", "America/New_York"),
        ("Germany", "Europe/Berlin"),
        ("USA", "America/New_York"),
        ("UTC+2", "Europe/Berlin"),
        ("San Juan", "America/Argentina/San_Juan"),
        ("Europe/Berln", "Europe/Berlin"),
        ("new yrok", "America/New_York"),
        ("Portugl", "Europe/Lisbon"),
    ],
)
def test_what_is_no_zone_is_answered_with_zones(text: str, guess: str) -> None:
    assert refused(ZONE, text).guesses[0] == guess


def test_guesses_at_home_come_first() -> None:
    irish = Reader(now=READER.now, zone=ZoneInfo("UTC"), country="IE")
    assert refused(ZONE, "IST", irish).guesses[0] == "Europe/Dublin"


@pytest.mark.parametrize("text", ["localtime", "Factory", "../../etc/passwd", "Etc/GMT+5"])
def test_a_name_of_no_place_is_no_zone(text: str) -> None:
    refused(ZONE, text)


def test_zones_of_ones_own_country_are_suggested_before_anything_is_typed() -> None:
    suggested = ZONE.suggest("", READER)
    assert [value for value, _label in suggested][:2] == ["Europe/Berlin", "Europe/Busingen"]
    assert str(suggested[0][1]) == "Europe/Berlin (now 14:05)"


def test_a_zone_is_suggested_from_the_first_letters_of_its_city() -> None:
    assert "Europe/Lisbon" in [value for value, _label in ZONE.suggest("lis", READER)][:3]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("de", "DE"),
        ("Germany", "DE"),
        ("USA", "US"),
        ("the U.K.", "GB"),
        ("Deutschland", "DE"),
        ("England", "GB"),
        ("holland", "NL"),
        ("Cote d'Ivoire", "CI"),
        ("Česko", "CZ"),
        ("日本", "JP"),
    ],
)
def test_a_country_is_read_by_code_and_by_what_people_call_it(text: str, code: str) -> None:
    assert COUNTRY.parse(text, READER) == code


def test_a_mistyped_country_is_answered_with_near_ones() -> None:
    assert refused(COUNTRY, "Germny").guesses[0] == "Germany"


def test_every_country_is_found_by_its_own_name() -> None:
    assert {code: country_of_name(country_name(code)) for code in country_codes()} == {c: c for c in country_codes()}


def test_a_country_has_its_name_in_the_readers_language() -> None:
    assert country_name("DE", "fr") == "Allemagne"
    assert country_name("DE", "xx-nonsense") == "Germany"
    assert country_name("QQ") == "QQ"


@given(st.text() | st.sampled_from(["Germny", "Untied States", "Untied Kingdom"]), st.integers(1, 8))
def test_guesses_at_a_country_are_few_and_different(text: str, limit: int) -> None:
    codes = guess_countries(text, limit)
    assert len(codes) == len(set(codes)) <= limit


def test_zones_and_countries_lead_to_each_other() -> None:
    assert country_of_zone("Asia/Calcutta") == "IN"
    assert country_of_zone("UTC") is None
    assert country_of_zone("Mars/Base") is None
    assert zones_of_country("us")[:4] == (
        "America/New_York",
        "America/Chicago",
        "America/Denver",
        "America/Los_Angeles",
    )
    assert zones_of_country("XX") == ()
    found = [zone for code in country_codes() for zone in zones_of_country(code)]
    assert set(found) <= zone_names()
    assert all(zone in zones_of_country(country_of_zone(zone) or "") for zone in found)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-03", date(2026, 11, 3)),
        ("3.11.", date(2026, 11, 3)),
        ("3.11", date(2026, 11, 3)),
        ("3.11.27", date(2027, 11, 3)),
        ("3. 11. 2027", date(2027, 11, 3)),
        ("5.5.", date(2027, 5, 5)),
        ("6 May", date(2026, 5, 6)),
        ("November 3rd, 2028", date(2028, 11, 3)),
        ("29 February", date(2028, 2, 29)),
        ("25/12", date(2026, 12, 25)),
        ("today", date(2026, 5, 6)),
        ("Tomorrow", date(2026, 5, 7)),
        ("in 2 weeks", date(2026, 5, 20)),
        ("tue", date(2026, 5, 12)),
        ("next Tuesday", date(2026, 5, 12)),
        ("wednesday", date(2026, 5, 13)),
    ],
)
def test_a_date_is_read_as_the_next_such(text: str, day: date) -> None:
    assert DATE.parse(text, READER) == day


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("3.11.", date(2025, 11, 3)),
        ("6 may", date(2026, 5, 6)),
        ("3.11.98", date(1998, 11, 3)),
        ("wed", date(2026, 4, 29)),
        ("10 days ago", date(2026, 4, 26)),
        ("yesterday", date(2026, 5, 5)),
    ],
)
def test_a_past_date_is_read_as_the_latest_such(text: str, day: date) -> None:
    assert PAST_DATE.parse(text, READER) == day


def test_an_impossible_date_is_answered_with_its_neighbours() -> None:
    assert refused(DATE, "30 February").guesses == ("2027-02-28", "2027-03-01")
    assert refused(DATE, "2026-02-30").guesses == ("2026-02-28", "2026-03-01")


def test_a_date_that_may_be_two_is_asked() -> None:
    assert refused(DATE, "3/11/2026").guesses == ("2026-11-03", "2026-03-11")


def test_today_is_the_readers_today() -> None:
    late = Reader(now=datetime(2026, 5, 6, 23, tzinfo=UTC), zone=ZoneInfo("Europe/Berlin"))
    assert DATE.parse("today", late) == date(2026, 5, 7)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("tue,thu", "FREQ=WEEKLY;BYDAY=TU,TH"),
        ("Tuesday and Thursday", "FREQ=WEEKLY;BYDAY=TU,TH"),
        ("Tuesdays & Thursdays", "FREQ=WEEKLY;BYDAY=TU,TH"),
        ("every tuesday", "FREQ=WEEKLY;BYDAY=TU"),
        ("tu th", "FREQ=WEEKLY;BYDAY=TU,TH"),
        ("fri to mon", "FREQ=WEEKLY;BYDAY=MO,FR,SA,SU"),
        *((text, "FREQ=DAILY") for text in ("daily", "every day", "all week", "todos los días")),
        *((text, "FREQ=WEEKLY;BYDAY=SA,SU") for text in ("weekends", "sat-sun", "the weekend", "on weekends")),
        *((text, "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR") for text in ("weekdays", "mon-fri", "M-F", "working days")),
        ("weekdays and saturday", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA"),
        ("every other Monday", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"),
        ("first Monday of the month", "FREQ=MONTHLY;BYDAY=1MO"),
        ("first and third monday", "FREQ=MONTHLY;BYDAY=1MO,3MO"),
        ("last friday", "FREQ=MONTHLY;BYDAY=-1FR"),
    ],
)
def test_weekdays_are_read_as_a_rule(text: str, rule: str) -> None:
    assert WEEKDAYS.parse(text, READER) == rule


def test_mistyped_weekdays_are_answered_with_near_ones() -> None:
    assert refused(WEEKDAYS, "tuesdy and thrusday").guesses[0] == "tuesday,thursday"


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("60", 60),
        ("90 min", 90),
        ("1h", 60),
        ("1h30", 90),
        ("1:30", 90),
        ("1.5 hours", 90),
        ("2 hours 15 minutes", 135),
        ("half an hour", 30),
        ("24h", 1440),
    ],
)
def test_a_length_of_time_is_read(text: str, minutes: int) -> None:
    assert MINUTES.parse(text, READER) == minutes


@pytest.mark.parametrize(("text", "guess"), [("0", "1"), ("25h", "1440"), ("99999", "1440")])
def test_a_length_out_of_bounds_is_answered_with_the_bound(text: str, guess: str) -> None:
    assert refused(MINUTES, text).guesses == (guess,)


@pytest.mark.parametrize(
    ("kind", "text", "guess"),
    [
        (DATE, "tomorow", "tomorrow"),
        (DATE, "next mondey", "2026-05-11"),
        (DATE, "3 novmber", "2026-11-03"),
        (DATE, "in 3 dyas", "2026-05-09"),
        (PAST_DATE, "2 weks ago", "2026-04-22"),
        (TIME, "mdnight", "midnight"),
        (TIME, "mid night", "midnight"),
        (TIME, "8 oclok", "08:00"),
        (MINUTES, "90 mintues", "90"),
        (MINUTES, "hlaf hour", "30"),
    ],
)
def test_mistyped_words_for_a_time_are_answered_with_what_was_meant(kind: Kind, text: str, guess: str) -> None:
    assert refused(kind, text).guesses == (guess,)


def test_words_keep_their_lines_and_are_never_cut() -> None:
    assert Words(50).parse(" one\r\ntwo ", READER) == "one\ntwo"
    assert "50" in str(refused(Words(50), "x" * 51).message)


def test_a_name_keeps_its_letters() -> None:
    assert NAME.parse("  Ægir \u202eO’Neill ", READER) == "Ægir O’Neill"


@pytest.mark.parametrize(
    "link",
    ["https://example.org", "http://example.org:8080/a?b=c#d", "https://zoom.us/j/1?pwd=a%20b"],
)
def test_a_link_is_kept_as_written(link: str) -> None:
    assert LINK.parse(link, READER) == link


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "ftp://example.org",
        "https://user:secret@example.org",
        "https://example.org@evil.example",
        "https://exa\nmple.org",
        "https://exam ple.org",
        "https://example.org/\u202egpj",
        "https://[::1",
        "https://localhost/admin",
        "https://example.org:99999",
        "https://",
        "https:///path",
        "https://example.org\\@evil.example",
        "https://example.org/<b>",
    ],
)
def test_what_is_no_safe_link_is_refused(text: str) -> None:
    assert refused(LINK, text).guesses == ()


def test_a_link_without_its_beginning_is_guessed() -> None:
    assert refused(LINK, "example.org/meeting").guesses == ("https://example.org/meeting",)


def test_a_number_out_of_bounds_is_answered_with_the_bound() -> None:
    assert Number(1, 20).parse(" 7 ", READER) == 7
    assert refused(Number(1, 20), "21").guesses == ("20",)


@pytest.mark.parametrize(
    ("text", "value"), [("yes", "yes"), ("Yes, please", "yes"), ("latr", "later"), ("no thank yuo", "no")]
)
def test_a_choice_is_read_in_spite_of_a_typo(text: str, value: str) -> None:
    assert ANSWER.parse(text, READER) == value


def test_a_choice_between_two_is_never_taken() -> None:
    kind = OneOf(("resolved", _("It is resolved")), ("unresolved", _("It is not resolved")))
    assert set(refused(kind, "nresolved").guesses) == {"resolved", "unresolved"}


def test_a_word_that_is_no_choice_is_answered_with_the_choices() -> None:
    assert refused(ANSWER, "purple").guesses == ("yes", "later", "no")


def test_a_kind_is_what_commands_take() -> None:
    names: dict[str, Any] = {kind.name: kind for kind in KINDS}
    assert {"zone", "time", "date", "country"} <= names.keys()
