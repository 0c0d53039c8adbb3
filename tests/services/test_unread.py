"""What somebody wrote without its key: the peers know that there was such a message."""

from harness import World

from bot.core.inbound import Inbound


async def cannot_be_read(world: World, account: str, place: str, *, private: bool) -> None:
    inbound = Inbound(
        event_id=f"{account} in {place}",
        platform="console",
        account=account,
        place=place,
        private=private,
        at=world.now,
        link="https://matrix.example/there",
    )
    await world.app.hub.unread(inbound)
    await world.app.settle()


async def test_the_peers_are_told_once_in_ten_minutes_and_not_who_it_was(world: World) -> None:
    await world.alice.says("hello", "lobby")
    await cannot_be_read(world, "alice", "lobby", private=False)
    world.room("peers").sees("could not read", "https://matrix.example/there")
    await cannot_be_read(world, "alice", "alice", private=True)
    world.room("peers").sees_nothing()
    await world.advance(minutes=10)
    await cannot_be_read(world, "alice", "alice", private=True)
    told = world.room("peers").sees("could not read", "to me alone").text
    assert "alice" not in told.lower()
    assert "matrix.example" not in told
