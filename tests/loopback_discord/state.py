"""Everything the server remembers: the structure, and what is said in it."""

from __future__ import annotations

import time
from collections.abc import Callable

from . import errors, permissions
from .entities import JSON, Channel, User
from .events import (
    AUTO_MODERATION_EXECUTION,
    DM_MESSAGES,
    DM_REACTIONS,
    DM_TYPING,
    GUILD_MESSAGES,
    GUILD_REACTIONS,
    GUILD_TYPING,
)
from .messages import Message
from .notifier import Notifier
from .structure import Structure


class World(Structure):
    """The state of a small Discord, kept over server restarts."""

    def __init__(self, clock: Callable[[], float], nonce_window: float) -> None:
        super().__init__()
        self.clock = clock
        self.nonce_window = nonce_window
        self.bot_messages: list[Message] = []
        #: Each message as it was written: id, channel, author, nonce, content, seconds since 1970.
        self.written: list[tuple[int, int, int, str | int | None, str, float]] = []
        #: Where attachments are, as the server's CDN: its address, and each file by its path there.
        self.cdn = "https://cdn.discordapp.com"
        self.files: dict[str, tuple[Message, bytes]] = {}
        self.changed = Notifier()
        self._nonces: dict[tuple[int, str], tuple[Message, float]] = {}

    def known_nonce(self, author: User, nonce: str | int) -> Message | None:
        """Find the message this author sent with this nonce within the window."""
        found = self._nonces.get((author.id, str(nonce)))
        if found is None or self.clock() - found[1] > self.nonce_window:
            return None
        if found[0].deleted:
            raise errors.unknown("Message")
        return found[0]

    def post(self, message: Message) -> Message:
        """Store a message and tell the bot, as far as it may know."""
        message.channel.messages[message.id] = message
        message.channel.last_message_id = message.id
        ids = message.id, message.channel.id, message.author.id
        self.written.append((*ids, message.nonce, message.content, message.created))
        if message.nonce is not None:
            self._nonces[message.author.id, str(message.nonce)] = (message, self.clock())
        if message.channel.is_thread and message.channel.guild is not None:
            # Being mentioned in a thread pulls a member into it.
            for user in [message.author, *message.mentions]:
                if user.id in message.channel.guild.members:
                    self.add_to_thread(message.channel, user)
        self.record(message)
        self.emit_message("MESSAGE_CREATE", message)
        return message

    def record(self, message: Message) -> None:
        """Note what the bot sent, in or outside a channel's history."""
        if message.author is self.bot:
            self.bot_messages.append(message)
        self.changed.notify()

    def edited(self, message: Message) -> None:
        """Say that a message changed; an ephemeral one is known only to its reader."""
        self.changed.notify()
        if message.id in message.channel.messages:
            self.emit_message("MESSAGE_UPDATE", message)

    def delete(self, message: Message) -> None:
        """Delete a message."""
        message.deleted = True
        self.changed.notify()
        if message.channel.messages.pop(message.id, None) is None:
            return
        data = {"id": str(message.id), "channel_id": str(message.channel.id)}
        self._emit_in(message.channel, "MESSAGE_DELETE", data, GUILD_MESSAGES, dm_intent=DM_MESSAGES)

    def emit_message(self, event: str, message: Message) -> None:
        """Send a message event, with the author's membership when there is one."""
        data = message.json(reader_id=self.bot.id)
        guild = message.channel.guild
        if guild is not None and (member := guild.members.get(message.author.id)) is not None:
            data["member"] = member.json(with_user=False)
        self._emit_in(message.channel, event, data, GUILD_MESSAGES, dm_intent=DM_MESSAGES, message=message)

    def react(self, message: Message, user: User, emoji: str) -> None:
        """Add a reaction; the same one twice is one."""
        users = message.reactions.setdefault(emoji, [])
        if user.id not in users:
            users.append(user.id)
            self._emit_reaction("MESSAGE_REACTION_ADD", message, user, emoji)

    def unreact(self, message: Message, user: User, emoji: str) -> None:
        """Take a reaction back."""
        users = message.reactions.get(emoji, [])
        if user.id in users:
            users.remove(user.id)
            if not users:
                del message.reactions[emoji]
            self._emit_reaction("MESSAGE_REACTION_REMOVE", message, user, emoji)

    def _emit_reaction(self, event: str, message: Message, user: User, emoji: str) -> None:
        data: JSON = {
            "user_id": str(user.id),
            "channel_id": str(message.channel.id),
            "message_id": str(message.id),
            "emoji": {"id": None, "name": emoji},
            "burst": False,
            "type": 0,
        }
        guild = message.channel.guild
        if event.endswith("ADD"):
            data["message_author_id"] = str(message.author.id)
            if guild is not None and user.id in guild.members:
                data["member"] = guild.members[user.id].json()
        self._emit_in(message.channel, event, data, GUILD_REACTIONS, dm_intent=DM_REACTIONS)

    def automod_acts(self, channel: Channel, user: User, text: str, keyword: str, message: Message | None) -> None:
        """Tell of a keyword rule with two actions: it blocks the message, unless it was posted, and says so."""
        assert channel.guild is not None
        if not permissions.in_guild(channel.guild, self.bot.id) & permissions.MANAGE_GUILD:
            return
        rule = self.snowflake()
        for kind in (1, 2):
            data: JSON = {
                "guild_id": str(channel.guild.id),
                "action": {"type": kind, "metadata": {"channel_id": str(channel.id)} if kind == 2 else {}},
                "rule_id": str(rule),
                "rule_trigger_type": 1,
                "user_id": str(user.id),
                "channel_id": str(channel.id),
                "content": text,
                "matched_keyword": keyword,
                "matched_content": keyword.strip("*"),
            } | ({} if message is None else {"message_id": str(message.id)})
            event = "AUTO_MODERATION_ACTION_EXECUTION"
            self.emit(event, data, guild=channel.guild, intent=AUTO_MODERATION_EXECUTION)

    def typing(self, channel: Channel, user: User) -> None:
        """Show that somebody types."""
        data: JSON = {
            "channel_id": str(channel.id),
            "user_id": str(user.id),
            "timestamp": int(time.time()),
        }
        self._emit_in(channel, "TYPING_START", data, GUILD_TYPING, dm_intent=DM_TYPING)

    def _emit_in(
        self,
        channel: Channel,
        event: str,
        data: JSON,
        guild_intent: int,
        *,
        dm_intent: int,
        message: Message | None = None,
    ) -> None:
        if not channel.permissions_of(self.bot.id) & permissions.VIEW_CHANNEL:
            return
        guild = channel.guild
        if guild is not None:
            data["guild_id"] = str(guild.id)
        intent = dm_intent if guild is None else guild_intent
        self.emit(event, data, guild=guild, intent=intent, message=message)
