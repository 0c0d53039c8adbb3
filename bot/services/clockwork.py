"""When the machine's clock was set back: what was timed by the wrong clock must not wait for it.

A clock that showed 2038 for a minute has written instants of 2038. A page would be tried again in 2038, a case's next
step come then, nobody be asked how they are till then, and everything go on being sent to the account that somebody
used "last". So whatever lies further ahead than it can is brought back, each kind in transactions of its own, what is
urgent first. All of it may be done twice, or by several processes at once.

A clock that was set forward needs nothing of this: that is the same as a downtime.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import String, Table, bindparam, cast, func, or_, select, update

from bot.core import followups
from bot.core.checkins import next_question
from bot.core.escalation import LATE_AGAIN, QUIET
from bot.core.faults import where
from bot.core.occurrences import local_date
from bot.delivery import outbox, statements
from bot.delivery.outbox import Priority
from bot.delivery.waiting import IS_PENDING, IS_SENDING
from bot.services import incoming, reminding
from bot.services.alone import each_alone
from bot.services.duty import telling
from bot.services.escalations import pauses
from bot.services.gatherings import changes
from bot.storage.database import Database, Transaction
from bot.storage.tables import (
    Base,
    CaseEvent,
    CaseRow,
    CheckInSchedule,
    Delivery,
    FollowUp,
    InboundEvent,
    MeetingRow,
    Member,
    Reminder,
)

log = logging.getLogger(__name__)

BATCH = 500
"""Rows brought back in one transaction."""

MEANWHILE = timedelta(minutes=10)
"""How long bringing everything back may take."""

LONGEST_STEP = QUIET
"""No step of a case waits for longer."""

COMING = timedelta(hours=26)
"""Who is asked every day is asked again within this time, also across a change of clocks."""

FAR = timedelta(days=2)
"""A question that is due after this long was written for a day that is not."""

CLOCK_WAS_WRONG = "the clock was wrong"
"""The reason of a question or reminder that was written for such a day."""

WRITTEN_AT = (
    ("identities", "last_seen_at"),
    ("inbound_events", "seen_at"),
    ("case_events", "at"),
    ("member_pauses", "at"),
    ("cases", "ended_at"),
    ("relay_messages", "at"),
    ("relay_messages", "removed_at"),
    ("swaps", "at"),
    ("follow_ups", "began_at"),
    ("roster", "break_since"),
    ("questions", "asked_at"),
    ("checkins", "answered_at"),
    ("hosted_meetings", "opened_at"),
    ("hosted_meetings", "ended_at"),
    ("raised_hands", "at"),
    ("attendance_requests", "asked_at"),
    ("shared_contents", "used_at"),
    ("deliveries", "created_at"),
    ("deliveries", "sent_at"),
    ("deliveries", "blanked_at"),
)
"""When something happened: which account was used last, and how long a thing is kept, goes by these."""

_BULK = {"synchronize_session": False}
_QUESTION = Delivery.key.startswith("checkin:")
_REMINDER = Delivery.key.startswith("reminder:")
_TOO_LATE = (Delivery.state == "expired") & (Delivery.reason == statements.TOO_LATE)

Step = Callable[[Database, datetime, timedelta], Awaitable[None]]


async def last_written(tx: Transaction) -> datetime | None:
    """When the newest thing was stored; None in a new database."""
    newest = (
        await tx.session.scalar(select(Delivery.created_at).order_by(Delivery.id.desc()).limit(1)),
        await tx.session.scalar(select(CaseEvent.at).order_by(CaseEvent.id.desc()).limit(1)),
        await tx.session.scalar(select(func.max(InboundEvent.seen_at))),
    )
    return max((at for at in newest if at is not None), default=None)


async def take_back(database: Database, *, now: datetime, by: timedelta) -> None:
    """Bring back what was timed by a clock that was set back by `by`, and is right `now`.

    A step that fails is logged, and the others go on.
    """
    written = [(f"{table}.{column}", partial(_written, table, column)) for table, column in WRITTEN_AT]
    steps: list[tuple[str, Step]] = [
        ("cases", _cases),
        ("deliveries", _deliveries),
        ("events", _events),
        ("check-ins", _check_ins),
        ("reminders", _reminders),
        ("rotas", _rotas),
        ("calendars", _calendars),
        ("pauses", _pauses),
        *written,
        ("follow-ups", _follow_ups),  # which go by when they began
    ]
    for name, step in steps:
        try:
            await step(database, now, by)
        except Exception as error:
            log.error("the clock was set back, and %s still go by the wrong one: %s", name, where(error))


async def _cases(database: Database, now: datetime, by: timedelta) -> None:
    """A case whose last event was under the wrong clock has its timer from there; others have theirs rightly."""
    async with database.begin() as tx:
        last_event = select(func.max(CaseEvent.at)).where(CaseEvent.case_id == CaseRow.id).scalar_subquery()
        by_wrong_clock = or_(last_event > now, CaseRow.opened_at > now, CaseRow.next_at > now + LONGEST_STEP)
        by_wrong_clock |= CaseRow.late_at > now + LATE_AGAIN[-1]
        columns = select(CaseRow.id, CaseRow.opened_at, CaseRow.next_at, CaseRow.late_at).where(
            CaseRow.open_for.is_not(None)
        )
        for row in (await tx.session.execute(columns.where(by_wrong_clock))).all():
            values: dict[str, Any] = {}
            if row.opened_at > now:
                values["opened_at"] = min(row.opened_at - by, now)
            if row.next_at is not None and row.next_at > now:
                values["next_at"] = max(now, min(row.next_at - by, now + LONGEST_STEP))
            if row.late_at is not None and row.late_at > now:
                values["late_at"] = max(now, min(row.late_at - by, now + LATE_AGAIN[-1]))
            if values:
                await tx.session.execute(update(CaseRow).where(CaseRow.id == row.id).values(values))


async def _deliveries(database: Database, now: datetime, _by: timedelta) -> None:
    """Leases end, and what waits is due, no later than the right clock would have it."""
    other = ~_QUESTION & ~_REMINDER
    ahead = (IS_PENDING | IS_SENDING) & (Delivery.due_at > now)
    in_crisis = Delivery.priority == int(Priority.CRISIS)
    free_key = Delivery.key + ":" + cast(Delivery.id, String)
    wrong = {"state": "expired", "reason": CLOCK_WAS_WRONG}
    changes: tuple[tuple[Any, dict[str, Any]], ...] = (
        (IS_SENDING & (Delivery.lease_until > now + outbox.LEASE), {"lease_until": now + outbox.LEASE}),
        (ahead & other & (in_crisis | (Delivery.created_at > now)), {"due_at": now}),
        # Before the first attempt it waits for its own time, after it for no longer than a next attempt does.
        (ahead & (Delivery.attempts > 0) & (Delivery.due_at > now + outbox.LONGEST_WAIT), {"due_at": now}),
        # A question is due by the calendar: what was too late by the wrong clock may be in time by the right one.
        (
            _TOO_LATE & _QUESTION & (Delivery.expires_at > now) & (Delivery.due_at <= now + FAR),
            {"state": "pending", "reason": None},
        ),
        (IS_PENDING & _QUESTION & (Delivery.due_at > now + FAR), wrong),
        # A reminder is due when it is written, so it is written again in time; its key must be free for that.
        ((IS_PENDING | _TOO_LATE) & _REMINDER & (Delivery.created_at > now), {**wrong, "key": free_key}),
        # How long what is over is kept goes by when it was due, if it was never sent.
        (Delivery.state.in_(["sent", "failed", "expired"]) & (Delivery.due_at > now), {"due_at": now}),
    )
    for which, values in changes:
        async with database.begin() as tx:
            await tx.session.execute(update(Delivery).where(which).values(values), execution_options=_BULK)


async def _events(database: Database, now: datetime, _by: timedelta) -> None:
    """What came in is in nobody's hands, and waits for no next attempt, longer than it would by the right clock."""
    longest = max(incoming.LEASE, *incoming.PAUSES)
    too_long = InboundEvent.next_at > now + longest
    async with database.begin() as tx:
        await tx.session.execute(
            update(InboundEvent).where(too_long).values(next_at=now + longest), execution_options=_BULK
        )


async def _check_ins(database: Database, now: datetime, _by: timedelta) -> None:
    """Who would not be asked for days is asked for their next local date that has not had its question."""
    last = 0
    while True:
        async with database.begin() as tx:
            far = select(CheckInSchedule.id).where(CheckInSchedule.next_at > now + COMING, CheckInSchedule.id > last)
            ids = list(await tx.session.scalars(far.order_by(CheckInSchedule.id).limit(BATCH)))
            await each_alone(tx, CheckInSchedule, ids, partial(_plan_anew, tx, now), now=now)
        if not ids:
            break
        last = ids[-1]


async def _plan_anew(tx: Transaction, now: datetime, row: CheckInSchedule) -> None:
    zone = ZoneInfo(row.zone)
    said = await tx.session.scalars(
        select(Delivery.key).where(
            Delivery.member_id == row.member_id, _QUESTION, Delivery.state.in_(["pending", "sending", "sent"])
        )
    )
    days = {date.fromisoformat(key.split(":")[2]) for key in said}
    asked = {day for day in days if day <= local_date(now + FAR, zone)}
    row.last_day = max(asked, default=None)
    coming = next_question(row.wall, zone, after=now, asked=asked)
    row.next_at, row.next_day = coming.at, coming.day


async def _reminders(database: Database, now: datetime, _by: timedelta) -> None:
    """Every meeting is reminded of before its next occurrence; who was reminded of that one is not again."""
    async with database.read() as tx:
        of_later = or_(Reminder.next_at > now, Reminder.next_at.is_(None))
        ids = list(await tx.session.scalars(select(Reminder.meeting_id).where(of_later).distinct()))
    for id_ in ids:
        try:
            async with database.begin() as tx:
                meeting = await tx.session.get_one(MeetingRow, id_)
                if meeting.starts_on > local_date(now + FAR, ZoneInfo(meeting.zone)):
                    meeting.starts_on = local_date(now, ZoneInfo(meeting.zone))
                await reminding.plan(tx, meeting, after=now)
        except Exception as error:
            log.error("meeting %d: cannot be planned anew after the clock was set back: %s", id_, where(error))


async def _rotas(database: Database, now: datetime, _by: timedelta) -> None:
    """Changes of shift are looked for anew."""
    async with database.begin() as tx:
        await telling.take_back(tx, now)


async def _calendars(database: Database, now: datetime, _by: timedelta) -> None:
    """What people do with meetings goes by dates that are."""
    async with database.begin() as tx:
        await changes.take_back(tx, now)


async def _pauses(database: Database, now: datetime, by: timedelta) -> None:
    """Nobody is paused for longer than anybody can be."""
    paused = Member.paused_until
    async with database.begin() as tx:
        rows = await tx.session.execute(select(Member.id, paused).where(paused > now + pauses.LONGEST))
        for id_, until in rows.all():
            right = now + pauses.LONGEST if until is None else min(until - by, now + pauses.LONGEST)
            await tx.session.execute(update(Member).where(Member.id == id_).values(paused_until=right))


async def _follow_ups(database: Database, now: datetime, _by: timedelta) -> None:
    """Whoever is to be asked again how they are is asked so long after their case as they were told."""
    last = 0
    while True:
        async with database.begin() as tx:
            waits = select(FollowUp.id).where(FollowUp.next_at > now, FollowUp.id > last)
            ids = list(await tx.session.scalars(waits.order_by(FollowUp.id).limit(BATCH)))
            await each_alone(tx, FollowUp, ids, partial(_ask_in_time, now), now=now)
        if not ids:
            break
        last = ids[-1]


async def _ask_in_time(now: datetime, row: FollowUp) -> None:
    coming = followups.next_question(row.began_at, row.asked, now=now)
    row.next_at = now if coming is None else coming[1]


async def _written(name: str, column: str, database: Database, now: datetime, by: timedelta) -> None:
    """What was written under the wrong clock was written at the right time, in the same order.

    What the right clock writes while this is done is let be.
    """
    table: Table = Base.metadata.tables[name]
    keys = list(table.primary_key)
    at = table.c[column]
    wrong = at > now + min(by / 2, MEANWHILE)
    one = update(table).where(*(key == bindparam(f"key_{key.name}") for key in keys)).values({at: bindparam("then")})
    while True:
        async with database.begin() as tx:
            rows = (await tx.session.execute(select(*keys, at).where(wrong).limit(BATCH))).all()
            if not rows:
                return
            changed = [
                {**{f"key_{key.name}": row[n] for n, key in enumerate(keys)}, "then": min(row[-1] - by, now)}
                for row in rows
            ]
            await (await tx.session.connection()).execute(one, changed)
