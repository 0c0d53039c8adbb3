"""Finding listed meetings: by when, where, kind and words, in spite of typos."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from rapidfuzz import fuzz, process
from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from bot.core.matching import fold
from bot.core.meetings import model
from bot.core.meetings.model import Attendance, Meeting, Status, unpack
from bot.core.occurrences import Rule, instant, occurrences
from bot.services.feeds.importing import is_visible
from bot.storage.database import Transaction
from bot.storage.feed_tables import ListedMeeting, ListedTime, ListedWord, MeetingFeed

STALE: Final = timedelta(days=30)
"""A feed that could not be read for so long: nobody knows whether its meetings still are."""
_LIKE_ENOUGH: Final = 78
"""rapidfuzz's likeness (0 to 100) from which a word of a meeting may be the one that was typed."""
_WORDS_MEANT: Final = 12
_DAY_MINUTES: Final = 1440
_FEW: Final = 1500
"""Meetings that are looked at one by one."""
NOT_NOW: Final = (Status.INACTIVE.value, Status.TEMPORARILY_CLOSED.value)


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

    @property
    def status(self) -> Status:
        """Whether it takes place, as far as is known."""
        return self.meeting.status


_OTHER, _ITS = aliased(ListedMeeting), aliased(MeetingFeed)


def _of(community_id: int | None) -> ColumnElement[bool]:
    """Rows that the community has, each meeting once."""
    for_all = MeetingFeed.community_id.is_(None)
    mine = for_all if community_id is None else for_all | (MeetingFeed.community_id == community_id)
    theirs = _ITS.community_id.is_(None)
    its = theirs if community_id is None else theirs | (_ITS.community_id == community_id)
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


class Vocabulary:
    """The words and zones of all listed meetings, kept until a feed changes."""

    def __init__(self) -> None:
        self._of: object = None
        self._words: list[str] = []
        self._zones: list[str] = []

    async def zones(self, tx: Transaction) -> list[str]:
        """The zones in which there are meetings."""
        await self._refresh(tx)
        return self._zones

    async def meant(self, tx: Transaction, typed: str) -> list[list[str]]:
        """For each word that was typed the words that it may mean; [] for one that means none."""
        await self._refresh(tx)
        meant: list[list[str]] = []
        for word in fold(typed[:200]).split()[:8]:
            if len(word) < 2:  # noqa: PLR2004  a letter alone means nothing
                continue
            found = process.extract(word, self._words, scorer=fuzz.ratio, score_cutoff=_LIKE_ENOUGH, limit=_WORDS_MEANT)
            exact = [each for each, score, _index in found if score == 100]  # noqa: PLR2004  rapidfuzz's whole likeness
            meant.append(exact or [each for each, _score, _index in found])
        return meant

    async def _refresh(self, tx: Transaction) -> None:
        key = (await tx.session.execute(select(func.sum(MeetingFeed.generation), func.count(MeetingFeed.id)))).one()
        if tuple(key) != self._of:
            self._words = list(await tx.session.scalars(select(ListedWord.word).distinct()))
            self._zones = list(await tx.session.scalars(_zones()))
            self._of = tuple(key)


def _has_words(meant: list[list[str]]) -> list[ColumnElement[bool]]:
    """Each of the words that were typed, in one of its meanings."""
    return [exists().where(ListedWord.word.in_(words), ListedWord.listed_id == ListedMeeting.id) for words in meant]


async def _rare(tx: Transaction, meant: list[list[str]]) -> list[int] | None:
    """The meetings that have a word which few have; None if all of the words are common."""
    for words in meant:
        query = select(ListedWord.listed_id).where(ListedWord.word.in_(words)).limit(_FEW + 1)
        ids = list(await tx.session.scalars(query))
        if len(ids) <= _FEW:
            return ids
    return None


_COLUMNS: Final = (
    ListedMeeting.id,
    ListedMeeting.handle,
    ListedMeeting.feed_id,
    ListedMeeting.data,
    MeetingFeed.source,
    MeetingFeed.contact,
    MeetingFeed.read_at,
)


def _query(*more: Any) -> Select[Any]:
    return select(*_COLUMNS, *more).join(MeetingFeed, MeetingFeed.id == ListedMeeting.feed_id)


def _listed(row: Any, start: datetime | None = None) -> Listed:
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


async def _conditions(
    tx: Transaction, community_id: int | None, sought: Sought, vocabulary: Vocabulary
) -> list[ColumnElement[bool]] | None:
    """What a row must be; None if a word means nothing that is listed."""
    meant = await vocabulary.meant(tx, f"{sought.text} {sought.near}") if sought.text or sought.near else []
    if not all(meant):
        return None
    conditions = [_of(community_id), *_fits(sought), *_has_words(meant)]
    rare = await _rare(tx, meant)
    if rare is not None:
        conditions.append(ListedMeeting.id.in_(rare))
    return conditions


async def coming(
    tx: Transaction,
    community_id: int | None,
    sought: Sought,
    vocabulary: Vocabulary,
    *,
    begin: datetime,
    end: datetime,
    limit: int,
) -> list[Listed]:
    """The first meetings that start between two instants, at most a week apart, in order.

    Those that do not take place now, or not every week by a rule of their own on that date, are left out.
    """
    conditions = await _conditions(tx, community_id, sought, vocabulary)
    if conditions is None:
        return []
    conditions.append(ListedMeeting.status.not_in(NOT_NOW))
    zones = [ZoneInfo(zone) for zone in await vocabulary.zones(tx)]
    found: list[tuple[datetime, int]] = []
    until = begin
    while until < end and len(found) < 2 * limit:
        # A day at a time: mostly the first one has enough.
        since, until = until, min(until + timedelta(days=1), end)
        for zone in zones:
            found += await _in_zone(tx, zone, conditions, since, until, 2 * limit)
    found.sort()
    starts = dict(reversed([(id_, start) for start, id_ in found[: 3 * limit]]))
    rows = await tx.session.execute(_query().where(ListedMeeting.id.in_(starts)))
    listed = sorted((_listed(row, starts[row.id]) for row in rows), key=lambda each: (each.start, each.id))
    return [each for each in listed if _takes_place(each)][:limit]


def _zones() -> Select[tuple[str]]:
    """The zones there are, each found by one step in the index: many rows have few zones."""
    first = select(func.min(ListedTime.zone).label("zone")).cte("zones", recursive=True)
    after = select(func.min(ListedTime.zone)).where(ListedTime.zone > first.c.zone).scalar_subquery()
    zones = first.union_all(select(after).where(first.c.zone.is_not(None)))
    return select(zones.c.zone).where(zones.c.zone.is_not(None))


async def _in_zone(
    tx: Transaction, zone: ZoneInfo, conditions: list[ColumnElement[bool]], begin: datetime, end: datetime, limit: int
) -> list[tuple[datetime, int]]:
    """The first starts between two instants, at most a day apart, by the clocks of one zone."""
    found: list[tuple[datetime, int]] = []
    first, last = begin.astimezone(zone), end.astimezone(zone)
    day = first.date()
    while day <= last.date() and len(found) < limit:
        since = first.hour * 60 + first.minute if day == first.date() else 0
        until = last.hour * 60 + last.minute if day == last.date() else _DAY_MINUTES
        query = (
            select(ListedTime.minute, ListedTime.listed_id)
            .join(ListedMeeting, ListedMeeting.id == ListedTime.listed_id)
            .join(MeetingFeed, MeetingFeed.id == ListedMeeting.feed_id)
            .where(ListedTime.zone == zone.key, ListedTime.weekday == day.isoweekday())
            # A clock that goes forward shifts what it skips.
            .where(ListedTime.minute >= since - 60, ListedTime.minute <= until, *conditions)
            .order_by(ListedTime.minute, ListedTime.listed_id)
            .limit(limit)
        )
        if since:
            query = query.where(ListedTime.minute >= since)
        for row in await tx.session.execute(query):
            start = instant(day, time(row.minute // 60, row.minute % 60), zone)
            if begin <= start < end:
                found.append((start, row.listed_id))
        day += timedelta(days=1)
    return found


def _takes_place(listed: Listed) -> bool:
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
    conditions = await _conditions(tx, community_id, sought, vocabulary)
    if conditions is None:
        return []
    query = _query().where(*conditions).order_by(ListedMeeting.id).limit(limit)
    return [_listed(row) for row in await tx.session.execute(query)]


async def by_handle(tx: Transaction, community_id: int | None, feed_id: int, handle: str) -> Listed | None:
    """The meeting of that name, if it is listed for the community now."""
    query = _query().where(
        ListedMeeting.feed_id == feed_id, ListedMeeting.handle.startswith(handle, autoescape=True), is_visible()
    )
    mine = MeetingFeed.community_id.is_(None) | (MeetingFeed.community_id == community_id)
    row = (await tx.session.execute(query.where(mine).limit(1))).first()
    return row and _listed(row)


async def as_json(
    tx: Transaction, community_id: int | None, sought: Sought, *, now: datetime
) -> AsyncIterator[dict[str, Any]]:
    """Every meeting that fits as plain JSON values, in the order of its feed; how to join is not in it."""
    conditions = await _conditions(tx, community_id, sought, Vocabulary())
    if conditions is None:
        return
    query = _query().where(*conditions).order_by(ListedMeeting.id)
    if sought.weekday is not None:
        on = select(ListedTime.listed_id).where(ListedTime.weekday == sought.weekday)
        query = query.where(ListedMeeting.id.in_(on))
    for row in await tx.session.execute(query.limit(sought.limit)):
        listed = _listed(row)
        told = model.as_json(listed.meeting)
        if is_stale(listed, now) and listed.meeting.status is Status.ACTIVE:
            told["status"] = Status.STALE.value
        yield {"id": f"{listed.feed_id}-{listed.handle}", "source": listed.source, **told}


def is_stale(listed: Listed, now: datetime) -> bool:
    """Whether its feed has not been read for long. A file is read once, and told by its date."""
    return listed.read_at is not None and now - listed.read_at > STALE
