"""Escalation by the thousand: the real service and database on a virtual clock, with seeded people and faults.

    python -m bench.duty --cases 100000 --seed 7 --json

Each chunk of the cases is a town of its own with a seed of its own, made from the one that is given, so it is the same
whichever process runs it (`--processes`, all the machine's cores unless told); a broken invariant names that seed.
Times of people are on the virtual clock, the cases a second on the machine's.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import quantiles

from simulation import Broken, Result, simulate

from bench.report import progress

CHUNK = 500
"""Cases of one simulated town: SQLite in memory does not grow without end, and a failure is replayed soon."""


@dataclass(slots=True)
class Total:
    """All chunks together."""

    cases: int = 0
    transactions: int = 0
    seconds: float = 0.0
    """From the first chunk's beginning to the last one's end, on the machine's clock."""
    faults: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    first_answer: list[float] = field(default_factory=list)
    acknowledged: list[float] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """One more chunk."""
        self.cases += result.cases
        self.transactions += result.transactions
        self.faults += result.faults
        self.ends += result.ends
        self.first_answer += result.first_answer
        self.acknowledged += result.acknowledged
        self.broken += result.invariants_broken

    def as_json(self) -> dict[str, object]:
        """What is printed."""
        return {
            "cases": self.cases,
            "transactions": self.transactions,
            "faults": dict(self.faults),
            "ends": dict(self.ends),
            "invariants_broken": len(self.broken),
            "broken": self.broken[:20],
            "seconds_to_first_answer": _percentiles(self.first_answer),
            "seconds_to_acknowledgement": _percentiles(self.acknowledged),
            "cases_per_second": round(self.cases / self.seconds, 2) if self.seconds else 0.0,
        }


def _percentiles(values: list[float]) -> dict[str, float]:
    if len(values) < 2:  # noqa: PLR2004  no percentiles of less
        return {}
    cuts = quantiles(values, n=100, method="inclusive")
    return {
        "p50": round(cuts[49], 1),
        "p90": round(cuts[89], 1),
        "p99": round(cuts[98], 1),
        "max": round(max(values), 1),
    }


def chunks(cases: int, seed: int) -> list[tuple[int, int]]:
    """The (seed, cases) of each chunk; a run of one chunk has the seed that was given."""
    sizes = [min(CHUNK, cases - first) for first in range(0, cases, CHUNK)]
    return [(seed + number, size) for number, size in enumerate(sizes)]


def _run(chunk: tuple[int, int]) -> Result | str:
    """One chunk; the invariant that broke, in words."""
    try:
        return asyncio.run(simulate(*chunk))
    except Broken as broken:
        return str(broken)


def results(asked: Sequence[tuple[int, int]], processes: int) -> Iterator[Result | str]:
    """Of every chunk, in their order."""
    if processes == 1:
        yield from map(_run, asked)
        return
    # A process for each chunk: what SQLite and the interpreter keep goes with it.
    with multiprocessing.get_context("spawn").Pool(processes, maxtasksperchild=1) as pool:
        yield from pool.imap(_run, asked)


def main(arguments: list[str]) -> int:
    """Run it; 1 if an invariant is broken."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.duty", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    total = Total()
    began = time.monotonic()
    for result in results(chunks(given.cases, given.seed), given.processes):
        if isinstance(result, str):
            total.broken.append(result)
        else:
            total.add(result)
        total.seconds = time.monotonic() - began
        progress(f"{total.cases:,} of {given.cases:,} cases, {len(total.broken)} invariants broken")
    if given.json:
        print(json.dumps(total.as_json()))
    else:
        for what, value in total.as_json().items():
            print(f"{what:28} {value}")
    return int(bool(total.broken))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
