"""Slips of the fingers and the ear: how a word is misspelt."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from string import ascii_lowercase

_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_VOWELS = "aeiou"
_SOUNDS = ("sc", "sz", "ck", "iy")
_BITS = 1 << 20
"""128 kB; of the words that are no slips one in thirty is compared."""
REAL_WORDS = frozenset(
    """
    shouting bearing hearing beating ballet bullet heroine heroines threats thread singing sinking stringer
    stranger planing staring starving hunting hinting panic panics attic pulls polls bridal bridges collage
    quilting quieting guilty quality widow window winder wonder wander weapon metal mental medal petal dental
    rental panting counting cotton carton caring curing cooking coming coding combing bombing tripping dripping
    chopping shopping stopping sliding slitting sitting splitting spitting setting getting cutting putting
    hitting knitting dreading breeding needing feeding bleeding reading leading heading herding hoarding
    boarding hurting hosting hiring firing flying dying drying driving diving living loving leaving moving
    jumping pumping dumping bumping camping damping ranking
    though problems along paying girls forgot machine understanding calls butter canada parts faster dinner
    raised serve students bacon shoes enter original packing cousins decade license skipped panda forms clients
    beach consume members quotes version backing moral indoor seats battles server serving former batter fried
    cared compete sound sounded expose membership perspective intelligence originally foundation consequences
    raining report served article apple apples certain fellow states marriage bitter rally defend haven compare
    decisions offense sorts pockets shirts stores painting ensure agent decades stated sting petty significant copies
    reverse pepper headaches reveal patrol trans candidates rides careers bugged beings finest treats organize consume
    avoided socialist poster stats
    """.split()  # noqa: SIM905  a list would take a line a word
)
"""Words one slip away from a word of the field that are words themselves."""


class Slips:
    """Finds which of some words is meant by one with a slip in it.

    A word and its slip are the same when a letter is left out of each, or of one. Which letters are left is noted in a
    field of bits, by what it hashes to: nearly all other words are told from slips by that, in a tenth of the room that
    a list would take. What has its bit is compared with the words that begin and end as it does.
    """

    def __init__(self, words: Iterable[str]) -> None:
        """`words` in small Latin letters."""
        self._bits = bytearray(_BITS // 8)
        alike: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for word in sorted(set(words)):
            alike[_ends(word)].append(word)
            for left in (word, *_shorter(word)):
                at = hash(left) % _BITS
                self._bits[at >> 3] |= 1 << (at & 7)
        self._alike = {ends: tuple(of_it) for ends, of_it in alike.items()}

    def meant(self, written: str) -> str | None:
        """The first in the alphabet of the words that `written` may be; it is none of them itself."""
        if not any(map(self._is_noted, (written, written[:-1], *_shorter(written)))):
            return None
        first = written[0]
        ends = {(first, written[-1]), (first, written[-2])}  # the last two letters may have changed about
        return min(
            (
                word
                for each in ends
                for word in self._alike.get(each, ())
                if abs(len(word) - len(written)) <= 1 and written in misspellings(word)
            ),
            default=None,
        )

    def changed_about(self, written: str) -> str | None:
        """The one of the words that `written` is, with two neighbouring letters changed about: the surest slip."""
        words = self._alike.get(_ends(written), ())
        meant = {word for word in _changed_about(written) if word in words} if words else set()
        return meant.pop() if len(meant) == 1 else None

    def _is_noted(self, left: str) -> bool:
        at = hash(left) % _BITS
        return self._bits[at >> 3] >> (at & 7) & 1 == 1


def _ends(word: str) -> tuple[str, str]:
    """The first and the last letter."""
    return word[0], word[-1]


def _shorter(word: str) -> set[str]:
    """`word` without one of its letters; the first and the last stand."""
    return {word[:at] + word[at + 1 :] for at in range(1, len(word) - 1)}


def likely(written: str, is_word: Callable[[str], bool]) -> str | None:
    """What `written` is by the slips which leave the fewest words that are words themselves: of short ones, too.

    Two neighbouring letters have changed about, or one is there twice, or one is missing; the first one stands. Where
    the same slip may have been made in two words, nobody knows which.
    """
    for slip in (_changed_about, _twice, _missing):
        if meant := {word for word in slip(written) if is_word(word)}:
            return meant.pop() if len(meant) == 1 else None
    return None


def _changed_about(written: str) -> Iterator[str]:
    for at in range(1, len(written) - 1):
        yield written[:at] + written[at + 1] + written[at] + written[at + 2 :]


def _twice(written: str) -> Iterator[str]:
    for at in range(1, len(written)):
        if written[at] == written[at - 1]:
            yield written[:at] + written[at + 1 :]


def _missing(written: str) -> Iterator[str]:
    for at in range(1, len(written)):
        for letter in ascii_lowercase:
            yield written[:at] + letter + written[at:]


def misspellings(word: str) -> Iterator[str]:
    """`word` with one letter left out, doubled, changed for its neighbour, or two letters changed about.

    The first and the last letter stand: people get them right, and what differs there is mostly another word.
    """
    for at in range(1, len(word) - 1):
        yield word[:at] + word[at + 1 :]
        yield word[:at] + word[at] + word[at:]
        if at + 1 < len(word):
            yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        for other in _NEAR[word[at]]:
            yield word[:at] + other + word[at + 1 :]


def _near(letter: str) -> str:
    """The letters that are typed or heard in place of `letter`."""
    near = {
        other for row in _KEYS if letter in row for other in row[max(0, row.index(letter) - 1) : row.index(letter) + 2]
    }
    if letter in _VOWELS:
        near |= set(_VOWELS)
    near |= {other for sound in _SOUNDS if letter in sound for other in sound}
    return "".join(sorted(near - {letter}))


_NEAR = {chr(code): _near(chr(code)) for code in range(ord("a"), ord("z") + 1)}
