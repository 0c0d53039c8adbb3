"""Keys that talk is full of: their patterns are looked for together, see `together`."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.core.crisis.keyring import Numbers
from bot.core.crisis.pairs import Pair
from bot.core.crisis.pattern import Pattern
from bot.core.crisis.together import MOST_WORDS, Together

Key = str | Pair
"""A word, the beginning of one ("overdos*"), or two words beside each other."""

_OFTEN = 16
"""Texts with a key, from which on its patterns are laid out to be looked for together.

One a text: all of them take as long as a page, and might be in the way of one.
"""

_MOST_KEYS = 500

_FEWEST = 4
_MOST = 100
"""Patterns of one key: fewer are asked one by one more quickly, and more take long to lay out."""


@dataclass(frozen=True, slots=True)
class Joined:
    """The patterns of a key: those that are looked for `together`, and the `others`."""

    together: Together
    others: Numbers

    def matching(self, readings: Iterable[Sequence[str]]) -> Numbers | None:
        """Those that may match in one of the `readings` of a text; None where that cannot be told."""
        found = self.others
        for words in readings:
            matching = self.together.matching(words)
            if matching is None:
                return None
            found += tuple(matching)
        return found


class FrequentKeys:
    """Of `patterns`: which keys are met often is found out as texts are heard."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._patterns = patterns
        self._times: Counter[Key] = Counter()
        self._joined: dict[Key, Joined | None] = {}

    def met(self, key: Key, numbers: Numbers) -> Joined | None:
        """A text has this key of the patterns `numbers`: those, if they are looked for together."""
        if not _FEWEST <= len(numbers) <= _MOST:
            return None
        if key in self._joined:
            return self._joined[key]
        at = self._times[key] - _OFTEN
        self._times[key] += 1
        if at < 0 or len(self._joined) == _MOST_KEYS:
            return None
        if at < len(numbers):
            _ = self._patterns[numbers[at]].automaton
            return None
        joined = self._joined[key] = self._join(numbers)
        return joined

    def _join(self, numbers: Numbers) -> Joined | None:
        automata = {number: self._patterns[number].automaton for number in numbers}
        alike = {number: each for number, each in automata.items() if not (each.prefixes or each.numbers)}
        if len(alike) < _FEWEST or sum(len(each.words) for each in alike.values()) > MOST_WORDS:
            return None
        return Joined(Together(alike), tuple(number for number in numbers if number not in alike))
