"""A peer in danger themselves: somebody comes to them, they come to nobody, and nobody else learns of it."""

import asyncio

import pytest
from harness import World
from harness.communities import NORTH
from harness.fixtures import on_both_databases
from sqlalchemy import select

from bot.services import members
from bot.storage.tables import CaseRow
from services.test_at_the_same_moment import ESCALATIONS, id_of, waits_or_is_done
from services.test_at_work import clear

DANGER = "I want to kill myself"


async def sam_is_in_danger(world: World) -> None:
    """Case 1 is about Sam; nobody has looked at it since."""
    await world.sam.says(DANGER, "lobby")
    world.sam.sees("I'm getting a person")
    assert world.sam.sees("I call you for nobody else", "Nobody reads this but you").private
    clear(world)


async def holders(world: World) -> list[int | None]:
    """Who has which case, the oldest first."""
    return list(await world.rows(select(CaseRow.holder).order_by(CaseRow.id)))


async def test_a_peer_in_danger_is_paged_for_nobody_until_their_own_case_has_ended(world: World) -> None:
    await sam_is_in_danger(world)
    await world.alice.says(DANGER, "lobby")
    clear(world)
    await world.advance(minutes=25)
    assert any("Case: 2" in shown.text for shown in world.robin.unseen)
    assert not any("Case: 2" in shown.text for shown in world.sam.unseen)
    await world.sam.says(DANGER)
    assert not any("I call you for nobody else" in shown.text for shown in world.sam.unseen), "it is said once"
    await world.sam.says("I'm safe")
    clear(world)
    await world.bob.says(DANGER, "lobby")
    await world.advance(minutes=6)
    assert any("Case: 3" in shown.text for shown in world.sam.unseen)
    clear(world)


async def test_a_peer_in_danger_is_not_paged_about_themselves(world: World) -> None:
    await sam_is_in_danger(world)
    await world.advance(minutes=6)
    world.room("peers").sees("after 3 min")
    world.robin.sees("after 6 min")


@pytest.mark.parametrize("words", ["!take 2", "I'm on it", "!join 2"])
async def test_a_peer_in_danger_who_would_come_to_others_reads_alone_that_they_come_first(
    world: World, words: str
) -> None:
    await sam_is_in_danger(world)
    await world.alice.says(DANGER, "lobby")
    if words == "!join 2":
        await world.robin.says("take 2")
    before = await holders(world)
    clear(world)
    await world.sam.says(words, "peers")
    assert world.sam.sees("You come first now", "I'm safe").private
    world.room("peers").sees_nothing()
    world.alice.sees_nothing()
    assert await holders(world) == before


async def test_a_peer_who_needs_nobody_any_more_takes_cases_again(world: World) -> None:
    await sam_is_in_danger(world)
    await world.alice.says(DANGER, "lobby")
    await world.sam.says("!take 2", "peers")
    await world.sam.clicks("I'm safe")
    await world.sam.says("!take 2", "peers")
    world.alice.sees("Sam is here")
    clear(world)


@pytest.mark.parametrize("how", ["in danger", "on a break"])
async def test_nobody_can_give_a_case_to_a_peer_in_danger_nor_tell_that_from_a_break(world: World, how: str) -> None:
    await world.alice.says(DANGER, "lobby")
    await world.robin.says("take 1")
    for name in ("olive", "sam"):
        await world.person(name).says("who")
    await world.olive.says("!rota add Days daily 08:00 20:00 Sam, Robin")
    await world.olive.says("!rota put Sam today 08:00 20:00")
    await (world.sam.says(DANGER, "lobby") if how == "in danger" else world.sam.says("break"))
    clear(world)
    await world.robin.says("hand over 1 to Sam")
    world.robin.sees("Sam cannot take it just now")
    world.sam.sees_nothing()
    await world.robin.says("who")
    told = world.robin.sees("Who is on", "Can be called now: Robin", "Off just now: Sam").text
    assert told.count("Sam") == 1
    await world.olive.says("roster")
    world.olive.sees("Cases now: 0 of at most 2. Off just now.")
    assert (await holders(world))[0] is not None
    clear(world)


async def test_no_case_is_offered_to_a_peer_in_danger_while_others_can_come(world: World) -> None:
    await sam_is_in_danger(world)
    for name in ("alice", "bob", "carol"):
        await world.person(name).says(DANGER, "lobby")
    await world.robin.says("take 4")
    clear(world)
    await world.sam.says("!cases")
    assert world.sam.sees("Case 2", "Case 4", "With Robin").choices == ()
    await world.robin.says("cases")
    assert [choice.command for choice in world.robin.sees("Case 2").choices] == ["take"] * 3
    for words in ("!take", "!join"):
        await world.sam.says(words)
    world.sam.sees("You come first now")
    world.sam.sees("There is no case that you could join now")
    await world.sam.says("I'm on it", "peers")
    world.sam.sees("You come first now")
    await world.sam.says("!hand over")
    world.sam.sees("You have no case now")
    clear(world)


@on_both_databases
async def test_who_takes_a_case_at_the_moment_in_which_they_are_in_danger_does_not_keep_it(world: World) -> None:
    await world.alice.says(DANGER, "lobby")
    sam = await id_of(world, "sam")
    async with world.database.begin() as tx:
        await ESCALATIONS.take(tx, await members.load(tx, sam), 1, now=world.now)
        calling = asyncio.create_task(world.sam.says(DANGER, "lobby"))
        await waits_or_is_done(world, calling)
    await calling
    assert await holders(world) == [None, None]
    clear(world)


@on_both_databases
async def test_who_is_in_danger_at_the_moment_in_which_they_take_a_case_does_not_get_it(world: World) -> None:
    await world.alice.says(DANGER, "lobby")
    clear(world)
    sam = await id_of(world, "sam")
    async with world.database.begin() as tx:
        await ESCALATIONS.by_member(tx, await members.load(tx, sam), now=world.now)
        taking = asyncio.create_task(world.sam.says("!take 1", "peers"))
        await waits_or_is_done(world, taking)
    await taking
    world.sam.sees("You come first now")
    assert await holders(world) == [None, None]
    clear(world)


async def test_a_peer_in_danger_is_called_by_the_last_step_if_nobody_else_is_there(world: World) -> None:
    await world.apply(NORTH)
    await world.nora.says(DANGER, "north")
    await world.yuki.says(DANGER, "north")
    clear(world)
    await world.advance(minutes=3)
    world.nora.sees_nothing()
    await world.advance(minutes=3)
    assert any("Case: 2" in shown.text for shown in world.nora.unseen)
    clear(world)


async def test_who_is_called_though_in_danger_because_nobody_else_is_there_can_come(world: World) -> None:
    await world.apply(NORTH)
    await world.nora.says(DANGER, "north")
    await world.yuki.says(DANGER, "north")
    await world.advance(minutes=6)
    clear(world)
    await world.nora.says("take 2")
    world.nora.sees("You have it.")
    world.yuki.sees("Nora is here")
    assert await world.rows(select(CaseRow.open_for.is_not(None)).order_by(CaseRow.id)) == [1, 1]
    clear(world)


async def test_where_all_moderators_are_in_danger_the_peers_are_called_again_and_again(world: World) -> None:
    for overseer in (world.mo, world.olive):
        await overseer.says(DANGER, "lobby")
    await world.sam.says("take 1")
    await world.robin.says("take 2")
    await world.alice.says(DANGER, "lobby")
    await world.advance(minutes=11)
    for _round in range(3):
        clear(world)
        await world.advance(minutes=10)
        pages = [shown for shown in world.room("moderators").unseen if "Case: 3" in shown.text]
        assert len(pages) == 1
        for peer in (world.sam, world.robin):
            assert any("Case: 3" in shown.text for shown in peer.unseen)
        for overseer in (world.mo, world.olive):
            assert not any("Case: 3" in shown.text for shown in overseer.unseen)
    clear(world)
