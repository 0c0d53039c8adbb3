"""Meetings as an iCalendar file (RFC 5545) that other programs read: with ids, zones and the standard's line ends."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, vRecur

from bot.core.occurrences import Rule, instant, next_occurrence

PRODUCT: Final = "-//Handrail//meetings//EN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One recurring meeting of a calendar. `uid` is the same in every version of it.

    `changes` are single dates (as the rule has them) with the instant to which they were moved, None: cancelled.
    `description` is what everybody who gets the file may read.
    """

    uid: str
    name: str
    rule: str
    starts_on: date
    wall: time
    zone: str
    minutes: int
    where: str = ""
    link: str = ""
    description: str = ""
    changes: tuple[tuple[date, datetime | None], ...] = ()


def calendar(name: str, entries: Iterable[Entry], *, now: datetime) -> str:
    """A calendar of these meetings, each from its first date that the rule has."""
    whole = Calendar()
    whole.add("prodid", PRODUCT)
    whole.add("version", "2.0")
    whole.add("method", "PUBLISH")
    whole.add("x-wr-calname", name)
    events: list[Event] = []
    zones: dict[str, datetime] = {}
    for entry in entries:
        made = list(_events(entry, now))
        if made:
            zones.setdefault(entry.zone, now)
        events += made
    for zone in sorted(zones):
        if zone != "UTC":
            years = (date(now.year - 1, 1, 1), date(now.year + 5, 1, 1))
            whole.add_component(Timezone.from_tzid(zone, first_date=years[0], last_date=years[1]))
    for event in events:
        whole.add_component(event)
    text: bytes = whole.to_ical()
    return text.decode()


def _events(entry: Entry, now: datetime) -> Iterable[Event]:
    zone = ZoneInfo(entry.zone)
    rule = Rule(rule=entry.rule, wall=entry.wall, zone_name=entry.zone, start=entry.starts_on)
    # The first date counts in a calendar whether its rule has it or not: so it must be one that the rule has.
    first = next_occurrence(rule, instant(entry.starts_on, time.min, zone) - timedelta(seconds=1))
    if first is None:
        return
    start = datetime.combine(first.day, entry.wall, tzinfo=zone)
    event = _event(entry, start, now)
    event.add("rrule", vRecur.from_ical(_until_in_utc(entry.rule, entry.wall, zone)))
    for day, to in entry.changes:
        if to is None:
            event.add("exdate", datetime.combine(day, entry.wall, tzinfo=zone))
    yield event
    for day, to in entry.changes:
        if to is not None:
            moved = _event(entry, to.astimezone(zone), now)
            moved.add("recurrence-id", datetime.combine(day, entry.wall, tzinfo=zone))
            yield moved


def _event(entry: Entry, start: datetime, now: datetime) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", start)
    event.add("duration", timedelta(minutes=entry.minutes))
    event.add("summary", entry.name)
    for name, value in (("location", entry.where), ("url", entry.link), ("description", entry.description)):
        if value:
            event.add(name, value)
    return event


def _until_in_utc(rule: str, wall: time, zone: ZoneInfo) -> str:
    """The rule as the standard has it: an end is an instant in UTC where the start has a zone."""
    parts = rule.split(";")
    for number, part in enumerate(parts):
        if part.startswith("UNTIL="):
            last = datetime.strptime(part.removeprefix("UNTIL="), "%Y%m%d").date()  # noqa: DTZ007  a date has no zone
            parts[number] = f"UNTIL={instant(last, wall, zone):%Y%m%dT%H%M%SZ}"
    return ";".join(parts)
