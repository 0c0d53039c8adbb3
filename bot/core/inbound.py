"""What comes in from a platform, without any platform's types."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

PUNCTUAL = timedelta(minutes=2)
"""What is seen this soon after it was done is seen in time: networks are slow, and clocks differ."""

TEXT_LIMIT = 65_536
"""Characters of a text that are kept: a whole Matrix event has as many bytes, a Discord message 4,000 characters."""

CASE = "case:"
"""How the key of a case's place apart begins, before the number of the case."""

ARGUMENTS_LIMIT = 25
"""Arguments of an invocation that are kept: Discord's limit for the options of a command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Somebody's message that a command is about: replied to, reacted to, or chosen from its menu."""

    message_id: str
    account: str
    text: str
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """An emoji under a message, which is `Inbound.about`. `id`: by which the platform tells that it is taken back."""

    emoji: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture with a message, which has not been looked at: `kind` (a media type) and `size` (bytes) are as stated.

    `source` is the platform's own word for where it is, by which the adapter brings it (`bot.core.content.Fetch`).
    """

    source: str
    kind: str
    size: int


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
    - `private`: a one-to-one chat between the person and the bot.
    - `shared_spaces`: the servers and rooms both are in, by which the community is found in a private chat, and in a
      room that is no community's.
    - `at`: when, in UTC.
    - `text`: the words, as plain text; "" for a press of a button and for a reaction. Hostile until parsed.
    - `files`: whether it has pictures or files; only told of what is written privately. `pictures`: those of them that
      may be shown to others, if they are no other files and the platform can bring them.
    - `reaction`: an emoji that was put under the message `about`, where that may be somebody's word to another.
    - `edited`: the words replace an earlier message's; they are heard, but no command is run again. `replaces` is that
      message's event id.
    - `apart`: the key of the place that was opened for something of its own (`bot.core.content.Apart`); such a place is
      private, for those who were let in.
    - `unnamed`: whose words they are is not told, as `account` is not a person's: they are looked at for danger only.
    - `answered_directly`: the adapter renders the reply itself (a Discord interaction); otherwise the reply goes
      through the outbox.
    - `read_back`: it is history, read after the bot was away. Only what must not be missed is still done: a signal, a
      call for a person, and in a private chat words to an open conversation.
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
    files: bool = False
    pictures: tuple[Picture, ...] = ()
    edited: bool = False
    replaces: str | None = None
    invocation: Invocation | None = None
    about: Target | None = None
    reaction: Reaction | None = None
    link: str | None = None
    language: str | None = None
    apart: str | None = None
    unnamed: bool = False
    answered_directly: bool = False
    read_back: bool = False

    @property
    def case(self) -> int | None:
        """The number of the case in whose place apart it was done; None anywhere else."""
        key, number = self.apart or "", (self.apart or "").removeprefix(CASE)
        return int(number) if key.startswith(CASE) and number.isdecimal() and len(number) < _DIGITS else None

    def seen_late(self, now: datetime) -> timedelta:
        """How late it is seen at `now`; zero up to `PUNCTUAL`, and where the platform's clock is ahead of ours."""
        late = now - self.at
        return late if late > PUNCTUAL else timedelta()

    def as_json(self) -> dict[str, Any]:
        """What it takes to handle it later, as plain JSON values of bounded size.

        Left out are `shared_spaces`, which only tell the community, `answered_directly`, as nobody waits any more, and
        `unnamed`: such are handled at once.
        """
        values = {name: getattr(self, name) for name in _INBOUND}
        values["at"] = self.at.isoformat()
        if self.about is not None:
            values["about"] = {name: getattr(self.about, name) for name in _TARGET}
        if self.reaction is not None:
            values["reaction"] = {name: getattr(self.reaction, name) for name in _REACTION}
        values["pictures"] = [_kept({name: getattr(one, name) for name in _PICTURE}) for one in self.pictures]
        if self.invocation is not None:
            arguments = dict(list(self.invocation.arguments.items())[:ARGUMENTS_LIMIT])
            values["invocation"] = {"command": self.invocation.command, "arguments": arguments}
        return {name: _kept(value) for name, value in values.items()}

    @classmethod
    def from_json(cls, data: Any) -> "Inbound":
        """What `as_json` wrote; raises `ValueError` for anything else."""
        values = _object({**_ABSENT, **data} if isinstance(data, dict) else data, _INBOUND)
        at = datetime.fromisoformat(values["at"])
        if at.tzinfo is None:
            raise ValueError("an instant without a time zone")
        about = None if values["about"] is None else Target(**_object(values["about"], _TARGET))
        invocation = None if values["invocation"] is None else _invocation(values["invocation"])
        reaction = None if values["reaction"] is None else Reaction(**_object(values["reaction"], _REACTION))
        pictures = tuple(Picture(**_object(one, _PICTURE)) for one in values["pictures"])
        read = {"at": at, "about": about, "invocation": invocation, "reaction": reaction, "pictures": pictures}
        return cls(**{**values, **read})


_DIGITS = 10
"""A number of so many digits is no case's: no column holds it."""

_MAYBE = str | None
_INBOUND: Mapping[str, Any] = {
    "event_id": str,
    "platform": str,
    "account": str,
    "place": str,
    "private": bool,
    "at": str,
    "space": _MAYBE,
    "text": str,
    "files": bool,
    "pictures": list,
    "edited": bool,
    "replaces": _MAYBE,
    "reaction": dict | None,
    "invocation": dict | None,
    "about": dict | None,
    "link": _MAYBE,
    "language": _MAYBE,
    "apart": _MAYBE,
    "read_back": bool,
}
_TARGET: Mapping[str, Any] = {"message_id": str, "account": str, "text": str, "link": _MAYBE}
_REACTION: Mapping[str, Any] = {"emoji": str, "id": str}
_PICTURE: Mapping[str, Any] = {"source": str, "kind": str, "size": int}
_ABSENT: Mapping[str, Any] = {"replaces": None, "reaction": None, "files": False, "pictures": [], "apart": None}
"""What an event lacks that an earlier version has kept."""
_INVOCATION: Mapping[str, Any] = {"command": str, "arguments": dict}


def _kept(value: Any) -> Any:
    """The value, its texts as long as they are kept.

    Half a surrogate pair, which hostile JSON may hold, is no text to any coder, and becomes a question mark.
    """
    match value:
        case str():
            return value[:TEXT_LIMIT].encode(errors="replace").decode()
        case dict():
            return {_kept(name): _kept(inner) for name, inner in value.items()}
    return value


def _invocation(data: Any) -> Invocation:
    values = _object(data, _INVOCATION)
    arguments = values["arguments"]
    if not all(isinstance(value, str) for value in arguments.values()):
        raise ValueError("an argument that is no text")
    return Invocation(command=values["command"], arguments=arguments)


def _object(data: Any, shape: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON object if it has these keys, and values of these types."""
    if not isinstance(data, dict) or data.keys() != shape.keys():
        raise ValueError("not the keys of what was kept")
    if not all(isinstance(data[name], kind) for name, kind in shape.items()):
        raise ValueError("not the types of what was kept")
    return data
