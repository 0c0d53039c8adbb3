"""Resources at the size of a country: how fast a file of services is imported, and how fast one is found.

    python -m bench.resources [--services 100000] [--queries 300] [--json]

A file of HSDS 3.0 is made of made-up services, imported, and searched as people write, typing errors and towns
included; one search is all that `resources WORDS` does but for the chat around it. The bound on the search is the
promise of the project; the import's rate is told beside what SQLite alone does with rows of the same size.
"""

import argparse
import asyncio
import json
import random
import resource as usage
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.report import Row, at_most, conclude, progress, told
from bot.app import load_resources
from bot.core.resources.records import Reading, Record, read_record
from bot.operations.resource_files import records_in
from bot.services.directory import import_source
from bot.services.resources import Asked
from bot.storage.database import Database
from bot.storage.opening import open_database

SEARCH_MS = 20.0
MEMORY_MB = 100.0

_NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
_NAMES = ("Harbor", "Riverside", "New Leaf", "Bridge", "Cedar", "Hope", "Summit", "Lantern", "Willow", "Anchor")
_KINDS = (
    ("Detox Center", "Medically supervised detoxification and withdrawal management."),
    ("Outpatient Treatment", "Outpatient treatment for drug and alcohol use, with buprenorphine and methadone."),
    ("Emergency Shelter", "A bed for tonight, meals and showers for people who are homeless."),
    ("Food Pantry", "Groceries and hot meals on weekdays for anybody who is hungry."),
    ("Legal Aid", "Free lawyers for expungement, eviction and custody."),
    ("Harm Reduction", "Naloxone, syringe exchange and fentanyl test strips, no questions asked."),
    ("Family Counseling", "Counselling for families and friends of people in recovery."),
    ("Job Training", "Job training and placement for people with a criminal record."),
)
_FIRST = ("Oak", "Spring", "Maple", "River", "Clear", "Stone", "Fair", "Lake")
_LAST = ("land", "field", "ville", "ton", "brook", "port", "view", "dale", "wood", "ford")
_TOWNS = tuple(first + last for first in _FIRST for last in _LAST)
_ASKED = (
    "somewhere to sleep tonight",
    "detox no insurance",
    "narcan near me",
    "detxo",
    "food bank in Oakland",
    "lawyer for eviction Springfeild",
    "methadone in Lakeport",
    "job training with a record",
    "Lantern Detox",
    "help for my son who drinks",
    "shelter in Riverton tonight",
    "needle exchange maplewood",
    "1-800-273-8255",
    "quiet place",
    "zxqwv",
)


def _services(count: int, seed: int) -> Iterator[dict[str, Any]]:
    pick = random.Random(seed)
    for number in range(count):
        kind, described = pick.choice(_KINDS)
        town = pick.choice(_TOWNS)
        yield {
            "id": f"00000000-0000-4000-8000-{number:012d}",
            "name": f"{pick.choice(_NAMES)} {kind} {number % 997}",
            "description": f"{described} Serving {town} since {1950 + number % 70}. "
            + "Call ahead for an intake. " * 8,
            "status": "active",
            "assured_date": f"{2020 + number % 7}-0{1 + number % 9}-01",
            "fees_description": pick.choice(("Free", "Sliding fee scale", "Private health insurance", "")),
            "phones": [{"id": str(number), "number": f"555-{number % 1000:03d}-{number % 10000:04d}", "type": "voice"}],
            "languages": [{"id": str(number), "code": pick.choice(("en", "es"))}],
            "schedules": [
                {
                    "id": str(number),
                    "freq": "WEEKLY",
                    "byday": "MO,TU,WE,TH,FR",
                    "opens_at": "09:00",
                    "closes_at": "17:00",
                }
            ],
            "organization": {"id": str(number % 5000), "name": f"Organization {number % 5000}", "description": "x"},
            "service_at_locations": [
                {
                    "location": {
                        "addresses": [
                            {
                                "address_1": f"{number % 900} Main Street",
                                "city": town,
                                "state_province": "CA",
                                "postal_code": f"{90000 + number % 999}",
                                "country": "US",
                                "address_type": "physical",
                            }
                        ]
                    }
                }
            ],
        }


def _write(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8") as opened:
        between = "["
        for service in _services(count, seed=1):
            opened.write(between + json.dumps(service))
            between = ",\n"
        opened.write("]")


def _read(path: Path) -> Iterator[Record]:
    reading = Reading(today=_NOW.date(), known=load_resources().known)
    for number, raw in records_in(path):
        yield from read_record(number, raw, reading)


async def measure(services: int, queries: int) -> list[Row]:
    """Import, import again, search; on SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        _write(path / "services.json", services)
        database = await open_database(f"sqlite+aiosqlite:///{path / 'handrail.db'}", path / "handrail.key")
        try:
            return [*await _imports(database, path / "services.json", services), *await _searches(database, queries)]
        finally:
            await database.close()


async def _imports(database: Database, file: Path, services: int) -> list[Row]:
    progress(f"importing {services:,} services")
    idle = _peak_mb()
    began = time.perf_counter()
    report = await import_source(database, file.name, _read(file), now=_NOW)
    first = time.perf_counter() - began
    assert report.added == services, report.as_json()  # noqa: S101  else nothing is measured
    began = time.perf_counter()
    again = await import_source(database, file.name, _read(file), now=_NOW)
    assert again.unchanged == services  # noqa: S101  else nothing is measured
    return [
        told("import: services a second", services / first, "1/s"),
        told("import again, nothing changed: services a second", services / (time.perf_counter() - began), "1/s"),
        at_most("import: memory over the idle program", _peak_mb() - idle, "MB", MEMORY_MB),
    ]


async def _searches(database: Database, queries: int) -> list[Row]:
    progress(f"{queries} searches")
    resources = load_resources()
    for words in _ASKED:
        await _search(resources, database, words)
    taken, worked = [], []
    for number in range(queries):
        before = time.process_time()
        taken.append(await _search(resources, database, _ASKED[number % len(_ASKED)]))
        worked.append((time.process_time() - before) * 1000)
    return [
        told("search: median", statistics.median(taken), "ms"),
        at_most("search: p99", _p99(taken), "ms", SEARCH_MS),
        told("search: p99 of the processor's time alone", _p99(worked), "ms"),
    ]


def _p99(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


async def _search(resources: Any, database: Database, words: str) -> float:
    before, _in, place = words.rpartition(" in ")
    asked = Asked(words=before or words, place=place if before else None, country="US", language="en", at=_NOW)
    began = time.perf_counter()
    await resources.find_anywhere(database, asked)
    return (time.perf_counter() - began) * 1000


def _peak_mb() -> float:
    """The most memory that this program has taken so far."""
    peak = usage.getrusage(usage.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


def main() -> int:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--services", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    return conclude(asyncio.run(measure(given.services, given.queries)), as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
