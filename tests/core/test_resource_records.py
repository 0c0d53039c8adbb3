"""Records of other directories, read or refused: HSDS 3.0, FindTreatment.gov, spreadsheets, old lists."""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.app import load_resources
from bot.core.resources import Resource, dump_resource, is_open, load_resource
from bot.core.resources.ages import Checked, identity_of, is_old, with_checks
from bot.core.resources.export import to_hsds
from bot.core.resources.hours import DAYS, spans, write_hours
from bot.core.resources.index import index_of, queries
from bot.core.resources.model import Phone
from bot.core.resources.records import Reading, Record, read_record
from bot.core.resources.search import read_need
from bot.core.resources.told import topics_told

TODAY = date(2026, 11, 22)
KNOWN = load_resources().known
READING = Reading(today=TODAY, known=KNOWN)


def read(raw: object, **reading: Any) -> Record:
    """The one record that `raw` is."""
    (record,) = read_record(7, raw, Reading(**{"today": TODAY, "known": KNOWN, **reading}))
    return record


def taken(raw: object, **reading: Any) -> Resource:
    record = read(raw, **reading)
    assert record.resource is not None, str(record.reason)
    return record.resource


def service(**fields: Any) -> dict[str, Any]:
    return {"id": "s1", "name": "Night shelter", "status": "active", "phones": [{"number": "211"}], **fields}


# Numbers


@pytest.mark.parametrize("number", ["988", "116 123", "741741", "1813", "211", "*4141", "13 11 14", "988 then press 1"])
def test_a_short_code_is_never_refused_whatever_the_source(number: str) -> None:
    assert taken(service(phones=[{"number": number}])).phone == number
    assert taken({"name": "A line", "phone": number}).phone == number
    assert taken({"name1": "A centre", "phone": number}).phone == number


def test_a_replaced_number_is_imported_as_the_one_that_is_called_now() -> None:
    line = taken({"name": "Lifeline", "phone": "1-800-273-8255", "country": "US"})
    assert (line.phone, line.former) == ("988", ("1-800-273-8255",))


def test_a_paired_line_is_imported_with_its_pair() -> None:
    assert taken({"name": "Zelfmoordlijn", "phone": "1813", "country": "BE"}).pair == "be-suicide"
    assert taken({"name": "Somebody else's 1813", "phone": "1813", "country": "US"}).pair == ""


def test_a_number_to_text_or_to_fax_is_no_number_to_call() -> None:
    phones = [
        {"number": "555-0100", "type": "fax"},
        {"number": "741741", "type": "text"},
        {"number": "555-0199", "type": "voice", "extension": 12},
    ]
    line = taken(service(phones=phones))
    assert (line.phone, line.text_to) == ("555-0199 x12", "741741")
    assert line.more_phones == (Phone(number="555-0100", kind="fax"),)


# HSDS


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"name": " "}, "The name is missing."),
        ({"phones": []}, "It says no phone, link, address or email."),
        ({"status": "defunct"}, "Its source says that it is no longer offered (defunct)."),
    ],
)
def test_a_service_that_cannot_be_used_is_refused_with_its_number(fields: dict[str, Any], reason: str) -> None:
    record = read(service(**fields))
    assert (record.number, record.resource, str(record.reason)) == (7, None, reason)


def test_an_organization_is_as_many_records_as_it_has_services() -> None:
    organization = {"id": "o", "name": "Harbor", "services": [service(), service(name="")]}
    records = list(read_record(3, organization, READING))
    assert [(r.number, r.resource is not None) for r in records] == [(3, True), (3, False)]
    assert records[0].resource is not None
    assert records[0].resource.organization == "Harbor"


def test_what_has_ended_says_nothing_of_the_hours() -> None:
    week = {"freq": "WEEKLY", "byday": "MO,TU,WE,TH,FR", "opens_at": "09:00:00", "closes_at": "17:00"}
    assert taken(service(schedules=[week])).hours == "Mon-Fri 09:00-17:00"
    assert taken(service(schedules=[{**week, "valid_to": "2005-01-01"}])).hours == ""
    assert (
        taken(service(schedules=[{**week, "freq": "MONTHLY", "description": "First Monday"}])).hours == "First Monday"
    )


@pytest.mark.parametrize("raw", [None, 5, "text", [], {}, {"name": "x"}, {"location_type": "physical", "name": "x"}])
def test_what_is_no_service_is_refused(raw: object) -> None:
    assert read(raw).resource is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = "name phones schedules status organization languages service_at_locations services service url attributes"


@settings(max_examples=120)
@given(st.dictionaries(st.sampled_from([*_FIELDS.split(), "id", "name1", "phone", "country"]), _JSON))
def test_any_record_is_read_or_refused_and_comes_back_from_our_own_export(raw: dict[str, Any]) -> None:
    for record in read_record(1, raw, READING):
        if record.resource is not None:
            assert load_resource(dump_resource(record.resource)) == record.resource
            assert read(to_hsds(record.resource)).resource is not None or not record.resource.dialled


def test_what_is_exported_is_read_back_the_same() -> None:
    for line in load_resources().helplines:
        again = taken(to_hsds(line))
        for name in (
            "name",
            "phone",
            "text_to",
            "country",
            "region",
            "languages",
            "topics",
            "source",
            "note",
            "checked",
        ):
            assert getattr(again, name) == getattr(line, name), (line.name, name)
        assert (again.hours == "24/7") is line.round_the_clock or line.hours != "24/7"


# FindTreatment.gov


def test_a_facility_has_topics_languages_cost_and_people_from_its_own_terms() -> None:
    terms = (
        "Detoxification; Naltrexone used in Treatment; Does not use MAT for opioid use disorders; Spanish; Veterans;"
        " Sliding fee scale (fee is based on income and other factors); Adult women; Smoking not permitted"
    )
    facility = taken(
        {"name": "Cedar House", "city": "Bloomington", "phone": "909-421-7120 x112", "all_services": terms}
    )
    assert set(facility.topics) == {"detox", "medication", "veterans"}
    assert facility.languages == ("en", "es")
    assert facility.cost == "Sliding fee scale (fee is based on income and other factors)"
    assert facility.eligibility == "Veterans; Adult women"
    assert (facility.country, facility.phone) == ("US", "909-421-7120 x112")


# Spreadsheets, and the date of a list


def test_columns_are_known_by_what_people_call_them() -> None:
    row = {
        "Agency": "Harbor",
        "Program": "Pantry",
        "Telephone": "555-0100",
        "Web Site": "www.example.org",
        "ZIP": "94901",
    }
    line = taken(row, country="US", checked=date(2021, 1, 1), precision="year")
    assert (line.name, line.organization, line.link) == ("Pantry", "Harbor", "https://www.example.org")
    assert (line.country, line.checked, line.checked_precision) == ("US", date(2021, 1, 1), "year")


def test_an_emergency_number_of_an_old_list_is_no_helpline() -> None:
    raw = {"country": "Algeria", "phones": ["tel:34342"], "description": "34342 is the national emergency number."}
    assert "emergency number" in str(read(raw).reason)


# Topics


@pytest.mark.parametrize(
    ("name", "description", "topics"),
    [
        ("Methadone clinic", "", {"medication", "health-care"}),
        (
            "Harbor",
            "Syringe exchange and fentanyl test strips for people who use drugs.",
            {"harm-reduction", "substance-use"},
        ),
        ("Harbor", "A course at school for working people.", set()),
    ],
)
def test_topics_are_told_by_a_name_or_clearly_by_a_description(name: str, description: str, topics: set[str]) -> None:
    assert set(topics_told([name], description)) == topics


# Hours


@pytest.mark.parametrize(
    ("hours", "at", "is_it"),
    [
        ("24/7", "2026-11-22 03:00", True),
        ("Mon-Fri 10:00-20:00", "2026-11-23 10:00", True),
        ("Mon-Fri 10:00-20:00", "2026-11-23 20:00", False),
        ("Mon-Fri 10:00-20:00", "2026-11-22 12:00", False),
        ("17:00-00:00 daily", "2026-11-22 23:59", True),
        ("daily 19:00-07:00", "2026-11-22 06:59", True),
        ("Sat 22:00-04:00", "2026-11-22 03:00", True),
        ("Sat,Sun 09:00-13:00; Wed 18:00-20:00", "2026-11-25 18:30", True),
        ("Evenings, call first", "2026-11-22 12:00", None),
        ("", "2026-11-22 12:00", None),
    ],
)
def test_whether_it_is_open_is_told_by_its_hours(hours: str, at: str, is_it: bool | None) -> None:
    assert is_open(hours, datetime.fromisoformat(at).replace(tzinfo=ZoneInfo("America/New_York"))) is is_it


_TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0, tzinfo=None))


@settings(max_examples=100)
@given(st.lists(st.tuples(st.sets(st.integers(0, 6), min_size=1), _TIMES, _TIMES), min_size=1, max_size=4))
def test_hours_that_are_written_are_read_the_same(opening: list[tuple[set[int], time, time]]) -> None:
    text = write_hours([(sorted(days), opens, closes) for days, opens, closes in opening])
    if text == "24/7":
        return
    read_back = spans(text)
    assert read_back is not None
    wanted = set()
    for days, opens, closes in opening:
        start, end = opens.hour * 60 + opens.minute, closes.hour * 60 + closes.minute
        wanted |= {(day, start, end if end > start else end + 1440) for day in days}
    assert set(read_back) == wanted
    assert all(day in range(len(DAYS)) for day, _start, _end in read_back)


# Age


def test_what_an_organizer_found_is_shown_with_its_date_and_what_is_wrong_is_left_out() -> None:
    old = Resource(name="Old", phone="1", checked=date(2021, 1, 1))
    assert is_old(old, TODAY)
    (right,) = with_checks([old], {identity_of(old): Checked(right=True, day=TODAY)})
    assert (right.checked, right.confirmed) == (TODAY, True)
    assert not is_old(right, TODAY)
    wrong = {identity_of(old): Checked(right=False, day=date(2024, 1, 1))}
    assert with_checks([old], wrong) == []
    again = Resource(name="Old", phone="1", checked=date(2026, 1, 1))
    assert with_checks([again], wrong) == [again]


# The index


def test_a_service_is_indexed_by_what_each_query_asks() -> None:
    one = Resource(name="Cedar House", phone="988", country="US", city="San Rafael", topics=("detox",), cost="Free")
    words = set(index_of(one).split())
    for asked in (
        read_need("detox no insurance", country="US"),
        read_need("detox", country="US", place="san rafael"),
        read_need("cedar", country="US"),
        read_need("988", country="US"),
    ):
        first = next(iter(queries(asked)))
        assert all(words & set(group) for group in first), asked
