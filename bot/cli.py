"""The command line. What the commands do is imported only when one is chosen, so that `--help` comes at once."""

import asyncio
import gc
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.core.words import _
from bot.memory import spare_memory
from bot.operations.cli_examples import add_examples
from bot.operations.community_cli import community_app
from bot.operations.notes_cli import add_notes
from bot.operations.resource_cli import resources_app
from bot.operations.stopping import FAILED, Stop, told

if TYPE_CHECKING:
    from bot.core.crisis import Lexicon
    from bot.operations.community_files import Wanted

DEFAULT_CONFIG = Path("config.toml")

app = typer.Typer(
    name="handrail",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help=str(
        _(
            "A bot for recovery communities: check-ins, meeting reminders, helplines, and a human peer when somebody"
            " is in danger.\n\nNew here? Try “handrail demo”: several people in one terminal, no account needed."
        )
    ),
)
db_app = typer.Typer(no_args_is_help=True, help=str(_("Look after the database.")))
lexicon_app = typer.Typer(no_args_is_help=True, help=str(_("Look after the rules by which danger is heard.")))
meetings_app = typer.Typer(no_args_is_help=True, help=str(_("Take in meetings that others publish, and list them.")))
app.add_typer(community_app, name="community")
app.add_typer(db_app, name="db")
audit_app = typer.Typer(no_args_is_help=True, help=str(_("See who did what in the cases of a community.")))
app.add_typer(lexicon_app, name="lexicon")
app.add_typer(audit_app, name="audit")
app.add_typer(meetings_app, name="meetings")
add_notes(meetings_app)
app.add_typer(resources_app, name="resources")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What stands before the command. `chosen`: the configuration's path was given."""

    config: Path
    chosen: bool
    debug: bool


AsJson = Annotated[bool, typer.Option("--json", help=str(_("Print JSON, for a program.")))]
OwnRules = Annotated[
    Path | None,
    typer.Option("--lexicon", help=str(_("Your own rules, beside the built-in ones.")), metavar="FILE"),
]


@app.callback()
def options(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option(help=str(_("The configuration file (config.toml).")), metavar="PATH")
    ] = None,
    debug: Annotated[
        bool, typer.Option("--debug", help=str(_("Log everything, and show tracebacks. They may quote people.")))
    ] = False,
) -> None:
    """Take the options that stand before the command."""
    context.obj = Options(config=config or DEFAULT_CONFIG, chosen=config is not None, debug=debug)


@app.command(help=str(_("Run the bot on every platform that config.toml turns on, until Ctrl-C.")))
def run(context: typer.Context) -> None:
    """Run the bot."""
    given: Options = context.obj
    spare_memory()
    try:
        with told(debug=given.debug):
            from bot.operations.logs import set_up_logs
            from bot.operations.opening import open_config
            from bot.operations.running import run as run_bot

            config = open_config(given.config)
            set_up_logs(config.log.level, debug=given.debug)
            asyncio.run(run_bot(config))
    finally:
        gc.enable()


@app.command(
    help=str(
        _(
            "Try everything in this terminal: several people of a sample community, and a clock that you move."
            "\n\nWith a script on standard input, one line each, every message of the bot is printed as a line of"
            ' JSON:\n\nalice@lobby: text · sam clicks "I\'m on it" · /advance 8h'
        )
    )
)
def demo(
    context: typer.Context,
    community: Annotated[
        Path | None, typer.Option(help=str(_("Your own community's file instead of the sample.")), metavar="FILE")
    ] = None,
) -> None:
    """Play a community through."""
    given: Options = context.obj
    with told(debug=given.debug):
        from bot.operations.community_files import read_community
        from bot.operations.logs import set_up_logs
        from bot.operations.terminal.lines import is_terminal

        set_up_logs("warning", debug=given.debug)
        wanted = None if community is None else read_community(community)
        (_talk if is_terminal() else _play)(wanted)


def _talk(community: "Wanted | None") -> None:
    from rich.console import Console

    from bot.operations.terminal.demo import talk
    from bot.operations.terminal.lines import read_lines, standard_input

    asyncio.run(talk(read_lines(standard_input()), Console(highlight=False), community))


def _play(community: "Wanted | None") -> None:
    from bot.operations.demo import run_script
    from bot.operations.terminal.lines import lines_of, standard_input

    error = asyncio.run(run_script(lines_of(standard_input()), sys.stdout, community))
    if error is not None:
        raise Stop(error)


@app.command(
    help=str(
        _("See whether everything is set up well: one line for each finding, with what to do. Exit code 1: broken.")
    )
)
def check(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Check this installation."""
    given: Options = context.obj
    with told(debug=given.debug):
        from bot.operations.checking import check as find
        from bot.operations.logs import set_up_logs

        set_up_logs("error", debug=given.debug)
        findings = asyncio.run(find(given.config, chosen=given.chosen))
        broken = any(finding.level == "broken" for finding in findings)
        if as_json:
            found = [{"level": f.level, "what": f.what, "mend": f.mend} for f in findings]
            _print_json({"findings": found, "broken": broken})
        else:
            from bot.operations.findings import show_findings

            show_findings(findings)
    if broken:
        raise typer.Exit(FAILED)


@audit_app.command("export", help=str(_("Write the log of every page, look and action as CSV: numbers, no words.")))
def audit_export(
    context: typer.Context,
    community: Annotated[
        str | None, typer.Argument(help=str(_("Its id; not needed where there is only one.")), metavar="ID")
    ] = None,
    file: Annotated[Path | None, typer.Argument(help=str(_("A new file; else it is printed.")), metavar="FILE")] = None,
) -> None:
    """Export the audit log."""
    given: Options = context.obj
    with told(debug=given.debug):
        from bot.operations.audit import export

        lines = asyncio.run(export(given.config, community, file))
        if file is not None:
            _tell(str(_("Written: {file}, {n} lines", file=str(file), n=lines)))


@audit_app.command("who", help=str(_("Say who has a number of the log. That it was asked is in the log from then on.")))
def audit_who(
    context: typer.Context,
    community: Annotated[str, typer.Argument(help=str(_("Its id.")), metavar="ID")],
    number: Annotated[int, typer.Argument(help=str(_("A number of the columns actor or member.")), metavar="NUMBER")],
) -> None:
    """Look up whose number it is."""
    given: Options = context.obj
    with told(debug=given.debug):
        from bot.operations.audit import tell_who

        asyncio.run(tell_who(given.config, community, number))


@db_app.command("upgrade", help=str(_("Bring the database to the newest version. “run” does so, too.")))
def db_upgrade(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Run the migrations."""
    given: Options = context.obj
    with told(debug=given.debug):
        from bot.operations.opening import open_config, upgrade_configured

        upgraded = asyncio.run(upgrade_configured(open_config(given.config)))
        if as_json:
            _print_json({"upgraded": upgraded})
        elif upgraded:
            typer.echo(str(_("The database was brought to the newest version.")))
        else:
            typer.echo(str(_("The database is of the newest version already.")))


@app.command(help=str(_("Copy the database into a new file, while the bot runs; the key is not in it.")))
def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help=str(_("The new file, such as handrail-2026-11-23.db.")), metavar="FILE")],
) -> None:
    """Back the database up."""
    given: Options = context.obj
    with told(debug=given.debug):
        from bot.operations.backup import back_up, tell
        from bot.operations.opening import open_config

        config = open_config(given.config)
        back_up(config, file)
        tell(config, file)


@app.command(
    help=str(
        _(
            "Say what is heard in each message on standard input: one message a line, or JSON lines with “id” and"
            " “text”. A line in, a line of JSON out. Nothing is stored."
        )
    )
)
def scan(
    context: typer.Context,
    *,
    explain: Annotated[
        bool, typer.Option("--explain", help=str(_("Show it to a person, with the words marked.")))
    ] = False,
    lexicon: OwnRules = None,
) -> None:
    """Scan messages."""
    given: Options = context.obj
    with told(debug=given.debug):
        from bot.operations.lexicon import detector_with
        from bot.operations.scan import explained, json_lines
        from bot.operations.scan import scan as scan_lines
        from bot.operations.scan_lines import standard_input

        own, well = _own_rules(lexicon)
        source = standard_input()
        if explain:
            from rich.console import Console

            show = explained(Console(highlight=False))
        else:
            show = json_lines(sys.stdout)
        if source is not None:
            well = scan_lines(source, detector_with(own), show, _tell) and well
    if not well:
        raise typer.Exit(FAILED)


@app.command(
    help=str(
        _(
            "Say how many alerts there would have been in your community's own history: exports as JSON by"
            " DiscordChatExporter or Element, or JSON lines with “text”, “at” and “author”. Nothing is stored, no"
            " message is shown."
        )
    )
)
def backtest(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help=str(_("The files.")), metavar="FILE…")],
    *,
    picture: Annotated[
        Path | None, typer.Option(help=str(_("Draw alerts a week: a name in .svg or .png.")), metavar="FILE")
    ] = None,
    lexicon: OwnRules = None,
    as_json: AsJson = False,
) -> None:
    """Try the ear on a history."""
    given: Options = context.obj
    with told(debug=given.debug):
        from rich.console import Console

        from bot.operations import backtest as backtesting
        from bot.operations.backtest_files import Notes
        from bot.operations.backtest_picture import check_picture, draw
        from bot.operations.backtest_report import show
        from bot.operations.lexicon import detector_with

        if picture is not None:
            check_picture(picture)
        own, well = _own_rules(lexicon)
        notes = Notes()
        tally = backtesting.backtest(files, detector_with(own), notes, Console(stderr=True))
        for problem in notes.told:
            _tell(problem)
        if as_json:
            typer.echo(backtesting.as_json(tally, notes))
        else:
            show(tally, notes, Console(highlight=False))
        if picture is not None:
            draw(tally, picture)
            _tell(str(_("Written: {file}", file=str(picture))))
    if notes.problems or not well:
        raise typer.Exit(FAILED)


@lexicon_app.command(
    "test", help=str(_("Run every rule's own examples: of the built-in rules, or of your own file beside them."))
)
def lexicon_test(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help=str(_("Your own rules; else the built-in ones.")), metavar="FILE")
    ] = None,
) -> None:
    """Test lexicons."""
    given: Options = context.obj
    with told(debug=given.debug):
        from bot.operations.lexicon import lines_of, run_examples

        tested = run_examples(file)
        for line in lines_of(tested):
            typer.echo(str(line))
    if tested.problems or tested.failed:
        raise typer.Exit(FAILED)


@lexicon_app.command(
    "report", help=str(_("Say how often each rule was right in a community, by what peers said of their cases."))
)
def lexicon_report(
    context: typer.Context,
    community: Annotated[str, typer.Argument(help=str(_("Its id.")), metavar="ID")],
    *,
    as_json: AsJson = False,
) -> None:
    """Report on the rules."""
    given: Options = context.obj
    with told(debug=given.debug):
        from rich.console import Console

        from bot.operations.lexicon_report import report

        asyncio.run(report(given.config, community, Console(highlight=False), as_json=as_json))


OfCommunity = Annotated[
    str | None, typer.Option("--community", help=str(_("For which community, if there are several.")), metavar="ID")
]


@meetings_app.command(
    "import",
    help=str(
        _(
            "Take in the meetings of files or addresses: Meeting Guide or BMLT JSON, an online list, a sheet's export,"
            " CSV or iCalendar. What was read before is compared; a source that cannot be read keeps it."
        )
    ),
)
def meetings_import(
    context: typer.Context,
    sources: Annotated[list[str], typer.Argument(help=str(_("Files or addresses.")), metavar="SOURCE…")],
    *,
    programme: Annotated[
        str | None, typer.Option(help=str(_("Whose meetings they are, such as aa, na or al-anon.")))
    ] = None,
    zone: Annotated[
        str | None, typer.Option(help=str(_("The time zone of meetings that name none, such as America/New_York.")))
    ] = None,
    community: OfCommunity = None,
    accept_fewer: Annotated[
        bool, typer.Option("--accept-fewer", help=str(_("Take it even if more than half of its meetings are gone.")))
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=str(_("Only say what would be done.")))] = False,
    as_json: AsJson = False,
) -> None:
    """Import feeds."""
    given: Options = context.obj
    with told(debug=given.debug):
        from bot.operations.meeting_feeds import import_feeds
        from bot.services.feeds.taking import Asked

        asked = Asked(programme=programme, zone=zone, accept_fewer=accept_fewer, dry_run=dry_run)
        well = asyncio.run(import_feeds(given.config, sources, asked, community, as_json=as_json))
    if not well:
        raise typer.Exit(FAILED)


@meetings_app.command("list", help=str(_("List the meetings that were taken in.")))
def meetings_list(
    context: typer.Context,
    *,
    text: Annotated[str, typer.Option(help=str(_("Words of its name or place; typos are forgiven.")))] = "",
    programme: Annotated[str | None, typer.Option(help=str(_("Only of this programme.")))] = None,
    online: Annotated[bool, typer.Option("--online", help=str(_("Only those one can join from afar.")))] = False,
    limit: Annotated[int | None, typer.Option(min=1, help=str(_("At most so many.")))] = None,
    community: OfCommunity = None,
    as_json: AsJson = False,
) -> None:
    """List meetings."""
    given: Options = context.obj
    with told(debug=given.debug):
        from bot.core.meetings.types import programme_of
        from bot.operations.meeting_feeds import list_meetings
        from bot.services.feeds.finding import Sought

        of = programme_of(programme) if programme else None
        sought = Sought(text=text, programme=of, online=online, limit=limit)
        asyncio.run(list_meetings(given.config, community, sought, as_json=as_json))


@meetings_app.command("feeds", help=str(_("The sources of meetings, and how reading them went.")))
def meetings_feeds(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List feeds."""
    given: Options = context.obj
    with told(debug=given.debug):
        from bot.operations.meeting_feeds import show_feeds

        asyncio.run(show_feeds(given.config, as_json=as_json))


@meetings_app.command("forget", help=str(_("Take a feed out again, with all its meetings; who follows one is told.")))
def meetings_forget(
    context: typer.Context,
    feed: Annotated[str, typer.Argument(help=str(_("Its address, or its file's name or path.")), metavar="NAME")],
    *,
    community: OfCommunity = None,
) -> None:
    """Forget a feed."""
    given: Options = context.obj
    with told(debug=given.debug):
        from bot.operations.meeting_feeds import forget

        asyncio.run(forget(given.config, feed, community))


@meetings_app.command("calendar", help=str(_("Write your community's own meetings as an iCalendar file.")))
def meetings_calendar(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help=str(_("The file, such as meetings.ics; else it is printed.")), metavar="FILE")
    ] = None,
    *,
    community: OfCommunity = None,
) -> None:
    """Write a calendar."""
    given: Options = context.obj
    with told(debug=given.debug):
        from bot.operations.meeting_feeds import write_calendar

        asyncio.run(write_calendar(given.config, community, file))


def _own_rules(path: Path | None) -> "tuple[Lexicon | None, bool]":
    """A community's own rules, those that can be used, and whether all can; the others are told."""
    if path is None:
        return None, True
    from bot.operations.lexicon import read_own

    own = read_own(path)
    for problem in own.problems:
        _tell(problem)
    return own.lexicon, not own.problems


def _tell(line: str) -> None:
    typer.echo(line, err=True)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False))


add_examples(app)
