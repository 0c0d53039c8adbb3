"""What the crisis detector says: the words of the field, and nothing about how it found them."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Category(StrEnum):
    """What the danger is."""

    SUICIDE = "suicide"
    SELF_HARM = "self_harm"
    OVERDOSE = "overdose"
    WITHDRAWAL = "withdrawal"
    ABUSE = "abuse"
    VIOLENCE = "violence"
    RELAPSE = "relapse"


class Severity(StrEnum):
    """How soon a person is needed; ordered, `CONCERN < URGENT < EMERGENCY`.

    - concern: passive ideation, worry about somebody else, relapse told or near, a call for support. It queues.
    - urgent: current intent, plan, means, goodbye, current self-harm, danger from somebody. It pages.
    - emergency: a life is in danger now, the author's or anybody's. It pages.
    """

    CONCERN = "concern"
    URGENT = "urgent"
    EMERGENCY = "emergency"

    @property
    def pages(self) -> bool:
        """Whether peers are notified now, rather than finding it in the queue."""
        return self is not Severity.CONCERN

    @property
    def rank(self) -> int:
        """1 to 3, the worse the higher."""
        return _RANKS[self]

    # A StrEnum is compared by its letters, which would put "emergency" below "urgent".
    def __lt__(self, other: str) -> bool:
        return self.rank < other.rank if isinstance(other, Severity) else NotImplemented

    def __le__(self, other: str) -> bool:
        return self.rank <= other.rank if isinstance(other, Severity) else NotImplemented

    def __gt__(self, other: str) -> bool:
        return self.rank > other.rank if isinstance(other, Severity) else NotImplemented

    def __ge__(self, other: str) -> bool:
        return self.rank >= other.rank if isinstance(other, Severity) else NotImplemented


_RANKS = {severity: rank for rank, severity in enumerate(Severity, start=1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Where `rule` matched: characters `start` to `end` (exclusive) of the original text."""

    start: int
    end: int
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What was heard in one message.

    - `category`, `severity`: of the gravest match; among equals, of the first in the text. The category is None where
      somebody only asks for a person, and does not say why.
    - `spans`: every match that counted, by position, at most `MAX_SPANS`; never empty.
    - `rules`: the ids ("en/want-to-die") of the rules that raised it, gravest first; never empty.
    - `lowered_by`: the ids of the lowerings that took something away from it, sorted.
    - `before`: where what was heard begins in the author's earlier messages (`Context.before`), so many of their last
      characters; 0 where the message says it alone.
    """

    category: Category | None
    severity: Severity
    spans: tuple[Span, ...]
    rules: tuple[str, ...]
    lowered_by: tuple[str, ...] = ()
    before: int = 0

    def as_json(self) -> dict[str, Any]:
        """The signal as plain JSON values; it holds nobody's words."""
        return {**asdict(self), "category": self.category and self.category.value, "severity": self.severity.value}

    @classmethod
    def from_json(cls, data: Any) -> "Signal":
        """What `as_json` wrote; raises `ValueError` for anything else."""
        try:
            return cls(
                category=None if data["category"] is None else Category(data["category"]),
                severity=Severity(data["severity"]),
                spans=tuple(Span(start=int(s["start"]), end=int(s["end"]), rule=str(s["rule"])) for s in data["spans"]),
                rules=tuple(map(str, data["rules"])),
                lowered_by=tuple(map(str, data["lowered_by"])),
                before=int(data["before"]),
            )
        except (LookupError, TypeError) as error:
            raise ValueError("not a signal as it was kept") from error


MAX_SPANS = 100
"""Spans of one signal: more than anybody reads, so that a hostile text cannot make a signal of any size."""
