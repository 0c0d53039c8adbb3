"""The command, run in a folder of its own: as a program, or (a program takes over a second to start) in this one."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.cli import app

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = REPOSITORY / "config.example.toml"
SAMPLE = REPOSITORY / "bot/data/sample_community.toml"

PATIENCE = 120
"""Seconds after which a command hangs."""


@dataclass(frozen=True)
class Outcome:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json_lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True)
class Place:
    """A folder with its own configuration, database and key."""

    folder: Path

    @classmethod
    def fresh(cls, folder: Path) -> "Place":
        place = cls(folder)
        place.write("config.toml", EXAMPLE.read_text("utf-8"))
        return place

    @property
    def database(self) -> Path:
        return self.folder / "handrail.db"

    @property
    def key(self) -> Path:
        return self.folder / "handrail.key"

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, "utf-8")
        return path

    def names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}

    def program(self, *arguments: str, said: str = "") -> Outcome:
        """Run `handrail` as a program; `said` is its whole standard input."""
        done = subprocess.run(  # noqa: S603  our own program
            command(*arguments),
            cwd=self.folder,
            env=clean_environment(),
            input=said,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "bot", *arguments]


def clean_environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("HANDRAIL_")}
    return {**kept, "PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": "utf-8", "COLUMNS": "100"}


@dataclass(frozen=True)
class Handrail:
    """Runs `handrail` in this process, with everything that a process has put in its place for the time."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, place: Place, *arguments: str, said: str = "", typed: str | None = None) -> Outcome:
        """`said` comes from a pipe; `typed`, if given, from a terminal."""
        code = 0
        source = pipe_with(said.encode()) if typed is None else terminal_with(typed.encode())
        with self.monkeypatch.context() as patch, source as reading, os.fdopen(reading) as stdin:
            patch.setattr(sys, "stdin", stdin)
            patch.chdir(place.folder)
            patch.setattr(os, "environ", clean_environment())
            self.capsys.readouterr()
            with _log_kept():
                try:
                    app(arguments, prog_name="handrail")
                except SystemExit as end:
                    code = int(end.code or 0)
        captured = self.capsys.readouterr()
        return Outcome(code, captured.out, captured.err)


@contextmanager
def _log_kept() -> Iterator[None]:
    """Commands set the log up for a whole process: put pytest's back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    try:
        yield
    finally:
        logging.captureWarnings(capture=False)
        root.handlers[:] = handlers
        root.setLevel(level)
        for name in ("bot", "cogs"):
            logging.getLogger(name).setLevel(logging.NOTSET)


@contextmanager
def pipe_with(data: bytes) -> Iterator[int]:
    """The reading end of a pipe that holds `data` (at most what a pipe holds: 64 KiB)."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as opened:
        opened.write(data)
    yield reading


@contextmanager
def terminal_with(data: bytes) -> Iterator[int]:
    """A terminal at which `data` was typed: whole lines, 4 KiB at most."""
    master, terminal = os.openpty()
    os.write(master, data)
    yield terminal
    os.close(master)
