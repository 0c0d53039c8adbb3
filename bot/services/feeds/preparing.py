"""A source's records, made ready to be stored: all that takes long and needs no database."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import tzfpy

from bot.core.distance import point_of, postcodes
from bot.core.matching import fold
from bot.core.meetings import same
from bot.core.meetings.model import Meeting, Refusal, pack
from bot.services.feeds.pacing import Slices
from bot.services.feeds.report import Report

_WORDS: Final = 12
_LONGEST_WORD: Final = 32
_SHORT: Final = 2
_TYPES: Final = 1000
"""Characters of the column of types."""

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)

COLUMNS: Final = (
    "id", "feed_id", "handle", "born", "seen", "digest", "twin",
    "likeness", "name", "programme", "status", "attendance", "types", "data", "latitude", "longitude",
)  # fmt: skip
"""Of `ListedMeeting`: those that only the import knows, then those of `Prepared.told`."""


@dataclass(slots=True)
class Prepared:
    """A meeting as it is stored. `number` is its record's; `told` are the last values of `COLUMNS`."""

    number: int
    meeting: Meeting
    handle: str
    digest: str
    likeness: str
    told: tuple[Any, ...]

    def times(self, id_: int) -> list[tuple[int, int, str, int]]:
        """Rows of `ListedTime`: id, weekday, zone, minute."""
        meeting = self.meeting
        if meeting.wall is None or meeting.zone is None:
            return []
        minute = meeting.wall.hour * 60 + meeting.wall.minute
        return [(id_, day, meeting.zone, minute) for day in meeting.weekdays or range(1, 8)]


def prepare(found: Iterator[tuple[int, Meeting | Refusal]], report: Report, most: int) -> list[Prepared] | None:
    """At most so many of the next records, ready to be stored; refusals are reported. None at the end.

    It is run in a thread of its own, and lets the others go first.
    """
    ready: list[Prepared] = []
    slices = Slices()
    number = None
    for number, item in islice(found, most):
        report.records += 1
        if isinstance(item, Refusal):
            report.refuse(item)
        else:
            report.count(item)
            ready.append(_prepared(number, item))
        slices.turn()
    return None if number is None else ready


def _prepared(number: int, meeting: Meeting) -> Prepared:
    data = _ENCODER.encode(pack(meeting))
    likeness = same.likeness_key(meeting)
    types = f",{','.join((*meeting.types, *meeting.languages))},"[:_TYPES]
    status, attendance = str(meeting.status), str(meeting.attendance)
    point = point_of(meeting.place.latitude, meeting.place.longitude)
    where = (None, None) if point is None else (point.north, point.east)
    told = (likeness, meeting.name, meeting.programme, status, attendance, types, data, *where)
    return Prepared(number, meeting, same.handle(meeting.key), same.digest(data), likeness, told)


def zone_at(east: float, north: float) -> str | None:
    """The IANA zone at a longitude and latitude."""
    return tzfpy.get_tz(east, north) or None


def words_of(meeting: Meeting) -> list[str]:
    """The words by which a meeting is found: of its name, its group and where it is, with its postcode."""
    place = meeting.place
    text = fold(f"{meeting.name} {meeting.group} {place.name} {place.city} {place.region} {place.state}")
    words = dict.fromkeys(word[:_LONGEST_WORD] for word in text.split() if len(word) >= _SHORT)
    return list(dict.fromkeys([*list(words)[:_WORDS], *postcodes(place.address)[-1:]]))
