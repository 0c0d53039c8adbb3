"""A process that draws one picture anew, and ends: `python -m bot.delivery.redraw LIMIT`, the file on its input.

A file may be made to cost a decoder any time and memory, or to attack it. So that is done where the system bounds
both, and where there is nothing to be had: no connection, no key, no other person's words.
"""

import json
import sys
from contextlib import suppress

from bot.core.pictures import NotShown, Still, redrawn

MOST_MEMORY = 400 * 2**20
"""Bytes of addresses: a photograph of 64 million pixels takes 200 MiB, with all that Python needs."""

MOST_SECONDS = 10
"""Of processor time: a photograph takes half a second, on a small board two."""


def bound(memory: int = MOST_MEMORY, seconds: int = MOST_SECONDS) -> None:
    """Let the system end this process once it takes more, where it can (on Windows only the deadline is left)."""
    try:
        import resource  # noqa: PLC0415  there is none on Windows
    except ImportError:
        return
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        with suppress(ValueError, OSError):  # macOS does not take each
            resource.setrlimit(kind, (most, most))


def answer(drawn: Still | NotShown) -> bytes:
    """What the process says: a line of JSON, and the picture behind it."""
    if isinstance(drawn, NotShown):
        return json.dumps({"refused": str(drawn)}).encode() + b"\n"
    head = {"kind": drawn.kind, "width": drawn.width, "height": drawn.height}
    return json.dumps(head).encode() + b"\n" + drawn.data


def main() -> None:
    """Draw the file on standard input anew, onto standard output."""
    bound()
    limit = int(sys.argv[1])
    drawn: Still | NotShown
    try:
        drawn = redrawn(sys.stdin.buffer.read(limit + 1), limit)
    except NotShown as refused:
        drawn = refused
    sys.stdout.buffer.write(answer(drawn))


if __name__ == "__main__":
    main()
