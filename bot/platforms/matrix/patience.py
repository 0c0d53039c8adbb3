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


async def patiently(attempt: Callable[[], Awaitable[T]]) -> T:
    """Do it, and again while the homeserver is out of reach or overloaded.

    Raises `ConnectionLost` after a minute of that, or once the access token is dead, and `Refused` for what
    waiting does not mend.
    """
    loop = asyncio.get_running_loop()
    give_up = loop.time() + _GIVE_UP_SECONDS
    pause = _FIRST_PAUSE_SECONDS
    while True:
        wait = pause
        try:
            return await attempt()
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
        if loop.time() + wait > give_up:
            raise ConnectionLost("the homeserver is out of reach") from trouble
        log.warning("The Matrix homeserver is out of reach: %s", type(trouble).__name__)
        await asyncio.sleep(wait)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
