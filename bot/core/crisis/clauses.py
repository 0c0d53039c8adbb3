"""Clauses: what somebody says of themselves beside words about something else.

"Lost ranked again, I want to end my life": the game is evidence, but not against what is said in a clause of its own.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.crisis.index import Match
from bot.core.crisis.tokens import Token

_PAUSE = re.compile(r"[,;:()\u2013\u2014\u2026\n\u060c\u061b\u3001\uff0c\uff1b\uff1a]|\.\.|\s-+\s")
_QUOTES = re.compile(r"[\"\u201c\u201d\u201e\u00ab\u00bb\u300c\u300d]|(?<!\w)['\u2018]\w")

_LONGEST_GAP = 40
"""Characters between two words in which a comma or the like is looked for."""


@dataclass(frozen=True, slots=True)
class Clauses:
    """By which the clauses of a language are known.

    `begin`: words with which people begin to speak of themselves, or of who is with them; where a language has none
    here, any word may begin. `join`: words between two clauses. `tie`: words with which nothing begins that stands by
    itself ("if"), and behind which nothing does ("said").
    """

    begin: frozenset[str] = frozenset()
    join: frozenset[str] = frozenset()
    tie: frozenset[str] = frozenset()

    def __or__(self, other: "Clauses") -> "Clauses":
        """Those of two files of one language."""
        return Clauses(self.begin | other.begin, self.join | other.join, self.tie | other.tie)

    def own(
        self, match: Match, tokens: Sequence[Token], text: str, *, reach: int, plainly: bool
    ) -> tuple[int, int] | None:
        """The first token, and the one behind the last, of the clause by itself in which `match` stands; None: none.

        Nothing does in quotation marks. It is looked for within `reach` tokens. `plainly`: only commas and the like and
        words that join part it from others, and not alone that somebody begins to speak of themselves.
        """
        first, last = match.first, match.last
        while not self._parts(first, tokens, text) and (plainly or not self._begins(first, tokens)):
            first -= 1
            if match.first - first > reach:
                return None
        before = first
        while not self._parts(before, tokens, text) and match.first - before <= reach:
            before -= 1
        if before < first and tokens[before].forms[0] in self.tie:
            return None  # "if I lose this game I end it all"
        while not tokens[last].is_edge and not self._parts(last, tokens, text):
            if not plainly and self._begins(last, tokens):
                break
            last += 1
            if last - match.last > reach:
                return None
        begins = first
        while begins < match.first and tokens[begins].forms[0] in self.join:
            begins += 1
        word = tokens[begins].forms[0]
        stands = word in self.begin if self.begin else word not in self.tie
        quoted = _QUOTES.search(text, tokens[first - 1].end, tokens[last].start + 1)
        return (first, last) if stands and not quoted else None

    def _parts(self, at: int, tokens: Sequence[Token], text: str) -> bool:
        """Whether an edge, a comma or the like, or a word that joins parts the word `at` from what is before it."""
        before = tokens[at - 1]
        between = text[before.end : tokens[at].start][:_LONGEST_GAP]
        return before.is_edge or tokens[at].forms[0] in self.join or _PAUSE.search(between) is not None

    def _begins(self, at: int, tokens: Sequence[Token]) -> bool:
        """Whether somebody begins to speak of themselves at the word `at`, with nothing to part it from the others."""
        return tokens[at].forms[0] in self.begin and tokens[at - 1].forms[0] not in self.tie | self.join
