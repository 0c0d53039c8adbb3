"""How fast meetings and services are taken in and found, and who waits meanwhile: `python -m bench.feeds [--json]`.

The feeds are written here (`bench.feed_files`). It takes some minutes; `--quick` takes half of one, and its figures
mean nothing: they only show that everything runs. Beside the wall's time, by which the bounds are judged, stands the
processor's time alone, which says what another machine, or a busy one, makes of it.
"""

import argparse
import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bench import feed_memory, feed_search, resources
from bench.databases import Kind, fresh, scratch
from bench.feed_files import CHANGED, write
from bench.feed_memory import NOW
from bench.report import Row, at_least, at_most, conclude, progress, told
from bot.core.content import Content
from bot.core.platform import Address
from bot.delivery import outbox
from bot.delivery.outbox import Message, Priority
from bot.memory import settle_memory
from bot.scheduling.clock import system_now
from bot.services.feeds.importing import Wanted, import_source
from bot.services.feeds.report import Report
from bot.storage.checkpoints import carry_over
from bot.storage.database import Database
from bot.storage.feed_tables import MeetingFeed
from bot.storage.opening import open_database

NAMES = ("import", "wait", "search", "services", "memory")
PER_SECOND = 5000.0
"""Meetings."""
WAIT_MS = 100.0
"""For the transaction of a page, while a feed is imported."""
MEMORY_MB = 100.0
TELL_EVERY = 10.0
PAGE_EVERY = 0.25
"""Seconds between two pages, on average."""
P99 = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of everything there is."""

    meetings: int = 200_000
    searches: int = 300
    services: int = 100_000
    queries: int = 450
    large: int = 500_000_000
    """Bytes of the large feed."""
    waits: int = 50_000
    """Meetings of the feed that is imported into PostgreSQL while others write."""


QUICK = Size(meetings=5000, searches=30, services=1000, queries=45, large=5_000_000, waits=2000)


def main() -> int:
    """Measure and print; 1 where a promise does not hold."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--json", action="store_true", help="print JSON, for a program")
    options.add_argument("--quick", action="store_true", help="small numbers, to see that everything runs")
    options.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="NAME", help=", ".join(NAMES))
    chosen = options.parse_args()
    rows = asyncio.run(measure(QUICK if chosen.quick else Size(), chosen.only))
    return conclude(rows, as_json=chosen.json)


async def measure(
    size: Size, only: Sequence[str] = NAMES, kinds: Sequence[Kind] = ("SQLite", "PostgreSQL")
) -> list[Row]:
    """All rows, or those of the measurements in `only`."""
    rows: list[Row] = []
    if {"import", "wait", "search"} & set(only):
        rows += await _on_sqlite(size, only)
    if "wait" in only and "PostgreSQL" in kinds:
        with scratch() as folder:
            async with fresh("PostgreSQL") as database:
                rows += await _waiting("PostgreSQL", database, database, _wanted(folder, size.waits), size.waits)
    if "services" in only:
        rows += await resources.measure(size.services, size.queries)
    if "memory" in only:
        rows += await _large(size.large)
    return rows


async def _on_sqlite(size: Size, only: Sequence[str]) -> list[Row]:
    rows: list[Row] = []
    with scratch() as folder:
        url = f"sqlite+aiosqlite:///{folder}/handrail.db"
        database = await open_database(url, folder / "handrail.key")
        other = await open_database(url, folder / "handrail.key")
        checkpoints = asyncio.create_task(carry_over(database))  # as the bot does
        try:
            settle_memory()
            wanted = _wanted(folder, size.meetings)
            took, worked, report = await _imported(database, wanted, "a new feed")
            _expect(report.added, size.meetings)
            if "import" in only:
                rows += _rate("meetings imported", size.meetings, took, worked, bound=PER_SECOND)
                took, worked, report = await _imported(database, wanted, "the same feed again")
                _expect(report.unchanged, size.meetings)
                rows += _rate("the same feed once more, nothing changed", size.meetings, took, worked, bound=PER_SECOND)
            if "wait" in only:
                rows += await _waiting("SQLite", database, other, wanted, size.meetings)
            if "search" in only:
                rows += await feed_search.measure(database, size.searches)
        finally:
            checkpoints.cancel()
            await asyncio.wait({checkpoints})
            await other.close()
            await database.close()
    return rows


def _wanted(folder: Path, meetings: int) -> Wanted:
    feed = folder / "feed.json"
    progress(f"writing a feed of {meetings:,} meetings")
    write(feed, meetings=meetings)
    return Wanted(source=str(feed), path=feed, community_id=None, community_zone="America/New_York")


def _expect(found: object, wanted: object) -> None:
    if found != wanted:
        raise RuntimeError("the import has not done what it is measured by")


async def _imported(database: Database, wanted: Wanted, what: str) -> tuple[float, float, Report]:
    """Seconds, seconds of the processor, and the report of an import."""
    async with _telling(database, what):
        began, worked = time.perf_counter(), time.process_time()
        report = await import_source(database, wanted, now=NOW)
        took = time.perf_counter() - began, time.process_time() - worked
    _expect(report.problem, None)
    return *took, report


@asynccontextmanager
async def _telling(database: Database, what: str) -> AsyncIterator[None]:
    """Say now and then how far it is."""
    began = time.perf_counter()

    async def tell() -> None:
        while True:
            async with database.read() as tx:
                stored = await tx.session.scalar(select(func.max(MeetingFeed.serial))) or 0
            progress(f"importing {what}: {time.perf_counter() - began:.0f} s, {stored:,} rows written so far")
            await asyncio.sleep(TELL_EVERY)

    telling = asyncio.create_task(tell())
    try:
        yield
    finally:
        telling.cancel()
        with suppress(asyncio.CancelledError):
            await telling


def _rate(what: str, number: int, took: float, worked: float, *, bound: float) -> list[Row]:
    return [
        at_least(what, number / took, "meetings/s", bound),
        told(f"{what}: processor's time for each", 1e6 * worked / number, "µs"),
    ]


async def _waiting(kind: Kind, database: Database, other: Database, wanted: Wanted, meetings: int) -> list[Row]:
    """How long the transaction of a page takes: alone, and while a feed changes, in the bot and in another process."""
    alone = await _pages(database, "alone", until=asyncio.create_task(asyncio.sleep(40 * PAGE_EVERY)))
    rows = [told(f"{kind}: the transaction of a page, nothing else to do: median", _at(alone, 0.5), "ms")]
    where = {"the bot imports": database}
    if other is not database:  # PostgreSQL has no lock for which one process waits for another
        where["another process imports"] = other
    for seed, (who, writer) in enumerate(where.items(), 2):
        write(wanted.path, meetings=meetings, seed=seed)
        importing = asyncio.create_task(_imported(database, wanted, f"a feed while others write ({kind}, {who})"))
        waited = await _pages(writer, who, until=importing)
        took, _worked, report = await importing
        _expect(report.added + report.changed + report.unchanged, meetings)
        rows += [
            at_most(f"{kind}: the same while {who} {meetings:,} meetings: p99", _at(waited, P99), "ms", WAIT_MS),
            told(f"{kind}: worst of {len(waited)}", max(waited), "ms"),
            told(f"{kind}: median", _at(waited, 0.5), "ms"),
            told(f"{kind}: one in {CHANGED} changed: meetings a second meanwhile", meetings / took, "meetings/s"),
        ]
    return rows


async def _pages(database: Database, name: str, *, until: "asyncio.Task[Any]") -> list[float]:
    """Milliseconds from the wish to write to the end of the commit, of one page after the other."""
    seeded = random.Random(name)
    waited: list[float] = []
    while not until.done():
        await asyncio.sleep(seeded.uniform(0.5, 1.5) * PAGE_EVERY)
        now = system_now()
        message = Message(
            key=f"page:{name}:{len(waited)}",
            to=Address(platform="discord", kind="place", id="1"),
            content=Content(title="Urgent", text="Somebody may be in danger"),
            priority=Priority.CRISIS,
            due_at=now,
        )
        began = time.perf_counter()
        async with database.begin() as tx:
            await outbox.enqueue(tx, message, now=now)
        waited.append(1000 * (time.perf_counter() - began))
    return waited


def _at(values: list[float], part: float) -> float:
    return sorted(values)[int(part * (len(values) - 1))]


async def _large(size: int) -> list[Row]:
    with scratch() as folder:
        feed = folder / "large.json"
        progress(f"writing a feed of {size / 1e6:,.0f} MB, and importing it in a process of its own")
        write(feed, size=size)
        found = await feed_memory.of_a_process(folder, feed)
    meetings = int(found["meetings"])
    return [
        told("the large feed", size / 1e6, "MB"),
        told("the large feed: meetings", meetings, ""),
        told("the large feed: meetings a second", meetings / found["seconds"], "meetings/s"),
        told("the large feed: processor's time for each", 1e6 * found["processor"] / meetings, "µs"),
        told("the idle bot", found["idle"] / 1e6, "MB"),
        at_most(
            "memory over the idle bot while it is imported", (found["most"] - found["idle"]) / 1e6, "MB", MEMORY_MB
        ),
    ]


if __name__ == "__main__":
    sys.exit(main())
