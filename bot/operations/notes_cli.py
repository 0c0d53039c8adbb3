"""`handrail meetings verify | key`, as typed. What they do is imported only when one is chosen, as in `bot.cli`."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.core.words import _
from bot.operations.resource_cli import AsJson, Given
from bot.operations.stopping import told


def add_notes(meetings: typer.Typer) -> None:
    """Add the commands to those of `handrail meetings`."""
    help_of_verify = _("Say whether a note of attendance is genuine: signed by one of your communities, and unchanged.")
    meetings.command("verify", help=str(help_of_verify))(_verify)
    help_of_key = _("The public key by which others can check your communities' notes: handrail meetings verify --key.")
    meetings.command("key", help=str(help_of_key))(_key)


def _verify(
    context: typer.Context,
    note: Annotated[Path, typer.Argument(help=str(_("The note's file; - reads it from here.")), metavar="NOTE")],
    *,
    key: Annotated[
        str | None,
        typer.Option(help=str(_("The community's public key; then no configuration is needed.")), metavar="KEY"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify a note."""
    given: Given = context.obj
    with told(debug=given.debug):
        from bot.operations.notes import verify

        is_valid = asyncio.run(verify(given.config, note, key, as_json=as_json))
    if not is_valid:
        raise typer.Exit(1)


def _key(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show the keys."""
    given: Given = context.obj
    with told(debug=given.debug):
        from bot.operations.notes import show_keys

        asyncio.run(show_keys(given.config, as_json=as_json))
