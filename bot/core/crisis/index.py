"""Many patterns looked for at once: anchors first, and a pattern runs only around its own anchors."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from bot.core.crisis.automaton import Automaton, bits
from bot.core.crisis.pattern import Pattern
from bot.core.crisis.tokens import Token

_PREFIX_KEY = 4
"""Letters by which beginnings are filed: a pattern's beginning has at least as many."""

_LAST = "\U0010ffff"
"""No word goes on with it: behind a beginning it stands behind all words that begin so."""


@dataclass(frozen=True, slots=True)
class Match:
    """Pattern number `pattern` matched the words `first` to `last` (exclusive); edges are not counted in."""

    pattern: int
    first: int
    last: int


Stretch = tuple[int, int]
"""The first token and the one behind the last."""


class Index:
    """Patterns by their anchors."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._patterns = tuple(patterns)
        self._anchors: _Anchors | None = None
        """Made when all patterns are looked for at once: those that alarm are screened before."""

    def search(
        self,
        tokens: Sequence[Token],
        only: Set[int] | None = None,
        *,
        around: Mapping[int, Sequence[Stretch]] | None = None,
    ) -> tuple[list[Match], int]:
        """All matches, by pattern and place, and the steps it took: one per token looked at or state followed.

        With `only`, patterns of other numbers are left out; those that have an entry in `around` need only be found
        where they touch one of these stretches, which are in order.

        The steps are at most `len(tokens)` times the positions of all patterns, whatever the text.
        """
        matches: list[Match] = []
        steps = len(tokens)
        words = _words(tokens)
        anchored = self._anchored(tokens) if only is None else self._anchored_only(tokens, only)
        for number, places in sorted(anchored.items()):
            pattern = self._patterns[number]
            longest = pattern.facts.longest
            wanted = _near(places, around[number], longest) if around and number in around else places
            for start, stop in _windows(wanted, longest, len(tokens)):
                steps += stop - start
                if not _meets(pattern.automaton, tokens, words, start, stop):
                    continue
                stretches, more = _run(pattern.automaton, tokens, start, stop)
                matches += [Match(number, first, last) for first, last in stretches]
                steps += more
        return matches, steps

    def met(self, tokens: Sequence[Token], only: Set[int]) -> tuple[set[int], int]:
        """Those of the patterns `only` that match anywhere, and the steps taken."""
        met = set()
        steps = len(tokens)
        words = _words(tokens)
        for number, places in self._anchored_only(tokens, only).items():
            pattern = self._patterns[number]
            for start, stop in _windows(places, pattern.facts.longest, len(tokens)):
                steps += stop - start
                if _meets(pattern.automaton, tokens, words, start, stop):
                    met.add(number)
                    break
        return met, steps

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


def _near(places: list[int], stretches: Iterable[Stretch], reach: int) -> list[int]:
    """Those of the `places` that are within `reach` of one of the `stretches`; both are in order."""
    near: list[int] = []
    done = 0
    for start, stop in stretches:
        first = bisect_left(places, start - reach, done)
        done = bisect_left(places, stop + reach, first)
        near += places[first:done]
    return near


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


def _words(tokens: Sequence[Token]) -> list[str]:
    """The spelling of each token that has only one, and nothing for the others."""
    return [token.forms[0] if len(token.forms) == 1 else "" for token in tokens]


def _meets(pattern: Automaton, tokens: Sequence[Token], words: Sequence[str], start: int, stop: int) -> bool:
    """Whether `pattern` matches there at all: mostly it does not, and that is seen much sooner than where it does."""
    here = words[start:stop]
    if "" in here:
        return pattern.meets_any([token.forms for token in tokens[start:stop]])
    return pattern.meets(here)


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
