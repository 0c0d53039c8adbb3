"""What can be typed at the console, also as a script: one line, one thing somebody does."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from bot.core.words import _

LONGEST_LINE = 10_000
LONGEST_ADVANCE = timedelta(days=366)

_NAME = r"[\w.-]{1,40}"
_SAYS = re.compile(rf"({_NAME})@({_NAME})(?:\s+re\s+({_NAME}))?:\s*(.*)", re.DOTALL)
_CHANGES = re.compile(rf"({_NAME})@({_NAME})\s+(edits:|deletes|reacts|unreacts)\s*(.*)", re.DOTALL)
_CLICKS = re.compile(rf'({_NAME})\s+clicks\s+["“](.+)["”]\s*')
_ADVANCE = re.compile(r"/advance\s+(.+)")
_PART = re.compile(r"(\d{1,6})\s*(d|h|m|min|s)\b", re.IGNORECASE)
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "min": "minutes", "s": "seconds"}


_HOW: Mapping[str, Literal["edits", "deletes", "reacts", "unreacts"]] = {
    "edits": "edits",
    "deletes": "deletes",
    "reacts": "reacts",
    "unreacts": "unreacts",
}


class BadLine(ValueError):
    """A line that means nothing; the message says what is expected."""


@dataclass(frozen=True, slots=True)
class Says:
    """`alice@lobby: text`; `mo@lobby re alice: text` answers alice's last message there, `re bot` the bot's."""

    who: str
    place: str
    text: str
    about: str | None = None


@dataclass(frozen=True, slots=True)
class Clicks:
    """`sam clicks "I'm on it"`."""

    who: str
    label: str


@dataclass(frozen=True, slots=True)
class Advance:
    """`/advance 8h`: the clock moves on."""

    by: timedelta


@dataclass(frozen=True, slots=True)
class Changes:
    """What somebody does to a message: to their own last one there, or with an emoji to the bot's last one.

    `alice@dm edits: text`, `alice@dm deletes`, `alice@dm reacts ❤️`, `alice@dm unreacts ❤️`.
    """

    who: str
    place: str
    how: Literal["edits", "deletes", "reacts", "unreacts"]
    text: str = ""


Line = Says | Clicks | Advance | Changes


def read_line(line: str) -> Line:
    """What the line says; raises `BadLine`."""
    if len(line) > LONGEST_LINE:
        raise BadLine(str(_("a line has at most {limit} characters", limit=LONGEST_LINE)))
    text = line.strip()
    if match := _ADVANCE.fullmatch(text):
        return Advance(read_duration(match[1]))
    if match := _CLICKS.fullmatch(text):
        return Clicks(match[1], match[2])
    if match := _CHANGES.fullmatch(text):
        how, said = match[3].removesuffix(":"), match[4].strip()
        if (how == "deletes") is bool(said):
            raise BadLine(str(_("expected: name@dm edits: text, name@dm deletes, or: name@dm reacts ❤️")))
        return Changes(match[1], match[2], _HOW[how], said)
    if match := _SAYS.fullmatch(text):
        if not match[4].strip():
            raise BadLine(str(_("there is nothing said after the colon")))
        return Says(match[1], match[2], match[4], match[3])
    raise BadLine(str(_('expected: name@place: text, or: name clicks "label", or: /advance 8h')))


def read_duration(text: str) -> timedelta:
    """A duration such as "8h", "1h 30m", "2d"; raises `BadLine`."""
    parts = _PART.findall(text)
    if not parts or _PART.sub("", text).strip():
        raise BadLine(str(_("expected a duration such as 8h, 90m or 1d 12h")))
    total = sum((timedelta(**{_UNITS[unit.lower()]: int(number)}) for number, unit in parts), timedelta())
    if not timedelta() < total <= LONGEST_ADVANCE:
        raise BadLine(
            str(_("the clock moves at most {days} days at once, and only forward", days=LONGEST_ADVANCE.days))
        )
    return total
