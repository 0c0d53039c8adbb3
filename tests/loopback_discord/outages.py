"""Times at which nothing gets through: every connection is cut, or hangs."""

from __future__ import annotations

import asyncio

from aiohttp import web


class Outages:
    """Whether the way to the server is cut, and what happens to those who try it."""

    def __init__(self) -> None:
        self._over: asyncio.Event | None = None
        self._hang = False
        self._release = asyncio.Event()

    def begin(self, *, hang: bool) -> None:
        """Cut the way; with ``hang`` nobody is told."""
        self._over, self._hang = asyncio.Event(), hang

    def end(self) -> None:
        """Open the way; what hung on it breaks."""
        if self._over is not None:
            self._over.set()
            self._over = None

    @property
    def under_way(self) -> bool:
        """Whether the way is cut now."""
        return self._over is not None

    async def swallows(self, request: web.Request) -> bool:
        """Tell whether a request gets nowhere, once its client has been made to feel that."""
        if self._over is None:
            return False
        if self._hang:
            await self._over.wait()
        abort(request)
        return True

    async def keep_waiting(self, request: web.Request) -> None:
        """Give no answer until the server stops."""
        await self._release.wait()
        abort(request)

    def let_go(self) -> None:
        """Break what still waits: the server stops."""
        self.end()
        self._release.set()
        self._release = asyncio.Event()


def abort(request: web.BaseRequest) -> None:
    """Cut a connection without a word."""
    if request.transport is not None:
        request.transport.abort()
