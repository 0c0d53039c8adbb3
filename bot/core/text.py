"""Text from people: made harmless for other people, and cut to a platform's length without losing a word."""

import re
import unicodedata

NAME_LIMIT = 40
"""Characters of a chosen name; fits Discord's nicknames (32) with room for a role."""

NOTE_LIMIT = 2000
"""Characters of a note; Discord's own limit for one message."""

_BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
"""Direction marks and overrides: they make a text read other than it is written."""

_SENTENCE_END = re.compile(r"[.!?…。！？؟।]+[\"'”’)\]]*\s+|\n+")


def clean(text: str, limit: int = NOTE_LIMIT) -> str:
    """`text` without control and direction characters, at most `limit` characters, its line breaks kept."""
    kept = (
        char
        for char in unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
        if char == "\n" or (unicodedata.category(char) not in {"Cc", "Cs", "Co", "Cn"} and char not in _BIDI)
    )
    return re.sub(r"\n{3,}", "\n\n", "".join(kept)).strip()[:limit]


def clean_name(text: str) -> str:
    """`text` as a name on one line; "" if nothing readable is left."""
    return " ".join(clean(text, limit=10 * NAME_LIMIT).split())[:NAME_LIMIT].strip()


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
    """Where to cut `text`, which is longer than `limit`: never in the first half if it can be helped."""
    head = text[: limit + 1]
    paragraph = head.rfind("\n\n")
    if paragraph >= limit // 2:
        return paragraph
    ends = [end.end() for end in _SENTENCE_END.finditer(head) if len(head[: end.end()].rstrip()) <= limit]
    if ends and ends[-1] >= limit // 4:
        return min(ends[-1], limit)
    space = max(head.rfind(" "), head.rfind("\n"))
    return space if space > 0 else limit
