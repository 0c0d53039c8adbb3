"""How long a search for meetings takes: the wall's time and the processor's."""

import random
import time
from datetime import datetime, timedelta

from bench.feed_files import CITIES, FIRST, SECOND
from bench.feed_memory import NOW
from bench.report import Row, at_most, progress, told
from bot.core.distance import Point
from bot.services.feeds import finding, nearby
from bot.services.feeds.finding import Sought
from bot.services.feeds.nearby import Spot
from bot.services.feeds.vocabulary import Vocabulary
from bot.storage.database import Database

LONGEST = 20.0
"""Milliseconds."""
P99 = 0.99
SHOWN = 6
"""Meetings that one answer shows."""


async def measure(database: Database, searches: int) -> list[Row]:
    """So many searches of each kind that people make."""
    progress(f"{searches} searches of each kind")
    chosen = random.Random(7)
    vocabulary = Vocabulary()
    async with database.read() as tx:
        await vocabulary.renew(tx)
    taken: dict[str, list[tuple[float, float]]] = {}
    for _number in range(searches):
        begin = NOW + timedelta(minutes=chosen.randrange(10_000))
        word = f"{chosen.choice(FIRST)} {chosen.choice(SECOND)}"
        at = chosen.randrange(1, len(word) - 1)
        typo = word[:at] + word[at + 1 :]
        city, _state, north, east = chosen.choice(CITIES)
        there = Spot(city, Point(north + chosen.random() / 10, east + chosen.random() / 10))
        kinds = {
            "now and next": (Sought(), 2),
            "words with a typo": (Sought(text=typo), 168),
            "near a city": (Sought(near=city), 24),
            "online, of a kind, near a city": (Sought(near=city, online=True, types=("O",), programme="aa"), 24),
            "words with a typo, near a city": (Sought(text=typo, near=city), 168),
            "in another language": (Sought(language="es"), 24),
            "of a programme that nobody lists": (Sought(programme="na"), 168),
        }
        for kind, (sought, hours) in kinds.items():
            taken.setdefault(kind, []).append(await _search(database, sought, vocabulary, begin, hours=hours))
        taken.setdefault("near a point, by distance", []).append(await _near(database, there, vocabulary, begin))
    rows = []
    for kind, took in taken.items():
        waited, worked = (sorted(times) for times in zip(*took, strict=True))
        rows.append(at_most(f"search {kind}: p99", waited[int(P99 * (len(waited) - 1))], "ms", LONGEST))
        rows.append(told(f"search {kind}: median", waited[len(waited) // 2], "ms"))
        rows.append(told(f"search {kind}: p99 of the processor's time", worked[int(P99 * (len(worked) - 1))], "ms"))
    return rows


async def _search(
    database: Database, sought: Sought, vocabulary: Vocabulary, begin: datetime, *, hours: int
) -> tuple[float, float]:
    """Milliseconds, and those of the processor."""
    began, worked = time.perf_counter(), time.process_time()
    async with database.read() as tx:
        end = begin + timedelta(hours=hours)
        await finding.coming(tx, None, sought, vocabulary, begin=begin, end=end, limit=SHOWN)
    return 1000 * (time.perf_counter() - began), 1000 * (time.process_time() - worked)


async def _near(database: Database, spot: Spot, vocabulary: Vocabulary, begin: datetime) -> tuple[float, float]:
    """The same by distance."""
    began, worked = time.perf_counter(), time.process_time()
    async with database.read() as tx:
        end = begin + timedelta(days=7)
        await nearby.coming(tx, None, Sought(), vocabulary, spot, begin=begin, end=end, limit=SHOWN)
    return 1000 * (time.perf_counter() - began), 1000 * (time.process_time() - worked)
