"""Private threads: the way to somebody whose direct messages are closed, and back.

What the hub remembers: `thread:THREAD` is the account a thread was opened for, `thread-of:ACCOUNT:CHANNEL` the
thread that was opened for an account under a channel. The channel is part of the name, because a community's
messages do not belong into another community's server.
"""

import asyncio
import logging
from typing import Literal

import discord

from bot.core.faults import where
from bot.core.platform import Hub, Unreachable
from bot.core.words import _
from bot.platforms.discord.errors import THREAD_GONE, TROUBLE, is_final
from bot.platforms.discord.progress import PLATFORM

log = logging.getLogger(__name__)

_QUIET_TIME: Literal[10080] = 10080
"""Minutes without a message after which Discord archives the thread: a week, the longest it offers."""

_OWNERS_CACHE = 10_000


class PrivateThreads:
    """Opens private threads, and knows whose they are. Moderators with Manage Threads can read them too."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._owners: dict[int, str] = {}
        self._opening = asyncio.Lock()

    async def account_of(self, thread: discord.Thread) -> str | None:
        """Whom the bot opened this thread for; None if it is not one of these."""
        if not thread.is_private():
            return None
        if thread.id in self._owners:
            return self._owners[thread.id]
        try:
            account = await self._hub.remembered(PLATFORM, f"thread:{thread.id}")
        except Exception as error:
            # What is written there must be heard all the same: without the database it can still be answered.
            log.error("whether thread %d is one of the bot's own is not known: %s", thread.id, where(error))
            return None
        if account is not None:  # if not, another process may just have opened it
            if len(self._owners) >= _OWNERS_CACHE:
                self._owners.clear()
            self._owners[thread.id] = account
        return account

    async def known(self, account: str, channel_id: str | None) -> int | None:
        """The thread that was opened for `account` under a channel, if there is one."""
        known = await self._hub.remembered(PLATFORM, f"thread-of:{account}:{channel_id}")
        return None if known is None else int(known)

    async def thread_for(self, client: discord.Client, account: str, channel_id: str) -> int:
        """The id of the thread for `account` under a channel, opened if need be, with the person in it.

        Raises `Unreachable` where there can be none, and what discord.py raises when Discord is in trouble.
        """
        async with self._opening:
            known = await self._hub.remembered(PLATFORM, f"thread-of:{account}:{channel_id}")
            if known is not None and await self._is_open(client, int(known), account):
                return int(known)
            return await self._open(client, account, channel_id)

    async def another_for(self, client: discord.Client, account: str, channel_id: str) -> int:
        """The same in place of one that takes nothing any more."""
        async with self._opening:
            return await self._open(client, account, channel_id)

    async def _is_open(self, client: discord.Client, thread_id: int, account: str) -> bool:
        """Whether the person can read what is written in the thread; they are added again if they had left."""
        try:
            await client.http.add_user_to_thread(thread_id, int(account))
        except discord.HTTPException as error:
            if error.code in THREAD_GONE:
                return False
            raise _unreachable_or(error) from None
        return True

    async def _open(self, client: discord.Client, account: str, channel_id: str) -> int:
        try:
            channel = client.get_channel(int(channel_id)) or await client.fetch_channel(int(channel_id))
            if not isinstance(channel, discord.TextChannel):
                raise Unreachable("their chat is closed, and the fallback is not a text channel")
            thread = await channel.create_thread(
                name=str(_("A message for you")),
                type=discord.ChannelType.private_thread,
                invitable=False,
                auto_archive_duration=_QUIET_TIME,
            )
        except discord.HTTPException as error:
            raise _unreachable_or(error) from None
        self._owners[thread.id] = account
        await self._hub.remember(PLATFORM, f"thread:{thread.id}", account)
        try:
            await thread.add_user(discord.Object(int(account)))
        except discord.HTTPException as error:
            await _remove(thread)
            raise _unreachable_or(error) from None
        await self._hub.remember(PLATFORM, f"thread-of:{account}:{channel_id}", str(thread.id))
        return thread.id


async def _remove(thread: discord.Thread) -> None:
    try:
        await thread.delete()
    except TROUBLE:
        return  # without Manage Threads it stays, empty, and archives itself


def _unreachable_or(error: discord.HTTPException) -> Exception:
    """Discord's refusal as `Unreachable`; its trouble, and a proxy's word, stay what they are."""
    if is_final(error):
        return Unreachable(f"their chat is closed, and a private thread was refused (code {error.code})")
    return error
