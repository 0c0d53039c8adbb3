"""A text made comparable, each character with its place in the original.

The folding is NFKC's compatibility folding, taken one character at a time and left decomposed: so every character
keeps its place, and a long run of combining marks costs no more than as many letters (sorting such a run, as
NFKC must, takes quadratic time).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.core.crisis.scripts import fold_script

_UNHEARD = re.compile(
    r"<(?:@[!&]?|#|a?:\w{1,32}:)[0-9]{1,20}>"  # Discord: mentions, channels, custom emoji
    r"|(?:https?://|www\.)[!-~]+"
    r"|(?<![a-z0-9])@[\w.:-]+"
    r"|@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.[a-z]{2,24}(?![\w@])",  # in a word: an e-mail address, unlike "h@rm"
    re.IGNORECASE,
)
"""Links and mentions: other people's names and addresses, which nobody says about themselves."""

_APOSTROPHES = dict.fromkeys("\u2018\u2019\u02bc\u2032\u00b4\uff07\u201b", "'")
_LAST_LATIN_MARK = "\u036f"
_FIRST_LATIN_MARK = "\u0300"


@dataclass(frozen=True, slots=True)
class Normal:
    """`text` is compared; its character `i` stands for `starts[i]` to `ends[i]` (exclusive) of the original."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Where the non-empty piece from `start` to `end` of `text` stands in the original."""
        return self.starts[start], self.ends[end - 1]


def normalise(text: str) -> Normal:
    """`text` in folded case and compatibility forms, without what is invisible; links and mentions are blanked.

    Time is linear in the text, whatever the text; lone surrogates and unassigned characters are kept as they are.
    """
    heard = _UNHEARD.sub(lambda link: " " * len(link[0]), text)
    if heard.isascii():
        return Normal(heard.lower(), range(len(heard)), range(1, len(heard) + 1))
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for at, char in enumerate(heard):
        folded = char.lower() if char.isascii() else _folded(char)
        if folded:
            pieces.append(folded)
            starts.extend([at] * len(folded))
            ends.extend([at + 1] * len(folded))
        elif ends and ends[-1] == at:
            ends[-1] = at + 1  # a mark belongs to its letter, so a span never cuts between them
    return Normal("".join(pieces), starts, ends)


@lru_cache(maxsize=4096)
def _folded(char: str) -> str:
    """One character's comparable form: "" for what is invisible or only an accent."""
    if char in _APOSTROPHES:
        return "'"
    if unicodedata.category(char) == "Cf":  # zero-width characters, soft hyphens, direction marks
        return ""
    decomposed = unicodedata.normalize("NFKD", char)
    bare = "".join(c for c in decomposed if not _FIRST_LATIN_MARK <= c <= _LAST_LATIN_MARK).casefold()
    return fold_script(bare)
