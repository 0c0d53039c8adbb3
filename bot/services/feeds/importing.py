"""Taking what a source lists, so that it counts all at once or not at all.

A reading goes into the database in small transactions, so that nobody who writes meanwhile waits for long; nothing of
it is seen until the feed's generation is set to it (see `MeetingFeed`). What is left over is deleted in small steps.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import ColumnElement, String, func, select, update
from sqlalchemy.orm import aliased

from bot.core.meetings import same, types
from bot.core.meetings.model import Meeting, Refusal, unpack
from bot.core.meetings.recognise import Kind
from bot.core.meetings.zones import Zones
from bot.services.feeds import indexing, postings, statements
from bot.services.feeds.forgetting import sweep
from bot.services.feeds.indexing import Index
from bot.services.feeds.pacing import MOST, Pace
from bot.services.feeds.postings import Bits
from bot.services.feeds.preparing import COLUMNS, Prepared, prepare, zone_at
from bot.services.feeds.report import Report
from bot.services.feeds.sources import BadSource, Source, open_source, read_formats
from bot.storage.database import Database, Transaction, among
from bot.storage.feed_tables import ENDS, MANY, STILL, ListedMeeting, ListedTime, MeetingFeed, is_visible

_FEW: Final = 4
"""A feed of fewer meetings may lose more than half of them."""
_LOOKED_AT: Final = 2000
"""Rows that are looked at together whether they are still in the feed."""
_TOGETHER: Final = 4
"""Rows of the index that take about as long as a meeting."""
_NAME: Final = 64
"""Characters of a programme's name."""
_SOURCE: Final = 1000
"""Characters of a source's address."""

_BULK = {"synchronize_session": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be imported, and how it is to be read. `source` names it: an absolute path, or an address."""

    source: str
    path: Path
    community_id: int | None
    programme: str | None = None
    zone: str | None = None
    community_zone: str | None = None
    formats: dict[str, str] | None = None
    etag: str | None = None
    last_modified: str | None = None
    accept_fewer: bool = False


class Outdone(Exception):
    """Another import of the same feed has begun meanwhile; it goes on, and this one stops."""


def _open(wanted: Wanted) -> tuple[Source, str | None]:
    """The source, and its programme."""
    source = open_source(wanted.path)
    if wanted.formats:
        source.formats = {**wanted.formats, **source.formats}
    programme = types.programme_of(wanted.programme)[:_NAME] if wanted.programme else None
    if programme is None:
        hinted = types.hinted(wanted.source) if "://" in wanted.source else None
        programme = source.hint or hinted
    if programme is None and source.kind in {Kind.MEETING_GUIDE, Kind.OIAA}:
        programme = "aa"  # whose specification it is
    return source, programme


KeepUp = Callable[[Transaction, int], Awaitable[None]]
"""What is done in the transaction after which a feed (its id) counts anew: its followers are told."""


async def import_source(
    database: Database | None, wanted: Wanted, *, now: datetime, dry_run: bool = False, keep_up: KeepUp | None = None
) -> Report:
    """Take what the source lists; what could not be taken stands in the report.

    A problem with the whole of it leaves what was there before. With `dry_run` nothing is stored, and the database may
    be None: then there is nothing yet.
    """
    report = Report(source=wanted.source, dry_run=dry_run)
    if len(wanted.source) > _SOURCE:
        report.problem = "its address is too long"
        return report
    try:
        source, report.programme = await asyncio.to_thread(_open, wanted)
    except BadSource as bad:
        report.problem = bad.problem
        if database is not None and not dry_run:
            await note_problem(database, wanted, report, now=now)
        return report
    report.kind = source.kind.value
    try:
        if source.kind in {Kind.BMLT_FORMATS, Kind.BMLT_SERVICE_BODIES, Kind.TYPES, Kind.UNKNOWN}:
            await asyncio.to_thread(_only_count, source, report)
            return report
        zones = Zones(feed=wanted.zone, community=wanted.community_zone, at=zone_at)
        found = source.meetings(report.programme, zones, now)
        run = _Run(database, wanted, report, source, now, keep_up) if database is not None else None
        if run is None:
            await _count_all(found, report)
        else:
            await run.all(found)
    finally:
        source.close()
    return report


def _only_count(source: Source, report: Report) -> None:
    """A source that belongs to meetings but lists none."""
    try:
        if source.kind is Kind.BMLT_FORMATS:
            _formats, refused, report.records = read_formats(source)
            for refusal in refused:
                report.refuse(refusal)
        else:
            report.records = sum(1 for _ in source.records)
    except BadSource as bad:
        report.problem = bad.problem
        return
    if source.kind is Kind.UNKNOWN:
        report.problem = "it is JSON, but its records are no meetings"


async def _count_all(found: Iterator[tuple[int, Meeting | Refusal]], report: Report) -> None:
    """What would be taken if there were nothing yet."""
    seen: dict[str, str] = {}
    try:
        while (ready := await asyncio.to_thread(prepare, found, report, MOST)) is not None:
            for each in ready:
                if seen.setdefault(each.handle, each.digest) == each.digest and seen.get("#" + each.handle):
                    report.merged += 1
                else:
                    report.added += 1
                seen["#" + each.handle] = "1"
    except BadSource as bad:
        report.problem = bad.problem
        report.added = 0


async def feed_of(tx: Transaction, wanted: Wanted) -> MeetingFeed | None:
    """The feed that was read from this source before, if it was."""
    same_source = select(MeetingFeed).where(
        MeetingFeed.source == wanted.source, MeetingFeed.community_id.is_not_distinct_from(wanted.community_id)
    )
    return (await tx.session.scalars(same_source.order_by(MeetingFeed.id).limit(1))).first()


async def note_problem(database: Database, wanted: Wanted, report: Report, *, now: datetime) -> None:
    """Write down why an earlier feed could not be read; its meetings stay."""
    async with database.begin() as tx:
        feed = await feed_of(tx, wanted)
        if feed is not None:
            report.kept = feed.generation > 0
            feed.problem, feed.tried_at, feed.report = report.problem, now, report.as_json()


class _Run:
    """One reading of one feed into the database."""

    def __init__(
        self,
        database: Database,
        wanted: Wanted,
        report: Report,
        source: Source,
        now: datetime,
        keep_up: KeepUp | None,
    ) -> None:
        self._database = database
        self._wanted = wanted
        self._report = report
        self._source = source
        self._now = now
        self._keep_up = keep_up
        self._pace = Pace()
        self._feed_id = 0
        self._old = 0
        self._new = 0
        self._first = self._serial = 0
        self._before = 0
        self._met: Bits = {}
        """Rows that go on: they are in the feed again, as they were."""
        self._index = Index(0)
        self._writing = Pace()
        self._dry: dict[str, str] = {}
        """Digests by handle of what a dry run has had, for nothing of it is stored."""

    async def all(self, found: Iterator[tuple[int, Meeting | Refusal]]) -> None:
        """Read everything, then let it count; or leave it all as it was."""
        await self._begin()
        try:
            # One after the other: a thread that reads would make each transaction longer for all who wait for it.
            while (ready := await self._prepared(found)) is not None:
                await self._take(ready)
                await self._write_index()
            self._index.complete()
            await self._write_index()
        except BadSource as bad:
            await self._give_up(bad.problem)
            return
        except BaseException:
            await asyncio.shield(self._give_up("it was stopped"))
            raise
        report = self._report
        report.gone = self._before - report.unchanged - report.changed
        if self._before >= _FEW and report.taken * 2 < self._before and not self._wanted.accept_fewer:
            problem = f"it has only {report.taken} meetings, and had {self._before}: more than half are gone"
            await self._give_up(problem)
        elif not report.dry_run:
            await self._finish()

    async def _prepared(self, found: Iterator[tuple[int, Meeting | Refusal]]) -> list[Prepared] | None:
        """The next records, as many as one transaction takes."""
        reading = asyncio.create_task(asyncio.to_thread(prepare, found, self._report, self._pace.size))
        try:
            return await asyncio.shield(reading)
        except asyncio.CancelledError:
            await asyncio.wait({reading})  # its thread still reads the source
            raise

    async def _begin(self) -> None:
        if self._report.dry_run:
            await self._begin_dry()
            return
        async with self._database.begin() as tx:
            feed = await feed_of(tx, self._wanted)
            if feed is None:
                feed = MeetingFeed(
                    community_id=self._wanted.community_id,
                    source=self._wanted.source,
                    kind=self._report.kind,
                    report={},
                    contact="",
                    generation=0,
                    attempts=0,
                    serial=0,
                    meetings=0,
                )
                tx.session.add(feed)
                await tx.session.flush()
            feed.attempts = max(feed.attempts, feed.generation) + 1
            self._note(feed, feed.attempts)

    async def _begin_dry(self) -> None:
        """What the feed was; nothing is written."""
        async with self._database.read() as tx:
            feed = await feed_of(tx, self._wanted)
            if feed is not None:
                self._note(feed, feed.attempts + 1)

    def _note(self, feed: MeetingFeed, generation: int) -> None:
        """What the feed was, and what it shall be."""
        self._feed_id, self._old, self._new = feed.id, feed.generation, generation
        self._first = self._serial = feed.serial
        self._before = feed.meetings if feed.generation else 0
        self._index = Index(feed.id)

    async def _still_mine(self, tx: Transaction) -> None:
        """Raises `Outdone`."""
        if await tx.session.scalar(statements.ATTEMPTS, {"feed": self._feed_id}) != self._new:
            raise Outdone

    async def _write_index(self) -> None:
        for part in self._index.parts(_TOGETHER * self._writing.size):
            async with self._writing.step(self._database) as tx:
                await self._still_mine(tx)
                await indexing.write(tx, part)

    async def _take(self, ready: list[Prepared]) -> None:
        """Store a batch beside what counts now."""
        dry = self._report.dry_run
        async with self._database.read() if dry else self._pace.step(self._database) as tx:
            if not dry:
                await self._still_mine(tx)
            known = await self._known(tx, [each.handle for each in ready])
            given_up: list[int] = []
            fresh: list[Prepared] = []
            here = self._dry if dry else {}
            for each in ready:
                row, again = known.get(each.handle, (None, None))
                earlier = here.get(each.handle) or again
                if earlier == each.digest:
                    self._report.merged += 1
                    continue
                if earlier is not None:
                    if not await self._rename(tx, each, here):
                        continue
                    row, _again = (await self._known(tx, [each.handle])).get(each.handle, (None, None))
                here[each.handle] = each.digest
                if row is not None and row.digest == each.digest:
                    postings.add(self._met, row.id)
                    if row.last != STILL:  # another reading ended it, and did not come to its own end
                        given_up.append(row.id)
                    self._report.unchanged += 1
                else:
                    fresh.append(each)
                    self._report.changed += row is not None
                    self._report.added += row is None
            if dry:
                return
            if given_up:
                await self._set_last(tx, given_up, STILL)
            if fresh:
                await self._insert(tx, fresh)

    async def _rename(self, tx: Transaction, each: Prepared, here: dict[str, str]) -> bool:
        """Give a record another name than the earlier one that has the same id; False: it is refused."""
        days = "".join(map(str, each.meeting.weekdays))
        each.handle = same.handle(f"{each.meeting.key}#{days}#{each.meeting.wall}#{each.meeting.name}")
        _row, again = (await self._known(tx, [each.handle])).get(each.handle, (None, None))
        if each.handle in here or again is not None:
            if (here.get(each.handle) or again) == each.digest:
                self._report.merged += 1
            else:
                self._report.refuse(Refusal(record=each.number, reason="an earlier record has the same id"))
            return False
        return True

    async def _known(self, tx: Transaction, handles: list[str]) -> dict[str, tuple[Any, str | None]]:
        """By handle: the row that counts now, and the digest of the one that this reading has had already."""
        values = {"feed": self._feed_id, "ids": tx.ids(handles)}
        rows = await tx.session.execute(statements.known(tx.is_shared), values)
        found: dict[str, tuple[Any, str | None]] = {}
        for row in rows:
            old, again = found.get(row.handle, (None, None))
            if row.born == self._new or postings.holds(self._met, row.id):
                again = row.digest
            if row.born <= self._old <= row.last:
                old = row
            found[row.handle] = (old, again)
        return found

    async def _insert(self, tx: Transaction, fresh: list[Prepared]) -> None:
        rows: list[tuple[Any, ...]] = []
        times: list[tuple[Any, ...]] = []
        twins = await self._find_twins(tx, fresh)
        for each in fresh:
            self._serial += 1
            id_ = self._feed_id * MANY + self._serial
            twin = twins.get(each.handle)
            rows.append((id_, self._feed_id, each.handle, self._new, STILL, each.digest, twin, *each.told))
            times += [(id_, *start) for start in each.starts]
            await self._index.add(tx, id_, each.terms)
        await tx.insert_plain(ListedMeeting, COLUMNS, rows)
        await tx.insert_plain(ListedTime, ("listed_id", "weekday", "zone", "minute"), times)
        serial = update(MeetingFeed).where(MeetingFeed.id == self._feed_id).values(serial=self._serial)
        await tx.session.execute(serial, execution_options=_BULK)

    async def _find_twins(self, tx: Transaction, fresh: list[Prepared]) -> dict[str, str]:
        """By handle, the mark of those that another feed of the same community lists too, which gets it as well."""
        if await tx.session.scalar(statements.OTHER_FEED, {"feed": self._feed_id}) is None:
            return {}
        others = (
            select(ListedMeeting)
            .join(MeetingFeed, MeetingFeed.id == ListedMeeting.feed_id)
            .where(
                among(ListedMeeting.likeness, tx.is_shared, ids=tx.ids({each.likeness for each in fresh}), are=String),
                ListedMeeting.feed_id != self._feed_id,
                is_visible(),
            )
        )
        if self._wanted.community_id is not None:
            mine = MeetingFeed.community_id == self._wanted.community_id
            others = others.where(mine | MeetingFeed.community_id.is_(None))
        by_likeness: dict[str, list[ListedMeeting]] = {}
        for other in await tx.session.scalars(others.order_by(ListedMeeting.id)):
            by_likeness.setdefault(other.likeness, []).append(other)
        twins: dict[str, str] = {}
        for each in fresh:
            for other in by_likeness.get(each.likeness, ()):
                if same.are_one(each.meeting, unpack(json.loads(other.data))):
                    twins[each.handle] = other.twin = other.twin or f"{other.feed_id}:{other.handle}"
                    break
        if by_likeness:
            await tx.session.flush()
        return twins

    async def _finish(self) -> None:
        report = self._report
        async with self._database.read() as tx:
            report.merged += await merged(tx, self._feed_id, self._new)
        await self._end_what_is_gone()
        async with self._database.begin() as tx:
            feed = await tx.session.get_one(MeetingFeed, self._feed_id)
            if feed.attempts != self._new:
                raise Outdone
            feed.generation, feed.meetings = self._new, report.taken
            feed.kind, feed.programme, feed.zone = report.kind, report.programme, self._wanted.zone
            feed.contact = self._source.contact
            feed.etag, feed.last_modified = self._wanted.etag, self._wanted.last_modified
            feed.read_at = feed.tried_at = self._now
            feed.problem = None
            await tx.session.flush()
            if self._keep_up is not None:
                await self._keep_up(tx, feed.id)
            feed.report = report.as_json()
        await self._sweep(ENDS & (ListedMeeting.last < self._new))

    async def _end_what_is_gone(self) -> None:
        """What counted before and is not in the feed any more counts until this reading does, and not in it."""
        after, until = self._feed_id * MANY, self._feed_id * MANY + self._first
        while True:
            async with self._database.read() as tx:
                within = ListedMeeting.id > after, ListedMeeting.id <= until
                some = select(ListedMeeting.id, ListedMeeting.last).where(*within).order_by(ListedMeeting.id)
                rows = (await tx.session.execute(some.limit(_LOOKED_AT))).all()
            gone = [id_ for id_, last in rows if last == STILL and not postings.holds(self._met, id_)]
            while gone:
                async with self._pace.step(self._database) as tx:
                    await self._still_mine(tx)
                    asked = self._pace.size
                    await self._set_last(tx, gone[:asked], self._old)
                    del gone[:asked]
                await self._pace.rest()
            if len(rows) < _LOOKED_AT:
                return
            after = rows[-1].id

    async def _set_last(self, tx: Transaction, ids: list[int], generation: int) -> None:
        these = (
            update(ListedMeeting).where(among(ListedMeeting.id, tx.is_shared, ids=tx.ids(ids))).values(last=generation)
        )
        await tx.session.execute(these, execution_options=_BULK)

    async def _give_up(self, problem: str) -> None:
        report = self._report
        report.problem, report.kept = problem, self._old > 0
        report.added = report.changed = report.unchanged = report.gone = 0
        if report.dry_run:
            return
        mine = ListedMeeting.id > self._feed_id * MANY + self._first
        await self._sweep(mine & (ListedMeeting.born == self._new))
        async with self._database.begin() as tx:
            feed = await tx.session.get(MeetingFeed, self._feed_id)
            if feed is not None and feed.generation == 0 and feed.attempts == self._new:
                await tx.session.delete(feed)  # what was never read is no feed
            elif feed is not None:
                feed.problem, feed.tried_at, feed.report = problem, self._now, report.as_json()

    async def _sweep(self, which: ColumnElement[bool]) -> None:
        await sweep(self._database, self._feed_id, which, self._pace, self._writing)


async def merged(tx: Transaction, feed_id: int, generation: int) -> int:
    """How many of the meetings that a feed has in that generation another feed lists too."""
    other, its = aliased(ListedMeeting), aliased(MeetingFeed)
    elsewhere = (
        select(other.id)
        .join(its, its.id == other.feed_id)
        .where(other.twin == ListedMeeting.twin, other.feed_id != ListedMeeting.feed_id, is_visible(other, its))
    )
    counted = select(func.count()).where(
        ListedMeeting.feed_id == feed_id,
        ListedMeeting.born <= generation,
        ListedMeeting.last >= generation,
        ListedMeeting.twin.is_not(None),
        elsewhere.exists(),
    )
    return await tx.session.scalar(counted) or 0
