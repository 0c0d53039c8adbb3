"""Guilds, channels, users, members, roles, messages: plain data, and the JSON Discord makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from . import permissions

if TYPE_CHECKING:
    from .messages import Message
    from .people import Person
    from .structure import Structure

JSON = dict[str, Any]

TEXT, DM, VOICE, PUBLIC_THREAD, PRIVATE_THREAD, STAGE, FORUM = 0, 1, 2, 11, 12, 13, 15


def timestamp(seconds: float) -> str:
    """Write a moment the way Discord does."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


@dataclass(eq=False)
class User:
    """An account, human or bot."""

    id: int
    name: str
    bot: bool = False
    dm_closed: bool = False
    locale: str = "en-US"

    def json(self) -> JSON:
        return {
            "id": str(self.id),
            "username": self.name,
            "discriminator": "0",
            "global_name": None if self.bot else self.name.capitalize(),
            "avatar": None,
            "bot": self.bot,
            "public_flags": 0,
        }


@dataclass(eq=False)
class Role:
    """A role; the one with the guild's id is @everyone."""

    id: int
    name: str
    permissions: int = 0
    position: int = 0
    mentionable: bool = False
    managed: bool = False

    def json(self) -> JSON:
        return {
            "id": str(self.id),
            "name": self.name,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "icon": None,
            "unicode_emoji": None,
            "position": self.position,
            "permissions": str(self.permissions),
            "managed": self.managed,
            "mentionable": self.mentionable,
            "flags": 0,
        }


@dataclass(eq=False)
class Member:
    """A user in a guild."""

    user: User
    joined: float
    role_ids: list[int] = field(default_factory=list)
    nick: str | None = None

    def json(self, *, with_user: bool = True) -> JSON:
        data: JSON = {
            "nick": self.nick,
            "avatar": None,
            "roles": [str(role_id) for role_id in self.role_ids],
            "joined_at": timestamp(self.joined),
            "premium_since": None,
            "deaf": False,
            "mute": False,
            "pending": False,
            "flags": 0,
            "communication_disabled_until": None,
        }
        return {**data, "user": self.user.json()} if with_user else data


@dataclass(eq=False)
class Overwrite:
    """A channel's own allowances and denials for a role (0) or a member (1)."""

    target_id: int
    kind: int
    allow: int = 0
    deny: int = 0

    def json(self) -> JSON:
        return {
            "id": str(self.target_id),
            "type": self.kind,
            "allow": str(self.allow),
            "deny": str(self.deny),
        }


@dataclass(eq=False)
class Channel:
    """A text channel or one of another kind, a direct message channel or a thread."""

    id: int
    type: int
    name: str = ""
    topic: str | None = None
    guild: Guild | None = None
    parent: Channel | None = None
    overwrites: list[Overwrite] = field(default_factory=list)
    recipient_ids: list[int] = field(default_factory=list)
    messages: dict[int, Message] = field(default_factory=dict)
    owner_id: int | None = None
    thread_members: dict[int, float] = field(default_factory=dict)
    archived: bool = False
    archived_at: float | None = None
    locked: bool = False
    invitable: bool = True
    auto_archive_duration: int = 1440
    created: float = 0.0
    last_message_id: int | None = None
    world: Structure | None = field(default=None, repr=False)

    @property
    def is_thread(self) -> bool:
        return self.type in (PUBLIC_THREAD, PRIVATE_THREAD)

    @property
    def is_private_thread(self) -> bool:
        return self.type == PRIVATE_THREAD

    @property
    def mention(self) -> str:
        return f"<#{self.id}>"

    def permissions_of(self, user_id: int) -> int:
        """Compute what a user may do here."""
        return permissions.in_channel(self, user_id)

    def forbid(self, bits: int, who: User | Role | Person | None = None) -> None:
        """Deny permissions here to a user or role, to the bot when nobody is named."""
        assert self.world is not None
        self.world.forbid(self, bits, who)

    def delete(self) -> None:
        """Delete the channel, as a moderator would."""
        assert self.world is not None
        self.world.delete_channel(self)

    def json(self) -> JSON:
        assert self.world is not None
        # As on Discord, the last message may be one that was deleted since.
        last = self.last_message_id
        data: JSON = {
            "id": str(self.id),
            "type": self.type,
            "flags": 0,
            "last_message_id": None if last is None else str(last),
        }
        if self.guild is None:
            bot_id = self.world.bot.id
            others = [self.world.users[user_id] for user_id in self.recipient_ids if user_id != bot_id]
            return {**data, "recipients": [user.json() for user in others]}
        data |= {
            "name": self.name,
            "guild_id": str(self.guild.id),
            "rate_limit_per_user": 0,
            "parent_id": None if self.parent is None else str(self.parent.id),
        }
        if not self.is_thread:
            position = list(self.guild.channels).index(self.id) if self.id in self.guild.channels else 0
            if self.type in (VOICE, STAGE):
                data |= {"bitrate": 64000, "user_limit": 0, "rtc_region": None, "video_quality_mode": 1}
            return data | {
                "position": position,
                "topic": self.topic,
                "nsfw": False,
                "permission_overwrites": [overwrite.json() for overwrite in self.overwrites],
            }
        data |= {
            "owner_id": str(self.owner_id),
            "message_count": len(self.messages),
            "total_message_sent": len(self.messages),
            "member_count": len(self.thread_members),
            "thread_metadata": {
                "archived": self.archived,
                "locked": self.locked,
                "auto_archive_duration": self.auto_archive_duration,
                "archive_timestamp": timestamp(self.archived_at or self.created),
                "create_timestamp": timestamp(self.created),
            }
            | ({"invitable": self.invitable} if self.is_private_thread else {}),
        }
        if self.world.bot.id in self.thread_members:
            data["member"] = self.thread_member_json(self.world.bot.id)
        return data

    def thread_member_json(self, user_id: int) -> JSON:
        return {
            "id": str(self.id),
            "user_id": str(user_id),
            "join_timestamp": timestamp(self.thread_members[user_id]),
            "flags": 0,
        }


@dataclass(eq=False)
class Guild:
    """A server in Discord's sense."""

    id: int
    name: str
    owner_id: int
    world: Structure = field(repr=False)
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    threads: dict[int, Channel] = field(default_factory=dict)
    scheduled_events: dict[int, JSON] = field(default_factory=dict)
    locale: str = "en-US"
    features: list[str] = field(default_factory=list)

    def add_text_channel(
        self,
        name: str,
        *,
        private_to: Person | User | Role | Sequence[Person | User | Role] | None = None,
        bot_can_see: bool = True,
        topic: str | None = None,
        kind: int = TEXT,
    ) -> Channel:
        """Add a text channel; ``private_to`` hides it from everybody but those named (and the bot).

        ``kind`` makes it a channel of another kind in which people write: a forum, a voice or a stage channel.
        """
        return self.world.add_text_channel(
            self, name, private_to=private_to, bot_can_see=bot_can_see, topic=topic, kind=kind
        )

    def add_role(self, name: str, permissions: int = 0, *, mentionable: bool = False) -> Role:
        """Add a role that can be given to people with ``person.gains(role)``."""
        return self.world.add_role(self, name, permissions, mentionable=mentionable)

    def permissions_of(self, user_id: int) -> int:
        """Compute what a member may do in the whole guild."""
        return permissions.in_guild(self, user_id)

    def json(self, *, members: Sequence[Member] = (), full: bool = True) -> JSON:
        data: JSON = {
            "id": str(self.id),
            "name": self.name,
            "owner_id": str(self.owner_id),
            "icon": None,
            "splash": None,
            "discovery_splash": None,
            "description": None,
            "features": self.features,
            "roles": [role.json() for role in self.roles.values()],
            "emojis": [],
            "stickers": [],
            "afk_channel_id": None,
            "afk_timeout": 300,
            "application_id": None,
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "nsfw_level": 0,
            "premium_tier": 0,
            "preferred_locale": self.locale,
            "system_channel_id": None,
            "system_channel_flags": 0,
            "rules_channel_id": None,
            "public_updates_channel_id": None,
            "safety_alerts_channel_id": None,
            "vanity_url_code": None,
            "max_members": 500000,
        }
        if not full:
            return data
        bot_id = self.world.bot.id
        threads = [thread for thread in self.threads.values() if thread.permissions_of(bot_id)]
        return data | {
            "joined_at": timestamp(self.members[bot_id].joined),
            "large": False,
            "unavailable": False,
            "member_count": len(self.members),
            "members": [member.json() for member in members],
            # Hidden channels are in here too: Discord sends them, and clients hide them by permission.
            "channels": [channel.json() for channel in self.channels.values()],
            "threads": [thread.json() for thread in threads if not thread.archived],
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }
