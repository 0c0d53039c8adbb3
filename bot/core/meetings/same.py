"""Whether a record has changed, and whether two records are one meeting."""

import hashlib
import re
from functools import lru_cache
from math import cos, radians
from typing import Final

from bot.core.matching import fold
from bot.core.meetings.model import Meeting

_ROOM: Final = re.compile(
    r"/(?:j|d|w|s|my|meet(?:ing)?|join)/([\w.-]{5,40})|meet\.google\.com/([\w-]{8,20})", re.IGNORECASE
)
_METRES: Final = 111_320
"""Metres of a degree of latitude."""
NEAR: Final = 300
"""Metres within which two places are one: geocoders put one address at several corners of a block."""
_FILLERS: Final = frozenset({"group", "meeting", "the", "of", "aa", "na", "afg", "online", "zoom", "grupo", "a"})


def handle(key: str) -> str:
    """A short name for a key: 20 hexadecimal digits."""
    return hashlib.blake2b(key.encode(errors="replace"), digest_size=10).hexdigest()


def digest(text: str) -> str:
    """What changes when anything in a text does."""
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=16).hexdigest()


def likeness_key(meeting: Meeting) -> str:
    """The same for every two records that may be one meeting: name, days and wall time alike."""
    when = f"{meeting.rule or ''}{meeting.weekdays}{meeting.wall}{'' if meeting.wall else meeting.by_appointment}"
    return handle(f"{plain_name(meeting.name)}|{when}|{meeting.programme}")


@lru_cache(maxsize=4096)
def plain_name(name: str) -> str:
    """A meeting's name without what one list adds and another leaves out."""
    words = fold(name).split()
    return " ".join(word for word in words if word not in _FILLERS) or " ".join(words)


def room_of(url: str) -> str:
    """What names the room in a join link; "" if nothing does."""
    found = _ROOM.search(url)
    return (found[1] or found[2]).casefold() if found else ""


def are_one(one: Meeting, other: Meeting) -> bool:
    """Whether two meetings that are alike by name and time are one: in one room, or at one place."""
    if one.zone != other.zone:
        return False
    rooms = room_of(one.join.url), room_of(other.join.url)
    if all(rooms):
        return rooms[0] == rooms[1]
    here, there = one.place, other.place
    if None not in {here.latitude, here.longitude, there.latitude, there.longitude}:
        return metres(here.latitude or 0, here.longitude or 0, there.latitude or 0, there.longitude or 0) <= NEAR
    if here.address and there.address:
        return _street(here.address) == _street(there.address)
    if here.name and there.name:
        return fold(here.name) == fold(there.name)
    return one.attendance == other.attendance and not (here.name or there.name or here.address or there.address)


def _street(address: str) -> str:
    return fold(address.partition(",")[0])


def metres(north: float, east: float, to_north: float, to_east: float) -> float:
    """About how far two points are from each other, in metres; right within a few hundred kilometres."""
    along = (east - to_east + 180) % 360 - 180
    return float(_METRES * ((north - to_north) ** 2 + (along * cos(radians((north + to_north) / 2))) ** 2) ** 0.5)
