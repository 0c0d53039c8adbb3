"""What was written while the bot was away: nobody in danger is missed, nothing else is done late, and it is said."""

from datetime import timedelta
from typing import Any

import pytest
from harness import World
from harness.communities import NORTH
from harness.fixtures import on_both_databases
from sqlalchemy import select

from bot.core.inbound import Inbound, Invocation
from bot.core.resources import ELSEWHERE
from bot.services import incoming
from bot.storage.tables import CaseEvent, CaseRow, InboundEvent

DANGER = "I want to kill myself"
AWAY = timedelta(minutes=47)


async def hears_later(world: World, who: str, text: str, place: str = "lobby", **values: Any) -> None:
    """The bot reads back what was written while it was away."""
    private = place == "dm"
    values = {"at": world.now - AWAY, "read_back": True, "event_id": f"{who}:{place}:{text}", **values}
    await world.app.hub.receive(
        Inbound(
            platform="console",
            account=who,
            place=who if private else place,
            private=private,
            text=text,
            **values,
        )
    )
    await world.app.settle()


async def events(world: World) -> list[Any]:
    """All events that were stored."""
    return await world.rows(select(InboundEvent.event_id))


def forget(world: World) -> None:
    """What was said does not matter to the test."""
    for box in world.mailboxes:
        box.unseen.clear()


# What is still done


@on_both_databases
async def test_a_signal_written_while_the_bot_was_away_opens_its_case_and_says_how_late_it_is(world: World) -> None:
    await hears_later(world, "alice", DANGER)
    world.alice.sees("You wrote this 47 minutes ago, and I saw it only now. I'm sorry.", "I'm getting a person")
    world.room("peers").sees("When: 47 minutes ago; I saw it only now", "I'm on it")


@pytest.mark.parametrize("text", ["I need a person", "Necesito a una persona", "!peer", "/PEER", "!peer now"])
async def test_a_call_for_a_person_that_came_while_the_bot_was_away_is_answered(world: World, text: str) -> None:
    await hears_later(world, "alice", text)
    world.alice.sees("You wrote this 47 minutes ago")
    world.alice.sees("I'm getting a person for you")
    world.room("peers").sees("When: 47 minutes ago", "they asked for a person")


async def test_the_command_alone_is_a_call_in_a_private_chat(world: World) -> None:
    await hears_later(world, "alice", "peer", "dm")
    world.alice.sees("You wrote this 47 minutes ago")
    world.alice.sees("I'm getting a person for you")
    forget(world)


async def test_words_to_the_other_side_are_carried_and_say_when_they_were_written(world: World) -> None:
    await world.alice.says(DANGER, "lobby")
    await world.sam.clicks("I'm on it")
    forget(world)
    await hears_later(world, "alice", "are you still there?", "dm")
    world.sam.sees("written 47 minutes ago", "are you still there?")
    await hears_later(world, "sam", "yes, I am", "dm")
    world.alice.sees("Sam, peer, written 47 minutes ago", "yes, I am")


async def test_words_are_kept_for_the_person_who_has_not_come_yet(world: World) -> None:
    await world.alice.says(DANGER, "lobby")
    forget(world)
    await hears_later(world, "alice", "safe", "dm")
    world.alice.sees("I keep this for the person who comes")
    await world.sam.clicks("I'm on it")
    world.sam.sees("They wrote: “safe”")
    forget(world)


async def test_a_signal_while_somebody_is_there_says_when_it_was_written(world: World) -> None:
    await world.alice.says(DANGER, "lobby")
    await world.sam.clicks("I'm on it")
    forget(world)
    await hears_later(world, "alice", DANGER)
    world.sam.sees("They wrote in a room (case 1)", "written 47 minutes ago")
    forget(world)


# What is not


@pytest.mark.parametrize("text", ["!help", "menu", "checkin now", "what is this?", "!nonsense", "!mydata erase"])
async def test_nothing_else_is_done_late_nor_stored_nor_answered(world: World, text: str) -> None:
    before = await events(world)
    for place in ("lobby", "dm"):
        await hears_later(world, "alice", text, place)
    assert await events(world) == before


async def test_a_peers_old_command_is_neither_done_nor_told_to_the_member(world: World) -> None:
    await world.alice.says(DANGER, "lobby")
    await world.sam.clicks("I'm on it")
    forget(world)
    for text in ("resolve 1 safe", "!resolve 1 safe", "hand over"):
        await hears_later(world, "sam", text, "dm")
    assert await world.rows(select(CaseRow.outcome)) == [None]
    world.all_was_seen()


async def test_what_was_seen_live_but_not_handled_is_handled_in_full_when_it_is_read_back(world: World) -> None:
    event = Inbound(
        event_id="cut", platform="console", account="alice", place="alice", private=True, at=world.now, text="help"
    )
    async with world.database.begin() as tx:
        await incoming.keep(tx, event, now=world.now)
    await hears_later(world, "alice", "help", "dm", event_id="cut")
    world.alice.sees("What I can do")


# How late it is


async def test_long_delays_are_told_in_hours(world: World) -> None:
    await hears_later(world, "alice", DANGER, at=world.now - timedelta(hours=5, minutes=50))
    world.alice.sees("You wrote this 5 hours ago")
    world.room("peers").sees("When: 5 hours ago; I saw it only now")


@pytest.mark.parametrize("early", [timedelta(minutes=2), timedelta(), timedelta(hours=-3)])
async def test_who_is_heard_in_time_or_has_a_clock_ahead_of_ours_reads_nothing_of_it(
    world: World, early: timedelta
) -> None:
    await hears_later(world, "alice", DANGER, at=world.now - early)
    assert "only now" not in world.alice.sees("I'm getting a person").text
    assert "When" not in world.room("peers").sees("I'm on it").text


async def test_later_pages_and_the_peer_who_comes_read_how_late_it_was_seen(world: World) -> None:
    await hears_later(world, "alice", DANGER)
    forget(world)
    await world.advance(minutes=3)
    world.room("peers").sees("When: 50 minutes ago; I saw it 47 minutes late")
    await world.sam.clicks("I'm on it")
    world.sam.sees("When: 50 minutes ago; I saw it 47 minutes late")
    forget(world)


async def test_moderators_read_it_too(world: World) -> None:
    await hears_later(world, "alice", DANGER)
    forget(world)
    await world.advance(minutes=11)
    world.room("moderators").sees("I saw it 47 minutes late")
    forget(world)


async def test_a_graver_signal_that_is_heard_in_time_is_not_said_to_be_late(world: World) -> None:
    await hears_later(world, "alice", "I relapsed last night")
    forget(world)
    await world.alice.says("I took all my pills, I want to die now", "lobby")
    assert "When" not in world.room("peers").sees("Emergency").text
    assert "only now" not in world.alice.sees("in danger right now").text
    forget(world)


async def test_who_is_called_for_by_another_is_not_told_that_they_wrote_late(world: World) -> None:
    await hears_later(
        world,
        "mo",
        "",
        "dm",
        invocation=Invocation(command="escalate", arguments={"person": "alice"}),
        read_back=False,
    )
    world.mo.sees("The peers have been called")
    assert "only now" not in world.alice.sees("is worried about you").text
    world.room("peers").sees("When: 47 minutes ago")
    forget(world)


async def test_the_audit_log_has_how_late_it_was_seen(world: World) -> None:
    await hears_later(world, "alice", DANGER)
    assert "seen 47 min late" in await world.rows(select(CaseEvent.what))
    forget(world)


# A stranger


async def test_a_strangers_old_call_is_answered_with_the_numbers(world: World) -> None:
    await world.apply(NORTH)
    await hears_later(world, "zoe", "I need a person", "dm")
    world.zoe.sees("I cannot reach a person for you here", str(ELSEWHERE)[:20])
