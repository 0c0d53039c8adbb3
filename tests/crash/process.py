"""`handrail run` as a process that can be killed, and its log."""

import asyncio
import contextlib
import re
import signal
from collections import Counter
from pathlib import Path

from cli.handrail import clean_environment
from nursery import Forked, fork

_LINE = re.compile(r"\S+ \S+ (DEBUG|INFO|WARNING|ERROR|CRITICAL) ([\w.]+): (.*)")

_DELIVERY = re.compile(r"delivery \d+")
_CHANGING = re.compile(r"\S*[\d@!$]\S*|\b\w+Error\b")

_WELCOME = "Handrail is on: "
"""What it says to its operator at each start."""

STOP_SECONDS = 60.0


class BotProcess:
    """The bot in a folder of its own; it can be started again after every end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "bot.log"
        self.starts = 0
        self._process: Forked | None = None
        self._copying: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        """Whether it is there."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """The process id of the running bot."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start it; it is not connected yet when this returns."""
        assert not self.is_running
        self._process = await fork(["run"], folder=self.folder, environment=clean_environment())
        self._copying = asyncio.create_task(self._copy(self._process.stderr))
        self.starts += 1

    async def _copy(self, lines: asyncio.StreamReader) -> None:
        """Keep its log: through a pipe, so that a bot which cannot write files can still say so."""
        with self.log.open("ab") as log:
            async for line in lines:
                log.write(line)
                log.flush()

    async def kill(self) -> None:
        """End it at once with SIGKILL, wherever it is."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """Ask it to end, as an administrator does."""
        code = await self._end(signal.SIGTERM)
        assert code == 0, f"the bot ended with {code}"

    async def _end(self, how: signal.Signals) -> int:
        assert self._process is not None
        assert self.is_running, f"the bot ended by itself with {self._process.returncode}"
        self._process.send_signal(how)
        code = await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        await self._copied()
        return code

    async def _copied(self) -> None:
        if self._copying is not None:
            await self._copying
            self._copying = None

    async def close(self) -> None:
        """Leave nothing behind."""
        if self._process is not None and self.is_running:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        await self._copied()

    def logged(self, *levels: str) -> list[tuple[str, str]]:
        """The lines of its log at these levels, as logger and message; what is no such line has no logger."""
        found = []
        for line in self.log.read_text("utf-8", "replace").splitlines():
            match = _LINE.fullmatch(line)
            if match is None and line.startswith(_WELCOME):
                continue
            level, logger, message = match.groups() if match else ("ERROR", "", line)
            if level in levels:
                found.append((logger, message))
        return found

    def troubles(self) -> Counter[str]:
        """How often each trouble was told: lines from WARNING on by logger and words, numbers and types left out."""
        told: Counter[str] = Counter()
        for logger, message in self.logged("WARNING", "ERROR", "CRITICAL"):
            about = _DELIVERY.match(message)
            told[f"{logger}: {about[0] if about else _shape(message)}"] += 1
        return told

    def unexpected(self, usual: dict[str, str]) -> Counter[str]:
        """Lines at ERROR or CRITICAL that no pattern of `usual` matches, numbers and types left out, and how many."""
        return Counter(
            f"{logger or 'no logger'}: {_shape(message)}"
            for logger, message in self.logged("ERROR", "CRITICAL")
            if not any(re.search(pattern, message) for pattern in usual)
        )


def _shape(message: str) -> str:
    """A line of the log without what differs from one to the next."""
    return _CHANGING.sub("…", message)[:60]
