"""What the ticker wakes: everything that has become due, in small transactions."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy import func, select

from bot.core.faults import where
from bot.delivery import outbox
from bot.services import checkins, meetings, privacy
from bot.services.checkins import CheckIns
from bot.services.escalations import Escalations
from bot.services.meetings import Meetings
from bot.storage.database import Database, Transaction
from bot.storage.tables import CaseRow

log = logging.getLogger(__name__)

HOUSEKEEPING = timedelta(hours=1)


class DueWork:
    """Finds what is due and does it; one kind's fault does not stop the others."""

    def __init__(
        self,
        *,
        database: Database,
        escalations: Escalations,
        checkins: CheckIns,
        meetings: Meetings,
    ) -> None:
        self._database = database
        self._steps: tuple[tuple[str, Callable[[Transaction, datetime], Awaitable[int]]], ...] = (
            ("escalations", lambda tx, now: escalations.due(tx, now=now)),
            ("meetings", lambda tx, now: meetings.due(tx, now=now)),
            ("check-ins", lambda tx, now: checkins.due(tx, now=now)),
        )
        self._cleaned_at: datetime | None = None

    async def do(self, now: datetime) -> None:
        """Do all that is due at `now`."""
        for name, step in self._steps:
            try:
                while True:
                    async with self._database.begin() as tx:
                        done = await step(tx, now)
                    if not done:
                        break
            except Exception as error:
                # Not log.exception: an error's message may hold somebody's words.
                log.error("due %s: failed, will be tried again: %s", name, where(error))
        async with self._database.begin() as tx:
            expired = await outbox.expire(tx, now=now)
        if expired:
            log.warning("%d deliveries expired: they came too late to be of use", expired)
        if self._cleaned_at is None or now - self._cleaned_at >= HOUSEKEEPING:
            self._cleaned_at = now
            async with self._database.begin() as tx:
                await privacy.keep_no_longer(tx, now=now)

    async def next_at(self) -> datetime | None:
        """When something is due next; for a clock that is moved by hand."""
        async with self._database.begin() as tx:
            cases = await tx.session.scalar(select(func.min(CaseRow.next_at)).where(CaseRow.open_for.is_not(None)))
            instants = [
                cases,
                await checkins.next_due(tx),
                await meetings.next_due(tx),
                await outbox.earliest_due(tx),
            ]
        return min((instant for instant in instants if instant is not None), default=None)
