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

_ROWS = 200
"""Channels that are written in one transaction: others wait for its end."""


class DirectChats:
    """Which channel a person's direct messages are in. With it, a message costs one request and not two."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._known: OrderedDict[str, int] = OrderedDict()
        self._unwritten: dict[str, int] = {}
        self._writing = asyncio.Lock()

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
        try:
            stored = await self._hub.remembered(PLATFORM, f"{PREFIX}{account}")
        except Exception as error:
            # Discord can be asked instead.
            log.warning("a direct message channel could not be looked up: %s", where(error))
            return None
        return int(stored) if stored is not None and stored.isdecimal() else None

    async def open(self, client: discord.Client, account: str) -> int:
        """Have Discord open the channel of `account`; raises what discord.py raises."""
        chat = await client.create_dm(discord.Object(int(account)))
        self.learn(account, chat.id)
        # Before anything is said there: if the bot dies then, the answer is written to a chat it does not know of.
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
