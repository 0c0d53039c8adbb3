"""Patterns that belong to rules and lowerings, looked for all at once and told by their owners."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set

from bot.core.crisis.index import Index, Match, Stretch
from bot.core.crisis.pattern import Pattern
from bot.core.crisis.tokens import Token


class Table:
    """The patterns of numbered owners in one index."""

    def __init__(self, patterns: Mapping[int, tuple[Pattern, ...]]) -> None:
        self._owners = [(owner, place) for owner, owned in patterns.items() for place in range(len(owned))]
        self.patterns = [pattern for owned in patterns.values() for pattern in owned]
        self._numbers: defaultdict[int, list[int]] = defaultdict(list)
        for number, (owner, _) in enumerate(self._owners):
            self._numbers[owner].append(number)
        self._index = Index(self.patterns)

    def search(self, tokens: Sequence[Token], only: Set[int] | None = None) -> tuple[list[tuple[int, Match]], int]:
        """Owners and their matches, and the steps taken; with `only`, of the patterns with these numbers."""
        matches, steps = self._index.search(tokens, only)
        return [(self._owners[match.pattern][0], match) for match in matches], steps

    def met(self, tokens: Sequence[Token], owners: Iterable[int]) -> tuple[set[int], int]:
        """Those of the `owners` of which anything matches, and the steps taken."""
        only = frozenset(number for owner in owners for number in self._numbers[owner])
        met, steps = self._index.met(tokens, only)
        return {self._owners[number][0] for number in met}, steps

    def matches(
        self, tokens: Sequence[Token], around: Mapping[int, Sequence[Stretch]]
    ) -> tuple[dict[tuple[int, int], list[Match]], int]:
        """The matches of what some owners have, by owner and place among its patterns, and the steps taken.

        They need only be found where they touch one of the stretches that each owner has in `around`.
        """
        numbers = {number: sorted(stretches) for owner, stretches in around.items() for number in self._numbers[owner]}
        matches, steps = self._index.search(tokens, numbers.keys(), around=numbers)
        found: defaultdict[tuple[int, int], list[Match]] = defaultdict(list)
        for match in matches:
            found[self._owners[match.pattern]].append(match)
        return found, steps
