"""Who has what only one process may have at a time."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from harness.fixtures import on_both_databases, on_postgresql
from sqlalchemy import select

from bot.storage.database import Database, lock_key
from bot.storage.ownership import Ownership, Pace
from processes.competing import PATIENCE, competing, end_sessions


async def gained(ownership: Ownership, account: str = "1") -> asyncio.Event:
    return await asyncio.wait_for(ownership.gain("discord", account), PATIENCE)


async def over(term: asyncio.Event) -> None:
    await asyncio.wait_for(term.wait(), PATIENCE)


async def is_told(ownership: Ownership, caplog: pytest.LogCaptureFixture, words: str) -> None:
    """Wait until the log says so; each gain of something new takes one look at the locks."""
    for number in range(1000):
        if words in caplog.text:
            return
        await gained(ownership, f"look {number}")
    raise AssertionError(words)


@on_both_databases
async def test_who_is_alone_owns_all_it_asks_for(database: Database) -> None:
    async with competing(database) as alone:
        assert not (await gained(alone, "1")).is_set()
        assert not (await gained(alone, "2")).is_set()


@on_postgresql
async def test_a_second_process_owns_it_when_the_first_is_gone(
    database: Database, other: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "bot")
    async with competing(other) as standby:
        async with competing(database) as owner:
            term = await gained(owner)
            waiting = asyncio.create_task(gained(standby))
            await is_told(standby, caplog, "another process has the connection; standing by")
            assert not waiting.done()
            assert not term.is_set()
        assert term.is_set()
        assert not (await waiting).is_set()
    assert caplog.text.count("standing by") == 1


@on_postgresql
async def test_different_accounts_do_not_exclude_each_other(database: Database, other: Database) -> None:
    async with competing(database) as one, competing(other) as two:
        await gained(one, "1")
        await gained(two, "2")


@on_postgresql
async def test_an_owner_whose_session_ends_lets_go_and_one_of_both_owns_it_again(
    database: Database, other: Database
) -> None:
    async with competing(database) as one, competing(other) as two:
        term = await gained(one)
        waiting = asyncio.create_task(gained(two))
        assert await end_sessions(database, owner=True) == 1
        await over(term)
        again = asyncio.create_task(gained(one))
        done, left = await asyncio.wait({waiting, again}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        assert len(done) == 1
        for task in left:
            task.cancel()


@on_postgresql
async def test_an_owner_that_does_not_look_for_too_long_loses_it(database: Database, other: Database) -> None:
    """As a process does that hangs or is stopped, or whose machine is gone: PostgreSQL ends its silent session."""
    hanging = Pace(beat=timedelta(hours=1), patience=timedelta(seconds=20), silence=timedelta(seconds=2))
    async with competing(database, pace=hanging) as owner, competing(other) as standby:
        term = await gained(owner)
        await gained(standby)
        await over(term)


@on_postgresql
async def test_an_outage_is_survived_and_told_once_and_so_is_its_end(
    database: Database, postgresql_server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    name = database.engine.url.database
    async with competing(database) as owner:
        term = await gained(owner)
        async with database.read() as tx:
            await tx.session.execute(select(1))  # so that there is a connection left to end the others with
        await asyncio.to_thread(postgresql_server.psql, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await end_sessions(database)
        await over(term)
        again = asyncio.create_task(gained(owner))
        await asyncio.to_thread(postgresql_server.psql, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        assert not (await again).is_set()
        await is_told(owner, caplog, "between processes is back")
    assert caplog.text.count("is lost: ") == 1
    assert caplog.text.count("look whether PostgreSQL runs") == 1
    assert caplog.text.count("between processes is back") == 1


async def test_the_number_of_a_lock_is_the_same_in_every_process_and_another_for_every_name(database: Database) -> None:
    names = [f"discord:{number}" for number in range(100)]
    keys = [lock_key(database.vault, name) for name in names]
    assert keys == [lock_key(database.vault, name) for name in names]
    assert len(set(keys)) == 100
    assert all(-(2**63) <= key < 2**63 for key in keys)


@on_postgresql
async def test_an_owner_that_cannot_connect_leaves_the_connection_to_another_and_competes_again(
    database: Database,
) -> None:
    async with competing(database) as owner, competing(database) as standby:
        term = await gained(owner)
        waiting = asyncio.create_task(gained(standby))
        owner.rest("discord", "1", pause=timedelta(seconds=30))
        await over(term)
        assert not (await waiting).is_set()
