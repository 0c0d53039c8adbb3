"""Emoji under messages in private chats, messages that are gone, and people who are.

Of the emoji in servers only those in places apart count, such as the thread of a case: Discord tells of all of them.
What is removed or reacted to while the bot is away, Discord does not tell afterwards.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import discord

from bot.core.faults import where
from bot.core.inbound import Inbound, Reaction, Target
from bot.core.platform import Hub
from bot.platforms.discord.apart import ThreadsApart
from bot.platforms.discord.progress import PLATFORM
from bot.platforms.discord.servertime import ServerTime

log = logging.getLogger(__name__)

_PAUSES = (1.0, 5.0, 30.0)
"""Seconds until what the hub could not take is handed in again: Discord does not bring it a second time."""


class Signs:
    """Hands them to the hub."""

    def __init__(self, hub: Hub, apart: ThreadsApart, time: ServerTime) -> None:
        self._hub = hub
        self._apart = apart
        self._time = time

    async def removed(self, message_id: int) -> None:
        """A message is gone, in a chat or in a channel."""
        self._hub.removed(PLATFORM, str(message_id))
        await _surely(lambda: self._hub.taken_back(PLATFORM, str(message_id), None))

    async def left(self, guild_id: int, user_id: int) -> None:
        """Somebody has left a server, or was put out of it."""
        await _surely(lambda: self._hub.left(PLATFORM, str(user_id), str(guild_id)))

    async def reacted(
        self, client: discord.Client, payload: discord.RawReactionActionEvent, me: int, *, taken_back: bool
    ) -> None:
        """Somebody reacted in a private chat or a place apart; what the bot itself puts there is nobody's word."""
        if payload.user_id == me:
            return
        apart = None
        if payload.guild_id is not None:
            apart = await self._apart.key_of(client, payload.channel_id)
            if apart is None:
                return
        account, emoji = str(payload.user_id), payload.emoji
        name = emoji.name if emoji.is_unicode_emoji() else f":{emoji.name}:"
        id_ = f"{payload.message_id}:{account}:{emoji.id or emoji.name}"
        if taken_back:
            await _surely(lambda: self._hub.taken_back(PLATFORM, id_, account))
            return
        now = self._time.now()
        inbound = Inbound(
            event_id=f"{id_}:{now.timestamp():.3f}",
            platform=PLATFORM,
            account=account,
            place=str(payload.channel_id),
            private=True,
            apart=apart,
            at=now,
            about=Target(message_id=str(payload.message_id), account="", text=""),
            reaction=Reaction(emoji=name, id=id_),
        )
        await _surely(lambda: self._hub.receive(inbound))


async def _surely(hand_in: Callable[[], Awaitable[object]]) -> None:
    """Hand it in, in spite of a fault that passes."""
    for pause in (*_PAUSES, None):
        try:
            await hand_in()
        except Exception as error:
            if pause is None:
                log.error("a reaction, removal or departure could not be handled, and is given up: %s", where(error))
                return
            await asyncio.sleep(pause)
        else:
            return
