"""How much goes into one transaction, so that nobody waits long for it.

SQLite has one writer at a time. A feed of a country takes a minute, and a page about somebody in danger must not wait
for it: it is stored in transactions of some hundredths of a second, and between two of them whoever waits comes first.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from bot.storage.database import Database, Transaction

LONGEST: Final = 0.03
"""Seconds that a transaction may take before its commit, about."""
FEWEST, MOST, FIRST = 25, 1000, 100
"""Records in one transaction, and in the first."""
_FASTER: Final = 2.0
"""At most so many times as many as the last time."""

SLICE: Final = 0.002
"""Seconds of work after which a thread lets the others go first: Python itself lets it go on for 5 ms each time that
another one asks, and a transaction asks about twenty times."""
BREATH: Final = 0.0001
"""Seconds for the others; those who wait take over at once."""


class Pace:
    """Sizes the steps of one import by how long the last one took: a machine may be slow, and its disk slower."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._took = 0.0
        self.size = FIRST
        """Records for the next transaction."""

    @asynccontextmanager
    async def step(self, database: Database) -> AsyncIterator[Transaction]:
        """One transaction with `size` records, or fewer at the end."""
        async with database.begin() as tx:
            await tx.session.connection()  # another process's lock is waited for, and is not our slowness
            began = self._clock()
            yield tx
            self.took(self._clock() - began)

    def took(self, seconds: float) -> None:
        """The last step took so long: the next one has as many records as take `LONGEST`, as far as one can tell."""
        self._took = seconds
        share = LONGEST / max(seconds, LONGEST / _FASTER)
        self.size = max(FEWEST, min(MOST, int(self.size * share)))

    async def rest(self) -> None:
        """Let others write for as long as we did, where nothing else is to be done between two steps.

        A writer in another process looks for a gap now and then, and would find none.
        """
        await asyncio.sleep(min(self._took, LONGEST))


class Slices:
    """The turns of a thread that works for long: `turn` after each small piece."""

    def __init__(self) -> None:
        self._until = time.perf_counter() + SLICE

    def turn(self) -> None:
        """Let the other threads go first, if it is their turn."""
        if time.perf_counter() > self._until:
            time.sleep(BREATH)
            self._until = time.perf_counter() + SLICE
