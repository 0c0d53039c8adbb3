"""The question of the day, put to everybody whose time has come: set by set, not member by member.

A set are the schedules that have the same occurrence by the same clock, and whose members read and rest alike.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, String, case, cast, func, literal, select, update

from bot.core.checkins import MOODS, latest_question, next_question
from bot.core.content import Choice, Content
from bot.core.occurrences import Occurrence, end_of_quiet_hours
from bot.core.words import _
from bot.delivery.outbox import Priority
from bot.services.alone import put_off_sets, together_else_alone
from bot.services.sets import Some, first_due, sets_of
from bot.services.voice import Voice
from bot.storage.database import Transaction
from bot.storage.tables import CheckInRow, CheckInSchedule, Community, Member

STALE = timedelta(hours=2)
"""A prompt that could not be sent for this long is worthless: a question of the morning is not asked at noon."""


_ASKED = case((CheckInSchedule.last_day >= CheckInSchedule.next_day, CheckInSchedule.last_day))
"""The last day that was asked, unless that is an earlier one than the one to come."""


class _Question(NamedTuple):
    """The question of one local date, in one language; it waits for the end of quiet hours until `due_at`."""

    day: date
    at: datetime
    due_at: datetime
    language: str


class _Plan(NamedTuple):
    """The next occurrence, and the last day that has had its own."""

    next_at: datetime
    next_day: date
    last_day: date


async def ask_all_due(tx: Transaction, voice: Voice, *, now: datetime, limit: int | None = None) -> int:
    """Put the prompts that are due into the outbox, and plan the next ones; how many schedules were due."""
    due = await first_due(tx, CheckInSchedule, now=now, limit=limit)

    async def ask(some: Some) -> bool:
        schedule = CheckInSchedule
        clocks = (schedule.wall, schedule.zone, schedule.next_day, schedule.next_at, _ASKED.label("asked"))
        member = (Member.quiet_from, Member.quiet_until, Member.language, Member.community_id)
        sets = await sets_of(tx, some, *clocks, *member)
        languages = await _languages(tx, {row.community_id for row in sets.found})
        for question, mine in sets.by(partial(_question, languages, now)):
            await _ask(tx, voice, question, mine, now=now)
        for plan, mine in sets.by(partial(_plan, now)):
            planned = update(schedule).where(mine).values(plan._asdict())
            await tx.session.execute(planned, execution_options={"synchronize_session": False})
        return await put_off_sets(tx, sets, now=now)

    return await together_else_alone(tx, due, ask, now=now)


def _latest(now: datetime, row: Any) -> Occurrence:
    """The last of the set's occurrences that are due: after a downtime the others are of no use any more."""
    return latest_question(row.wall, ZoneInfo(row.zone), Occurrence(row.next_day, row.next_at), now=now)


def _question(languages: Mapping[int, str], now: datetime, row: Any) -> _Question | None:
    """What the members of a set are asked; None if they have had this day's question."""
    latest = _latest(now, row)
    if row.asked == latest.day:
        return None
    due_at = latest.at
    if row.quiet_from is not None and row.quiet_until is not None:
        due_at = end_of_quiet_hours(due_at, ZoneInfo(row.zone), row.quiet_from, row.quiet_until)
    return _Question(latest.day, latest.at, due_at, row.language or languages[row.community_id])


def _plan(now: datetime, row: Any) -> _Plan:
    latest = _latest(now, row)
    last_day = max(latest.day, row.asked or latest.day)
    coming = next_question(row.wall, ZoneInfo(row.zone), after=max(now, latest.at), asked={last_day, latest.day})
    return _Plan(coming.at, coming.day, last_day)


async def _languages(tx: Transaction, community_ids: set[int]) -> dict[int, str]:
    rows = await tx.session.execute(select(Community.id, Community.languages).where(Community.id.in_(community_ids)))
    return {row.id: row.languages[0] for row in rows}


async def _ask(tx: Transaction, voice: Voice, question: _Question, mine: ColumnElement[bool], *, now: datetime) -> None:
    """Ask the members whose schedules `mine` selects, unless they have answered already."""
    schedule = CheckInSchedule
    answered = select(CheckInRow.id).where(CheckInRow.member_id == schedule.member_id, CheckInRow.day == question.day)
    # With the instant: a prompt that was dropped for another time of that day does not stand in its way.
    suffix = f":{question.day}:{int(question.at.timestamp())}"
    key = literal("checkin:", String) + cast(schedule.id, String) + literal(suffix, String)
    await voice.to_many(
        tx,
        select(schedule.member_id, key.label("key")).where(mine, ~answered.exists()),
        prompt(),
        language=question.language,
        priority=Priority.CHECK_IN,
        now=now,
        due_at=question.due_at,
        expires_at=question.due_at + STALE,
    )


def prompt() -> Content:
    """The question of the day, with the five moods and "not today" as choices."""
    moods = tuple(
        Choice(label=label, command="checkin answer", arguments={"mood": str(mood.value)})
        for mood, label in MOODS.items()
    )
    not_today = Choice(label=_("Not today"), command="checkin answer", arguments={"mood": "0"})
    return Content(text=_("How are you today?"), choices=(*moods, not_today))


async def next_due(tx: Transaction) -> datetime | None:
    """When the next check-in of anybody is due."""
    return await tx.session.scalar(select(func.min(CheckInSchedule.next_at)))
