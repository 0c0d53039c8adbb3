"""Where `handrail` processes come from that tests kill by the dozen: forks of one that has imported everything.

A program takes over a second of processor time to import, before it does anything. What is forked is a process of its
own all the same, with its own memory, folder, environment and log, and runs `python -m bot` from the first line on;
that it also starts from nothing is shown by every test that runs `handrail` as a program.
"""

import asyncio
import atexit
import contextlib
import gc
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent

PRELOADED = (
    "bot.cli",
    "bot.operations.running",
    "bot.platforms.discord",
    "bot.platforms.matrix",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "sqlalchemy.dialects.postgresql.asyncpg",
)

LONGEST_REQUEST = 1 << 20


class Forked:
    """A process, as far as `asyncio.subprocess.Process` is used: its standard error is read, its end waited for."""

    def __init__(self, pid: int, stderr: asyncio.StreamReader, status: asyncio.StreamReader) -> None:
        self.pid = pid
        self.stderr = stderr
        self.returncode: int | None = None
        self._ending = asyncio.create_task(self._ends(status))

    async def _ends(self, status: asyncio.StreamReader) -> int:
        self.returncode = int(await status.read())
        return self.returncode

    async def wait(self) -> int:
        """Wait for the end; the exit code, or the number of the signal that has ended it, below 0."""
        return await asyncio.shield(self._ending)

    def send_signal(self, how: signal.Signals) -> None:
        """Send a signal; raises `ProcessLookupError` if it has ended."""
        if self.returncode is not None:
            raise ProcessLookupError
        os.kill(self.pid, how)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


async def fork(arguments: Sequence[str], *, folder: Path, environment: Mapping[str, str], first: str = "") -> Forked:
    """`python -m bot` with these arguments; without anything on its standard input, and without an output.

    `first`: Python that it does before.
    """
    readers, written = [], []
    for _pipe in ("stderr", "status"):
        read, write = os.pipe()
        written.append(write)
        reader = asyncio.StreamReader()
        opened = os.fdopen(read, "rb", 0)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), opened)  # noqa: B023  called at once
        readers.append(reader)
    request = {
        "arguments": list(arguments),
        "folder": str(folder),
        "environment": dict(environment),
        "first": first,
    }
    try:
        socket.send_fds(_nursery(), [json.dumps(request).encode()], written)
    finally:
        for write in written:
            os.close(write)
    stderr, status = readers
    return Forked(int(await status.readline()), stderr, status)


@cache
def _nursery() -> socket.socket:
    """The way to the process that forks, started once for this one, and ended with it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    path = os.pathsep.join((str(TESTS.parent), str(TESTS)))
    with theirs:
        process = subprocess.Popen(  # noqa: S603  our own program
            (sys.executable, "-m", "nursery", str(theirs.fileno())),
            pass_fds=[theirs.fileno()],
            env={**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"},
            stdin=subprocess.DEVNULL,
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


# In the process that forks


def _serve(requests: socket.socket) -> dict[str, Any] | None:
    """Fork whenever it is asked for, and tell of each end. In a forked process: what it shall do; None at the end."""
    told: dict[int, int] = {}
    waker, wakes = socket.socketpair()
    for end in (waker, wakes):
        end.setblocking(False)
    signal.set_wakeup_fd(wakes.fileno())
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    with selectors.DefaultSelector() as selector:
        for source in (requests, waker):
            selector.register(source, selectors.EVENT_READ)
        while True:
            for key, _events in selector.select():
                if key.fileobj is waker:
                    waker.recv(4096)
                    _tell_ends(told)
                    continue
                message, files, _flags, _address = socket.recv_fds(requests, LONGEST_REQUEST, 2)
                if not message:
                    _end_all(told)
                    return None
                stderr, status = files
                pid = os.fork()
                if pid == 0:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    os.dup2(stderr, 2)
                    for file in (*files, *told.values()):
                        os.close(file)
                    for end in (requests, waker, wakes):
                        end.close()
                    asked: dict[str, Any] = json.loads(message)
                    return asked
                os.close(stderr)
                os.write(status, b"%d\n" % pid)
                told[pid] = status


def _tell_ends(told: dict[int, int]) -> None:
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            status = told.pop(ended[0])
            os.write(status, b"%d" % os.waitstatus_to_exitcode(ended[1]))
            os.close(status)


def _end_all(told: dict[int, int]) -> None:
    """Those for whom nobody waits any more are gone with the tests."""
    for pid in told:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _main() -> None:
    for module in PRELOADED:
        import_module(module)
    import_module("bot.app").load_detector()
    gc.collect()
    gc.freeze()
    asked = _serve(socket.socket(fileno=int(sys.argv[1])))
    if asked is not None:
        gc.unfreeze()
        os.chdir(asked["folder"])
        os.environ.clear()
        os.environ.update(asked["environment"])
        sys.argv[1:] = asked["arguments"]
        exec(asked["first"], {})  # noqa: S102  a test's own words
        runpy.run_module("bot", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
