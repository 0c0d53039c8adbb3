"""Standard input, line by line, without holding up the event loop."""

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Iterator

from bot.platforms.console.lines import LONGEST_LINE

LONGEST_BYTES = 4 * LONGEST_LINE + 4
"""UTF-8 takes at most four bytes a character: a line cut here is still too long, and is refused as such."""

CHUNK = 65_536
WAITING_LINES = 100
"""Lines that are read ahead; after so many the reader waits."""


def standard_input() -> int | None:
    """The descriptor of standard input; None if there is none."""
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):
        return None


def is_terminal() -> bool:
    """Whether a person types at standard input."""
    return sys.stdin is not None and sys.stdin.isatty()


def lines_of(descriptor: int | None) -> Iterator[str]:
    """The lines of a file descriptor until its end, without their ends; what is no UTF-8 is replaced.

    The descriptor is read itself: a thread that is stopped in `sys.stdin` would hold its lock at the end of Python.
    """
    rest = b""
    while descriptor is not None:
        try:
            chunk = os.read(descriptor, CHUNK)
        except OSError:
            chunk = b""
        if not chunk:
            break
        *whole, rest = (rest + chunk).split(b"\n")
        rest = rest[:LONGEST_BYTES]
        yield from map(_decoded, whole)
    if rest:
        yield _decoded(rest)


def _decoded(line: bytes) -> str:
    return line[:LONGEST_BYTES].decode("utf-8", errors="replace").rstrip("\r")


async def read_lines(descriptor: int | None) -> AsyncIterator[str]:
    """The same, read by a thread of its own, which does not outlive the program."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    room = threading.Semaphore(WAITING_LINES)

    def read() -> None:
        try:
            for line in lines_of(descriptor):
                room.acquire()
                loop.call_soon_threadsafe(lines.put_nowait, line)
            loop.call_soon_threadsafe(lines.put_nowait, None)
        except RuntimeError:
            # The loop is closed: nobody is listening any more.
            return

    threading.Thread(target=read, name="standard input", daemon=True).start()
    while (line := await lines.get()) is not None:
        room.release()
        yield line
