"""What words a pattern cannot do without: worked out as it is read, so that it is looked for only where they are.

A way is a few sets of words, rarest first; a text that matches has a word of each. A pattern has some ways, and
what matches it goes one of them: "(kill|off) myself" or "end my life" are two.
"""

from collections.abc import Callable, Iterable, Sequence, Set

Way = tuple[frozenset[str], ...]
Ways = tuple[Way, ...]

NONE: Ways = ((),)
"""Nothing is needed."""

_MOST_NEEDS = 3
_MOST_WAYS = 24
_COST_OF_COMMON = 40
BY_FREQUENCY = (
    "i the to a and you it of is that in my for me on this but so was have with be not just im like are its at we do "
    "if they what all dont no can get out up your know about or he one an there good as now from time when go how "
    "think her she thats really had will some has more would people him been by who got right then lol want did see "
    "back am them going day need were love only his yeah our even too much cant make well because us why also still "
    "something could oh way than never off here over their life work thing last being feel after didnt say take any "
    "other new should sure better lot always first ive hope things very got doing two anyone someone before where "
    "help try said keep night home again year which maybe into tell every thought best let man talk anything great "
    "bad down mean years most does made please thanks thank big hard give long through sorry everyone guys little "
    "look old use around today next those shit actually used nothing friend friends done everything kind ever wait "
    "week find isnt ill start game come real many stuff same god thinking own another live world hell school stop job "
    "call gonna wanna put play family point different watch times since away put end left these makes such pretty "
    "enough trying remember hate place getting part house miss bit while happy days person without read hear believe "
    "money idea head eat sleep food tonight care seems sounds may least hours months yet wish worse worst wont took "
    "wrong leave told feeling girl guy kids woman women men dad mom phone car bed body running run stay mind tired "
    "being both having making hope later under once against between until far high set turn open "
    # the commonest of the other languages in Latin letters
    "de la que el en y los se del las un por con una su para es al lo como mas o pero sus le ya te si mi me esta "
    "muy yo tu no e do da em um os na eu nao uma mas com isso ele voce foi tem meu minha ser sao ich die der und "
    "das ist nicht du ein zu mit sie es auf wir mir mich habe hab so was war auch je tu il est et les pas des une "
    "ce ca pour dans qui vous on ne suis ai moi mon ma plus avec sur tout fait"
)
"""The commonest words of chat, from the commonest on."""

_COSTS: dict[str, int] = {}
for _rank, _word in enumerate(BY_FREQUENCY.split()):
    _COSTS.setdefault(_word, 1 + 2000 // (_rank + 10))
FREQUENT = frozenset(_COSTS)
"""Words that everybody uses all the time."""


class Costs(dict[frozenset[str], int]):
    """How often words are met for nothing, by the words; `common` are those a lexicon calls so."""

    def __init__(self, common: Set[str]) -> None:
        super().__init__()
        self._costs = dict.fromkeys(common, _COST_OF_COMMON) | _COSTS

    def __missing__(self, words: frozenset[str]) -> int:
        """The cost of looking for any of `words`, reckoned once."""
        cost = self[words] = sum([self._costs.get(word, 1) for word in words])
        return cost

    def rarest(self, needs: Iterable[frozenset[str]]) -> Way:
        """The few of `needs` that are met least often."""
        way = tuple(dict.fromkeys(needs))
        return way if len(way) == 1 else tuple(sorted(way, key=self.__getitem__)[:_MOST_NEEDS])

    def either(self, one: Ways, other: Ways) -> Ways:
        """The ways of a choice."""
        if not all(one) or not all(other):
            return NONE
        ways = list(dict.fromkeys(one))
        for way in other:
            for at, known in enumerate(ways):
                if merged := _merged(known, way):
                    ways[at] = self.rarest(merged)
                    break
            else:
                ways.append(way)
        return tuple(ways) if len(ways) <= _MOST_WAYS else (self.collapsed(tuple(ways)),)

    def both(self, left: Ways, right: Ways) -> Ways:
        """The ways of one thing and then another."""
        if not all(right):
            return left
        if not all(left):
            return right
        if len(left) == len(right) == 1:
            return (self.rarest(left[0] + right[0]),)
        while len(left) * len(right) > _MOST_WAYS:
            if len(right) == 1 or (len(left) > 1 and self._cost(left) >= self._cost(right)):
                left = (self.collapsed(left),)
            else:
                right = (self.collapsed(right),)
        return tuple(dict.fromkeys(self.rarest((*before, *after)) for before in left for after in right))

    def way_of(self, words: Sequence[str], alone: Callable[[str], frozenset[str]]) -> Way:
        """The way of some words one after the other."""
        return self.rarest(map(alone, words))

    def any_of(self, parts: Sequence[Ways]) -> Ways:
        """The ways of a choice of some things."""
        ways = parts[0]
        for each in parts[1:]:
            ways = self.either(ways, each)
        return ways

    def all_of(self, parts: Sequence[Ways]) -> Ways:
        """The ways of some things one after the other."""
        ways = NONE
        for each in parts:
            ways = self.both(ways, each)
        return ways

    def collapsed(self, ways: Ways) -> Way:
        """One way that stands for all: what is needed whichever is gone."""
        return self.rarest(frozenset[str]().union(*needs) for needs in zip(*ways, strict=False))

    def _cost(self, ways: Ways) -> int:
        """How often any of `ways` is begun for nothing."""
        return sum(self[way[0]] if way else 1000 for way in ways)


def _merged(one: Way, other: Way) -> tuple[frozenset[str], ...] | None:
    """Two ways as one, if they differ in one need at most."""
    if len(one) != len(other):
        return None
    if len(one) == 1:
        return (one[0] | other[0],)
    shared = [need for need in one if need in other]
    if len(shared) < len(one) - 1:
        return None
    if len(shared) == len(one):
        return one
    mine = next(need for need in one if need not in shared)
    theirs = next(need for need in other if need not in shared)
    return (*shared, mine | theirs)
