"""Pictures that a platform has brought, drawn anew before anything else is done with them.

Nothing is decoded in this process: each file goes to one of its own (`bot.delivery.redraw`), which is bounded and ends.
"""

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from weakref import WeakKeyDictionary

import bot
from bot.core.content import Fetch
from bot.core.pictures import KINDS, LONGEST_SIDE, MIB, Still
from bot.core.platform import NeverAgain, Receipt, TryAgain

MOST_SECONDS = 45.0
"""How long one picture may take, whoever else needs the processor; of that it has ten seconds (`redraw`)."""

MOST_BYTES = 16 * MIB
"""Of what comes back: the worst JPEG of that many pixels has a third of it."""

LONGEST_END = 2.0
"""Seconds until a process that was killed is not waited for any more: a disk may hold it."""

COMMAND = (sys.executable, "-P", "-m", "bot.delivery.redraw")

_STOPPED = frozenset({-signal.SIGTERM, -signal.SIGINT})
"""How the process ends when all of a service are ended, which says nothing of the file."""

_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


async def with_picture(receipt: Receipt, fetch: Fetch | None) -> Receipt:
    """The receipt with the picture that its file holds; raises `SendError`. One at a time: others wait."""
    if fetch is None or receipt.file is None:
        return receipt
    if len(receipt.file) > fetch.limit:
        raise NeverAgain("the file is too large")
    async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
        still = await _drawn(receipt.file, fetch.limit)
    return replace(receipt, file=None, picture=still)


async def _drawn(data: bytes, limit: int) -> Still:
    try:
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            str(limit),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # it may quote the file
            env=_environment(),
            start_new_session=True,  # who ends the bot at a terminal does not end this as if it were the file's fault
        )
    except OSError as error:
        raise TryAgain(f"no process to draw a picture in ({type(error).__name__})") from None
    try:
        async with asyncio.timeout(MOST_SECONDS):
            _none, said = await asyncio.gather(_give(process, data), _hear(process))
            ended = await process.wait()
    except TimeoutError:
        raise NeverAgain("the picture takes too long") from None
    finally:
        if process.returncode is None:
            await _end(process)
    if ended in _STOPPED:
        raise TryAgain("the bot was stopped")
    if ended != 0:
        raise NeverAgain("the picture takes too much")
    return _still(said)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill it. What it has said meanwhile is read: asyncio takes no process as ended before its pipes are."""
    with suppress(ProcessLookupError):
        process.kill()
    with suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_END):
            await process.communicate()


async def _give(process: asyncio.subprocess.Process, data: bytes) -> None:
    assert process.stdin is not None  # noqa: S101  it was made with a pipe
    with suppress(BrokenPipeError, ConnectionResetError):  # how it has ended says more
        process.stdin.write(data)
        await process.stdin.drain()
    process.stdin.close()


async def _hear(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None  # noqa: S101  as above
    said = bytearray()
    while chunk := await process.stdout.read(MIB):
        said += chunk
        if len(said) > MOST_BYTES:
            raise NeverAgain("the picture takes too much")
    return bytes(said)


def _still(said: bytes) -> Still:
    """What the process has said, of which nothing is believed: a file may have attacked it."""
    first, _newline, data = said.partition(b"\n")
    try:
        head = json.loads(first)
        if (reason := head.get("refused")) is not None:
            raise NeverAgain(str(reason)[:100])
        kind, width, height = str(head["kind"]), int(head["width"]), int(head["height"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NeverAgain("the picture cannot be drawn") from None
    if kind not in KINDS or not data or not (0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE):
        raise NeverAgain("the picture cannot be drawn")
    return Still(kind=kind, width=width, height=height, data=data)


def _environment() -> dict[str, str]:
    """What Python needs to find the same code, and none of the bot's secrets."""
    paths = [str(Path(bot.__file__).parent.parent), *(path for path in sys.path if path)]
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}
