"""How far each channel has been heard, so that after a gap the rest can be read back."""

import asyncio
import logging
from dataclasses import dataclass, field

from bot.core.faults import where
from bot.core.platform import Hub

log = logging.getLogger(__name__)

PLATFORM = "discord"

_PAUSE = 3.0
"""Seconds between two writes: a busy channel is written once for many messages."""

_WAITING_LIMIT = 1000
"""Finished messages that may wait behind one that is not: then that one is given up."""


@dataclass(slots=True)
class _Channel:
    begun: set[int] = field(default_factory=set)
    done: set[int] = field(default_factory=set)


class Progress:
    """The last message of each channel up to which all have been handled.

    A message whose handling failed holds its channel back until the bot starts again, and is then read again.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._channels: dict[int, _Channel] = {}
        self._unwritten: dict[int, int] = {}
        self._news = asyncio.Event()

    def begin(self, channel_id: int, message_id: int) -> None:
        """A message has come in."""
        self._channels.setdefault(channel_id, _Channel()).begun.add(message_id)

    def done(self, channel_id: int, message_id: int) -> None:
        """A message has been handled."""
        channel = self._channels.setdefault(channel_id, _Channel())
        channel.begun.discard(message_id)
        channel.done.add(message_id)
        if len(channel.done) > _WAITING_LIMIT:
            channel.begun.discard(min(channel.begun))
        passed = {done for done in channel.done if not channel.begun or done < min(channel.begun)}
        if not passed:
            return
        channel.done -= passed
        self._unwritten[channel_id] = max(passed)
        self._news.set()
        if not channel.begun and not channel.done:
            del self._channels[channel_id]

    async def keep_writing(self) -> None:
        """Write every few seconds, until cancelled."""
        while True:
            await self._news.wait()
            try:
                await self.write()
            except Exception as error:
                log.error("how far the channels are heard could not be stored: %s", where(error))
            await asyncio.sleep(_PAUSE)

    async def write(self) -> None:
        """Write what is new."""
        self._news.clear()
        for channel_id, message_id in list(self._unwritten.items()):
            await self._hub.remember(PLATFORM, f"last:{channel_id}", str(message_id))
            if self._unwritten.get(channel_id) == message_id:
                del self._unwritten[channel_id]
