"""The plan of a community: its rotas with everything that was changed of them, and who is on at any instant."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from bot.core.duty.changes import Handed, Override, in_shift
from bot.core.duty.rota import Rota, shifts

AHEAD = timedelta(days=35)
"""How far ahead the next change is looked for: more than any rota's longest pause, and a month of absence."""

_WINDOWS = (timedelta(days=2), timedelta(days=8), AHEAD)
"""It is mostly near: each of these is looked through only if there is none in the one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """In `rota` these `people` are on from `begin` to `end` (not included); `day` is the shift's, None of an override.

    Without people it is a shift that nobody has.
    """

    rota: int
    day: date | None
    begin: datetime
    end: datetime
    people: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Nobody is on from `begin` to `end` (not included)."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The rotas, what was handed on (in that order), the overrides, and from when on somebody is `off`.

    Who is off is on no rota from that instant: their credential has lapsed, they take a break, they are no peer.
    """

    rotas: Sequence[Rota] = ()
    handed: Sequence[Handed] = ()
    overrides: Sequence[Override] = ()
    off: Mapping[int, datetime] = field(default_factory=dict)

    def spans(self, begin: datetime, end: datetime, *, whole: bool = False) -> list[Span]:
        """Who is on from `begin` to `end`, in order; each rota's spans never overlap.

        Spans that begin earlier or end later are cut to these, or with `whole` are not.
        """
        found = [
            each
            for rota in self.rotas
            for span in self._of(rota, begin, end)
            for each in self._without_those_off(span if whole else _cut(span, begin, end))
            if each.begin < end and each.end > begin
        ]
        return sorted(found, key=lambda span: (span.begin, span.rota, span.end))

    def on_at(self, at: datetime) -> tuple[int, ...]:
        """Who is on at the instant `at`, each once."""
        return _on(self.spans(at, at + timedelta.resolution), at)

    def next_change(self, after: datetime) -> datetime | None:
        """The first instant strictly after `after` at which others are on than just before; None within `AHEAD`."""
        for window in _WINDOWS:
            spans = self.spans(after, after + window)
            now = set(_on(spans, after))
            edges = {edge for span in spans for edge in (span.begin, span.end) if after < edge < after + window}
            found = next((edge for edge in sorted(edges) if set(_on(spans, edge)) != now), None)
            if found is not None:
                return found
        return None

    def gaps(self, begin: datetime, end: datetime) -> list[Gap]:
        """When from `begin` to `end` nobody is on in any rota."""
        covered = begin
        found: list[Gap] = []
        for span in self.spans(begin, end):
            if not span.people:
                continue
            if span.begin > covered:
                found.append(Gap(covered, span.begin))
            covered = max(covered, span.end)
        return found if covered >= end else [*found, Gap(covered, end)]

    def _of(self, rota: Rota, begin: datetime, end: datetime) -> Iterator[Span]:
        """The rota's spans: the overrides, and what they leave of the shifts."""
        mine = [each for each in self.overrides if each.rota == rota.id]
        for over in mine:
            if over.begin >= end or over.end <= begin:
                continue
            people = () if over.member is None else (over.member,)
            yield Span(rota=rota.id, day=None, begin=over.begin, end=over.end, people=people)
        for shift in shifts(rota, begin, end):
            planned = Span(
                rota=rota.id,
                day=shift.day,
                begin=shift.begin,
                end=shift.end,
                people=in_shift(shift, self.handed),
            )
            yield from (left for left in _minus(planned, mine) if left.begin < end and left.end > begin)

    def _without_those_off(self, span: Span) -> Iterator[Span]:
        """The span, in pieces wherever somebody in it is off from then on."""
        edges = {self.off[member] for member in span.people if member in self.off}
        begin = span.begin
        for edge in [*sorted(each for each in edges if span.begin < each < span.end), span.end]:
            people = tuple(member for member in span.people if member not in self.off or self.off[member] > begin)
            yield replace(span, begin=begin, end=edge, people=people)
            begin = edge


def _on(spans: Iterable[Span], at: datetime) -> tuple[int, ...]:
    on = (member for span in spans if span.begin <= at < span.end for member in span.people)
    return tuple(dict.fromkeys(on))


def _cut(span: Span, begin: datetime, end: datetime) -> Span:
    return replace(span, begin=max(span.begin, begin), end=min(span.end, end))


def _minus(span: Span, overrides: Iterable[Override]) -> Iterator[Span]:
    """What the overrides leave of a span."""
    begin = span.begin
    for over in sorted(overrides, key=lambda each: each.begin):
        if over.end <= begin or over.begin >= span.end:
            continue
        if over.begin > begin:
            yield replace(span, begin=begin, end=over.begin)
        begin = max(begin, over.end)
    if begin < span.end:
        yield replace(span, begin=begin)
