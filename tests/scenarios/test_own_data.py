"""A member sees all that is stored about them, and has it erased: on every platform."""

import pytest

from scenarios.world import World

pytestmark = pytest.mark.cast("alice", "sam")


async def test_a_member_gets_everything_that_is_stored_about_them(world: World) -> None:
    await world.alice.runs("settings name", name="Bluebird")
    await world.alice.reads("Others see you as Bluebird")
    await world.alice.reads("Hello, I'm the bot of Harbour")
    await world.alice.runs("mydata export")
    await world.alice.reads("This is everything I have stored about you")
    await world.alice.gets_a_file_with("Bluebird", "identities", world.alice.account)


async def test_a_member_has_everything_erased(world: World) -> None:
    await world.alice.runs("checkin start", time="08:30")
    await world.alice.reads("every day at 08:30")
    await world.alice.reads("Hello, I'm the bot of Harbour")
    await world.alice.says("stop everything")
    await world.alice.reads("I have stopped check-ins")
    await world.alice.presses("Delete my data")
    await world.alice.reads("This deletes your settings")
    await world.alice.presses("Yes, erase everything")
    await world.alice.reads("Everything is deleted")
    await world.advance(hours=48)
