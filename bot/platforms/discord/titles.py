"""The names of threads: in a forum the title of a post is often all that somebody says.

Discord tells of a new thread and of a change at once, and never again. A name that was given while the bot was away is
read with the histories. A changed name counts as the words of whoever opened the thread: Discord does not tell who has
changed it.
"""

from collections import OrderedDict
from dataclasses import replace
from datetime import datetime

import discord

from bot.core.inbound import Inbound
from bot.core.platform import Hub
from bot.platforms.discord.hearing import Hearing
from bot.platforms.discord.progress import PLATFORM
from bot.platforms.discord.servertime import ServerTime
from bot.platforms.discord.surely import surely

_KNOWN = 1000
"""Threads whose name is remembered: two changes at once may be told with the same, latest name."""


class Titles:
    """Hands them to the hub."""

    def __init__(self, hub: Hub, hearing: Hearing, time: ServerTime) -> None:
        self._hub = hub
        self._hearing = hearing
        self._time = time
        self._known: OrderedDict[int, str] = OrderedDict()

    async def given(self, client: discord.Client, thread: discord.Thread, *, read_back: bool = False) -> None:
        """Somebody has opened a thread; the same event, however often it is seen."""
        if (inbound := await self._inbound(client, thread)) is not None:
            heard = replace(inbound, read_back=read_back)
            await self._hand_in(thread.id, heard)

    async def changed(self, client: discord.Client, thread: discord.Thread) -> None:
        """A thread has another name than before."""
        if (inbound := await self._inbound(client, thread)) is not None:
            now = self._time.now()
            heard = replace(inbound, event_id=f"{inbound.event_id}:{now.timestamp():.3f}", at=now)
            await self._hand_in(thread.id, heard)

    async def _hand_in(self, thread_id: int, inbound: Inbound) -> None:
        try:
            await surely(lambda: self._hub.receive(inbound), "the name of a thread")
        except BaseException:
            # It was interrupted: the next run reads it back.
            self._known.pop(thread_id, None)
            raise

    async def _inbound(self, client: discord.Client, thread: discord.Thread) -> Inbound | None:
        """Its name as the hub receives it; None if it was heard, or is nobody's words: the bot names its own itself."""
        me = client.user
        if not thread.name or not thread.owner_id or me is None or thread.owner_id == me.id:
            return None
        if self._known.get(thread.id) == thread.name:
            return None
        self._known[thread.id] = thread.name
        if len(self._known) > _KNOWN:
            self._known.popitem(last=False)
        place, space, private, apart = await self._hearing.whereabouts(client, thread, thread.guild, thread.owner_id)
        return Inbound(
            event_id=f"{thread.id}:title",
            platform=PLATFORM,
            account=str(thread.owner_id),
            place=place,
            private=private,
            at=opened_at(thread),
            space=space,
            apart=apart,
            text=thread.name,
            link=thread.jump_url,
        )


def opened_at(thread: discord.Thread) -> datetime:
    """When it was opened; its id is as old as the message from which it has grown."""
    return thread.created_at or discord.utils.snowflake_time(thread.id)
