"""One model for every meeting, whatever published it."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from operator import attrgetter
from typing import Any, Final

from bot.core.meetings.weekdays import name_of


class Attendance(StrEnum):
    """How people attend."""

    IN_PERSON = "in_person"
    ONLINE = "online"
    BOTH = "both"
    UNKNOWN = "unknown"
    """The feed names neither a place nor a way to join."""


class Status(StrEnum):
    """Whether it takes place."""

    ACTIVE = "active"
    TEMPORARILY_CLOSED = "temporarily_closed"
    """Its place is closed for now, and there is no way to join from afar."""
    INACTIVE = "inactive"
    """It is listed, but nobody can attend: unpublished, over, or neither a place nor a way to join."""
    STALE = "stale"
    """Its feed has not been read for long: nobody knows."""


class ZoneFrom(StrEnum):
    """Who says in which zone the wall time is."""

    RECORD = "record"
    FEED = "feed"
    PLACE = "place"
    COMMUNITY = "community"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where it is; every text may be empty. Latitude and longitude are WGS 84, in degrees."""

    name: str = ""
    address: str = ""
    city: str = ""
    region: str = ""
    state: str = ""
    country: str = ""
    notes: str = ""
    latitude: float | None = None
    longitude: float | None = None
    approximate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """How to join from afar. It is shown privately only: whoever has it can walk in.

    `notes` is what the feed's notes said of ids and passcodes.
    """

    url: str = ""
    phone: str = ""
    passcode: str = ""
    notes: str = ""

    def __bool__(self) -> bool:
        return bool(self.url or self.phone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """A recurring meeting.

    - `key`: its own id within its feed;
    - `weekdays`: ISO weekdays (1 Monday to 7 Sunday) of a weekly meeting; none of one by appointment;
    - `wall`: the start as clocks in `zone` show it; `zone_from` says who named the zone;
    - `rule`, `starts_on`: an RFC 5545 rule where it is not simply weekly, and the date it is counted from; a `rule`
      of None with a `starts_on` happens once;
    - `skipped`, `moved`: single dates on which it does not take place, or at another time (instants);
    - `types`: codes of its programme; `other_types`: what the feed calls it and nobody has a code for;
    - `irregular`: words of the feed that say it is not every week, such as "1st and 3rd Tuesday";
    - `doubts`: what in the record cannot be right: "overnight", "end_before_start", "open_and_closed", "no_time",
      "no_place", "until_unclear";
    - `link`: its page on the web; `contact`: where its publisher wants to hear of mistakes.
    """

    key: str
    name: str
    programme: str | None = None
    weekdays: tuple[int, ...] = ()
    wall: time | None = None
    minutes: int | None = None
    zone: str | None = None
    zone_from: ZoneFrom = ZoneFrom.UNKNOWN
    rule: str | None = None
    starts_on: date | None = None
    skipped: tuple[date, ...] = ()
    moved: tuple[tuple[date, datetime], ...] = ()
    attendance: Attendance = Attendance.UNKNOWN
    status: Status = Status.ACTIVE
    place: Place = field(default_factory=Place)
    join: Join = field(default_factory=Join)
    link: str = ""
    notes: str = ""
    types: tuple[str, ...] = ()
    other_types: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    group: str = ""
    contact: str = ""
    updated: str = ""
    irregular: str = ""
    doubts: tuple[str, ...] = ()

    @property
    def by_appointment(self) -> bool:
        """Whether it has no time of its own."""
        return self.wall is None or not (self.weekdays or self.rule or self.starts_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A record that is no meeting. `record` is its number in the source, the first being 1."""

    record: int
    reason: str


def as_json(meeting: Meeting) -> dict[str, Any]:
    """A meeting as plain JSON values, without how to join it."""
    place = meeting.place
    return {
        "key": meeting.key,
        "name": meeting.name,
        "programme": meeting.programme,
        "weekdays": list(meeting.weekdays),
        "days": [name_of(day) for day in meeting.weekdays],
        "by_appointment": meeting.by_appointment,
        "time": meeting.wall and meeting.wall.isoformat("minutes"),
        "minutes": meeting.minutes,
        "zone": meeting.zone,
        "zone_from": meeting.zone_from.value,
        "rule": meeting.rule,
        "starts_on": meeting.starts_on and meeting.starts_on.isoformat(),
        "skipped": [day.isoformat() for day in meeting.skipped],
        "moved": [[day.isoformat(), to.isoformat()] for day, to in meeting.moved],
        "attendance": meeting.attendance.value,
        "status": meeting.status.value,
        "place": {name: getattr(place, name) for name in Place.__slots__},
        "joinable": bool(meeting.join),
        "link": meeting.link,
        "notes": meeting.notes,
        "types": list(meeting.types),
        "other_types": list(meeting.other_types),
        "languages": list(meeting.languages),
        "group": meeting.group,
        "contact": meeting.contact,
        "updated": meeting.updated,
        "irregular": meeting.irregular,
        "doubts": list(meeting.doubts),
    }


_PLAIN: Final[tuple[str, ...]] = (
    "key", "name", "programme", "weekdays", "minutes", "zone", "rule", "link", "notes", "types", "other_types",
    "languages", "group", "contact", "updated", "irregular", "doubts",
)  # fmt: skip
_ALL_PLAIN: Final = attrgetter(*_PLAIN)
_PARTS: Final = tuple(
    (part, thing.__slots__, attrgetter(*thing.__slots__)) for part, thing in (("place", Place), ("join", Join))
)
_TUPLES: Final = frozenset({"weekdays", "types", "other_types", "languages", "doubts"})


def pack(meeting: Meeting) -> dict[str, Any]:
    """All of a meeting as JSON values that are stored: how to join it too, and nothing that is empty."""
    packed: dict[str, Any] = {name: value for name, value in zip(_PLAIN, _ALL_PLAIN(meeting), strict=True) if value}
    packed["attendance"], packed["status"] = str(meeting.attendance), str(meeting.status)
    packed["zone_from"] = str(meeting.zone_from)
    if meeting.wall is not None:
        packed["time"] = meeting.wall.isoformat("minutes")
    if meeting.starts_on is not None:
        packed["starts_on"] = meeting.starts_on.isoformat()
    if meeting.skipped:
        packed["skipped"] = [day.isoformat() for day in meeting.skipped]
    if meeting.moved:
        packed["moved"] = [[day.isoformat(), to.isoformat()] for day, to in meeting.moved]
    for part, names, values in _PARTS:
        told = zip(names, values(getattr(meeting, part)), strict=True)
        filled = {name: value for name, value in told if value}
        if filled:
            packed[part] = filled
    return packed


def unpack(packed: dict[str, Any]) -> Meeting:
    """What `pack` wrote."""
    plain: dict[str, Any] = {name: packed[name] for name in _PLAIN if name in packed}
    for name in _TUPLES & plain.keys():
        plain[name] = tuple(plain[name])
    return Meeting(
        **plain,
        wall=time.fromisoformat(packed["time"]) if "time" in packed else None,
        zone_from=ZoneFrom(packed["zone_from"]),
        starts_on=date.fromisoformat(packed["starts_on"]) if "starts_on" in packed else None,
        skipped=tuple(map(date.fromisoformat, packed.get("skipped", ()))),
        moved=tuple((date.fromisoformat(day), datetime.fromisoformat(to)) for day, to in packed.get("moved", ())),
        attendance=Attendance(packed["attendance"]),
        status=Status(packed["status"]),
        place=Place(**packed.get("place", {})),
        join=Join(**packed.get("join", {})),
    )
