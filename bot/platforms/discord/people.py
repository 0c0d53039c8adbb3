"""Whom a server knows by an id or a name, without the list of its members, which the bot does not ask for."""

from collections.abc import Sequence

import discord

from bot.core.platform import Acquaintance, TryAgain
from bot.platforms.discord.errors import TROUBLE, is_final

_MOST_SERVERS = 5
_MOST_ALIKE = 100
"""Members whose names begin with the same letters, of whom Discord tells at most so many."""

_LONGEST_NAME = 32


async def people(client: discord.Client, words: str, places: Sequence[str]) -> list[Acquaintance]:
    """The people with that id, or whose names begin so, in the servers of these `places` (servers and channels).

    Bots are nobody. Raises `TryAgain` where Discord does not say.
    """
    found: dict[str, Acquaintance] = {}
    name = words.removeprefix("@")
    try:
        for guild_id in _servers(client, places)[:_MOST_SERVERS]:
            if words.isdecimal():
                found |= await _with_id(client, guild_id, int(words))
            guild = client.get_guild(guild_id)
            if guild is not None and 0 < len(name) <= _LONGEST_NAME:
                for member in await guild.query_members(name, limit=_MOST_ALIKE, cache=False):
                    if not member.bot:
                        names = {member.name, member.display_name, member.global_name or member.name}
                        found[str(member.id)] = Acquaintance(account=str(member.id), names=tuple(sorted(names)))
    except (*TROUBLE, TimeoutError) as error:
        raise TryAgain(f"Discord does not tell who is in a server: {type(error).__name__}") from None
    return list(found.values())


def _servers(client: discord.Client, places: Sequence[str]) -> list[int]:
    servers: dict[int, None] = {}
    for place in (int(one) for one in places if one.isdecimal()):
        channel = client.get_channel(place)
        if client.get_guild(place) is not None:
            servers[place] = None
        elif isinstance(channel, discord.abc.GuildChannel):
            servers[channel.guild.id] = None
    return list(servers)


async def _with_id(client: discord.Client, guild_id: int, user_id: int) -> dict[str, Acquaintance]:
    if user_id >= 2**63:
        return {}
    try:
        member = await client.http.get_member(guild_id, user_id)
    except discord.HTTPException as error:
        if is_final(error):
            return {}
        raise
    if member["user"].get("bot"):
        return {}
    return {str(user_id): Acquaintance(account=str(user_id), names=())}
