"""Guilds, roles, members, channels and threads, and every change to them with the event it causes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from . import permissions
from .entities import DM, JSON, PRIVATE_THREAD, Channel, Guild, Member, Overwrite, Role, User
from .events import GUILD_MEMBERS, GUILDS, Emit, nobody_listens

if TYPE_CHECKING:
    from .people import Person

DISCORD_EPOCH = 1420070400.0


class Structure:
    """Who and what there is; each change is told to the gateway."""

    def __init__(self) -> None:
        self._last_snowflake = 0
        self.bot = User(self.snowflake(), "handrail", bot=True)
        self.application_owner = User(self.snowflake(), "operator")
        self.users: dict[int, User] = {self.bot.id: self.bot}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.emit: Emit = nobody_listens
        self._direct: dict[int, Channel] = {}

    def snowflake(self) -> int:
        """Make an id that sorts by time, later than every earlier one."""
        now = int((time.time() - DISCORD_EPOCH) * 1000) << 22
        self._last_snowflake = max(self._last_snowflake + 1, now)
        return self._last_snowflake

    # Guilds, roles, members

    def add_guild(self, name: str, bot_permissions: int) -> Guild:
        """Create a guild with an owner, @everyone and the bot with a role of its own."""
        owner = self.add_user("owner")
        guild = Guild(self.snowflake(), name, owner.id, self)
        guild.roles[guild.id] = Role(guild.id, "@everyone", permissions.EVERYONE)
        role = Role(self.snowflake(), self.bot.name, bot_permissions, position=1, managed=True)
        guild.roles[role.id] = role
        guild.members[owner.id] = Member(owner, time.time())
        guild.members[self.bot.id] = Member(self.bot, time.time(), [role.id])
        self.guilds[guild.id] = guild
        data = guild.json(members=[guild.members[self.bot.id]])
        # Without this key a guild is a new one, with it one that is available again.
        del data["unavailable"]
        self.emit("GUILD_CREATE", data, guild=guild, intent=GUILDS)
        return guild

    def remove_bot(self, guild: Guild) -> None:
        """Kick the bot out of a guild."""
        self.emit("GUILD_DELETE", {"id": str(guild.id)}, guild=guild, intent=GUILDS)
        del guild.members[self.bot.id]
        del self.guilds[guild.id]

    def add_user(self, name: str, *, bot: bool = False) -> User:
        """Register an account."""
        user = User(self.snowflake(), name, bot=bot)
        self.users[user.id] = user
        return user

    def add_role(self, guild: Guild, name: str, bits: int, *, mentionable: bool) -> Role:
        """Add a role above the existing ones."""
        role = Role(self.snowflake(), name, bits, position=len(guild.roles), mentionable=mentionable)
        guild.roles[role.id] = role
        data = {"guild_id": str(guild.id), "role": role.json()}
        self.emit("GUILD_ROLE_CREATE", data, guild=guild, intent=GUILDS)
        return role

    def join(self, guild: Guild, user: User) -> None:
        """Let a user become a member."""
        guild.members[user.id] = member = Member(user, time.time())
        data = {"guild_id": str(guild.id), **member.json()}
        self.emit("GUILD_MEMBER_ADD", data, guild=guild, intent=GUILD_MEMBERS)

    def leave(self, guild: Guild, user: User) -> None:
        """Let a member go; they leave the threads too."""
        del guild.members[user.id]
        for thread in guild.threads.values():
            thread.thread_members.pop(user.id, None)
        data = {"guild_id": str(guild.id), "user": user.json()}
        self.emit("GUILD_MEMBER_REMOVE", data, guild=guild, intent=GUILD_MEMBERS)

    def set_roles(self, guild: Guild, user: User, role_ids: list[int]) -> None:
        """Replace a member's roles."""
        member = guild.members[user.id]
        member.role_ids = role_ids
        data = {"guild_id": str(guild.id), **member.json()}
        # A bot hears about its own roles without the privileged intent.
        intent = GUILDS if user is self.bot else GUILD_MEMBERS
        self.emit("GUILD_MEMBER_UPDATE", data, guild=guild, intent=intent)

    # Channels and threads

    def add_text_channel(
        self,
        guild: Guild,
        name: str,
        *,
        private_to: Person | User | Role | Sequence[Person | User | Role] | None,
        bot_can_see: bool,
        topic: str | None,
        kind: int,
    ) -> Channel:
        """Add a text channel with the overwrites that make it private."""
        overwrites = []
        if private_to is not None:
            named = private_to if isinstance(private_to, Sequence) else [private_to]
            overwrites.append(Overwrite(guild.id, 0, deny=permissions.VIEW_CHANNEL))
            for one in named:
                overwrites.append(Overwrite(one.id, 0 if isinstance(one, Role) else 1, permissions.VIEW_CHANNEL))
        if not bot_can_see:
            overwrites.append(Overwrite(self.bot.id, 1, deny=permissions.VIEW_CHANNEL))
        elif private_to is not None:
            overwrites.append(Overwrite(self.bot.id, 1, permissions.VIEW_CHANNEL))
        channel = Channel(self.snowflake(), kind, name, topic, guild=guild, overwrites=overwrites, world=self)
        self.channels[channel.id] = guild.channels[channel.id] = channel
        self.emit_channel("CHANNEL_CREATE", channel)
        return channel

    def forbid(self, channel: Channel, bits: int, who: User | Role | Person | None) -> None:
        """Deny permissions in a channel."""
        target = self.bot.id if who is None else who.id
        found = [one for one in channel.overwrites if one.target_id == target]
        overwrite = found[0] if found else Overwrite(target, 0 if isinstance(who, Role) else 1)
        if not found:
            channel.overwrites.append(overwrite)
        overwrite.deny |= bits
        overwrite.allow &= ~bits
        self.emit_channel("CHANNEL_UPDATE", channel)

    def delete_channel(self, channel: Channel) -> None:
        """Delete a channel or thread."""
        assert channel.guild is not None, "a direct message channel cannot be deleted"
        if channel.is_thread:
            data = {"id": str(channel.id), "guild_id": str(channel.guild.id), "type": channel.type}
            data["parent_id"] = str(channel.parent.id) if channel.parent else None
            self.emit("THREAD_DELETE", data, guild=channel.guild, intent=GUILDS)
            del channel.guild.threads[channel.id]
        else:
            self.emit_channel("CHANNEL_DELETE", channel)
            del channel.guild.channels[channel.id]
            gone = [thread.id for thread in channel.guild.threads.values() if thread.parent is channel]
            for thread_id in gone:
                del channel.guild.threads[thread_id], self.channels[thread_id]
        del self.channels[channel.id]

    def direct_channel(self, user: User) -> Channel:
        """Open the direct message channel between a user and the bot, or find it."""
        if user.id not in self._direct:
            channel = Channel(self.snowflake(), DM, recipient_ids=[user.id, self.bot.id], world=self)
            self._direct[user.id] = self.channels[channel.id] = channel
        return self._direct[user.id]

    def can_message(self, user: User) -> bool:
        """Tell whether the bot may write to a user: their door is open and they share a guild."""
        return not user.dm_closed and any(user.id in guild.members for guild in self.guilds.values())

    def add_thread(self, parent: Channel, owner: User, kind: int, body: JSON, thread_id: int) -> Channel:
        """Open a thread, with its opener in it."""
        assert parent.guild is not None
        thread = Channel(
            thread_id,
            kind,
            body["name"],
            guild=parent.guild,
            parent=parent,
            owner_id=owner.id,
            thread_members={owner.id: time.time()},
            invitable=bool(body.get("invitable", True)),
            auto_archive_duration=body.get("auto_archive_duration") or 1440,
            created=time.time(),
            world=self,
        )
        self.channels[thread.id] = parent.guild.threads[thread.id] = thread
        if kind != PRIVATE_THREAD or self.bot.id in thread.thread_members:
            data = {**thread.json(), "newly_created": True}
            self.emit("THREAD_CREATE", data, guild=thread.guild, intent=GUILDS)
        return thread

    def add_to_thread(self, thread: Channel, user: User) -> None:
        """Put somebody into a thread."""
        assert thread.guild is not None
        if user.id in thread.thread_members:
            return
        thread.thread_members[user.id] = time.time()
        if user is self.bot:
            # The bot may see the thread only now, so it is told all about it.
            self.emit("THREAD_CREATE", thread.json(), guild=thread.guild, intent=GUILDS)
            return
        member = thread.thread_member_json(user.id)
        member |= {"member": thread.guild.members[user.id].json(), "presence": None}
        self._emit_thread_members(thread, {"added_members": [member]})

    def remove_from_thread(self, thread: Channel, user_id: int) -> None:
        """Take somebody out of a thread."""
        if thread.thread_members.pop(user_id, None) is not None:
            self._emit_thread_members(thread, {"removed_member_ids": [str(user_id)]})

    def update_thread(self, thread: Channel) -> None:
        """Say that a thread's name or state changed."""
        self.emit("THREAD_UPDATE", thread.json(), guild=thread.guild, intent=GUILDS)

    def _emit_thread_members(self, thread: Channel, change: JSON) -> None:
        assert thread.guild is not None
        data = {"id": str(thread.id), "guild_id": str(thread.guild.id), **change}
        data["member_count"] = len(thread.thread_members)
        self.emit("THREAD_MEMBERS_UPDATE", data, guild=thread.guild, intent=GUILDS)

    def emit_channel(self, event: str, channel: Channel) -> None:
        """Say that a channel came, changed or went."""
        self.emit(event, channel.json(), guild=channel.guild, intent=GUILDS)
