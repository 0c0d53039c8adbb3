"""Emoji under messages in private chats, messages that are gone, and people who are.

Of the emoji in servers only those in places apart count, such as the thread of a case: Discord tells of all of them.
What is removed or reacted to while the bot is away, Discord does not tell afterwards.
"""

import discord

from bot.core.inbound import Inbound, Reaction, Target
from bot.core.platform import Hub
from bot.platforms.discord.apart import ThreadsApart
from bot.platforms.discord.progress import PLATFORM
from bot.platforms.discord.servertime import ServerTime
from bot.platforms.discord.surely import surely


class Signs:
    """Hands them to the hub."""

    def __init__(self, hub: Hub, apart: ThreadsApart, time: ServerTime) -> None:
        self._hub = hub
        self._apart = apart
        self._time = time

    async def removed(self, message_id: int) -> None:
        """A message is gone, in a chat or in a channel."""
        self._hub.removed(PLATFORM, str(message_id))
        await surely(lambda: self._hub.taken_back(PLATFORM, str(message_id), None), "a removal")

    async def left(self, guild_id: int, user_id: int) -> None:
        """Somebody has left a server, or was put out of it."""
        await surely(lambda: self._hub.left(PLATFORM, str(user_id), str(guild_id)), "a departure")

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
            await surely(lambda: self._hub.taken_back(PLATFORM, id_, account), "a reaction")
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
        await surely(lambda: self._hub.receive(inbound), "a reaction")
