"""How long the event loop did not come round: all that time nobody's message is heard."""

import asyncio
from time import perf_counter
from types import TracebackType
from typing import Self

LOOK = 0.001
"""Seconds between two looks."""


class Stalls:
    """While the block runs, a task that wants to run every millisecond; `worst` is by how many seconds it was late."""

    def __init__(self) -> None:
        self.worst = 0.0
        self.looks = 0
        self._last = 0.0

    async def __aenter__(self) -> Self:
        self._last = perf_counter()
        self._task = asyncio.create_task(self._watch(), name="stalls")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._look()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            self._look()

    def _look(self) -> None:
        now = perf_counter()
        self.worst = max(self.worst, now - self._last - LOOK)
        self._last = now
        self.looks += 1
