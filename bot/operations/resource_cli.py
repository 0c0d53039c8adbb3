"""`handrail resources …`: its commands as typed. What they do is imported only when one is chosen, as in `bot.cli`."""

import asyncio
from pathlib import Path
from typing import Annotated, Literal, Protocol

import typer

from bot.core.words import _
from bot.operations.stopping import told

resources_app = typer.Typer(no_args_is_help=True, help=str(_("Bring in services of other directories, and find them.")))

AsJson = Annotated[bool, typer.Option("--json", help=str(_("Print JSON, for a program.")))]


class Given(Protocol):
    """The options that stand before the command, as `bot.cli` takes them."""

    @property
    def config(self) -> Path:
        """The configuration's path."""

    @property
    def debug(self) -> bool:
        """Whether tracebacks are shown."""


@resources_app.command(
    "import",
    help=str(
        _(
            "Bring services in from files: HSDS 3.0 (JSON, or a folder with its tables), FindTreatment.gov exports,"
            " helplines, any CSV with a “name”. Each file is a source; importing it again brings it up to date."
        )
    ),
)
def resources_import(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help=str(_("The files or folders.")), metavar="FILE…")],
    *,
    source: Annotated[str | None, typer.Option(help=str(_("The source's name; else the file's.")))] = None,
    community: Annotated[
        str | None, typer.Option(help=str(_("For this community only; else for all here.")), metavar="ID")
    ] = None,
    country: Annotated[str | None, typer.Option(help=str(_("The country of records that name none.")))] = None,
    checked: Annotated[
        str | None, typer.Option(help=str(_("When the list was last checked, if it does not say: 2026-03.")))
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=str(_("Only say what would change.")))] = False,
    even_if_fewer: Annotated[
        bool, typer.Option("--even-if-fewer", help=str(_("Even if it holds less than half of what it held.")))
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Import resources."""
    given: Given = context.obj
    with told(debug=given.debug):
        from bot.operations.resource_commands import import_files

        code = asyncio.run(
            import_files(
                given.config,
                files,
                source=source,
                community=community,
                country=country,
                checked=checked,
                dry_run=dry_run,
                even_if_fewer=even_if_fewer,
                as_json=as_json,
            )
        )
    if code:
        raise typer.Exit(code)


@resources_app.command("export", help=str(_("Write all services and helplines as HSDS 3.0 (JSON).")))
def resources_export(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help=str(_("A new file; else it is printed.")), metavar="FILE")] = None,
    *,
    source: Annotated[
        str | None, typer.Option(help=str(_("Only this source; “helplines” is what ships with the bot.")))
    ] = None,
    form: Annotated[Literal["hsds"], typer.Option("--format", help=str(_("The format: hsds.")))] = "hsds",
) -> None:
    """Export resources."""
    given: Given = context.obj
    with told(debug=given.debug):
        from bot.operations.resource_commands import export

        asyncio.run(export(given.config, file, source=source))


@resources_app.command("sources", help=str(_("What was imported, how much of it is shown, and how much was refused.")))
def resources_sources(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List the sources."""
    given: Given = context.obj
    with told(debug=given.debug):
        from bot.operations.resource_commands import list_sources

        asyncio.run(list_sources(given.config, as_json=as_json))


@resources_app.command("forget", help=str(_("Take a source out again, with all its services.")))
def resources_forget(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help=str(_("Its name.")), metavar="SOURCE")],
    *,
    community: Annotated[
        str | None, typer.Option(help=str(_("The community it was imported for.")), metavar="ID")
    ] = None,
) -> None:
    """Forget a source."""
    given: Given = context.obj
    with told(debug=given.debug):
        from bot.operations.resource_commands import forget

        asyncio.run(forget(given.config, source, community=community))


@resources_app.command("search", help=str(_("Find helplines and services by need, in your own words.")))
def resources_search(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(help=str(_("What is needed.")), metavar="WORDS…")],
    *,
    country: Annotated[str | None, typer.Option(help=str(_("In this country.")))] = None,
    near: Annotated[str | None, typer.Option(help=str(_("In this town, state or postcode.")))] = None,
    topic: Annotated[str | None, typer.Option(help=str(_("For this topic, such as detox.")))] = None,
    language: Annotated[str | None, typer.Option(help=str(_("In this language, such as es.")))] = None,
    page: Annotated[int, typer.Option(min=1, help=str(_("Which page of the answers, from 1.")))] = 1,
    as_json: AsJson = False,
) -> None:
    """Search resources."""
    given: Given = context.obj
    with told(debug=given.debug):
        from bot.operations.resource_commands import search

        asyncio.run(
            search(
                given.config,
                " ".join(words),
                country=country,
                near=near,
                topic=topic,
                language=language,
                page=page,
                as_json=as_json,
            )
        )
