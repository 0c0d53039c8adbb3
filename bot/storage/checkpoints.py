"""SQLite's write-ahead log is carried over into the database file beside the work, not in the middle of it.

By itself SQLite does it in whichever commit finds the log long enough, and that commit then waits for two more
flushes of the disk: some tenths of a second, in which a page could not be stored.
https://www.sqlite.org/wal.html, "Application-Initiated Checkpoints".
"""

import asyncio
import logging

import aiosqlite

from bot.core.faults import where
from bot.storage.database import Database

log = logging.getLogger(__name__)

EVERY = 1.0
AFTER_A_FAULT = 10.0
"""Seconds until the next time."""


async def carry_over(database: Database) -> None:
    """Do so until cancelled. On PostgreSQL, which does it by itself, there is nothing to do."""
    file = database.engine.url.database
    if database.is_shared or not file:
        return
    while True:
        try:
            async with aiosqlite.connect(file) as connection:
                while True:
                    # PASSIVE: it waits for nobody, and nobody waits for it; where nothing was written, it does nothing.
                    async with connection.execute("PRAGMA wal_checkpoint(PASSIVE)"):
                        pass
                    await asyncio.sleep(EVERY)
        except Exception as error:
            log.warning("SQLite: the write-ahead log was not carried over (%s); it is tried again", where(error))
        await asyncio.sleep(AFTER_A_FAULT)
