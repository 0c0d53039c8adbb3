"""What must have arrived, where, and how often; and the verdict once it is counted."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

import bot.locale

LOCALE = Path(bot.locale.__path__[0])
LEAST_OWN_WORDS = 10
"""Characters: shorter ones stand in too many messages to tell one."""

_PLACEHOLDER = re.compile(r"\{\w+\\?\}")

Place = str
"""Where messages stand: "discord:CHANNEL", "matrix:ROOM", or "matrix:@USER", all that is said to them privately."""


@dataclass(slots=True)
class Expected:
    """Messages of one kind in one place that hold all `parts`: between `least` and `most` of them.

    `key` names what they are about: ids, no words.
    """

    kind: str
    key: str
    place: Place
    parts: tuple[str, ...]
    least: int = 0
    most: int = 0

    def fits(self, text: str) -> bool:
        """Whether it is one of these."""
        return all(part in text for part in self.parts)


@dataclass(slots=True)
class Row:
    """The count of one kind."""

    kind: str
    expected: int = 0
    arrived: int = 0
    lost: int = 0
    duplicates: int = 0


@dataclass(slots=True)
class Count:
    """What was expected and what is there. `astray` are messages of the bot that nobody expected, by what they are."""

    rows: list[Row]
    troubles: list[str] = field(default_factory=list)
    astray: Counter[str] = field(default_factory=Counter)

    @property
    def lost(self) -> int:
        """Messages that should be there and are not."""
        return sum(row.lost for row in self.rows)

    @property
    def duplicates(self) -> int:
        """Messages that are there once too often."""
        return sum(row.duplicates for row in self.rows)

    @property
    def expected(self) -> int:
        """Messages that should be there."""
        return sum(row.expected for row in self.rows)

    def table(self) -> str:
        """Kinds, expected, arrived, lost, duplicates; then the keys of what went wrong."""
        lines = [f"{'what':28}{'expected':>9}{'arrived':>9}{'lost':>6}{'twice':>6}"]
        total = Row("all")
        for row in [*self.rows, total]:
            lines.append(f"{row.kind:28}{row.expected:9}{row.arrived:9}{row.lost:6}{row.duplicates:6}")
            for name in ("expected", "arrived", "lost", "duplicates"):
                setattr(total, name, getattr(total, name) + getattr(row, name))
        lines += [f"not expected: {what}: {number}" for what, number in sorted(self.astray.items())]
        return "\n".join([*lines, *self.troubles])


class Ledger:
    """Expectations, written down at the moment in which a person or a schedule gives rise to them."""

    def __init__(self) -> None:
        self._expected: dict[tuple[str, Place, tuple[str, ...]], Expected] = {}
        self._allowed: list[Expected] = []

    def expect(self, kind: str, key: str, place: Place, *parts: str, least: int = 1, most: int = 1) -> Expected:
        """One more message with these parts must be there, or (`least` 0) may be."""
        found = self._expected.setdefault((kind, place, parts), Expected(kind, key, place, parts))
        found.least += least
        found.most += most
        return found

    def allow(self, place: Place, *parts: str) -> None:
        """Messages with these parts may be there, however many: a person who asks again is answered again."""
        self._allowed.append(Expected("", "", place, parts))

    def count(self, texts: Mapping[Place, Sequence[str]]) -> Count:
        """Hold the bot's messages in each place, as the servers have stored them, against what was expected."""
        rows: dict[str, Row] = {}
        troubles: list[str] = []
        astray: Counter[str] = Counter()
        by_place: defaultdict[Place, list[Expected]] = defaultdict(list)
        for expected in self._expected.values():
            by_place[expected.place].append(expected)
        for place in {*texts, *by_place}:
            arrived: Counter[int] = Counter()
            for text in texts.get(place, ()):
                fitting = [number for number, one in enumerate(by_place[place]) if one.fits(text)]
                arrived.update(fitting)
                if not fitting and not any(one.place == place and one.fits(text) for one in self._allowed):
                    astray[_what(text)] += 1
            for number, one in enumerate(by_place[place]):
                _enter(rows.setdefault(one.kind, Row(one.kind)), one, arrived[number], troubles)
        return Count(sorted(rows.values(), key=lambda row: row.kind), sorted(troubles), astray)

    def missing(self, texts: Mapping[Place, Sequence[str]]) -> int:
        """How many messages are not there yet."""
        return self.count(texts).lost


def _enter(row: Row, one: Expected, arrived: int, troubles: list[str]) -> None:
    lost, twice = max(0, one.least - arrived), max(0, arrived - one.most)
    row.expected += one.least
    row.arrived += arrived
    row.lost += lost
    row.duplicates += twice
    if lost or twice:
        platform = one.place.partition(":")[0]
        wanted = f"{one.least}" if one.least == one.most else f"{one.least} to {one.most}"
        troubles.append(f"{one.kind} {one.key} on {platform}: expected {wanted}, arrived {arrived}")


def _what(text: str) -> str:
    """Which of the bot's own sentences it holds, with its placeholders, so that it can be told without quoting it."""
    return max((said for said, pattern in _sentences() if pattern.search(text)), key=len, default="something else")


@cache
def _sentences() -> list[tuple[str, re.Pattern[str]]]:
    """Everything the bot can say that has words of its own, and what finds it."""
    with (LOCALE / "handrail.pot").open("rb") as file:
        said = [message.id if isinstance(message.id, str) else message.id[0] for message in read_po(file)]
    own = [sentence for sentence in said if len(_PLACEHOLDER.sub("", sentence)) >= LEAST_OWN_WORDS]
    return [(one, re.compile(_PLACEHOLDER.sub(".*?", re.escape(one).replace(r"\{", "{")), re.DOTALL)) for one in own]


def merged(parts: Iterable[Mapping[Place, Sequence[str]]]) -> dict[Place, list[str]]:
    """The texts of several servers together."""
    together: dict[Place, list[str]] = {}
    for part in parts:
        for place, texts in part.items():
            together.setdefault(place, []).extend(texts)
    return together
