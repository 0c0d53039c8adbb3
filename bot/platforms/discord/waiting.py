"""The last resort: what somebody in danger could be sent nowhere waits until they press a button where they wrote.

There a line asks them to, which tells nobody else why. What waits is kept in memory only, and shown to them alone.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, TypeVar

import discord

from bot.core.content import Choice, Content, read_token
from bot.core.faults import where
from bot.core.inbound import Inbound
from bot.core.platform import Address, Hub
from bot.core.words import _
from bot.platforms.discord.hearing import Hearing, is_member
from bot.platforms.discord.progress import PLATFORM
from bot.platforms.discord.rendering import buttons

Kept = TypeVar("Kept")

log = logging.getLogger(__name__)

_COMMAND, _ACCOUNT = "waiting", "account"

_PATIENCE = 10.0
_SILENCE = 600.0
"""Seconds in which somebody is asked once."""

_PEOPLE = 1000
_CONTENTS = 5
"""Messages that wait for one person, the newest ones."""

_LINE = _(
    "I have written to you, and it did not get through. Please allow direct messages from members of this server, "
    "or press here."
)
_READ_IT = _("Read it")


class Waiting:
    """Asks them, and hands out what waits."""

    def __init__(self, hub: Hub, hearing: Hearing) -> None:
        self._hub = hub
        self._hearing = hearing
        self._kept: OrderedDict[str, OrderedDict[str, Content]] = OrderedDict()
        self._asked: OrderedDict[str, float] = OrderedDict()

    async def ask(self, client: discord.Client, to: Address, content: Content, key: str) -> None:
        """Keep it, and ask them where they wrote last to fetch it. Raises nothing."""
        said = content.together.anew
        if to.kind != "direct" or to.fallback is None or not to.fallback.isdecimal() or said is None:
            return
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._ask(client, to.id, to.fallback, said, key)
        except Exception as error:
            log.error("somebody who cannot be reached could not be asked where they wrote: %s", where(error))

    async def _ask(self, client: discord.Client, account: str, place: str, content: Content, key: str) -> None:
        channel = client.get_channel(int(place))
        if not isinstance(channel, discord.abc.GuildChannel):
            return
        if await is_member(client, channel.guild.id, int(account)) is False:  # None: Discord did not say
            return
        kept = self._kept.setdefault(account, OrderedDict())
        kept[key] = content
        self._kept.move_to_end(account)
        _shorten(kept, _CONTENTS)
        _shorten(self._kept, _PEOPLE)
        now = time.monotonic()
        if now - self._asked.get(account, -_SILENCE) < _SILENCE:
            return
        about = Inbound(
            event_id=key,
            platform=PLATFORM,
            account=account,
            place=place,
            space=str(channel.guild.id),
            private=False,
            at=discord.utils.utcnow(),
        )
        _reader, words = await self._hub.reader(about)
        choice = Choice(label=words.render(_READ_IT), command=_COMMAND, arguments={_ACCOUNT: account}, style="primary")
        there = client.get_partial_messageable(self._hearing.thread_of(account, place) or int(place))
        await there.send(
            f"<@{account}> {words.render(_LINE)}",
            view=buttons([choice]) or discord.utils.MISSING,
            allowed_mentions=discord.AllowedMentions(users=[discord.Object(int(account))]),
        )
        self._asked[account] = now
        _shorten(self._asked, _PEOPLE)

    def take(self, account: str) -> list[Content]:
        """What waits for them, the oldest first; it waits no longer."""
        self._asked.pop(account, None)
        return list(self._kept.pop(account, {}).values())


def asked_for(interaction: discord.Interaction) -> str | None:
    """The account for which the pressed button is; None for anything else."""
    if interaction.type is not discord.InteractionType.component:
        return None
    data: Mapping[str, Any] = interaction.data or {}
    command, arguments = read_token(str(data.get("custom_id", "")))
    return arguments.get(_ACCOUNT, "") if command == _COMMAND else None


def _shorten(kept: OrderedDict[str, Kept], limit: int) -> None:
    while len(kept) > limit:
        kept.popitem(last=False)
