"""What the ticker wakes: everything that has become due, in small transactions."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, exists, func, select

from bot.core.faults import Told, where
from bot.delivery import outbox, statements
from bot.scheduling.clock import ClockWatch
from bot.services import asking, clockwork, incoming, privacy, reminding
from bot.services.checkins import CheckIns
from bot.services.dispatcher import Dispatcher
from bot.services.duty import DutyRounds, telling
from bot.services.escalations import Escalations
from bot.services.escalations.followup import FollowUps
from bot.services.gatherings import mirrors as mirroring
from bot.services.gatherings import tasks as tasking
from bot.services.gatherings.mirrors import Mirrors
from bot.services.gatherings.tasks import Tasks
from bot.services.meetings import Meetings
from bot.services.resource_reviews import ResourceReviews
from bot.storage.database import Database, Transaction
from bot.storage.gathering_tables import MeetingTask, Mirror
from bot.storage.tables import CaseRow, CheckInSchedule, FollowUp, InboundEvent, Reminder

log = logging.getLogger(__name__)

HOUSEKEEPING = timedelta(hours=1)
"""How often is looked for what has been kept for long enough; what was not done in one tick is gone on with in the
next."""

SKEW = timedelta(minutes=1)
"""Machines that share a database may be so far apart without a clock having been set."""

FORWARD = timedelta(days=7)
"""A clock that goes forward further than this, or a bot that was off for longer, is not believed at once."""

BELIEVED_AFTER = timedelta(days=1)
"""How long such a clock must have run before anything is deleted by it."""

AT_ONCE = 2
"""Batches of `SIDE_BY_SIDE` at a time on PostgreSQL, each in a transaction of its own, as two processes do them."""

CASES, EVENTS, ROTAS, MEETINGS, CHECK_INS = "escalations", "events", "rotas", "meetings", "check-ins"
TASKS, CALENDARS, FOLLOW_UPS, EXPIRY = "tasks", "calendars", "follow-ups", "expiry"
EVERYTHING = (CASES, EVENTS, ROTAS, MEETINGS, TASKS, CALENDARS, CHECK_INS, FOLLOW_UPS, EXPIRY)

SIDE_BY_SIDE = {MEETINGS, CHECK_INS}

Step = Callable[[Transaction, datetime], Awaitable[int]]
"""Does a batch of what is due; how much there was."""


class DueWork:
    """Finds what is due and does it, batch by batch; one kind's fault does not stop the others.

    `watch` tells when the machine's clock was set; None for a clock that is moved by hand.
    """

    def __init__(
        self,
        *,
        database: Database,
        escalations: Escalations,
        checkins: CheckIns,
        meetings: Meetings,
        mirrors: Mirrors,
        tasks: Tasks,
        duty: DutyRounds,
        events: Dispatcher,
        follow_ups: FollowUps,
        reviews: ResourceReviews,
        watch: ClockWatch | None = None,
    ) -> None:
        self._database = database
        self._duty = duty
        self.watch = watch
        self._follow_ups = follow_ups
        self._escalations = escalations
        self._told = Told()
        self._urgent: tuple[str, Step] = (CASES, lambda tx, now: escalations.due(tx, now=now))
        self._others: tuple[tuple[str, Step], ...] = (
            (EVENTS, lambda tx, now: events.due(tx, now=now)),
            (ROTAS, lambda tx, now: duty.due(tx, now=now)),
            (MEETINGS, lambda tx, now: meetings.due(tx, now=now)),
            (TASKS, lambda tx, now: tasks.due(tx, now=now)),
            (CALENDARS, lambda tx, now: mirrors.due(tx, now=now)),
            (CHECK_INS, lambda tx, now: checkins.due(tx, now=now)),
            (FOLLOW_UPS, lambda tx, now: follow_ups.due(tx, now=now)),
            (EXPIRY, self._expire),
        )
        self._reviews: tuple[str, Step] = ("reviews", lambda tx, now: reviews.due(tx, now=now))
        self._has_looked_back = False
        self._has_begun = False
        self._cleaned_at: datetime | None = None
        self._clean_from: datetime | None = None
        self._expired = 0

    async def do(self, now: datetime) -> None:
        """Do all that is due at `now`."""
        now = await self._mind_the_clock(now)
        waiting = list(self._others)
        while True:
            due = await self._glance(now)
            # Between two batches of the others, however many there are: no case waits for them.
            more = CASES in due and await self._batch(*self._urgent, now)
            for step in [step for step in waiting if step[0] in due]:
                if await self._batches(*step, now):
                    more = True
                else:
                    waiting.remove(step)
            if not more:
                break
            now = now if self.watch is None else self.watch.now()
        if self._expired:
            log.warning("%d deliveries expired: they came too late to be of use", self._expired)
            self._expired = 0
        # At the end, and one batch in each tick: whoever waits for the database goes first. Nor are organizers asked
        # about what is a year old by a clock that is not believed.
        if self._may_clean(now):
            asked = await self._batch(*self._reviews, now)
            if not await self._batch("housekeeping", self._clean, now) and not asked:
                self._cleaned_at = now

    async def _glance(self, now: datetime) -> Collection[str]:
        """What is due, seen in one look that changes nothing; everything, at the first time or if it cannot be seen.

        Nearly always nothing is, and seven transactions of writers would find that out.
        """
        first, self._has_begun = not self._has_begun, True
        if first:
            return EVERYTHING
        try:
            async with self._database.read() as tx:
                seen = dict((await tx.session.execute(_glance(), {"now": now})).one()._mapping)
                seen[ROTAS] = await self._duty.is_due(tx, now=now)
        except Exception:  # whatever it is, the steps themselves tell it
            return EVERYTHING
        return {name for name, is_due in seen.items() if is_due}

    async def _batches(self, name: str, step: Step, now: datetime) -> bool:
        """Do a batch; on PostgreSQL, which works on one while it stores another, two. Whether there may be more."""
        several = AT_ONCE if self._database.is_shared and name in SIDE_BY_SIDE else 1
        return any(await asyncio.gather(*(self._batch(name, step, now) for _ in range(several))))

    async def _batch(self, name: str, step: Step, now: datetime) -> bool:
        """Do one batch; whether there may be more. A fault is told once while it lasts, and tried again by the tick."""
        try:
            async with self._database.begin() as tx:
                done = await step(tx, now)
        except Exception as error:
            if self._told.is_news(name, now):
                # Not log.exception: an error's message may hold somebody's words.
                log.error("due %s: failed, and is tried again at every tick: %s", name, where(error))
            return False
        if self._told.is_over(name):
            log.warning("due %s: works again", name)
        return done > 0

    async def _expire(self, tx: Transaction, now: datetime) -> int:
        # Of several processes one is enough, and two would wait for each other's rows.
        expired = await outbox.expire(tx, now=now) if await tx.try_alone("expiry") else 0
        self._expired += expired
        return expired

    async def _clean(self, tx: Transaction, now: datetime) -> int:
        if not await tx.try_alone("housekeeping"):
            return 0
        return await self._escalations.forget_places(tx, now=now) + await privacy.keep_no_longer(tx, now=now)

    async def _mind_the_clock(self, now: datetime) -> datetime:
        """Look whether the machine's clock was set, and put right what went by the wrong one; the time it is."""
        if self.watch is None:
            return now
        jump = self.watch.jump()
        now = self.watch.now()
        if not self._has_looked_back:
            jump += await self._since_last_time(now)
        if jump > timedelta():
            self._forward(jump)
        elif jump < timedelta():
            if self._told.is_news("clock back", self.watch.running()):
                log.warning(
                    "the clock went back by %s: what was timed by the wrong one is brought back. Turn on the machine's"
                    " time synchronisation (NTP), and let it be right before the bot starts",
                    _whole(-jump),
                )
            self._cleaned_at = None
            await clockwork.take_back(self._database, now=now, by=-jump)
        return now

    async def _since_last_time(self, now: datetime) -> timedelta:
        """How far the clock is before or behind what is stored, at the start; zero where a bot may well have been."""
        try:
            async with self._database.read() as tx:
                last = await clockwork.last_written(tx)
        except Exception as error:
            log.error("due: not known whether the clock was set while the bot was off: %s", where(error))
            return timedelta()
        self._has_looked_back = True
        jump = timedelta() if last is None else now - last
        return jump if jump < -SKEW or jump > FORWARD else timedelta()

    def _forward(self, jump: timedelta) -> None:
        """To go forward is as to have been off. But a clock that is wrong by years must not be believed at once.

        What has been kept for long enough by that clock would be deleted, and nothing brings it back.
        """
        assert self.watch is not None  # noqa: S101  who looks at a clock has one
        if jump > FORWARD:
            self._clean_from = self.watch.running() + BELIEVED_AFTER
        if self._told.is_news("clock forward", self.watch.running()):
            log.warning(
                "the clock went forward by %s, or the machine was asleep or off: what is stale now expires, the rest is"
                " done. If the clock is wrong, turn on the machine's time synchronisation (NTP)",
                _whole(jump),
            )

    def _may_clean(self, now: datetime) -> bool:
        if self._cleaned_at is not None and timedelta() <= now - self._cleaned_at < HOUSEKEEPING:
            return False
        return self.watch is None or self._clean_from is None or self.watch.running() >= self._clean_from

    async def next_at(self) -> datetime | None:
        """When something is due next; for a clock that is moved by hand."""
        async with self._database.read() as tx:
            cases = await tx.session.scalar(select(func.min(CaseRow.next_at)).where(CaseRow.open_for.is_not(None)))
            instants = [
                cases,
                await incoming.next_due(tx),
                await asking.next_due(tx),
                await reminding.next_due(tx),
                await mirroring.next_due(tx),
                await tasking.next_due(tx),
                await telling.next_due(tx),
                await self._follow_ups.next_due(tx),
                await outbox.earliest_due(tx),
            ]
        return min((instant for instant in instants if instant is not None), default=None)


@cache
def _glance() -> Select[*tuple[Any, ...]]:
    """For each kind of work that is timed by a row whether there is any."""
    timed: dict[str, Any] = {
        CASES: CaseRow,
        EVENTS: InboundEvent,
        MEETINGS: Reminder,
        TASKS: MeetingTask,
        CALENDARS: Mirror,
        CHECK_INS: CheckInSchedule,
        FOLLOW_UPS: FollowUp,
    }
    looks = [exists().where(table.next_at <= bindparam("now")).label(kind) for kind, table in timed.items()]
    return select(*looks, statements.is_expiring(bindparam("now")).label(EXPIRY))


def _whole(jump: timedelta) -> timedelta:
    """Without fractions of a second."""
    return timedelta(seconds=round(jump.total_seconds()))
