"""The last resort: an answer to somebody in danger while the database refuses, straight through the platform."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import timedelta

from bot.core.content import Content, Reply
from bot.core.faults import where
from bot.core.inbound import Inbound
from bot.core.platform import Address
from bot.services import incoming, replies
from bot.services.incoming import Key
from bot.services.voice import Voice

log = logging.getLogger(__name__)

LIMIT = timedelta(seconds=30)
"""How long the platform may take to say it."""

REMEMBERED = 1000
"""Events whose answer is remembered, so that they get no second one when the platform brings them again."""

SayAtOnce = Callable[[Address, Content, str], Awaitable[None]]
"""Says a rendered content at an address, under a key, without the database."""


class AtOnce:
    """Answers with what needs no database: that nobody could be told yet, and where people are reached."""

    def __init__(self, say: SayAtOnce, voice: Voice) -> None:
        self._say = say
        self._voice = voice
        self._answered: OrderedDict[Key, None] = OrderedDict()

    async def answer(self, inbound: Inbound) -> None:
        """Answer privately, once for each event. A fault of its own is logged, and raises nothing."""
        key = incoming.key_of(inbound)
        if key in self._answered:
            return
        self._answered[key] = None
        while len(self._answered) > REMEMBERED:
            self._answered.popitem(last=False)
        to = Address(
            platform=inbound.platform,
            kind="direct",
            id=inbound.account,
            fallback=None if inbound.private else inbound.place,
        )
        try:
            async with asyncio.timeout(LIMIT.total_seconds()):
                await self._say(to, self._content(inbound), f"trouble:{inbound.platform}:{inbound.event_id}")
        except Exception as error:
            self._answered.pop(key, None)
            log.critical("event %s: somebody in danger could not be answered: %s", inbound.event_id, where(error))
        else:
            log.critical("event %s: somebody in danger was answered, but nobody could be called", inbound.event_id)

    def reply(self, inbound: Inbound) -> Reply:
        """The same for an adapter that answers by itself."""
        log.critical("event %s: somebody in danger was answered, but nobody could be called", inbound.event_id)
        return Reply(content=self._content(inbound))

    def _content(self, inbound: Inbound) -> Content:
        return replies.trouble().rendered(self._voice.words(inbound.language))
