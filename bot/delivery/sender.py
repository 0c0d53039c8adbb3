"""The sender of one platform account: takes what is due from the outbox, by priority, and sends it."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from bot.core.faults import where
from bot.core.platform import NeverAgain, Platform, Receipt, SendError, TryAgain
from bot.delivery import outbox
from bot.delivery.outbox import Claimed, Priority
from bot.storage.database import Database, Transaction

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Messages under way at the same time, each to another address."""

RESERVED = 2
"""Of those, how many are kept for a crisis: slow check-ins never make a page wait."""

SEND_LIMIT = outbox.LEASE - timedelta(seconds=30)
"""How long a platform may take to send: the outcome must be stored before the lease runs out."""

TELL_AFTER = 5
"""Attempts after which a crisis delivery that still is tried again is told as a failure: about half a minute."""

SLOWEST_LOOK = timedelta(seconds=5)
"""How long a sender sleeps at most when nobody wakes it."""


class OnFailure(Protocol):
    """What else must be done, in the same transaction, when a delivery has failed for good.

    Also called once, with the `TryAgain`, for a crisis delivery that keeps failing and goes on being tried; and
    with an empty content for one that cannot be read.
    """

    async def __call__(self, tx: Transaction, failed: Claimed, error: SendError, *, now: datetime) -> None:
        """React to the failure."""


class Sender:
    """Sends one platform's deliveries until stopped. `send_limit` is how long the platform may take for one."""

    def __init__(
        self,
        database: Database,
        platform: Platform,
        now: Callable[[], datetime],
        on_failure: OnFailure,
        *,
        send_limit: timedelta = SEND_LIMIT,
    ) -> None:
        self._database = database
        self._platform = platform
        self._now = now
        self._on_failure = on_failure
        self._send_limit = send_limit
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._calm: set[str] = set()
        """The busy addresses that are not written to in a crisis."""
        self._sending: set[asyncio.Task[Receipt]] = set()
        self._looking = asyncio.Lock()
        self._woken = asyncio.Event()
        self._stopped = False

    def wake(self) -> None:
        """Look at the outbox now."""
        self._woken.set()

    async def hurry(self) -> None:
        """The platform can be reached again: try at once what waits for its next attempt in a crisis."""
        async with self._database.begin() as tx:
            await outbox.hurry(tx, self._platform.name, now=self._now())
        self.wake()

    async def run(self) -> None:
        """Send whatever becomes due until `stop`; a fault of the database is logged and tried again."""
        while not self._stopped:
            try:
                await self._send_due()
            except Exception as error:
                log.error("outbox of %s: no look: %s", self._platform.name, where(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), SLOWEST_LOOK.total_seconds())
            self._woken.clear()

    async def stop(self, *, patience: timedelta) -> None:
        """Send what is due, but for no longer than `patience`; what is left goes out after the next start.

        Nothing is cut off in the middle of a transaction: only the waiting for a platform is cancelled.
        """
        draining = asyncio.create_task(self.drain(), name=f"last words on {self._platform.name}")
        await asyncio.wait({draining}, timeout=patience.total_seconds())
        self._stopped = True
        self._woken.set()
        for task in self._sending:
            task.cancel()
        await asyncio.wait({draining})
        if (error := draining.exception()) is not None:
            log.error("outbox of %s: not emptied: %s", self._platform.name, where(error))
        async with self._looking:
            pass  # a look that was under way may have taken one more; `_attempt` gives it back
        if self._busy:
            await asyncio.wait(self._busy.values())

    async def drain(self) -> None:
        """Send all that is due at this moment, each once, and return when that is done."""
        due_by = self._now()
        while await self._send_due(due_by) or self._busy:
            if self._busy:
                await asyncio.wait(self._busy.values(), return_when=asyncio.FIRST_COMPLETED)

    async def _send_due(self, due_by: datetime | None = None) -> int:
        """Start sending what is due, as far as there is room; how many were started."""
        started = 0
        async with self._looking:
            while not self._stopped and len(self._busy) < AT_ONCE:
                claimed = await self._claim(due_by)
                if claimed is None:
                    break
                task = asyncio.create_task(self._send(claimed), name=f"delivery {claimed.id}")
                self._busy[claimed.to.id] = task
                if claimed.priority is not Priority.CRISIS:
                    self._calm.add(claimed.to.id)
                task.add_done_callback(partial(self._finished, claimed.to.id))
                started += 1
        return started

    async def _claim(self, due_by: datetime | None) -> Claimed | None:
        """Take the next delivery; in the room that is reserved, only a crisis."""
        now = self._now()
        async with self._database.begin() as tx:
            return await outbox.claim(
                tx,
                self._platform.name,
                now=now,
                busy=set(self._busy),
                due_by=due_by,
                lowest=Priority.CHECK_IN if len(self._calm) < AT_ONCE - RESERVED else Priority.CRISIS,
                on_unreadable=partial(self._unreadable, tx, now),
            )

    async def _unreadable(self, tx: Transaction, now: datetime, claimed: Claimed) -> None:
        log.error("delivery %d: given up, its stored content cannot be opened", claimed.id)
        await self._tell(tx, claimed, NeverAgain(outbox.UNREADABLE), now=now)

    def _finished(self, address: str, task: asyncio.Task[None]) -> None:
        del self._busy[address]
        self._calm.discard(address)
        if not task.cancelled() and (error := task.exception()) is not None:
            # The outcome could not be written down: the lease runs out, and it is sent again under the same key.
            log.error("%s: its outcome was not stored (%s)", task.get_name(), type(error).__name__)
        self._woken.set()

    async def _send(self, claimed: Claimed) -> None:
        try:
            receipt = await self._attempt(claimed)
        except SendError as error:
            await self._failed(claimed, error)
        except asyncio.CancelledError:
            await self._failed(claimed, TryAgain("the bot was stopped"))
        except Exception as error:
            # An adapter's own mistake: never lost, tried again, and visible.
            log.error("delivery %d: the adapter failed: %s", claimed.id, where(error))
            await self._failed(claimed, TryAgain(type(error).__name__))
        else:
            async with self._database.begin() as tx:
                await outbox.mark_sent(tx, claimed.id, receipt.message_id, now=self._now())

    async def _attempt(self, claimed: Claimed) -> Receipt:
        """Let the platform send it, as a task of its own: that is all of it that may be cancelled."""
        if self._stopped:
            raise TryAgain("the bot was stopped")
        sending = self._platform.send(claimed.to, claimed.content, claimed.key, retried=claimed.attempts > 1)
        task = asyncio.ensure_future(sending)
        self._sending.add(task)
        task.add_done_callback(self._sent)
        done, _late = await asyncio.wait({task}, timeout=self._send_limit.total_seconds())
        if not done:
            task.cancel()  # and not waited for: an adapter that hangs may hang in its cleaning up, too
            raise TryAgain("timed out")
        return task.result()

    def _sent(self, task: asyncio.Task[Receipt]) -> None:
        self._sending.discard(task)
        if not task.cancelled():
            task.exception()  # was looked at, also where it came too late for `_attempt`

    async def _failed(self, claimed: Claimed, error: SendError) -> None:
        now = self._now()
        in_crisis = claimed.priority is Priority.CRISIS
        async with self._database.begin() as tx:
            if not isinstance(error, TryAgain) or (claimed.attempts >= outbox.MAX_ATTEMPTS and not in_crisis):
                await outbox.mark_failed(tx, claimed.id, str(error))
                log.error("delivery %d: given up (%s)", claimed.id, error)
                await self._on_failure(tx, claimed, error, now=now)
                return
            due_at = outbox.next_attempt(claimed.attempts, claimed.priority, now=now, after=error.after)
            if not await outbox.put_back(tx, claimed.id, str(error), due_at=due_at):
                log.info("delivery %d: not sent (%s), and not needed any more", claimed.id, error)
                return
            log.warning("delivery %d: not sent (%s), again at %s", claimed.id, error, due_at)
            if in_crisis and claimed.attempts == TELL_AFTER:
                await self._tell(tx, claimed, error, now=now)

    async def _tell(self, tx: Transaction, claimed: Claimed, error: SendError, *, now: datetime) -> None:
        """Call `on_failure` so that its own fault undoes nothing of what the sender stores with it."""
        try:
            async with tx.session.begin_nested():
                await self._on_failure(tx, claimed, error, now=now)
        except Exception as fault:
            log.error("delivery %d: its failure could not be told: %s", claimed.id, where(fault))
