"""The whole bot, as `handrail run` makes it, connected to the loopback Discord."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from bench.loopback import Scene
from bot.app import App, build
from bot.core.platform import Hub, Platform
from bot.platforms.discord import DiscordAccount, DiscordPlatform
from bot.storage.database import Database

TICK = timedelta(seconds=5)
"""As in the configuration's default."""

_PATIENCE = 30


@asynccontextmanager
async def on_discord(database: Database, scene: Scene, now: Callable[[], datetime]) -> AsyncIterator[App]:
    """The bot, running until the end of the block, by the clock `now`."""
    account = DiscordAccount(
        token=scene.token, api_base=scene.api_base, gateway_url=scene.gateway_url, guild_ready_timeout=0.1
    )
    made: list[DiscordPlatform] = []

    def platforms(hub: Hub) -> list[Platform]:
        made.append(DiscordPlatform(account, hub))
        return [*made]

    app = build(database, now, platforms)
    stop = asyncio.Event()
    running = asyncio.create_task(app.run(tick=TICK, until=stop), name="the bot")
    try:
        async with asyncio.timeout(_PATIENCE):
            await made[0].ready.wait()
        yield app
    finally:
        stop.set()
        await running
