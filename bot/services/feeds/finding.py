"""Finding listed meetings: by when, where, kind and words, in spite of typos."""

import json
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.core.meetings import model
from bot.core.meetings.model import Meeting, Status, unpack
from bot.core.occurrences import Rule, occurrences
from bot.services.feeds import postings, statements, times
from bot.services.feeds.postings import Bits
from bot.services.feeds.vocabulary import Vocabulary
from bot.storage.database import Transaction
from bot.storage.feed_tables import MANY

STALE: Final = timedelta(days=30)
"""A feed that could not be read for so long: nobody knows whether its meetings still are."""
FEW: Final = 1000
"""Meetings that are looked at one by one; more are so many that some of them are found soon by their time."""
_TOGETHER: Final = 500
"""Meetings that are read at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is looked for; what is empty or None does not matter.

    `near` are words of a place; `types` are codes, which go with `programme`; `language` is ISO 639.
    """

    text: str = ""
    near: str = ""
    programme: str | None = None
    types: tuple[str, ...] = ()
    language: str | None = None
    online: bool = False
    in_person: bool = False
    weekday: int | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A meeting with the feed that lists it, and when it is next (None: by appointment)."""

    id: int
    handle: str
    feed_id: int
    meeting: Meeting
    source: str
    contact: str
    read_at: datetime | None
    start: datetime | None = None
    away: float | None = None
    """Kilometres from where somebody looks for one; None: nobody asked, or its list does not say where it is."""

    @property
    def status(self) -> Status:
        """Whether it takes place, as far as is known."""
        return self.meeting.status


def listed_in(row: Any, start: datetime | None = None) -> Listed:
    """A row of `statements.counting`."""
    return Listed(
        id=row.id,
        handle=row.handle,
        feed_id=row.feed_id,
        meeting=unpack(json.loads(row.data)),
        source=row.source,
        contact=row.contact,
        read_at=row.read_at,
        start=start,
    )


async def narrowed_to(
    tx: Transaction, community_id: int | None, sought: Sought, vocabulary: Vocabulary, *also: Sequence[str]
) -> Bits:
    """What is looked for; `also`: groups of terms, of each of which one is wanted."""
    await vocabulary.renew(tx)
    meant = vocabulary.meant(f"{sought.text} {sought.near}") if sought.text or sought.near else []
    if not all(meant):
        return {}
    found = await postings.having(tx, [*meant, *_groups(sought), *also] or [[postings.NOW, postings.NOT]])
    feeds = vocabulary.feeds_of(community_id)
    return {block: bits for block, bits in found.items() if block * postings.BLOCK // MANY in feeds}


async def load(tx: Transaction, community_id: int | None, ids: Iterable[int]) -> list[Listed]:
    """Those of these meetings that count for the community, each meeting once, in the order of their ids."""
    values = {"ids": tx.ids(ids), "community": community_id}
    return [listed_in(row) for row in await tx.session.execute(statements.counting(tx.is_shared), values)]


def _groups(sought: Sought) -> Iterator[Sequence[str]]:
    """Terms of what is looked for beside words: of each group one is wanted."""
    if sought.programme:
        yield [postings.of_programme(sought.programme)]
    if sought.online:
        yield postings.ONLINE
    if sought.in_person:
        yield postings.IN_PERSON
    for code in (*sought.types, *([sought.language] if sought.language else [])):
        yield [postings.of_type(code)]


async def coming(
    tx: Transaction,
    community_id: int | None,
    sought: Sought,
    vocabulary: Vocabulary,
    *,
    begin: datetime,
    end: datetime,
    limit: int,
    also: Sequence[Sequence[str]] = (),
) -> list[Listed]:
    """The first meetings that start between two instants, at most a week apart, in order.

    `also`: groups of terms, of each of which one is wanted.

    Those that do not take place now, or not every week by a rule of their own on that date, are left out.
    """
    among = await narrowed_to(tx, community_id, sought, vocabulary, [postings.NOW], *also)
    listed: dict[int, Listed] = {}
    some: list[times.Start] = []
    async for start in _starts(tx, among, vocabulary, begin, end):
        some.append(start)
        if len(some) == 2 * limit:
            await _add(tx, community_id, some, listed, limit)
            some = []
            if len(listed) == limit:
                break
    await _add(tx, community_id, some, listed, limit)
    return list(listed.values())


async def _starts(
    tx: Transaction, among: Bits, vocabulary: Vocabulary, begin: datetime, end: datetime
) -> AsyncIterator[times.Start]:
    if not among:
        return
    if postings.count(among) <= FEW:
        for start in await times.of_few(tx, postings.ids_in(among), begin, end):
            yield start
    else:
        async for start in times.in_order(tx, vocabulary.starts, among, begin, end):
            yield start


async def _add(
    tx: Transaction, community_id: int | None, starts: list[times.Start], listed: dict[int, Listed], limit: int
) -> None:
    """Add those of them that count and take place, each at its first start, until there are enough."""
    ids = {id_ for _start, id_ in starts} - listed.keys()
    if not ids or len(listed) == limit:
        return
    loaded = {each.id: each for each in await load(tx, community_id, ids)}
    for start, id_ in starts:
        if len(listed) == limit:
            return
        if id_ in loaded and id_ not in listed:
            each = replace(loaded[id_], start=start)
            if takes_place(each):
                listed[id_] = each


def takes_place(listed: Listed) -> bool:
    """Whether a meeting with a rule or single dates of its own is on at that start."""
    meeting, start = listed.meeting, listed.start
    if meeting.wall is None or meeting.zone is None or start is None:
        return False
    day = start.astimezone(ZoneInfo(meeting.zone)).date()
    if day in meeting.skipped or any(planned == day for planned, _to in meeting.moved):
        return False
    if meeting.rule is None:
        return meeting.starts_on is None or day == meeting.starts_on
    rule = Rule(
        rule=meeting.rule, wall=meeting.wall, zone_name=meeting.zone, start=meeting.starts_on or date(1970, 1, 1)
    )
    return next(occurrences(rule, (start, start + timedelta(minutes=1))), None) is not None


async def matching(
    tx: Transaction, community_id: int | None, sought: Sought, vocabulary: Vocabulary, *, limit: int
) -> list[Listed]:
    """Meetings that fit, whenever they are."""
    among = await narrowed_to(tx, community_id, sought, vocabulary)
    found: list[Listed] = []
    async for each in _all_of(tx, community_id, among, limit):
        found.append(each)
        if len(found) == limit:
            break
    return found


async def _all_of(tx: Transaction, community_id: int | None, among: Bits, together: int) -> AsyncIterator[Listed]:
    """All of them, in the order of their ids, so many at a time."""
    ids = postings.ids_in(among)
    while some := list(islice(ids, together)):
        for each in await load(tx, community_id, some):
            yield each


async def by_handle(tx: Transaction, community_id: int | None, feed_id: int, handle: str) -> Listed | None:
    """The meeting of that name, if it is listed for the community now."""
    values = {"feed": feed_id, "first": handle, "last": f"{handle}g", "community": community_id}
    row = (await tx.session.execute(statements.NAMED, values)).first()
    return row and listed_in(row)


async def as_json(
    tx: Transaction, community_id: int | None, sought: Sought, *, now: datetime
) -> AsyncIterator[dict[str, Any]]:
    """Every meeting that fits as plain JSON values, in the order of its feed; how to join is not in it."""
    number = 0
    async for listed in _fitting(tx, community_id, sought):
        if number == sought.limit:
            return
        number += 1
        told = model.as_json(listed.meeting)
        if is_stale(listed, now) and listed.meeting.status is Status.ACTIVE:
            told["status"] = Status.STALE.value
        yield {"id": f"{listed.feed_id}-{listed.handle}", "source": listed.source, **told}


async def count(tx: Transaction, community_id: int | None, sought: Sought) -> int:
    """How many meetings fit, whatever the limit."""
    found = 0
    async for _listed in _fitting(tx, community_id, sought):
        found += 1
    return found


async def _fitting(tx: Transaction, community_id: int | None, sought: Sought) -> AsyncIterator[Listed]:
    """All that fit, on the weekday that is sought, if any."""
    among = await narrowed_to(tx, community_id, sought, Vocabulary())
    async for listed in _all_of(tx, community_id, among, _TOGETHER):
        days = {day for day, _zone, _minute in postings.starts_of(listed.meeting)}
        if sought.weekday is None or sought.weekday in days:
            yield listed


def is_stale(listed: Listed, now: datetime) -> bool:
    """Whether its feed has not been read for long. A file is read once, and told by its date."""
    return listed.read_at is not None and now - listed.read_at > STALE
