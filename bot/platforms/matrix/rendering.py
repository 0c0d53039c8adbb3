"""Content as Matrix messages: plain text always, HTML only for the structure, never a mention."""

import json
from dataclasses import replace
from html import escape
from typing import Any

from bot.core.content import Choice, Content
from bot.core.text import split
from bot.platforms.matrix.reactions import MOST_KEYCAPS, keycap

MESSAGE_CHARACTERS = 16_000
"""Characters in one message. The specification bounds an event to 65,536 bytes, encrypted or not."""

_EVENT_BYTES = 45_000
"""Bytes of an event's content as it is encrypted: as JSON, in which all but ASCII is escaped. With base64 (four thirds)
and what is around it, that stays below the bound."""

_MESSAGE_BYTES = 40_000
"""Bytes, counted like that, of the words of one message; what else is in it is small."""

_CHARACTER_BYTES = 12
"""What a character takes at most: a pair of surrogates, each escaped."""

CHOICES = "org.handrail.choices"
"""The field of a message that holds the tokens of its choices. Who presses one is understood by it alone: the bot may
have died before it stored that the message was sent."""


def messages(content: Content) -> list[dict[str, Any]]:
    """The contents of the `m.room.message` events that say `content`, which is rendered; choices in the last."""
    said = [_message(piece) for piece in _pieces(_plain(content))]
    if len(said) == 1 and (content.title or content.fields):
        html = _html(content)
        if _size(said[0]["body"]) + _size(html) <= _MESSAGE_BYTES:
            said[0] |= {"format": "org.matrix.custom.html", "formatted_body": html}
    if content.choices:
        said[-1][CHOICES] = [choice.token for choice in content.choices[:MOST_KEYCAPS]]
    return said


def edit_of(event_id: str, message: dict[str, Any]) -> dict[str, Any] | None:
    """The content that replaces what an earlier message says; None where that is too long, twice, for one event."""
    edit = {
        **message,
        "body": f"* {message['body']}",
        "m.new_content": message,
        "m.relates_to": {"rel_type": "m.replace", "event_id": event_id},
    }
    return edit if _size(edit) <= _EVENT_BYTES else None


def _size(value: object) -> int:
    """Bytes of the value in an event that is encrypted."""
    return len(json.dumps(value))


def in_words(content: Content) -> Content:
    """The same for where its picture is not taken: what is said instead is part of its words, plain and HTML."""
    instead = "" if content.picture is None else str(content.picture.instead)
    text = "\n\n".join(part for part in (str(content.text), instead) if part)
    return replace(content, text=text, picture=None)


def _message(body: str) -> dict[str, Any]:
    # An empty m.mentions says that nobody is meant, whatever names or "@room" the text holds (Matrix 1.7).
    return {"msgtype": "m.text", "body": body, "m.mentions": {}}


def _pieces(text: str) -> list[str]:
    pieces = []
    for piece in split(text, MESSAGE_CHARACTERS):
        fits = _size(piece) <= _MESSAGE_BYTES
        pieces += [piece] if fits else split(piece, _MESSAGE_BYTES // _CHARACTER_BYTES)
    return pieces


def _plain(content: Content) -> str:
    parts = [
        str(content.title or ""),
        str(content.text),
        "\n".join(f"{field.name}: {field.value}" for field in content.fields),
        "\n".join(_choice_line(number, choice) for number, choice in enumerate(content.choices, start=1)),
    ]
    return "\n\n".join(part for part in parts if part)


def _html(content: Content) -> str:
    parts = [
        f"<strong>{_escaped(content.title)}</strong>" if content.title else "",
        _escaped(content.text),
        "<br>".join(f"<strong>{_escaped(f.name)}</strong>: {_escaped(f.value)}" for f in content.fields),
        "<br>".join(_escaped(_choice_line(n, choice)) for n, choice in enumerate(content.choices, start=1)),
    ]
    return "<br><br>".join(part for part in parts if part)


def _escaped(say: object) -> str:
    return escape(str(say)).replace("\n", "<br>")


def _choice_line(number: int, choice: Choice) -> str:
    if number > MOST_KEYCAPS:
        # No digit is left: the choice is shown as what to type instead.
        return f"• {choice.label} → {choice.typed}"
    shown = f"{keycap(number)} {choice.label}"
    # The reaction presses each of them; where a typed digit does not, what does is shown with it.
    return shown if choice.has_number else f"{shown} → {choice.typed}"
