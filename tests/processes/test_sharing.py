"""Working on one database together: being told of what others put in, and leaving work to one."""

import asyncio
import contextlib
from datetime import timedelta

import pytest
from delivery.post import Post
from harness.fixtures import on_both_databases, on_postgresql

from bot.storage.database import Database
from processes.competing import PATIENCE, competing

ROUNDS = 5
NEVER = timedelta(days=1)


class Woken:
    """Counts the calls."""

    def __init__(self) -> None:
        self.times = 0
        self.now = asyncio.Event()

    def __call__(self) -> None:
        self.times += 1
        self.now.set()

    async def again(self) -> None:
        """Wait for the next call."""
        await asyncio.wait_for(self.now.wait(), PATIENCE)
        self.now.clear()


@on_postgresql
async def test_what_one_process_puts_in_is_sent_by_the_other_at_once(
    database: Database, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.sender.SLOWEST_LOOK", NEVER)  # it looks only when it is told
    here, there = Post(database), Post(other)
    async with competing(database, wake=here.sender.wake) as ownership:
        await ownership.gain("console", "1")
        sending = asyncio.create_task(here.sender.run())
        try:
            for number in range(ROUNDS):
                await there.put(f"round {number}")
                async with other.begin() as tx:
                    await tx.announce()
                async with asyncio.timeout(PATIENCE):
                    await here.letterbox.arrived[f"round {number}"].wait()
        finally:
            await here.sender.stop(patience=timedelta())
            await sending


@on_postgresql
async def test_others_are_told_once_for_each_transaction_that_is_stored(database: Database, other: Database) -> None:
    woken = Woken()
    async with competing(database, wake=woken) as ownership:
        await ownership.gain("console", "1")
        await woken.again()  # the first time on beginning to listen
        await undone(other)
        async with other.begin() as tx:
            for _message in range(3):
                await tx.announce()
        await woken.again()
        async with other.begin() as tx, tx.session.begin_nested() as savepoint:
            await tx.announce()
            await savepoint.rollback()
        await woken.again()
    assert woken.times == 3


async def undone(database: Database) -> None:
    """A transaction that is rolled back after it has announced something."""
    with contextlib.suppress(ZeroDivisionError):
        async with database.begin() as tx:
            await tx.announce()
            _never = 1 / 0


@on_postgresql
async def test_a_process_is_not_told_of_what_it_has_put_in_itself(database: Database, other: Database) -> None:
    woken = Woken()
    async with competing(database, wake=woken) as ownership:
        await ownership.gain("console", "1")
        await woken.again()
        for where in (database, other):
            async with where.begin() as tx:
                await tx.announce()
        await woken.again()
    assert woken.times == 2


@on_both_databases
async def test_announcing_needs_nobody_who_listens(database: Database) -> None:
    async with database.begin() as tx:
        await tx.announce()


@on_both_databases
async def test_one_who_is_alone_may_always_do_the_work(database: Database) -> None:
    for _time in range(2):
        async with database.begin() as tx:
            assert await tx.try_alone("housekeeping")
            assert await tx.try_alone("housekeeping")


@on_postgresql
async def test_work_that_one_process_does_is_left_to_it_until_it_is_done(database: Database, other: Database) -> None:
    async with database.begin() as tx:
        assert await tx.try_alone("housekeeping")
        async with other.begin() as another:
            assert not await another.try_alone("housekeeping")
            assert await another.try_alone("expiry")
    async with other.begin() as another:
        assert await another.try_alone("housekeeping")
