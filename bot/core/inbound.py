"""What comes in from a platform, without any platform's types."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Somebody's message that a command is about: replied to, reacted to, or chosen from its menu."""

    message_id: str
    account: str
    text: str
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """A command that the platform itself has recognised: a slash command, a button, a form, a reaction."""

    command: str
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """One thing a person did where the bot could see it.

    - `event_id`: the platform's id of it; the same event seen twice has the same id.
    - `account`: the platform's id of the person.
    - `place`: the platform's id of the channel or room; `space`: of the Discord server it belongs to.
    - `private`: a one-to-one chat between the person and the bot; then `shared_spaces` are the servers and rooms
      both are in, by which their community is found.
    - `at`: when, in UTC.
    - `text`: the words, as plain text; "" for a press of a button. Hostile until parsed.
    - `edited`: the words replace an earlier message's; they are heard, but no command is run again.
    - `answered_directly`: the adapter renders the reply itself (a Discord interaction); otherwise the reply goes
      through the outbox.
    """

    event_id: str
    platform: str
    account: str
    place: str
    private: bool
    at: datetime
    space: str | None = None
    shared_spaces: tuple[str, ...] = ()
    text: str = ""
    edited: bool = False
    invocation: Invocation | None = None
    about: Target | None = None
    link: str | None = None
    language: str | None = None
    answered_directly: bool = False
