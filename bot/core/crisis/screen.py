"""What a text could say at all, found before it is taken apart: most messages hold no pattern's key.

It never changes an answer, it only spares work: the words it finds are those of `tokens` or more, and a pattern is
left out only where its key is not here, or each of its ways needs a word that is not.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise, product
from string import ascii_lowercase

from bot.core.crisis.asked import Questions
from bot.core.crisis.folding import HIDING, Change, Folding, apart, changed
from bot.core.crisis.frequent import FrequentKeys, Key
from bot.core.crisis.keyring import Keyring, Numbers
from bot.core.crisis.pairs import Pair, Pairs
from bot.core.crisis.pattern import Pattern, Words
from bot.core.crisis.tokens import QUOTED, STRETCHED, WORD, elides, forms_of
from bot.core.crisis.traits import HELD, Traits
from bot.core.crisis.uncollected import uncollected
from bot.core.crisis.vocabulary import Vocabulary
from bot.core.crisis.weighing import Signs
from bot.core.crisis.words import elided_of, glance, is_odd, parted, plain, sentences_of, words_of


@dataclass(frozen=True, slots=True)
class Heard:
    """`candidates`: the patterns that may match; `changes`: the other reading of the normalised text, if any.

    `weighs`: a first look at its words says that its signs are to be weighed.
    """

    candidates: frozenset[int] = frozenset()
    changes: tuple[Change, ...] = ()
    weighs: bool = False


_NOTHING = Heard()

_SPACED = re.compile(" [a-z] [a-z] ")
_LETTERS: frozenset[Pair] = frozenset((one, other) for one in ascii_lowercase for other in ascii_lowercase)
"""Two single letters: a word may be spelt out with blanks between."""
_SHORTEST_STRETCHED = 3
_MOST_WORDS = 500
"""Words of a text in which a pattern is tried on all of them; in a longer one it is tried where its anchors are."""
_SIGNS = re.compile(r"[^\w ,'-]")
"""Without any of them nothing ends a sentence, whatever is left out."""


@dataclass(slots=True)
class _Found:
    """What was found so far: words and beginnings, and pairs of words beside each other."""

    names: set[str] = field(default_factory=set)
    pairs: list[Pair] = field(default_factory=list)


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
        signs: Sequence[Signs] = (),
    ) -> None:
        """The numbers in `keyrings` are those of `patterns`.

        `beside`: of each the groups of others, without one of which it says nothing. `fillers`: words without which a
        text says the same. `shorthand`: words, and what they stand for.
        """
        self._folding = Folding(vocabularies, shorthand)
        self._fillers = fillers
        self._signs = signs
        self._patterns = patterns
        self._beside = beside if beside is not None else [()] * len(patterns)
        self._questions = Questions(patterns, self._beside)
        by_word: dict[str, Numbers] = {}
        pairs: list[tuple[Words, Words, Numbers]] = [(tuple(ascii_lowercase), tuple(ascii_lowercase), ())]
        always: list[int] = []
        for keyring in keyrings:
            for word, numbers in keyring.words.items():
                known = by_word.get(word)
                by_word[word] = known + numbers if known else numbers
            pairs += keyring.pairs
            always += keyring.unfindable
        self._pairs = Pairs(pairs)
        self._always = frozenset(always)
        self._by_word = by_word
        self._words = frozenset(by_word)
        self._traits = Traits(self._folding, fillers)
        self._numbers: dict[Key, Numbers] = {}
        self._frequent = FrequentKeys(patterns)
        self._companions: dict[Key, frozenset[str]] = {}
        """Of the keys that were met: the patterns they are for, and what these ask for beside them, if anything."""

    def hear(self, text: str) -> Heard:
        """What `text` may say.

        Most messages are plain, hold a key or two, and none of the words without which nothing of these keys matches:
        that is seen by a few looks at whole sets, and what takes longer is left to the others.
        """
        text = plain(text)
        heard = self._hear_plainly(text)
        return self._hear_closely(text) if heard is None else heard

    def _hear_plainly(self, text: str) -> Heard | None:
        """The same of a plain `text`, but None where a word may be hidden in it, or be known in more than one way."""
        words, odd = glance(text)
        if odd or elides(text) or not (text.isascii() or HIDING.search(text) is None):
            return None
        names = set(words)
        weighs = self._weighs(text, words, names)
        pairs = self._pairs.met(words)
        thinned: list[str] = []
        unplain = names - self._traits.plain
        stretched = False
        for trait in self._traits.of(unplain) if unplain else ():
            if trait.hides or (trait.begins and self._folding.begun(text, names)):
                return None
            names.update(trait.beginnings)
            if trait.forms:
                names.update(trait.forms)
                stretched = True
            if trait.filler and not thinned:
                thinned = self._thinned(words)
                pairs += self._pairs.met(thinned)
        if stretched:
            pairs += [pair for each in _unstretched(words) for pair in self._pairs.met(each)]
            if thinned:
                pairs += [pair for each in _unstretched(thinned) for pair in self._pairs.met(each)]
        keys = self._keys(names, pairs)
        if not keys:
            return self._heard((), weighs=weighs)
        if not _LETTERS.isdisjoint(keys):
            return None
        return self._heard(self._plain_candidates(text, words, keys, names, stretched=stretched), weighs=weighs)

    def _plain_candidates(
        self, text: str, words: Sequence[str], keys: Sequence[Key], names: set[str], *, stretched: bool
    ) -> Sequence[int]:
        """The patterns that have one of `keys` and match somewhere in a plain `text`, where that is told easily."""
        if len(words) > _MOST_WORDS:
            return self._candidates(keys, names)
        readings: list[list[str]] | None = None
        keyed: set[int] = set()
        for key in keys:
            numbers = self._numbers.get(key) or self._meet(key)
            if not stretched and (joined := self._frequent.met(key, numbers)) is not None:
                if readings is None:
                    readings = self._read_plainly(text, words)
                if readings and (matching := joined.matching(readings)) is not None:
                    numbers = matching
            keyed.update(numbers)
        candidates = self._questions.going(keyed, names)
        if candidates and readings is None:
            readings = self._read_plainly(text, words, stretched=stretched)
        return self._meeting(candidates, readings, stretched=stretched) if readings else candidates

    def readings(self, text: str, changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
        """The other readings of a normalised `text`: with these `changes`, if any, and without its fillers."""
        if changes:
            yield changes
        left_out = [Change(*match.span(), "") for match in WORD.finditer(text) if self._is_filler(match[0])]
        if left_out:
            yield apart([*changes, *left_out])

    def _is_filler(self, word: str) -> bool:
        """Whether a text says the same without `word`, however it is stretched."""
        return not self._fillers.isdisjoint(forms_of(word))

    def _thinned(self, words: Iterable[str]) -> list[str]:
        """The `words` without fillers, none of them stretched."""
        fillers = self._fillers
        return [word for word in words if word not in fillers]

    def _weighs(self, text: str, words: Sequence[str], names: Set[str]) -> bool:
        """Whether signs are to be weighed in a plain `text` with these `words`, all of which are in `names`."""
        if ">" in text and QUOTED.search(text):
            words = words_of(QUOTED.sub("", text))
            names = set(words)
        return any(signs.may_say(words, names) for signs in self._signs)

    def _heard(self, candidates: Sequence[int], changes: Sequence[Change] = (), *, weighs: bool) -> Heard:
        if not (candidates or changes or self._always or weighs):
            return _NOTHING
        return Heard(self._always.union(candidates), tuple(changes), weighs)

    def _hear_closely(self, text: str) -> Heard:
        """What any plain `text` may say."""
        words = words_of(text)
        spaced = f" {' '.join(words)} "
        found = _Found()
        thinned = [word for word in words if not self._is_filler(word)]
        readings = [words] if len(thinned) == len(words) else [words, thinned]
        self._add(readings, found)
        elided = elided_of(text, self._is_filler) if elides(text) else []
        self._add(elided, found)
        meanings = self._traits.meanings(words)
        single = _SPACED.search(spaced) is not None
        hidden = is_odd(text) or not (text.isascii() or HIDING.search(text) is None)
        hidden = hidden or single or bool(meanings) or bool(self._folding.begun(text, set(words)))
        stretched = hidden or HELD.search(spaced) is not None
        if stretched:
            self._add([each for reading in readings for each in _unstretched(reading)], found)
        changes = self._changes(text, words, meanings, found, single=single) if hidden else []
        candidates = self._candidates(self._keys(found.names, found.pairs), found.names)
        if candidates and not (hidden or elided or len(words) > _MOST_WORDS):
            candidates = self._meeting(
                candidates, self._read_plainly(text, words, stretched=stretched), stretched=stretched
            )
        if changes:
            text = changed(text, changes)
            words = words_of(text)
        return self._heard(candidates, changes, weighs=self._weighs(text, words, set(words)))

    def _read_plainly(self, text: str, words: Sequence[str], *, stretched: bool = False) -> list[list[str]]:
        """What a plain `text` says, with the edges of its sentences; nothing where that takes more."""
        if (sentences := sentences_of(text, words)) is None:
            return []
        readings = [sentences]
        if not stretched and self._fillers.isdisjoint(words):
            return readings
        if not stretched and _SIGNS.search(text) is None:
            readings.append(self._thinned(sentences))
        else:
            # Taken apart anew: where a filler stood by itself, an empty line may be left, and a sentence end there.
            for changes in self.readings(text, ()):
                thinned = changed(text, changes)
                readings.append(sentences_of(thinned, words_of(thinned)) or [])
        return readings

    def _meeting(
        self, candidates: list[int], readings: Sequence[Sequence[str]], *, stretched: bool = False
    ) -> list[int]:
        """Those of the `candidates` that match somewhere in the `readings` of a plain text; all without readings."""
        if not (candidates and readings):
            return candidates
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

    def _changes(
        self, text: str, words: list[str], meanings: Mapping[str, str], found: _Found, *, single: bool
    ) -> list[Change]:
        """The other reading of a plain `text`; its words are added to what was `found`.

        `single`: there are single letters beside each other.
        """
        changes = self._folding.changes(text, words, meanings, spaced=single)
        for reading in [text, *(changed(text, other) for other in self.readings(text, changes))]:
            apart = parted(reading)
            if reading is not text or apart != reading:
                others = words_of(apart)
                self._add([others, *_unstretched(others)], found)
        return changes

    def _add(self, texts: Iterable[Sequence[str]], found: _Found) -> None:
        """Add the words of `texts`, which stand by themselves, to what was `found`."""
        for words in texts:
            found.names.update(words)
            found.pairs += self._pairs.met(words)
            if not self._fillers.isdisjoint(words):
                found.pairs += self._pairs.met(self._thinned(words))
        for trait in self._traits.of(found.names - self._traits.plain):
            found.names.update(trait.beginnings)

    def _keys(self, names: set[str], pairs: Sequence[Pair]) -> list[Key]:
        """The keys among `names` and `pairs` beside which there is what they ask for."""
        companions = self._companions.get
        keys: list[Key] = [*(self._words & names), *pairs]
        return [key for key in keys if not companions(key, names).isdisjoint(names)]

    def _candidates(self, keys: Iterable[Key], names: set[str]) -> list[int]:
        """The patterns that have one of `keys`, and a way among `names`."""
        keyed: set[int] = set()
        for key in keys:
            keyed.update(self._numbers.get(key) or self._meet(key))
        return self._questions.going(keyed, names)

    def _meet(self, key: Key) -> Numbers:
        """The patterns of a key that was not met before; what they ask for beside it is remembered."""
        words, numbers = ((key,), self._by_word[key]) if isinstance(key, str) else (key, self._pairs.numbers(key))
        self._numbers[key] = numbers
        if companions := self._questions.companions(words, numbers):
            self._companions[key] = companions
        return numbers


def _unstretched(words: Sequence[str]) -> list[tuple[str, str]]:
    """What stretched words may be, each reading beside those of its neighbours."""
    stretched = {word for word in set(words) if len(word) >= _SHORTEST_STRETCHED and STRETCHED.search(word)}
    if not stretched:
        return []
    beside = {pair for pair in pairwise(["", *words, ""]) if pair[0] in stretched or pair[1] in stretched}
    return [each for left, right in beside for each in product(forms_of(left), forms_of(right))]
