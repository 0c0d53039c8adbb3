"""What is asked of a text's words before a pattern is tried on it.

Two questions, the cheaper one first. Of a key that is in the text: is any of the words there, without which nothing
that is found by this key can match? It is one look at two sets, however many patterns have that key, and most keys
that ordinary talk holds are let go by it. Then of a pattern: are the words of one of its ways there?
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import chain

from bot.core.crisis.keys import Chances
from bot.core.crisis.pattern import Pattern, Words

_REMEMBERED = 50_000
_MOST_WORDS = 20
"""Answers that are remembered, and words that such a question has; a hostile text finds no end of either."""

_MOST_COMPANIONS = 2_000
"""Words of which one is asked for: with more of them most texts have one, and they take room."""


class Questions:
    """What `patterns` ask, by their numbers; `beside`: of each the groups of others, of each of which one must match.

    Everything is worked out when a text first holds a pattern's key: most are never met.
    """

    def __init__(self, patterns: Sequence[Pattern], beside: Sequence[Sequence[Sequence[Pattern]]]) -> None:
        self._patterns = patterns
        self._beside = beside
        self._asked: list[_Asked | None] = [None] * len(patterns)
        self._remembered = 0
        self._chances = Chances(())
        self._known_chances: dict[Words, float] = {}
        self._companions: dict[frozenset[str], frozenset[str]] = {}

    def going(self, numbers: Iterable[int], names: Set[str]) -> list[int]:
        """Those of the patterns `numbers` that have all words of a way among `names`."""
        going = []
        for number in numbers:
            asked = self._asked[number] or self._ask(number)
            here = asked.words & names
            goes = asked.answers.get(here)
            if goes is None:
                goes = asked.goes(here)
                if len(here) <= _MOST_WORDS and self._remembered < _REMEMBERED:
                    self._remembered += 1
                    asked.answers[here] = goes
            if goes:
                going.append(number)
        return going

    def companions(self, key: Iterable[str], numbers: Iterable[int]) -> frozenset[str] | None:
        """Words of which a text must have one beside the words of `key`, if any of the patterns `numbers` is to match.

        None where there is no such set, or none that is worth a look.
        """
        companions: set[str] = set()
        for number in numbers:
            rarest = self._rarest(number, frozenset(key))
            if rarest is None:
                return None
            companions |= rarest
            if len(companions) > _MOST_COMPANIONS:
                return None
        found = frozenset(companions)
        return self._companions.setdefault(found, found)  # words that are used alike ask for the same

    def _rarest(self, number: int, key: frozenset[str]) -> Set[str] | None:
        """Of what a pattern or a group beside it needs with the `key`, the words that are met least often."""
        best: tuple[float, dict[Words, None]] | None = None
        for ways in self._ways(number):
            needed: dict[Words, None] = {}
            for way in ways:
                others = [need for need in way if key.isdisjoint(need)]
                if not others:
                    break
                needed[min(others, key=self._chance)] = None
            else:
                chance = sum(map(self._chance, needed))
                if best is None or chance < best[0]:
                    best = chance, needed
        return best and frozenset(chain.from_iterable(best[1]))

    def _chance(self, need: Words) -> float:
        """How often a message has a word that fills `need`, reckoned once."""
        known = self._known_chances.get(need)
        if known is None:
            known = self._known_chances[need] = self._chances.of(need)
        return known

    def _ways(self, number: int) -> list[list[tuple[Words, ...]]]:
        """The ways of a pattern, and those of each group beside it."""
        groups = ((self._patterns[number],), *self._beside[number])
        return [[way for pattern in either for way in pattern.facts.ways] for either in groups]

    def _ask(self, number: int) -> "_Asked":
        asked = self._asked[number] = _Asked.of(self._ways(number))
        return asked


@dataclass(frozen=True, slots=True)
class _Asked:
    """What some patterns need to match side by side: of each group, one way.

    Each need is a bit. `words` are all that fill one, `filled` says which; `answers` are remembered by the words that
    were there: people use the same ones again and again.
    """

    words: frozenset[str]
    filled: Mapping[str, int]
    ways: tuple[tuple[int, ...], ...]
    answers: dict[frozenset[str], bool]

    @classmethod
    def of(cls, groups: Iterable[Sequence[Sequence[Words]]]) -> "_Asked":
        """For the ways of each group."""
        bits: dict[Words, int] = {}
        ways = [
            tuple({sum({bits.setdefault(need, 1 << len(bits)) for need in way}) for way in group}) for group in groups
        ]
        filled: dict[str, int] = {}
        for need, bit in bits.items():
            for word in need:
                filled[word] = filled.get(word, 0) | bit
        return cls(frozenset(filled), filled, tuple(sorted(ways, key=len)), {})

    def goes(self, here: Iterable[str]) -> bool:
        """Whether a text with these of its `words` may go such ways."""
        filled = 0
        for word in here:
            filled |= self.filled[word]
        return all(any(filled & way == way for way in ways) for ways in self.ways)
