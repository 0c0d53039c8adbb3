"""`handrail community apply | export | list`: what they print and ask."""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import typer

from bot.core.community import dump_community
from bot.core.words import _, _n
from bot.operations import community_files
from bot.operations.community_files import Wanted
from bot.operations.opening import database_is_there, open_config, open_configured
from bot.operations.stopping import Stop
from bot.services.communities import Change
from bot.services.removing import held
from bot.storage.database import Database


async def apply(config_path: Path, path: Path, *, yes: bool, as_json: bool) -> None:
    """Show what the file would change; change it with `yes`, or if the person at the terminal agrees."""
    wanted = community_files.read_community(path)
    async with _opened(config_path) as database:
        changes = await community_files.plan(database, wanted)
        if not as_json:
            _show(changes, wanted)
        agreed = bool(changes) and (yes or (not as_json and _agrees()))
        if agreed:
            await community_files.apply(database, wanted)
    if as_json:
        _print_json(changes, wanted, applied=agreed)
    elif agreed:
        typer.echo(str(_("Done. A running bot goes by it from now on.")))
    elif changes:
        typer.echo(str(_("Nothing was changed.")))


def _show(changes: list[Change], wanted: Wanted) -> None:
    for line in community_files.as_lines(changes, wanted):
        typer.echo(line)
    for warning in wanted.warnings:
        typer.echo(f"! {warning}")
    if not changes:
        typer.echo(str(_("Nothing to change: {id} is as the file says.", id=wanted.file.id)))


def _agrees() -> bool:
    """Ask; raises `Stop` where nobody can be asked."""
    if not sys.stdin.isatty():
        raise Stop(_("Nothing was changed: there is nobody to ask. To change it without asking, add --yes."))
    return typer.confirm(str(_("Change this?")))


def _print_json(changes: list[Change], wanted: Wanted, *, applied: bool) -> None:
    typer.echo(
        json.dumps(
            {
                "community": wanted.file.id,
                "changes": [{"sign": change.sign, "what": str(change.what)} for change in changes],
                "refused": [{"row": row.row, "reason": str(row.reason)} for row in wanted.refused],
                "refused_rules": list(wanted.refused_rules),
                "warnings": list(wanted.warnings),
                "applied": applied,
            },
            ensure_ascii=False,
        )
    )


async def export(config_path: Path, slug: str, path: Path | None) -> None:
    """Print a community's file, or write it."""
    async with existing(config_path) as database:
        if database is None:
            raise community_files.unknown([])
        exported = await community_files.export(database, slug)
    if path is None:
        typer.echo(dump_community(exported.file), nl=False)
        return
    for written in community_files.write_export(path, exported):
        typer.echo(str(_("Written: {file}", file=str(written))))


async def show_list(config_path: Path, *, as_json: bool) -> None:
    """Print the communities there are."""
    async with existing(config_path) as database:
        found = [] if database is None else await community_files.listed(database)
    if as_json:
        typer.echo(json.dumps([{"id": slug, "name": name} for slug, name in found], ensure_ascii=False))
        return
    for slug, name in found:
        typer.echo(f"{slug}  {name}")
    if not found:
        typer.echo(str(_("There is no community yet. Describe yours in a file: handrail community apply FILE")))


async def remove(config_path: Path, slug: str, *, yes: bool, even_with_open_cases: bool) -> None:
    """Say what goes with a community, and remove it with `yes`, or if its id is typed. Raises `Stop`."""
    async with existing(config_path) as database:
        if database is None:
            raise community_files.unknown([])
        async with database.read() as tx:
            there = await held(tx, slug)
        if there is None:
            raise community_files.unknown([id_ for id_, _name in await community_files.listed(database)])
        if there.open_cases and not even_with_open_cases:
            raise Stop(
                _n(
                    "{n} person in this community is waiting for help, or talking with a peer. Nothing was removed."
                    " Let the peers end the case first, or add --even-with-open-cases.",
                    "{n} people in this community are waiting for help, or talking with a peer. Nothing was removed."
                    " Let the peers end the cases first, or add --even-with-open-cases.",
                    n=there.open_cases,
                )
            )
        typer.echo(
            str(
                _(
                    "{name} ({id}) would be removed with {members} people and all that they told the bot, {cases} cases"
                    " with what was said and the log of who did what, {meetings} meetings and {sources} imported lists"
                    " of its own. It cannot be taken back. Messages and events that stand in its rooms stay there.",
                    name=there.name,
                    id=slug,
                    members=there.members,
                    cases=there.cases,
                    meetings=there.meetings,
                    sources=there.sources,
                )
            )
        )
        if not (yes or _types(slug)):
            typer.echo(str(_("Nothing was removed.")))
            return
        await community_files.remove(database, there.id)
    typer.echo(str(_("Removed: {id}. A running bot goes by it from now on.", id=slug)))


def _types(slug: str) -> bool:
    """Whether the person at the terminal types the id; raises `Stop` where nobody can be asked."""
    if not sys.stdin.isatty():
        raise Stop(_("Nothing was removed: there is nobody to ask. To remove it without asking, add --yes."))
    typed: str = typer.prompt(str(_("To remove it, type its id")), default="", show_default=False)
    return typed.strip() == slug


@asynccontextmanager
async def _opened(config_path: Path) -> AsyncIterator[Database]:
    database = await open_configured(open_config(config_path))
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def existing(config_path: Path) -> AsyncIterator[Database | None]:
    """The database; None if there is none yet: looking does not make one."""
    if not database_is_there(open_config(config_path)):
        yield None
        return
    async with _opened(config_path) as database:
        yield database
