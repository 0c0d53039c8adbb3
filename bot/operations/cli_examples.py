"""Examples under the help of each command of the command line, and the command that shows help."""

from typing import Annotated

import typer
from typer.core import TyperGroup

from bot.core.words import _
from bot.operations.stopping import Stop, told

DAY_ONE = (
    "handrail community apply my-community.toml",
    "handrail check",
    "handrail run",
)
"""What is done on the first day, in this order."""

EXAMPLES = {
    "run": ("handrail run", "handrail --config /etc/handrail/config.toml run"),
    "demo": ("handrail demo", "handrail demo --community my-community.toml"),
    "check": ("handrail check",),
    "help": ("handrail help", "handrail help community apply"),
    "scan": ("handrail scan < messages.txt", "handrail scan --explain"),
    "backtest": ("handrail backtest lobby.json --picture alerts.svg",),
    "community apply": ("handrail community apply my-community.toml",),
    "community export": ("handrail community export my-community out.toml",),
    "community list": ("handrail community list",),
    "community remove": ("handrail community remove sample",),
    "backup": ("handrail backup handrail-monday.db",),
    "db upgrade": ("handrail db upgrade",),
    "lexicon test": ("handrail lexicon test", "handrail lexicon test my-lexicon.toml"),
    "lexicon report": ("handrail lexicon report my-community",),
    "audit export": ("handrail audit export my-community audit.csv",),
    "audit who": ("handrail audit who my-community 17",),
    "meetings verify": ("handrail meetings verify note.txt",),
    "meetings key": ("handrail meetings key",),
    "meetings import": (
        "handrail meetings import https://example.org/meetings.json --programme aa",
        "handrail meetings import meetings.csv --dry-run",
    ),
    "meetings list": ("handrail meetings list --text women --online",),
    "meetings feeds": ("handrail meetings feeds",),
    "meetings forget": ("handrail meetings forget meetings.csv",),
    "meetings calendar": ("handrail meetings calendar meetings.ics",),
    "resources import": ("handrail resources import findtreatment.json --dry-run",),
    "resources export": ("handrail resources export all.json",),
    "resources sources": ("handrail resources sources",),
    "resources forget": ("handrail resources forget findtreatment.json",),
    "resources search": ("handrail resources search food bank --near Oakland --country US",),
}
"""By the words of the command, what somebody types who wants it."""


def add_examples(app: typer.Typer) -> None:
    """Put them under the help of every command; the first day's under that of the whole."""
    app.info.epilog = _shown(str(_("On the first day:")), DAY_ONE)
    app.command("help", help=str(_("Show what a command does, with an example: “help” and its name.")))(show_help)
    _add(app, "")


def _add(app: typer.Typer, before: str) -> None:
    for command in app.registered_commands:
        name = command.name or (command.callback.__name__ if command.callback else "")
        command.epilog = _shown(str(_("For example:")), EXAMPLES[f"{before}{name}"])
    for group in app.registered_groups:
        if group.typer_instance is not None and group.name is not None:
            _add(group.typer_instance, f"{before}{group.name} ")


def _shown(title: str, examples: tuple[str, ...]) -> str:
    return "\n\n".join([title, *examples])  # else they would be joined into one line


def show_help(
    context: typer.Context,
    command: Annotated[
        list[str] | None, typer.Argument(help=str(_("The command, such as “community apply”.")), metavar="COMMAND…")
    ] = None,
) -> None:
    """Show the help of a command, or of all."""
    assert context.parent is not None  # noqa: S101  it is a command of the whole
    at = context.parent
    with told(debug=False):
        for word in command or ():
            found = at.command.get_command(at, word) if isinstance(at.command, TyperGroup) else None
            if found is None:
                words = " ".join(command or ())
                raise Stop(_("There is no command “{words}”. “handrail help” lists all of them.", words=words))
            at = typer.Context(found, info_name=word, parent=at)
    if text := at.get_help():
        typer.echo(text)
