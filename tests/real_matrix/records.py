"""What a person on Matrix has seen, as plain records."""

from dataclasses import dataclass, field
from typing import Any

import nio


class MatrixError(Exception):
    """The homeserver refused; nio answers such things as objects, tests want them raised."""

    def __init__(self, doing: str, status_code: str | None, http_status: int | None, words: str) -> None:
        super().__init__(f"{doing}: {status_code or 'no errcode'} (HTTP {http_status}) {words}")
        self.status_code = status_code
        self.http_status = http_status


def expect(response: Any, doing: str) -> Any:
    """Answer the response, or raise it if it is one of nio's error objects."""
    if isinstance(response, nio.ErrorResponse):
        transport = response.transport_response
        http_status = None if transport is None else transport.status
        raise MatrixError(doing, response.status_code, http_status, response.message)
    return response


@dataclass
class Message:
    """One message as it arrived.

    An edit is a message of its own with an ``m.replace`` relation. What was redacted after it arrived
    keeps its content here: she has read it.
    """

    room_id: str
    event_id: str
    sender: str
    content: dict[str, Any]
    encrypted: bool
    decrypted: bool  # False for what was never encrypted, too
    redacted: bool = False
    event: Any = field(default=None, repr=False)

    @property
    def body(self) -> str:
        """What it says; empty if it cannot be decrypted or was redacted."""
        return str(self.content.get("body", ""))

    @property
    def msgtype(self) -> str:
        """``m.text``, ``m.notice`` and so on."""
        return str(self.content.get("msgtype", ""))

    @property
    def relation(self) -> dict[str, Any]:
        """The ``m.relates_to`` part of the content."""
        found = self.content.get("m.relates_to")
        return found if isinstance(found, dict) else {}

    @property
    def undecryptable(self) -> bool:
        """Whether the person sees only that something was said."""
        return self.encrypted and not self.decrypted and not self.redacted

    @property
    def reply_to(self) -> str | None:
        """The event this one answers; the fall-back that threads carry for old clients is no answer."""
        relation = self.relation
        if relation.get("is_falling_back"):
            return None
        answered = relation.get("m.in_reply_to", {}).get("event_id")
        return None if answered is None else str(answered)

    @property
    def thread(self) -> str | None:
        """The root event of the thread it belongs to."""
        return self._related_by("m.thread")

    @property
    def edits(self) -> str | None:
        """The event it replaces."""
        return self._related_by("m.replace")

    @property
    def new_body(self) -> str:
        """What the edited event now says; the plain body of an edit is a fall-back for old clients."""
        return str(self.content.get("m.new_content", {}).get("body", ""))

    def _related_by(self, rel_type: str) -> str | None:
        relation = self.relation
        return str(relation["event_id"]) if relation.get("rel_type") == rel_type else None


@dataclass
class Reaction:
    """One reaction."""

    room_id: str
    event_id: str
    sender: str
    reacts_to: str
    key: str
    redacted: bool = False


@dataclass(frozen=True)
class Invitation:
    """One invitation, as the invited person saw it."""

    room_id: str
    sender: str
    is_direct: bool


def message_from(room_id: str, event: Any) -> Message | None:
    """Make a record of a timeline event as nio left it after trying to decrypt; None if it is no message."""
    source: dict[str, Any] = event.source
    about = (room_id, str(source.get("event_id")), str(source.get("sender")))
    # What nio could not decrypt keeps its type; what it could bears the inner type.
    failed = source.get("type") == "m.room.encrypted"
    if isinstance(event, nio.RedactedEvent):
        wanted = event.type in {"m.room.message", "m.room.encrypted"}
        return Message(*about, {}, failed, False, redacted=True) if wanted else None
    if failed:
        return Message(*about, source.get("content", {}), True, False, event=event)
    if source.get("type") != "m.room.message":
        return None
    decrypted = bool(getattr(event, "decrypted", False))
    return Message(*about, source.get("content", {}), decrypted, decrypted)
