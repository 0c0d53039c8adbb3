"""A connection to Discord for a bot whose servers are divided into shards."""

import asyncio
from collections.abc import Sequence
from typing import Any, Literal

import aiohttp
import discord
import yarl
from discord.backoff import ExponentialBackoff

from bot.platforms.discord.account import DiscordAccount
from bot.platforms.discord.connection import Connection, Ears, Granted

_LONGEST_PAUSE = 15.0
"""Seconds between two attempts of a lost shard to connect again; the library would wait for up to 17 minutes."""


class _Patience(ExponentialBackoff[Literal[False]]):
    def delay(self) -> float:
        return min(super().delay(), _LONGEST_PAUSE)


class ShardedConnection(Connection, discord.AutoShardedClient):
    """The same for a bot whose servers are divided into shards: it has those of the account, each a session.

    They connect one after the other, 5 s apart, as Discord asks; each is heard as soon as it is there. A shard that is
    lost connects again by itself, and what it has missed is replayed or read back for it alone.
    """

    def __init__(self, account: DiscordAccount, ears: Ears, trace: aiohttp.TraceConfig, *, granted: Granted) -> None:
        super().__init__(
            account,
            ears,
            trace,
            granted=granted,
            shard_count=account.shard_count,
            shard_ids=list(account.shards),
        )
        self._begun: set[int] = set()
        """Shards whose new session has begun and whose servers are not known yet."""
        self._lost: set[int] = set()

    async def launch_shard(self, gateway: yarl.URL, shard_id: int, *, initial: bool = False) -> None:
        """Called by the library to connect a shard for the first time."""
        await super().launch_shard(gateway, shard_id, initial=initial)
        # One that waits to connect again holds up all others: the library has one queue for them.
        self.shards[shard_id]._parent._backoff = _Patience()

    def _waiting_for_servers(self) -> list[asyncio.Task[None]]:
        return [*super()._waiting_for_servers(), *getattr(self._connection, "_ready_tasks", {}).values()]

    def _notice(self, event: str, args: Sequence[Any]) -> None:
        match event:
            case "shard_connect":
                self._begun.add(args[0])
                self._lost.discard(args[0])
                self._ears.session_begins(self, args[0])
            case "shard_ready":
                self._know(args[0])
            case "ready":
                # Where a shard connects twice while others do for the first time, the library drops their own event.
                for shard in tuple(self._begun):
                    self._know(shard)
            case "shard_resumed":
                self._lost.discard(args[0])
                self._tell(args[0])
            case "shard_disconnect":
                self._lost.add(args[0])
                self._tell(args[0])
            case "guild_available":
                self._ears.server_came(self, args[0])

    def _know(self, shard: int) -> None:
        self._begun.discard(shard)
        self._ears.session_known(self, shard)
        self._tell(shard)

    def _tell(self, shard: int) -> None:
        self._ears.connected(self, shard, up=shard not in self._begun | self._lost)

    async def on_ready(self) -> None:
        """Each shard has told already."""

    async def on_resumed(self) -> None:
        """The shard has told already."""

    async def on_disconnect(self) -> None:
        """The shard has told already."""


def connection_of(account: DiscordAccount, ears: Ears, trace: aiohttp.TraceConfig, *, granted: Granted) -> Connection:
    """A connection of the kind the account needs."""
    kind = Connection if account.shard_count is None else ShardedConnection
    return kind(account, ears, trace, granted=granted)
