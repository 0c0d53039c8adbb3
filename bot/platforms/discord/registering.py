"""Registering the commands with Discord, beside everything else."""

import asyncio
import logging
from itertools import chain, repeat

from bot.core.faults import where
from bot.core.platform import Hub, TryAgain
from bot.platforms.discord.commands import Menu, menu_of
from bot.platforms.discord.connection import Connection
from bot.platforms.discord.errors import send_error
from bot.platforms.discord.progress import PLATFORM

log = logging.getLogger(__name__)

_PATIENCE = 30.0
"""Seconds Discord has for its answer."""

_AHEAD = 1.0
"""Seconds in which the commands may be registered before the gateway is connected."""

_PAUSES = (5.0, 60.0, 600.0)
"""Seconds before commands that could not be registered are tried again; the last one over and over."""


class Registering:
    """Registers the commands if they are others than the last time, for as long as one connection lasts."""

    def __init__(self, hub: Hub) -> None:
        self.menu = Menu(payload=[], by_path={}, by_label={})
        self._hub = hub
        self._task: asyncio.Task[None] | None = None

    async def begin(self, connection: Connection) -> None:
        """Start with it. Returns when it is done, after a second at the latest; raises nothing."""
        await self.stop()
        self._task = asyncio.create_task(self._run(connection))
        await asyncio.wait({self._task}, timeout=_AHEAD)

    async def stop(self) -> None:
        """Register no further."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self, connection: Connection) -> None:
        for pause in chain(_PAUSES, repeat(_PAUSES[-1])):
            try:
                await self._register(connection)
            except Exception as error:
                log.error("the commands could not be registered with Discord: %s", where(error))
                if not isinstance(send_error(error), TryAgain):
                    return
            else:
                return
            await asyncio.sleep(pause)

    async def _register(self, connection: Connection) -> None:
        self.menu = menu_of(self._hub.registry)
        known = f"{connection.application_id}:{self.menu.digest}"
        if await self._hub.remembered(PLATFORM, "commands") == known:
            return
        async with asyncio.timeout(_PATIENCE):
            await connection.http.bulk_upsert_global_commands(connection.application_id or 0, self.menu.payload)
        await self._hub.remember(PLATFORM, "commands", known)
