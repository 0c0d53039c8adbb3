"""The gateway's intents, and the way by which a change becomes an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .entities import JSON, Guild
    from .messages import Message

# The gateway intents, by their bit.
GUILDS, GUILD_MEMBERS, GUILD_PRESENCES = 1 << 0, 1 << 1, 1 << 8
GUILD_MESSAGES, GUILD_REACTIONS, GUILD_TYPING = 1 << 9, 1 << 10, 1 << 11
DM_MESSAGES, DM_REACTIONS, DM_TYPING = 1 << 12, 1 << 13, 1 << 14
MESSAGE_CONTENT = 1 << 15
AUTO_MODERATION_EXECUTION = 1 << 21


class Emit(Protocol):
    """How a change reaches the gateway's sessions."""

    def __call__(
        self,
        event: str,
        data: JSON,
        *,
        guild: Guild | None = None,
        intent: int = 0,
        message: Message | None = None,
    ) -> None:
        """Send an event to each session that asked for it."""


def nobody_listens(
    event: str,
    data: JSON,
    *,
    guild: Guild | None = None,
    intent: int = 0,
    message: Message | None = None,
) -> None:
    """Drop events as long as there is no gateway."""
