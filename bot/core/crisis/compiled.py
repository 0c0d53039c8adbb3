"""What was found out about a lexicon, kept beside it: reading ten languages anew would take seconds.

It holds nothing that is not worked out from the lexicon itself, and is for that very text; `bot.operations` renews it.
The examples are not in it, nor how a pattern matches: that is read when a text first holds its words.

It is JSON, line by line: a head; a line for each set of words, by their numbers; a line for each pattern's facts, by
the numbers of their sets; the vocabulary; the keyring. All but the head stays as it is written until somebody asks for
it, and of the facts most are never asked for.
"""

import hashlib
import json
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from bot.core.crisis.keyring import Keyring
from bot.core.crisis.pattern import Facts, Pattern, Words
from bot.core.crisis.vocabulary import Vocabulary

EXAMPLES = ("hears", "ignores")

VERSION = 7
"""To be raised when what is worked out changes its meaning."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """Of one lexicon its `table` without the examples, and the facts of its patterns as they are read."""

    table: Mapping[str, Any]
    facts: "KeptFacts"


def digest_of(text: str) -> str:
    """By which a lexicon's text is known again."""
    return hashlib.sha256(f"{VERSION}\n{text}".encode()).hexdigest()


def written(
    text: str, lexicon: Mapping[str, Any], patterns: Iterable[Pattern], vocabulary: Vocabulary, keyring: Keyring
) -> str:
    """What is kept beside the lexicon `text`, whose `patterns` are in the order in which they are read."""
    table = _Table()
    facts = [_written_facts(pattern.facts, table) for pattern in patterns]
    names = ("words", "beginnings", "anchors")
    known: dict[str, Any] = {name: table.number(getattr(vocabulary, name)) for name in names}
    known["joints"] = [[table.number(left), table.number(right)] for left, right in vocabulary.joints]
    found_by = {
        "words": [[table.word(word), *numbers] for word, numbers in keyring.words.items()],
        "pairs": [[table.number(left), table.number(right), *of_it] for left, right, of_it in keyring.pairs],
        "unfindable": keyring.unfindable,
    }
    head = {
        "digest": digest_of(text),
        "lexicon": _without_examples(lexicon),
        "words": table.words,
        "sets": len(table.sets),
    }
    return "".join(f"{_dense(line)}\n" for line in (head, *table.sets, *facts, known, found_by))


def read(kept: bytes, text: str) -> Compiled | None:
    """What was kept beside the lexicon `text`; None if it was for another one."""
    first, _, rest = kept.partition(b"\n")
    try:
        head = json.loads(first)
    except ValueError:
        return None
    if not isinstance(head, dict) or head.get("digest") != digest_of(text):
        return None
    return Compiled(head["lexicon"], KeptFacts(head["words"], head["sets"], rest))


class KeptFacts(Sequence[Facts]):
    """The facts of a lexicon's patterns by number: each is read from its line whenever it is asked for.

    So are the lexicon's vocabulary and keyring, which have a line each.
    """

    def __init__(self, words: Sequence[str], sets: int, text: bytes) -> None:
        """`words` by their numbers; `text`: lines of the `sets`, the facts, the vocabulary, the keyring."""
        self._words = words
        self._sets = sets
        self._text = text
        self._starts = array("L", accumulate(map(len, text.splitlines(keepends=True)), initial=0))
        self._lines = len(self._starts) - 1

    def __len__(self) -> int:
        return self._lines - self._sets - 2

    def __getitem__(self, number: Any) -> Any:
        """The facts of pattern `number`; slices are not taken."""
        longest, ways = self._line(self._sets + number)
        return Facts(
            ways=tuple(tuple(self.words(need) for need in way) for way in ways),
            longest=longest,
        )

    def vocabulary(self) -> Vocabulary:
        """The words of the rules."""
        known = self._line(self._lines - 2)
        return Vocabulary(
            self.words(known["words"]),
            self.words(known["beginnings"]),
            self.words(known["anchors"]),
            self.joints(known["joints"]),
        )

    def keyring(self) -> Keyring:
        """By what the rules are found."""
        known = self._line(self._lines - 1)
        pairs = self.joints([(left, right) for left, right, *_numbers in known["pairs"]])
        return Keyring(
            {self._words[word]: tuple(numbers) for word, *numbers in known["words"]},
            tuple([(*pair, tuple(of_it)) for pair, (_, _, *of_it) in zip(pairs, known["pairs"], strict=True)]),
            tuple(known["unfindable"]),
        )

    def words(self, number: int) -> Words:
        """The set `number`."""
        return self._named(self._line(number))

    def joints(self, numbers: Sequence[Sequence[int]]) -> tuple[tuple[Words, Words], ...]:
        """Pairs of sets; a set that is in many of them is the same one."""
        wanted = sorted({number for pair in numbers for number in pair})
        # One long line is read twice as fast as thousands of short ones.
        lines = json.loads(b"[%b]" % b",".join([self._written(number) for number in wanted]))
        sets = {number: self._named(line) for number, line in zip(wanted, lines, strict=True)}
        return tuple([(sets[left], sets[right]) for left, right in numbers])

    def _named(self, words: Iterable[int]) -> Words:
        known = self._words
        return tuple([known[word] for word in words])

    def _line(self, number: int) -> Any:
        return json.loads(self._written(number))

    def _written(self, number: int) -> bytes:
        return self._text[self._starts[number] : self._starts[number + 1]]


def _without_examples(lexicon: Mapping[str, Any]) -> dict[str, Any]:
    entries = {
        key: [{name: value for name, value in entry.items() if name not in EXAMPLES} for entry in lexicon[key]]
        for key in ("rule", "lower")
        if key in lexicon
    }
    return {**lexicon, **entries}


class _Table:
    """Each word and each set of words once, by number."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.sets: list[list[int]] = []
        self._of_word: dict[str, int] = {}
        self._of_set: dict[Words, int] = {}

    def number(self, words: Words) -> int:
        """The number of a set."""
        known = self._of_set.get(words)
        if known is None:
            known = self._of_set[words] = len(self.sets)
            self.sets.append([self.word(word) for word in words])
        return known

    def word(self, word: str) -> int:
        """The number of a word."""
        known = self._of_word.get(word)
        if known is None:
            known = self._of_word[word] = len(self.words)
            self.words.append(word)
        return known


def _written_facts(facts: Facts, table: _Table) -> list[Any]:
    ways = [[table.number(need) for need in way] for way in facts.ways]
    return [facts.longest, ways]


def _dense(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
