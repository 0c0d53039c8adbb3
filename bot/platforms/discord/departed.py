"""Who has left a server without the bot being told: it was away, or may not hear of members.

The list of members is a privileged thing that the bot does not ask for, so a server is asked about each of those who
may be called, one after the other, at each new session. Somebody of whom it must be known where they are waits for one
of these requests at most.
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
    """Tell the hub of those of these servers' peers who are there no more. What goes wrong is logged.

    Only who is in none of their community's servers has left: whom nobody calls by mistake, nobody hears.
    """
    here = {str(guild.id) for guild in guilds}
    try:
        called = [each for each in await hub.who_is_called(PLATFORM) if not here.isdisjoint(each[1])]
        if len(called) > _MOST:
            log.warning("Of %s peers the first %s are looked up: whether they are in their servers", len(called), _MOST)
        for account, servers in called[:_MOST]:
            if account.isdecimal() and await _is_in_none(client, servers, int(account)):
                await hub.left(PLATFORM, account, servers[0], found_out=True)
    except Exception as error:
        log.error("whether all peers are still in their servers could not be looked up: %s", where(error))


async def _is_in_none(client: discord.Client, servers: Iterable[str], user_id: int) -> bool:
    """Whether Discord says of each of the servers that the person is not in it."""
    for server in servers:
        if not server.isdecimal() or await is_member(client, int(server), user_id, strictly=True) is not False:
            return False
    return True
