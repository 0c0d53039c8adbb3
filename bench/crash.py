"""The bot killed again and again while it works: what was lost, and what was said twice.

`python -m bench.crash --kills 500 [--seed N] [--json]`; 500 kills take about half an hour.
"""

import argparse
import asyncio
import logging
import random
import sys
import time

import bench
from bench.report import Row, at_most, conclude, progress, told

assert bench.REPOSITORY  # noqa: S101  importing it lets the tests' modules be found: so they come after it

from crash.run import Outcome, run  # noqa: E402  see above
from crash.scene import Size  # noqa: E402  see above
from real_matrix.homeserver import Homeserver  # noqa: E402  see above

TELL_EVERY = 10
"""Kills between two lines of progress."""


def size_for(kills: int) -> Size:
    """Work for so many kills: about six messages that are due for each, and two people in danger for five."""
    cases = max(2, kills * 2 // 5)
    on_matrix = min(40, max(4, cases // 2))
    return Size(
        on_discord=max(4, kills * 2 // 3), on_matrix=on_matrix, meetings=max(2, kills // 2), followers=6, cases=cases
    )


async def measure(kills: int, seed: int) -> Outcome:
    """One run on a homeserver of its own."""
    homeserver = Homeserver()
    lines = 0
    began = time.monotonic()

    def tell(line: str) -> None:
        nonlocal lines
        lines += 1
        if lines % TELL_EVERY == 0:
            progress(f"{line}, {time.monotonic() - began:.0f} s")

    try:
        await homeserver.start()
        return await run(homeserver, kills=kills, seed=seed, size=size_for(kills), tell=tell)
    finally:
        homeserver.close()


def rows_of(outcome: Outcome) -> list[Row]:
    """What the run came to, for the table."""
    count = outcome.count
    rows = [
        told("seed", outcome.seed, ""),
        told("kills", outcome.kills, "SIGKILL"),
        told("time", outcome.seconds, "s"),
        told("settled after the last kill", outcome.settled_after, "s"),
    ]
    for row in count.rows:
        rows.append(told(f"{row.kind}: expected", row.expected, "messages"))
        rows.append(told(f"{row.kind}: arrived", row.arrived, "messages"))
    return [
        *rows,
        told("all: expected", count.expected, "messages"),
        at_most("lost", count.lost, "messages", 0),
        at_most("said twice", count.duplicates, "messages", 0),
        at_most("not expected", count.astray.total(), "messages", 0),
        at_most("people who still wait", len(outcome.unfinished), "people", 0),
        at_most("unexpected errors in the log", outcome.logged.total(), "lines", 0),
        at_most("people's words in the log", outcome.words_in_the_log, "lines", 0),
    ]


def main() -> int:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--json", action="store_true", help="print JSON, for a program")
    given = parser.parse_args()
    logging.getLogger("nio").setLevel(logging.ERROR)  # its people find the homeserver restarted, again and again
    progress(f"seed {given.seed}")
    outcome = asyncio.run(measure(given.kills, given.seed))
    if not outcome.holds:
        progress(outcome.report())
    return conclude(rows_of(outcome), as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
