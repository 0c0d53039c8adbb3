"""Handing messages to the hub: each once, and again if that failed."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import discord

from bot.core.faults import Told, where
from bot.core.platform import Hub
from bot.platforms.discord.directs import DirectChats
from bot.platforms.discord.hearing import Hearing
from bot.platforms.discord.progress import Progress

log = logging.getLogger(__name__)

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
"""Seconds between two tries of what could not be handled: they double from the one to the other."""

_FAILED_LIMIT = 1000
_HEARD_LIMIT = 20_000
_TROUBLE = "receive"


@dataclass(frozen=True, slots=True)
class _Heard:
    client: discord.Client
    message: discord.Message
    edited: bool
    read_back: bool


class Receiving:
    """What people write, on its way to the hub.

    A message can come twice, live and from the history: the second time does nothing. One that the hub could not
    handle (a full disk) is kept in memory and handed in again until it is handled or the run ends. Its channel stays
    where it is meanwhile, so that after a restart it is read back.
    """

    def __init__(
        self, hub: Hub, hearing: Hearing, progress_of: Callable[[discord.Message], Progress], chats: DirectChats
    ) -> None:
        self._hub = hub
        self._hearing = hearing
        self._progress_of = progress_of
        self._chats = chats
        self._heard: OrderedDict[int, None] = OrderedDict()
        self._failed: OrderedDict[tuple[int, datetime | None], _Heard] = OrderedDict()
        self._has_failed = asyncio.Event()
        self._told = Told()

    def start_anew(self) -> None:
        """A new run: nothing is in hand any more."""
        self._heard.clear()
        self._failed.clear()
        self._has_failed.clear()

    def is_new(self, message_id: int) -> bool:
        """Whether this message has not come in yet."""
        return message_id not in self._heard

    async def hear(
        self, client: discord.Client, message: discord.Message, *, edited: bool = False, read_back: bool = False
    ) -> None:
        """Hand in one message, unless it has come in before. What goes wrong is logged and tried again."""
        if _is_own_in_private(message) and not read_back:
            # Nobody's words; and the place that they move would outlast the erasure of whom they were said to.
            return
        heard = _Heard(client, message, edited, read_back)
        if edited:
            await self._try(heard)
            return
        if not self.is_new(message.id):
            return
        self._heard[message.id] = None
        if len(self._heard) > _HEARD_LIMIT:
            self._heard.popitem(last=False)
        self._progress_of(message).begin(message.channel.id, message.id)
        try:
            await self._try(heard)
        except BaseException:
            # It was interrupted: it may come again from the history.
            self._heard.pop(message.id, None)
            raise

    async def keep_trying(self) -> None:
        """Hand in again what failed, until cancelled."""
        pause = _FIRST_PAUSE
        while True:
            await self._has_failed.wait()
            await asyncio.sleep(pause)
            before = len(self._failed)
            for heard in list(self._failed.values()):
                await self._try(heard)
            if not self._failed:
                self._has_failed.clear()
                if self._told.is_over(_TROUBLE):
                    log.warning("all messages that could not be handled are handled now")
            pause = _FIRST_PAUSE if len(self._failed) < before else min(2 * pause, _LONGEST_PAUSE)

    async def _try(self, heard: _Heard) -> None:
        message = heard.message
        key = message.id, message.edited_at if heard.edited else None
        try:
            await self._hand_in(heard)
        except Exception as error:
            self._keep(key, heard, error)
            return
        self._failed.pop(key, None)
        if not heard.edited:
            self._progress_of(message).done(message.channel.id, message.id)

    async def _hand_in(self, heard: _Heard) -> None:
        message = heard.message
        self._learn(message)
        inbound = await self._hearing.inbound(heard.client, message, edited=heard.edited)
        if inbound is not None:
            await self._hub.receive(replace(inbound, read_back=heard.read_back))
        # Once more: it may have been an erasure. Where a chat's place is written, whose it is must be, too, for it is
        # by that that both are found and forgotten.
        self._learn(message)

    def _learn(self, message: discord.Message) -> None:
        if message.guild is None and not message.author.bot:
            self._chats.learn(str(message.author.id), message.channel.id)

    def _keep(self, key: tuple[int, datetime | None], heard: _Heard, error: Exception) -> None:
        if key not in self._failed and self._told.is_news(_TROUBLE, datetime.now(UTC)):
            log.error(
                "message %s could not be handled: %s. It is tried again; see what the log says about the database "
                "and the disk. Further ones are not listed.",
                heard.message.id,
                where(error),
            )
        self._failed[key] = heard
        self._has_failed.set()
        if len(self._failed) > _FAILED_LIMIT:
            _key, dropped = self._failed.popitem(last=False)
            if not dropped.edited:
                # It may come again from the history, at the next session already.
                self._heard.pop(dropped.message.id, None)
            log.error("message %s waits no longer to be handled: it is read back at the next start", dropped.message.id)


def _is_own_in_private(message: discord.Message) -> bool:
    """Whether the bot has said it in a private chat: nobody else than it and a person is there."""
    return message.guild is None and message.author.bot
