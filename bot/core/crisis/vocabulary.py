"""What words a lexicon knows, and which of them follow each other: by these, hidden words are found."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from bot.core.crisis.part import Part
from bot.core.crisis.pattern import Pattern, Words

Joint = tuple[Words, Words]
"""Words of which one of the first may stand right before one of the second."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All `words` of some patterns, and the `beginnings` of words; `anchors` are those by which they are found.

    `joints`: words of small Latin letters of which one of the first may stand before one of the second, one of the
    two an anchor.
    """

    words: Words
    beginnings: Words
    anchors: Words
    joints: tuple[Joint, ...]


class Joints:
    """Tells whether one word may stand before another."""

    def __init__(self, joints: Iterable[Joint]) -> None:
        behind: defaultdict[str, list[Words]] = defaultdict(list)
        for left, right in joints:
            for word in left:
                behind[word].append(right)
        self._behind = {word: tuple(sets) for word, sets in behind.items()}

    def joins(self, one: str, other: str) -> bool:
        """Whether `one` may stand before `other`."""
        return any(other in words for words in self._behind.get(one, ()))


def vocabulary_of(patterns: Iterable[Pattern], others: Iterable[Pattern] = ()) -> Vocabulary:
    """What `patterns` know; of `others` the words alone: those are no slips of anything."""
    patterns = tuple(patterns)
    words: set[str] = set()
    beginnings: set[str] = set()
    seen: set[int] = set()
    to_do: list[Part] = [pattern.part for pattern in (*patterns, *others)]
    while to_do:
        part = to_do.pop()
        if id(part) not in seen:  # named pieces are in many patterns
            seen.add(id(part))
            words |= part.words
            words.update(*part.phrases)
            beginnings |= part.beginnings
            to_do += part.inside
    anchors = {anchor for pattern in patterns for anchor in pattern.anchors}
    return Vocabulary(tuple(sorted(words)), tuple(sorted(beginnings)), tuple(sorted(anchors)), _joints(patterns))


def _joints(patterns: Iterable[Pattern]) -> tuple[Joint, ...]:
    """The joints, and as few as say the same."""
    pairs: set[tuple[frozenset[str], frozenset[str]]] = set()
    for pattern in patterns:
        anchors = frozenset(pattern.anchors)
        for left, right in pattern.part.joints:
            pairs |= {(left & anchors, right), (left, right & anchors)}
    latin = {words: frozenset(filter(_is_latin, words)) for pair in pairs for words in pair}
    before: defaultdict[frozenset[str], set[str]] = defaultdict(set)
    for left, right in pairs:
        before[latin[right]] |= latin[left]
    behind: defaultdict[frozenset[str], set[str]] = defaultdict(set)
    for right, lefts in before.items():
        behind[frozenset(lefts)] |= right
    joints = ((tuple(sorted(left)), tuple(sorted(rights))) for left, rights in behind.items() if left and rights)
    return tuple(sorted(joints))


def _is_latin(word: str) -> bool:
    return word.isascii() and word.isalpha()
