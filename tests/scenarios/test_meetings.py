"""An organizer announces a meeting, a member follows it, both are reminded: on every platform."""

import pytest

from scenarios.world import World

pytestmark = pytest.mark.cast("alice", "olive")


async def test_a_member_is_reminded_of_a_meeting_they_follow(world: World) -> None:
    await world.olive.runs(
        "meetings add", name="Evening group", days="tue, thu", time="19:30", where="https://meet.example.org/evening"
    )
    await world.olive.reads("Evening group is announced", "Tuesdays and Thursdays at 19:30")

    await world.alice.runs("meetings")
    await world.alice.reads("Evening group", "Tue 24 Nov, 19:30")
    await world.alice.reads("Hello, I'm the bot of Harbour")
    await world.alice.runs("meetings follow", meeting="evning group", minutes="30")
    await world.alice.reads("30 min before Evening group")

    await world.advance(hours=35.5)
    await world.alice.reads("Evening group starts soon: Tue 24 Nov, 19:30", "https://meet.example.org/evening")
    await world.alice.reads("Evening group starts soon", place="lobby")

    await world.olive.runs("meetings cancel", meeting="Evening group", day="2026-11-26")
    await world.olive.reads("is cancelled")
    await world.alice.reads("Evening group is cancelled this time")
    await world.alice.reads("Evening group is cancelled this time", place="lobby")
    await world.advance(hours=72)


async def test_a_member_cannot_announce_a_meeting(world: World) -> None:
    await world.alice.runs("meetings add", name="Mine", days="mon", time="10:00", where="here")
    await world.alice.reads("This is for organizers")
    await world.alice.runs("meetings")
    await world.alice.reads("There are no meetings")
    await world.alice.reads("Hello, I'm the bot of Harbour")
