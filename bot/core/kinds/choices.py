"""A number within bounds, and one of a few choices."""

import re
from dataclasses import dataclass
from functools import reduce

from bot.core.commands import Reader
from bot.core.kinds.reading import GUESS_LIMIT, SUGGESTION_LIMIT, not_understood, plain, read
from bot.core.matching import fold, likeness, nearest
from bot.core.words import ENGLISH, Say, _

_NUMBER = re.compile(r"[+-]?\d{1,12}", re.ASCII)

_OF_CASE = re.compile(r"(?:(?:to )?(?:case|caso) ?#?|#) ?(\d{1,12})", re.ASCII | re.IGNORECASE)

_SURE, _AHEAD = 85.0, 10.0
"""A choice is taken in spite of a typo if its likeness (out of 100) is this, and this much ahead of the next."""


class Number:
    """A whole number from `low` to `high`, both included → `int`."""

    name = "number"

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high
        self.expected = _("Please write a number from {low} to {high}.", low=low, high=high)

    def parse(self, text: str, reader: Reader) -> int:
        """The number."""
        typed = read(text, self.expected)
        if not _NUMBER.fullmatch(typed):
            raise not_understood(text, self.expected)
        number = int(typed)
        if not self.low <= number <= self.high:
            raise not_understood(text, self.expected, [str(min(max(number, self.low), self.high))])
        return number

    def suggest(self, typed: str, reader: Reader) -> list[tuple[str, Say]]:
        """The first numbers in the range that begin with what is typed."""
        wanted = plain(typed)
        numbers = range(self.low, min(self.high, self.low + 999) + 1)
        found = [str(number) for number in numbers if str(number).startswith(wanted)]
        return [(number, number) for number in found[:SUGGESTION_LIMIT]]


class CaseNumber(Number):
    """The number of a case, however it is written: "2", "#2", "case 2" → `int`."""

    def __init__(self) -> None:
        super().__init__(1, 999_999)

    def parse(self, text: str, reader: Reader) -> int:
        """The number."""
        found = _OF_CASE.fullmatch(text.strip())
        return super().parse(text if found is None else found[1], reader)


@dataclass(frozen=True, slots=True)
class Keyed:
    """A number, with the key that a button carries beside it; what people type has none ("")."""

    number: int
    key: str = ""


class KeyedNumber:
    """A number of something that not everybody may see, such as "3" or, of a button, "3-1f0c9a" → `Keyed`."""

    name = "number"

    def __init__(self, high: int) -> None:
        self._number = Number(1, high)

    def parse(self, text: str, reader: Reader) -> Keyed:
        """The number and its key."""
        number, _dash, key = text.strip().partition("-")
        return Keyed(self._number.parse(number, reader), key)

    def suggest(self, typed: str, reader: Reader) -> list[tuple[str, Say]]:
        """Nothing: which numbers there are is not everybody's business."""
        return []


class OneOf:
    """One of a few choices, each a value and its label → the value; small typos are forgiven."""

    name = "choice"

    def __init__(self, *choices: tuple[str, Say], name: str = "choice", by_label: bool = False) -> None:
        """`by_label`: where something else was typed, the labels are listed, in the reader's language."""
        self.choices = choices
        self.name = name
        self._names = [
            (fold(word), value) for value, label in choices for word in (value, ENGLISH.render(label)) if fold(word)
        ]
        listed: Say = ", ".join(value for value, _label in choices)
        if by_label:
            labels = [label for _value, label in choices]
            listed = reduce(lambda before, label: _("{before} / {label}", before=before, label=label), labels)
        self.expected = _("Please choose one of: {choices}.", choices=listed)

    def parse(self, text: str, reader: Reader) -> str:
        """The value of the choice meant."""
        typed = read(text, self.expected)
        for value, _label in self.choices:
            if plain(value) == typed:
                return value
        scores = {value: 0.0 for value, _label in self.choices}
        for name, value in self._names:
            scores[value] = max(scores[value], self._likeness(fold(typed), name))
        best, *others = sorted(scores, key=lambda value: -scores[value])
        runner_up = max((scores[value] for value in others), default=0.0)
        if scores[best] >= _SURE and (scores[best] == 100 or scores[best] - runner_up >= _AHEAD):  # noqa: PLR2004  100 is "the same"
            return best
        near = nearest(typed, self._names) or [value for value, _label in self.choices]
        raise not_understood(text, self.expected, near[:GUESS_LIMIT])

    def suggest(self, typed: str, reader: Reader) -> list[tuple[str, Say]]:
        """The choices, those like what is typed first."""
        alike = nearest(plain(typed), self._names, SUGGESTION_LIMIT)
        first = sorted(self.choices, key=lambda choice: alike.index(choice[0]) if choice[0] in alike else len(alike))
        return first[:SUGGESTION_LIMIT]

    @staticmethod
    def _likeness(wanted: str, name: str) -> float:
        return likeness(wanted, name) if wanted else 0.0
