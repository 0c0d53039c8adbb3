"""The permission bits the server looks at, and how Discord computes them for one user in one channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .entities import Channel, Guild

ADMINISTRATOR = 1 << 3
MANAGE_CHANNELS = 1 << 4
MANAGE_GUILD = 1 << 5
ADD_REACTIONS = 1 << 6
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
MANAGE_MESSAGES = 1 << 13
EMBED_LINKS = 1 << 14
ATTACH_FILES = 1 << 15
READ_MESSAGE_HISTORY = 1 << 16
MENTION_EVERYONE = 1 << 17
MANAGE_ROLES = 1 << 28
USE_APPLICATION_COMMANDS = 1 << 31
MANAGE_THREADS = 1 << 34
CREATE_PUBLIC_THREADS = 1 << 35
CREATE_PRIVATE_THREADS = 1 << 36
MANAGE_EVENTS = 1 << 33
SEND_MESSAGES_IN_THREADS = 1 << 38
CREATE_EVENTS = 1 << 44
PIN_MESSAGES = 1 << 51

ALL = (1 << 53) - 1

#: What Discord gives @everyone in a new server, as far as this server looks at it.
EVERYONE = (
    ADD_REACTIONS
    | VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | USE_APPLICATION_COMMANDS
    | CREATE_PUBLIC_THREADS
    | CREATE_PRIVATE_THREADS
    | SEND_MESSAGES_IN_THREADS
)

#: What a bot of this kind is usually invited with: not an administrator, so that refusals stay testable.
BOT = EVERYONE | MANAGE_MESSAGES | MANAGE_THREADS | MENTION_EVERYONE | PIN_MESSAGES | CREATE_EVENTS

DIRECT_MESSAGE = ADD_REACTIONS | VIEW_CHANNEL | SEND_MESSAGES | EMBED_LINKS | ATTACH_FILES | READ_MESSAGE_HISTORY


def in_guild(guild: Guild, user_id: int) -> int:
    """Compute a member's permissions in the whole guild; 0 for somebody who is not in it."""
    member = guild.members.get(user_id)
    if member is None:
        return 0
    if user_id == guild.owner_id:
        return ALL
    bits = guild.roles[guild.id].permissions
    for role_id in member.role_ids:
        bits |= guild.roles[role_id].permissions
    return ALL if bits & ADMINISTRATOR else bits


def in_channel(channel: Channel, user_id: int) -> int:
    """Compute a user's permissions in a channel, in the order Discord documents."""
    if channel.guild is None:
        return DIRECT_MESSAGE if user_id in channel.recipient_ids else 0
    if channel.parent is not None and channel.is_thread:
        bits = in_channel(channel.parent, user_id)
        hidden = channel.is_private_thread and user_id not in channel.thread_members
        return 0 if hidden and not bits & MANAGE_THREADS else bits
    guild = channel.guild
    bits = in_guild(guild, user_id)
    if bits == ALL or not bits:
        return bits
    member = guild.members[user_id]
    overwrites = {overwrite.target_id: overwrite for overwrite in channel.overwrites}
    if (everyone := overwrites.get(guild.id)) is not None:
        bits = bits & ~everyone.deny | everyone.allow
    allow = deny = 0
    for role_id in member.role_ids:
        if (overwrite := overwrites.get(role_id)) is not None:
            allow |= overwrite.allow
            deny |= overwrite.deny
    bits = bits & ~deny | allow
    if (own := overwrites.get(user_id)) is not None:
        bits = bits & ~own.deny | own.allow
    return bits if bits & VIEW_CHANNEL else 0
