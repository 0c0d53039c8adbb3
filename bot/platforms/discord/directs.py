"""The channels of direct messages: one for each person, found once and remembered.

What the hub remembers: `dm:ACCOUNT` is the channel's id. Discord does not list these channels for a bot; so this is
also how it knows where to look for what people wrote while it was away.
"""

import asyncio
import logging
from collections import OrderedDict
from contextlib import suppress
from itertools import islice

import discord

from bot.core.faults import where
from bot.core.platform import Hub
from bot.platforms.discord.progress import PLATFORM

log = logging.getLogger(__name__)

PREFIX = "dm:"

_CACHE = 10_000

_GATHERING = 0.1
"""Seconds: at first contact some 25 chats are opened in one, and each transaction costs as much as its message."""

_ROWS = 200
"""Channels that are written in one transaction: others wait for its end."""


class DirectChats:
    """Which channel a person's direct messages are in. With it, a message costs one request and not two."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._known: OrderedDict[str, int] = OrderedDict()
        self._unwritten: dict[str, int] = {}
        self._writing = asyncio.Lock()
        self._asked: set[str] = set()
        self._looking: asyncio.Task[dict[str, str]] | None = None

    def learn(self, account: str, channel_id: int) -> None:
        """This is the channel of `account`; it is stored with the next `write`, also if it was known before."""
        self._known[account] = channel_id
        self._known.move_to_end(account)
        if len(self._known) > _CACHE:
            self._known.popitem(last=False)
        if len(self._unwritten) < _CACHE:
            self._unwritten[account] = channel_id

    async def known(self, account: str) -> int | None:
        """The channel of `account`, if it is remembered."""
        if account in self._known:
            self._known.move_to_end(account)
            return self._known[account]
        self._asked.add(account)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(), name="direct message channels")
        stored = (await asyncio.shield(self._looking)).get(f"{PREFIX}{account}", "")
        return int(stored) if stored.isdecimal() else None

    async def _look(self) -> dict[str, str]:
        """What is stored for all who are asked for at this moment: the sender begins several messages at a time."""
        await asyncio.sleep(0)
        names = [f"{PREFIX}{account}" for account in sorted(self._asked)]
        self._asked.clear()
        self._looking = None
        try:
            return await self._hub.remembered_all(PLATFORM, names)
        except Exception as error:
            # Discord can be asked instead.
            log.warning("direct message channels could not be looked up: %s", where(error))
            return {}

    async def open(self, client: discord.Client, account: str, *, urgent: bool) -> int:
        """Have Discord open the channel of `account`; raises what discord.py raises.

        What is not `urgent` waits a moment for others that are opened, so that one transaction stores several.
        """
        chat = await client.create_dm(discord.Object(int(account)))
        self.learn(account, chat.id)
        # Before anything is said there: if the bot dies then, the answer is written to a chat it does not know of.
        if not urgent:
            await asyncio.sleep(_GATHERING)
        if account in self._unwritten:  # it was not written with another's
            with suppress(Exception):  # it is written with the next ones, and told if that fails, too
                await self.write()
        return chat.id

    async def write(self) -> None:
        """Store what was learned."""
        async with self._writing:  # those that wait here find theirs written with another's
            await self._write()

    async def _write(self) -> None:
        while learned := dict(islice(self._unwritten.items(), _ROWS)):
            values = {f"{PREFIX}{account}": str(chat) for account, chat in learned.items()}
            await self._hub.remember_all(PLATFORM, values)
            for account, chat in learned.items():
                if self._unwritten.get(account) == chat:
                    del self._unwritten[account]
