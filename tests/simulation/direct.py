"""SQLite in memory without a thread: each statement runs where it is asked for, which halves the time of a simulation.

It is aiosqlite as far as SQLAlchemy's dialect uses it.
"""

import sqlite3
from asyncio import Future
from collections.abc import Callable
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from bot.storage.database import begin_at_once


class _Cursor:
    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    async def __aenter__(self) -> "_Cursor":
        return self

    async def execute(self, *arguments: Any) -> None:
        self._cursor.execute(*arguments)

    async def executemany(self, *arguments: Any) -> None:
        self._cursor.executemany(*arguments)

    async def fetchall(self) -> list[Any]:
        return self._cursor.fetchall()

    async def close(self) -> None:
        self._cursor.close()


class _AtOnce:
    """Takes the place of the queue of aiosqlite's thread."""

    def put_nowait(self, asked: tuple["Future[Any]", Callable[[], Any]]) -> None:
        asked[0].set_result(asked[1]())


class _Connection:
    def __init__(self, raw: sqlite3.Connection) -> None:
        self._conn = self._connection = raw
        self._tx = _AtOnce()

    @property
    def isolation_level(self) -> str | None:
        return self._conn.isolation_level

    def cursor(self) -> _Cursor:
        return _Cursor(self._conn.cursor())

    async def create_function(self, *arguments: Any, **named: Any) -> None:
        self._conn.create_function(*arguments, **named)

    async def commit(self) -> None:
        self._conn.commit()

    async def rollback(self) -> None:
        self._conn.rollback()

    async def close(self) -> None:
        """The one connection stays: the database is gone with it."""


def direct_engine(raw: sqlite3.Connection) -> AsyncEngine:
    """An engine whose only connection is `raw`."""
    raw.isolation_level = None
    raw.execute("PRAGMA foreign_keys=ON")

    async def connect() -> _Connection:
        return _Connection(raw)

    engine = create_async_engine("sqlite+aiosqlite://", async_creator=connect, poolclass=StaticPool)
    begin_at_once(engine)
    # Rows that were read stay in the session to its end: nobody else changes them meanwhile, and a third of all
    # statements would read them again.
    for loaded in ("loaded_as_persistent", "pending_to_persistent"):
        event.listen(Session, loaded, _keep)
    return engine


def _keep(session: Session, row: object) -> None:
    session.info.setdefault("kept", []).append(row)
