"""The ticker: APScheduler wakes named jobs at intervals; the database, not the scheduler, knows what is due."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.core.faults import where

log = logging.getLogger(__name__)

Job = Callable[[], Awaitable[object]]


class Ticker:
    """Calls jobs again and again; one that is still running is not started twice, a failing one is logged."""

    def __init__(self) -> None:
        self._running: set[asyncio.Future[object]] = set()
        # Coalescing and no grace time: after a pause a job runs once, however late, because what is due waits
        # in the database and not here.
        self._scheduler = AsyncIOScheduler(
            timezone="UTC",
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )

    def every(self, interval: timedelta, job: Job, name: str) -> None:
        """Call `job` every `interval`, the first time when one has passed."""
        self._scheduler.add_job(self._guarded, "interval", seconds=interval.total_seconds(), args=(job, name), id=name)

    def start(self) -> None:
        """Begin; needs a running event loop."""
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        self._scheduler.start()

    async def stop(self) -> None:
        """Start no further job, and wait for the one that runs: it is not cut off in the middle."""
        if self._scheduler.running:
            self._scheduler.pause()
            await asyncio.gather(*self._running, return_exceptions=True)
            self._scheduler.shutdown(wait=False)

    async def _guarded(self, job: Job, name: str) -> None:
        running = asyncio.ensure_future(job())
        self._running.add(running)
        try:
            await running
        except Exception as error:
            log.error("ticker: %s failed and will be tried again: %s", name, where(error))
        finally:
            self._running.discard(running)
