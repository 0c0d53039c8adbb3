"""Waiting for a homeserver that is away for a moment."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp

from bot.platforms.matrix.errors import ConnectionLost, Refused

log = logging.getLogger(__name__)

T = TypeVar("T")

OUT_OF_REACH = (aiohttp.ClientError, ConnectionError, TimeoutError)
"""What a request raises that got no answer."""

_GIVE_UP_SECONDS = 60.0
"""How long the homeserver may be away, as in a restart, before `run` ends and is run again."""

_FIRST_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 8.0

FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 30.0
"""The shortest and the longest wait before something that has failed is tried again while others are heard."""


class Waits:
    """Growing waits between the attempts at several things, by their ids: one second first, then twice as long."""

    def __init__(self) -> None:
        self._waits: dict[str, tuple[float, float]] = {}

    def is_due(self, name: str) -> bool:
        """Whether it may be tried now; so may what has not failed."""
        return name not in self._waits or self._waits[name][1] <= asyncio.get_running_loop().time()

    def failed(self, name: str) -> None:
        """It has failed, and waits for its next attempt, twice as long as before and at most half a minute."""
        before, _due = self._waits.get(name, (FIRST_WAIT_SECONDS / 2, 0.0))
        wait = min(2 * before, LONGEST_WAIT_SECONDS)
        self._waits[name] = (wait, asyncio.get_running_loop().time() + wait)

    def over(self, name: str) -> None:
        """It has succeeded, or is given up."""
        self._waits.pop(name, None)

    @property
    def seconds(self) -> float | None:
        """Until the next attempt, at least 0; None if nothing waits."""
        if not self._waits:
            return None
        return max(min(due for _wait, due in self._waits.values()) - asyncio.get_running_loop().time(), 0.0)


async def patiently(attempt: Callable[[], Awaitable[T]]) -> T:
    """Do it, and again while the homeserver is out of reach or overloaded; that is told once, and when it is over.

    Raises `ConnectionLost` after a minute of that, or once the access token is dead, and `Refused` for what
    waiting does not mend.
    """
    loop = asyncio.get_running_loop()
    give_up = loop.time() + _GIVE_UP_SECONDS
    pause = _FIRST_PAUSE_SECONDS
    told = False
    while True:
        wait = pause
        try:
            done = await attempt()
        except Refused as refused:
            if refused.token_is_dead:
                raise ConnectionLost("the homeserver has taken the access token back") from refused
            if not refused.may_pass:
                raise
            if refused.retry_after is not None:
                wait = max(pause, min(refused.retry_after.total_seconds(), _GIVE_UP_SECONDS))
            trouble: Exception = refused
        except OUT_OF_REACH as unreachable:
            trouble = unreachable
        else:
            if told:
                log.info("The Matrix homeserver answers again")
            return done
        if loop.time() + wait > give_up:
            raise ConnectionLost("the homeserver is out of reach") from trouble
        if not told:
            told = True
            log.warning(
                "The Matrix homeserver is out of reach or overloaded, and is tried again: is it running, and is its"
                " address in [matrix] right? (%s)",
                type(trouble).__name__,
            )
        await asyncio.sleep(wait)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
