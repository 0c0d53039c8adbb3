"""Where somebody is written to whose direct messages do not take what is said.

A private thread under the channel that they last wrote in; where there can be none, as in a forum or a voice channel,
one under a lobby of the community that has this channel.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable

import discord

from bot.core.faults import where
from bot.core.platform import Address, Hub, Receipt, Unreachable
from bot.platforms.discord.errors import THREAD_GONE, is_final
from bot.platforms.discord.progress import PLATFORM
from bot.platforms.discord.threads import PrivateThreads

log = logging.getLogger(__name__)

Post = Callable[[int], Awaitable[Receipt]]
"""Says it in the channel with this id."""

_LOBBIES = 3


class Elsewhere:
    """Finds a private thread for them, and says it there."""

    def __init__(self, hub: Hub, threads: PrivateThreads) -> None:
        self._hub = hub
        self._threads = threads

    async def say(self, client: discord.Client, to: Address, post: Post) -> Receipt:
        """Say it where it can be said privately; raises `Unreachable` and what discord.py raises."""
        refused = Unreachable("their chat is closed, and there is no place for a private thread")
        async for place in self._places(client, to):
            try:
                return await self._in_thread(client, to.id, place, post)
            except Unreachable as error:
                refused = error
        raise refused

    async def known(self, client: discord.Client, to: Address) -> list[int]:
        """The private threads that they have already where it may have been said."""
        found = [await self._threads.known(to.id, place) async for place in self._places(client, to)]
        return [thread for thread in found if thread is not None]

    async def _places(self, client: discord.Client, to: Address) -> AsyncIterator[str]:
        """The channels under which a private thread may be theirs, the best first."""
        if to.fallback is None or not to.fallback.isdecimal():
            return
        yield to.fallback
        channel = client.get_channel(int(to.fallback))
        server = [str(channel.guild.id)] if isinstance(channel, discord.abc.GuildChannel) else []
        try:
            lobbies = await self._hub.lobbies(PLATFORM, [to.fallback, *server])
        except Exception as error:
            log.warning("the lobby of a community could not be looked up: %s", where(error))
            return
        for lobby in lobbies[:_LOBBIES]:
            if lobby != to.fallback and lobby.isdecimal():
                yield lobby

    async def _in_thread(self, client: discord.Client, account: str, place: str, post: Post) -> Receipt:
        thread_id = await self._threads.thread_for(client, account, place)
        try:
            return await post(thread_id)
        except discord.HTTPException as error:
            if error.code not in THREAD_GONE:
                raise _unreachable_or(error) from None
        # It is locked, which can be told only by writing into it.
        thread_id = await self._threads.another_for(client, account, place)
        try:
            return await post(thread_id)
        except discord.HTTPException as error:
            raise _unreachable_or(error) from None


def _unreachable_or(error: discord.HTTPException) -> Exception:
    """A refusal of the place as `Unreachable`; trouble, and a refusal of what is said, stay what they are."""
    if is_final(error) and (isinstance(error, discord.Forbidden) or error.code in THREAD_GONE):
        return Unreachable(f"their chat is closed, and so is the private thread (code {error.code})")
    return error
