"""`handrail run`: the bot on every platform that is on, until it is told to stop."""

import asyncio
import contextlib
import logging
import signal
import sys
from datetime import timedelta

from rich.console import Console
from sqlalchemy import select

from bot.app import App, build
from bot.config import Config
from bot.core.faults import where
from bot.core.words import _
from bot.operations.accounts import make_platforms
from bot.operations.demo import sample
from bot.operations.meeting_feeds import limits_of
from bot.operations.opening import only_one_running, open_configured
from bot.operations.stopping import Stop
from bot.operations.terminal.lines import is_terminal, read_lines, standard_input
from bot.operations.terminal.screen import Screen
from bot.operations.terminal.session import Session, no_moving_of_time
from bot.platforms.console import BadLine, ConsolePlatform
from bot.platforms.console.lines import Advance, Changes, Clicks, Line, Says
from bot.scheduling.clock import system_now
from bot.storage import tables

log = logging.getLogger(__name__)

TITLES = {"console": _("the console"), "discord": _("Discord"), "matrix": _("Matrix")}


async def run(config: Config) -> None:
    """Run until a signal, or until the console's standard input ends. Raises `Stop` and `KeyProblem`."""
    if not (config.console_enabled or config.discord_enabled or config.matrix_enabled):
        raise Stop(_("Nothing is turned on: set a Discord token, a Matrix account, or enabled = true in [console]."))
    for warning in config.warnings:
        log.warning("%s", warning)
    with only_one_running(config):
        await _run(config)


async def _run(config: Config) -> None:
    stop = asyncio.Event()
    _stop_on_signals(stop)
    screen = Screen(Console(highlight=False), live=is_terminal() and sys.stdout.isatty())
    database = await open_configured(config)
    try:
        app = build(
            database,
            system_now,
            lambda hub: make_platforms(config, hub, show=screen.show, now=system_now),
            feed_limits=limits_of(config),
            refresh=timedelta(hours=config.feeds.refresh_hours),
        )
        if config.console_enabled:
            await _add_sample(app)
        _say_what_is_on(app)
        talking = asyncio.create_task(_talk(app, screen, config.console.account, stop), name="console input")
        try:
            await app.run(tick=timedelta(seconds=config.clock.tick_seconds), until=stop)
        finally:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)
            screen.end()
    finally:
        await database.close()


def _stop_on_signals(stop: asyncio.Event) -> None:
    """The first signal stops the bot in order; a second one ends the process at once, as it would without us."""
    loop = asyncio.get_running_loop()

    def heard(number: signal.Signals) -> None:
        loop.remove_signal_handler(number)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # on Windows, Ctrl-C raises KeyboardInterrupt instead
            loop.add_signal_handler(number, heard, number)


async def _add_sample(app: App) -> None:
    """A community to try everything with, unless there is one: what was removed does not come back beside another."""
    community = sample()
    async with app.database.begin() as tx:
        if await tx.session.scalar(select(tables.Community.id).limit(1)) is not None:
            return
        await app.communities.apply(tx, community, None, now=app.now())
    _note(
        str(
            _(
                "There is no community yet: the sample community was added, to try things with. Once you have your own:"
                " handrail community remove sample"
            )
        )
    )


def _say_what_is_on(app: App) -> None:
    names = ", ".join(str(TITLES[name]) for name in app.platforms)
    if "console" in app.platforms:
        _note(str(_("Handrail is on: {names}. Leave with /quit or Ctrl-C; /? shows what can be typed.", names=names)))
    else:
        _note(str(_("Handrail is on: {names}. Stop it with Ctrl-C.", names=names)))


async def _talk(app: App, screen: Screen, account: str, stop: asyncio.Event) -> None:
    """Hear standard input for the console; when it ends, the bot stops. Without a console nothing is read."""
    console = app.platforms.get("console")
    if not isinstance(console, ConsolePlatform):
        return

    async def act(line: Line) -> None:
        try:
            await _do(console, line)
            await app.senders[console.name].drain()
        except BadLine:
            raise
        except Exception as error:
            # One line that fails must not end the bot, which others may need right now.
            log.error("a line of the console was not handled: %s", where(error))

    await Session(app, act, screen, who=account, clock=False).run(read_lines(standard_input()), _note)
    if not screen.live:
        _note(str(_("Standard input has ended, and the bot stops. On a server: enabled = false in [console].")))
    stop.set()


async def _do(console: ConsolePlatform, line: Line) -> None:
    match line:
        case Says():
            await console.say(line)
        case Clicks():
            await console.click(line)
        case Changes():
            await console.change(line)
        case Advance():
            raise no_moving_of_time()


def _note(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
