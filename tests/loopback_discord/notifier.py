"""Waiting for something to become true without sleeping."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds after which something that should have happened has not, on a busy machine too."""

LOOK_AGAIN = 0.25
"""Seconds between two looks at what nobody tells of: a test may wait for something outside this server."""


class Notifier:
    """Wakes everybody who waits, so that each can look again; nothing is missed between looks."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def notify(self) -> None:
        """Say that something changed."""
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        self._waiting.clear()

    async def until(self, look: Callable[[], T | None], *, timeout: float, what: str) -> T:  # noqa: ASYNC109  a wait tells what for
        """Return what ``look`` finds, looking again after each change; AssertionError when time is up."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while (found := look()) is None:
            future: asyncio.Future[None] = loop.create_future()
            self._waiting.add(future)
            try:
                await asyncio.wait_for(future, min(LOOK_AGAIN, deadline - loop.time()))
            except TimeoutError:
                if loop.time() < deadline or look() is not None:
                    continue
                raise AssertionError(f"{what}: nothing within {timeout} s") from None
            finally:
                self._waiting.discard(future)
        return found
