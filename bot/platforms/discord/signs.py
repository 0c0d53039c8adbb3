"""Emoji under messages in private chats, and messages that are gone.

In a server's private thread only the bot's own emoji work: hearing those of others there would mean to hear every
emoji of the whole server. What is removed or reacted to while the bot is away, Discord does not tell afterwards.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import discord

from bot.core.faults import where
from bot.core.inbound import Inbound, Reaction, Target
from bot.core.platform import Hub
from bot.platforms.discord.progress import PLATFORM
from bot.platforms.discord.servertime import ServerTime

log = logging.getLogger(__name__)

_PAUSES = (1.0, 5.0, 30.0)
"""Seconds until what the hub could not take is handed in again: Discord does not bring it a second time."""


class Signs:
    """Hands them to the hub."""

    def __init__(self, hub: Hub, time: ServerTime) -> None:
        self._hub = hub
        self._time = time

    async def removed(self, message_id: int) -> None:
        """A message is gone, in a chat or in a channel."""
        self._hub.removed(PLATFORM, str(message_id))
        await _surely(lambda: self._hub.taken_back(PLATFORM, str(message_id), None))

    async def reacted(self, payload: discord.RawReactionActionEvent, me: int, *, taken_back: bool) -> None:
        """Somebody reacted in a private chat; what the bot itself puts there is nobody's word."""
        if payload.guild_id is not None or payload.user_id == me:
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
                log.error("a reaction or a removal could not be handled, and is given up: %s", where(error))
                return
            await asyncio.sleep(pause)
        else:
            return
