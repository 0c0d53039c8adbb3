"""Transactions, and instants in columns."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from harness.fixtures import on_both_databases
from sqlalchemy import event, select, text
from sqlalchemy.exc import StatementError

from bot.storage.database import Database, Transaction
from bot.storage.opening import open_database
from bot.storage.tables import InboundEvent

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
async def database(database_url: str, key_file: Path) -> AsyncIterator[Database]:
    opened = await open_database(database_url, key_file)
    yield opened
    await opened.close()


async def insert(tx: Transaction, event_id: str, at: datetime = NOON) -> bool:
    """Note an event; False if it is there already."""
    return await tx.insert_new(InboundEvent, platform="test", event_id=event_id, seen_at=at, state="seen")


async def stored(database: Database) -> list[str]:
    """The events that are there."""
    async with database.begin() as tx:
        return list(await tx.session.scalars(select(InboundEvent.event_id).order_by(InboundEvent.event_id)))


@on_both_databases
async def test_an_instant_without_a_zone_is_refused(database: Database) -> None:
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(StatementError, match="time zone"):
        async with database.begin() as tx:
            await insert(tx, "a", naive)
    assert await stored(database) == []


@on_both_databases
async def test_an_instant_comes_back_in_utc(database: Database) -> None:
    async with database.begin() as tx:
        await insert(tx, "a", NOON.astimezone(ZoneInfo("Asia/Kathmandu")))
    async with database.begin() as tx:
        seen_at = await tx.session.scalar(select(InboundEvent.seen_at))
    assert seen_at == NOON
    assert seen_at.tzinfo is UTC


@on_both_databases
async def test_all_of_a_transaction_is_stored_or_nothing(database: Database) -> None:
    async def fails() -> None:
        async with database.begin() as tx:
            await insert(tx, "a")
            raise LookupError

    with pytest.raises(LookupError):
        await fails()
    assert await stored(database) == []


@on_both_databases
async def test_the_same_key_is_inserted_once(database: Database) -> None:
    async with database.begin() as tx:
        assert await insert(tx, "a")
        assert not await insert(tx, "a")
    async with database.begin() as tx:
        assert not await insert(tx, "a")


@on_both_databases
async def test_of_two_transactions_at_once_one_inserts(database: Database) -> None:
    async def one() -> bool:
        async with database.begin() as tx:
            return await insert(tx, "a")

    assert sorted(await asyncio.gather(one(), one(), one())) == [False, False, True]


@on_both_databases
async def test_many_transactions_at_once_are_all_stored(database: Database) -> None:
    async def one(number: int) -> None:
        async with database.begin() as tx:
            await insert(tx, f"{number:02}")

    await asyncio.gather(*(one(number) for number in range(20)))
    assert await stored(database) == [f"{number:02}" for number in range(20)]


async def test_two_processes_can_write_the_same_file(database: Database, database_url: str, key_file: Path) -> None:
    other = await open_database(database_url, key_file)
    try:

        async def one(where: Database, event_id: str) -> None:
            async with where.begin() as tx:
                await insert(tx, event_id)

        await asyncio.gather(*(one(d, f"{n}{m}") for n, d in enumerate((database, other)) for m in range(5)))
    finally:
        await other.close()
    assert len(await stored(database)) == 10


async def test_who_waits_is_woken_after_the_commit(database: Database) -> None:
    seen: list[int] = []
    async with database.begin() as tx:
        tx.after_commit(lambda: seen.append(1))
        assert seen == []
    assert seen == [1]


async def test_nobody_is_woken_by_what_was_rolled_back(database: Database) -> None:
    seen: list[int] = []

    async def fails() -> None:
        async with database.begin() as tx:
            tx.after_commit(lambda: seen.append(1))
            raise LookupError

    with pytest.raises(LookupError):
        await fails()
    assert seen == []


async def test_an_error_of_the_database_tells_no_values(database: Database) -> None:
    with pytest.raises(StatementError) as caught:
        async with database.begin() as tx:
            tx.session.add(InboundEvent(platform="test", event_id="zebra-marker", seen_at=NOON, state=None))
    assert "zebra-marker" not in str(caught.value)


@on_both_databases
async def test_a_commit_that_has_begun_is_finished_though_its_task_is_cancelled(database: Database) -> None:
    woken: list[str] = []
    committing = asyncio.Event()

    async def work() -> None:
        async with database.begin() as tx:
            await insert(tx, "a")
            event.listen(tx.session.sync_session, "before_commit", lambda _session: committing.set())
            tx.after_commit(lambda: woken.append("woken"))

    task = asyncio.create_task(work())
    await committing.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with database.read() as tx:
        assert await tx.session.get(InboundEvent, ("test", "a")) is not None
    assert woken == ["woken"]


@on_both_databases
async def test_a_cancelled_transaction_is_rolled_back_and_leaves_the_database_usable(database: Database) -> None:
    begun = asyncio.Event()

    async def work() -> None:
        async with database.begin() as tx:
            await insert(tx, "a")
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await begun.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with database.begin() as tx:
        assert await tx.session.get(InboundEvent, ("test", "a")) is None


async def test_who_is_cancelled_twice_has_stored_nothing_and_is_told_so(database: Database) -> None:
    told: list[bool] = []
    begun, goes_on, over = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slowly(tx: Transaction) -> None:
        begun.set()
        await goes_on.wait()
        tx.at_end(told.append)
        over.set()

    async def work() -> None:
        async with database.begin() as tx:
            tx.at_end(told.append)
            tx.before_commit(slowly)
            await tx.session.execute(text("UPDATE installation SET key_fingerprint = 'other'"))

    task = asyncio.create_task(work())
    await begun.wait()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    goes_on.set()
    await over.wait()
    assert told == [False, False]
    async with database.begin() as tx:
        assert await tx.session.scalar(text("SELECT key_fingerprint FROM installation")) != "other"
