"""Each benchmark runs to its end and has its rows; with numbers so small that they mean nothing."""

import csv
import logging
from pathlib import Path

import pytest
from harness.fixtures import POSTGRESQL, database_kind, database_url, key_file, postgresql_server
from real_matrix.homeserver import Homeserver

from bench import (
    discord_limit,
    disk,
    due,
    feeds,
    growth,
    jobstore,
    latency,
    learning,
    memory,
    page,
    resources,
    signs,
    synapse,
)
from bench.databases import Kind
from bench.growth import Point
from bench.report import Row
from bot.storage.opening import open_database

__all__ = ["database_kind", "database_url", "key_file", "postgresql_server"]

SQLITE: tuple[Kind, ...] = ("SQLite",)


def promised(rows: list[Row]) -> list[str]:
    """What there is a bound for."""
    assert all(row.value >= 0 for row in rows)
    return [row.what for row in rows if row.bound is not None]


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)


async def test_due() -> None:
    rows, rate = await due.measure(50, SQLITE)
    assert len(promised(rows)) == 2
    assert rate > 0


@pytest.mark.parametrize("database_kind", [pytest.param(POSTGRESQL, marks=pytest.mark.postgresql)], indirect=True)
async def test_due_on_postgresql(database_url: str, key_file: Path) -> None:
    database = await open_database(database_url, key_file)
    try:
        per_second, stall = await due.one_day(database, 50, 0)
    finally:
        await database.close()
    assert per_second > 0
    assert stall >= 0


async def test_jobstore() -> None:
    assert len(promised(await jobstore.measure(10_000, jobs=5))) == 1


async def test_sending() -> None:
    assert len(promised(await discord_limit.measure(0.1))) == 2


async def test_page() -> None:
    assert len(promised(await page.measure(20, 1, SQLITE, pause=0))) == 1


async def test_synapse(homeserver: Homeserver) -> None:
    assert len(promised(await synapse.measure_on(homeserver, 2, 1, 1))) == 2


async def test_latency(homeserver: Homeserver) -> None:
    rows = [*await latency.on_loopback(1, 20, pause=0), *await latency.on_synapse(homeserver, 1, 0, pause=0)]
    assert len(promised(rows)) >= 3


async def test_memory() -> None:
    taken = await memory.take(200, 0.0, starts=1)
    assert taken.busy > 0
    assert taken.on > 0


async def test_resources() -> None:
    assert len(promised(await resources.measure(60, 15))) == 2


async def test_disk() -> None:
    assert len(await disk.measure(50, 3, SQLITE)) == 3


async def test_feeds() -> None:
    size = feeds.Size(meetings=200, searches=2, services=60, queries=15, large=20_000, waits=50)
    rows = promised(await feeds.measure(size, ("import", "wait", "search", "memory"), SQLITE))
    assert len(rows) == 13


def test_signs() -> None:
    few = {
        name: messages[::3] for name, messages in learning.read("en").items() if name in {"unseen", "young", "abuse"}
    }
    assert len(list(signs.measure(few))) == 15


async def test_growth(tmp_path: Path) -> None:
    measured = await growth.points((1000,), SQLITE, with_memory=None)
    assert len(growth.rows(measured)) == 3


def test_growth_is_drawn(tmp_path: Path) -> None:
    kinds: tuple[Kind, ...] = ("SQLite", "PostgreSQL")
    measured = [
        Point(database=kind, schedules=n, idle_tick_ms=1, due_ms=2, claim_ms=3, resident_mb=4)
        for kind in kinds
        for n in (1000, 10_000)
    ]
    growth.write(measured, tmp_path)
    assert (tmp_path / "growth.svg").read_text("utf-8").count("<svg") == 1
    with (tmp_path / "growth.csv").open(encoding="utf-8") as opened:
        assert [row["schedules"] for row in csv.DictReader(opened)] == ["1000", "10000"] * 2
