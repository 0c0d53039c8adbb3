"""The one way to the database: transactions that carry the vault and wake who waits for them."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar, TypeVarTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    String,
    bindparam,
    event,
    func,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy import Row as SqlRow
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, make_transient_to_detached

from bot.storage.quick_sqlite import READING, WRITING, connecting
from bot.storage.vault import Vault

BUSY_SECONDS = 30
"""How long a writer waits for another process's lock on the SQLite file."""

CONNECT_SECONDS = 10
"""How long a PostgreSQL server may take to let us in."""

COMMAND_SECONDS = 30.0
"""How long one statement may take: a server that is gone without a word must not stop all work for ever."""

IDLE_SECONDS = 10
"""After this long within a transaction without a statement, PostgreSQL ends it: a process that hangs, or whose machine
is gone, must not keep others from the rows that it has locked."""

OUTBOX_CHANNEL = "handrail_outbox"
"""PostgreSQL's LISTEN/NOTIFY: somebody has put something into the outbox. The payload says which process."""

LONGEST_WAL = 16_384
"""Pages of 4 KiB: a commit that finds SQLite's write-ahead log longer carries it over itself. Otherwise `checkpoints`
does, beside the work."""

READ_ONLY = "handrail_read_only"
"""The execution option of a connection that only reads."""


Row = TypeVar("Row", bound=DeclarativeBase)
Columns = TypeVarTuple("Columns")


@dataclass(slots=True, kw_only=True)
class Transaction:
    """One unit of work: all of it is stored, or nothing."""

    session: AsyncSession
    vault: Vault
    _before_commit: list[Callable[["Transaction"], Awaitable[None]]] = field(default_factory=list)
    _after_commit: list[Callable[[], None]] = field(default_factory=list)
    _at_end: list[Callable[[bool], None]] = field(default_factory=list)
    _over: bool = False
    _rows: dict[tuple[type[Any], int], Any] = field(default_factory=dict)
    _known: dict[str, dict[int, Any]] = field(default_factory=dict)
    _changing: set[str] = field(default_factory=set)
    _announced: bool = False

    @property
    def is_shared(self) -> bool:
        """Whether other processes may work on the same database: on PostgreSQL."""
        return self.session.get_bind().dialect.name == "postgresql"

    async def get(self, table: type[Row], id_: int) -> Row:
        """The row with this id, read once in a transaction; raises `NoResultFound`.

        SQLAlchemy reads a row anew that nobody holds any more, and takes its time to find out that somebody does.
        """
        row: Row | None = self._rows.get((table, id_))
        if row is None or not (known := inspect(row)).persistent or known.expired:
            row = await self.session.get_one(table, id_)
            self._rows[table, id_] = row
        return row

    def read_row(self, row: DeclarativeBase, id_: int) -> None:
        """`get` need not read this row any more."""
        self._rows[type(row), id_] = row

    def known(self, kind: str) -> dict[int, Any]:
        """What was read of a kind ("roles") in this transaction, by whose it is; nothing stays once it `changes`."""
        return {} if kind in self._changing else self._known.setdefault(kind, {})

    def changes(self, kind: str) -> None:
        """From now on what is of this kind is read anew whenever it is asked for."""
        self._changing.add(kind)

    def before_commit(self, work: Callable[["Transaction"], Awaitable[None]]) -> None:
        """Do `work` in this transaction, as its last; however often it is asked for, once."""
        if work not in self._before_commit:
            self._before_commit.append(work)

    def at_end(self, told: Callable[[bool], None]) -> None:
        """Call `told` when it is over: True if its work is stored; False if it is not, or nobody knows."""
        if self._over:
            told(False)
        else:
            self._at_end.append(told)

    def after_commit(self, wake: Callable[[], None]) -> None:
        """Call `wake` once this work is stored; never if it is rolled back."""
        self._after_commit.append(wake)

    async def announce(self) -> None:
        """Tell the other processes, once this work is stored, that there may be something to send.

        However often it is called, they are told once for each transaction, and not if it is rolled back.
        """
        self._announced = True

    async def try_alone(self, name: str) -> bool:
        """Whether this transaction may do the work called `name`: until its end, others that ask are told no.

        On SQLite it always may: there is one writer at a time.
        """
        if not self.is_shared:
            return True
        return bool(await self.session.scalar(select(func.pg_try_advisory_xact_lock(lock_key(self.vault, name)))))

    async def wait_alone(self, name: str) -> None:
        """Wait until nobody else does the work called `name`; until the end of this transaction others wait for it.

        On SQLite nobody else does anything: there is one writer at a time.
        """
        if self.is_shared:
            await self.session.execute(select(func.pg_advisory_xact_lock(lock_key(self.vault, name))))

    async def join_by_index(self) -> None:
        """Until the end of this transaction find each row that is joined by an index, one by one.

        PostgreSQL would read a whole table for a few thousand rows of it, the longer the more members there are.
        SQLite does so anyway.
        """
        if self.is_shared:
            off = (func.set_config(f"enable_{kind}join", "off", True) for kind in ("hash", "merge"))
            await self.session.execute(select(*off))

    async def insert(self, table: type[DeclarativeBase], **values: Any) -> None:
        """Insert a row that nobody in this transaction needs as an object."""
        await self._flush()
        await self.session.execute(_adding(table), values)

    async def insert_new(self, table: type[DeclarativeBase], **values: Any) -> bool:
        """Insert a row unless one with the same unique key is there; True if it was inserted."""
        await self._flush()
        result: Any = await self.session.execute(_inserting(table, self.is_shared), values)
        return bool(result.rowcount)

    async def insert_new_id(self, table: type[DeclarativeBase], **values: Any) -> int | None:
        """The same; the id of the row, None if there was one already."""
        await self._flush()
        inserted = await self.session.execute(_inserting_id(table, self.is_shared), values)
        return inserted.scalar_one_or_none()

    async def insert_new_row(self, table: type[Row], **values: Any) -> Row | None:
        """The same; the row, which need not be read: `values` are all of its columns but the id."""
        id_ = await self.insert_new_id(table, **values)
        if id_ is None:
            return None
        row = table(id=id_, **values)
        make_transient_to_detached(row)
        self.session.add(row)
        return row

    async def rows(self, query: Select[*Columns], values: Mapping[str, Any]) -> Sequence[SqlRow[*Columns]]:
        """What a query of tables' columns finds, without what SQLAlchemy does to make objects of it."""
        await self._flush()
        return (await self.session.execute(query, values)).all()

    async def write(self, table: type[DeclarativeBase], key: Mapping[str, Any], **values: Any) -> int:
        """Write these values into the rows whose columns are as `key` says; into how many. None of them is loaded."""
        await self._flush()
        parameters = {f"key_{name}": value for name, value in key.items()}
        parameters |= {f"new_{name}": value for name, value in values.items()}
        result: Any = await self.session.execute(_writing(table, tuple(key), tuple(values)), parameters)
        return int(result.rowcount)

    async def _flush(self) -> None:
        """Store what was changed of loaded rows; SQLAlchemy does so before what it takes for a query of its own."""
        session = self.session
        if session.new or session.dirty or session.deleted:
            await session.flush()

    async def insert_plain(
        self, table: type[DeclarativeBase], columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
    ) -> None:
        """Insert rows of numbers and texts as they are: many small ones in a third of the time.

        `columns` are the names of the values of each row.
        """
        if not rows:
            return
        marks = ", ".join(f"${n}" if self.is_shared else "?" for n in range(1, len(columns) + 1))
        statement = f"INSERT INTO {table.__tablename__} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608  our names
        await (await self.session.connection()).exec_driver_sql(statement, list(rows))

    def ids(self, ids: Iterable[int | str]) -> Any:
        """The value of `among`."""
        return list(ids) if self.is_shared else json.dumps(list(ids))

    async def insert_or_write(
        self, table: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]], *, key: Sequence[str]
    ) -> None:
        """Write each of these rows, all with the same columns, over the one that has the same unique `key`, if any."""
        if not rows:
            return
        insert: Any = (postgresql if self.is_shared else sqlite).insert(table)
        written = {name: insert.excluded[name] for name in rows[0] if name not in key}
        await self.session.execute(insert.on_conflict_do_update(index_elements=key, set_=written), list(rows))

    async def insert_each(self, table: type[DeclarativeBase], rows: Select[Any]) -> int:
        """Insert what `rows` selects, its columns named as the table's, but no row whose unique key is there.

        How many were inserted. `rows` needs a WHERE: without one SQLite takes ON CONFLICT for a join's ON.
        """
        insert: Any = (postgresql if self.is_shared else sqlite).insert(table)
        names = [column.name for column in rows.selected_columns]
        result: Any = await self.session.execute(insert.from_select(names, rows).on_conflict_do_nothing())
        return int(result.rowcount)


def among(column: Any, is_shared: bool, *, ids: Any = None, are: Any = BigInteger) -> ColumnElement[bool]:
    """Whether a column is one of the parameter `ids`, however many they are: `Transaction.ids` makes it.

    They are one value: a statement with one for each would be put together anew for every number of them. `ids` here:
    the value itself. `are`: of which type each of them is.
    """
    given: Any = {} if ids is None else {"value": ids}
    if is_shared:
        found: ColumnElement[bool] = column == func.any(bindparam("ids", type_=ARRAY(are), **given))
        return found
    rows = func.json_each(bindparam("ids", type_=String, **given)).table_valued("value")
    found = column.in_(select(rows.c.value))
    return found


# To put a statement together takes longer than the database takes for it: these are built once.


@cache
def _adding(table: type[DeclarativeBase]) -> Any:
    stored: Any = table.__table__
    return insert(stored)


@cache
def _inserting(table: type[DeclarativeBase], is_shared: bool) -> Any:
    return (postgresql if is_shared else sqlite).insert(table.__table__).on_conflict_do_nothing()


@cache
def _inserting_id(table: type[DeclarativeBase], is_shared: bool) -> Any:
    stored: Any = table.__table__
    return _inserting(table, is_shared).returning(stored.c.id)


@cache
def _writing(table: type[DeclarativeBase], key: tuple[str, ...], names: tuple[str, ...]) -> Any:
    stored: Any = table.__table__
    column = stored.c
    these = (column[name] == bindparam(f"key_{name}", type_=column[name].type) for name in key)
    values = {column[name]: bindparam(f"new_{name}", type_=column[name].type) for name in names}
    return update(stored).where(*these).values(values)


def lock_key(vault: Vault, name: str) -> int:
    """The number of PostgreSQL's advisory lock called `name`: 64 bits, which tell nothing of the name."""
    return int.from_bytes(bytes.fromhex(vault.digest(name, "advisory lock"))[:8], signed=True)


class Database:
    """An engine and its vault. `origin` tells this process's announcements from those of others."""

    def __init__(self, engine: AsyncEngine, vault: Vault) -> None:
        self.engine = engine
        self.vault = vault
        self.origin = secrets.token_hex(8)
        # SQLite has one writer: waiting here, in order, is fairer and faster than waiting for its lock.
        self._writer = asyncio.Lock() if engine.dialect.name == "sqlite" else None

    @property
    def is_shared(self) -> bool:
        """Whether other processes may work on the same database: on PostgreSQL."""
        return self.engine.dialect.name == "postgresql"

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
    async def read(self) -> AsyncIterator[Transaction]:
        """A transaction that changes nothing: it waits for no writer, and no writer waits for it."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            await session.connection(execution_options={READ_ONLY: True})
            yield Transaction(session=session, vault=self.vault)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Transaction]:
        session = AsyncSession(self.engine, expire_on_commit=False)
        tx = Transaction(session=session, vault=self.vault)
        try:
            yield tx
            await _to_its_end(self._commit(tx))
        finally:
            tx._over = True  # whoever was cancelled twice may still be committing
            try:
                await _to_its_end(session.close())  # what was not committed is rolled back
            finally:
                _end(tx, is_stored=False)

    async def _commit(self, tx: Transaction) -> None:
        for work in tx._before_commit:
            await work(tx)
        if tx._over:
            await tx.session.close()
            raise RuntimeError("the transaction was over before its work was stored")
        if tx._announced and tx.is_shared:
            # Here and not in `announce`: a savepoint that is rolled back takes back what was said in it.
            await tx.session.execute(select(func.pg_notify(OUTBOX_CHANNEL, self.origin)))
        await tx.session.commit()
        _end(tx, is_stored=True)
        for wake in tx._after_commit:
            wake()

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


def make_engine(url: str, *, command_seconds: float | None = COMMAND_SECONDS) -> AsyncEngine:
    """An engine for `sqlite+aiosqlite:///FILE` or `postgresql+asyncpg://…`; None: a statement may take any time."""
    if not url.startswith("sqlite"):
        settings = {"idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s"}
        return create_async_engine(
            url,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"timeout": CONNECT_SECONDS, "command_timeout": command_seconds, "server_settings": settings},
        )
    quickly = connecting(busy_seconds=BUSY_SECONDS)
    engine = create_async_engine(url, connect_args={"async_creator_fn": quickly}, hide_parameters=True)

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        try:
            cursor = connection.cursor()
            # FULL: a case that was answered must still be there after the plug was pulled.
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.execute(f"PRAGMA wal_autocheckpoint={LONGEST_WAL}")
            cursor.close()
        except BaseException:
            connection.close()  # its thread would outlive the event loop
            raise

    begin_at_once(engine)
    return engine


def begin_at_once(engine: AsyncEngine) -> None:
    """Begin transactions on SQLite ourselves: one that reads and then writes cannot be refused half-way."""

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        read_only = connection.get_execution_options().get(READ_ONLY, False)
        connection.exec_driver_sql(READING if read_only else WRITING)


def _end(tx: Transaction, *, is_stored: bool) -> None:
    """Tell it once."""
    told, tx._at_end = tx._at_end, []
    for each in told:
        each(is_stored)


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Do it, also if we are cancelled meanwhile: of half a commit nobody knows what is stored.

    A second cancellation does not wait: the database may hang.
    """
    doing = asyncio.create_task(work)
    try:
        await asyncio.shield(doing)
    except asyncio.CancelledError:
        await asyncio.wait({doing})
        raise
