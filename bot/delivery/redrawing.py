"""Pictures that a platform has brought, drawn anew before anything else is done with them."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from bot.core.content import Fetch
from bot.core.pictures import NotShown, redrawn
from bot.core.platform import NeverAgain, Receipt

_drawer = ThreadPoolExecutor(1, "redrawing")
"""One thread: a decoded picture has up to 200 MB, and what waits for another must not wait for pictures."""


async def with_picture(receipt: Receipt, fetch: Fetch | None) -> Receipt:
    """The receipt with the picture that its file holds, drawn beside the event loop; raises `NeverAgain`."""
    if fetch is None or receipt.file is None:
        return receipt
    try:
        still = await asyncio.get_running_loop().run_in_executor(_drawer, redrawn, receipt.file, fetch.limit)
    except NotShown as reason:
        raise NeverAgain(str(reason)) from None
    return replace(receipt, file=None, picture=still)
