"""Where `handrail` processes come from that tests kill by the dozen: forks of one that has imported everything.

A program takes over a second of processor time to import, before it does anything. What is forked is a process of its
own all the same, with its own memory, folder, environment and log, and runs `python -m bot` from the first line on;
that it also starts from nothing is shown by every test that runs `handrail` as a program.
"""

import asyncio
import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any
from unittest.mock import patch

_PATH = os.pathsep.join((str(Path(__file__).parents[1]), str(Path(__file__).parent)))
_NURSERY = multiprocessing.get_context("forkserver")
_NURSERY.set_forkserver_preload(["nursery_preloaded"])


class Forked:
    """A process, as far as `asyncio.subprocess.Process` is used: its standard error is read, its end waited for."""

    def __init__(self, process: ForkServerProcess, stderr: asyncio.StreamReader) -> None:
        self.stderr = stderr
        self._process = process

    @property
    def pid(self) -> int:
        """Its number."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, or the number of the signal that has ended it, below 0; None while it runs."""
        return self._process.exitcode

    async def wait(self) -> int:
        """Wait for the end; the exit code."""
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._process.sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        self._process.join()
        assert self.returncode is not None
        return self.returncode

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


async def fork(
    arguments: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    first: Callable[[], None] | None = None,
) -> Forked:
    """`python -m bot` with these arguments; without anything on its standard input, and without an output.

    `first`: what it does before.
    """
    read, write = os.pipe()
    stderr = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(stderr)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(read, "rb", 0))
    asked = (list(arguments), str(folder), dict(environment), first)
    process = _NURSERY.Process(target=_run, args=(DupFd(write), *asked), daemon=True)
    with patch.dict(os.environ, PYTHONPATH=_PATH):  # for the nursery itself, which the first one starts
        process.start()
    os.close(write)
    return Forked(process, stderr)


def _run(
    stderr: Any, arguments: list[str], folder: str, environment: dict[str, str], first: Callable[[], None] | None
) -> None:
    """In the forked process."""
    errors, nothing = stderr.detach(), os.open(os.devnull, os.O_RDWR)
    for file, standard in ((nothing, 0), (nothing, 1), (errors, 2)):
        os.dup2(file, standard)
    os.close(errors)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    if first is not None:
        first()
    sys.argv[1:] = arguments
    runpy.run_module("bot", run_name="__main__", alter_sys=True)
