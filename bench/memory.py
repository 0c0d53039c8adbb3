"""`handrail run` on a database with very many schedules: how soon it is there, and how much memory it takes."""

import asyncio
import os
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench import REPOSITORY
from bench.databases import scratch
from bench.loopback import Discord, running
from bench.people import add_community, add_members, due_at, due_over_a_day
from bench.report import Row, at_most, progress, told
from bot.scheduling.clock import system_now
from bot.storage.opening import open_database

RESIDENT = 150.0
"""MB (10⁶ bytes)."""

STARTED = 3.0
"""Seconds from the start of the process to its word that it is on."""

STARTS = 3
"""The best counts: what else the machine does makes a start only slower."""

FEW = 1000
DUE = 100
"""One in so many members is due in the busy minute."""

BUSY = 60.0
"""Seconds."""

QUIET = 10.0
"""Seconds for the small one: its first tick comes after five."""

_ON = re.compile(rb"Handrail is on")
_PATIENCE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Seconds until it said that it is on and until its first check-in came, and MB then, at most, and at the end."""

    on: float
    first: float | None
    begin: float
    most: float
    busy: float


async def measure(schedules: int, busy: float = BUSY) -> list[Row]:
    """With `schedules` stored, and with a thousand."""
    many, few = await take(schedules, busy), await take(FEW, min(busy, QUIET))
    if many.first is None:
        raise RuntimeError("no check-in has arrived")
    return [
        at_most(f"{schedules:,} schedules stored: memory after a busy minute, resident", many.busy, "MB", RESIDENT),
        at_most(f"{schedules:,} schedules stored: memory at its highest, resident", many.most, "MB", RESIDENT),
        told(f"{schedules:,} schedules stored: memory after the start, resident", many.begin, "MB"),
        at_most(
            f"{schedules:,} schedules stored: start of the process → it is on, best of {STARTS}", many.on, "s", STARTED
        ),
        told(f"{schedules:,} schedules stored: start of the process → its first check-in arrives", many.first, "s"),
        told(f"{FEW:,} schedules stored: memory after the start, resident", few.begin, "MB"),
        told(f"{FEW:,} schedules stored: start of the process → it is on, best of {STARTS}", few.on, "s"),
    ]


async def take(schedules: int, busy: float, starts: int = STARTS) -> Taken:
    """Run it on a new database with so many schedules, one in a hundred of them due at once."""
    due = max(1, schedules // DUE)
    progress(f"SQLite: storing {schedules:,} schedules, for `handrail run`")
    with scratch() as folder:
        async with running(due) as discord:
            await _store(folder, schedules, due)
            progress(f"`handrail run` with {schedules:,} schedules, for {busy:.0f} s")
            return await _run(folder, discord, busy, starts)


async def _store(folder: Path, schedules: int, due: int) -> None:
    database = await open_database(f"sqlite+aiosqlite:///{folder}/handrail.db", folder / "handrail.key")
    now = system_now()
    try:
        async with database.begin() as tx:
            community = await add_community(tx)
        await add_members(database, community, due, due_at(now.replace(second=0, microsecond=0)))
        await add_members(database, community, schedules - due, due_over_a_day(now))
    finally:
        await database.close()


async def _run(folder: Path, discord: Discord, busy: float, starts: int) -> Taken:
    scene = discord.scene
    (folder / "config.toml").write_text(
        f'[console]\nenabled = false\n[discord]\ntoken = "{scene.token}"\n'
        f'api_base = "{scene.api_base}"\ngateway_url = "{scene.gateway_url}"\n'
    )
    on = [await _start(folder) for _ in range(starts - 1)]
    async with _handrail(folder) as process:
        began = time.monotonic()
        on.append(await _is_on(process))
        seen = psutil.Process(process.pid)
        begin = most = now = _resident(seen)
        reading = asyncio.create_task(_said(process).read())  # a full pipe would stop it
        busy_until = time.monotonic() + busy
        while time.monotonic() < busy_until:
            await asyncio.sleep(min(0.2, busy))
            now = _resident(seen)
            most = max(most, now)
        arrived = [one for one in await discord.look() if one.counts]
        process.terminate()
        await process.wait()
        await reading
    return Taken(on=min(on), first=arrived[0].at - began if arrived else None, begin=begin, most=most, busy=now)


async def _start(folder: Path) -> float:
    """Start it, and stop it as soon as it is on; seconds until then."""
    async with _handrail(folder) as process:
        on = await _is_on(process)
        process.terminate()
        await process.communicate()
    return on


async def _is_on(process: asyncio.subprocess.Process) -> float:
    """Seconds from now until it says so."""
    began = time.monotonic()
    async with asyncio.timeout(_PATIENCE):
        while not _ON.search(line := await _said(process).readline()):
            if not line:
                raise RuntimeError("`handrail run` has ended")
    return time.monotonic() - began


def _said(process: asyncio.subprocess.Process) -> asyncio.StreamReader:
    if process.stderr is None:
        raise TypeError("the process was started with a pipe")
    return process.stderr


def _resident(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 1e6


@asynccontextmanager
async def _handrail(folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """The command, as an operator runs it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HANDRAIL_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "run",
        cwd=folder,
        env={**clean, "PYTHONPATH": str(REPOSITORY)},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
