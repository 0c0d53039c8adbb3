"""Handing in what Discord does not bring a second time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.core.faults import where

log = logging.getLogger(__name__)

_PAUSES = (1.0, 5.0, 30.0)
"""Seconds until what the hub could not take is handed in again."""


async def surely(hand_in: Callable[[], Awaitable[object]], what: str) -> None:
    """Hand it in, in spite of a fault that passes; the log says that `what` is given up."""
    for pause in (*_PAUSES, None):
        try:
            await hand_in()
        except Exception as error:
            if pause is None:
                log.error("%s could not be handled, and is given up: %s", what, where(error))
                return
            await asyncio.sleep(pause)
        else:
            return
