"""What many small signs say together, where no rule is met.

A rule hears what somebody has thought of, but most ways to say that one is in danger are said only once. Their words
still lean to one side: "my sister is in the bath and her arm is all red, what do i do" is in no list. Each word and
phrase has a weight, learnt by logistic regression from invented messages (`bench.signs`), and what a message has of
them is added up. It is a table that can be read, the same text has the same sum, and the heaviest phrases are shown
like the words of a rule.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise, repeat

from bot.core.crisis.rules import Rule
from bot.core.crisis.signal import Category, Severity, Span
from bot.core.crisis.tokens import OVERDOSED, Token

WINDOW = 30
"""Words that are weighed together: in a long message what counts is said in some of its sentences."""
_STEP = WINDOW // 2
_SHOWN = 4
"""Phrases that are shown of a message: the heaviest say enough."""
NUMBER = "<number>"
"""How any number in digits is written."""


@dataclass(frozen=True, slots=True)
class Weight:
    """How much a phrase adds: that it is a danger at all, one for which peers are paged, and one to life now.

    All are whole hundredths: sums of fractions depend on their order. `lean`: how much it leans to what messages with
    it are most about, its `category`; None where it leans to nothing.
    """

    danger: int
    page: int
    life: int
    category: Category | None = None
    lean: int = 0


@dataclass(frozen=True, slots=True)
class Bounds:
    """Sums from which on a message is heard: by its single words at first, then as a concern, urgent, an emergency.

    `joined` is for a concern where the author's earlier messages are weighed with it: any talk has more of everything.
    `graver`: the sum for a page from which on what rules have heard as a concern is urgent.
    """

    first: int
    concern: int
    joined: int
    urgent: int
    graver: int
    emergency: int


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a message's signs say: `stretches` are the first and last word (exclusive) of its heaviest phrases.

    `graver`: sure enough to make more of what rules have heard.
    """

    severity: Severity
    category: Category
    danger: int
    graver: bool
    stretches: tuple[tuple[int, int], ...]


class Signs:
    """The weights of one language.

    `alone`: what single words add at a first look; `weights` of phrases. `kinds`: words that are known by what they
    are, too ("wife" as MATE); a kind is in capitals.
    """

    def __init__(
        self,
        *,
        alone: Mapping[str, int],
        weights: Mapping[str, Weight],
        kinds: Mapping[str, str],
        bounds: Bounds,
    ) -> None:
        self._alone: Callable[[str, int], int] = dict(alone).get
        self._weights = weights
        self._danger: Callable[[str, int], int] = {phrase: each.danger for phrase, each in weights.items()}.get
        self._kinds = kinds
        self._bounds = bounds

    def may_say(self, words: Sequence[str], names: Set[str]) -> bool:
        """A look at the `words` of a text, all of which are in `names`: by themselves at first, and then together.

        Of thirty ordinary messages one needs the second look, and hardly any passes it.
        """
        if len(words) <= WINDOW:
            return sum(map(self._alone, names, repeat(0))) > self._bounds.first and self._are_dangerous(words)
        return any(
            sum(map(self._alone, set(words[start:stop]), repeat(0))) > self._bounds.first
            and self._are_dangerous(words[start:stop])
            for start, stop in windows(len(words))
        )

    def _are_dangerous(self, words: Sequence[str]) -> bool:
        return sum(map(self._danger, phrases(words, self._kinds), repeat(0))) > self._bounds.concern

    def weigh(self, words: Sequence[str], *, joined: bool = False) -> Weighed | None:
        """What the `words` of a text say together; None if too little. `joined`: of several messages."""
        bound = self._bounds.joined if joined else self._bounds.concern
        weighed = (self._weigh(words, start, stop, bound) for start, stop in windows(len(words)))
        return max(filter(None, weighed), key=lambda each: (each.severity.rank, each.danger), default=None)

    def _weigh(self, words: Sequence[str], start: int, stop: int, bound: int) -> Weighed | None:
        """The same of those from `start` to `stop` (exclusive), if they are a danger over that `bound`."""
        found = phrases(words[start:stop], self._kinds)
        weights = {phrase: self._weights[phrase] for phrase in sorted(found & self._weights.keys())}
        danger = sum(weight.danger for weight in weights.values())
        if danger <= bound:
            return None
        severity = Severity.CONCERN
        page = sum(weight.page for weight in weights.values())
        if page > self._bounds.urgent:
            endangers_life = sum(weight.life for weight in weights.values()) > self._bounds.emergency
            severity = Severity.EMERGENCY if endangers_life else Severity.URGENT
        about = dict.fromkeys(Category, 0)
        for weight in weights.values():
            if weight.category is not None:
                about[weight.category] += weight.lean
        heaviest = sorted(weights, key=lambda phrase: -weights[phrase].danger)[:_SHOWN]
        stretches = {_place(phrase, words[start:stop], self._kinds) for phrase in heaviest}
        return Weighed(
            severity=severity,
            category=max(about, key=about.__getitem__),
            danger=danger,
            graver=page > self._bounds.graver,
            stretches=tuple(sorted((start + first, start + last) for first, last in stretches)),
        )


def heard_together(
    id_: str, signs: Signs, said: Sequence[Token], *, joined: bool, beside: bool
) -> Iterator[tuple[Rule, Span]]:
    """What the `signs` of that id say in the words `said`, as if a rule had said so of each of the heaviest phrases.

    `joined`: they are of several messages. `beside`: rules have heard a concern there; then nothing that is not graver.
    """
    weighed = signs.weigh([word_of(token) for token in said], joined=joined)
    if weighed is None or (beside and not weighed.graver):
        return
    rule = Rule(id=id_, category=weighed.category, severity=weighed.severity, patterns=(), hears=(), ignores=())
    for first, last in weighed.stretches:
        yield rule, Span(start=said[first].start, end=said[last - 1].end, rule=id_)


def word_of(token: Token) -> str:
    """The spelling by which a word is weighed: the first one, but of "od'd" that which is not "odd"."""
    return OVERDOSED if OVERDOSED in token.forms else token.forms[0]


def phrases(words: Sequence[str], kinds: Mapping[str, str]) -> set[str]:
    """The phrases of a few `words`, as they stand and with the kinds of their words."""
    written = _written(words)
    found: set[str] = set()
    for each in (written, [kinds.get(word, word) for word in written]):
        found.update(each)
        found.update(map(" ".join, pairwise(each)))
        found.update(map(" ".join, zip(each, each[1:], each[2:], strict=False)))
    return found


def _written(words: Iterable[str]) -> list[str]:
    """`words` as phrases have them: a number is as good as another."""
    return [NUMBER if word.isdigit() else word for word in words]


def _place(phrase: str, words: Sequence[str], kinds: Mapping[str, str]) -> tuple[int, int]:
    """The first word of `phrase` in `words`, and the one behind its last."""
    parts = phrase.split(" ")
    written = _written(words)
    for first in range(len(words) - len(parts) + 1):
        here = written[first : first + len(parts)]
        if here == parts or [kinds.get(word, word) for word in here] == parts:
            return first, first + len(parts)
    return 0, len(words)


def windows(size: int) -> Iterator[tuple[int, int]]:
    """The stretches of a text of so many words that are weighed, each half over the next."""
    yield 0, min(size, WINDOW)
    for start in range(_STEP, size - _STEP, _STEP):
        yield start, min(size, start + WINDOW)


def parse_signs(table: Mapping[str, object], weights: str) -> Signs:
    """What the TOML `table` of a language and its learnt `weights` say; raises what Python does where they are wrong.

    `weights` has a line for each phrase: what it adds alone (single words), as a danger, for a page, of a danger to
    life, its category and how it leans to that, with tabs between. The phrase "*" is what every message has.
    """
    kinds = kinds_of(table)
    bounds = Bounds(**{name: _hundredths(bound) for name, bound in _table(table["bounds"]).items()})
    alone: dict[str, int] = {}
    known: dict[str, Weight] = {}
    for line in weights.splitlines():
        if line.startswith("#"):
            continue
        phrase, first, danger, page, life, category, lean = line.split("\t")
        if first:
            alone[phrase] = _hundredths(first)
        about = Category(category) if category else None
        weighs = [_hundredths(each) for each in (danger, page, life)]
        known[phrase] = Weight(weighs[0], weighs[1], weighs[2], about, _hundredths(lean or 0))
    usual = known.pop("*")
    over = Bounds(
        first=bounds.first - alone.pop("*"),
        concern=bounds.concern - usual.danger,
        joined=bounds.joined - usual.danger,
        urgent=bounds.urgent - usual.page,
        graver=bounds.graver - usual.page,
        emergency=bounds.emergency - usual.life,
    )
    return Signs(alone=alone, weights=known, kinds=kinds, bounds=over)


def kinds_of(table: Mapping[str, object]) -> dict[str, str]:
    """The kind of each word that has one, by the TOML `table` of a language."""
    return {word: kind for kind, words in _table(table["kinds"]).items() for word in str(words).split()}


def _hundredths(written: object) -> int:
    return round(float(str(written)) * 100)


def _table(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError("not a table")
    return value
