"""Everything that is promised of the way out, measured in one run: `python -m bench.delivery [--json]`.

It takes about a quarter of an hour on two cores. PostgreSQL runs as it is installed, with every commit flushed to
the disk; SQLite as the bot configures it, the same way. Synapse keeps its database in memory, where there is a folder
for that.
"""

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench import discord_limit, disk, due, jobstore, memory, page, synapse
from bench.report import Row, conclude

NAMES = ("due", "jobstore", "sending", "page", "synapse", "memory", "disk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of everything there is."""

    members: int = 100_000
    jobs: int = jobstore.JOBS
    sending_seconds: float = discord_limit.LONGEST
    pages: int = page.PAGES
    messages: int = synapse.MESSAGES
    rounds: int = synapse.ROUNDS
    schedules: int = 1_000_000
    busy_seconds: float = memory.BUSY


QUICK = Size(
    members=5000,
    jobs=500,
    sending_seconds=4,
    pages=4,
    messages=16,
    rounds=2,
    schedules=10_000,
    busy_seconds=10,
)
"""To see within two minutes that everything runs; the figures mean little."""


async def measure(size: Size, only: Sequence[str] = NAMES) -> list[Row]:
    """All rows, or those of the measurements in `only`."""
    rows: list[Row] = []
    if "due" in only or "jobstore" in only:
        of_due, on_sqlite = await due.measure(size.members)
        rows += of_due
        if "jobstore" in only:
            rows += await jobstore.measure(on_sqlite, size.jobs)
    if "sending" in only:
        rows += await discord_limit.measure(size.sending_seconds)
    if "page" in only:
        rows += await page.measure(size.members, size.pages)
    if "synapse" in only:
        rows += await synapse.measure(size.messages, size.rounds)
    if "memory" in only:
        rows += await memory.measure(size.schedules, size.busy_seconds)
    if "disk" in only:
        rows += await disk.measure(size.members)
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit code: 1 where a bound does not hold."""
    parser = argparse.ArgumentParser(prog="python -m bench.delivery", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--only", action="append", choices=NAMES, help="measure only this; may be given again")
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that everything runs")
    parser.add_argument("--members", type=int, help="whose check-ins are due at the same minute")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.ERROR)
    size = QUICK if given.quick else Size()
    if given.members is not None:
        size = replace(size, members=given.members)
    rows = asyncio.run(measure(size, given.only or NAMES))
    return conclude(rows, as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
