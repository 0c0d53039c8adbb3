"""The calendar that others read: what comes out is read back as the same meetings."""

from datetime import UTC, date, datetime, time

import icalendar
import recurring_ical_events

from bot.core.meetings.publish import Entry, calendar

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
ENTRY = Entry(
    uid="meeting-1@harbour.handrail",
    name="Evening; group, with\nlines",
    rule="FREQ=WEEKLY;BYDAY=TU;UNTIL=20261222",
    starts_on=date(2026, 11, 23),
    wall=time(19, 30),
    zone="America/New_York",
    minutes=90,
    where="The library",
    changes=((date(2026, 12, 1), None), (date(2026, 12, 8), datetime(2026, 12, 9, 1, 0, tzinfo=UTC))),
)


def test_it_has_ids_zones_and_the_standards_line_ends() -> None:
    text = calendar("Harbour", [ENTRY], now=NOW)
    assert text.count("\n") == text.count("\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    for part in (
        "UID:meeting-1@harbour.handrail",
        "BEGIN:VTIMEZONE",
        "TZID:America/New_York",
        "UNTIL=20261223T003000Z",
    ):
        assert part in text


def test_it_is_read_back_as_the_same_dates() -> None:
    read = icalendar.Calendar.from_ical(calendar("Harbour", [ENTRY], now=NOW))
    found = recurring_ical_events.of(read).between(datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC))
    starts = sorted(event["DTSTART"].dt.astimezone(UTC) for event in found)
    assert [(at.month, at.day, at.hour) for at in starts] == [(11, 25, 0), (12, 9, 1), (12, 16, 0), (12, 23, 0)]
    assert {str(event["SUMMARY"]) for event in found} == {ENTRY.name}


def test_a_meeting_without_any_date_is_left_out() -> None:
    never = Entry(**{name: getattr(ENTRY, name) for name in Entry.__slots__} | {"rule": "FREQ=DAILY;UNTIL=20200101"})
    assert "VEVENT" not in calendar("Harbour", [never], now=NOW)
