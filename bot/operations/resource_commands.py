"""`handrail resources import | export | search`: what they print and write."""

import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from bot.app import load_resources
from bot.core.countries import country_of_name
from bot.core.resources import Found, Resource, describe
from bot.core.resources.export import to_hsds
from bot.core.resources.parse import parse_checked
from bot.core.resources.records import Reading, Record, read_record
from bot.core.words import _, _n
from bot.operations import community_files
from bot.operations.opening import database_is_there, open_config, open_configured
from bot.operations.resource_files import records_in
from bot.operations.stopping import FAILED, Stop
from bot.scheduling.clock import system_now
from bot.services import directory
from bot.services.directory import Report
from bot.services.resources import Asked, Page
from bot.storage.database import Database
from bot.storage.tables import Community

HELPLINES = "helplines"
"""The source's name of what ships with the bot."""

_SHOWN_REFUSALS = 10
"""Refused records that are shown to a person; the rest is counted, and stands in the report as JSON."""


async def import_files(
    config: Path,
    files: list[Path],
    *,
    source: str | None,
    community: str | None,
    country: str | None,
    checked: str | None,
    dry_run: bool,
    even_if_fewer: bool,
    as_json: bool,
) -> int:
    """Import each file as a source, or all as the one called `source`; the exit code.

    Raises `Stop` for what was typed wrong.
    """
    now = system_now()
    reports: list[Report] = []
    async with _database(config, make=not dry_run) as database:
        community_id = await _community_id(database, community)
        reading = await _reading(database, now, country=country, checked=checked)
        of_sources = {source: files} if source else {file.resolve().name: [file] for file in files}
        if sum(map(len, of_sources.values())) < len(files):
            raise Stop(
                _("Two of the files have the same name. Import one of them with --source and a name of its own.")
            )
        for name, of_source in of_sources.items():
            report = await directory.import_source(
                database,
                name,
                _records(of_source, reading),
                now=now,
                community_id=community_id,
                dry_run=dry_run,
                even_if_fewer=even_if_fewer,
            )
            reports.append(report)
    if as_json:
        _print({"sources": [report.as_json() for report in reports], "dry_run": dry_run})
    else:
        _show(reports, Console(highlight=False), dry_run=dry_run)
    return FAILED if any(report.error for report in reports) else 0


def _records(files: list[Path], reading: Reading) -> Iterator[Record]:
    """The records of all files; of several, their numbers go on from one to the next."""
    before = last = 0
    for file in files:
        for number, raw in records_in(file):
            last = before + number
            yield from read_record(last, raw, reading)
        before = last


async def _reading(database: Database | None, now: datetime, *, country: str | None, checked: str | None) -> Reading:
    code = country_of_name(country) if country else await _only_country(database)
    if code is None:
        raise Stop(_("The country is not known. Write it as two letters, such as GB."))
    try:
        day, precision = parse_checked(checked or "")
    except ValueError:
        raise Stop(_("The date of checking must look like 2026-03-31, 2026-03 or 2026.")) from None
    return Reading(today=now.date(), country=code, checked=day, precision=precision, known=load_resources().known)


async def _only_country(database: Database | None) -> str:
    """The country of all communities here, for records that name none; "" if there are several, or none."""
    if database is None:
        return ""
    async with database.read() as tx:
        found = list(await tx.session.scalars(select(Community.country).distinct().limit(2)))
    return found[0] if len(found) == 1 else ""


def _show(reports: list[Report], console: Console, *, dry_run: bool) -> None:
    table = Table(show_edge=False, pad_edge=False)
    table.add_column(str(_("Source")))
    for name in (_("records"), _("added"), _("changed"), _("unchanged"), _("gone"), _("refused")):
        table.add_column(str(name), justify="right")
    for report in reports:
        counts = (report.records, report.added, report.changed, report.unchanged, report.gone, report.refused_count)
        table.add_row(report.source, *map(str, counts))
    console.print(table)
    for report in reports:
        for number, reason in report.refused[:_SHOWN_REFUSALS]:
            console.print(f"{report.source}, {number}: {reason}", markup=False)
        more = report.refused_count - _SHOWN_REFUSALS
        if more > 0:
            console.print(str(_("{source}: {n} more were refused; --json lists them.", source=report.source, n=more)))
        if report.error:
            console.print(f"{report.source}: {report.error}", markup=False)
    if dry_run:
        console.print(str(_("Nothing was changed: this was a trial.")))


async def list_sources(config: Path, *, as_json: bool) -> None:
    """Print what was imported: how much of each source is shown, since when, and how much was refused."""
    found: list[dict[str, Any]] = []
    async with _database(config, make=False) as database:
        if database is not None:
            async with database.read() as tx:
                slugs = {row.id: row.slug for row in await tx.session.execute(select(Community.id, Community.slug))}
                for source, shown in await directory.sources(tx):
                    found.append(
                        {
                            "source": source.name,
                            "community": slugs.get(source.community_id or 0),
                            "services": shown,
                            "imported": source.imported_at.date().isoformat(),
                            "report": source.report,
                        }
                    )
    if as_json:
        _print({"sources": found})
        return
    table = Table(show_edge=False, pad_edge=False)
    for name in (_("Source"), _("Community"), _("services"), _("refused"), _("last import")):
        table.add_column(str(name))
    for row in found:
        refused = str(row["report"].get("refused_count", 0))
        table.add_row(row["source"], row["community"] or "–", str(row["services"]), refused, row["imported"])
    Console(highlight=False).print(table if found else str(_("Nothing was imported yet.")))


async def forget(config: Path, source: str, *, community: str | None) -> None:
    """Take a source out again. Raises `Stop` if there is none of that name."""
    async with _database(config, make=False) as database:
        if database is None:
            raise Stop(_("There is no source of that name. What there is: handrail resources sources"))
        try:
            shown = await directory.forget(database, source, await _community_id(database, community))
        except LookupError:
            raise Stop(_("There is no source of that name. What there is: handrail resources sources")) from None
    sys.stdout.write(str(_n("{n} service was taken out.", "{n} services were taken out.", n=shown)) + "\n")


async def export(config: Path, path: Path | None, *, source: str | None) -> None:
    """Write services as an array of HSDS 3.0, one by one, to a new file or standard output."""
    async with _database(config, make=False) as database:
        if path is None:
            await _write(database, source, sys.stdout)
            return
        try:
            with path.open("x", encoding="utf-8") as opened:
                await _write(database, source, opened)
        except FileExistsError:
            raise Stop(_("{file} is there already; nothing was overwritten.", file=str(path))) from None


async def _write(database: Database | None, source: str | None, to: TextIO) -> None:
    between = "[\n"
    async for resource in _every(database, source):
        to.write(between + json.dumps(to_hsds(resource), ensure_ascii=False))
        between = ",\n"
    to.write("[]\n" if between == "[\n" else "\n]\n")


async def _every(database: Database | None, source: str | None) -> AsyncIterator[Resource]:
    if source in {None, HELPLINES}:
        for helpline in load_resources().helplines:
            yield helpline
    if database is not None and source != HELPLINES:
        async with database.read() as tx:
            async for resource in directory.exported(tx, source):
                yield resource


async def search(
    config: Path,
    words: str,
    *,
    country: str | None,
    near: str | None,
    topic: str | None,
    language: str | None,
    page: int,
    as_json: bool,
) -> None:
    """Print what a member of any community here would find."""
    code = None if country is None else country_of_name(country)
    if country is not None and code is None:
        raise Stop(_("The country is not known. Write it as two letters, such as GB."))
    resources = load_resources()
    async with _database(config, make=False) as database:
        code = code or await _only_country(database) or None
        asked = Asked(
            words=words, country=code, place=near, topic=topic, language=language, at=system_now().astimezone()
        )
        found = await resources.find_anywhere(database, asked, page=page - 1)
    if as_json:
        results = list(map(_plain, found.found))
        _print({"words": words, "country": code, "page": page, "more": bool(found.more), "results": results})
    else:
        _show_found(found, Console(highlight=False), page)


def _plain(match: Found) -> dict[str, Any]:
    """An answer as JSON values: what a program needs to show it."""
    one = match.resource
    phones = [{"number": p.number, "type": p.kind or "voice", "note": p.note} for p in one.more_phones]
    return {
        "name": one.name,
        "organization": one.organization or None,
        "phone": one.phone or None,
        "text": one.text_to or None,
        "more_phones": phones,
        "chat": one.chat_url or None,
        "link": one.link or None,
        "email": one.email or None,
        "address": ", ".join(filter(None, (one.address, one.city, one.state, one.postcode))) or None,
        "country": one.country or None,
        "area": one.region or None,
        "hours": one.hours or None,
        "languages": list(one.languages),
        "topics": list(one.topics),
        "eligibility": one.eligibility or None,
        "cost": one.cost or None,
        "note": one.note or None,
        "replaces": list(one.former),
        "source": one.source or None,
        "last_verified": one.checked.isoformat() if one.checked else None,
        "confirmed": one.confirmed,
        "why": str(match.why),
    }


def _show_found(page: Page, console: Console, number: int) -> None:
    today = system_now().date()
    for match in page.found:
        field = describe(match.resource, today=today, why=match.why)
        console.print(f"[bold]{_escaped(str(field.name))}[/]")
        console.print(f"{field.value}\n", markup=False)
    if not page.found:
        console.print(
            str(_("I found nothing for that. Other directories are taken in with: handrail resources import FILE"))
        )
    elif page.more:
        console.print(str(_("And {n} more: --page {number}", n=page.more, number=number + 1)))


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")


def _is_there(config: Path) -> bool:
    return config.exists() and database_is_there(open_config(config))


@asynccontextmanager
async def _database(config: Path, *, make: bool) -> AsyncIterator[Database | None]:
    """The configured database; None if there is none and none is to be made: looking makes none."""
    if not make and not _is_there(config):
        yield None
        return
    database = await open_configured(open_config(config))
    try:
        yield database
    finally:
        await database.close()


async def _community_id(database: Database | None, slug: str | None) -> int | None:
    """The community that alone is to have a source; None: all. Raises `Stop` if there is none of that id."""
    if slug is None:
        return None
    if database is None:
        raise community_files.unknown([])
    async with database.read() as tx:
        found = await tx.session.scalar(select(Community.id).where(Community.slug == slug))
    if found is None:
        raise community_files.unknown([id_ for id_, _name in await community_files.listed(database)])
    return found


def _print(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
