"""What came in is kept until it is handled: a fault or a crash loses nothing, nothing is done twice, no words stay."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from harness import World, open_world
from harness.fixtures import on_both_databases
from sqlalchemy import select, update

from bot.core.commands import Parameter, command
from bot.core.content import Content, Reply
from bot.core.inbound import Inbound, Invocation
from bot.core.kinds import Words
from bot.core.words import _
from bot.services import incoming
from bot.services.call import Call
from bot.storage.tables import CaseRow, Identity, InboundEvent

DANGER = "I want to kill myself"
WORDS = Parameter(name="words", ask=_("What?"), kind=Words(), required=False, rest=True)


class Flaky:
    """A cog whose handler fails so many times, then works."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.runs = 0

    @command("flaky", _("Flaky"), WORDS)
    async def run(self, call: Call, words: str = "") -> Reply:
        """Fail with the person's words in the message, as careless code does."""
        self.runs += 1
        if self.runs <= self.failures:
            raise RuntimeError(words)
        return Reply(content=Content(text=_("It works now")))


class Killed(BaseException):
    """Like the end of a process: nothing is cleaned up, logged or parked on its account."""


class Deadly:
    """A cog whose handler never comes to its end: the process is killed in it."""

    @command("flaky", _("Flaky"), WORDS)
    async def run(self, call: Call, words: str = "") -> Reply:
        """Die."""
        raise Killed


def heard(world: World, event_id: str, text: str = "!flaky zebra", **values: Any) -> Inbound:
    """Something that alice writes to the bot."""
    values = {"place": "alice", "private": True, "at": world.now, **values}
    return Inbound(event_id=event_id, platform="console", account="alice", text=text, **values)


async def row(world: World, event_id: str) -> InboundEvent:
    """An event's row."""
    (found,) = await world.rows(select(InboundEvent).where(InboundEvent.event_id == event_id))
    assert isinstance(found, InboundEvent)
    return found


def is_forgotten(found: InboundEvent) -> bool:
    """Whether only its id is left of it."""
    return (found.body_sealed, found.member_id, found.next_at) == (None, None, None)


async def killed_in(world: World, event: Inbound) -> None:
    """The process is killed while it handles `event`, which was stored."""
    world.add_commands(Deadly())
    with suppress(Killed):
        await world.app.hub.receive(event)


def lease(world: World) -> int:
    """Seconds that a new process waits for what another had in hand: on SQLite there is no other."""
    return 0 if world.database.engine.dialect.name == "sqlite" else int(incoming.LEASE.total_seconds())


# A handler that fails


@on_both_databases
async def test_a_handler_that_fails_twice_and_then_works_answers_once(world: World) -> None:
    flaky = Flaky(failures=2)
    world.add_commands(flaky)
    await world.app.hub.receive(heard(world, "twice"))
    await world.advance(seconds=12)
    world.alice.sees("It works now")
    assert flaky.runs == 3
    found = await row(world, "twice")
    assert (found.state, found.error) == ("handled", None)
    assert is_forgotten(found)
    await world.advance(minutes=5)
    assert flaky.runs == 3


@on_both_databases
async def test_a_handler_that_always_fails_is_parked_and_nothing_of_the_words_stays(world: World) -> None:
    flaky = Flaky(failures=99)
    world.add_commands(flaky)
    await world.app.hub.receive(heard(world, "never"))
    for seconds, runs in ((0, 1), (2, 2), (10, 3), (59, 3), (1, 4), (3600, 4)):
        world.alice.sees_nothing()
        await world.advance(seconds=seconds)
        assert flaky.runs == runs
        if runs == 4:
            world.alice.unseen.clear()
    found = await row(world, "never")
    assert found.state == "parked"
    assert found.attempts == 4
    assert found.error is not None
    assert "RuntimeError at test_incoming.py" in found.error
    assert "zebra" not in found.error
    assert is_forgotten(found)
    assert found.error.split()[0] in world.alice.shown[-1].text


@on_both_databases
async def test_a_signal_in_a_message_whose_handler_fails_has_opened_its_case_before(world: World) -> None:
    world.add_commands(Flaky(failures=1))
    await world.app.hub.receive(heard(world, "danger", f"!flaky {DANGER}"))
    assert len(await world.rows(select(CaseRow.id))) == 1
    assert (await row(world, "danger")).state == "seen"
    await world.app.settle()
    world.alice.sees("I'm getting a person")
    world.room("peers").sees("I'm on it")
    await world.advance(seconds=2)
    world.alice.sees("It works now")
    assert len(await world.rows(select(CaseRow.id))) == 1


async def test_who_asks_for_a_person_in_vain_is_told_so_within_seconds(world: World) -> None:
    class Broken:
        @command("peer", _("Peer"))
        async def run(self, call: Call) -> Reply:
            """Fail."""
            raise RuntimeError

    world.add_commands(Broken())
    await world.alice.says("peer")
    world.alice.sees_nothing()
    await world.advance(seconds=2)
    world.alice.sees("something is broken on my side", "112 or 911")
    await world.advance(seconds=70)
    world.alice.sees("something went wrong on my side")


async def test_what_failed_is_tried_again_in_the_order_it_came(world: World) -> None:
    order = []

    class Broken:
        @command("flaky", _("Flaky"), WORDS)
        async def run(self, call: Call, words: str = "") -> Reply:
            """Fail at first."""
            order.append(words)
            if len(order) <= 3:
                raise RuntimeError
            return Reply(content=Content(text=_("It works now")))

    world.add_commands(Broken())
    for number in ("c", "a", "b"):
        await world.app.hub.receive(heard(world, number, f"!flaky {number}"))
        world.clock.move_to(world.now.replace(microsecond=world.now.microsecond + 1))
    await world.advance(seconds=3)
    assert order[3:] == ["c", "a", "b"]
    world.alice.unseen.clear()


# An adapter that answers by itself


@on_both_databases
async def test_who_waits_for_an_answer_gets_it_from_the_second_attempt_in_place(world: World) -> None:
    world.add_commands(Flaky(failures=1))
    press = heard(world, "press", "", invocation=Invocation(command="flaky"), answered_directly=True)
    reply = await world.app.hub.receive(press)
    assert reply is not None
    assert reply.content.text == "It works now"
    assert is_forgotten(await row(world, "press"))


@on_both_databases
async def test_who_waits_for_an_answer_in_vain_gets_the_number_at_once(world: World) -> None:
    flaky = Flaky(failures=99)
    world.add_commands(flaky)
    press = heard(world, "press", "", invocation=Invocation(command="flaky"), answered_directly=True)
    reply = await world.app.hub.receive(press)
    assert reply is not None
    assert "something went wrong on my side" in str(reply.content.text)
    await world.advance(minutes=5)
    assert flaky.runs == 2
    assert (await row(world, "press")).state == "parked"


# A process that dies


@on_both_databases
async def test_what_was_in_hand_when_the_process_died_is_handled_after_the_restart(
    world: World, world_url: str, key_file: Path
) -> None:
    await killed_in(world, heard(world, "cut"))
    assert (await row(world, "cut")).state == "seen"
    async with open_world(world_url, key_file, community=None) as restarted:
        flaky = Flaky(failures=0)
        restarted.add_commands(flaky)
        await restarted.advance(seconds=lease(restarted))
        restarted.alice.sees("It works now")
        await restarted.advance(minutes=5)
        assert flaky.runs == 1
        restarted.all_was_seen()


async def test_who_pressed_when_the_process_died_gets_the_answer_privately_as_a_message(
    world: World, world_url: str, key_file: Path
) -> None:
    pressed = {"place": "lobby", "private": False, "answered_directly": True}
    await killed_in(world, heard(world, "press", "", invocation=Invocation(command="flaky"), **pressed))
    async with open_world(world_url, key_file, community=None) as restarted:
        restarted.add_commands(Flaky(failures=0))
        await restarted.advance(seconds=lease(restarted))
        assert restarted.alice.sees("It works now").private
        restarted.all_was_seen()


@on_both_databases
async def test_what_was_in_hand_and_is_brought_again_by_the_platform_is_handled_once(
    world: World, world_url: str, key_file: Path
) -> None:
    event = heard(world, "cut")
    await killed_in(world, event)
    async with open_world(world_url, key_file, community=None) as restarted:
        flaky = Flaky(failures=0)
        restarted.add_commands(flaky)
        await restarted.app.hub.receive(event)
        await restarted.advance(seconds=lease(restarted))
        await restarted.app.hub.receive(event)
        await restarted.app.settle()
        restarted.alice.sees("It works now")
        assert flaky.runs == 1
        restarted.all_was_seen()


@on_both_databases
async def test_an_event_that_comes_twice_at_once_is_handled_once(world: World) -> None:
    flaky = Flaky(failures=0)
    world.add_commands(flaky)
    event = heard(world, "double")
    await asyncio.gather(*(world.app.hub.receive(event) for _time in range(5)))
    await world.app.settle()
    world.alice.sees("It works now")
    assert flaky.runs == 1


async def test_an_event_that_failed_and_is_brought_again_waits_for_its_turn(world: World) -> None:
    flaky = Flaky(failures=1)
    world.add_commands(flaky)
    event = heard(world, "again")
    await world.app.hub.receive(event)
    await world.app.hub.receive(event)
    assert flaky.runs == 1
    await world.advance(seconds=2)
    world.alice.sees("It works now")


# What is stored


@on_both_databases
async def test_a_damaged_event_is_parked_told_and_does_not_stop_the_others(world: World) -> None:
    world.add_commands(Flaky(failures=2))
    for number in ("one", "two"):
        await world.app.hub.receive(heard(world, number))
    async with world.database.begin() as tx:
        damaged = update(InboundEvent).where(InboundEvent.event_id == "one")
        await tx.session.execute(damaged.values(body_sealed=tx.vault.seal("[]", "elsewhere")))
    await world.advance(seconds=2)
    world.alice.sees("It works now")
    found = await row(world, "one")
    assert found.state == "parked"
    assert found.error is not None
    assert "Unreadable (from KeyProblem) at incoming.py" in found.error
    assert is_forgotten(found)
    world.alice.sees("something went wrong on my side", found.error.split()[0])


@pytest.mark.parametrize("text", ["zebra " * 100_000, "half a pair: \ud83d", "\x00\x07"], ids=["long", "half", "null"])
async def test_whatever_the_words_are_they_are_stored_and_handled_later(world: World, text: str) -> None:
    world.add_commands(Flaky(failures=1))
    await world.app.hub.receive(heard(world, "odd", text, invocation=Invocation(command="flaky")))
    found = await row(world, "odd")
    assert found.body_sealed is not None
    assert len(found.body_sealed) < 500_000
    await world.advance(seconds=2)
    world.alice.sees("It works now")


async def erase(world: World) -> None:
    """Alice erases her data, with the confirmation."""
    await world.alice.says("!mydata erase")
    world.alice.sees("This deletes your settings")
    await world.alice.clicks("Yes, erase everything")
    world.alice.sees("Everything is deleted")


@on_both_databases
async def test_an_erased_members_stored_event_is_gone_and_never_handled(world: World) -> None:
    flaky = Flaky(failures=1)
    world.add_commands(flaky)
    event = heard(world, "erased")
    await world.app.hub.receive(event)
    await erase(world)
    assert is_forgotten(await row(world, "erased"))
    await world.app.hub.receive(event)
    await world.advance(minutes=5)
    assert flaky.runs == 1
    assert await world.rows(select(Identity.id).where(Identity.account == "alice")) == []


async def test_who_erases_their_data_is_not_brought_back_by_what_a_dead_process_had_in_hand(world: World) -> None:
    event = heard(world, "erased")
    await world.app.settle()
    await killed_in(world, event)
    await erase(world)
    await world.app.hub.receive(event)
    await world.advance(minutes=5)
    assert await world.rows(select(Identity.id).where(Identity.account == "alice")) == []
