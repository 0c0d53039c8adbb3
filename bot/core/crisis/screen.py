"""What a text could say at all, found before it is taken apart: most messages hold no pattern's key.

It never changes an answer, it only spares work: the words it finds are those of `tokens` or more, and a pattern is
left out only where its key is not here, or each of its ways needs a word that is not.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from string import ascii_lowercase, digits

from bot.core.crisis.folding import HIDING, Change, Folding, apart, changed
from bot.core.crisis.keyring import Keyring, Numbers
from bot.core.crisis.normalise import normalise
from bot.core.crisis.pairs import Pairs
from bot.core.crisis.pattern import Pattern, Words
from bot.core.crisis.tokens import ELISION, STRETCHED, WORD, forms_of
from bot.core.crisis.uncollected import uncollected
from bot.core.crisis.vocabulary import Vocabulary
from bot.core.crisis.words import elided_of, folded, is_odd, parted, sentences_of, words_of

try:
    from ahocorasick_rs import AhoCorasick
except ImportError:  # a machine without a wheel hears the same, more slowly
    AhoCorasick = None  # type: ignore[assignment, misc]  # how one says that an import is not there


@dataclass(frozen=True, slots=True)
class Heard:
    """`candidates`: the patterns that may match; `changes`: the other reading of the normalised text, if any."""

    candidates: frozenset[int] = frozenset()
    changes: tuple[Change, ...] = ()


_NOTHING = Heard()


_REMEMBERED = 50_000
"""Answers that are remembered; a hostile text finds no end of questions."""

_BEGINNING, _STRETCHED, _SPACED = 1, 2, 4
"""What it means that a piece is there, if it is no key alone; plain bits, as they are looked at for every message."""
_SHORTEST_STRETCHED = 3


@dataclass(slots=True)
class _Found:
    """What was found so far: words and beginnings, the numbers of the pieces, and of the patterns with their pair."""

    names: set[str]
    pieces: set[int]
    paired: set[int]


class Screen:
    """Looks for the keys of `patterns`, and for words that may be hidden."""

    @uncollected()
    def __init__(
        self,
        patterns: Sequence[Pattern],
        keyrings: Iterable[Keyring],
        vocabularies: Sequence[Vocabulary],
        beside: Sequence[Sequence[Sequence[Pattern]]] | None = None,
        fillers: frozenset[str] = frozenset(),
        shorthand: Mapping[str, str] | None = None,
    ) -> None:
        """The numbers in `keyrings` are those of `patterns`.

        `beside`: of each the groups of others, without one of which it says nothing. `fillers`: words without which a
        text says the same. `shorthand`: words, and what they stand for.
        """
        self._folding = Folding(vocabularies, shorthand)
        self._fillers = fillers
        self._patterns = patterns
        self._beside = beside if beside is not None else [()] * len(patterns)
        self._asked: list[_Asked | None] = [None] * len(patterns)
        self._remembered = 0
        by_word: dict[str, Numbers] = {}
        by_piece: dict[str, Numbers] = {}
        pairs: list[tuple[Words, Words, Numbers]] = []
        always: list[int] = []
        for keyring in keyrings:
            for word, numbers in keyring.words.items():
                if word.endswith("*"):
                    _add(by_piece, f" {word[:-1]}", numbers)
                else:
                    _add(by_word, word, numbers)
            pairs += keyring.pairs
            always += keyring.unfindable
        self._pairs = Pairs(pairs)
        self._always = frozenset(always)
        self._by_word = by_word
        self._words = frozenset(by_word)
        more = self._more_pieces()
        pieces = [*by_piece, *(piece for piece in more if piece not in by_piece)]
        self._by_piece = [by_piece.pop(piece, ()) for piece in pieces]
        self._sort = [more.get(piece, 0) for piece in pieces]
        self._beginnings = {
            number: f"{pieces[number][1:]}*" for number, sort in enumerate(self._sort) if sort & _BEGINNING
        }
        self._find = (_Finder(pieces) if AhoCorasick is None else AhoCorasick(pieces)).find_matches_as_indexes

    def _more_pieces(self) -> dict[str, int]:
        """Pieces of text that are looked for beside the keys, and what each means."""
        sorts: dict[str, int] = {}
        for pieces, sort in (
            ([f" {beginning}" for beginning in self._folding.beginnings], _BEGINNING),
            ([char * 3 for char in ascii_lowercase + digits], _STRETCHED),
            ([f" {one} {other} " for one in ascii_lowercase for other in ascii_lowercase], _SPACED),
        ):
            for piece in pieces:
                sorts[piece] = sorts.get(piece, 0) | sort
        return sorts

    def hear(self, text: str) -> Heard:
        """What `text` may say."""
        written = text
        if not text.isascii():
            text = folded(text)  # an accent hides nothing
        words = words_of(text)
        spaced = f" {' '.join(words)} "
        if "@" in written or "<" in written or "http" in spaced or "www" in spaced:
            text = normalise(written).text
            words = words_of(text)
            spaced = f" {' '.join(words)} "
        pieces = {number for number, _, _ in self._find(spaced, True)}
        pairs = self._met(words)
        names = set(words)
        meanings = self._folding.meanings(names)
        hidden = is_odd(text) or not (text.isascii() or HIDING.search(text) is None)
        elided = elided_of(text.lower()) if "'" in text and ELISION.search(text.lower()) else []
        if not (pieces or pairs or hidden or meanings or elided or not self._words.isdisjoint(names)):
            return self._heard(())
        sorts = 0
        for number in pieces:
            sorts |= self._sort[number]
        found = _Found(names, pieces, self._pairs.numbers(pairs))
        self._add(elided, found)
        if hidden or meanings or sorts > _BEGINNING:
            return self._consider(text, words, found, sorts, meanings, hidden=hidden)
        if sorts or elided:
            self._add_beginnings(found)
        candidates = self._candidates(found)
        return self._heard(candidates if elided else self._meeting(text, words, candidates))

    def readings(self, text: str, changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
        """The other readings of a normalised `text`: with these `changes`, if any, and without its fillers."""
        if changes:
            yield changes
        left_out = [
            Change(*match.span(), "")
            for match in WORD.finditer(text)
            if not self._fillers.isdisjoint(forms_of(match[0]))
        ]
        if left_out:
            yield apart([*changes, *left_out])

    def _met(self, words: Sequence[str]) -> list[tuple[str, str]]:
        """The pairs in `words`, and those in them without fillers."""
        pairs = self._pairs.met(words)
        if not self._fillers.isdisjoint(words):
            pairs += self._pairs.met(self._thinned(words))
        return pairs

    def _thinned(self, words: Iterable[str]) -> list[str]:
        """The `words` without fillers."""
        fillers = self._fillers
        return [word for word in words if word not in fillers]

    def _heard(self, candidates: Sequence[int], changes: Sequence[Change] = ()) -> Heard:
        if not (candidates or changes or self._always):
            return _NOTHING
        return Heard(self._always.union(candidates), tuple(changes))

    def _meeting(self, text: str, words: Sequence[str], candidates: list[int], *, stretched: bool = False) -> list[int]:
        """Those of the `candidates` that match somewhere in a plain `text`, where that is told easily."""
        if not candidates or not (sentences := sentences_of(text, words)):
            return candidates
        readings = [sentences]
        if not self._fillers.isdisjoint(sentences):
            readings.append(self._thinned(sentences))
        if stretched:
            forms = [[forms_of(word) for word in reading] for reading in readings]
        patterns, beside = self._patterns, self._beside

        def meets(pattern: Pattern) -> bool:
            automaton = pattern.automaton
            return any(map(automaton.meets_any, forms)) if stretched else any(map(automaton.meets, readings))

        return [
            number
            for number in candidates
            if meets(patterns[number]) and all(any(map(meets, either)) for either in beside[number])
        ]

    def _consider(
        self, text: str, words: list[str], found: _Found, sorts: int, meanings: Mapping[str, str], *, hidden: bool
    ) -> Heard:
        """The same for a text with more than keys in it; `hidden`: a word may be written with other signs."""
        changes: list[Change] = []
        hidden = hidden or sorts & _SPACED != 0 or bool(meanings)
        stretched = hidden or sorts & _STRETCHED != 0
        if stretched:
            self._add(_unstretched(words), found)
        if hidden:
            changes = self._changes(text.lower(), words, meanings, found)
        self._add_beginnings(found)
        candidates = self._candidates(found)
        return self._heard(
            candidates if hidden else self._meeting(text, words, candidates, stretched=stretched), changes
        )

    def _changes(self, text: str, words: list[str], meanings: Mapping[str, str], found: _Found) -> list[Change]:
        """The other reading of a plain `text`; its words are added to what was `found`."""
        single = any(self._sort[number] & _SPACED for number in found.pieces)
        changes = self._folding.changes(text, words, meanings, spaced=single)
        readings = [text, changed(text, changes)] if changes else [text]
        for reading in readings:
            apart = parted(reading)
            if reading is not text or apart != reading:
                others = words_of(apart)
                self._add([others, *_unstretched(others)], found)
        return changes

    def _add(self, texts: Sequence[Sequence[str]], found: _Found) -> None:
        """Add the words of `texts`, which stand by themselves, to what was `found`."""
        if not texts:
            return
        found.names.update(*texts)
        found.paired |= self._pairs.numbers({pair for words in texts for pair in self._met(words)})
        whole = "  ".join(map(" ".join, texts))
        found.pieces.update([number for number, _, _ in self._find(f" {whole} ", True)])

    def _add_beginnings(self, found: _Found) -> None:
        """Add the beginnings of words to what was `found`."""
        found.names.update([self._beginnings[number] for number in found.pieces & self._beginnings.keys()])

    def _candidates(self, found: _Found) -> list[int]:
        """The patterns that have their key and a way in what was `found`."""
        keyed = set(found.paired)
        for word in self._words & found.names:
            keyed.update(self._by_word.get(word, ()))
        for number in found.pieces:
            keyed.update(self._by_piece[number])
        names, candidates = found.names, []
        for number in keyed:
            asked = self._asked[number] or self._ask(number)
            here = asked.words & names
            goes = asked.answers.get(here)
            if goes is None:
                goes = asked.goes(here)
                if self._remembered < _REMEMBERED:
                    self._remembered += 1
                    asked.answers[here] = goes
            if goes:
                candidates.append(number)
        return candidates

    def _ask(self, number: int) -> "_Asked":
        """What is asked of a text for a pattern and those beside it: most are never met, and it takes room."""
        groups = ((self._patterns[number],), *self._beside[number])
        asked = self._asked[number] = _Asked.of(
            [way for pattern in either for way in pattern.facts.ways] for either in groups
        )
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


class _Finder:
    """What `AhoCorasick` does, without it."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = tuple(keys)

    def find_matches_as_indexes(self, haystack: str, overlapping: bool = False) -> list[tuple[int, int, int]]:
        """Number, start and end of every key in `haystack`."""
        found = []
        for number, key in enumerate(self._keys):
            at = haystack.find(key)
            while at >= 0:
                found.append((number, at, at + len(key)))
                at = haystack.find(key, at + 1 if overlapping else at + len(key))
        return found


def _add(numbers: dict[str, Numbers], of: str, more: Numbers) -> None:
    """Add to the numbers of a word or piece."""
    known = numbers.get(of)
    numbers[of] = known + more if known else more


def _unstretched(words: Sequence[str]) -> list[tuple[str, str]]:
    """What stretched words may be, each reading beside those of its neighbours."""
    stretched = {word for word in set(words) if len(word) >= _SHORTEST_STRETCHED and STRETCHED.search(word)}
    if not stretched:
        return []
    beside = {pair for pair in pairwise(["", *words, ""]) if pair[0] in stretched or pair[1] in stretched}
    return [each for left, right in beside for each in product(forms_of(left), forms_of(right))]
