"""A pattern laid out as Glushkov's automaton over words, when it is first needed: most patterns never are.

It has one position for each place of the pattern where a word stands, whatever the choice of words there. All its
states are followed side by side, so there is no backtracking, and a word costs at most as many steps as there are
positions.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat

from bot.core.crisis.part import Kind, Part
from bot.core.crisis.tokens import EDGE


@dataclass(frozen=True, slots=True)
class Automaton:
    """Sets of positions are the bits of an int. `beginnings` are those of `prefixes`: most words have none of them.

    `accepting`: where the known words may stand, gaps among them; any other may stand in `gaps`.
    """

    first: int
    last: int
    follow: tuple[int, ...]
    words: Mapping[str, int]
    accepting: Mapping[str, int]
    prefixes: tuple[tuple[str, int], ...]
    beginnings: tuple[str, ...]
    numbers: int
    gaps: int

    def accepts(self, forms: tuple[str, ...]) -> int:
        """The positions at which a token of these `forms` may stand."""
        if forms[0] == EDGE:
            return self.words.get(EDGE, 0)
        accepted = self.gaps
        for form in forms:
            accepted |= self.words.get(form, 0)
            if form.startswith(self.beginnings):
                for prefix, positions in self.prefixes:
                    if form.startswith(prefix):
                        accepted |= positions
            if self.numbers and form[:1].isdigit() and form.replace(".", "").replace(",", "").isdigit():
                accepted |= self.numbers
        return accepted

    def meets(self, words: Sequence[str]) -> bool:
        """Whether it matches anywhere in `words`, of one form each, with an `EDGE` wherever a sentence has one."""
        get, gaps, beginnings = self.accepting.get, self.gaps, self.beginnings
        if beginnings or self.numbers:
            return self._meets(
                [
                    self.accepts((word,)) if word.startswith(beginnings) or word[0].isdigit() else get(word, gaps)
                    for word in words
                ]
            )
        return self._meets(map(get, words, repeat(gaps)))

    def meets_any(self, words: Iterable[tuple[str, ...]]) -> bool:
        """The same for words of several forms."""
        return self._meets(map(self.accepts, words))

    def _meets(self, accepts: Iterable[int]) -> bool:
        """Whether it matches anywhere in words that it `accepts` so."""
        states = 0
        for accepted in accepts:
            if not accepted:
                states = 0
                continue
            reached = self.first
            while states:
                lowest = states & -states
                reached |= self.follow[lowest.bit_length() - 1]
                states ^= lowest
            states = reached & accepted
            if states & self.last:
                return True
        return False


def lay_out(part: Part) -> Automaton:
    """The automaton of a whole pattern."""
    layout = _Layout()
    _, first, last = layout.place(part)
    gaps = layout.gaps
    known = {word: places | gaps for word, places in layout.words.items()} if gaps else layout.words
    return Automaton(
        first=first,
        last=last,
        follow=tuple(layout.follow),
        words=layout.words,
        accepting=known | {EDGE: layout.words.get(EDGE, 0)} if gaps else known,
        prefixes=tuple(layout.prefixes.items()),
        beginnings=tuple(layout.prefixes),
        numbers=layout.numbers,
        gaps=layout.gaps,
    )


def bits(positions: int) -> Iterator[int]:
    """The numbers of the bits that are set, from the lowest."""
    while positions:
        lowest = positions & -positions
        yield lowest.bit_length() - 1
        positions ^= lowest


Placed = tuple[bool, int, int]
"""Whether it may be empty, and the positions where it may begin and end."""

_EMPTY: Placed = (True, 0, 0)


class _Layout:
    """Gives the parts their positions."""

    def __init__(self) -> None:
        self.follow: list[int] = []
        self.words: dict[str, int] = {}
        self.prefixes: dict[str, int] = {}
        self.numbers = 0
        self.gaps = 0

    def place(self, part: Part) -> Placed:
        """Lay out `part` behind what is there."""
        match part.kind:
            case Kind.SEQUENCE:
                whole = _EMPTY
                for each in part.inside:
                    whole = self._then(whole, self.place(each))
                return whole
            case Kind.CHOICE | Kind.OPTION:
                first = last = 0
                for each in part.inside:
                    _, begins, ends = self.place(each)
                    first |= begins
                    last |= ends
                return part.nullable, first, last
            case Kind.PHRASES:
                return self._phrases(part)
            case Kind.GAP:
                whole = _EMPTY
                for _ in range(part.longest):
                    position = self._position()
                    self.gaps |= position
                    whole = self._then(whole, (True, position, position))
                return whole
        position = self._position()
        self._fill(part, position)
        return False, position, position

    def _phrases(self, part: Part) -> Placed:
        """One place for all single words, and one for each word of a phrase."""
        first = last = 0
        if part.words:
            first = last = self._position()
            self._fill(part, first)
        for phrase in part.phrases:
            before = 0
            for word in phrase:
                position = self._position()
                self.words[word] = self.words.get(word, 0) | position
                if before:
                    self.follow[before.bit_length() - 1] |= position
                else:
                    first |= position
                before = position
            last |= before
        return False, first, last

    def _fill(self, part: Part, position: int) -> None:
        """Note what may stand at `position`."""
        if part.kind is Kind.NUMBER:
            self.numbers |= position
        elif part.kind is Kind.EDGE:
            self.words[EDGE] = self.words.get(EDGE, 0) | position
        else:
            for table, forms in ((self.words, part.words), (self.prefixes, part.beginnings)):
                for form in forms:
                    table[form] = table.get(form, 0) | position

    def _then(self, left: Placed, right: Placed) -> Placed:
        """`left`, and then `right`."""
        for position in bits(left[2]):
            self.follow[position] |= right[1]
        return (
            left[0] and right[0],
            left[1] | (right[1] if left[0] else 0),
            right[2] | (left[2] if right[0] else 0),
        )

    def _position(self) -> int:
        """A new position, as a bit."""
        self.follow.append(0)
        return 1 << (len(self.follow) - 1)
