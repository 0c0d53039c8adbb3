"""The shards of one connection: Discord divides a bot's servers into sessions of their own.

A server belongs to shard `(id >> 22) % shard_count`, direct messages come on shard 0 (Discord's documentation,
"Gateway, Sharding"). Each shard connects, resumes and begins anew by itself, so what it has heard is counted by
itself, too: news on one say nothing of another. A connection without shards is one shard, number 0.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import discord

from bot.core.platform import Hub
from bot.platforms.discord.account import DiscordAccount
from bot.platforms.discord.progress import ALIVE, Progress
from bot.platforms.discord.readback import ReadBack, turns
from bot.platforms.discord.receiving import Receiving
from bot.platforms.discord.servertime import ServerTime
from bot.platforms.discord.titles import Titles


class Progresses:
    """How far the channels of each shard have been heard."""

    def __init__(self, hub: Hub, account: DiscordAccount) -> None:
        count = account.shard_count
        names = {shard: ALIVE if count is None else f"{ALIVE}:{shard}/{count}" for shard in account.shards}
        self.by_shard = {shard: Progress(hub, name) for shard, name in names.items()}
        self._first = self.by_shard[account.shards[0]]

    def of(self, message: discord.Message) -> Progress:
        """The one that a message is counted in."""
        shard = 0 if message.guild is None else message.guild.shard_id
        return self.by_shard.get(shard, self._first)

    def start_anew(self) -> None:
        """A new run: what the last one left unfinished is read again."""
        for progress in self.by_shard.values():
            progress.start_anew()

    async def write(self) -> None:
        """Write what is new."""
        for progress in self.by_shard.values():
            await progress.write()


@dataclass(slots=True)
class _Shard:
    read_back: ReadBack
    is_known: bool = False
    """Whether its servers are, since its session began."""
    is_up: bool = False


class Shards:
    """Which shards are connected, and the reading back of what each has missed."""

    def __init__(
        self,
        hub: Hub,
        account: DiscordAccount,
        receiving: Receiving,
        titles: Titles,
        progresses: Progresses,
        time: ServerTime,
    ) -> None:
        shared, window = turns(), account.read_back
        self._shards = {
            shard: _Shard(ReadBack(hub, receiving, titles, progress, time, window, shard=shard, turns=shared))
            for shard, progress in progresses.by_shard.items()
        }
        self.caught_up = AllSet(
            event for one in self._shards.values() for event in (one.read_back.done, one.read_back.looked)
        )
        """Set while nothing is left to be read back or looked up on any of them."""

    def let_go(self) -> None:
        """The connection has ended: none is connected."""
        for one in self._shards.values():
            one.is_known = one.is_up = False

    def connected(self, shard: int, *, up: bool) -> None:
        """A shard's session is there, or it is gone for now."""
        self._shards[shard].is_up = up

    @property
    def any_is_up(self) -> bool:
        """Whether at least one is connected."""
        return any(one.is_up for one in self._shards.values())

    @property
    def are_up(self) -> bool:
        """Whether all are connected."""
        return all(one.is_up for one in self._shards.values())

    def begin(self, shard: int) -> None:
        """A new session of a shard: what is missed up to now has to be read back."""
        self._shards[shard].is_known = False
        self._shards[shard].read_back.begin()

    def known(self, client: discord.Client, shard: int) -> None:
        """The servers of a shard's new session are known: read back what was missed."""
        self._shards[shard].is_known = True
        self._shards[shard].read_back.start(client)

    def came(self, guild: discord.Guild) -> None:
        """Read back what was missed in a server that comes after the others of its shard."""
        if (one := self._shards.get(guild.shard_id)) is not None and one.is_known:
            one.read_back.add(guild)

    async def stop(self) -> None:
        """Read no further."""
        for one in self._shards.values():
            await one.read_back.stop()


class AllSet:
    """Several events as one: set while all of them are."""

    def __init__(self, events: Iterable[asyncio.Event]) -> None:
        self._events = list(events)

    def is_set(self) -> bool:
        """Whether all are set."""
        return all(event.is_set() for event in self._events)

    async def wait(self) -> None:
        """Wait until all are set."""
        while not self.is_set():
            await asyncio.gather(*(event.wait() for event in self._events))
