"""The small language of the lexicons.

| written | means |
| --- | --- |
| `word` | that word |
| `word*` | a word that begins so (four letters at least) |
| `#` | a number in digits |
| `(a|b c)` | one of these |
| `[a|b c]` | one of these, or nothing |
| `..` `..5` | up to 3 words, up to 5 (8 at most) |
| `{name}` | the piece of that name in the lexicon's `[words]` |
| `^` `$` | the edge of a sentence |

There is no unbounded repetition, and nothing but `^` and `$` reaches over the edge of a sentence. A pattern is read
and checked as a whole (`grammar`, `part`), and laid out as an automaton when a text first holds its words.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import chain

from bot.core.crisis.automaton import Automaton, lay_out
from bot.core.crisis.grammar import Grammar
from bot.core.crisis.part import BadPattern, Part

__all__ = ["BadPattern", "Facts", "Pattern", "Patterns", "compile_pattern"]

MAX_LONGEST = 40


Words = tuple[str, ...]
"""A set of words in the order of the alphabet: there are tens of thousands, and a tuple takes a quarter of the room."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a pattern before a text holds its words.

    `ways`: every match goes one of them, see `needs`. `longest`: tokens of the longest match.
    """

    ways: tuple[tuple[Words, ...], ...]
    longest: int

    @property
    def anchors(self) -> Words:
        """Every match holds one of these words (or beginnings, "overdos*")."""
        first, *others = [way[0] for way in self.ways]
        return tuple(dict.fromkeys(chain(first, *others))) if others else first


class Pattern:
    """A pattern that was read; or one whose facts are `kept` under a `number`, which is read when it is looked for.

    There are thousands, of which most messages need none: what one needs is made when it is asked for. The `number` is
    its place among the patterns of its lexicon.
    """

    __slots__ = ("_anchors", "_automaton", "_facts", "_grammar", "_kept", "_part", "number", "source")

    def __init__(self, source: str, grammar: Grammar, kept: Sequence[Facts] | None = None, number: int = 0) -> None:
        """Raises `BadPattern` where the facts are not kept, see `compile_pattern`."""
        self.source = source
        self._grammar = grammar
        self._kept = kept
        self.number = number
        self._part: Part | None = None
        self._automaton: Automaton | None = None
        self._anchors: Words | None = None
        self._facts = _facts_of(self.part) if kept is None else None

    @property
    def facts(self) -> Facts:
        """Its facts, which are remembered from here on."""
        if self._facts is None:
            self._facts = self.glance()
        return self._facts

    def glance(self) -> Facts:
        """The same facts for one who looks at every pattern once: nothing is remembered."""
        if self._facts is None and self._kept is not None:
            return self._kept[self.number]
        return self.facts

    @property
    def anchors(self) -> Words:
        """Those of its facts."""
        if self._anchors is None:
            self._anchors = self.facts.anchors
        return self._anchors

    @property
    def part(self) -> Part:
        """Its parts."""
        if self._part is None:
            self._part = self._grammar.read(self.source)
        return self._part

    @property
    def automaton(self) -> Automaton:
        """What finds its matches."""
        if self._automaton is None:
            self._automaton = lay_out(self.part)
        return self._automaton

    @property
    def words(self) -> Mapping[str, int]:
        """The words it knows, and where they may stand."""
        return self.automaton.words


class Patterns:
    """Reads the patterns of one lexicon, or takes the facts of them that are `kept` in their order."""

    def __init__(self, common: Iterable[str] = (), kept: Sequence[Facts] | None = None) -> None:
        self._pieces: dict[str, str] = {}
        self._grammar = Grammar(self._pieces, common)
        self._kept = kept
        self._taken = 0

    def name(self, name: str, source: str) -> None:
        """Call `source` {name} from here on; raises `BadPattern`, but unlike a pattern it may match nothing."""
        if self._kept is None:
            self._grammar.read(source)
        self._pieces[name] = source

    def compile(self, source: str) -> Pattern:
        """The pattern written as `source`; what `compile_pattern` raises."""
        self._taken += 1
        return Pattern(source, self._grammar, self._kept, self._taken - 1)


def compile_pattern(source: str, words: Mapping[str, str] | None = None, common: Set[str] = frozenset()) -> Pattern:
    """The pattern of `source`, with the named pieces `words`; `common` words are anchors only at need.

    Raises `BadPattern` for what the language does not know, for a pattern that matches no word at all or only gaps
    and numbers, and for one with more words, a longer match or deeper brackets than anybody needs.
    """
    return Pattern(source, Grammar(words or {}, common))


def _facts_of(part: Part) -> Facts:
    """The facts of a pattern that was read."""
    if part.nullable:
        raise BadPattern("it matches the empty text")
    if not all(part.ways) or part.key is None:
        raise BadPattern("it can match without any word of its own: nothing to look for")
    if part.longest > MAX_LONGEST:
        raise BadPattern(f"it can match {part.longest} words, more than {MAX_LONGEST}")
    return Facts(
        ways=tuple(tuple(_sorted(need) for need in way) for way in part.ways),
        longest=part.longest,
    )


def _sorted(words: Set[str]) -> Words:
    return tuple(sorted(words))
