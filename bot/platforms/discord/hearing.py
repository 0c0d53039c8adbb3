"""Messages on Discord as the bot hears them."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import discord

from bot.core.inbound import Inbound, Target
from bot.core.platform import Hub
from bot.platforms.discord.errors import TROUBLE
from bot.platforms.discord.progress import PLATFORM
from bot.platforms.discord.threads import PrivateThreads

_SPACES_LIMIT = 20
_SPACES_AT_ONCE = 5
_SPACES_TIME = 5.0
_SPACES_FRESH = 3600.0
_SPACES_CACHE = 10_000

_EDIT_FRESH = timedelta(hours=1)
"""Discord sends a changed message again when it is pinned or a link preview is added, with the old edit's time."""


class SharedSpaces:
    """The servers a person and the bot are both in.

    The list of members is a privileged thing that the bot does not ask for, so each server is asked about one
    person: at most 20 servers, five at once, for at most 5 s, and the answer is good for an hour.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._known: dict[int, tuple[float, tuple[str, ...]]] = {}

    def cached(self, user_id: int) -> tuple[str, ...]:
        """What is known without asking."""
        found = self._known.get(user_id)
        return found[1] if found is not None and time.monotonic() - found[0] < _SPACES_FRESH else ()

    async def of(self, client: discord.Client, user_id: int) -> tuple[str, ...]:
        """Their ids. What Discord does not tell in time is left out, and asked again next time."""
        if cached := self.cached(user_id):
            return cached
        guilds = await self._likely(client)
        turns = asyncio.Semaphore(_SPACES_AT_ONCE)
        asking = [asyncio.create_task(_is_member(guild, user_id, turns)) for guild in guilds]
        if not asking:
            return ()
        try:
            done, late = await asyncio.wait(asking, timeout=_SPACES_TIME)
        finally:
            for task in asking:
                task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        answers = [task.result() if task in done else None for task in asking]
        shared = tuple(str(guild.id) for guild, answer in zip(guilds, answers, strict=True) if answer)
        if None not in answers:
            if len(self._known) >= _SPACES_CACHE:
                self._known.clear()
            self._known[user_id] = (time.monotonic(), shared)
        return shared

    async def _likely(self, client: discord.Client) -> list[discord.Guild]:
        guilds = list(client.guilds)
        if len(guilds) <= _SPACES_LIMIT:
            return guilds
        known = [guild for guild in guilds if await self._hub.is_known_place(PLATFORM, str(guild.id))]
        return known[:_SPACES_LIMIT]


async def _is_member(guild: discord.Guild, user_id: int, turns: asyncio.Semaphore) -> bool | None:
    """Whether the person is in the server; None if Discord did not say."""
    if guild.get_member(user_id) is not None:
        return True
    try:
        async with turns:
            await guild.fetch_member(user_id)
    except discord.NotFound:
        return False
    except TROUBLE:
        return None
    return True


class Hearing:
    """Turns messages into what the hub receives."""

    def __init__(self, spaces: SharedSpaces, threads: PrivateThreads) -> None:
        self._spaces = spaces
        self._threads = threads

    async def inbound(self, client: discord.Client, message: discord.Message, *, edited: bool) -> Inbound | None:
        """The message as the hub receives it; None if it is nobody's words.

        That is: from a bot or a webhook, by Discord itself, or without text. Without the message content intent
        a message in a channel has no text, unless it mentions the bot.
        """
        author = message.author
        if author.bot or message.webhook_id is not None or message.is_system() or not message.content:
            return None
        at = message.created_at
        event_id = str(message.id)
        if edited:
            if message.edited_at is None or datetime.now(UTC) - message.edited_at > _EDIT_FRESH:
                return None
            at = message.edited_at
            event_id = f"{message.id}:{at.isoformat()}"
        place, space, private = await self.whereabouts(message.channel, message.guild, author.id)
        spaces: tuple[str, ...] = ()
        if private:
            spaces = (str(message.guild.id),) if message.guild else await self._spaces.of(client, author.id)
        return Inbound(
            event_id=event_id,
            platform=PLATFORM,
            account=str(author.id),
            place=place,
            private=private,
            at=at,
            space=space,
            shared_spaces=spaces,
            text=message.content,
            edited=edited,
            about=_replied_to(message),
            link=message.jump_url,
        )

    async def whereabouts(
        self, channel: object, guild: discord.Guild | None, user_id: int
    ) -> tuple[str, str | None, bool]:
        """Place, space, and whether it is private.

        A thread counts as its channel. A private thread that the bot opened for this person is as private as a
        direct message: it is a place of its own.
        """
        channel_id = str(getattr(channel, "id", ""))
        if guild is None:
            return channel_id, None, True
        if not isinstance(channel, discord.Thread):
            return channel_id, str(guild.id), False
        if await self._threads.account_of(channel) == str(user_id):
            return channel_id, None, True
        return str(channel.parent_id), str(guild.id), False


def _replied_to(message: discord.Message) -> Target | None:
    reference = message.reference
    if reference is None or message.type is not discord.MessageType.reply:
        return None
    original = reference.resolved
    if not isinstance(original, discord.Message):
        return None
    return Target(
        message_id=str(original.id),
        account=str(original.author.id),
        text=original.content,
        link=original.jump_url,
    )
