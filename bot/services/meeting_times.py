"""When a meeting is: its rule, and what an organizer has changed of single occurrences."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from bot.core.occurrences import HORIZON, Rule, occurrences
from bot.storage.database import Transaction
from bot.storage.tables import MeetingChange, MeetingRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """One occurrence of a meeting: `day` is its planned local date, `start` the instant, perhaps moved."""

    meeting: MeetingRow
    day: date
    start: datetime
    moved: bool = False


def rule_of(meeting: MeetingRow) -> Rule:
    """The meeting's rule."""
    return Rule(rule=meeting.rule, wall=meeting.wall, zone_name=meeting.zone, start=meeting.starts_on)


async def between(tx: Transaction, meeting: MeetingRow, begin: datetime, end: datetime) -> list[Coming]:
    """The occurrences that start between the two instants, changes applied, in order."""
    changes = await _changes(tx, meeting)
    planned = _as_planned(meeting, changes, begin, end)
    return sorted([*planned, *_moved(meeting, changes, begin, end)], key=lambda c: c.start)


async def first_from(tx: Transaction, meeting: MeetingRow, begin: datetime) -> Coming | None:
    """The first occurrence that starts at `begin` or later, changes applied."""
    changes = await _changes(tx, meeting)
    planned = next(_as_planned(meeting, changes, begin, begin + HORIZON), None)
    candidates = [*_moved(meeting, changes, begin, begin + HORIZON), *([planned] if planned else [])]
    return min(candidates, key=lambda c: c.start, default=None)


async def _changes(tx: Transaction, meeting: MeetingRow) -> dict[date, datetime | None]:
    rows = await tx.session.scalars(select(MeetingChange).where(MeetingChange.meeting_id == meeting.id))
    return {row.day: row.moved_to for row in rows}


def _as_planned(
    meeting: MeetingRow, changes: Mapping[date, datetime | None], begin: datetime, end: datetime
) -> Iterator[Coming]:
    for occurrence in occurrences(rule_of(meeting), (begin, end)):
        if occurrence.day not in changes:
            yield Coming(meeting=meeting, day=occurrence.day, start=occurrence.at)


def _moved(
    meeting: MeetingRow, changes: Mapping[date, datetime | None], begin: datetime, end: datetime
) -> Iterator[Coming]:
    for day, to in changes.items():
        if to is not None and begin <= to < end:
            yield Coming(meeting=meeting, day=day, start=to, moved=True)
