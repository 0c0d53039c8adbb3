"""Real bot processes on one database and one loopback Discord."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from cli.handrail import PATIENCE, Place, clean_environment
from loopback_discord import LoopbackDiscord
from nursery import Forked, fork
from sqlalchemy import func, select

from bot.app import App, build
from bot.core.community import parse_community
from bot.delivery import sender
from bot.scheduling.clock import system_now
from bot.storage.database import Database
from bot.storage.opening import open_database
from bot.storage.tables import Delivery

CONFIG = """
[database]
url = {url}
[console]
enabled = false
[discord]
token = "{discord.token}"
api_base = "{discord.api_base}"
gateway_url = "{discord.gateway_url}"
{more}
[clock]
tick_seconds = {tick}
"""

COMMUNITY = """
id = "harbour"
name = "Harbour"
country = "US"
zone = "America/New_York"

[[places]]
platform = "discord"
kinds = ["server"]
address = "{guild}"

[[places]]
platform = "discord"
kinds = ["peers"]
address = "{peers}"
"""

PAGE = "Urgent: somebody may be in danger"


class Bot:
    """A `handrail run`, and what it has written to its log so far."""

    def __init__(self, process: Forked) -> None:
        self.process = process
        self.lines: list[str] = []
        self._more = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for line in self.process.stderr:
            async with self._more:
                self.lines.append(line.decode().rstrip())
                self._more.notify_all()

    def times(self, words: str) -> int:
        """In how many lines these words stand."""
        return sum(words in line for line in self.lines)

    async def logs(self, words: str) -> None:
        """Wait until these words are in the log."""
        async with asyncio.timeout(PATIENCE), self._more:
            await self._more.wait_for(lambda: self.times(words) > 0)

    async def dies(self) -> None:
        """Be killed without a chance to do anything."""
        self.process.kill()
        await self.ends()

    async def ends(self) -> int:
        """Wait for the end; the exit code."""
        code = await asyncio.wait_for(self.process.wait(), PATIENCE)
        await self._reading
        return code


def look_only_when_told() -> None:
    """Done first in a bot whose senders shall look into the outbox only when they are told to."""
    sender.SLOWEST_LOOK = timedelta(days=1)


@asynccontextmanager
async def running(place: Place, *, looks_by_itself: bool = True) -> AsyncIterator[Bot]:
    """`handrail run` in a folder until the end of the block; it may have ended before."""
    first = None if looks_by_itself else look_only_when_told
    bot = Bot(await fork(["run"], folder=place.folder, environment=clean_environment(), first=first))
    try:
        yield bot
    except BaseException:
        print("\n".join(bot.lines))  # noqa: T201  what the bot says of it: ids and places
        raise
    finally:
        with contextlib.suppress(ProcessLookupError):
            bot.process.terminate()
        await bot.ends()


class Scene:
    """A community on Discord, its database, and the folder in which its bots are started."""

    def __init__(self, discord: LoopbackDiscord, url: str, folder: Path, database: Database, app: App) -> None:
        self.discord = discord
        self.database = database
        self.app = app
        """This process's own bot, on no platform."""
        self.guild = discord.add_guild("Harbour")
        self.lobby = self.guild.add_text_channel("lobby")
        self.peers = self.guild.add_text_channel("peers")
        self.alice = discord.add_user("alice", self.guild)
        self.place = Place(folder)
        self._url = url

    async def prepare(self) -> None:
        """Apply the community's file."""
        community = COMMUNITY.format(guild=self.guild.id, peers=self.peers.id)
        async with self.database.begin() as tx:
            file = parse_community(community, name="harbour.toml")
            await self.app.communities.apply(tx, file, None, now=system_now())

    @asynccontextmanager
    async def bot(self, *, tick: float = 0.2, more: str = "", looks_by_itself: bool = True) -> AsyncIterator[Bot]:
        """`handrail run` until the end of the block, with `more` lines about Discord; it may have ended before."""
        config = CONFIG.format(url=json.dumps(self._url), discord=self.discord, tick=tick, more=more)
        self.place.write("config.toml", config)
        async with running(self.place, looks_by_itself=looks_by_itself) as bot:
            yield bot

    async def is_connected(self, times: int = 1) -> None:
        """Wait until a bot has connected to Discord for that many times in all."""
        await self.discord.wait_until(lambda: self.discord.gateway.identifies >= times, timeout=PATIENCE, what="a bot")

    @property
    def connections(self) -> int:
        """How many bots are connected to Discord now."""
        return len(self.discord.gateway.connections)

    def said(self, words: str) -> int:
        """How many of the bot's messages on Discord hold these words."""
        return sum(words in message.text for message in self.discord.world.bot_messages)

    async def deliveries(self, *states: str) -> int:
        """How many deliveries are in one of these states."""
        async with self.database.begin() as tx:
            count = select(func.count()).select_from(Delivery).where(Delivery.state.in_(states))
            return int(await tx.session.scalar(count) or 0)

    async def all_is_sent(self) -> None:
        """Wait until nothing waits in the outbox."""
        await until(self._all_is_sent)

    async def _all_is_sent(self) -> bool:
        return await self.deliveries("pending", "sending") == 0


async def until(condition: Callable[[], Coroutine[Any, Any, bool]]) -> None:
    """Wait until it is true of the database."""
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110  the database tells nobody
            await asyncio.sleep(0.05)


@asynccontextmanager
async def open_scene(discord: LoopbackDiscord, url: str, folder: Path) -> AsyncIterator[Scene]:
    """The scene on an empty database."""
    database = await open_database(url, folder / "handrail.key")
    try:
        scene = Scene(discord, url, folder, database, build(database, system_now, lambda _hub: []))
        await scene.prepare()
        yield scene
    finally:
        await database.close()
