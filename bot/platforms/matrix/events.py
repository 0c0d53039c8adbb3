"""Events as they come over the wire: every part is hostile until it was looked at here."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from bot.core.content import Choice, read_token
from bot.platforms.matrix.account import server_of
from bot.platforms.matrix.reactions import MOST_KEYCAPS
from bot.platforms.matrix.rendering import CHOICES

_REPLY_FALLBACK = re.compile(r"\A> (?:\* )?<@[^>\n]{1,255}>[^\n]*\n(?:>[^\n]*\n)*\n?")
"""The quotation that clients put before a reply until Matrix 1.13. Other lines that begin with ">" are the
person's own words."""

_CAPTIONED = frozenset({"m.image", "m.video", "m.audio", "m.file"})
_POLLS = ("m.poll.start", "org.matrix.msc3381.poll.start")
_POLL = ("m.poll", "org.matrix.msc3381.poll.start")
"""Polls, by the types of their events and the names of their content, now and as clients still write them."""

_MOST_ANSWERS = 20
SAID = frozenset({"m.room.message", *_POLLS})
"""Events that hold somebody's words."""

_TECHNICAL = re.compile(
    r"m\.(?:reaction$|room\.|key\.verification\.|call\.(?!invite$)|rtc\.|poll\.|beacon)|org\.matrix\.msc3381\.poll\."
    r"|io\.element\.|org\.matrix\.(?:msc3401|msc4075|msc4143|encrypted)"
)
"""Types of events that clients make by themselves, or that are handled or left out elsewhere."""

_NOT_HEARD = frozenset({"m.notice", "m.key.verification.request", "m.server_notice"})


class Event:
    """One event in a room, after decryption; a part that is missing or of a wrong type reads as empty."""

    def __init__(self, source: Mapping[str, Any]) -> None:
        self._source = source
        self.content = _mapping(source.get("content"))
        self.type = _text(source.get("type"))
        self.event_id = _text(source.get("event_id"))
        self.sender = _text(source.get("sender"))
        self.state_key = _text(source.get("state_key"))
        self._is_state = "state_key" in source
        relation = _mapping(self.content.get("m.relates_to"))
        self.relation = _text(relation.get("rel_type"))
        self.related_to = _text(relation.get("event_id"))
        self.reaction = _text(relation.get("key"))
        self._reply = _text(_mapping(relation.get("m.in_reply_to")).get("event_id"))
        self._falls_back = relation.get("is_falling_back") is True

    @property
    def at(self) -> datetime:
        """When its server says it was sent, in UTC; now, if that is no time or in the future."""
        now = datetime.now(UTC)
        milliseconds = self._source.get("origin_server_ts")
        if not isinstance(milliseconds, int):
            return now
        try:
            return min(datetime.fromtimestamp(milliseconds / 1000, UTC), now)
        except (OverflowError, ValueError, OSError):
            return now

    @property
    def is_edit(self) -> bool:
        """Whether it replaces what an earlier message says."""
        return self.relation == "m.replace"

    @property
    def reply_to(self) -> str:
        """The message it answers, "" if none; the pointer that threads carry for old clients is no answer."""
        return "" if self.relation == "m.thread" and self._falls_back else self._reply

    @property
    def text(self) -> str:
        """The words of a message; "" if it has none that are somebody's own."""
        content = _mapping(self.content.get("m.new_content")) if self.is_edit else self.content
        if self.type in _POLLS:
            return _poll_in(content)
        kind, body = _text(content.get("msgtype")), _text(content.get("body"))
        if not kind or kind in _NOT_HEARD:
            return ""
        if kind in _CAPTIONED:
            # The body is the file's name unless a file name is given beside it: then it is a caption.
            name = _text(content.get("filename"))
            return body if name and name != body else ""
        return _REPLY_FALLBACK.sub("", body, count=1) if self._reply else body

    @property
    def formatted(self) -> str:
        """The words as HTML, in which a mention says whom it names; "" if there is none."""
        content = _mapping(self.content.get("m.new_content")) if self.is_edit else self.content
        return _text(content.get("formatted_body"))

    @property
    def has_file(self) -> bool:
        """Whether it is a picture, a recording, a file, or something else that has no words: a sticker, a call."""
        if self.type in SAID:
            return _text(self.content.get("msgtype")) in _CAPTIONED
        return self.is_something_else

    @property
    def is_something_else(self) -> bool:
        """Whether somebody has sent what the bot has no ear for."""
        is_known = self.type in SAID or _TECHNICAL.match(self.type) is not None
        return bool(self.type) and not self._is_state and not is_known

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The choices under a message, if it is one that the bot has written."""
        tokens = self.content.get(CHOICES)
        if not isinstance(tokens, list):
            return ()
        read = [read_token(token) for token in tokens[:MOST_KEYCAPS] if isinstance(token, str)]
        return tuple(Choice(label="", command=command, arguments=arguments) for command, arguments in read)

    @property
    def redacts(self) -> str:
        """The event that a redaction removes; the field has moved with room version 11."""
        return _text(self.content.get("redacts")) or _text(self._source.get("redacts"))

    def link(self, room_id: str) -> str:
        """An address that opens the event in any client."""
        return link_to(room_id, self.event_id, self.sender)

    def brings_in(self, user_id: str) -> bool:
        """Whether it is the moment in which this person became a member."""
        return self._own_membership(user_id, "join") and self._membership_before != "join"

    @property
    def leaver(self) -> str:
        """Who was a member until this moment, and has left or was put out; "" if it is nothing of that kind."""
        gone = self.type == "m.room.member" and self.content.get("membership") in {"leave", "ban"}
        return self.state_key if gone and self._membership_before == "join" else ""

    def invites(self, user_id: str) -> bool:
        """Whether it is this person's invitation."""
        return self._own_membership(user_id, "invite")

    def _own_membership(self, user_id: str, membership: str) -> bool:
        return (self.type, self.state_key, self.content.get("membership")) == (
            "m.room.member",
            user_id,
            membership,
        )

    @property
    def _membership_before(self) -> str:
        unsigned = _mapping(self._source.get("unsigned"))
        return _text(_mapping(unsigned.get("prev_content")).get("membership"))


def link_to(room_id: str, event_id: str, sender: str) -> str:
    """A matrix.to address. `via` is needed since room ids hold no server name (room version 12)."""
    return (
        f"https://matrix.to/#/{quote(room_id, safe='!:')}/{quote(event_id, safe='$')}"
        f"?via={quote(server_of(sender), safe='')}"
    )


def _poll_in(content: Mapping[str, Any]) -> str:
    """The question of a poll and its answers, a line each."""
    poll = next((poll for name in _POLL if (poll := _mapping(content.get(name)))), {})
    answers = poll.get("answers")
    parts = [poll.get("question"), *(answers[:_MOST_ANSWERS] if isinstance(answers, list) else [])]
    return "\n".join(filter(None, (_words_in(_mapping(part)) for part in parts)))


def _words_in(part: Mapping[str, Any]) -> str:
    """The plain words of an extensible event's part."""
    said = part.get("m.text")
    if isinstance(said, list):
        plain = (_mapping(one) for one in said if _mapping(one).get("mimetype", "text/plain") == "text/plain")
        said = next((one.get("body") for one in plain), None)
    return _text(said) or _text(part.get("org.matrix.msc1767.text")) or _text(part.get("body"))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
