"""Interactions: how they start, what the bot answers, and what the person sees of it."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Self

from . import components
from .entities import JSON, Channel, User
from .messages import Message
from .notifier import PATIENCE, Notifier

if TYPE_CHECKING:
    from .state import World

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
REPLY, DEFERRED_REPLY, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
KINDS = {
    REPLY: "message",
    DEFERRED_REPLY: "deferred",
    DEFERRED_UPDATE: "deferred_update",
    UPDATE: "update",
    CHOICES: "autocomplete",
    MODAL: "modal",
}
_TOKEN_LIFE = 15 * 60


class Choice(NamedTuple):
    """One suggestion of an autocomplete answer."""

    name: str
    value: str | int | float


@dataclass(eq=False)
class Interaction:
    """One interaction and everything the bot did with it."""

    id: int
    token: str
    type: int
    user: User
    channel: Channel
    source: Message | None
    started: float
    deadline: float
    started_wall: float
    callback: int | None = None
    modal: JSON | None = None
    choices: list[Choice] = field(default_factory=list)
    original: Message | None = None
    messages: list[Message] = field(default_factory=list)

    @property
    def expired(self) -> bool:
        """Whether it is too late for the first answer."""
        return self.callback is None and time.monotonic() > self.deadline

    @property
    def token_expired(self) -> bool:
        """Whether it is too late for follow-ups."""
        return time.monotonic() > self.started + _TOKEN_LIFE

    def find(self, message_id: str) -> Message | None:
        """Find one of the bot's messages by id or as ``@original``."""
        if message_id == "@original" or (self.original and str(self.original.id) == message_id):
            return self.original
        return next((one for one in self.messages if str(one.id) == message_id), None)


@dataclass(eq=False)
class Answer:
    """What the bot answered to one interaction, as the person sees it; it grows with follow-ups."""

    interaction: Interaction
    _changed: Notifier = field(repr=False)

    @property
    def kind(self) -> str:
        """message, deferred, deferred_update, update, modal or autocomplete."""
        return "unanswered" if self.interaction.callback is None else KINDS[self.interaction.callback]

    @property
    def message(self) -> Message | None:
        """The answer itself: the first message, or the updated one."""
        return self.interaction.original

    @property
    def messages(self) -> list[Message]:
        """Every message this answer consists of that still exists, the first one first."""
        first = [self.interaction.original] if self.interaction.original is not None else []
        rest = [one for one in self.interaction.messages if one is not self.interaction.original]
        return [one for one in [*first, *rest] if not one.deleted]

    @property
    def text(self) -> str:
        """The words of the answer with its follow-ups, one message a line; without a stand-in."""
        return "\n".join(one.text for one in self.messages if one.text)

    @property
    def ephemeral(self) -> bool:
        """Whether only this person sees the answer."""
        return self.message is not None and self.message.ephemeral

    @property
    def components(self) -> list[JSON]:
        """The components of all its messages."""
        return [component for one in self.messages for component in one.components]

    @property
    def labels(self) -> list[str]:
        """What can be pressed or chosen."""
        return [label for one in self.messages for label in components.labels(one)]

    @property
    def modal(self) -> JSON | None:
        """The modal that was opened."""
        return self.interaction.modal

    @property
    def choices(self) -> list[Choice]:
        """The suggestions of an autocomplete answer."""
        return self.interaction.choices

    @property
    def is_settled(self) -> bool:
        """Whether there is something real to see, not only a promise of it."""
        if self.kind == "deferred":
            return any(not one.loading for one in self.messages)
        if self.kind == "deferred_update":
            source = self.interaction.source
            touched = source is not None and (source.edited or 0.0) > self.interaction.started_wall
            return touched or bool(self.interaction.messages) or (source is not None and source.deleted)
        return self.kind != "unanswered"

    async def settled(self, timeout: float = PATIENCE) -> Self:  # noqa: ASYNC109  a wait tells what for
        """Wait until a deferred answer has its real content."""
        await self._changed.until(
            lambda: True if self.is_settled else None, timeout=timeout, what=f"a {self.kind} answer"
        )
        return self


class Interactions:
    """All interactions, by token."""

    def __init__(self, world: World, answer_within: float) -> None:
        self.world = world
        self.answer_within = answer_within
        self.by_token: dict[str, Interaction] = {}

    async def start(self, kind: int, user: User, channel: Channel, data: JSON, source: Message | None = None) -> Answer:
        """Send an interaction to the bot and wait for its first answer."""
        now = time.monotonic()
        interaction = Interaction(
            self.world.snowflake(),
            secrets.token_urlsafe(32),
            kind,
            user,
            channel,
            source,
            started=now,
            deadline=now + self.answer_within,
            started_wall=time.time(),
        )
        self.by_token[interaction.token] = interaction
        guild = channel.guild
        self.world.emit("INTERACTION_CREATE", self._json(interaction, data), guild=guild)
        answer = Answer(interaction, self.world.changed)
        what = data.get("name") or data.get("custom_id")
        await self.world.changed.until(
            lambda: interaction.callback,
            timeout=self.answer_within,
            what=f"{user.name} sees 'the application did not respond' to {what!r}",
        )
        return answer

    def _json(self, interaction: Interaction, data: JSON) -> JSON:
        channel, user, bot = interaction.channel, interaction.user, self.world.bot
        guild = channel.guild
        payload: JSON = {
            "id": str(interaction.id),
            "application_id": str(bot.id),
            "type": interaction.type,
            "token": interaction.token,
            "version": 1,
            "data": data,
            "channel_id": str(channel.id),
            "channel": channel.json() | {"permissions": str(channel.permissions_of(user.id))},
            "app_permissions": str(channel.permissions_of(bot.id)),
            "locale": user.locale,
            "entitlements": [],
            "attachment_size_limit": 10 * 1024 * 1024,
            "context": 0 if guild is not None else 1,
            "authorizing_integration_owners": {"0": "0" if guild is None else str(guild.id)},
        }
        if interaction.source is not None:
            payload["message"] = interaction.source.json(reader_id=bot.id)
        if guild is None:
            return payload | {"user": user.json()}
        member = guild.members[user.id].json() | {"permissions": str(channel.permissions_of(user.id))}
        return payload | {
            "member": member,
            "guild_id": str(guild.id),
            "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
            "guild_locale": guild.locale,
        }

    def metadata(self, interaction: Interaction) -> JSON:
        """Describe the interaction inside the message that answers it."""
        return {
            "id": str(interaction.id),
            "type": interaction.type,
            "user": interaction.user.json(),
            "authorizing_integration_owners": {},
        }
