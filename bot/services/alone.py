"""Due work row by row: what is wrong with one row never keeps the others waiting.

A row that cannot be worked on, because a value in it or in a row it points at is damaged, or its zone is no longer
in tzdata, is put off by a minute, and told once, with what mends it.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import select, update

from bot.core.faults import Told, where
from bot.services.sets import Sets, Some, these
from bot.storage.database import Transaction
from bot.storage.tables import CaseRow, CheckInSchedule, FollowUp, Reminder
from bot.storage.vault import Vault

log = logging.getLogger(__name__)

AGAIN = timedelta(minutes=1)
"""After this long a row that failed is tried again."""

FEW = 5
"""Rows that fail for the same reason and are told of one by one."""

Row = TypeVar("Row", CaseRow, CheckInSchedule, FollowUp, Reminder)
"""What is due at its `next_at`."""

AnyTable = type[CaseRow] | type[CheckInSchedule] | type[FollowUp] | type[Reminder]

MENDED_BY = {
    "cases": "a person must look after this member now; 'cases' and 'resolve NUMBER' show and end it",
    "checkin_schedules": "its member mends it with 'checkin start TIME ZONE', or ends it with 'checkin stop'",
    "follow_ups": "its member ends it with 'followup stop'",
    "reminders": "its meeting is mended by 'handrail community apply' or 'meetings add', its member by 'settings zone'",
}
"""What a person can do about a damaged row, by table."""

_told: WeakKeyDictionary[Vault, Told] = WeakKeyDictionary()
"""Which rows were told, for each database."""


async def each_alone(
    tx: Transaction, table: type[Row], ids: Sequence[int], do: Callable[[Row], Awaitable[None]], *, now: datetime
) -> int:
    """Do each row's work in a savepoint of its own; one that fails is put off. How many there were."""
    for id_ in ids:
        try:
            async with tx.session.begin_nested():
                # Loaded one by one: a value that cannot even be read must not fail the query for all of them.
                await do(await tx.session.get_one(table, id_))
        except Exception as error:
            await _put_off(tx, table, id_, error, now=now)
        else:
            _works(tx, table, id_)
    return len(ids)


async def together_else_alone(
    tx: Transaction, due: Some, do: Callable[[Some], Awaitable[bool]], *, now: datetime
) -> int:
    """Do the work of all these rows at once; if that fails, of each half, down to the one that is damaged.

    How many there were. A row that fails alone is put off. `do` answers whether it has left none out.
    """
    waiting = [due] if due.ids else []
    while waiting:
        some = waiting.pop()
        try:
            async with tx.session.begin_nested():
                all_done = await do(some)
        except Exception as error:
            if len(some.ids) == 1:
                await _put_off(tx, some.table, some.ids[0], error, now=now)
                continue
            half = len(some.ids) // 2
            waiting += [these(tx, due.table, some.ids[half:]), these(tx, due.table, some.ids[:half])]
        else:
            if all_done and tx.vault in _told:
                for id_ in some.ids:
                    _works(tx, some.table, id_)
    return len(due.ids)


async def put_off_sets(tx: Transaction, sets: Sets, *, now: datetime) -> bool:
    """Try the sets that have failed again later, and tell of each, unless it was told already; True if none has."""
    table = sets.some.table
    for error, rows in sets.failures():
        ids = list(await tx.session.scalars(select(table.id).where(rows).order_by(table.id).limit(FEW + 1)))
        if len(ids) <= FEW:
            for id_ in ids:
                await _put_off(tx, table, id_, error, now=now)
            continue
        name, place = table.__tablename__, where(error)
        if _told.setdefault(tx.vault, Told()).is_news(f"{name} {ids[0]} {place}", now):
            log.error(
                "%s %d and others alike: failed, tried again every minute: %s; %s", name, ids[0], place, MENDED_BY[name]
            )
        later = update(table).where(rows).values(next_at=now + AGAIN)
        await tx.session.execute(later.execution_options(synchronize_session=False))
    return not sets.failed


async def _put_off(tx: Transaction, table: AnyTable, id_: int, error: Exception, *, now: datetime) -> None:
    """Try the row again later, and tell of it, unless it was told already."""
    name = table.__tablename__
    if _told.setdefault(tx.vault, Told()).is_news(f"{name} {id_}", now):
        # Not log.exception: an error's message may hold somebody's words.
        log.error("%s %d: failed, tried again every minute: %s; %s", name, id_, where(error), MENDED_BY[name])
    later = update(table).where(table.id == id_).values(next_at=now + AGAIN)
    await tx.session.execute(later.execution_options(synchronize_session=False))


def _works(tx: Transaction, table: AnyTable, id_: int) -> None:
    told = _told.get(tx.vault)
    if told is not None and told.is_over(f"{table.__tablename__} {id_}"):
        log.warning("%s %d: works again", table.__tablename__, id_)
