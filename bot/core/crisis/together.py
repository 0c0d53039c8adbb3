"""Some patterns looked for together, by keys that talk is full of: a word costs the same however many they are.

Their automata stand side by side, and where a word leads from where is remembered. It tells only whether a pattern
matches, not where.
"""

from collections.abc import Iterable, Mapping

from bot.core.crisis.automaton import Automaton, bits
from bot.core.crisis.tokens import EDGE

REMEMBERED = 5_000
"""Ways from word to word that are remembered: more than people go, fewer than a hostile text can show."""

MOST_WORDS = 20_000
"""Words that the patterns may know between them: they take room."""

_NOWHERE = 0
_UNKNOWN = 0


class Together:
    """`automata` by the numbers of their patterns; none may know beginnings of words, or numbers."""

    def __init__(self, automata: Mapping[int, Automaton]) -> None:
        self._first = 0
        self._follow: list[int] = []
        self._lasts: list[tuple[int, int]] = []
        gaps = 0
        places: dict[str, int] = {}
        for number, automaton in automata.items():
            shift = len(self._follow)
            self._follow += [positions << shift for positions in automaton.follow]
            self._first |= automaton.first << shift
            self._lasts.append((number, automaton.last << shift))
            gaps |= automaton.gaps << shift
            for word, positions in automaton.words.items():
                places[word] = places.get(word, 0) | positions << shift
        # Words that may stand in the same places are one kind; a kind of 0 is of those that no pattern knows.
        kinds = {gaps: _UNKNOWN}
        at_edge = places.pop(EDGE, 0)
        self._kinds = {word: kinds.setdefault(places_of | gaps, len(kinds)) for word, places_of in places.items()}
        self._kinds[EDGE] = kinds.setdefault(at_edge, len(kinds))
        self._places = tuple(kinds)
        self._reached = [0]
        self._known = {0: _NOWHERE}
        self._ways: list[dict[int, int]] = [{}]
        self._matched: list[frozenset[int]] = [frozenset()]
        self._remembered = 0

    def matching(self, words: Iterable[str]) -> frozenset[int] | None:
        """The numbers of those that match in `words` of one form each, with an `EDGE` wherever a sentence has one.

        None where that leads further than is remembered.
        """
        ways, matched, kind_of = self._ways, self._matched, self._kinds.get
        met: frozenset[int] = frozenset()
        at = _NOWHERE
        for word in words:
            kind = kind_of(word, _UNKNOWN)
            to = ways[at].get(kind)
            if to is None:
                to = self._go(at, kind)
                if to is None:
                    return None
            at = to
            if matched[at]:
                met |= matched[at]
        return met

    def _go(self, at: int, kind: int) -> int | None:
        """Where a word of that `kind` leads from `at`, which is remembered; None where there is no more room."""
        if self._remembered == REMEMBERED:
            return None
        self._remembered += 1
        reached = self._first
        for position in bits(self._reached[at]):
            reached |= self._follow[position]
        reached &= self._places[kind]
        to = self._known.setdefault(reached, len(self._reached))
        if to == len(self._reached):
            self._reached.append(reached)
            self._ways.append({})
            self._matched.append(frozenset(number for number, last in self._lasts if reached & last))
        self._ways[at][kind] = to
        return to
