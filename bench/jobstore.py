"""The same through APScheduler's own SQLAlchemyJobStore: one job for each member, as its users write it."""

import asyncio
from datetime import timedelta
from time import perf_counter
from typing import Any

from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import Engine, create_engine, event

from bench.databases import fresh, scratch
from bench.due import waiting
from bench.people import FIRST_ACCOUNT
from bench.report import Row, at_least, progress, told
from bench.stalls import Stalls
from bot.core.platform import Address
from bot.core.words import ENGLISH
from bot.delivery import outbox
from bot.delivery.outbox import Message, Priority
from bot.scheduling.clock import system_now
from bot.services.asking import prompt
from bot.storage.database import Database

JOBS = 5000
TIMES_FASTER = 50.0

_databases: list[Database] = []
"""Where the jobs put their check-ins: a job store can only call what it can import."""


async def measure(ours: float, jobs: int = JOBS) -> list[Row]:
    """`ours`: check-ins per second of the bot's own way, on SQLite."""
    progress(f"APScheduler's SQLAlchemyJobStore on SQLite: {jobs:,} jobs due at the same minute")
    async with fresh("SQLite") as database:
        _databases[:] = [database]
        rate, stall = await _fire(database, jobs)
    return [
        told(f"APScheduler's SQLAlchemyJobStore on SQLite: {jobs:,} jobs, due → in the outbox", rate, "/s"),
        told("the same: longest stall of the event loop meanwhile", 1000 * stall, "ms"),
        at_least("SQLite: due → in the outbox, as a multiple of that", ours / rate, "×", TIMES_FASTER),
    ]


async def ask(member: int) -> None:
    """The job: put the member's check-in into the outbox."""
    now = system_now()
    message = Message(
        key=f"checkin:{member}",
        to=Address(platform="discord", kind="direct", id=str(FIRST_ACCOUNT + member)),
        content=prompt().rendered(ENGLISH),
        priority=Priority.CHECK_IN,
        due_at=now,
    )
    async with _databases[0].begin() as tx:
        await outbox.enqueue(tx, message, now=now)


async def _fire(database: Database, jobs: int) -> tuple[float, float]:
    """Jobs per second, and the longest stall in seconds."""
    with scratch() as folder:
        engine = _engine(f"sqlite:///{folder}/jobs.db")
        scheduler = AsyncIOScheduler(
            timezone="UTC",
            jobstores={"default": SQLAlchemyJobStore(engine=engine)},
            job_defaults={"coalesce": True, "misfire_grace_time": None},
        )
        scheduler.start(paused=True)
        due = system_now() - timedelta(minutes=1)
        for member in range(jobs):
            trigger = IntervalTrigger(days=1, start_date=due, timezone="UTC")
            scheduler.add_job(ask, trigger, args=(member,), id=f"checkin-{member}", next_run_time=due)
        async with Stalls() as stalls:
            began = perf_counter()
            scheduler.resume()
            while await waiting(database) < jobs:
                await asyncio.sleep(0.01)
            took = perf_counter() - began
        scheduler.shutdown(wait=False)
        await asyncio.sleep(0)  # it ends in the loop's next round
        engine.dispose()
    return jobs / took, stalls.worst


def _engine(url: str) -> Engine:
    """With the settings of the bot's own database: a rollback journal, the default, would be slower still."""
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")

    return engine
