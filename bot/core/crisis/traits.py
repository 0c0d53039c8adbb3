"""What is remarkable about a word by itself: of most nothing is, and that is remembered."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain

from bot.core.crisis.folding import Folding
from bot.core.crisis.tokens import WORD_LIMIT, forms_of

_REMEMBERED = 50_000
"""Words that are known: more than people use, fewer than a hostile text can show. None is longer than a word may be."""

HELD = re.compile(r"([a-z0-9])\1\1")
"""A letter that is held, or three zeros."""


@dataclass(frozen=True, slots=True)
class Trait:
    """What there is about a word.

    `hides`: it may be known in more than one way. `meaning`: what it says if it is misspelt or glued. `begins`: it says
    more where it begins a sentence. `filler`: a text says the same without it. `beginnings`: those it has, "overdos*".
    """

    hides: bool
    meaning: str | None
    begins: bool
    filler: bool
    beginnings: tuple[str, ...]
    forms: tuple[str, ...] = ()


_NONE = Trait(hides=False, meaning=None, begins=False, filler=False, beginnings=())


class Traits:
    """What is remarkable about words; those in `plain` are known to have nothing, and need not be asked for."""

    def __init__(self, folding: Folding, fillers: frozenset[str]) -> None:
        self.plain: set[str] = set()
        self._folding = folding
        self._fillers = fillers
        self._beginnings = frozenset(folding.beginnings)
        self._lengths = sorted({len(beginning) for beginning in self._beginnings})
        self._known: dict[str, Trait] = {}

    def of(self, words: Iterable[str]) -> list[Trait]:
        """What is remarkable about these `words`."""
        known = self._known.get
        return [known(word) or self._look_at(word) for word in words]

    def meanings(self, words: Iterable[str]) -> dict[str, str]:
        """What those of `words` say that are misspelt or glued."""
        unplain = set(words) - self.plain
        return {
            word: trait.meaning
            for word, trait in zip(unplain, self.of(unplain), strict=True)
            if trait.meaning is not None
        }

    def _look_at(self, word: str) -> Trait:
        """The trait of a word, remembered."""
        if word in self.plain:
            return _NONE
        trait = self._trait(word)
        if HELD.search(word):
            trait = self._held(word, trait)
        if len(word) <= WORD_LIMIT and len(self.plain) + len(self._known) < _REMEMBERED:
            if trait == _NONE:
                self.plain.add(word)
            else:
                self._known[word] = trait
        return trait

    def _trait(self, word: str) -> Trait:
        """The trait of a word as it is written."""
        meaning = self._folding.meaning(word)
        return Trait(
            hides=meaning is not None,
            meaning=meaning,
            begins=word in self._folding.begins,
            filler=word in self._fillers,
            beginnings=tuple(
                f"{word[:length]}*"
                for length in self._lengths
                if length <= len(word) and word[:length] in self._beginnings
            ),
        )

    def _held(self, word: str, trait: Trait) -> Trait:
        """The trait of a word in which a letter is held: it hides what one of its forms says of itself."""
        forms = forms_of(word)
        others = [self._trait(form) for form in forms if form != word]
        if trait.hides or any(other.hides or other.begins or other.filler for other in others):
            return replace(trait, hides=True)
        beginnings = dict.fromkeys(chain(trait.beginnings, *(other.beginnings for other in others)))
        return replace(trait, beginnings=tuple(beginnings), forms=forms)
