"""The ticker: APScheduler wakes named jobs at intervals; the database, not the scheduler, knows what is due."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from bot.core.faults import where
from bot.scheduling.clock import system_now

log = logging.getLogger(__name__)

Job = Callable[[], Awaitable[object]]

LATE = timedelta(seconds=1)
"""How much later than one interval from now a job's next call may be planned before it is called at once."""


class _FromNow(BaseTrigger):  # type: ignore[misc]  # APScheduler 3 has no types
    """One interval from now, whenever the last call was.

    APScheduler's own interval trigger counts every call that was missed, one by one, although they are coalesced:
    after a clock without a battery has come from 1970 to today, second by second, that takes all memory there is.
    """

    def __init__(self, interval: timedelta) -> None:
        self._interval = interval

    def get_next_fire_time(self, _previous_fire_time: datetime | None, now: datetime) -> datetime:
        """APScheduler asks for this."""
        return now + self._interval


class Ticker:
    """Calls jobs again and again; one that is still running is not started twice, a failing one is logged.

    APScheduler plans by the machine's clock, `now`. If that is set back, the next call lies as far ahead as it went
    back, and nothing would be done till then. So a task that waits by the event loop's own time, which nobody sets,
    brings such a call forward.
    """

    def __init__(self, now: Callable[[], datetime] = system_now) -> None:
        self._now = now
        self._running: set[asyncio.Future[object]] = set()
        self._intervals: dict[str, timedelta] = {}
        self._watching: asyncio.Task[None] | None = None
        # Coalescing and no grace time: after a pause a job runs once, however late, because what is due waits
        # in the database and not here.
        self._scheduler = AsyncIOScheduler(
            timezone="UTC",
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )

    def every(self, interval: timedelta, job: Job, name: str) -> None:
        """Call `job` every `interval`, the first time when one has passed."""
        self._intervals[name] = interval
        self._scheduler.add_job(self._guarded, _FromNow(interval), args=(job, name), id=name)

    def start(self) -> None:
        """Begin; needs a running event loop."""
        # Below, it warns at every tick that the last one still runs, as while the database is locked.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler.start()
        self._watching = asyncio.create_task(self._watch(), name="watch over the ticker")

    async def stop(self) -> None:
        """Start no further job, and wait for the one that runs: it is not cut off in the middle."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        if self._scheduler.running:
            self._scheduler.pause()
            await asyncio.gather(*self._running, return_exceptions=True)
            self._scheduler.shutdown(wait=False)

    async def _watch(self) -> None:
        shortest = min(self._intervals.values(), default=LATE)
        while True:
            await asyncio.sleep(shortest.total_seconds())
            try:
                self._bring_forward()
            except Exception as error:
                log.error("ticker: its plan could not be looked at: %s", where(error))

    def _bring_forward(self) -> None:
        now = self._now()
        for name, interval in self._intervals.items():
            job = self._scheduler.get_job(name)
            if job is not None and job.next_run_time is not None and job.next_run_time > now + interval + LATE:
                job.modify(next_run_time=now)

    async def _guarded(self, job: Job, name: str) -> None:
        running = asyncio.ensure_future(job())
        self._running.add(running)
        try:
            await running
        except Exception as error:
            log.error("ticker: %s failed and will be tried again: %s", name, where(error))
        finally:
            self._running.discard(running)
