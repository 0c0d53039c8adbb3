"""An unmodified discord.py against the loopback server, over real sockets."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import discord
import pytest
import yarl
from discord import app_commands
from loopback_discord import LoopbackDiscord
from loopback_discord.notifier import PATIENCE

Interaction = discord.Interaction["Bot"]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Listening:
    """What the bots of these tests do: keep what they hear."""

    user: discord.ClientUser | None

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Identify at once: five seconds between two times are Discord's wish, not this server's."""

    def keep(self, setup: "Setup | None") -> None:
        self.heard: asyncio.Queue[discord.Message] = asyncio.Queue()
        self.events: asyncio.Queue[object] = asyncio.Queue()
        self.is_up = asyncio.Event()
        self.setup = setup

    async def on_ready(self) -> None:
        self.is_up.set()

    async def on_message(self, message: discord.Message) -> None:
        if message.author != self.user:
            self.heard.put_nowait(message)

    async def on_resumed(self) -> None:
        self.events.put_nowait("resumed")

    async def on_raw_reaction_add(self, reaction: discord.RawReactionActionEvent) -> None:
        self.events.put_nowait(reaction)


class Bot(Listening, discord.Client):
    def __init__(self, intents: discord.Intents, setup: "Setup | None" = None) -> None:
        super().__init__(intents=intents, guild_ready_timeout=0.05)
        self.tree = app_commands.CommandTree(self)
        self.keep(setup)

    async def setup_hook(self) -> None:
        if self.setup is not None:
            self.setup(self)
            await self.tree.sync()


class ShardedBot(Listening, discord.AutoShardedClient):
    def __init__(self, intents: discord.Intents) -> None:
        super().__init__(intents=intents, guild_ready_timeout=0.05)
        self.keep(None)


Setup = Callable[[Bot], None]


@contextlib.asynccontextmanager
async def serving(monkeypatch: pytest.MonkeyPatch, **options: Any) -> AsyncIterator[LoopbackDiscord]:
    server = LoopbackDiscord(heartbeat_interval=600, **options)
    await server.start()
    monkeypatch.setattr(discord.http.Route, "BASE", server.api_base)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway_url))
    try:
        yield server
    finally:
        await server.stop()
    assert server.unknown_requests == []
    assert server.violations == []


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LoopbackDiscord]:
    async with serving(monkeypatch) as one:
        yield one


@contextlib.asynccontextmanager
async def run(server: LoopbackDiscord, bot: Bot | ShardedBot) -> AsyncIterator[None]:
    """Keep a bot running from its being ready to its clean end."""
    working = asyncio.create_task(bot.start(server.token))
    ready = asyncio.create_task(bot.is_up.wait())
    try:
        await asyncio.wait({working, ready}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await working
        assert bot.is_up.is_set(), "the bot was not ready in time"
        yield
    finally:
        ready.cancel()
        await bot.close()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(working, PATIENCE)


@contextlib.asynccontextmanager
async def running(
    server: LoopbackDiscord, setup: Setup | None = None, intents: discord.Intents | None = None
) -> AsyncIterator[Bot]:
    bot = Bot(intents or discord.Intents.all(), setup)
    async with run(server, bot):
        yield bot


async def heard(bot: Bot | ShardedBot) -> discord.Message:
    return await asyncio.wait_for(bot.heard.get(), PATIENCE)


def room(bot: Bot, channel_id: int) -> discord.TextChannel:
    found = bot.get_channel(channel_id)
    assert isinstance(found, discord.TextChannel)
    return found
