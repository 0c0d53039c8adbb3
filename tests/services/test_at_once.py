"""The last resort: while the database refuses, somebody in danger is still answered, and the event comes again."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from harness import Mailbox, World
from harness.fixtures import on_both_databases, on_postgresql
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError

from bot.core.inbound import Inbound, Invocation
from bot.core.platform import TryAgain
from bot.delivery import outbox
from bot.platforms.console import Shown
from bot.services import dispatcher, hearing
from bot.storage.database import Transaction, make_engine
from bot.storage.tables import CaseRow

DANGER = "I want to kill myself"
TROUBLE = "I could not tell anybody yet"

REFUSE = {"sqlite": "PRAGMA query_only = ON", "postgresql": "SET TRANSACTION READ ONLY"}
FULL = {"sqlite": "PRAGMA max_page_count = 1"}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests do not wait for a database that they have broken on purpose."""
    monkeypatch.setattr(hearing, "PAUSES", (0.0, 0.0))


@asynccontextmanager
async def broken(world: World, statements: dict[str, str]) -> AsyncIterator[None]:
    """Every transaction begins with a statement that makes the database refuse what is to be written."""
    engine = world.database.engine
    statement = statements[engine.dialect.name]

    def spoil(connection: Any) -> None:
        connection.exec_driver_sql(statement)

    event.listen(engine.sync_engine, "begin", spoil)
    try:
        yield
    finally:
        event.remove(engine.sync_engine, "begin", spoil)
        await engine.dispose()  # on SQLite it lasts as long as the connection


def heard(world: World, event_id: str, words: str = DANGER, **values: Any) -> Inbound:
    """Something that alice does."""
    values = {"place": "alice", "private": True, **values}
    return Inbound(event_id=event_id, platform="console", account="alice", at=world.now, text=words, **values)


@on_both_databases
async def test_somebody_in_danger_is_answered_although_nothing_can_be_stored(world: World) -> None:
    async with broken(world, REFUSE):
        with pytest.raises(DBAPIError):
            await world.app.hub.receive(heard(world, "danger"))
    world.alice.sees(TROUBLE, "112 or 911", "write to me again")


@on_both_databases
async def test_when_it_can_be_stored_again_the_case_opens_and_nothing_is_said_twice(world: World) -> None:
    async with broken(world, REFUSE):
        for _time in range(3):
            with pytest.raises(DBAPIError):
                await world.app.hub.receive(heard(world, "danger"))
    world.alice.sees(TROUBLE)
    await world.app.hub.receive(heard(world, "danger"))
    await world.app.settle()
    world.alice.sees("I'm getting a person")
    world.room("peers").sees("I'm on it")


async def test_a_full_disk_keeps_nobody_in_danger_without_an_answer(world: World) -> None:
    async with broken(world, FULL):
        with pytest.raises(DBAPIError, match="full"):
            await world.app.hub.receive(heard(world, "danger", f"{DANGER}. {'and so on ' * 5000}"))
    world.alice.sees(TROUBLE)


@pytest.mark.parametrize("words", ["I need a person", "!peer", "peer"])
async def test_who_asks_for_a_person_is_answered_too(world: World, words: str) -> None:
    async with broken(world, REFUSE):
        with pytest.raises(DBAPIError):
            await world.app.hub.receive(heard(world, "call", words))
    world.alice.sees(TROUBLE)


async def test_words_in_a_room_are_answered_privately(world: World) -> None:
    async with broken(world, REFUSE):
        with pytest.raises(DBAPIError):
            await world.app.hub.receive(heard(world, "danger", place="lobby", private=False))
    assert world.alice.sees(TROUBLE).private


async def test_whoever_is_in_no_danger_is_answered_when_it_works_again(world: World) -> None:
    async with broken(world, REFUSE):
        with pytest.raises(DBAPIError):
            await world.app.hub.receive(heard(world, "help", "help"))
    await world.app.hub.receive(heard(world, "help", "help"))
    await world.app.settle()
    world.alice.sees("What I can do")


async def test_an_adapter_that_answers_itself_is_given_the_answer(world: World) -> None:
    press = heard(world, "press", "", invocation=Invocation(command="peer"), answered_directly=True)
    async with broken(world, REFUSE):
        reply = await world.app.hub.receive(press)
    assert reply is not None
    assert TROUBLE in str(reply.content.text)
    assert reply.private


async def test_a_platform_that_fails_too_hides_nothing_and_is_tried_again(world: World) -> None:
    async with broken(world, REFUSE):
        world.console.failures["alice"] = TryAgain("not now")
        with pytest.raises(DBAPIError):
            await world.app.hub.receive(heard(world, "danger"))
        del world.console.failures["alice"]
        with pytest.raises(DBAPIError):
            await world.app.hub.receive(heard(world, "danger"))
    world.alice.sees(TROUBLE)


async def test_the_log_says_once_what_to_do_and_once_when_it_is_over(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="bot")
    async with broken(world, REFUSE):
        for number in range(5):
            with pytest.raises(DBAPIError):
                await world.app.hub.receive(heard(world, f"help{number}", "zebra"))
    await world.app.hub.receive(heard(world, "later", "help"))
    await world.app.settle()
    world.alice.unseen.clear()
    assert caplog.text.count("is there free space on its disk?") == 1
    assert caplog.text.count("what people write can be stored again") == 1
    assert "zebra" not in caplog.text


@on_both_databases
async def test_somebody_in_danger_does_not_wait_for_a_stuck_database(
    world: World, world_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "PATIENCE", timedelta(milliseconds=50))
    alice, told = world.alice, asyncio.Event()

    def receive(shown: Shown) -> None:
        Mailbox.receive(alice, shown)
        told.set()

    monkeypatch.setattr(alice, "receive", receive)
    other = make_engine(world_url)
    try:
        async with other.begin() as connection:
            if other.dialect.name == "postgresql":
                await connection.execute(text("LOCK TABLE inbound_events"))
            hearing_ = asyncio.create_task(world.app.hub.receive(heard(world, "danger")))
            async with asyncio.timeout(20):
                await told.wait()
            world.alice.sees(TROUBLE)
            assert not hearing_.done()
        await hearing_
    finally:
        await other.dispose()
    await world.app.settle()
    world.alice.sees("I'm getting a person")
    world.room("peers").sees("I'm on it")
    assert len(await world.rows(select(CaseRow.id))) == 1


@on_postgresql
async def test_a_connection_that_is_lost_while_a_page_is_claimed_costs_no_case_and_nothing_is_said_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is lost whenever a transaction claims what it has decided itself; a turn of the sender claims otherwise."""
    claim, lost = outbox.claim_new, []

    async def claim_and_be_cut_off(tx: Transaction, *which: Any, **when: Any) -> outbox.Look:
        lost.append(tx)
        await tx.session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return await claim(tx, *which, **when)

    monkeypatch.setattr(outbox, "claim_new", claim_and_be_cut_off)
    sender = world.app.senders["console"]
    sending = asyncio.create_task(sender.run(), name="sender")
    await until(lambda: sender._runs and not sender._orphans and not sender._turning.locked())
    await world.app.hub.receive(heard(world, "danger"))
    await until(lambda: bool(world.alice.unseen and world.room("peers").unseen))
    monkeypatch.undo()
    await sender.stop(patience=timedelta(seconds=10))
    await sending
    assert len(lost) == 1
    assert len(await world.rows(select(CaseRow.id))) == 1
    world.alice.sees("I'm getting a person")
    world.room("peers").sees("I'm on it")


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds; the test's own time limit ends a wait in vain."""
    while not holds():  # noqa: ASYNC110  nothing tells of it
        await asyncio.sleep(0.01)


@on_both_databases
async def test_few_statements_stand_between_what_somebody_in_danger_writes_and_their_page(world: World) -> None:
    """Each one lets the page leave later: whoever adds one adds it here. Of a member whom the bot knows."""
    await world.app.hub.receive(heard(world, "before", "hello", place="lobby", private=False))
    engine, statements = world.database.engine.sync_engine, list[str]()
    first_commit = asyncio.Event()

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not first_commit.is_set():
            statements.append(statement)

    def committed(_connection: Any) -> None:
        first_commit.set()

    event.listen(engine, "before_cursor_execute", note)
    event.listen(engine, "commit", committed)
    try:
        await world.app.hub.receive(heard(world, "danger", place="lobby", private=False))
    finally:
        event.remove(engine, "before_cursor_execute", note)
        event.remove(engine, "commit", committed)
    assert any("INSERT INTO deliveries" in statement for statement in statements)
    assert len(statements) <= 16, statements
