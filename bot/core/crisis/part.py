"""The parts of a pattern, and what is known of each before any automaton is laid out."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise

from bot.core.crisis.keys import RARE_ENOUGH, Chances, Key, any_of
from bot.core.crisis.needs import NONE, Costs, Ways

MAX_POSITIONS = 800

_NO_WORDS: frozenset[str] = frozenset()

Joint = tuple[frozenset[str], frozenset[str]]
"""Words of which one of the first may stand right before one of the second."""


class BadPattern(ValueError):
    """A pattern is not in the language, or matches too much; its message is the reason, on one line."""


class Kind(Enum):
    """What a part is."""

    WORD = auto()
    PHRASES = auto()
    NUMBER = auto()
    EDGE = auto()
    GAP = auto()
    SEQUENCE = auto()
    CHOICE = auto()
    OPTION = auto()


@dataclass(slots=True, eq=False)
class Part:
    """A part of a pattern; it is never changed, and may be in many.

    `words` and `beginnings` are what may stand at a WORD; PHRASES are one of `words` or one of `phrases`, each some
    words that follow each other; `inside` are the parts of a SEQUENCE, CHOICE or OPTION. `nullable`: it may be empty.
    `longest`: tokens of its longest match. `size`: the words written in it. `height`: how deep its brackets are
    nested. `ways`: see `needs`. `key`: by what it is found, if it has anything; `phrase_key`: the same for the phrases
    of PHRASES alone, where there are single words too. `heads` and `tails`: the words it may begin and end with; where
    these are not all there is, `open_head` and `open_tail`. `joints`: the words within it that may follow each other.
    """

    kind: Kind
    words: frozenset[str] = _NO_WORDS
    beginnings: frozenset[str] = _NO_WORDS
    phrases: tuple[tuple[str, ...], ...] = ()
    inside: tuple["Part", ...] = ()
    nullable: bool = False
    longest: int = 1
    size: int = 1
    height: int = 0
    ways: Ways = NONE
    key: Key | None = None
    phrase_key: Key | None = None
    heads: frozenset[str] = _NO_WORDS
    tails: frozenset[str] = _NO_WORDS
    open_head: bool = True
    open_tail: bool = True
    joints: tuple[Joint, ...] = ()


NUMBER = Part(Kind.NUMBER)
EDGE_OF_SENTENCE = Part(Kind.EDGE)


def gap(longest: int) -> Part:
    """Up to `longest` words of any kind."""
    return Part(Kind.GAP, nullable=True, longest=longest, size=longest)


class Weights:
    """What the words of a lexicon weigh, as `ways` and as `key`; and each word as a set, made once."""

    def __init__(self, common: Set[str]) -> None:
        self.costs = Costs(common)
        self.chances = Chances(common)
        self._alone: dict[str, frozenset[str]] = {}

    def alone(self, word: str) -> frozenset[str]:
        """`word` as a set."""
        known = self._alone.get(word)
        if known is None:
            known = self._alone[word] = frozenset({word})
        return known


def one_of(words: Set[str], beginnings: Set[str], weights: Weights, size: int) -> Part:
    """One word: one of `words`, or one that begins with one of `beginnings`; `size` of them were written."""
    written = frozenset(words)
    names = written | {f"{beginning}*" for beginning in beginnings} if beginnings else written
    is_open = bool(beginnings)
    return Part(
        Kind.WORD,
        words=written,
        beginnings=frozenset(beginnings),
        size=size,
        ways=((names,),),
        key=Key(weights.chances.of(names), names),
        heads=written,
        tails=written,
        open_head=is_open,
        open_tail=is_open,
    )


def words_and_phrases(read: Sequence[tuple[str, ...]], weights: Weights) -> Part:
    """A choice of `read`, each one word or some that follow each other."""
    single = frozenset(each[0] for each in read if len(each) == 1)
    if all(len(each) == 1 for each in read):
        return one_of(single, _NO_WORDS, weights, len(read))
    phrases = tuple(each for each in read if len(each) > 1)
    at = next((at for at, each in enumerate(read) if len(each) == 1), None)
    ways: list[Ways] = [(weights.costs.way_of(phrase, weights.alone),) for phrase in phrases]
    if at is not None:
        ways.insert(at, ((single,),))
    phrase_key = any_of([weights.chances.phrase(phrase, weights.alone) for phrase in phrases])
    key = any_of([phrase_key, Key(weights.chances.of(single), single)]) if single else phrase_key
    return _sized(
        Part(
            Kind.PHRASES,
            words=single,
            phrases=phrases,
            longest=max(map(len, phrases)),
            size=sum(map(len, read)),
            ways=weights.costs.any_of(ways),
            key=key,
            phrase_key=phrase_key if single else None,
            heads=single.union(phrase[0] for phrase in phrases),
            tails=single.union(phrase[-1] for phrase in phrases),
            open_head=False,
            open_tail=False,
            joints=tuple(
                (weights.alone(one), weights.alone(other)) for phrase in phrases for one, other in pairwise(phrase)
            ),
        )
    )


def optional(part: Part, height: int) -> Part:
    """`part`, or nothing."""
    return Part(
        Kind.OPTION,
        inside=(part,),
        nullable=True,
        longest=part.longest,
        size=part.size,
        height=height,
        heads=part.heads,
        tails=part.tails,
        open_head=part.open_head,
        open_tail=part.open_tail,
        joints=part.joints,
    )


def sequence(items: Sequence[Part], weights: Weights) -> Part:
    """One part after the other."""
    if len(items) == 1:
        return items[0]
    whole = Part(Kind.SEQUENCE, inside=tuple(items), nullable=True, longest=0, size=0, open_head=False, open_tail=False)
    joints: list[Joint] = []
    for part in items:
        joints += part.joints
        if whole.tails and part.heads:
            joints.append((whole.tails, part.heads))
        whole.key = _key_of_both(whole, part, weights.chances)
        if whole.nullable:
            whole.heads = whole.heads | part.heads if whole.heads else part.heads
            whole.open_head |= part.open_head
        if part.nullable:
            whole.tails = whole.tails | part.tails if whole.tails else part.tails
            whole.open_tail |= part.open_tail
        else:
            whole.tails, whole.open_tail = part.tails, part.open_tail
        whole.nullable &= part.nullable
        whole.longest += part.longest
        whole.size += part.size
        whole.height = max(whole.height, part.height)
    whole.joints = tuple(joints)
    whole.ways = weights.costs.all_of([part.ways for part in items if part.ways is not NONE])
    return _sized(whole)


def choice(parts: Sequence[Part], weights: Weights) -> Part:
    """One of `parts`."""
    parts = _words_together(parts, weights)
    if len(parts) == 1:
        return parts[0]
    keys = [part.key for part in parts if part.key]
    return _sized(
        Part(
            Kind.CHOICE,
            inside=tuple(parts),
            nullable=any(part.nullable for part in parts),
            longest=max(part.longest for part in parts),
            size=sum(part.size for part in parts),
            height=max(part.height for part in parts),
            ways=weights.costs.any_of([part.ways for part in parts]),
            key=any_of(keys) if len(keys) == len(parts) else None,
            heads=_NO_WORDS.union(*(part.heads for part in parts)),
            tails=_NO_WORDS.union(*(part.tails for part in parts)),
            open_head=any(part.open_head for part in parts),
            open_tail=any(part.open_tail for part in parts),
            joints=tuple(joint for part in parts for joint in part.joints),
        )
    )


def _words_together(parts: Sequence[Part], weights: Weights) -> list[Part]:
    """`parts` with all single words as one of them, where the first of these stood."""
    single = [part for part in parts if part.kind is Kind.WORD]
    if len(single) <= 1:
        return list(parts)
    words = _NO_WORDS.union(*(part.words for part in single))
    beginnings = _NO_WORDS.union(*(part.beginnings for part in single))
    together = one_of(words, beginnings, weights, sum(part.size for part in single))
    together.height = max(part.height for part in single)
    return [
        together if part is single[0] else part for part in parts if part is single[0] or part.kind is not Kind.WORD
    ]


def _key_of_both(left: Part, right: Part, chances: Chances) -> Key | None:
    """The rarest key of `left` and then `right`."""
    if right.nullable:
        return left.key
    if left.nullable:
        return right.key
    key = chances.rarer(left.key, right.key)
    if left.open_tail or right.open_head or (key and key.chance <= RARE_ENOUGH):
        return key
    key = chances.rarer(key, chances.pair(left.tails, right.heads))
    if right.phrase_key and (pair := chances.pair(left.tails, right.words)):
        key = chances.rarer(key, any_of([pair, right.phrase_key]))
    return key


def _sized(part: Part) -> Part:
    """`part`, unless it has too many words."""
    if part.size > MAX_POSITIONS:
        raise BadPattern(f"it has more than {MAX_POSITIONS} words")
    return part
