"""A meeting is held in a room, hands are raised, and somebody gets a note that they were there: on every platform."""

import pytest

from scenarios.world import World

pytestmark = pytest.mark.cast("alice", "olive")


async def test_a_meeting_is_opened_hands_are_called_and_a_note_is_given(world: World) -> None:
    world.clock.stand_still()
    await world.olive.runs("meetings add", name="Circle", days="daily", time="19:30", where="here")
    await world.olive.reads("Circle is announced")
    await world.olive.says("!host open Circle 3", place="lobby")
    await world.olive.reads("Circle is open")
    await world.alice.reads("Welcome to Circle", place="lobby")
    await world.alice.reads("A turn has 3 min", "nobody yet", place="lobby")
    await world.olive.reads("Hello, I'm the bot of Harbour")

    await world.alice.presses("Raise my hand")
    await world.alice.reads("You are number 1")
    await world.alice.reads("Hello, I'm the bot of Harbour")
    await world.alice.sees_it_become("1. somebody")
    await world.olive.says("turn next")
    await world.olive.reads("It is the turn of somebody")
    await world.alice.reads("It is your turn in Circle")
    await world.alice.sees_it_become("Now", "somebody")
    await world.advance(minutes=2, seconds=35)
    await world.alice.reads("your time is nearly up", place="lobby")

    await world.olive.says("host close")
    await world.olive.reads("Circle is closed")
    await world.alice.sees_it_become("This meeting is closed")
    await world.alice.reads("Circle is over", place="lobby")
    await world.alice.runs("attendance", name="Alice Carver")
    await world.alice.reads("I have asked the host of Circle")
    await world.olive.reads("Alice Carver")
    await world.olive.presses("Yes, they were there")
    await world.olive.reads("They have their note")
    await world.alice.reads("Here is your note for Circle")
    if "console" not in world.where.values():
        await world.alice.gets_a_file_with("Alice Carver", "HANDRAIL SIGNATURE")
