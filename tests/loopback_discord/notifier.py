"""Waiting for something to become true without sleeping."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


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
                await asyncio.wait_for(future, deadline - loop.time())
            except TimeoutError:
                if (found := look()) is not None:
                    return found
                raise AssertionError(f"{what}: nothing within {timeout} s") from None
            finally:
                self._waiting.discard(future)
        return found
