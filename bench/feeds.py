"""How fast meetings are taken in and found: `python -m bench.feeds`.

The feed is written here, of meetings in the shape of real ones: a third with notes, a passcode in the link, an end,
coordinates, types. It is imported in this process, into SQLite, while nothing else is done.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import psutil

from bench.report import Row, at_least, at_most, conclude, progress, told
from bot.app import build
from bot.memory import settle_memory
from bot.services.feeds import finding
from bot.services.feeds.finding import Sought, Vocabulary
from bot.services.feeds.importing import Wanted, import_source
from bot.storage.database import Database
from bot.storage.opening import open_database

MEETINGS = 200_000
LARGE = 500_000_000
"""Bytes of the large feed."""
SEARCHES = 400
NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
P99 = 0.99

FIRST = (
    "Early", "Happy", "Serenity", "Courage", "Hope", "Living", "Sunrise", "Noon", "Sober", "Clean", "Grateful", "Quiet",
    "Open", "Harbour", "Bridge", "New",
)  # fmt: skip
SECOND = (
    "Hour", "Group", "Beginnings", "Steps", "Circle", "Way", "Friends", "Road", "Nooners", "Owls", "Risers",
    "Travelers", "Together", "Table", "Spirit",
)  # fmt: skip
CITIES = (
    ("Springfield", "IL", 39.8, -89.6), ("Columbus", "OH", 39.9, -83.0), ("Denver", "CO", 39.7, -104.9),
    ("Portland", "OR", 45.5, -122.6), ("Austin", "TX", 30.3, -97.7), ("Albany", "NY", 42.7, -73.8),
    ("Tucson", "AZ", 32.2, -110.9), ("Madison", "WI", 43.1, -89.4),
)  # fmt: skip
NOTES = (
    "",
    "",
    "Enter from the parking lot behind the church.\nRing the bell after 7 pm.",
    "Speaker meeting, last Friday of the month. Zoom password: hmkwaq",
    "Book study; newcomers are very welcome, and there is coffee.",
)


def main() -> int:
    """Measure and print; 1 where a promise does not hold."""
    options = argparse.ArgumentParser(prog="python -m bench.feeds", description=__doc__)
    options.add_argument("--meetings", type=int, default=MEETINGS, help=f"meetings to look through ({MEETINGS:,})")
    options.add_argument("--bytes", type=int, default=LARGE, help=f"length of the large feed ({LARGE:,})")
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    rows = asyncio.run(measure(chosen.meetings, chosen.bytes))
    return conclude(rows, as_json=chosen.json)


async def measure(meetings: int, large: int, searches: int = SEARCHES) -> list[Row]:
    """All figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = await open_database(f"sqlite+aiosqlite:///{folder}/bench.db", folder / "bench.key")
        try:
            build(database, lambda: NOW, lambda _hub: ())  # the idle bot
            settle_memory()
            rows = [row async for row in _importing(database, folder, meetings)]
            rows += await _searching(database, searches)
            rows += await _large(database, folder, large)
        finally:
            await database.close()
    return rows


async def _importing(database: Database, folder: Path, meetings: int) -> Any:
    progress(f"writing a feed of {meetings:,} meetings, and importing it three times")
    feed = folder / "feed.json"
    write(feed, meetings=meetings)
    wanted = Wanted(source=str(feed), path=feed, community_id=None, zone=None, community_zone="America/New_York")
    first, report = await _timed(database, wanted)
    _expect(report.added, meetings)
    yield at_least("meetings imported", meetings / first, "meetings/s", 5000)
    again, report = await _timed(database, wanted)
    _expect(report.unchanged, meetings)
    yield at_least("the same feed once more, nothing changed", meetings / again, "meetings/s", 5000)
    write(feed, meetings=meetings, seed=2)
    changed, report = await _timed(database, replace(wanted))
    yield told("the same feed with every meeting changed", meetings / changed, "meetings/s")


def _expect(found: object, wanted: object) -> None:
    if found != wanted:
        raise RuntimeError("the import has not done what it is measured by")


async def _timed(database: Database, wanted: Wanted) -> tuple[float, Any]:
    began = perf_counter()
    report = await import_source(database, wanted, now=NOW)
    _expect(report.problem, None)
    return perf_counter() - began, report


async def _searching(database: Database, searches: int) -> list[Row]:
    progress(f"{searches} searches of each kind")
    chosen = random.Random(7)
    vocabulary = Vocabulary()
    async with database.read() as tx:
        await vocabulary.meant(tx, "warm")
    kinds: dict[str, Any] = {"now and next": [], "by words with a typo": [], "online, a day, near a city": []}
    for _number in range(searches):
        begin = NOW + timedelta(minutes=chosen.randrange(10_000))
        word = f"{chosen.choice(FIRST)} {chosen.choice(SECOND)}"
        at = chosen.randrange(1, len(word) - 1)
        typo = word[:at] + word[at + 1 :]
        city = chosen.choice(CITIES)[0]
        kinds["now and next"].append(await _search(database, Sought(), vocabulary, begin, hours=2))
        kinds["by words with a typo"].append(await _search(database, Sought(text=typo), vocabulary, begin, hours=168))
        near = Sought(near=city, online=True, types=("O",), programme="aa")
        kinds["online, a day, near a city"].append(await _search(database, near, vocabulary, begin, hours=24))
    rows = []
    for kind, took in kinds.items():
        took.sort()
        rows.append(at_most(f"search {kind}, p99", 1000 * took[int(P99 * (len(took) - 1))], "ms", 20))
        rows.append(told(f"search {kind}, median", 1000 * took[len(took) // 2], "ms"))
    return rows


async def _search(database: Database, sought: Sought, vocabulary: Vocabulary, begin: datetime, *, hours: int) -> float:
    began = perf_counter()
    async with database.read() as tx:
        end = begin + timedelta(hours=hours)
        await finding.coming(tx, None, sought, vocabulary, begin=begin, end=end, limit=6)
    return perf_counter() - began


async def _large(database: Database, folder: Path, size: int) -> list[Row]:
    progress(f"writing a feed of {size / 1e6:,.0f} MB, and importing it")
    feed = folder / "large.json"
    number = write(feed, size=size)
    settle_memory()
    process = psutil.Process()
    idle = process.memory_info().rss
    most = idle
    ended = asyncio.Event()

    async def watch() -> None:
        nonlocal most
        while not ended.is_set():
            most = max(most, process.memory_info().rss)
            await asyncio.sleep(0.05)

    watching = asyncio.create_task(watch())
    wanted = Wanted(source=str(feed), path=feed, community_id=None, community_zone="America/New_York")
    took, report = await _timed(database, wanted)
    ended.set()
    await watching
    _expect(report.added, number)
    return [
        told("the large feed", size / 1e6, "MB"),
        told("meetings in it", number, ""),
        told("its meetings imported", number / took, "meetings/s"),
        at_most("memory over the idle bot while it is imported", (most - idle) / 1e6, "MB", 100),
    ]


def write(path: Path, *, meetings: int = sys.maxsize, size: int = sys.maxsize, seed: int = 1) -> int:
    """Write a feed of so many meetings, or of so many bytes; how many are in it."""
    number = 0
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        for record in records(seed):
            if number >= meetings or file.tell() >= size:
                break
            file.write(("," if number else "") + json.dumps(record))
            number += 1
        file.write("]")
    return number


def records(seed: int) -> Iterator[dict[str, Any]]:
    """Meetings without end; another seed gives other notes for the same meetings."""
    chosen, other = random.Random(1), random.Random(seed)
    number = 0
    while True:
        number += 1
        city, state, north, east = chosen.choice(CITIES)
        hour, minute = chosen.randrange(6, 22), chosen.choice((0, 0, 15, 30))
        record: dict[str, Any] = {
            "id": number,
            "name": f"{chosen.choice(FIRST)} {chosen.choice(SECOND)}",
            "slug": f"meeting-{number}",
            "notes": other.choice(NOTES),
            "updated": f"2024-0{other.randrange(1, 10)}-1{seed % 10} 21:29:56",
            "url": f"https://example.org/meetings/meeting-{number}/",
            "day": chosen.randrange(7),
            "time": f"{hour:02}:{minute:02}",
            "end_time": f"{hour + 1:02}:{minute:02}",
            "types": chosen.sample(["O", "C", "D", "ST", "B", "W", "M", "X", "LIT", "SP"], 3),
            "location": f"{chosen.choice(SECOND)} Church",
            "formatted_address": f"{chosen.randrange(1, 9999)} Main St, {city}, {state} 12345, USA",
            "latitude": round(north + chosen.random() / 10, 5),
            "longitude": round(east + chosen.random() / 10, 5),
            "region": city,
            "group": f"{chosen.choice(FIRST)} Group",
        }
        if number % 3 == 0:
            record["conference_url"] = f"https://us02web.zoom.us/j/{chosen.randrange(10**9)}?pwd=abcdefgh{number}"
        yield record


if __name__ == "__main__":
    sys.exit(main())
