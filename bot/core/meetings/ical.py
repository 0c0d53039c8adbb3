"""Meetings in an iCalendar file (RFC 5545).

Every event is read by itself, so that a broken one costs only itself. Rules that `bot.core.recurrence` knows are
kept as rules; of any other, recurring-ical-events says when it comes next, and the meeting stands there once.
"""

import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import recurring_ical_events
from babel.core import get_global
from dateutil.rrule import rrulestr
from icalendar import Calendar, Event

from bot.core import recurrence
from bot.core.meetings import cleaning, types, zones
from bot.core.meetings.meeting_guide import Refused, Sense, attend, coordinates
from bot.core.meetings.model import Join, Meeting, Place, Refusal, Status, ZoneFrom
from bot.core.occurrences import instant

EVENT_LIMIT: Final = 500_000
"""Bytes of one event."""
_DATES: Final = 1000
"""Single dates of one event that are read."""
_COUNT: Final = 10_000
"""Occurrences that are counted to find the last one."""
_FIXED: Final = re.compile(r"(?:UTC|GMT)\s*([+-])(\d{1,2})(?::?00)?", re.IGNORECASE)
_NAMED_OFFSETS: Final = range(1, 13)
"""Whole hours from UTC that the IANA database has a name for in both directions."""
_NAME: Final = re.compile(r"[A-Za-z_]+(?:/[A-Za-z_-]+){1,2}$")
_WINDOWS: Final = get_global("windows_zone_mapping")


@dataclass(slots=True)
class Lines:
    """A calendar's parts, line by line: its own properties, where its zones lie, and its events."""

    zone: str = ""
    located: dict[str, str] = field(default_factory=dict)
    events: list[tuple[int, bytes]] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    begun: bool = False
    _tzid: str = ""

    def read(self, lines: Iterable[bytes]) -> None:
        """Take all lines; a line may be folded."""
        block: list[bytes] | None = None
        size = number = 0
        for line in lines:
            bare = line.removeprefix(b"\xef\xbb\xbf").strip().upper()
            if bare == b"BEGIN:VEVENT":
                if block is not None:
                    self.refused.append(Refusal(record=number, reason="it has no end"))
                block, size, number = [], 0, number + 1
            if block is None:
                self._about(bare, line)
                continue
            size += len(line)
            if size <= EVENT_LIMIT:
                block.append(line)
            if bare == b"END:VEVENT":
                if size > EVENT_LIMIT:
                    self.refused.append(Refusal(record=number, reason="it is too long"))
                else:
                    self.events.append((number, b"".join(block)))
                block = None
        if block is not None:
            self.refused.append(Refusal(record=number, reason="it has no end"))

    def _about(self, bare: bytes, line: bytes) -> None:
        """Take a line that is in no event."""
        value = line.decode(errors="replace").partition(":")[2].strip()
        if bare == b"BEGIN:VCALENDAR":
            self.begun = True
        elif bare.startswith(b"X-WR-TIMEZONE:"):
            self.zone = value
        elif bare.startswith(b"TZID:"):
            self._tzid = value
        elif bare.startswith(b"X-LIC-LOCATION:"):
            self.located[self._tzid] = value


def read(lines: Iterable[bytes], sense: Sense, now: datetime) -> Iterator[Meeting | Refusal]:
    """The meetings of a calendar, and what is none; an event that changes another is no record of its own.

    Raises ValueError if it is no calendar.
    """
    parts = Lines()
    parts.read(lines)
    if not parts.begun:
        raise ValueError("not a calendar")
    yield from parts.refused
    masters: dict[str, tuple[int, Event, bytes]] = {}
    changes: dict[str, list[tuple[int, Event, bytes]]] = {}
    for number, block in parts.events:
        try:
            event = _parsed(block)
        except Refused as refused:
            yield Refusal(record=number, reason=refused.reason)
            continue
        uid = cleaning.line(str(event.get("UID", "")), 120) or f"event {number}"
        if "RECURRENCE-ID" in event:
            changes.setdefault(uid, []).append((number, event, block))
        elif uid in masters:
            masters[f"{uid}/{number}"] = (number, event, block)
        else:
            masters[uid] = (number, event, block)
    for uid, lone in changes.items():
        if uid not in masters:  # a part of a series, published by itself
            masters[uid] = lone[0]
    for uid, (number, event, block) in masters.items():
        try:
            reader = _Reader(sense, parts, now)
            others = [change for _number, change, _block in changes.get(uid, ()) if change is not event]
            blocks = [block, *(its for _number, change, its in changes.get(uid, ()) if change is not event)]
            yield reader.meeting(uid, event, others, blocks)
        except Refused as refused:
            yield Refusal(record=number, reason=refused.reason)
        except (ValueError, TypeError, KeyError, OverflowError, AttributeError):
            # icalendar's values raise all of these when they are looked at, for what a file may hold.
            yield Refusal(record=number, reason="it is not written as the standard says")


def _parsed(block: bytes) -> Event:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its guesses at zones, which we do not take
            event = Event.from_ical(block.decode("utf-8", errors="replace"))
    except Exception:  # icalendar raises whatever its parsers do, for what a file may hold
        raise Refused("it is not written as the standard says") from None
    if not isinstance(event, Event):
        raise Refused("it is not written as the standard says")
    return event


class _Reader:
    def __init__(self, sense: Sense, parts: Lines, now: datetime) -> None:
        self.sense = sense
        self.parts = parts
        self.now = now

    def meeting(self, uid: str, event: Any, changes: list[Any], blocks: list[bytes]) -> Meeting:
        name = cleaning.line(str(event.get("SUMMARY", "")), 120)
        if "DTSTART" not in event:
            raise Refused("it has no start")
        if isinstance(event["DTSTART"], list):
            raise Refused("its start is given twice")
        if not name:
            raise Refused("it has no name")
        if str(event.get("CLASS", "")).upper() in {"PRIVATE", "CONFIDENTIAL"}:
            raise Refused("it is private")
        place = self._place(event)
        day, wall, zone_name, zone_from = self._start(event["DTSTART"], place)
        zone = ZoneInfo(zone_name) if zone_name else ZoneInfo("UTC")
        notes, taken, passcode = cleaning.without_codes(cleaning.notes(str(event.get("DESCRIPTION", ""))))
        join = self._join(event, taken, passcode)
        rule, first, irregular = self._rule(event, day, wall, zone, blocks)
        attendance, status = attend(place, join, closed=False, said="")
        skipped, moved = self._single_dates(event, changes, zone)
        if str(event.get("STATUS", "")).upper() == "CANCELLED" or self._is_over(rule, first, zone, moved):
            status = Status.INACTIVE
        categories = event.get("CATEGORIES")
        given = [str(each) for each in getattr(categories, "cats", [])]
        codes, others = types.read(self.sense.programme, given)
        doubts = ["no_time"] if wall is None else []
        return Meeting(
            key=uid,
            name=name,
            programme=self.sense.programme,
            weekdays=_weekdays(rule, first) if wall is not None else (),
            wall=wall,
            minutes=_length(event),
            zone=zone_name if wall is not None else None,
            zone_from=zone_from if wall is not None else ZoneFrom.UNKNOWN,
            rule=rule,
            starts_on=first,
            skipped=skipped,
            moved=moved,
            attendance=attendance,
            status=status,
            place=place,
            join=join,
            link=cleaning.link(str(event.get("URL", ""))),
            notes=notes,
            types=codes,
            other_types=others,
            languages=types.languages_of(codes),
            updated=_updated(event),
            irregular=irregular or ("" if rule else cleaning.irregular(name, notes)),
            doubts=tuple(doubts),
        )

    def zone_of(self, tzid: str) -> str | None:
        """The IANA name that a TZID means."""
        located = self.parts.located.get(tzid, "")
        for name in (tzid, located, tzid.removeprefix("custom_")):
            if name and (known := zones.known_zone(name)):
                return known
        windows = _WINDOWS.get(tzid.strip('"'))
        if windows:
            return zones.known_zone(windows)
        if fixed := _FIXED.fullmatch(tzid.strip()):
            hours = int(fixed[2])
            # POSIX counts the other way: UTC+11 is Etc/GMT-11.
            return f"Etc/GMT{'-' if fixed[1] == '+' else '+'}{hours}" if hours in _NAMED_OFFSETS else "UTC"
        tail = _NAME.search(tzid)
        return zones.known_zone(tail[0]) if tail else None

    def _start(self, start: Any, place: Place) -> tuple[date, time | None, str | None, ZoneFrom]:
        value = start.dt
        tzid = str(start.params.get("TZID", ""))
        if not isinstance(value, datetime):
            return value, None, None, ZoneFrom.UNKNOWN
        whole = zones.known_zone(self.parts.zone) if self.parts.zone else None
        if tzid:
            named = self.zone_of(tzid)
            if named is None:
                raise Refused("its time zone is not known")
            value = value.replace(tzinfo=None)
            return value.date(), _minute(value), named, ZoneFrom.RECORD
        if value.tzinfo is not None:  # in UTC: shown by the calendar's own clock, if it has one
            named = self.sense.zones.feed or whole or "UTC"
            local = value.astimezone(ZoneInfo(named))
            says = ZoneFrom.FEED if self.sense.zones.feed else ZoneFrom.RECORD
            return local.date(), _minute(local), named, says
        named, says = self.sense.zones.of(whole or "", place)
        return value.date(), _minute(value), named, says

    def _local(self, value: Any, zone: ZoneInfo) -> tuple[date, datetime | None]:
        """The local date of a value, and its instant if it has a time."""
        if not isinstance(value, datetime):
            return value, None
        if value.tzinfo is None:
            return value.date(), instant(value.date(), value.time(), zone)
        local = value.astimezone(zone)
        return local.date(), local.astimezone(UTC)

    def _single_dates(
        self, event: Any, changes: list[Any], zone: ZoneInfo
    ) -> tuple[tuple[date, ...], tuple[tuple[date, datetime], ...]]:
        skipped = {self._local(value.dt, zone)[0] for value in _each(event.get("EXDATE"))}
        moved: dict[date, datetime] = {}
        for value in _each(event.get("RDATE")):
            begun = value.dt[0] if isinstance(value.dt, tuple) else value.dt
            day, at = self._local(begun, zone)
            if at is not None:
                moved[day] = at
        for change in changes:
            day, _at = self._local(change["RECURRENCE-ID"].dt, zone)
            if str(change.get("STATUS", "")).upper() == "CANCELLED":
                skipped.add(day)
                continue
            if "DTSTART" in change and not isinstance(change["DTSTART"], list):
                _new_day, at = self._local(change["DTSTART"].dt, zone)
                if at is not None:
                    moved[day] = at
        return tuple(sorted(skipped))[:_DATES], tuple(sorted(moved.items()))[:_DATES]

    def _rule(
        self, event: Any, day: date, wall: time | None, zone: ZoneInfo, blocks: list[bytes]
    ) -> tuple[str | None, date, str]:
        """The rule, from which date it is counted, and what is to be said if it is none of ours."""
        given = event.get("RRULE")
        if given is None:
            return None, day, ""
        if isinstance(given, list):
            raise Refused("it has two rules")
        text = given.to_ical().decode().upper()
        try:
            rule = _known_rule(text, day, wall, zone)
            recurrence.parse(rule)
        except ValueError:
            return None, self._next(blocks, day, zone), cleaning.line(text.replace(";", " "), 80)
        return rule, day, ""

    def _next(self, blocks: list[bytes], day: date, zone: ZoneInfo) -> date:
        """The date on which it takes place next, or did last; raises `Refused`."""
        text = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + b"".join(blocks) + b"\r\nEND:VCALENDAR\r\n"
        try:
            calendar = Calendar.from_ical(text.decode(errors="replace"))
            found = recurring_ical_events.of(calendar).between(self.now, self.now + timedelta(days=366))
        except Exception:  # it raises whatever its parsers do, for what a file may hold
            raise Refused("its rule is not understood") from None
        days = sorted(self._local(each["DTSTART"].dt, zone)[0] for each in found[:_COUNT])
        return days[0] if days else day

    def _is_over(self, rule: str | None, first: date, zone: ZoneInfo, moved: tuple[tuple[date, datetime], ...]) -> bool:
        today = self.now.astimezone(zone).date()
        if any(at >= self.now for _day, at in moved):
            return False
        if rule is None:
            return first < today
        until = recurrence.parse(rule).until
        return until is not None and until < today

    def _place(self, event: Any) -> Place:
        text = cleaning.line(str(event.get("LOCATION", "")))
        if not text or text.lower().startswith("http"):
            return Place()
        geo = event.get("GEO")
        latitude, longitude = coordinates(getattr(geo, "latitude", None), getattr(geo, "longitude", None))
        name, _comma, rest = text.partition(",")
        return Place(name=name, address=text if rest else "", latitude=latitude, longitude=longitude)

    def _join(self, event: Any, taken: str, passcode: str) -> Join:
        location = cleaning.line(str(event.get("LOCATION", "")), cleaning.LINK)
        urls = re.findall(r"https?://[^\s<>\"']+", f"{location} {taken}")
        conference = event.get("CONFERENCE") or event.get("X-GOOGLE-CONFERENCE") or ""
        url = cleaning.link(str(conference)) or next((link for each in urls if (link := cleaning.link(each))), "")
        return Join(url=url, passcode=(cleaning.passcode_in(url) or passcode)[:60], notes=taken)


def _each(value: Any) -> Iterator[Any]:
    """The values of a property that may stand there once, several times, or not at all."""
    for part in value if isinstance(value, list) else [value] if value is not None else []:
        yield from getattr(part, "dts", [part])


def _minute(value: datetime) -> time:
    return value.time().replace(second=0, microsecond=0, tzinfo=None)


def _known_rule(text: str, day: date, wall: time | None, zone: ZoneInfo) -> str:
    """The rule with its end as a local date, and a position in the set as an ordinal; raises ValueError."""
    parts = dict(part.split("=", 1) for part in text.split(";") if part)
    parts.pop("WKST", None) if parts.get("INTERVAL", "1") == "1" else None
    if "BYSETPOS" in parts and parts.get("FREQ") == "MONTHLY" and parts.get("BYDAY", "") in recurrence.DAY_CODES:
        parts["BYDAY"] = parts.pop("BYSETPOS") + parts["BYDAY"]
    if parts.get("FREQ") == "WEEKLY" and "BYDAY" not in parts:
        parts["BYDAY"] = recurrence.DAY_CODES[day.weekday()]
    if "COUNT" in parts:
        if int(parts["COUNT"]) > _COUNT:
            parts.pop("COUNT")
        else:
            naive = ";".join(f"{key}={value}" for key, value in parts.items() if key != "UNTIL")
            last = day
            for each in rrulestr(naive, dtstart=datetime.combine(day, time.min)):
                last = each.date()
            parts.pop("COUNT")
            parts["UNTIL"] = last.strftime("%Y%m%d")
    until = parts.get("UNTIL", "")
    if "T" in until:
        read = datetime.strptime(until.rstrip("Z"), "%Y%m%dT%H%M%S").replace(
            tzinfo=UTC if until.endswith("Z") else zone
        )
        local = read.astimezone(zone)
        # An end that is before the meeting's own time excludes that day.
        early = wall is not None and local.time() < wall
        parts["UNTIL"] = (local.date() - timedelta(days=int(early))).strftime("%Y%m%d")
    return ";".join(f"{key}={value}" for key, value in parts.items())


def _weekdays(rule: str | None, first: date) -> tuple[int, ...]:
    if rule is None:
        return (first.isoweekday(),)
    parts = recurrence.parse(rule)
    if parts.by_day:
        return tuple(sorted({day for _ordinal, day in parts.by_day}))
    if parts.frequency == "DAILY":
        return tuple(range(1, 8)) if parts.interval == 1 else ()
    return () if parts.frequency == "MONTHLY" else (first.isoweekday(),)


def _length(event: Any) -> int | None:
    try:
        lasts: timedelta = event.duration
    except Exception:  # icalendar raises several errors of its own, for ends that do not fit
        return None
    minutes = int(lasts.total_seconds() // 60)
    return minutes if 1 <= minutes <= 24 * 60 else None


def _updated(event: Any) -> str:
    stamp = event.get("LAST-MODIFIED") or event.get("DTSTAMP")
    value = getattr(stamp, "dt", None)
    return value.isoformat() if isinstance(value, date) else ""
