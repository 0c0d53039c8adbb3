"""Finding listed meetings: by when, where, kind and words, in spite of typos."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from bot.core.meetings import model
from bot.core.meetings.model import Attendance, Meeting, Status, unpack
from bot.core.occurrences import Rule, occurrences
from bot.services.feeds import postings, times
from bot.services.feeds.importing import MANY, is_visible
from bot.services.feeds.postings import Bits
from bot.services.feeds.vocabulary import Vocabulary
from bot.storage.database import Transaction
from bot.storage.feed_tables import ListedMeeting, ListedTime, MeetingFeed

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


_OTHER, _ITS = aliased(ListedMeeting), aliased(MeetingFeed)


def _of(community_id: int | None) -> ColumnElement[bool]:
    """Rows that the community has, each meeting once."""
    for_all = MeetingFeed.community_id.is_(None)
    mine = for_all if community_id is None else for_all | (MeetingFeed.community_id == community_id)
    # An expression, so that SQLite looks for copies by their mark, and not through all of a community's feeds.
    theirs = (_ITS.community_id + 0).is_(None)
    its = theirs if community_id is None else theirs | (_ITS.community_id + 0 == community_id)
    listed_before = exists().where(
        _OTHER.twin == ListedMeeting.twin,
        _OTHER.feed_id < ListedMeeting.feed_id,
        _ITS.id == _OTHER.feed_id,
        is_visible(_OTHER, _ITS),
        its,
    )
    return and_(is_visible(), mine, or_(ListedMeeting.twin.is_(None), ~listed_before))


def _fits(sought: Sought) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if sought.programme:
        conditions.append(ListedMeeting.programme == sought.programme)
    if sought.online:
        conditions.append(ListedMeeting.attendance.in_([Attendance.ONLINE.value, Attendance.BOTH.value]))
    if sought.in_person:
        conditions.append(ListedMeeting.attendance.in_([Attendance.IN_PERSON.value, Attendance.BOTH.value]))
    codes = (*sought.types, *([sought.language] if sought.language else []))
    conditions += [ListedMeeting.types.contains(f",{code},", autoescape=True) for code in codes]
    return conditions


_COLUMNS: Final = (
    ListedMeeting.id,
    ListedMeeting.handle,
    ListedMeeting.feed_id,
    ListedMeeting.data,
    MeetingFeed.source,
    MeetingFeed.contact,
    MeetingFeed.read_at,
)


def query_for(*more: Any) -> Select[Any]:
    """Listed meetings with what is shown of them."""
    return select(*_COLUMNS, *more).join(MeetingFeed, MeetingFeed.id == ListedMeeting.feed_id)


def listed_in(row: Any, start: datetime | None = None) -> Listed:
    """A row of `query_for`."""
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


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a row must be, and which rows may be so."""

    conditions: list[ColumnElement[bool]]
    among: Bits


async def narrowed_to(
    tx: Transaction, community_id: int | None, sought: Sought, vocabulary: Vocabulary, *, now: bool = False
) -> Narrowed | None:
    """What is looked for; None if there is none of it. `now`: only what takes place at present."""
    await vocabulary.renew(tx)
    meant = vocabulary.meant(f"{sought.text} {sought.near}") if sought.text or sought.near else []
    groups: list[Sequence[str]] = [*meant, *_groups(sought), [postings.NOW] if now else [postings.NOW, postings.NOT]]
    among = await postings.having(tx, groups) if all(meant) else {}
    feeds = vocabulary.feeds_of(community_id)
    among = {block: bits for block, bits in among.items() if block * postings.BLOCK // MANY in feeds}
    if not among:
        return None
    conditions = [_of(community_id), *_fits(sought)]
    if now:
        conditions.append(ListedMeeting.status.not_in(postings.NOT_NOW))
    return Narrowed(conditions, among)


def _groups(sought: Sought) -> Iterator[Sequence[str]]:
    """The terms that go with `_fits`: of each group one."""
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
    also: Sequence[ColumnElement[bool]] = (),
) -> list[Listed]:
    """The first meetings that start between two instants, at most a week apart, in order; those for which `also` is so.

    Those that do not take place now, or not every week by a rule of their own on that date, are left out.
    """
    narrowed = await narrowed_to(tx, community_id, sought, vocabulary, now=True)
    if narrowed is None:
        return []
    conditions = [*narrowed.conditions, *also]
    listed: dict[int, Listed] = {}
    some: list[times.Start] = []
    async for start in _starts(tx, narrowed.among, vocabulary, begin, end):
        some.append(start)
        if len(some) == 2 * limit:
            await _add(tx, some, conditions, listed, limit)
            some = []
            if len(listed) == limit:
                break
    await _add(tx, some, conditions, listed, limit)
    return list(listed.values())


async def _starts(
    tx: Transaction, among: Bits, vocabulary: Vocabulary, begin: datetime, end: datetime
) -> AsyncIterator[times.Start]:
    if postings.count(among) <= FEW:
        for start in await times.of_few(tx, postings.ids_in(among), begin, end):
            yield start
    else:
        async for start in times.in_order(tx, vocabulary.starts, among, begin, end):
            yield start


async def _add(
    tx: Transaction,
    starts: list[times.Start],
    conditions: Sequence[ColumnElement[bool]],
    listed: dict[int, Listed],
    limit: int,
) -> None:
    """Add those of them that are what they must be and take place, each at its first start, until there are enough."""
    ids = {id_ for _start, id_ in starts} - listed.keys()
    if not ids or len(listed) == limit:
        return
    query = query_for().where(tx.among(ListedMeeting.id, ids), *conditions)
    rows = {row.id: row for row in await tx.session.execute(query)}
    for start, id_ in starts:
        if len(listed) == limit:
            return
        if id_ in rows and id_ not in listed:
            each = listed_in(rows[id_], start)
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
    narrowed = await narrowed_to(tx, community_id, sought, vocabulary)
    found: list[Listed] = []
    async for each in _all_of(tx, narrowed, limit):
        found.append(each)
        if len(found) == limit:
            break
    return found


async def _all_of(
    tx: Transaction, narrowed: Narrowed | None, together: int, also: Sequence[ColumnElement[bool]] = ()
) -> AsyncIterator[Listed]:
    """All of them, in the order of their ids, so many at a time."""
    ids = postings.ids_in(narrowed.among) if narrowed else iter(())
    while narrowed and (some := list(islice(ids, together))):
        query = query_for().where(tx.among(ListedMeeting.id, some), *narrowed.conditions, *also)
        for row in await tx.session.execute(query.order_by(ListedMeeting.id)):
            yield listed_in(row)


async def by_handle(tx: Transaction, community_id: int | None, feed_id: int, handle: str) -> Listed | None:
    """The meeting of that name, if it is listed for the community now."""
    query = query_for().where(
        ListedMeeting.feed_id == feed_id, ListedMeeting.handle.between(handle, f"{handle}g"), is_visible()
    )
    mine = MeetingFeed.community_id.is_(None) | (MeetingFeed.community_id == community_id)
    row = (await tx.session.execute(query.where(mine).limit(1))).first()
    return row and listed_in(row)


async def as_json(
    tx: Transaction, community_id: int | None, sought: Sought, *, now: datetime
) -> AsyncIterator[dict[str, Any]]:
    """Every meeting that fits as plain JSON values, in the order of its feed; how to join is not in it."""
    narrowed = await narrowed_to(tx, community_id, sought, Vocabulary())
    number = 0
    async for listed in _all_of(tx, narrowed, _TOGETHER, _on_weekday(sought)):
        if number == sought.limit:
            return
        number += 1
        told = model.as_json(listed.meeting)
        if is_stale(listed, now) and listed.meeting.status is Status.ACTIVE:
            told["status"] = Status.STALE.value
        yield {"id": f"{listed.feed_id}-{listed.handle}", "source": listed.source, **told}


async def count(tx: Transaction, community_id: int | None, sought: Sought) -> int:
    """How many meetings fit, whatever the limit."""
    narrowed = await narrowed_to(tx, community_id, sought, Vocabulary())
    ids = postings.ids_in(narrowed.among) if narrowed else iter(())
    found = 0
    while narrowed and (some := list(islice(ids, _TOGETHER))):
        query = query_for().where(tx.among(ListedMeeting.id, some), *narrowed.conditions, *_on_weekday(sought))
        found += await tx.session.scalar(query.with_only_columns(func.count())) or 0
    return found


def _on_weekday(sought: Sought) -> list[ColumnElement[bool]]:
    """That it is on that weekday, if one is sought."""
    if sought.weekday is None:
        return []
    return [ListedMeeting.id.in_(select(ListedTime.listed_id).where(ListedTime.weekday == sought.weekday))]


def is_stale(listed: Listed, now: datetime) -> bool:
    """Whether its feed has not been read for long. A file is read once, and told by its date."""
    return listed.read_at is not None and now - listed.read_at > STALE
