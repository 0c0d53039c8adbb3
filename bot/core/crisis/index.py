"""Many patterns looked for at once: anchors first, and a pattern runs only around its own anchors."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from bot.core.crisis.automaton import Automaton, bits
from bot.core.crisis.pattern import Pattern
from bot.core.crisis.tokens import Token

_PREFIX_KEY = 4
"""Letters by which beginnings are filed: a pattern's beginning has at least as many."""

_LAST = "\U0010ffff"
"""No word goes on with it: behind a beginning it stands behind all words that begin so."""

_LONG = 200
"""Tokens from which on it pays to see first whether there is a match at all."""


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
        self._anchors: _Anchors | None = None
        """Made when all patterns are looked for at once: those that alarm are screened before."""

    def search(self, tokens: Sequence[Token], only: Set[int] | None = None) -> tuple[list[Match], int]:
        """All matches, by pattern and place, and the steps it took: one per token looked at or state followed.

        With `only`, patterns of other numbers are left out.

        The steps are at most `len(tokens)` times the positions of all patterns, whatever the text.
        """
        matches: list[Match] = []
        steps = len(tokens)
        anchored = self._anchored(tokens) if only is None else self._anchored_only(tokens, only)
        for number, places in sorted(anchored.items()):
            pattern = self._patterns[number]
            for start, stop in _windows(places, pattern.facts.longest, len(tokens)):
                if stop - start > _LONG and not _meets(pattern.automaton, tokens, start, stop):
                    steps += stop - start
                    continue
                stretches, more = _run(pattern.automaton, tokens, start, stop)
                matches += [Match(number, first, last) for first, last in stretches]
                steps += more
        return matches, steps

    def _anchored(self, tokens: Sequence[Token]) -> dict[int, list[int]]:
        """The places of its anchors, in order, for every pattern that has any here."""
        if self._anchors is None:
            self._anchors = _Anchors(self._patterns)
        places: dict[int, list[int]] = defaultdict(list)
        for at, token in enumerate(tokens):
            for form in token.forms:
                for number in self._anchors.of(form):
                    places[number].append(at)
        return places

    def _anchored_only(self, tokens: Sequence[Token], only: Set[int]) -> dict[int, list[int]]:
        """The same for a few patterns."""
        by_form: dict[str, list[int]] = defaultdict(list)
        for at, token in enumerate(tokens):
            for form in token.forms:
                by_form[form].append(at)
        in_order = sorted(by_form)
        places: dict[int, list[int]] = {}
        for number in only:
            anchors = self._patterns[number].anchors
            here = [by_form[form] for form in by_form.keys() & anchors]
            for beginning in [anchor[:-1] for anchor in anchors if anchor.endswith("*")]:
                first = bisect_left(in_order, beginning)
                last = bisect_left(in_order, beginning + _LAST, first)
                here += [by_form[form] for form in in_order[first:last]]
            if here:
                places[number] = here[0] if len(here) == 1 else sorted(set().union(*here))
        return places


class _Anchors:
    """The numbers of patterns by the words of which they must have one."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        words: defaultdict[str, list[int]] = defaultdict(list)
        prefixes: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
        for number, pattern in enumerate(patterns):
            for anchor in sorted(pattern.glance().anchors):
                if anchor.endswith("*"):
                    prefixes[anchor[:_PREFIX_KEY]].append((anchor[:-1], number))
                else:
                    words[anchor].append(number)
        self._words = {word: tuple(numbers) for word, numbers in words.items()}
        self._prefixes = dict(prefixes)

    def of(self, form: str) -> Iterator[int]:
        """The patterns that have this word among their anchors."""
        yield from self._words.get(form, ())
        for prefix, number in self._prefixes.get(form[:_PREFIX_KEY], ()):
            if form.startswith(prefix):
                yield number


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


def _meets(pattern: Automaton, tokens: Sequence[Token], start: int, stop: int) -> bool:
    """Whether `pattern` matches anywhere there: it remembers its moves, so a text that repeats itself costs little."""
    moves: dict[tuple[int, tuple[str, ...]], int] = {}
    states = 0
    for at in range(start, stop):
        move = (states, tokens[at].forms)
        arrived = moves.get(move)
        if arrived is None:
            reached = pattern.first
            for position in bits(states):
                reached |= pattern.follow[position]
            arrived = moves[move] = reached & pattern.accepts(tokens[at].forms)
        if arrived & pattern.last:
            return True
        states = arrived
    return False


def _run(pattern: Automaton, tokens: Sequence[Token], start: int, stop: int) -> tuple[list[tuple[int, int]], int]:
    """Where `pattern` matches within one stretch of tokens, and the steps taken.

    A state remembers the latest place it can have begun, so a match is the shortest one that ends there; of
    matches that begin together the longest is kept.
    """
    found: list[tuple[int, int]] = []
    steps = stop - start
    states: dict[int, int] = {}
    open_start = -1
    for at in range(start, stop):
        accepted = pattern.accepts(tokens[at].forms)
        begun = pattern.first & accepted
        if not begun and not states:
            continue
        arrived: dict[int, int] = dict.fromkeys(bits(begun), at)
        ends = begun & pattern.last
        for position, began in states.items():
            reached = pattern.follow[position] & accepted
            if not reached:
                continue
            steps += reached.bit_count()
            ends |= reached & pattern.last
            for following in bits(reached):
                if began > arrived.get(following, -1):
                    arrived[following] = began
        steps += len(states)
        states = arrived
        if not ends:
            continue
        began = max([arrived[position] for position in bits(ends)])
        if began == open_start:
            found.pop()
        found.append((began + tokens[began].is_edge, at + 1 - tokens[at].is_edge))
        open_start = began
    return found, steps
