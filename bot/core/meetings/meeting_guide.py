"""Records of the Meeting Guide format, and of its kin: OIAA's online lists, and sheets in its shape.

Source: code4recovery/spec 1.1.9. Names of contact persons, their telephones and addresses, and where to pay are
in many feeds; they are never read. Where a place is closed (`TC`) and there is a link, the meeting is online.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any, Final

from bot.core.meetings import cleaning, clock, types, weekdays
from bot.core.meetings.model import Attendance, Join, Meeting, Place, Status, ZoneFrom
from bot.core.meetings.weekdays import Numbering
from bot.core.meetings.zones import Zones

_PARTS_WITH_STREET: Final = 4
"""Parts of a formatted address, from which on the first is a street: "1 Main St, Town, ST 12345, Country"."""
_KEY_LIMIT = 120
_CLOCK = len("00:00:00")
"""What is longer may be a start and an end."""
_LATITUDES, _LONGITUDES = 90.0, 180.0


class Refused(Exception):
    """A record is no meeting: `reason` says why, in English words without anything of its own text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Sense:
    """How the records of a source are to be read: its programme (of type codes), zones and weekday numbers.

    `formats` are a BMLT server's own: what the keys and the ids of its formats mean.
    """

    programme: str | None
    zones: Zones
    numbering: Numbering = Numbering.SUNDAY_0
    formats: Mapping[str, str] = field(default_factory=dict)


def number(value: Any, limit: float) -> float | None:
    """A coordinate in degrees, or None."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    try:
        read = float(value)
    except (TypeError, ValueError):
        return None
    return read if -limit <= read <= limit else None


def coordinates(latitude: Any, longitude: Any) -> tuple[float | None, float | None]:
    """Both, or neither; the point where both are nought is how feeds write that they know nothing."""
    north, east = number(latitude, _LATITUDES), number(longitude, _LONGITUDES)
    if north is None or east is None or not (north or east):
        return None, None
    return north, east


def when(record: Mapping[str, Any], sense: Sense) -> tuple[tuple[int, ...], time | None, int | None, list[str]]:
    """Weekdays, wall time, minutes, and doubts; raises `Refused`."""
    doubts: list[str] = []
    try:
        days = weekdays.read(record.get("day", record.get("days")), sense.numbering)
    except (ValueError, RecursionError):
        raise Refused("the weekday is not understood") from None
    given = record.get("time")
    if isinstance(given, str) and given.strip().casefold() in weekdays.APPOINTMENT:
        given = None
    end = record.get("end_time")
    if isinstance(given, str) and len(given) > _CLOCK:
        given, until = clock.split_range(given[:60])
        end = end or until
    try:
        start = clock.read_time(given)
    except ValueError:
        raise Refused("the time is not understood") from None
    if start is None:
        if days:
            doubts.append("no_time")
        return days, None, None, doubts
    minutes = _minutes(record, start, end, doubts)
    return days, start, minutes, doubts


def _minutes(record: Mapping[str, Any], start: time, ends: Any, doubts: list[str]) -> int | None:
    try:
        end = clock.read_time(ends)
    except ValueError:
        end = None
        doubts.append("end_unclear")
    if end is not None:
        minutes, doubt = clock.length(start, end)
        if doubt:
            doubts.append(doubt)
        return minutes
    try:
        return clock.read_length(record.get("duration"))
    except ValueError:
        doubts.append("end_unclear")
        return None


def place_of(record: Mapping[str, Any]) -> Place:
    """Where it is, and whether that is a street."""
    line = cleaning.line
    latitude, longitude = coordinates(record.get("latitude"), record.get("longitude"))
    address, city = line(record.get("address")), line(record.get("city"))
    state, country = line(record.get("state"), 40), line(record.get("country"), 60)
    whole = line(record.get("formatted_address"))
    street = bool(address)
    if whole:
        parts = [part.strip() for part in whole.split(",")]
        street = street or len(parts) >= _PARTS_WITH_STREET
        if len(parts) >= _PARTS_WITH_STREET - 1:
            city, country = city or parts[-3], country or parts[-1]
            state = state or parts[-2].split(" ")[0]
        address = whole
    elif address:
        rest = " ".join(part for part in (state, line(record.get("postal_code"), 20)) if part)
        address = ", ".join(part for part in (address, city, rest, country) if part)
    approximate = line(record.get("approximate"), 10).casefold()
    regions = record.get("regions")
    if not isinstance(regions, list):
        regions = [record.get("region"), record.get("sub_region")]
    location_notes = cleaning.notes(record.get("location_notes"), 500)
    return Place(
        name=line(record.get("location")),
        address=address,
        city=city,
        region=" > ".join(filter(None, (line(region, 60) for region in regions[:4]))),
        state=state,
        country=country,
        notes=cleaning.without_codes(location_notes)[0] if location_notes else "",
        latitude=latitude,
        longitude=longitude,
        approximate=approximate in {"yes", "true", "1"} or (bool(whole) and not approximate and not street),
    )


_JOINING: Final = ("conference_url", "conference_phone", "conference_url_notes", "conference_phone_notes")
_NO_JOIN: Final = Join()


def join_of(record: Mapping[str, Any], notes_taken: str, passcode: str) -> Join:
    """How to join from afar."""
    if not any(map(record.get, _JOINING)):
        return Join(passcode=passcode[:60], notes=notes_taken) if passcode or notes_taken else _NO_JOIN
    url = cleaning.link(record.get("conference_url"))
    phone = cleaning.line(record.get("conference_phone"), 100)
    told = cleaning.notes(record.get("conference_url_notes"), 500)
    by_phone = cleaning.notes(record.get("conference_phone_notes"), 500)
    more = "\n".join(part for part in (told, by_phone, notes_taken) if part)
    found = cleaning.passcode_in(url) or (cleaning.without_codes(more)[2] if told or by_phone else "") or passcode
    return Join(url=url, phone=phone, passcode=found[:60], notes=more)


def attend(place: Place, join: Join, *, closed: bool, said: str) -> tuple[Attendance, Status]:
    """How one attends it, and whether one can."""
    somewhere = bool((place.address or place.name) and not place.approximate)
    if closed or said == "online":
        somewhere = False
    if join or said == "online":
        return (Attendance.BOTH if somewhere else Attendance.ONLINE), Status.ACTIVE
    if closed:
        return Attendance.UNKNOWN, Status.TEMPORARILY_CLOSED
    if said == "inactive" or (place.approximate and said != "in_person"):
        return Attendance.UNKNOWN, Status.INACTIVE
    return (Attendance.IN_PERSON if somewhere or said == "in_person" else Attendance.UNKNOWN), Status.ACTIVE


_SAID: Final = {"in_person": "in_person", "in-person": "in_person", "online": "online", "inactive": "inactive"}
_NO: Final = frozenset({"inactive", "closed", "draft", "suspended", "no", "false", "0"})


def read(record: Mapping[str, Any], sense: Sense) -> Meeting:
    """The meeting of a record; raises `Refused`."""
    name = cleaning.line(record.get("name"), 120) or cleaning.line(record.get("group"), 120)
    if not name:
        raise Refused("it has no name")
    days, start, minutes, doubts = when(record, sense)
    place = place_of(record)
    notes, taken, passcode = cleaning.without_codes(cleaning.notes(record.get("notes")))
    group_notes = cleaning.without_codes(cleaning.notes(record.get("group_notes"), 500))
    join = join_of(record, "\n".join(filter(None, (taken, group_notes[1]))), passcode)
    codes, others = _types(record, sense.programme)
    closed = types.CLOSED_FOR_NOW in codes
    said = _SAID.get(cleaning.line(record.get("attendance_option"), 20).casefold(), "")
    if types.ONLINE in codes and not join and not place.address and not place.name:
        said = said or "online"
    attendance, status = attend(place, join, closed=closed, said=said)
    if cleaning.line(record.get("status"), 20).casefold() in _NO:
        status = Status.INACTIVE
    if attendance is Attendance.UNKNOWN and status is Status.ACTIVE:
        doubts.append("no_place")
    if types.contradict(codes):
        doubts.append("open_and_closed")
        codes = types.neither(codes)
    zone, zone_from = sense.zones.of(cleaning.line(record.get("timezone"), 60), place)
    return Meeting(
        key=key_of(record, name, days, start),
        name=name,
        programme=sense.programme,
        weekdays=days if start is not None else (),
        wall=start,
        minutes=minutes,
        zone=zone if start is not None else None,
        zone_from=zone_from if start is not None else ZoneFrom.UNKNOWN,
        attendance=attendance,
        status=status,
        place=place,
        join=join,
        link=cleaning.link(record.get("url")) or cleaning.link(record.get("website")),
        notes=notes,
        types=codes,
        other_types=others,
        languages=_languages(record, codes),
        group=cleaning.line(record.get("group"), 120),
        contact=_contact(record),
        updated=cleaning.line(record.get("updated"), 30),
        irregular=cleaning.irregular(name, notes, place.notes, group_notes[0]),
        doubts=tuple(doubts),
    )


def key_of(record: Mapping[str, Any], name: str, days: tuple[int, ...], start: time | None) -> str:
    """The record's own id, or one made of what tells meetings apart."""
    for own in ("slug", "id"):
        given = cleaning.line(record.get(own), _KEY_LIMIT)
        if given:
            return given
    return f"{name}/{''.join(map(str, days))}/{start or ''}"[:_KEY_LIMIT]


def _types(record: Mapping[str, Any], programme: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    given = record.get("types")
    more = [record.get(name) for name in ("type", "formats", "features", "communities")]
    if any(more):  # OIAA has these beside each other
        given = [*_listed(given), *(each for part in more for each in _listed(part))]
    return types.read(programme, given)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def _languages(record: Mapping[str, Any], codes: tuple[str, ...]) -> tuple[str, ...]:
    given = [cleaning.line(each, 10).casefold() for each in _listed(record.get("languages"))[:10]]
    return tuple(
        dict.fromkeys([*(each for each in given if each.replace("-", "").isalpha()), *types.languages_of(codes)])
    )


def _contact(record: Mapping[str, Any]) -> str:
    """Where the publisher wants to hear of mistakes: its own address, never a person's."""
    for name in ("feedback_url", "entity_email", "feedback_emails", "feedback_email"):
        value = record.get(name)
        text = cleaning.line(value[0] if isinstance(value, list) and value else value)
        if text:
            return text
    return ""
