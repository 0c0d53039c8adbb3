"""The sender of one platform account: takes what is due from the outbox, by priority, and sends it."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from bot.core.faults import where
from bot.core.platform import Platform, Receipt, SendError, TryAgain
from bot.delivery import outbox
from bot.delivery.outbox import Claimed, Priority
from bot.storage.database import Database, Transaction

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Messages under way at the same time, each to another address."""

SLOWEST_LOOK = timedelta(seconds=5)
"""How long a sender sleeps at most when nobody wakes it."""


class OnFailure(Protocol):
    """What else must be done, in the same transaction, when a delivery has failed for good."""

    async def __call__(self, tx: Transaction, failed: Claimed, error: SendError, *, now: datetime) -> None:
        """React to the failure."""


class Sender:
    """Sends one platform's deliveries until cancelled."""

    def __init__(
        self, database: Database, platform: Platform, now: Callable[[], datetime], on_failure: OnFailure
    ) -> None:
        self._database = database
        self._platform = platform
        self._now = now
        self._on_failure = on_failure
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._sending: set[asyncio.Task[Receipt]] = set()
        self._looking = asyncio.Lock()
        self._woken = asyncio.Event()
        self._stopped = False

    def wake(self) -> None:
        """Look at the outbox now."""
        self._woken.set()

    async def run(self) -> None:
        """Send whatever becomes due until `stop`; a fault of the database is logged and tried again."""
        while not self._stopped:
            try:
                await self._send_due()
            except Exception as error:
                log.error("outbox of %s: no look: %s", self._platform.name, where(error))  # noqa: TRY400
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), SLOWEST_LOOK.total_seconds())
            self._woken.clear()

    async def stop(self, *, patience: timedelta) -> None:
        """Send what is due, but for no longer than `patience`; what is left goes out after the next start.

        Nothing is cut off in the middle of a transaction: only the waiting for a platform is cancelled.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience.total_seconds()):
                await self.drain()
        self._stopped = True
        self._woken.set()
        for task in self._sending:
            task.cancel()
        if self._busy:
            await asyncio.wait(self._busy.values())

    async def drain(self) -> None:
        """Send all that is due now, and return when it is sent."""
        while await self._send_due() or self._busy:
            if self._busy:
                await asyncio.wait(self._busy.values(), return_when=asyncio.FIRST_COMPLETED)

    async def _send_due(self) -> int:
        """Start sending what is due, as far as there is room; how many were started."""
        started = 0
        async with self._looking:
            while len(self._busy) < AT_ONCE:
                async with self._database.begin() as tx:
                    claimed = await outbox.claim(tx, self._platform.name, now=self._now(), busy=set(self._busy))
                if claimed is None:
                    break
                task = asyncio.create_task(self._send(claimed), name=f"delivery {claimed.id}")
                self._busy[claimed.to.id] = task
                task.add_done_callback(partial(self._finished, claimed.to.id))
                started += 1
        return started

    def _finished(self, address: str, task: asyncio.Task[None]) -> None:
        del self._busy[address]
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
            log.error("delivery %d: the adapter failed: %s", claimed.id, where(error))  # noqa: TRY400
            await self._failed(claimed, TryAgain(type(error).__name__))
        else:
            async with self._database.begin() as tx:
                await outbox.mark_sent(tx, claimed.id, receipt.message_id, now=self._now())

    async def _attempt(self, claimed: Claimed) -> Receipt:
        """Let the platform send it, as a task of its own: that is all of it that may be cancelled."""
        sending = self._platform.send(claimed.to, claimed.content, claimed.key, retried=claimed.attempts > 1)
        task = asyncio.ensure_future(sending)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        return await task

    async def _failed(self, claimed: Claimed, error: SendError) -> None:
        now = self._now()
        async with self._database.begin() as tx:
            if isinstance(error, TryAgain) and (
                claimed.attempts < outbox.MAX_ATTEMPTS or claimed.priority is Priority.CRISIS
            ):
                due_at = outbox.next_attempt(claimed.attempts, now=now, after=error.after)
                await outbox.put_back(tx, claimed.id, str(error), due_at=due_at)
                log.warning("delivery %d: not sent (%s), again at %s", claimed.id, error, due_at)
                return
            await outbox.mark_failed(tx, claimed.id, str(error))
            log.error("delivery %d: given up (%s)", claimed.id, error)
            await self._on_failure(tx, claimed, error, now=now)
