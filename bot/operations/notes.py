"""`handrail meetings verify | key`: whether a note of attendance is genuine, and by which key others can tell."""

import json
import sys
from pathlib import Path

import typer
from cryptography.exceptions import InvalidSignature
from sqlalchemy import select

from bot.core import attendance
from bot.core.words import _
from bot.operations.community_commands import existing
from bot.operations.stopping import Stop
from bot.services.hosting.attendance import keys
from bot.storage.tables import Community

STDIN = "-"
_BYTES = 4 * attendance.NOTE_LIMIT


async def verify(config_path: Path, note: Path, key: str | None, *, as_json: bool) -> bool:
    """Say whether the note is genuine; raises `Stop` where that cannot be told."""
    text = _read(note)
    trusted = {key.strip(): ""} if key else {k: slug for slug, k in (await _keys(config_path)).items()}
    if not trusted:
        raise Stop(_("There is no community here whose note it could be. Give its public key with --key."))
    community = said = problem = ""
    try:
        signed = attendance.read(text)
    except attendance.NoNote:
        problem = str(_("there is no note with a signature in it"))
    except InvalidSignature:
        problem = str(_("something in it was changed"))
    else:
        said = signed.body
        if signed.key not in trusted:
            problem = str(_("it was signed with another key"))
        community = trusted.get(signed.key, "")
    valid = not problem
    if as_json:
        told = {"valid": valid, "community": community or None, "problem": problem or None}
        typer.echo(json.dumps(told, ensure_ascii=False))
    elif valid:
        typer.echo(str(_("Valid. It says:\n\n{note}", note=said)))
    else:
        typer.echo(str(_("Invalid: {problem}.", problem=problem)))
    return valid


def _read(note: Path) -> str:
    try:
        if str(note) == STDIN:
            data = sys.stdin.buffer.read(_BYTES)
        else:
            with note.open("rb") as opened:
                data = opened.read(_BYTES)
    except OSError:
        raise Stop(_("{file} cannot be read.", file=note.name)) from None
    return data.decode(errors="replace")


async def show_keys(config_path: Path, *, as_json: bool) -> None:
    """Print each community's public key; raises `Stop`."""
    found = await _keys(config_path)
    if as_json:
        typer.echo(json.dumps(found))
        return
    for slug, key in found.items():
        typer.echo(f"{slug}  {key}")
    if not found:
        typer.echo(str(_("There is no community yet.")))


async def _keys(config_path: Path) -> dict[str, str]:
    async with existing(config_path) as database:
        if database is None:
            return {}
        async with database.read() as tx:
            slugs = list(await tx.session.scalars(select(Community.slug).order_by(Community.slug)))
        return keys(database.vault, slugs)
