"""`handrail demo`: the console platform in full, on a clock that is moved by hand; nothing is kept afterwards."""

import json
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

from bot.app import App, build
from bot.core.community import CommunityFile, parse_community
from bot.core.platform import Hub
from bot.operations.community_files import Wanted
from bot.platforms.console import BadLine, ConsolePlatform, Shown
from bot.platforms.console.lines import Advance, Changes, Clicks, Line, Says, read_line
from bot.scheduling.clock import VirtualClock
from bot.storage.opening import open_database

SAMPLE = "sample_community.toml"

START = datetime(2026, 11, 23, 8, 0, tzinfo=ZoneInfo("America/New_York"))
"""The demo begins on a Monday morning in the sample community's zone: the same script says the same every day."""

STEPS_PER_ADVANCE = 10_000
"""Due instants that one `/advance` may pass: a year of the sample community has fewer."""


class Demo:
    """The bot with several people at one console."""

    def __init__(self, app: App, console: ConsolePlatform, clock: VirtualClock) -> None:
        self.app = app
        self.console = console
        self.clock = clock

    async def do(self, line: Line) -> None:
        """One line, and everything that follows from it. Raises `BadLine`."""
        match line:
            case Says():
                await self.console.say(line)
            case Clicks():
                await self.console.click(line)
            case Changes():
                await self.console.change(line)
            case Advance(by):
                await self.advance(by)
        await self.app.settle()

    async def advance(self, by: timedelta) -> None:
        """Move the clock, stopping wherever something is due."""
        end = self.clock() + by
        for _step in range(STEPS_PER_ADVANCE):
            await self.app.settle()
            due = await self.app.due.next_at()
            if due is None or due > end:
                break
            self.clock.move_to(max(due, self.clock() + timedelta(milliseconds=1)))
        self.clock.move_to(end)


@asynccontextmanager
async def open_demo(show: Callable[[Shown], None], community: Wanted | None = None) -> AsyncIterator[Demo]:
    """A demo of a community (the sample one) in a database of its own, which is deleted at the end."""
    clock = VirtualClock(START)
    with tempfile.TemporaryDirectory(prefix="handrail-demo-") as folder:
        database = await open_database(f"sqlite+aiosqlite:///{folder}/demo.db", Path(folder) / "demo.key")
        try:
            made: list[ConsolePlatform] = []

            def platforms(hub: Hub) -> list[ConsolePlatform]:
                made.append(ConsolePlatform(hub, show, clock, "demo"))
                return made

            app = build(database, clock, platforms)
            async with database.begin() as tx:
                wanted = community or Wanted(file=sample(), resources_csv=None)
                await app.communities.apply(tx, wanted.file, wanted.resources_csv, wanted.lexicon_toml, now=clock())
            app.lexicons.look()
            await app.lexicons.settled()
            yield Demo(app, made[0], clock)
        finally:
            await database.close()


def sample() -> CommunityFile:
    """The sample community."""
    return parse_community((files("bot.data") / SAMPLE).read_text("utf-8"), name=SAMPLE)


def as_json(shown: Shown) -> str:
    """A message of the bot as one JSON line."""
    return json.dumps(
        {
            "at": shown.at.isoformat(),
            "to": shown.to,
            "place": shown.place,
            "private": shown.private,
            "text": shown.text,
            "choices": [str(choice.label) for choice in shown.choices],
        },
        ensure_ascii=False,
    )


async def run_script(lines: Iterable[str], out: TextIO, community: Wanted | None = None) -> str | None:
    """Do the script's lines, printing each message as JSON; the error of the first broken line, if there is one.

    Empty lines and lines that begin with "#" are skipped.
    """

    def show(shown: Shown) -> None:
        out.write(as_json(shown) + "\n")
        out.flush()

    async with open_demo(show, community) as demo:
        for number, line in enumerate(lines, start=1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            try:
                await demo.do(read_line(line))
            except BadLine as bad:
                return f"line {number}: {bad}"
    return None
