"""A member is asked how they are, by their own clock, and answers: on every platform."""

import pytest

from scenarios.world import World

pytestmark = pytest.mark.cast("alice", "sam")


async def test_a_member_checks_in_every_day_by_their_own_clock(world: World) -> None:
    await world.alice.runs("checkin start", time="08:30", zone="Europe/Berlin")
    await world.alice.reads("every day at 08:30 (Europe/Berlin)")
    await world.alice.reads("Hello, I'm the bot of Harbour")

    await world.advance(hours=24)
    await world.alice.reads("How are you today?")
    await world.alice.presses("Good")
    await world.alice.reads("Good. Thank you for checking in.")
    await world.alice.runs("checkin month")
    await world.alice.reads("You checked in once")

    await world.alice.runs("checkin stop")
    await world.alice.reads("I won't ask any more")
    await world.advance(hours=48)


async def test_an_answer_can_be_changed_that_day(world: World) -> None:
    await world.alice.runs("checkin now")
    await world.alice.reads("How are you today?")
    await world.alice.reads("Hello, I'm the bot of Harbour")
    await world.alice.presses("Low")
    await world.alice.reads("Low. Thank you")
    await world.alice.presses("Okay")
    await world.alice.reads("Okay. Thank you")
    await world.alice.runs("checkin month")
    await world.alice.reads("You checked in once", "Okay × 1")


async def test_a_zone_that_does_not_exist_is_asked_again_with_the_nearest(world: World) -> None:
    await world.alice.runs("settings zone", zone="Europe/Brelin")
    await world.alice.reads("Brelin")
    await world.alice.presses("Europe/Berlin")
    await world.alice.reads("Your time zone is Europe/Berlin")
    await world.alice.reads("Hello, I'm the bot of Harbour")


async def test_a_note_can_be_added_to_the_answer(world: World) -> None:
    await world.alice.runs("checkin now")
    await world.alice.reads("How are you today?")
    await world.alice.reads("Hello, I'm the bot of Harbour")
    await world.alice.presses("Hard")
    await world.alice.reads("a person can come")
    await world.alice.answers("Add a note", note="it was a long night")
    await world.alice.reads("Noted, for you alone")
