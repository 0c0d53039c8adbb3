"""What one record of a feed means. Records are made up, in the shapes of real feeds."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.meetings import asking, bmlt, cleaning, ical, meeting_guide, same, types
from bot.core.meetings.meeting_guide import Refused, Sense
from bot.core.meetings.model import Attendance, Meeting, Status, ZoneFrom, as_json, pack, unpack
from bot.core.meetings.recognise import Form, Kind, form_of, is_challenge, kind_of, linked_feed
from bot.core.meetings.weekdays import Numbering
from bot.core.meetings.zones import Zones, known_zone

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
ZONES = Zones(community="America/New_York")
NEW_YORK = ZoneInfo("America/New_York")
STREET: dict[str, Any] = {"formatted_address": "1 Main St, Anytown, OK 12345, USA"}


def read(programme: str | None = "aa", zones: Zones = ZONES, **record: Any) -> Meeting:
    return meeting_guide.read(
        {"name": "A", "day": 1, "time": "19:00", **record}, Sense(programme=programme, zones=zones)
    )


def test_types_are_read_from_whatever_a_feed_writes() -> None:
    assert types.read("aa", "[open]") == (("O",), ())
    assert types.read("aa", "Open,English") == (("O", "EN"), ())
    assert types.read("aa", '["o", "12X12"]') == (("O", "12x12"), ())
    assert types.read("aa", ["O", "Wheelchair Access", "Potluck", 11, None, True]) == (("O", "X", "11"), ("Potluck",))
    assert types.read("aa", {"a": 1}) == ((), ())


def test_a_code_belongs_to_its_programme() -> None:
    assert types.name_of("aa", "A") == "Secular"
    assert types.name_of("aca", "A") == "Adults only (18+)"
    assert types.name_of("al-anon", "POA") == "Parents of Alcoholics"
    assert types.name_of("aa", "O", "es") == "Abierta"


def test_a_closed_place_without_a_link_does_not_meet_and_with_one_is_online() -> None:
    closed = read(types=["TC"], **STREET)
    assert (closed.status, closed.attendance) == (Status.TEMPORARILY_CLOSED, Attendance.UNKNOWN)
    moved = read(types=["TC"], conference_url="https://zoom.us/j/123456789", **STREET)
    assert (moved.status, moved.attendance) == (Status.ACTIVE, Attendance.ONLINE)
    both = read(conference_url="https://zoom.us/j/123456789", **STREET)
    assert both.attendance is Attendance.BOTH
    nowhere = read(formatted_address="Anytown, OK 12345, USA")
    assert nowhere.status is Status.INACTIVE


def test_both_open_and_closed_is_neither_and_said() -> None:
    meeting = read(types=["O", "C", "D"])
    assert meeting.types == ("D",)
    assert "open_and_closed" in meeting.doubts


def test_contact_persons_are_never_read() -> None:
    meeting = read(contact_1_name="Xavier", contact_1_email="x@example.org", venmo="@xavier", **STREET)
    assert "avier" not in str(pack(meeting))
    assert "x@example" not in str(pack(meeting))


def test_a_passcode_is_kept_apart_wherever_it_stands() -> None:
    meeting = read(
        conference_url="https://zoom.us/j/123456789?pwd=abCdef12",
        notes="Bring a chair.\nZoom ID: 991 0414 545\npasscode: tcxsrt\nDial-In-passcode:\n\nbrqpyzs",
    )
    shown = str(as_json(meeting))
    assert meeting.join.passcode == "abCdef12"
    assert "tcxsrt" in meeting.join.notes
    assert meeting.notes == "Bring a chair."
    for secret in ("abCdef12", "tcxsrt", "brqpyzs", "991 0414", "123456789"):
        assert secret not in shown


@pytest.mark.parametrize(
    "text",
    ["Dress code casual", "Password required", "Passed the arch, use the door code at 5 if", "Code of conduct applies"],
)
def test_what_is_no_passcode_stays(text: str) -> None:
    assert cleaning.without_codes(text)[0] == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Speaker, last Friday of the month", "last Friday of the month"),
        ("2nd & 4th Fridays Only", "2nd & 4th Fridays Only"),
        ("every other Tuesday", "every other Tuesday"),
        ("Alternating weeks", "Alternating weeks"),
        ("1st wk Step/last wk Trad", "1st wk Step/last wk Trad"),
        ("primer martes del mes", "primer martes del mes"),
        ("Second floor, first door on the left", ""),
        ("First Baptist Church", ""),
        ("at last, everybody is welcome", ""),
    ],
)
def test_words_that_say_it_is_not_every_week_are_kept(text: str, words: str) -> None:
    assert cleaning.irregular(text) == words


def test_a_zone_is_the_records_else_the_feeds_else_the_places_else_the_communitys() -> None:
    def at(_east: float, _north: float) -> str:
        return "America/Denver"

    where: dict[str, Any] = {"latitude": "39.7", "longitude": "-104.9"}
    zones = Zones(feed="America/Chicago", community="America/New_York", at=at)
    own = read(zones=zones, timezone="Europe/Berlin", **where)
    assert (own.zone, own.zone_from) == ("Europe/Berlin", ZoneFrom.RECORD)
    assert read(zones=zones, timezone="Mars/Base", **where).zone_from is ZoneFrom.FEED
    placed = read(zones=Zones(community="America/New_York", at=at), **where)
    assert (placed.zone, placed.zone_from) == ("America/Denver", ZoneFrom.PLACE)
    assert read().zone_from is ZoneFrom.COMMUNITY
    assert read(zones=Zones()).zone_from is ZoneFrom.UNKNOWN
    assert read(city="Tucson", state="AZ").zone == "America/Phoenix"
    assert read(address="1 Weg", city="Ulm", country="Germany").zone == "Europe/Berlin"


def test_a_longitude_without_its_minus_is_not_believed() -> None:
    def at(east: float, _north: float) -> str:
        return "Africa/Algiers" if east > 0 else "America/Chicago"

    meeting = read(zones=Zones(at=at), latitude=35.2, longitude=5.8, country="USA", **STREET)
    assert meeting.zone == "America/Chicago"


def test_a_vendors_zone_is_known_by_its_end() -> None:
    assert known_zone("/freeassociation.sourceforge.net/Tzfile/America/Argentina/Buenos_Aires") is not None
    assert known_zone("america/new_york") == "America/New_York"
    assert known_zone("../../etc/passwd") is None


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"name": " "}, "it has no name"),
        ({"day": "someday"}, "the weekday is not understood"),
        ({"day": 8}, "the weekday is not understood"),
        ({"time": "7ish"}, "the time is not understood"),
    ],
)
def test_what_is_no_meeting_is_refused_with_a_reason(record: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refused) as refused:
        read(**record)
    assert refused.value.reason == reason


def test_a_range_of_times_is_a_start_and_an_end() -> None:
    meeting = read(time="7:00 - 8:30 PM")
    assert (meeting.wall, meeting.minutes) == (time(19), 90)
    assert read(time="11:30 AM to 12:30 PM").minutes == 60


def test_no_day_is_by_appointment() -> None:
    assert read(day=None, time=None).by_appointment
    assert not read().by_appointment


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
KEYS = (
    "name", "slug", "day", "time", "end_time", "duration", "types", "notes", "location", "address", "formatted_address",
    "latitude", "longitude", "timezone", "conference_url", "conference_phone", "attendance_option", "languages", "url",
    "feedback_emails", "approximate", "regions", "status", "group", "country", "state",
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(KEYS), JSON))
def test_whatever_a_record_holds_it_is_a_meeting_that_is_stored_whole_or_refused(record: dict[str, Any]) -> None:
    try:
        meeting = meeting_guide.read(record, Sense(programme="aa", zones=ZONES))
    except (Refused, OverflowError):
        return
    assert unpack(pack(meeting)) == meeting
    assert meeting.name


def test_bmlt_counts_from_sunday_as_one_and_has_formats_of_its_own() -> None:
    formats = bmlt.format_names(
        {"key_string": "BT", "name_string": "Basic Text", "world_id": "BT", "lang": "en", "id": "3"}
    )
    formats |= bmlt.format_names(
        {"key_string": "St", "name_string": "Step", "world_id": "STEP", "lang": "en", "id": "27"}
    )
    record = {
        "id_bigint": "2",
        "meeting_name": "Nothing",
        "weekday_tinyint": "7",
        "start_time": "14:00:00",
        "duration_time": "01:30:00",
        "formats": "BT,St",
        "format_shared_id_list": "3,27",
        "venue_type": "3",
        "virtual_meeting_link": "https://zoom.us/j/5555555555",
        "location_street": "1 Main St",
        "location_province": "NY",
        "contact_name_1": "Xavier",
    }
    sense = Sense(programme="na", zones=Zones(), numbering=Numbering.SUNDAY_1, formats=formats)
    meeting = bmlt.read(record, sense)
    assert (meeting.weekdays, meeting.wall, meeting.minutes) == ((6,), time(14), 90)
    assert (meeting.types, meeting.other_types) == (("ST",), ("Basic Text",))
    assert meeting.attendance is Attendance.BOTH
    assert meeting.zone == "America/New_York"
    assert bmlt.read({**record, "published": "0"}, sense).status is Status.INACTIVE


def test_a_bmlt_server_without_its_list_of_formats_shows_what_keys_mean_and_never_a_key() -> None:
    record = {
        "id_bigint": "2",
        "meeting_name": "Nothing",
        "weekday_tinyint": "7",
        "start_time": "14:00:00",
        "formats": "BT,St,WC,ES,JT,QX",
    }
    sense = Sense(programme="na", zones=Zones(), numbering=Numbering.SUNDAY_1)
    meeting = bmlt.read(record, sense)
    assert (meeting.types, meeting.other_types) == (("ST", "X", "S"), ("Basic Text", "Just for Today"))
    swedish = bmlt.read({**record, "formats": "S,St,VM", "lang_enum": "sv"}, sense)
    assert (swedish.types, swedish.other_types) == (("ONL",), ())


CALENDAR = """BEGIN:VCALENDAR
X-WR-TIMEZONE:Europe/Vienna
BEGIN:VEVENT
UID:one
SUMMARY:Morning
DTSTART;TZID=Europe/Berlin:20260105T070000
DTEND;TZID=Europe/Berlin:20260105T080000
RRULE:FREQ=WEEKLY;BYDAY=MO,WE
EXDATE;TZID=Europe/Berlin:20261130T070000
LOCATION:Haus, Weg 1, Berlin
END:VEVENT
BEGIN:VEVENT
UID:one
RECURRENCE-ID;TZID=Europe/Berlin:20261202T070000
DTSTART;TZID=Europe/Berlin:20261202T090000
SUMMARY:Morning, later
END:VEVENT
BEGIN:VEVENT
UID:two
SUMMARY:Second Tuesday
DTSTART;TZID=W. Europe Standard Time:20260113T190000
RRULE:FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2
END:VEVENT
BEGIN:VEVENT
UID:three
SUMMARY:Three times
DTSTART:20261118T180000Z
RRULE:FREQ=WEEKLY;COUNT=3
END:VEVENT
BEGIN:VEVENT
UID:four
SUMMARY:Every year
DTSTART;VALUE=DATE-TIME:20200310T180000
RRULE:FREQ=YEARLY
END:VEVENT
BEGIN:VEVENT
UID:five
DTSTART:20200310T180000Z
END:VEVENT
END:VCALENDAR
"""


def test_a_calendar_has_rules_single_dates_and_zones() -> None:
    lines = CALENDAR.encode().splitlines(keepends=True)
    one, two, three, four, five = ical.read(lines, Sense(programme=None, zones=ZONES), NOW)
    assert isinstance(one, Meeting)
    assert (one.rule, one.weekdays, one.minutes) == ("FREQ=WEEKLY;BYDAY=MO,WE", (1, 3), 60)
    assert one.skipped == (date(2026, 11, 30),)
    assert one.moved == ((date(2026, 12, 2), datetime(2026, 12, 2, 8, 0, tzinfo=UTC)),)
    assert isinstance(two, Meeting)
    assert (two.rule, two.zone) == ("FREQ=MONTHLY;BYDAY=2TU", "Europe/Berlin")
    assert isinstance(three, Meeting)
    assert (three.rule, three.zone) == ("FREQ=WEEKLY;BYDAY=WE;UNTIL=20261202", "Europe/Vienna")
    assert three.wall == time(19)
    assert isinstance(four, Meeting)
    assert (four.rule, four.starts_on, four.irregular) == (None, date(2027, 3, 10), "FREQ=YEARLY")
    assert not isinstance(five, Meeting)
    assert five.reason == "it has no name"


def test_two_copies_are_one_and_two_groups_of_one_name_are_two() -> None:
    here: dict[str, Any] = {"name": "Hope", "latitude": 40.0, "longitude": -75.0, **STREET}
    copy = read(**(here | {"name": "The Hope Group", "latitude": 40.001}))
    assert same.likeness_key(read(**here)) == same.likeness_key(copy)
    assert same.are_one(read(**here), copy)
    assert not same.are_one(read(**here), read(**(here | {"latitude": 40.1})))
    rooms = [read(conference_url=f"https://zoom.us/j/{number}") for number in (111111111, 111111111, 222222222)]
    assert same.are_one(rooms[0], rooms[1])
    assert not same.are_one(rooms[0], rooms[2])


def test_a_source_is_told_by_its_content() -> None:
    assert form_of(b"\xef\xbb\xbf [{}]") is Form.JSON
    assert form_of(b"BEGIN:VCALENDAR\r\n") is Form.ICALENDAR
    assert form_of(b"Name,Day,Time\n") is Form.CSV
    assert form_of(b"<!DOCTYPE html><html>") is Form.HTML
    assert form_of(b"\n \n") is Form.EMPTY
    assert form_of(b"hello") is Form.UNKNOWN
    assert kind_of({"id_bigint", "meeting_name", "weekday_tinyint"}) is Kind.BMLT
    assert kind_of({"name", "slug", "day", "time"}) is Kind.MEETING_GUIDE
    assert kind_of({"name", "communities", "day"}) is Kind.OIAA
    assert is_challenge(b"<title>Just a moment...</title>")
    assert linked_feed(b'<div id="tsml-ui" data-src="/m.json?a=1&amp;b=2"></div>') == "/m.json?a=1&b=2"
    assert linked_feed(b"<p>nothing</p>") is None


def test_what_people_look_for_is_read_from_their_words() -> None:
    def ask(words: str) -> asking.Asked:
        return asking.read(words, None, now=NOW, zone=NEW_YORK)

    asked = ask("online women in the next 2 hours")
    assert (asked.online, asked.types, asked.text) == (True, ("W",), "")
    assert (asked.end - asked.begin).total_seconds() == 7200
    asked = ask("spanish NA tuesday near San Jose")
    assert (asked.language, asked.programme, asked.near, asked.text) == ("es", "na", "san jose", "")
    assert asked.begin == datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
    asked = ask("tomorrow morning")
    assert (asked.begin, asked.text) == (datetime(2026, 11, 24, 9, 0, tzinfo=UTC), "")
    assert asked.end == datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
    asked = ask("wednesday evening online")
    assert (asked.begin, asked.text, asked.online) == (datetime(2026, 11, 25, 22, 0, tzinfo=UTC), "", True)
    assert ask("morning reflections").text == "morning reflections"
    asked = ask("serenty group tonight")
    assert asked.text == "serenty"
    assert asked.begin == datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
