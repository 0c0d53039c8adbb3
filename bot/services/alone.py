"""Due work row by row: what is wrong with one row never keeps the others waiting."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import update

from bot.core.faults import where
from bot.storage.database import Transaction
from bot.storage.tables import CaseRow, CheckInSchedule, Reminder

log = logging.getLogger(__name__)

AGAIN = timedelta(minutes=1)
"""After this long a row that failed is tried again."""


Row = TypeVar("Row", CaseRow, CheckInSchedule, Reminder)
"""What is due at its `next_at`."""


async def each_alone(
    tx: Transaction, rows: Sequence[Row], do: Callable[[Row], Awaitable[None]], *, now: datetime
) -> int:
    """Do each row's work in a savepoint of its own; one that fails is logged and put off. How many there were."""
    for id_, row in [(row.id, row) for row in rows]:
        table = type(row)
        try:
            async with tx.session.begin_nested():
                await do(row)
        except Exception as error:
            # Not log.exception: an error's message may hold somebody's words.
            log.error("%s %d: failed, again in a minute: %s", table.__tablename__, id_, where(error))
            later = update(table).where(table.id == id_).values(next_at=now + AGAIN)
            await tx.session.execute(later.execution_options(synchronize_session=False))
    return len(rows)
