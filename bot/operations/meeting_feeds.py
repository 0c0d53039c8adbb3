"""`handrail meetings import | list | feeds`: what they print."""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from bot.app import load_languages
from bot.config import Config
from bot.core.meetings.zones import known_zone
from bot.core.words import _, _n
from bot.operations import community_files
from bot.operations.community_commands import existing
from bot.operations.feed_report import short, show
from bot.operations.opening import open_config, open_configured
from bot.operations.stopping import Stop
from bot.scheduling.clock import system_now
from bot.services.feeds import calendars, finding, forgetting
from bot.services.feeds.fetching import Limits
from bot.services.feeds.report import Report
from bot.services.feeds.taking import Asked, named, take_all
from bot.services.meetings import Meetings
from bot.services.voice import Voice
from bot.storage.database import Database
from bot.storage.feed_tables import MeetingFeed
from bot.storage.tables import Community

LISTED = 20
"""Meetings that are listed for a person who does not say how many."""


def limits_of(config: Config) -> Limits:
    """What feeds may take, as it is configured."""
    feeds = config.feeds
    return Limits(megabytes=feeds.megabytes, seconds=feeds.seconds, allow_private=feeds.allow_private)


async def import_feeds(
    config_path: Path, sources: Sequence[str], asked: Asked, community: str | None, *, as_json: bool
) -> bool:
    """Import the sources and show what became of them; whether all went well. Raises `Stop`."""
    if asked.zone and known_zone(asked.zone) is None:
        raise Stop(_("There is no time zone “{zone}”. Zones are called like America/New_York.", zone=asked.zone))
    if asked.dry_run and not _is_there(config_path):
        reports = await take_all(None, sources, asked, Limits(), now=system_now())
    else:
        reports = await _imported(config_path, sources, asked, community)
    if as_json:
        typer.echo(json.dumps([report.as_json() for report in reports], ensure_ascii=False))
    else:
        show(reports, Console(highlight=False))
    return all(report.problem is None for report in reports)


def _is_there(config_path: Path) -> bool:
    return config_path.exists()


async def _imported(config_path: Path, sources: Sequence[str], asked: Asked, community: str | None) -> list[Report]:
    config = open_config(config_path)
    database = await open_configured(config)
    try:
        id_ = await _community(database, community)
        asked = Asked(
            community_id=id_,
            programme=asked.programme,
            zone=asked.zone,
            accept_fewer=asked.accept_fewer,
            dry_run=asked.dry_run,
        )
        meetings = Meetings(Voice(load_languages(), lambda: None))
        return await take_all(database, sources, asked, limits_of(config), now=system_now(), meetings=meetings)
    finally:
        await database.close()


async def _community(database: Database, slug: str | None) -> int | None:
    """Whose feeds they are: the named community's, the only one's, or everybody's. Raises `Stop`."""
    async with database.read() as tx:
        rows = (await tx.session.execute(select(Community.id, Community.slug))).all()
    if slug is None:
        if len(rows) > 1:
            names = ", ".join(sorted(row.slug for row in rows))
            raise Stop(_("For which community? Name it with --community: {names}.", names=names))
        return rows[0].id if rows else None
    for row in rows:
        if row.slug == slug:
            return int(row.id)
    raise community_files.unknown([row.slug for row in rows])


async def list_meetings(config_path: Path, community: str | None, wanted: finding.Sought, *, as_json: bool) -> None:
    """Print the meetings that are listed; raises `Stop`."""
    async with existing(config_path) as database:
        told: list[dict[str, Any]] = []
        there_are = 0
        if database is not None:
            id_ = await _community(database, community)
            limited = wanted if as_json or wanted.limit else replace(wanted, limit=LISTED)
            async with database.read() as tx:
                told = [each async for each in finding.as_json(tx, id_, limited, now=system_now())]
                there_are = await finding.count(tx, id_, wanted)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    for each in told:
        days = ", ".join(each["days"]) or str(_("by appointment"))
        typer.echo(f"{each['name']}  {days}  {each['time'] or ''} {each['zone'] or ''}  {each['status']}".rstrip())
    if len(told) < there_are:
        more = _(
            "{shown} of {all}. All of them: --limit {all}; fewer: --text WORDS, --programme aa or --online.",
            shown=len(told),
            all=there_are,
        )
        typer.echo(str(more), err=True)
    if not told and (wanted.text or wanted.programme or wanted.online):
        typer.echo(str(_("No such meeting is listed. Fewer words may find one; without any option, all are listed.")))
    elif not told:
        typer.echo(str(_("There are no meetings. Take some in with: handrail meetings import FILE or ADDRESS")))


async def show_feeds(config_path: Path, *, as_json: bool) -> None:
    """Print which feeds there are, how they were read last, and what they said."""
    async with existing(config_path) as database:
        feeds: list[MeetingFeed] = []
        slugs: dict[int, str] = {}
        if database is not None:
            async with database.read() as tx:
                feeds = list(await tx.session.scalars(select(MeetingFeed).order_by(MeetingFeed.id)))
                rows = await tx.session.execute(select(Community.id, Community.slug))
                slugs = {row.id: row.slug for row in rows}
    if as_json:
        typer.echo(json.dumps([_feed_json(feed, slugs) for feed in feeds], ensure_ascii=False))
        return
    if not feeds:
        typer.echo(str(_("There are no feeds yet. Take one in with: handrail meetings import FILE or ADDRESS")))
        return
    table = Table(show_edge=False, pad_edge=False)
    for heading in (_("Feed"), _("Kind"), _("Programme"), _("Meetings"), _("Read"), _("Problem")):
        table.add_column(str(heading), overflow="fold")
    for feed in feeds:
        read = feed.read_at.strftime("%Y-%m-%d %H:%M") if feed.read_at else str(_("never"))
        table.add_row(short(feed.source), feed.kind, feed.programme or "", str(feed.meetings), read, feed.problem or "")
    Console(highlight=False).print(table)


async def forget(config_path: Path, name: str, community: str | None) -> None:
    """Take a feed out again: by its address, its file's path or name. Raises `Stop` where none or several are meant."""
    async with existing(config_path) as database:
        if database is None:
            raise _no_such_feed()
        async with database.read() as tx:
            feeds = list(await tx.session.scalars(select(MeetingFeed).order_by(MeetingFeed.id)))
            slugs = {row.id: row.slug for row in await tx.session.execute(select(Community.id, Community.slug))}
        if community is not None and community not in slugs.values():
            raise community_files.unknown(sorted(slugs.values()))
        if community is not None:
            feeds = [feed for feed in feeds if slugs.get(feed.community_id or 0) == community]
        meant = [feed for feed in feeds if feed.source in {name, named(name)}]
        meant = meant or [feed for feed in feeds if short(feed.source) == name]
        if not meant:
            raise _no_such_feed()
        if len(meant) > 1:
            first = slugs.get(meant[0].community_id or 0, "ID")
            several = ", ".join(f"{feed.source} ({slugs.get(feed.community_id or 0, '–')})" for feed in meant)
            raise Stop(
                _(
                    "There are several: {feeds}. Name the whole path, or add --community, such as --community {first}.",
                    feeds=several,
                    first=first,
                )
            )
        meetings = Meetings(Voice(load_languages(), lambda: None))
        listed = await forgetting.forget(database, meant[0].id, meetings, now=system_now())
    typer.echo(str(_n("{n} meeting was taken out.", "{n} meetings were taken out.", n=listed)))


def _no_such_feed() -> Stop:
    return Stop(_("There is no feed of that name. What there is: handrail meetings feeds"))


async def write_calendar(config_path: Path, community: str | None, file: Path | None) -> None:
    """Write the community's meetings as a calendar, or print it; raises `Stop`."""
    async with existing(config_path) as database:
        if database is None:
            raise community_files.unknown([])
        id_ = await _community(database, community)
        if id_ is None:
            raise community_files.unknown([])
        async with database.read() as tx:
            text = await calendars.of_community(tx, id_, now=system_now())
    _write(text, file)


def _write(text: str, file: Path | None) -> None:
    """With the standard's line ends, whatever the system's are."""
    if file is None:
        sys.stdout.buffer.write(text.encode())
        sys.stdout.flush()
        return
    try:
        file.write_bytes(text.encode())
    except OSError:
        raise Stop(_("{file} cannot be written.", file=str(file))) from None
    typer.echo(str(_("Written: {file}", file=str(file))), err=True)


def _feed_json(feed: MeetingFeed, slugs: dict[int, str]) -> dict[str, Any]:
    return {
        "id": feed.id,
        "source": feed.source,
        "community": slugs.get(feed.community_id or 0),
        "kind": feed.kind,
        "programme": feed.programme,
        "zone": feed.zone,
        "meetings": feed.meetings,
        "read_at": feed.read_at and feed.read_at.isoformat(),
        "tried_at": feed.tried_at and feed.tried_at.isoformat(),
        "problem": feed.problem,
        "report": feed.report,
    }
