"""Posting lists: which listed meetings have a term, by blocks of ids that follow each other.

A word of 200,000 meetings is some fifty rows, not as many as meetings that have it; what has several terms is told by
the bits that are in each of their lists. A list may name meetings that do not count, or not any more, but none that
counts is missing from it: whoever finds one looks at its own row.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, reduce
from operator import or_
from struct import pack, unpack
from typing import Final

from bot.core.distance import point_of
from bot.core.meetings.model import Attendance, Meeting, Status
from bot.services.feeds import statements
from bot.storage.database import Transaction

BLOCK: Final = 4096
"""Ids in a block."""
_BYTES: Final = BLOCK // 8
_SPARSE: Final = 64
"""With fewer meetings in a block a list has their places in it, two bytes for each; otherwise a bit for each place."""
_LONGEST: Final = 80

NOT_NOW: Final = (Status.INACTIVE.value, Status.TEMPORARILY_CLOSED.value)
NOW: Final = "!"
"""The term of meetings that take place at present."""
NOT: Final = "-"
"""That of all others."""
ONLINE: Final = f"+{Attendance.ONLINE.value}", f"+{Attendance.BOTH.value}"
IN_PERSON: Final = f"+{Attendance.IN_PERSON.value}", f"+{Attendance.BOTH.value}"
NOT_ONLY_ONLINE: Final = *IN_PERSON, f"+{Attendance.UNKNOWN.value}"
SOMEWHERE: Final = "?"
"""The term of meetings whose list says where on the Earth they are."""
NOWHERE: Final = "/"
"""That of all others."""
_START: Final = "@"

Bits = dict[int, int]
"""By block, a bit for each meeting that is meant: the lowest is the block's first id."""

# A term that is no word begins with a sign, as no word does.


def of_programme(programme: str) -> str:
    """The term of a programme."""
    return f"%{programme}"[:_LONGEST]


def of_type(code: str) -> str:
    """The term of a type's code, or of a language."""
    return f"#{code}"[:_LONGEST]


def of_start(zone: str, weekday: int, minute: int) -> str:
    """The term of a start at that minute of that ISO weekday, by the clocks of the zone."""
    return f"{_START}{zone} {weekday} {minute}"


def start_in(term: str) -> tuple[str, int, int] | None:
    """Zone, weekday and minute of `of_start`; None if the term is another."""
    if not term.startswith(_START):
        return None
    zone, weekday, minute = term[1:].rsplit(" ", 2)
    return zone, int(weekday), int(minute)


def starts_of(meeting: Meeting) -> list[tuple[int, str, int]]:
    """Weekday, zone and minute of each start in a week."""
    if meeting.wall is None or meeting.zone is None:
        return []
    minute = meeting.wall.hour * 60 + meeting.wall.minute
    return [(day, meeting.zone, minute) for day in meeting.weekdays or range(1, 8)]


def other_terms(meeting: Meeting) -> list[str]:
    """All terms of a meeting but its words."""
    terms = [of_start(zone, day, minute) for day, zone, minute in starts_of(meeting)]
    terms += _of_codes(meeting.types, meeting.languages, meeting.attendance, meeting.status)
    terms.append(NOWHERE if point_of(meeting.place.latitude, meeting.place.longitude) is None else SOMEWHERE)
    if meeting.programme:
        terms.append(of_programme(meeting.programme))
    return terms


@lru_cache(maxsize=4096)
def _of_codes(
    types: tuple[str, ...], languages: tuple[str, ...], attendance: Attendance, status: Status
) -> tuple[str, ...]:
    """The terms of these: a few, again and again."""
    codes = map(of_type, dict.fromkeys((*types, *languages)))
    return *codes, f"+{attendance}", NOT if status in NOT_NOW else NOW


def packed(places: Sequence[int]) -> bytes:
    """A list as it is stored: of places in a block, each once and in order."""
    if len(places) < _SPARSE:
        return pack(f"<{len(places)}H", *places)
    return _dense(places)


def bits_in(stored: bytes) -> int:
    """The bits of what `packed` made."""
    if len(stored) != _BYTES:
        stored = _dense(unpack(f"<{len(stored) // 2}H", stored))
    return int.from_bytes(stored, "little")


def _dense(places: Iterable[int]) -> bytes:
    dense = bytearray(_BYTES)
    for place in places:
        dense[place >> 3] |= 1 << (place & 7)
    return bytes(dense)


def places_in(bits: int) -> Iterator[int]:
    """The places of the bits, in order."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def count(bits: Bits) -> int:
    """How many meetings are meant."""
    return sum(map(int.bit_count, bits.values()))


def ids_in(bits: Bits) -> Iterator[int]:
    """Their ids, in order."""
    for block in sorted(bits):
        first = block * BLOCK
        yield from (first + place for place in places_in(bits[block]))


def holds(bits: Bits, id_: int) -> bool:
    """Whether this one is meant."""
    block, place = divmod(id_, BLOCK)
    return bool(bits.get(block, 0) >> place & 1)


def add(bits: Bits, id_: int) -> None:
    """Mean this one too."""
    block, place = divmod(id_, BLOCK)
    bits[block] = bits.get(block, 0) | 1 << place


async def having(tx: Transaction, groups: Sequence[Sequence[str]]) -> Bits:
    """The meetings that have a term of each group; of no group at all, none."""
    of = await lists_of(tx, {term for group in groups for term in group})
    found: Bits | None = None
    for group in sorted(groups, key=lambda group: sum(len(of[term]) for term in group)):
        meant = of[group[0]] if len(group) == 1 else _either(of[term] for term in group)
        found = meant if found is None else both(found, meant)
        if not found:
            break
    return found or {}


async def lists_of(tx: Transaction, terms: Iterable[str]) -> dict[str, Bits]:
    """The list of each of these terms."""
    of: dict[str, Bits] = {term: {} for term in terms}
    for term, block, stored in await tx.session.execute(statements.LISTS, {"terms": list(of)}):
        of[term][block] = bits_in(stored)
    return of


def _either(lists: Iterable[Bits]) -> Bits:
    all_of: dict[int, list[int]] = {}
    for bits in lists:
        for block, each in bits.items():
            all_of.setdefault(block, []).append(each)
    return {block: reduce(or_, each) for block, each in all_of.items()}


def both(one: Bits, other: Bits) -> Bits:
    """The meetings that are meant by each of them."""
    return {block: left for block, bits in one.items() if block in other and (left := bits & other[block])}
