"""One source after the other, from a file or from the web, and what belongs together read together."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from bot.core.meetings.recognise import Kind
from bot.core.meetings.zones import known_zone
from bot.services.feeds import following
from bot.services.feeds.fetching import Fetched, Limits, fetched, is_url, with_formats
from bot.services.feeds.importing import Wanted, feed_of, import_source, note_problem
from bot.services.feeds.report import Report
from bot.services.feeds.sources import BadSource, open_source, read_formats
from bot.services.meetings import Meetings
from bot.storage.database import Database, Transaction
from bot.storage.tables import Community


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an organizer asked for: for whom, of which programme, and in which zone what names none is.

    `community_id` None: for every community.
    """

    community_id: int | None = None
    programme: str | None = None
    zone: str | None = None
    accept_fewer: bool = False
    dry_run: bool = False


async def take_all(
    database: Database | None,
    sources: Sequence[str],
    asked: Asked,
    limits: Limits,
    *,
    now: datetime,
    meetings: Meetings | None = None,
) -> list[Report]:
    """Import every source, those first that only explain others; a report for each, in the order given."""
    formats = await asyncio.to_thread(formats_in, sources)
    zone = await _community_zone(database, asked.community_id)
    reports: list[Report] = []
    for source in sources:
        wanted = Wanted(
            source=named(source),
            path=Path(source),
            community_id=asked.community_id,
            programme=asked.programme,
            zone=known_zone(asked.zone) if asked.zone else None,
            community_zone=zone,
            formats=formats,
            accept_fewer=asked.accept_fewer,
        )
        reports.append(await take(database, wanted, limits, now=now, dry_run=asked.dry_run, meetings=meetings))
    if formats and any(report.kind == Kind.BMLT.value and report.problem is None for report in reports):
        for report in reports:
            report.explains = report.kind == Kind.BMLT_FORMATS.value and not is_url(report.source)
    return reports


def named(source: str) -> str:
    """What a source is called: an address as it stands, a file by its whole path."""
    return source if is_url(source) else os.path.abspath(source)


def formats_in(sources: Sequence[str]) -> dict[str, str]:
    """What formats mean, by those of the files that say so."""
    formats: dict[str, str] = {}
    for name in sources:
        if is_url(name):
            continue
        try:
            source = open_source(Path(name))
        except BadSource:
            continue  # its own import says why
        try:
            if source.kind is Kind.BMLT_FORMATS:
                formats.update(read_formats(source)[0])
        except BadSource:
            pass  # its own import says why
        finally:
            source.close()
    return formats


async def take(
    database: Database | None,
    wanted: Wanted,
    limits: Limits,
    *,
    now: datetime,
    dry_run: bool = False,
    meetings: Meetings | None = None,
) -> Report:
    """Import one source; what could not be fetched or read stands in its report. `meetings` tells followers."""

    async def keep_up(tx: Transaction, feed_id: int) -> None:
        if meetings is not None:
            await following.keep_up(tx, meetings, feed_id, now=now)

    if not is_url(wanted.source):
        return await import_source(database, wanted, now=now, dry_run=dry_run, keep_up=keep_up)
    etag, modified = await _known(database, wanted)
    try:
        async with fetched(with_formats(wanted.source), limits, etag=etag, last_modified=modified) as found:
            if found.path is None and database is not None:
                return await _not_modified(database, wanted, now=now)
            return await import_source(database, _at(wanted, found), now=now, dry_run=dry_run, keep_up=keep_up)
    except BadSource as bad:
        report = Report(source=wanted.source, problem=bad.problem, dry_run=dry_run)
        if database is not None and not dry_run:
            await note_problem(database, wanted, report, now=now)
        return report


def _at(wanted: Wanted, found: Fetched) -> Wanted:
    return replace(wanted, path=found.path or wanted.path, etag=found.etag, last_modified=found.last_modified)


async def _known(database: Database | None, wanted: Wanted) -> tuple[str | None, str | None]:
    """What the feed said of its version when it was last read in the same way."""
    if database is None:
        return None, None
    async with database.read() as tx:
        feed = await feed_of(tx, wanted)
        if feed is None or feed.generation == 0 or feed.zone != wanted.zone or wanted.accept_fewer:
            return None, None
        if wanted.programme is not None and wanted.programme != feed.programme:
            return None, None
        return feed.etag, feed.last_modified


async def _not_modified(database: Database, wanted: Wanted, *, now: datetime) -> Report:
    async with database.begin() as tx:
        feed = await feed_of(tx, wanted)
        assert feed is not None  # noqa: S101  it is the feed's version that was asked for
        feed.read_at = feed.tried_at = now
        feed.problem = None
        number = feed.meetings
        return Report(
            source=feed.source,
            kind=feed.kind,
            programme=feed.programme,
            records=int(feed.report.get("records", number)),
            unchanged=number,
            inactive=int(feed.report.get("inactive", 0)),
            not_modified=True,
        )


async def _community_zone(database: Database | None, community_id: int | None) -> str | None:
    if database is None or community_id is None:
        return None
    async with database.read() as tx:
        return await tx.session.scalar(select(Community.zone).where(Community.id == community_id))
