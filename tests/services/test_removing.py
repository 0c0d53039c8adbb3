"""A community is removed with all that was stored for it, and with nothing else."""

from harness import World
from harness.communities import NORTH
from harness.fixtures import on_both_databases
from sqlalchemy import func, select

from bot.operations import community_files
from bot.services.removing import held
from bot.storage.tables import Base, Community, Delivery, Identity


@on_both_databases
async def test_nothing_of_a_removed_community_is_left_and_another_one_stays(world: World) -> None:
    await world.apply(NORTH)
    await world.alice.says("checkin start 08:30", "lobby")
    await world.alice.says("I want to kill myself", "lobby")
    await world.sam.clicks("I'm on it")
    await world.sam.says("Hi, I'm Sam")
    await world.alice.says("meetings follow evening group")
    await world.zoe.says("!settings", "north")
    for box in world.mailboxes:
        box.unseen.clear()
    async with world.database.read() as tx:
        there = await held(tx, "harbour")
        assert there is not None
        assert (there.open_cases, there.meetings) == (1, 1)
    await community_files.remove(world.database, there.id)
    assert await world.rows(select(Community.slug)) == ["north"]
    for table in Base.metadata.tables.values():
        for column in ("community_id", "case_id"):
            if column in table.c and table.name != "inbound_events":
                kept = select(func.count()).select_from(table)
                of_it = table.c[column] == there.id if column == "community_id" else table.c[column].is_not(None)
                assert await world.rows(kept.where(of_it)) == [0], table.name
    assert await world.rows(select(Identity.account).where(Identity.account.in_(["alice", "sam", "zoe"]))) == ["zoe"]
    assert set(await world.rows(select(Delivery.address))) <= {"zoe", "north", "alice"}
    await world.alice.says("help")
    world.alice.sees("Hello, I'm the bot of North")
    world.alice.sees("What I can do")
