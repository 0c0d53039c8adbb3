"""Many patterns looked for at once: anchors first, and a pattern runs only around its own anchors."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.crisis.pattern import Pattern, bits
from bot.core.crisis.tokens import Token

_PREFIX_KEY = 4
"""Letters by which beginnings are filed: a pattern's beginning has at least as many."""


@dataclass(frozen=True, slots=True)
class Match:
    """Pattern number `pattern` matched the words `first` to `last` (exclusive); edges are not counted in."""

    pattern: int
    first: int
    last: int


class Index:
    """Patterns by their anchors."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._patterns = tuple(patterns)
        self._words: dict[str, list[int]] = defaultdict(list)
        self._prefixes: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for number, pattern in enumerate(self._patterns):
            for anchor in sorted(pattern.anchors):
                if anchor.endswith("*"):
                    self._prefixes[anchor[:_PREFIX_KEY]].append((anchor[:-1], number))
                else:
                    self._words[anchor].append(number)

    def search(self, tokens: Sequence[Token]) -> tuple[list[Match], int]:
        """All matches, by pattern and place, and the steps it took: one per token looked at or state followed.

        The steps are at most `len(tokens)` times the positions of all patterns, whatever the text.
        """
        matches: list[Match] = []
        steps = len(tokens)
        for number, places in sorted(self._anchored(tokens).items()):
            pattern = self._patterns[number]
            for start, stop in _windows(places, pattern.longest, len(tokens)):
                stretches, more = _run(pattern, tokens, start, stop)
                matches += [Match(number, first, last) for first, last in stretches]
                steps += more
        return matches, steps

    def _anchored(self, tokens: Sequence[Token]) -> dict[int, list[int]]:
        """The places of its anchors, in order, for every pattern that has any here."""
        places: dict[int, list[int]] = defaultdict(list)
        for at, token in enumerate(tokens):
            for form in token.forms:
                for number in self._words.get(form, ()):
                    places[number].append(at)
                for prefix, number in self._prefixes.get(form[:_PREFIX_KEY], ()):
                    if form.startswith(prefix):
                        places[number].append(at)
        return places


def _windows(places: list[int], reach: int, size: int) -> list[tuple[int, int]]:
    """The stretches within `reach` of a place; those that touch are one, so that no token is run over twice."""
    windows: list[tuple[int, int]] = []
    for place in places:
        start, stop = max(0, place - reach + 1), min(size, place + reach)
        if windows and start <= windows[-1][1]:
            windows[-1] = (windows[-1][0], stop)
        else:
            windows.append((start, stop))
    return windows


def _run(pattern: Pattern, tokens: Sequence[Token], start: int, stop: int) -> tuple[list[tuple[int, int]], int]:
    """Where `pattern` matches within one stretch of tokens, and the steps taken.

    A state remembers the latest place it can have begun, so a match is the shortest one that ends there; of
    matches that begin together the longest is kept.
    """
    found: list[tuple[int, int]] = []
    steps = 0
    states: dict[int, int] = {}
    open_start = -1
    for at in range(start, stop):
        accepted = pattern.accepts(tokens[at])
        arrived: dict[int, int] = dict.fromkeys(bits(pattern.first & accepted), at)
        for position, began in states.items():
            reached = pattern.follow[position] & accepted
            steps += 1 + reached.bit_count()
            for following in bits(reached):
                if began > arrived.get(following, -1):
                    arrived[following] = began
        states = arrived
        steps += 1
        began = max((began for position, began in states.items() if pattern.last >> position & 1), default=-1)
        if began < 0:
            continue
        if began == open_start:
            found.pop()
        found.append((began + tokens[began].is_edge, at + 1 - tokens[at].is_edge))
        open_start = began
    return found, steps
