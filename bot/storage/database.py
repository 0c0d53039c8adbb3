"""The one way to the database: transactions that carry the vault and wake who waits for them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from bot.storage.vault import Vault

BUSY_SECONDS = 30
"""How long a writer waits for another process's lock on the SQLite file."""


@dataclass(slots=True, kw_only=True)
class Transaction:
    """One unit of work: all of it is stored, or nothing."""

    session: AsyncSession
    vault: Vault
    _after_commit: list[Callable[[], None]] = field(default_factory=list)

    def after_commit(self, wake: Callable[[], None]) -> None:
        """Call `wake` once this work is stored; never if it is rolled back."""
        self._after_commit.append(wake)

    async def insert_new(self, table: type[DeclarativeBase], **values: Any) -> bool:
        """Insert a row unless one with the same unique key is there; True if it was inserted."""
        dialect = self.session.get_bind().dialect.name
        insert: Any = (postgresql if dialect == "postgresql" else sqlite).insert(table)
        result: Any = await self.session.execute(insert.values(**values).on_conflict_do_nothing())
        return bool(result.rowcount)


class Database:
    """An engine and its vault."""

    def __init__(self, engine: AsyncEngine, vault: Vault) -> None:
        self.engine = engine
        self.vault = vault
        # SQLite has one writer: waiting here, in order, is fairer and faster than waiting for its lock.
        self._writer = asyncio.Lock() if engine.dialect.name == "sqlite" else None

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        """One transaction: committed at the end of the block, rolled back if it raises."""
        if self._writer is None:
            async with self._transaction() as tx:
                yield tx
        else:
            async with self._writer, self._transaction() as tx:
                yield tx

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Transaction]:
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            tx = Transaction(session=session, vault=self.vault)
            async with session.begin():
                yield tx
        for wake in tx._after_commit:
            wake()

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


def make_engine(url: str) -> AsyncEngine:
    """An engine for `sqlite+aiosqlite:///FILE` or `postgresql+asyncpg://…`."""
    if not url.startswith("sqlite"):
        return create_async_engine(url, pool_pre_ping=True, hide_parameters=True)
    engine = create_async_engine(url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        # FULL: a case that was answered must still be there after the plug was pulled.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        # IMMEDIATE: a transaction that reads and then writes cannot be refused half-way.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
