"""How much memory an import takes beside the idle bot: a process of its own, which does nothing else.

`python -m bench.feed_memory FOLDER FEED` prints a JSON object: bytes before and at most, seconds, meetings.
"""

import asyncio
import json
import os
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bench import REPOSITORY
from bot.app import build
from bot.memory import settle_memory, spare_memory
from bot.services.feeds.importing import Wanted, import_source
from bot.storage.opening import open_database

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
LOOK_EVERY = 0.02
"""Seconds."""


async def of_a_process(folder: Path, feed: Path) -> dict[str, float]:
    """Import the feed in a new process, and what it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.feed_memory",
        str(folder),
        str(feed),
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _error = await process.communicate()
    if process.returncode:
        raise RuntimeError("the import has failed")
    told: dict[str, float] = json.loads(said)
    return told


async def _measure(folder: Path, feed: Path) -> dict[str, float]:
    database = await open_database(f"sqlite+aiosqlite:///{folder}/memory.db", folder / "memory.key")
    try:
        app = build(database, lambda: NOW, lambda _hub: ())  # the idle bot
        settle_memory()
        process = psutil.Process()
        idle = most = process.memory_info().rss
        ended = threading.Event()

        def watch() -> None:
            nonlocal most
            while not ended.wait(LOOK_EVERY):
                most = max(most, process.memory_info().rss)

        watching = threading.Thread(target=watch)
        watching.start()
        began, worked = time.perf_counter(), time.process_time()
        wanted = Wanted(source=str(feed), path=feed, community_id=None, community_zone="America/New_York")
        try:
            report = await import_source(database, wanted, now=NOW)
        finally:
            ended.set()
            watching.join()
        if report.problem is not None or report.refusals:
            raise RuntimeError("the feed was not taken")
        del app
        return {
            "idle": idle,
            "most": most,
            "seconds": time.perf_counter() - began,
            "processor": time.process_time() - worked,
            "meetings": report.added,
        }
    finally:
        await database.close()


if __name__ == "__main__":
    spare_memory()
    sys.stdout.write(json.dumps(asyncio.run(_measure(Path(sys.argv[1]), Path(sys.argv[2])))))
