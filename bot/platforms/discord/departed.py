"""Who has left a server without the bot being told: it was away, or may not hear of members.

The list of members is a privileged thing that the bot does not ask for, so a server is asked about each of those who
may be called, one after the other, at each new session.
"""

import logging
from collections.abc import Iterable

import discord

from bot.core.faults import where
from bot.core.platform import Hub
from bot.platforms.discord.hearing import is_member
from bot.platforms.discord.progress import PLATFORM

log = logging.getLogger(__name__)

_MOST = 500
"""People who are asked about at one session."""


async def look(hub: Hub, client: discord.Client, guilds: Iterable[discord.Guild]) -> None:
    """Tell the hub of those of these servers' peers who are there no more. What goes wrong is logged."""
    here = {str(guild.id) for guild in guilds}
    try:
        called = [(account, servers) for account, servers in await hub.who_is_called(PLATFORM) if here & {*servers}]
        for account, servers in called[:_MOST]:
            if account.isdecimal() and await _has_left(client, int(account), servers):
                await hub.left(PLATFORM, account, next(server for server in servers if server in here), found_out=True)
    except Exception as error:
        log.error("whether all peers are still in their servers could not be looked up: %s", where(error))


async def _has_left(client: discord.Client, account: int, servers: Iterable[str]) -> bool:
    """Whether Discord says of each of these servers that they are not in it: who is in one of several is there."""
    for server in servers:
        if not server.isdecimal() or await is_member(client, int(server), account) is not False:
            return False
    return True
