"""Text from people: made harmless for other people, and cut to a platform's length without losing a word."""

import re
import unicodedata
from typing import Literal

NAME_LIMIT = 40
"""Characters of a chosen name; fits Discord's nicknames (32) with room for a role."""

NOTE_LIMIT = 2000
"""Characters of a note; Discord's own limit for one message."""

_BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
"""Direction marks and overrides: they make a text read other than it is written."""

_LINE_END = re.compile(r"\r\n|[\r\x85\u2028\u2029]")
"""What Unicode also takes for the end of a line."""

_ASCII_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
"""Control characters, but for the end of a line: all that is harmful in plain ASCII."""

_BLANK = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and symbols that are drawn as nothing."""

_MARKS_LIMIT = 30
"""Combining marks on one letter: no language has more (Unicode's Stream-Safe Text Format, UAX 15)."""

# The look-behind and the possessive `++` keep a long row of dots from being tried from each of them: linear time.
_SENTENCE_END = re.compile(r"(?<![.!?…。！？؟।])[.!?…。！？؟।]++[\"'”’)\]]*+\s+|\n+")


def normalize(form: Literal["NFC", "NFKC", "NFKD"], text: str) -> str:
    """`text` in a Unicode form, in linear time: the marks on one letter beyond 30 are dropped.

    `unicodedata.normalize` sorts marks in quadratic time; 32,000 of them in one message stop it for 10 seconds.
    """
    if text.isascii():
        return text
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= _MARKS_LIMIT:
            kept.append(char)
    return unicodedata.normalize(form, "".join(kept))


def clean(text: str, limit: int = NOTE_LIMIT) -> str:
    """`text` without control and direction characters, at most `limit` characters, its line breaks kept.

    It is in Unicode's form NFC, and cleaning it again changes nothing.
    """
    lines = re.sub(r"[\t\v\f]", " ", _LINE_END.sub("\n", text))
    if lines.isascii():
        kept = _ASCII_CONTROL.sub("", lines)
    else:
        # Removing a character may bring together two that compose: normalize last.
        kept = normalize("NFC", "".join(char for char in lines if char == "\n" or _is_harmless(char)))
    return re.sub(r"\n{3,}", "\n\n", kept).strip()[:limit].rstrip()


def _is_harmless(char: str) -> bool:
    """Whether `char` stays. What this Python does not know yet may be a new emoji, and stays too."""
    if char in _BIDI or unicodedata.category(char) in {"Cc", "Cs", "Co"}:
        return False
    code = ord(char)
    return not (code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF)  # noqa: PLR2004  Unicode's noncharacters


def clean_name(text: str) -> str:
    """`text` as a name on one line; "" if nothing readable is left."""
    name = " ".join(clean(text, limit=10 * NAME_LIMIT).split())[:NAME_LIMIT].strip()
    return name if any(_is_visible(char) for char in name) else ""


def _is_visible(char: str) -> bool:
    """Whether `char` leaves a mark of its own: marks need a letter to sit on."""
    return char not in _BLANK and (unicodedata.category(char)[0] in "LNPS" or unicodedata.category(char) == "Cn")


def excerpt(text: str, start: int, end: int, limit: int) -> str:
    """At most `limit` characters of `text` around its part from `start` to `end`, cut at words; "…" is the rest."""
    if len(text) <= limit:
        return text
    room = max(0, limit - (end - start) - 2) // 2
    first, last = max(0, start - room), min(len(text), end + room)
    if first and (space := text.find(" ", first, start)) >= 0:
        first = space + 1
    if last < len(text) and (space := text.rfind(" ", end, last)) >= 0:
        last = space
    cut = text[first : min(last, first + limit - 2)].strip()
    return f"{'…' if first else ''}{cut}{'…' if last < len(text) else ''}"


def split(text: str, limit: int) -> list[str]:
    """`text` in pieces of at most `limit` characters, cut at a paragraph, else a sentence, else a word.

    Joined again the pieces are the text, but for the white space at the cuts. An empty text is one empty piece.
    """
    if limit < 1:
        raise ValueError("a piece has at least one character")
    pieces: list[str] = []
    rest = text
    while len(rest) > limit:
        cut = _best_cut(rest, limit)
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [piece for piece in [*pieces, rest] if piece] or [""]


def _best_cut(text: str, limit: int) -> int:
    """Where to cut `text`, which is longer than `limit`.

    At the last paragraph if that is in the second half, else at the last sentence if that is past the first
    quarter, else at the last word; in a word only if there is no other way.
    """
    head = text[: limit + 1]
    paragraph = head.rfind("\n\n")
    if paragraph >= limit // 2:
        return paragraph
    ends = [end.end() for end in _SENTENCE_END.finditer(head)]
    if ends and ends[-1] >= limit // 4:
        return min(ends[-1], limit)
    space = max(head.rfind(" "), head.rfind("\n"))
    return space if space > 0 else limit
