"""SQLite's quick statements run in the event loop; what may wait, or was slow, stays in a thread."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.storage import quick_sqlite
from bot.storage.quick_sqlite import Connection, Times

SLOW = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT max(i) FROM n WHERE i > {}"
)


class Noted(Connection):
    """It notes in which thread each statement was done."""

    def __init__(self, path: Path, times: Times) -> None:
        super().__init__(self._open, times, busy_seconds=5)
        self.path = path
        self.threads: list[tuple[str, bool]] = []
        self._loop = asyncio.get_running_loop()
        self._in_thread_begun: dict[str, asyncio.Event] = {}

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        connection.set_trace_callback(self._note)
        return connection

    def _note(self, statement: str) -> None:
        here = threading.current_thread() is threading.main_thread()
        self.threads.append((statement, here))
        if not here and statement in self._in_thread_begun:
            self._loop.call_soon_threadsafe(self._in_thread_begun[statement].set)

    def begun_in_thread(self, statement: str) -> asyncio.Event:
        """Set once the thread does it."""
        return self._in_thread_begun.setdefault(statement, asyncio.Event())

    def were_here(self, statement: str) -> list[bool]:
        """For each time that the statement was done, whether that was in the event loop."""
        return [here for done, here in self.threads if done == statement]

    async def says(self, statement: str) -> list[Any]:
        """Do it, as SQLAlchemy does."""
        cursor = await self.cursor()
        await cursor.execute(statement)
        rows = list(await cursor.fetchall())
        await cursor.close()
        return rows


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[Noted]:
    opened = await Noted(tmp_path / "a.db", Times())
    assert isinstance(opened, Noted)
    await opened.says("CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT)")
    yield opened
    await opened.close()


async def test_a_statement_that_was_quick_needs_no_thread_the_next_time(connection: Noted) -> None:
    for _ in range(3):
        assert await connection.says("SELECT 1") == [(1,)]
    assert connection.were_here("SELECT 1") == [False, True, True]


async def test_a_statement_that_was_slow_never_stops_the_event_loop_again(connection: Noted) -> None:
    slow = SLOW.format(7)
    for _ in range(3):
        assert await connection.says(slow) == [(300_000,)]
    assert connection.were_here(slow) == [False, False, False]


async def test_what_becomes_slow_goes_back_to_the_thread(connection: Noted, monkeypatch: pytest.MonkeyPatch) -> None:
    await connection.says("SELECT 2")
    monkeypatch.setattr(quick_sqlite, "QUICK_SECONDS", -1)
    await connection.says("SELECT 2")
    monkeypatch.undo()
    await connection.says("SELECT 2")
    assert connection.were_here("SELECT 2") == [False, True, False]


async def test_what_was_slow_once_comes_back_when_it_has_long_been_quick(
    connection: Noted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quick_sqlite, "QUICK_AGAIN", 2)
    monkeypatch.setattr(quick_sqlite, "QUICK_SECONDS", -1)
    await connection.says("SELECT 2")
    monkeypatch.setattr(quick_sqlite, "QUICK_SECONDS", 1)
    for _ in range(3):
        await connection.says("SELECT 2")
    assert connection.were_here("SELECT 2")[:2] == [False, False]
    assert connection.were_here("SELECT 2")[-1]


async def test_after_many_quick_statements_others_have_their_turn(
    connection: Noted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quick_sqlite, "AT_ONCE_SECONDS", 0)
    await connection.says("SELECT 3")
    had_turns = 0

    async def other() -> None:
        nonlocal had_turns
        while True:
            had_turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    for _ in range(20):
        await connection.says("SELECT 3")
    task.cancel()
    assert had_turns > 1


async def test_a_commit_of_something_waits_for_the_disk_in_the_thread_and_one_of_nothing_is_done_here(
    connection: Noted,
) -> None:
    await connection.says("BEGIN IMMEDIATE")
    await connection.commit()
    await connection.says("BEGIN IMMEDIATE")
    await connection.says("INSERT INTO words (word) VALUES ('a')")
    await connection.commit()
    assert connection.were_here("COMMIT") == [True, False]


async def test_who_must_wait_for_another_writer_waits_in_the_thread(connection: Noted, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    begun = connection.begun_in_thread("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(connection.says("BEGIN IMMEDIATE"))
    await begun.wait()
    other.execute("ROLLBACK")
    other.close()
    await waiting
    assert connection.were_here("BEGIN IMMEDIATE") == [True, False]
    await connection.rollback()


async def test_who_is_cancelled_leaves_the_thread_at_work_and_what_follows_is_done_behind_it(
    connection: Noted,
) -> None:
    await connection.says("SELECT 4")
    begun = connection.begun_in_thread(SLOW.format(8))
    slow = asyncio.create_task(connection.says(SLOW.format(8)))
    await begun.wait()
    slow.cancel()
    await asyncio.wait({slow})
    assert await connection.says("SELECT 4") == [(4,)]
    assert not connection._in_thread


async def test_only_so_many_statements_are_remembered() -> None:
    times = Times()
    for number in range(quick_sqlite.MOST_STATEMENTS + 1):
        times.took(f"SELECT {number}", 0)
    assert not times.may_run_here("SELECT 0")
    assert times.may_run_here(f"SELECT {quick_sqlite.MOST_STATEMENTS}")
