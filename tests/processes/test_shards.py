"""A bot on Discord that is spread over several processes, each with some of its shards."""

import itertools
import time
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from harness.fixtures import on_postgresql

from processes.bots import PAGE, Bot, Scene
from processes.test_takeover import allowed


def a_count_and_shard(scene: Scene) -> tuple[int, int]:
    """A number of shards of which not the first has the community's server, and the one that has it."""
    number = scene.guild.id >> 22
    count = next(count for count in itertools.count(2) if number % count)
    return count, number % count


@on_postgresql
async def test_when_the_owner_of_some_shards_dies_a_standby_hears_them_within_15_seconds(scene: Scene) -> None:
    """What was written meanwhile is read back; all that is said goes out through the one that has shard 0."""
    count, shard = a_count_and_shard(scene)

    def bot(shards: int) -> AbstractAsyncContextManager[Bot]:
        return scene.bot(more=f'shard_count = {count}\nshards = "{shards}"')

    async with AsyncExitStack() as bots:
        begun = time.monotonic()
        sender = await bots.enter_async_context(bot(0))
        await sender.logs("this process has the connection")
        await scene.is_connected()
        started_within = time.monotonic() - begun
        owner = await bots.enter_async_context(bot(shard))
        await scene.is_connected(times=2)
        standby = await bots.enter_async_context(bot(shard))
        await standby.logs("another process has the connection; standing by")

        await scene.alice.says(scene.lobby, "i want to kill myself")
        await scene.discord.wait_for_message(scene.peers, PAGE)
        await scene.all_is_sent()
        await owner.dies()
        died = time.monotonic()
        bob = scene.discord.add_user("bob", scene.guild)
        await bob.says(scene.lobby, "i want to kill myself")
        await scene.discord.wait_until(lambda: scene.said(PAGE) == 2)
        took = time.monotonic() - died
        print(f"shards taken over within {took:.1f} s")  # noqa: T201  with -s one sees how long it takes
        assert took < allowed(started_within)

        await bob.says(bob.dm, "menu")
        await scene.discord.wait_for_message(bob, "What I can do")
        assert scene.connections == 2
    assert await scene.deliveries("pending", "sending", "failed", "expired") == 0
