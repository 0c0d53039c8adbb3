"""SQLite without a change of threads for what takes no time.

aiosqlite hands each step of a statement (a cursor, its execution, its rows, its end) to a thread and waits for it: four
changes of threads, half a millisecond each in a busy process, where most of the bot's statements take a hundredth of
that. Here a statement that was quick before runs where it is asked for, in the event loop. In the thread stays what
may wait for a lock or for the disk (a BEGIN that another process holds up, each COMMIT of something), what was slow
lately, and what was never seen.
"""

import sqlite3
import time
from collections.abc import Callable
from typing import Any

import aiosqlite

QUICK_SECONDS = 0.001
"""Processor time of a statement that the event loop may wait for."""

QUICK_AGAIN = 100
"""One that took longer must have been quick in the thread so often before it is asked in the event loop again. On a
busy machine almost any takes longer once, the first time above all; what is slow now and then hardly ever comes back.
"""

AT_ONCE_SECONDS = 0.002
"""After so long without a change of threads others have their turn, however quick each statement was."""

MOST_STATEMENTS = 5_000
"""Statements whose time is remembered: the bot has a few hundred, and some have a length for each number of values."""

READING, WRITING = "BEGIN", "BEGIN IMMEDIATE"
"""How transactions begin."""

_ELSEWHERE = ("PRAGMA", "VACUUM", "ATTACH", "DETACH", "CREATE", "DROP", "ALTER", "ANALYZE", "REINDEX")
"""What is rare and may take its time."""


class Times:
    """Which statements were quick."""

    def __init__(self) -> None:
        self._to_go: dict[str, int] = {}
        """How often each must still be quick, in the thread."""

    def may_run_here(self, sql: str) -> bool:
        """Whether the event loop may wait for it."""
        return self._to_go.get(sql) == 0

    def took(self, sql: str, seconds: float) -> None:
        """Remember how long it took."""
        if len(self._to_go) >= MOST_STATEMENTS:
            self._to_go.clear()
        self._to_go[sql] = max(0, self._to_go.get(sql, 1) - 1) if seconds <= QUICK_SECONDS else QUICK_AGAIN


class Connection(aiosqlite.Connection):
    """One connection, whose quick statements run in the event loop. It is used by one task at a time.

    `busy_seconds`: how long a writer waits for another process.
    """

    def __init__(self, connector: Callable[[], sqlite3.Connection], times: Times, busy_seconds: float) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._thread.daemon = True
        self._times = times
        self._patience = f"PRAGMA busy_timeout={int(busy_seconds * 1000)}"
        self._statement = ""
        """The one that was begun last, whose rows are read."""
        self._changes = 0
        """`total_changes` at the last BEGIN."""
        self._here_for = 0.0
        """Seconds of statements in the event loop since others had their turn."""
        self._in_thread: set[object] = set()
        """What the thread has not done yet; several only after somebody was cancelled who waited for it."""

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Do one step, here or in the thread: aiosqlite brings every one of them through this."""
        step = getattr(fn, "__name__", "")
        if step == "execute":
            self._statement = str(args[0])
        if self._in_thread or not self._may_be_quick(step, isinstance(getattr(fn, "__self__", None), sqlite3.Cursor)):
            return await self._elsewhere(fn, args, kwargs)
        if step == "execute" and self._statement == WRITING:
            return await self._begin(fn)
        if step == "execute" or step.startswith("fetch"):
            return await self._timed(fn, args, kwargs)
        return fn()

    def _may_be_quick(self, step: str, of_cursor: bool) -> bool:
        """Whether such a step may be done in the event loop at all."""
        if step == "execute":
            return of_cursor and not self._statement.startswith(_ELSEWHERE)
        if step in {"commit", "rollback"}:  # of nothing
            return not self._conn.in_transaction or self._conn.total_changes == self._changes
        return step == "cursor" or (of_cursor and step in {"close", "fetchone", "fetchmany", "fetchall"})

    async def _begin(self, fn: Callable[..., Any]) -> Any:
        """Take the writer's lock at once if it is free; otherwise wait for it in the thread."""
        self._changes = self._conn.total_changes
        self._conn.execute("PRAGMA busy_timeout=0")
        try:
            return fn(WRITING)
        except sqlite3.OperationalError:
            pass  # locked; what else may be wrong is raised when it is tried again
        finally:
            self._conn.execute(self._patience)
        return await self._elsewhere(fn, (WRITING,), {})

    async def _timed(self, fn: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        sql, took = self._statement, 0.0
        if sql == READING:  # takes no lock yet
            self._changes = self._conn.total_changes

        def timed() -> Any:
            nonlocal took
            before = time.thread_time()
            try:
                return fn(*args, **kwargs)
            finally:
                took = time.thread_time() - before
                self._times.took(sql, took)

        if self._here_for > AT_ONCE_SECONDS or not self._times.may_run_here(sql):
            return await self._elsewhere(timed, (), {})
        try:
            return timed()
        finally:
            self._here_for += took

    async def _elsewhere(self, fn: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """In the thread. Whoever is cancelled while they wait leaves it at work: then all else is done behind that."""
        self._here_for = 0.0
        step = object()

        def noted() -> Any:
            try:
                return fn(*args, **kwargs)
            finally:
                self._in_thread.discard(step)

        self._in_thread.add(step)
        return await super()._execute(noted)  # type: ignore[no-untyped-call]  # aiosqlite's own


_TIMES = Times()
"""Of all connections of the process, which has one database; in tests each has many, and all are small."""


def connecting(*, busy_seconds: float, times: Times = _TIMES) -> Callable[..., Connection]:
    """What SQLAlchemy calls for a new connection (`async_creator_fn`)."""

    def connect(database: str, **settings: Any) -> Connection:
        return Connection(lambda: sqlite3.connect(database, timeout=busy_seconds, **settings), times, busy_seconds)

    return connect
