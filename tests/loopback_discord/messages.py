"""A stored message, and the JSON Discord makes of it for one reader."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import components
from .entities import JSON, timestamp

if TYPE_CHECKING:
    from .entities import Channel, Role, User

EPHEMERAL, LOADING = 1 << 6, 1 << 7


@dataclass(eq=False)
class Message:
    """A message as the server stores it."""

    id: int
    channel: Channel
    author: User
    content: str = ""
    created: float = 0.0
    edited: float | None = None
    type: int = 0
    flags: int = 0
    tts: bool = False
    pinned: bool = False
    nonce: str | int | None = None
    embeds: list[JSON] = field(default_factory=list)
    components: list[JSON] = field(default_factory=list)
    attachments: list[JSON] = field(default_factory=list)
    uploads: dict[str, bytes] = field(default_factory=dict)
    """What was uploaded with it, by file name; Discord's CDN would hold it."""
    mentions: list[User] = field(default_factory=list)
    mention_roles: list[Role] = field(default_factory=list)
    mention_everyone: bool = False
    replied_to: Message | None = None
    reactions: dict[str, list[int]] = field(default_factory=dict)
    thread: Channel | None = None
    interaction: JSON | None = None
    webhook_id: int | None = None
    application_id: int | None = None
    forwarded: Message | None = None
    poll: JSON | None = None
    deleted: bool = False

    @property
    def text(self) -> str:
        """All its words as a reader sees them: content, text displays and embeds; none while it loads."""
        parts: list[str | None] = [self.content, *components.texts(self.components)]
        for embed in self.embeds:
            parts += [embed.get("title"), embed.get("description")]
            parts += [part for field in embed.get("fields", ()) for part in (field["name"], field["value"])]
            parts += [(embed.get("footer") or {}).get("text")]
        return "\n".join(part for part in parts if part)

    @property
    def labels(self) -> list[str]:
        """What can be pressed or chosen in it."""
        return components.labels(self)

    @property
    def ephemeral(self) -> bool:
        """Whether only one person can see it."""
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        """Whether it is still the "thinking" stand-in of a deferred answer."""
        return bool(self.flags & LOADING)

    def json(self, *, reader_id: int, with_reference: bool = True) -> JSON:
        """Render the message as one reader gets it (a nonce is shown only to its author)."""
        data: JSON = {
            "id": str(self.id),
            "channel_id": str(self.channel.id),
            "author": self.author.json(),
            "content": self.content,
            "timestamp": timestamp(self.created),
            "edited_timestamp": None if self.edited is None else timestamp(self.edited),
            "tts": self.tts,
            "mention_everyone": self.mention_everyone,
            "mentions": [self._mention(user) for user in self.mentions],
            "mention_roles": [str(role.id) for role in self.mention_roles],
            "attachments": self.attachments,
            "embeds": self.embeds,
            "components": self.components,
            "pinned": self.pinned,
            "type": self.type,
            "flags": self.flags,
        }
        if self.reactions:
            data["reactions"] = [self._reaction(emoji, reader_id) for emoji in self.reactions]
        if self.nonce is not None and reader_id == self.author.id:
            data["nonce"] = self.nonce
        if self.webhook_id is not None:
            application = self.application_id or self.webhook_id
            data |= {"webhook_id": str(self.webhook_id), "application_id": str(application)}
        if self.interaction is not None:
            data["interaction_metadata"] = self.interaction
        if self.poll is not None:
            data["poll"] = self.poll
        if self.forwarded is not None:
            data |= self._forwarded(self.forwarded)
        if self.thread is not None:
            data["thread"] = self.thread.json()
        if self.replied_to is not None:
            data["message_reference"] = {
                "type": 0,
                "message_id": str(self.replied_to.id),
                "channel_id": str(self.replied_to.channel.id),
            } | ({"guild_id": str(self.channel.guild.id)} if self.channel.guild else {})
            if with_reference:
                gone = self.replied_to.deleted
                original = self.replied_to
                data["referenced_message"] = None if gone else original.json(reader_id=reader_id, with_reference=False)
        return data

    def _forwarded(self, original: Message) -> JSON:
        """What Discord shows of a forwarded message: what it says, and not who has written it."""
        shown = {
            "type": original.type,
            "content": original.content,
            "embeds": original.embeds,
            "attachments": original.attachments,
            "timestamp": timestamp(original.created),
            "edited_timestamp": None,
            "flags": original.flags,
            "mentions": [],
            "mention_roles": [],
            "components": original.components,
        }
        reference = {"type": 1, "message_id": str(original.id), "channel_id": str(original.channel.id)}
        return {"message_reference": reference, "message_snapshots": [{"message": shown}]}

    def _mention(self, user: User) -> JSON:
        guild = self.channel.guild
        member = None if guild is None else guild.members.get(user.id)
        return user.json() | ({"member": member.json(with_user=False)} if member else {})

    def _reaction(self, emoji: str, reader_id: int) -> JSON:
        users = self.reactions[emoji]
        return {
            "emoji": {"id": None, "name": emoji},
            "count": len(users),
            "count_details": {"burst": 0, "normal": len(users)},
            "me": reader_id in users,
            "me_burst": False,
            "burst_colors": [],
        }
