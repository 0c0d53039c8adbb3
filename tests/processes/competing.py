"""Competing for ownership in this process, fast."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from sqlalchemy import text

from bot.scheduling.clock import system_now
from bot.storage.database import Database
from bot.storage.ownership import Ownership, Pace

QUICK = Pace(beat=timedelta(seconds=0.05), patience=timedelta(seconds=20), silence=timedelta(seconds=30))

PATIENCE = 60.0
"""Seconds: what takes a standby less than one, even on a busy machine."""


def nothing() -> None:
    """Nobody waits for what others put in."""


@asynccontextmanager
async def competing(
    database: Database, *, wake: Callable[[], None] = nothing, pace: Pace = QUICK
) -> AsyncIterator[Ownership]:
    """What a process competes with; at the end of the block it dies."""
    ownership = Ownership(database, system_now, wake, pace=pace)
    running = asyncio.create_task(ownership.run())
    try:
        yield ownership
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def end_sessions(database: Database, *, owner: bool = False) -> int:
    """Let PostgreSQL end the sessions of this database, or only the one that owns something; how many."""
    which = (
        "pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted)"
        if owner
        else "pid <> pg_backend_pid()"
    )
    query = (
        f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND {which}"  # noqa: S608  our own words
    )
    async with database.engine.connect() as connection:
        return int((await connection.execute(text(query))).scalar_one())
