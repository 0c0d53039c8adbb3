"""A member sees all that is stored about them, and has it erased: on every platform."""

from scenarios.world import World


async def test_a_member_has_everything_erased(world: World) -> None:
    await world.alice.runs("checkin start", time="08:30")
    await world.alice.reads("every day at 08:30")
    await world.alice.reads("Hello, I'm the bot of Harbour")
    await world.alice.runs("mydata erase")
    await world.alice.reads("This deletes your settings")
    await world.alice.presses("Yes, erase everything")
    await world.alice.reads("Everything is deleted")
    await world.advance(hours=48)
