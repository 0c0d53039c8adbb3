"""Messages on Discord as the bot hears them."""

import asyncio
import logging
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import cast

import discord

from bot.core.inbound import Inbound, Target
from bot.core.platform import Hub
from bot.platforms.discord.errors import TROUBLE, is_final
from bot.platforms.discord.pacing import urgency
from bot.platforms.discord.progress import PLATFORM
from bot.platforms.discord.servertime import ServerTime
from bot.platforms.discord.threads import PrivateThreads

log = logging.getLogger(__name__)

_SPACES_LIMIT = 20
_SPACES_AT_ONCE = 5
_SPACES_TIME = 5.0
_SPACES_PAUSES = (0.0, 1.0)
_SPACES_FRESH = 3600.0
_SPACES_CACHE = 10_000

_EDIT_FRESH = timedelta(hours=1)
"""Discord sends a changed message again when it is pinned or a link preview is added, with the old edit's time."""


class SharedSpaces:
    """The servers a person and the bot are both in.

    The list of members is a privileged thing that the bot does not ask for, so each server is asked about one
    person: at most 20 servers, five at once, for at most 5 s, and the answer is good for an hour. Where no server is
    found and some were not told of, these are asked once more. Without one nobody can be called to somebody in
    danger, so it goes before what is not urgent. `hears_all` is whether the bot's servers are all on this
    connection; those on others are asked about, too.
    """

    def __init__(self, hub: Hub, *, hears_all: bool) -> None:
        self._hub = hub
        self._hears_all = hears_all
        self._known: dict[int, tuple[float, tuple[str, ...]]] = {}

    def cached(self, user_id: int) -> tuple[str, ...]:
        """What is known without asking."""
        found = self._known.get(user_id)
        return found[1] if found is not None and time.monotonic() - found[0] < _SPACES_FRESH else ()

    async def of(self, client: discord.Client, user_id: int) -> tuple[str, ...]:
        """Their ids. What Discord does not tell in time is left out, and asked again next time."""
        if cached := self.cached(user_id):
            return cached
        answers = dict.fromkeys(await self._likely(client), cast("bool | None", None))
        for pause in _SPACES_PAUSES:
            await asyncio.sleep(pause)
            answers |= await _ask(client, [guild for guild, answer in answers.items() if answer is None], user_id)
            if any(answers.values()) or None not in answers.values():
                break
        shared = tuple(str(guild) for guild, answer in answers.items() if answer)
        if None not in answers.values():
            if len(self._known) >= _SPACES_CACHE:
                self._known.clear()
            self._known[user_id] = (time.monotonic(), shared)
        elif not shared:
            log.error(
                "Discord does not tell in which server person %s is: if they are in danger, no peer can be called. "
                "Whoever has seen them should write to them.",
                user_id,
            )
        return shared

    async def _likely(self, client: discord.Client) -> list[int]:
        if not self._hears_all:
            known = await self._hub.known_servers(PLATFORM, _SPACES_LIMIT)
            return [int(server) for server in known if server.isdecimal()]
        guilds = [guild.id for guild in client.guilds]
        if len(guilds) <= _SPACES_LIMIT:
            return guilds
        return [guild for guild in guilds if await self._hub.is_known_place(PLATFORM, str(guild))][:_SPACES_LIMIT]


async def _ask(client: discord.Client, guilds: Sequence[int], user_id: int) -> dict[int, bool | None]:
    """Whether the person is in each server; None where Discord did not say in time."""
    if not guilds:
        return {}
    turns = asyncio.Semaphore(_SPACES_AT_ONCE)
    with urgency(True):
        asking = {guild: asyncio.create_task(_is_member(client, guild, user_id, turns)) for guild in guilds}
    try:
        done, late = await asyncio.wait(asking.values(), timeout=_SPACES_TIME)
    finally:
        for task in asking.values():
            task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return {guild: task.result() if task in done else None for guild, task in asking.items()}


async def _is_member(client: discord.Client, guild_id: int, user_id: int, turns: asyncio.Semaphore) -> bool | None:
    """Whether the person is in the server; None if Discord did not say."""
    guild = client.get_guild(guild_id)
    if guild is not None and guild.get_member(user_id) is not None:
        return True
    try:
        async with turns:
            await client.http.get_member(guild_id, user_id)
    except discord.HTTPException as error:
        # Discord's own word: the person, or the bot, is not there.
        return False if is_final(error) else None
    except TROUBLE:
        return None
    return True


class Hearing:
    """Turns messages into what the hub receives."""

    def __init__(self, spaces: SharedSpaces, threads: PrivateThreads, time: ServerTime) -> None:
        self._spaces = spaces
        self._threads = threads
        self._time = time

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
            if message.edited_at is None or self._time.now() - message.edited_at > _EDIT_FRESH:
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
