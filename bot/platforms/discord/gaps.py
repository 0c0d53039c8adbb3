"""Where something may have been written while the bot was away."""

import asyncio
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, zip_longest

import discord

from bot.core.faults import where
from bot.core.platform import Hub
from bot.platforms.discord import directs
from bot.platforms.discord.errors import TROUBLE, is_final
from bot.platforms.discord.progress import ALIVE, PLATFORM, Progress

log = logging.getLogger(__name__)

DIRECT_CHATS = 1000
"""Direct message channels that are looked into, the ones used last first: Discord does not tell where news are."""

PARENTS = 500
"""Channels that are asked at one session for the threads under them that were archived."""

THREADS = 200
"""Of these, the ones archived last that are looked at under one channel."""

_PATIENCE = 60.0
"""Seconds that Discord may take to list them."""

_CLOCKS = timedelta(minutes=2)
"""How far the clocks of a message's id and of an archive may be apart."""

Readable = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread
"""What people write in. A forum holds only threads."""

Parent = discord.TextChannel | discord.ForumChannel
"""What threads are archived under."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What of a channel is to be read: everything behind the message `start`. `last` is the last one known."""

    channel: discord.abc.Messageable
    channel_id: int
    start: int
    last: int


class Gaps:
    """Finds them: by Discord's list of each channel's last message, which costs no request.

    `oldest` is the id behind which the bot looks at all; `alive` that up to which channels without a place of their
    own were heard, None before the first start: then there is nothing to be read in them.
    """

    def __init__(self, hub: Hub, progress: Progress) -> None:
        self._hub = hub
        self._progress = progress
        self._told: set[int] = set()

    async def alive(self) -> int | None:
        """The id up to which channels without a place of their own were heard; None before the first start.

        Where the servers have been divided into other shards since, it is the least that is known of any division.
        """
        own = await self._stored(self._progress.alive_name)
        if own is not None:
            return own
        known = [await self._stored(name) for name in await self._hub.remembered_names(PLATFORM, ALIVE)]
        return min((one for one in known if one is not None), default=None)

    async def _stored(self, name: str) -> int | None:
        stored = await self._hub.remembered(PLATFORM, name)
        return int(stored) if stored is not None and stored.isdecimal() else None

    async def in_servers(self, guilds: Iterable[discord.Guild], alive: int | None, oldest: int) -> list[Gap]:
        """The gaps in the servers' channels, the one with the newest message first."""
        gaps: list[Gap] = []
        for channel in channels_of(guilds):
            gap = await self._gap(channel, alive, oldest)
            if gap is None:
                self._progress.release(channel.id)
            else:
                gaps.append(gap)
        return sorted(gaps, key=lambda gap: gap.last, reverse=True)

    async def _gap(self, channel: Readable, alive: int | None, oldest: int) -> Gap | None:
        last = channel.last_message_id
        if last is None or last <= oldest:
            return None
        place = await self._stored(f"last:{channel.id}")
        start = alive if place is None else place
        if start is None or last <= start or not self._may_read(channel):
            return None
        return Gap(channel, channel.id, max(start, oldest), last)

    def parents(self, guilds: Iterable[discord.Guild]) -> list[Parent]:
        """The channels whose archived threads the bot may read; Discord lists these by their channel alone."""
        parents: list[Parent] = []
        for guild in guilds:
            parents += [channel for channel in guild.text_channels if self._may_read(channel)]
            parents += [channel for channel in guild.forums if self._may_read(channel)]
        if len(parents) > PARENTS:
            log.warning("Of %s channels the first %s are asked for threads archived meanwhile", len(parents), PARENTS)
        return parents[:PARENTS]

    async def archived(self, parent: Parent, alive: int, oldest: int) -> tuple[list[discord.Thread], bool]:
        """The open threads that were archived under a channel since; and whether it is to be asked again.

        A channel that the bot may not ask is not.
        """
        since = discord.utils.snowflake_time(max(alive, oldest)) - _CLOCKS
        found: list[discord.Thread] = []
        try:
            async with asyncio.timeout(_PATIENCE):
                async for thread in parent.archived_threads(limit=THREADS):
                    if thread.archive_timestamp < since:
                        break
                    found.append(thread)
        except (discord.HTTPException, *TROUBLE) as error:
            log.warning("Which threads of channel %s were archived is not told: %s", parent.id, where(error))
            return found, not (isinstance(error, discord.Forbidden | discord.NotFound) and is_final(error))
        return found, False

    async def in_threads(self, threads: Iterable[discord.Thread], alive: int | None, oldest: int) -> list[Gap]:
        """The gaps in these threads."""
        gaps = [await self._gap(thread, alive, oldest) for thread in threads]
        return [gap for gap in gaps if gap is not None]

    def _may_read(self, channel: Readable | discord.ForumChannel) -> bool:
        if isinstance(channel, discord.Thread) and channel.parent is None:
            return False
        me = getattr(channel.guild, "me", None)
        if me is None:
            return True  # it is not known; Discord will say
        may = channel.permissions_for(me)
        if not may.view_channel:
            return False
        if not may.read_message_history:
            self.tell(channel.id)
        return may.read_message_history

    def tell(self, channel_id: int) -> None:
        """Say once what a channel's history needs so that it can be read."""
        if channel_id in self._told:
            return
        self._told.add(channel_id)
        log.error(
            "What was written in channel %s while the bot was away cannot be read, so danger there may have gone "
            "unnoticed. Give the bot's role the permission Read Message History in that channel.",
            channel_id,
        )

    async def in_chats(self, client: discord.Client, alive: int | None, oldest: int) -> list[Gap]:
        """The direct message channels the bot remembers, the one used last first. Discord does not list their news."""
        gaps: list[Gap] = []
        after = ""
        while names := await self._hub.remembered_names(PLATFORM, directs.PREFIX, after):
            after = names[-1]
            for name in names:
                channel_id = await self._stored(name)
                place = None if channel_id is None else await self._stored(f"last:{channel_id}")
                start = alive if place is None else place
                if channel_id is not None and start is not None:
                    channel = client.get_partial_messageable(channel_id, type=discord.ChannelType.private)
                    gaps.append(Gap(channel, channel_id, max(start, oldest), place or 0))
        gaps.sort(key=lambda gap: gap.last, reverse=True)
        if len(gaps) > DIRECT_CHATS:
            log.warning("%s direct message channels are known; the %s used last are read", len(gaps), DIRECT_CHATS)
        return gaps[:DIRECT_CHATS]


def channels_of(guilds: Iterable[discord.Guild]) -> Iterator[Readable]:
    """What can be read in these servers."""
    for guild in guilds:
        for channel in chain(guild.channels, guild.threads):
            if isinstance(channel, Readable):
                yield channel


def in_turn(gaps: Iterable[Gap], chats: Iterable[Gap]) -> Iterator[Gap]:
    """One of these, one of those: neither waits for all of the other."""
    for gap, chat in zip_longest(gaps, chats):
        if gap is not None:
            yield gap
        if chat is not None:
            yield chat
