"""How far each channel has been heard, so that after a gap the rest can be read back.

What the hub remembers: `last:CHANNEL` is the last message of a channel up to which all have been handled, `alive` a
message's id up to which all channels without such a place were heard. Both are Discord's own time, not this machine's.
Each shard is a session of its own, so it has an `alive` of its own: `alive:SHARD/COUNT`.
"""

import asyncio
import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bot.core.platform import Hub

PLATFORM = "discord"
ALIVE = "alive"

_WAITING_LIMIT = 1000
"""Finished messages that are kept for a channel that waits for one that is not."""

_ROWS = 200
"""Places that are written in one transaction: others wait for its end."""

_MARGIN = timedelta(minutes=2)
"""How long a connection may be dead before it is noticed: nothing within it counts as heard for certain."""

_MARGIN_IN_IDS = int(_MARGIN.total_seconds() * 1000) << 22
"""Discord's ids hold milliseconds above 22 other bits."""


@dataclass(slots=True)
class _Channel:
    begun: set[int] = field(default_factory=set)
    done: set[int] = field(default_factory=set)


class Progress:
    """The last message of each channel of one shard up to which all have been handled.

    A message whose handling failed holds its channel back, and is read again at the next start. While a channel is
    held, because its history has not been read yet, messages that come in meanwhile do not move it on.
    """

    def __init__(self, hub: Hub, alive_name: str = ALIVE) -> None:
        self._hub = hub
        self.alive_name = alive_name
        self._channels: dict[int, _Channel] = {}
        self._reached: dict[int, int] = {}
        self._unwritten: set[int] = set()
        self._newest = 0
        self._listed = 0
        self._before = 0
        self._alive = 0
        self._holding = False
        self._free: set[int] = set()
        self._kept: set[int] = set()
        self._writing = asyncio.Lock()

    # Holding

    def hold(self) -> None:
        """A new session: hold every channel until it is released, or until `settle`."""
        if not self._holding:
            self._before = self._heard_up_to()
            self._holding = True
        self._free.clear()
        self._kept.clear()

    def keep(self, channel_ids: Iterable[int]) -> None:
        """Hold these channels as well until each is released."""
        self._kept.update(channel_ids)

    def release(self, channel_id: int) -> None:
        """Nothing of a channel is left to be read, but for what has begun."""
        self._kept.discard(channel_id)
        if self._holding:
            self._free.add(channel_id)
        self._move(channel_id)

    def settle(self, unread: Mapping[int, int], newest: int) -> None:
        """Release all channels but those that could not be read; these stay where they are, at the given ids.

        `newest`: the newest message there is anywhere; up to it, everything else is heard.
        """
        self._holding = False
        self._free.clear()
        self._kept.update(unread)
        for channel_id, position in unread.items():
            self._reach(channel_id, position)
        self._listed = max(self._listed, newest)
        for channel_id in list(self._channels):
            self._move(channel_id)

    # Messages

    def begin(self, channel_id: int, message_id: int) -> None:
        """A message has come in."""
        self._channels.setdefault(channel_id, _Channel()).begun.add(message_id)
        self._newest = max(self._newest, message_id)

    def done(self, channel_id: int, message_id: int) -> None:
        """A message has been handled."""
        channel = self._channels.setdefault(channel_id, _Channel())
        channel.begun.discard(message_id)
        channel.done.add(message_id)
        if len(channel.done) > 2 * _WAITING_LIMIT:
            # The smallest are of no use: only the largest one before what is unfinished counts.
            channel.done = set(heapq.nlargest(_WAITING_LIMIT, channel.done))
        self._move(channel_id)

    def forget(self, channel_id: int, message_ids: Iterable[int]) -> None:
        """These messages will be read again: nobody works on them now. Only for a channel that is held."""
        if (channel := self._channels.get(channel_id)) is not None:
            channel.begun.difference_update(message_ids)

    def start_anew(self) -> None:
        """A new run: what the last one left unfinished is read again, and nothing is known of what came since.

        Another process may have heard for the bot meanwhile, and have stored later places than are known here.
        """
        self._channels.clear()
        self._reached.clear()
        self._unwritten.clear()
        self._alive = 0
        self._newest = self._listed = self._before = 0
        self._holding = False
        self._free.clear()
        self._kept.clear()

    def _move(self, channel_id: int) -> None:
        channel = self._channels.get(channel_id)
        if channel is None or channel_id in self._kept or (self._holding and channel_id not in self._free):
            return
        first = min(channel.begun, default=None)
        passed = channel.done if first is None else {done for done in channel.done if done < first}
        if passed:
            self._reach(channel_id, max(passed))
            channel.done = channel.done - passed
        if not channel.begun and not channel.done:
            del self._channels[channel_id]

    def _reach(self, channel_id: int, message_id: int) -> None:
        if message_id > self._reached.get(channel_id, 0):
            self._reached[channel_id] = message_id
            self._unwritten.add(channel_id)

    # Writing

    async def write(self) -> None:
        """Write what is new."""
        async with self._writing:
            await self._write()

    async def _write(self) -> None:
        alive = self._heard_up_to()
        left = list(self._unwritten)
        while left:
            part, left = left[:_ROWS], left[_ROWS:]
            reached = {channel_id: self._reached[channel_id] for channel_id in part}
            await self._hub.remember_all(PLATFORM, {f"last:{one}": str(reached[one]) for one in part})
            self._unwritten -= {one for one in part if self._reached[one] == reached[one]}
        # Last: it relies on the places of the channels that have one.
        if alive > self._alive:
            await self._hub.remember(PLATFORM, self.alive_name, str(alive))
            self._alive = alive

    def _heard_up_to(self) -> int:
        """Up to which message all channels were heard; 0 while that is not known."""
        if self._holding:
            return self._before
        if self._kept - self._reached.keys():
            return 0
        heard = max(self._listed, self._newest - _MARGIN_IN_IDS)
        return min((heard, *(min(channel.begun) - 1 for channel in self._channels.values() if channel.begun)))
