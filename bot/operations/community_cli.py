"""`handrail community …`: its commands as typed. What they do is imported only when one is chosen, as in `bot.cli`."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.core.words import _
from bot.operations.resource_cli import AsJson, Given
from bot.operations.stopping import told

community_app = typer.Typer(no_args_is_help=True, help=str(_("Describe your community in a file, and apply it.")))


@community_app.command("apply", help=str(_("Show what the file would change, and change it once you agree.")))
def community_apply(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help=str(_("The community's TOML file.")), metavar="FILE")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help=str(_("Change it without asking.")))] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help=str(_("Print JSON, for a program; without --yes, nothing is changed.")))
    ] = False,
) -> None:
    """Apply a community's file."""
    given: Given = context.obj
    with told(debug=given.debug):
        from bot.operations.community_commands import apply

        asyncio.run(apply(given.config, file, yes=yes, as_json=as_json))


@community_app.command("remove", help=str(_("Remove a community with its people, cases, meetings and all they wrote.")))
def community_remove(
    context: typer.Context,
    community: Annotated[str, typer.Argument(help=str(_("Its id.")), metavar="ID")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help=str(_("Remove it without asking.")))] = False,
    even_with_open_cases: Annotated[
        bool, typer.Option("--even-with-open-cases", help=str(_("Even while somebody in it is waiting for help.")))
    ] = False,
) -> None:
    """Remove a community."""
    given: Given = context.obj
    with told(debug=given.debug):
        from bot.operations.community_commands import remove

        asyncio.run(remove(given.config, community, yes=yes, even_with_open_cases=even_with_open_cases))


@community_app.command("export", help=str(_("Write a community as a file, which “apply” reads.")))
def community_export(
    context: typer.Context,
    community: Annotated[str, typer.Argument(help=str(_("Its id.")), metavar="ID")],
    file: Annotated[Path | None, typer.Argument(help=str(_("A new file; else it is printed.")), metavar="FILE")] = None,
) -> None:
    """Export a community."""
    given: Given = context.obj
    with told(debug=given.debug):
        from bot.operations.community_commands import export

        asyncio.run(export(given.config, community, file))


@community_app.command("list", help=str(_("The communities there are.")))
def community_list(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List the communities."""
    given: Given = context.obj
    with told(debug=given.debug):
        from bot.operations.community_commands import show_list

        asyncio.run(show_list(given.config, as_json=as_json))
