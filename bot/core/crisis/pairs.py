"""Words that are keys only together, as "help me" is: looked for by the first of the two."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from bot.core.crisis.keyring import Numbers
from bot.core.crisis.pattern import Words

Pair = tuple[str, str]
"""Two words beside each other."""


class Pairs:
    """By each first word what may stand behind it, and the numbers of the patterns that ask."""

    def __init__(self, pairs: Iterable[tuple[Words, Words, Numbers]]) -> None:
        """`pairs`: first words, second words, and who asks for one of the first right before one of the second."""
        asked: defaultdict[str, list[tuple[frozenset[str], Numbers]]] = defaultdict(list)
        sets: dict[frozenset[str], frozenset[str]] = {}  # words that are used alike have the same behind them
        for left, right, numbers in pairs:
            seconds = frozenset(right)
            each = (sets.setdefault(seconds, seconds), numbers)
            for word in left:
                asked[word].append(each)
        self._asked = {word: tuple(of_it) for word, of_it in asked.items()}
        self._known: dict[Pair, Numbers] = {}
        self._behind: dict[str, frozenset[str]] = {}
        for word, of_it in self._asked.items():
            behind = of_it[0][0] if len(of_it) == 1 else frozenset({other for right, _ in of_it for other in right})
            self._behind[word] = sets.setdefault(behind, behind)

    def met(self, words: Sequence[str]) -> list[Pair]:
        """Those of the pairs that stand in `words`."""
        behind = self._behind.get
        return [pair for pair in pairwise(words) if (seconds := behind(pair[0])) is not None and pair[1] in seconds]

    def numbers(self, pair: Pair) -> Numbers:
        """The patterns that ask for a `pair`; it is remembered, as no more are met than are asked for."""
        known = self._known.get(pair)
        if known is None:
            one, other = pair
            known = self._known[pair] = tuple(
                {number for right, numbers in self._asked[one] if other in right for number in numbers}
            )
        return known
