"""The sender of one platform account: takes what is due from the outbox, by priority, and sends it."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from bot.core.faults import Told, where
from bot.core.platform import NeverAgain, NotConnected, Platform, Receipt, SendError, TryAgain
from bot.delivery import outbox
from bot.delivery.outbox import Claimed, Look, Priority, Room
from bot.delivery.redrawing import with_picture
from bot.delivery.statements import LOST
from bot.delivery.waiting import PLACED, RELAYED
from bot.storage.database import Database, Transaction

log = logging.getLogger(__name__)

RESERVED = 2
"""Of what a platform takes at the same time, how much is kept for a crisis: slow check-ins never make a page wait."""

SEND_LIMIT = outbox.LEASE - timedelta(seconds=30)
"""How long a platform may take to send: the outcome must be stored before the lease runs out."""

TELL_AFTER = 5
"""Attempts after which a crisis delivery that still is tried again is told as a failure: about half a minute."""

SLOWEST_LOOK = timedelta(seconds=5)
"""How long a sender sleeps at most when nobody wakes it."""

GATHERING = timedelta(milliseconds=100)
"""How long a sender waits for more outcomes when one has come, if nobody wakes it: a turn then stores several."""

GATHERED = 4
"""A turn begins without waiting further when one in so many of what a platform takes at the same time has ended."""

UNCONNECTED = timedelta(seconds=10)
"""Until what is not urgent is tried again where the platform was not connected. In a crisis each time counts, so that
others are told of it."""

APART = timedelta(minutes=1)
"""For how long only turns claim after a claim has failed within a transaction that decided something: the connection
may be gone with it, and what was decided is then done again. The claim must not fail it again."""

LOST_LOOK = outbox.LEASE / 8
"""How often a sender looks for what another one had begun when it died."""

UNTOLD = timedelta(minutes=1)
"""When a delivery is tried again that has failed for good, where those who should know could not be told."""


class OnFailure(Protocol):
    """What else must be done, in the same transaction, when a delivery has failed for good.

    Also called once, with the `TryAgain`, for a crisis delivery that keeps failing and goes on being tried (again where
    that raised); and with an empty content for one that cannot be read.
    """

    async def __call__(self, tx: Transaction, failed: Claimed, error: SendError, *, now: datetime) -> None:
        """React to the failure."""


class OnArrival(Protocol):
    """What else must be done, in the same transaction, when a message of a relay, or to a place apart, has arrived."""

    async def __call__(self, tx: Transaction, arrived: Claimed, receipt: Receipt, *, now: datetime) -> None:
        """React to the arrival."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How sending has ended: a receipt, or why there is none."""

    claimed: Claimed
    result: Receipt | SendError


class Sender:
    """Sends one platform's deliveries until stopped. `send_limit` is how long the platform may take for one.

    Its work is a row of turns. A turn is one transaction: it stores how earlier deliveries have ended, and claims as
    many new ones as there is room for. So a slow disk makes the turns rarer and larger, not the sending slower.
    """

    def __init__(
        self,
        database: Database,
        platform: Platform,
        now: Callable[[], datetime],
        on_failure: OnFailure,
        *,
        on_arrival: OnArrival | None = None,
        send_limit: timedelta = SEND_LIMIT,
    ) -> None:
        self._database = database
        self._platform = platform
        self._now = now
        self._on_failure = on_failure
        self._on_arrival = on_arrival
        self._send_limit = send_limit
        self._in_hand: dict[int, Claimed] = {}
        """By id, until its outcome is stored: what goes to the same address waits for that."""
        self._outcomes: list[_Outcome] = []
        self._under_way: set[asyncio.Task[None]] = set()
        self._sending: set[asyncio.Task[Receipt]] = set()
        self._turning = asyncio.Lock()
        self._woken = asyncio.Event()
        self._ended = asyncio.Event()
        """Set when a delivery has ended; unlike `_woken` it can wait a little."""
        self._lost_look: datetime | None = None
        self._orphans = False
        """Whether what is under way, and not in hand here, is to be released, whatever its lease."""
        self._hurried = False
        self._apart_since: datetime | None = None
        """When a claim has failed that was no turn's."""
        self._told = Told()
        self._reasons: set[str] = set()
        """Why deliveries were not sent since one was."""
        self._runs = False
        self._stopped = False

    def wake(self) -> None:
        """Look at the outbox now."""
        self._woken.set()

    def hurry(self) -> None:
        """The platform can be reached again: try at once what waits for its next attempt in a crisis."""
        self._hurried = True
        self.wake()

    async def run(self) -> None:
        """Send whatever becomes due until `stop`; a fault of the database is logged and tried again.

        Only the owner of the platform's connection runs a sender, so what was under way before was somebody's who is
        gone: it goes out again at once, and does not wait for its lease to end.
        """
        self._orphans = True
        self._runs = True
        while not self._stopped:
            self._woken.clear()
            self._ended.clear()
            try:
                await self._turn()
            except Exception as error:
                # Of a commit without an answer nobody knows whether it claimed something.
                self._orphans = True
                if self._told.is_news("turn", self._now()):
                    log.error(
                        "outbox of %s: the database does not do its work, and nothing can be sent until it does;"
                        " see whether its disk is full and whether it runs: %s",
                        self._platform.name,
                        where(error),
                    )
                await _first_of(SLOWEST_LOOK, self._woken)
            else:
                if self._told.is_over("turn"):
                    log.warning("outbox of %s: the database works again", self._platform.name)
                if await _first_of(SLOWEST_LOOK, self._woken, self._ended):
                    await self._gather()

    async def _gather(self) -> None:
        """Give others that are under way a moment to end, too: turns are fewer, and whoever wakes us finds us free."""
        enough = self._platform.at_once // GATHERED
        try:
            async with asyncio.timeout(GATHERING.total_seconds()):
                while len(self._outcomes) < enough and self._under_way and not self._woken.is_set():
                    self._ended.clear()
                    await _first_of(GATHERING, self._woken, self._ended)
        except TimeoutError:
            return

    async def stop(self, *, patience: timedelta) -> None:
        """Send what is due, but for no longer than `patience`; what is left goes out after the next start.

        Nothing is cut off in the middle of a transaction: only the waiting for a platform is cancelled.
        """
        draining = self._draining()
        await asyncio.wait({draining}, timeout=patience.total_seconds())
        self._stopped = True
        self._woken.set()
        for task in self._sending:
            task.cancel()
        await asyncio.wait({draining})
        # Somebody may have begun to claim as that ended: what they have is given back when their transaction is over.
        giving_back = self._draining()
        await asyncio.wait({giving_back})
        for ended in (draining, giving_back):
            if (error := ended.exception()) is not None:
                log.error("outbox of %s: not emptied: %s", self._platform.name, where(error))

    def _draining(self) -> asyncio.Task[None]:
        return asyncio.create_task(self.drain(), name=f"last words on {self._platform.name}")

    async def drain(self) -> None:
        """Send all that is due at this moment, each once, and return when that is done and stored."""
        due_by = self._now()
        while await self._turn(due_by) or self._under_way or self._outcomes:
            if self._under_way and not self._outcomes:
                await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)

    async def _turn(self, due_by: datetime | None = None) -> bool:
        """Store the outcomes there are, and start sending what is due; whether anything was, or there may be more."""
        async with self._turning:
            outcomes = tuple(self._outcomes)
            ended = {outcome.claimed.id for outcome in outcomes}
            busy = {id_: claimed for id_, claimed in self._in_hand.items() if id_ not in ended}
            room = self._room(busy)
            if not outcomes and room.all == 0:
                return False
            now = self._now()
            async with self._database.begin() as tx:
                await self._store(tx, outcomes, now=now)
                await self._release_lost(tx, now=now)
                if self._hurried:
                    await outbox.hurry(tx, self._platform.name, now=now)
                look = await self._claim(tx, room, due_by, now=now) if room.all else Look()
            self._orphans = self._hurried = False
            del self._outcomes[: len(outcomes)]
            self._in_hand = busy | {each.id: each for each in look.claimed}
        self._begin(look)
        return bool(look.claimed) or look.unfinished

    def _begin(self, look: Look) -> None:
        """Send what was claimed."""
        for each in look.claimed:
            task = asyncio.create_task(self._send(each), name=f"delivery {each.id}")
            self._under_way.add(task)
            task.add_done_callback(self._finished)
        if look.unfinished:
            self.wake()

    async def claim_with(self, tx: Transaction) -> None:
        """Claim what is due in a transaction that has put something there, so that it goes out as soon as it is stored.

        If a turn is under way nothing is done here: that transaction waits for the database, perhaps for this one.
        A fault here undoes nothing: the next turn claims it. If it has cost the connection, the transaction is lost;
        when what it decided is done again, nothing is claimed with it.
        """
        if self._stopped or not self._runs or self._orphans or self._is_apart():
            return
        if not await self._has_turn_at_once():
            return
        claimed = Look()
        try:
            claimed = await self._claim_in(tx)
        except Exception as error:
            self._apart_since = self._now()
            self._orphans = True  # on SQLite it may be claimed all the same
            log.warning("outbox of %s: claimed by the next turn: %s", self._platform.name, where(error))
        finally:
            tx.at_end(partial(self._claimed_with, claimed))

    async def _claim_in(self, tx: Transaction) -> Look:
        room = self._room(self._in_hand)
        new = outbox.put_in_crisis(tx, self._platform.name)
        if not self._in_hand and new and len(new) <= room.all:
            # Nobody else waits: it need not be found out what goes first. On SQLite a statement undoes itself.
            async with tx.session.begin_nested() if tx.is_shared else contextlib.nullcontext():
                now = self._now()
                tell = partial(self._unreadable, tx, now)
                return await outbox.claim_new(tx, self._platform.name, new, now=now, on_unreadable=tell)
        if not room.all:
            return Look()
        async with tx.session.begin_nested():
            return await self._claim(tx, room, None, now=self._now())

    def _is_apart(self) -> bool:
        return self._apart_since is not None and timedelta() <= self._now() - self._apart_since < APART

    async def _has_turn_at_once(self) -> bool:
        """Take the turn if nobody has it or waits for it."""
        try:
            async with asyncio.timeout(0):
                await self._turning.acquire()
        except TimeoutError:
            return False
        return True

    def _claimed_with(self, look: Look, is_stored: bool) -> None:
        self._turning.release()
        if is_stored:
            self._in_hand |= {each.id: each for each in look.claimed}
            self._begin(look)
        elif look.claimed:
            self._orphans = True
            self.wake()

    async def _release_lost(self, tx: Transaction, *, now: datetime) -> None:
        if not self._orphans and self._lost_look is not None and timedelta() <= now - self._lost_look < LOST_LOOK:
            return
        platform = self._platform
        mine = set(self._in_hand) if self._orphans else None
        recognised = platform.recognises
        for failed in await outbox.release_lost(tx, platform.name, recognised=recognised, now=now, all_but=mine):
            log.error("delivery %d: given up, its sender died twice", failed.id)
            await self._tell(tx, failed, NeverAgain(LOST), now=now)
        self._lost_look = now

    def _room(self, busy: dict[int, Claimed]) -> Room:
        if self._stopped:
            return Room(all=0, calm=0)
        in_crisis = [claimed.to.id for claimed in busy.values() if claimed.priority is Priority.CRISIS]
        at_once = self._platform.at_once
        return Room(
            all=max(0, at_once - len(busy)),
            calm=max(0, at_once - RESERVED - (len(busy) - len(in_crisis))),
            busy={claimed.to.id for claimed in busy.values()},
            busy_in_crisis=in_crisis,
        )

    async def _claim(self, tx: Transaction, room: Room, due_by: datetime | None, *, now: datetime) -> Look:
        tell = partial(self._unreadable, tx, now)
        return await outbox.claim(tx, self._platform.name, room, now=now, due_by=due_by, on_unreadable=tell)

    async def _unreadable(self, tx: Transaction, now: datetime, claimed: Claimed) -> None:
        log.error("delivery %d: given up, its stored content cannot be opened", claimed.id)
        await self._tell(tx, claimed, NeverAgain(outbox.UNREADABLE), now=now)

    # One delivery

    async def _send(self, claimed: Claimed) -> None:
        result: Receipt | SendError
        try:
            result = await self._attempt(claimed)
        except SendError as error:
            result = error
        except asyncio.CancelledError:
            result = TryAgain("the bot was stopped")
        except Exception as error:
            # An adapter's own mistake: never lost, tried again, and visible.
            log.error("delivery %d: the adapter failed: %s", claimed.id, where(error))
            result = TryAgain(type(error).__name__)
        self._outcomes.append(_Outcome(claimed, result))

    async def _attempt(self, claimed: Claimed) -> Receipt:
        """Let the platform send it, as a task of its own: that is all of it that may be cancelled."""
        if self._stopped:
            raise TryAgain("the bot was stopped")
        task = asyncio.ensure_future(self._sent_by_platform(claimed))
        self._sending.add(task)
        task.add_done_callback(self._sent)
        done, _late = await asyncio.wait({task}, timeout=self._send_limit.total_seconds())
        if not done:
            task.cancel()  # and not waited for: an adapter that hangs may hang in its cleaning up, too
            raise TryAgain("timed out")
        return task.result()

    async def _sent_by_platform(self, claimed: Claimed) -> Receipt:
        urgent = claimed.priority is Priority.CRISIS
        receipt = await self._platform.send(
            claimed.to, claimed.content, claimed.key, retried=claimed.attempts > 1, urgent=urgent
        )
        return await with_picture(receipt, claimed.content.fetch)

    def _sent(self, task: asyncio.Task[Receipt]) -> None:
        self._sending.discard(task)
        if not task.cancelled():
            task.exception()  # was looked at, also where it came too late for `_attempt`

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._ended.set()

    # Outcomes

    async def _store(self, tx: Transaction, outcomes: tuple[_Outcome, ...], *, now: datetime) -> None:
        arrived = {o.claimed.id: o.result.message_id for o in outcomes if isinstance(o.result, Receipt)}
        await outbox.mark_sent(tx, arrived, now=now)
        if arrived and self._reasons:
            tx.after_commit(self._say_sent_again)
        for outcome in outcomes:
            if outcome.claimed.case_id is not None and isinstance(outcome.result, Receipt):
                await self._say_arrived(tx, outcome.claimed, outcome.result, now=now)
            if isinstance(outcome.result, SendError):
                await self._failed(tx, outcome.claimed, outcome.result, now=now)

    async def _failed(self, tx: Transaction, claimed: Claimed, error: SendError, *, now: datetime) -> None:
        in_crisis = claimed.priority is Priority.CRISIS
        if isinstance(error, NotConnected) and not in_crisis:
            due_at = now + UNCONNECTED
            await outbox.put_back(tx, claimed, str(error), due_at=due_at, was_attempt=False)
            tx.after_commit(partial(self._say_not_sent, claimed, str(error), due_at, now))
            return
        if not isinstance(error, TryAgain) or (claimed.attempts >= outbox.MAX_ATTEMPTS and not in_crisis):
            await outbox.mark_failed(tx, claimed, str(error))
            tx.after_commit(partial(log.error, "delivery %d: given up (%s)", claimed.id, error))
            if not await self._tell(tx, claimed, error, now=now):
                await outbox.put_back(tx, claimed, str(error), due_at=now + UNTOLD)
            return
        due_at = outbox.next_attempt(claimed.attempts, claimed.priority, now=now, after=error.after)
        if not await outbox.put_back(tx, claimed, str(error), due_at=due_at):
            tx.after_commit(partial(log.info, "delivery %d: not sent (%s), and not needed now", claimed.id, error))
            return
        tx.after_commit(partial(self._say_not_sent, claimed, str(error), due_at, now))
        is_due = in_crisis and claimed.attempts >= TELL_AFTER and not claimed.is_told
        if is_due and await self._tell(tx, claimed, error, now=now):
            await outbox.mark_told(tx, claimed, str(error))

    def _say_not_sent(self, claimed: Claimed, reason: str, due_at: datetime, now: datetime) -> None:
        """Log it, but of many that fail for the same reason only the first."""
        self._reasons.add(reason)
        name = self._platform.name
        if self._told.is_news(reason, now):
            log.warning("%s: delivery %d was not sent (%s), again at %s", name, claimed.id, reason, due_at)
        else:
            log.debug("%s: delivery %d was not sent (%s), again at %s", name, claimed.id, reason, due_at)

    def _say_sent_again(self) -> None:
        over = [reason for reason in self._reasons if self._told.is_over(reason)]
        self._reasons.clear()
        if over:
            log.warning(
                "%s: messages arrive again; what was in the way: %s", self._platform.name, "; ".join(sorted(over))
            )

    async def _say_arrived(self, tx: Transaction, claimed: Claimed, receipt: Receipt, *, now: datetime) -> None:
        """Call `on_arrival` for a message of a relay, or of a place; its fault undoes nothing: the message is there."""
        if self._on_arrival is None or not (RELAYED in claimed.key or PLACED in claimed.key):
            return
        try:
            async with tx.session.begin_nested():
                await self._on_arrival(tx, claimed, receipt, now=now)
        except Exception as fault:
            log.error("delivery %d: its arrival could not be shown: %s", claimed.id, where(fault))

    async def _tell(self, tx: Transaction, claimed: Claimed, error: SendError, *, now: datetime) -> bool:
        """Call `on_failure`, so that its own fault undoes nothing of what is stored with it; False for a fault."""
        try:
            async with tx.session.begin_nested():
                await self._on_failure(tx, claimed, error, now=now)
        except Exception as fault:
            log.error("delivery %d: its failure could not be told: %s", claimed.id, where(fault))
            return False
        return True


async def _first_of(patience: timedelta, *events: asyncio.Event) -> bool:
    """Wait until one of the events is set, but for no longer than `patience`; whether one is."""
    if not any(event.is_set() for event in events):
        waiting = [asyncio.ensure_future(event.wait()) for event in events]
        try:
            await asyncio.wait(waiting, timeout=patience.total_seconds(), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
    return any(event.is_set() for event in events)
