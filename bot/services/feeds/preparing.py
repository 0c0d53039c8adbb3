"""A source's records, made ready to be stored: all that takes long and needs no database."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, Final

import tzfpy

from bot.core.distance import point_of, postcodes
from bot.core.matching import fold
from bot.core.meetings import same
from bot.core.meetings.model import Meeting, Refusal, pack
from bot.services.feeds.pacing import Slices
from bot.services.feeds.postings import other_terms, starts_of
from bot.services.feeds.report import Report

_WORDS: Final = 12
_LONGEST_WORD: Final = 32
_SHORT: Final = 2
_TOGETHER: Final = 20
"""Records."""
_TYPES: Final = 1000
"""Characters of the column of types."""

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)

COLUMNS: Final = (
    "id", "feed_id", "handle", "born", "last", "digest", "twin",
    "likeness", "name", "programme", "status", "attendance", "types", "data", "latitude", "longitude",
)  # fmt: skip
"""Of `ListedMeeting`: those that only the import knows, then those of `Prepared.told`."""


@dataclass(slots=True)
class Prepared:
    """A meeting as it is stored. `number` is its record's; `told` are the last values of `COLUMNS`.

    `starts`: weekday, zone and minute of each.
    """

    number: int
    meeting: Meeting
    handle: str
    digest: str
    likeness: str
    told: tuple[Any, ...]
    starts: list[tuple[int, str, int]]
    terms: list[str]
    """By which it is found."""


def prepare(found: Iterator[tuple[int, Meeting | Refusal]], report: Report, most: int) -> list[Prepared] | None:
    """At most so many of the next records, ready to be stored; refusals are reported. None at the end.

    It is run in a thread of its own, and lets the others go first.
    """
    ready: list[Prepared] = []
    slices = Slices()
    left = most
    # Some are read, then these are made ready: a processor does a fifth more if it does the same for a while.
    while left and (some := list(islice(found, min(left, _TOGETHER)))):
        left -= len(some)
        report.records += len(some)
        for number, item in some:
            if isinstance(item, Refusal):
                report.refuse(item)
            else:
                report.count(item)
                ready.append(_prepared(number, item))
            slices.turn()
    return None if left == most else ready


def _prepared(number: int, meeting: Meeting) -> Prepared:
    data = _ENCODER.encode(pack(meeting))
    likeness = same.likeness_key(meeting)
    types = f",{','.join((*meeting.types, *meeting.languages))},"[:_TYPES]
    status, attendance = str(meeting.status), str(meeting.attendance)
    point = point_of(meeting.place.latitude, meeting.place.longitude)
    where = (None, None) if point is None else (point.north, point.east)
    told = (likeness, meeting.name, meeting.programme, status, attendance, types, data, *where)
    handle, terms = same.handle(meeting.key), [*words_of(meeting), *other_terms(meeting)]
    return Prepared(number, meeting, handle, same.digest(data), likeness, told, starts_of(meeting), terms)


def zone_at(east: float, north: float) -> str | None:
    """The IANA zone at a longitude and latitude."""
    return tzfpy.get_tz(east, north) or None


def words_of(meeting: Meeting) -> list[str]:
    """The words by which a meeting is found: of its name, its group and where it is, with its postcode."""
    place = meeting.place
    words: dict[str, None] = {}
    for text in (meeting.name, meeting.group, place.name, place.city, place.region, place.state):
        if text:
            words |= _words_in(text)
    return list(dict.fromkeys([*islice(words, _WORDS), *postcodes(place.address)[-1:]]))


@lru_cache(maxsize=4096)
def _words_in(text: str) -> dict[str, None]:
    """The words of a name: those of towns and groups come again and again."""
    return dict.fromkeys(word[:_LONGEST_WORD] for word in fold(text).split() if len(word) >= _SHORT)
