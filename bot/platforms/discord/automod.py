"""What Discord's AutoMod finds: a message that it blocks is never posted, and is heard nowhere else.

Discord tells of it with the permission Manage Server only, once for each rule and each of its actions, and never again.
Without the message content intent it tells the keyword that was found, and not the words around it.
"""

import time
from collections import OrderedDict

import discord

from bot.core.inbound import Inbound
from bot.core.platform import Hub
from bot.platforms.discord.hearing import Hearing
from bot.platforms.discord.progress import PLATFORM
from bot.platforms.discord.servertime import ServerTime
from bot.platforms.discord.surely import surely

_SAME = 30.0
"""Seconds in which the same words of the same person, blocked at the same place, are the same message."""

_KNOWN = 1000


class AutoMod:
    """Hands it to the hub."""

    def __init__(self, hub: Hub, hearing: Hearing, time: ServerTime) -> None:
        self._hub = hub
        self._hearing = hearing
        self._time = time
        self._known: OrderedDict[tuple[int, int, str], float] = OrderedDict()

    async def acted(self, client: discord.Client, action: discord.AutoModAction) -> None:
        """A rule has found something in what somebody wrote."""
        channel_id, guild = action.channel_id, client.get_guild(action.guild_id)
        text = action.content or action.matched_content or (action.matched_keyword or "").strip("* ")
        if channel_id is None or guild is None or not text or (client.user and action.user_id == client.user.id):
            return
        if action.message_id is not None and client.intents.message_content:
            return  # it was posted all the same, and is heard like any other
        if self._is_known(action.user_id, action.message_id or channel_id, text):
            return
        channel = guild.get_channel_or_thread(channel_id)
        place, space, private, apart = await self._hearing.whereabouts(client, channel, guild, action.user_id)
        now = self._time.now()
        inbound = Inbound(
            event_id=f"automod:{action.message_id or f'{action.user_id}:{now.timestamp():.3f}'}",
            platform=PLATFORM,
            account=str(action.user_id),
            place=place or str(channel_id),
            private=private,
            at=now,
            space=space,
            shared_spaces=(str(guild.id),) if private else (),
            apart=apart,
            text=text,
            link=f"https://discord.com/channels/{guild.id}/{channel_id}",
        )
        await surely(lambda: self._hub.receive(inbound), "a message that AutoMod has found")

    def _is_known(self, user_id: int, where: int, text: str) -> bool:
        now, key = time.monotonic(), (user_id, where, text)
        is_known = now - self._known.get(key, -_SAME) < _SAME
        self._known[key] = now
        self._known.move_to_end(key)
        while self._known and (len(self._known) > _KNOWN or now - next(iter(self._known.values())) >= _SAME):
            self._known.popitem(last=False)
        return is_known
