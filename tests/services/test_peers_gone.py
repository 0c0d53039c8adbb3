"""Peers who are off, or peers no more: they have no case, read in none, and are given none."""

from harness import World
from harness.communities import HARBOUR
from harness.fixtures import on_both_databases
from sqlalchemy import select

from bot.core.platform import TryAgain
from bot.storage.tables import CaseRow
from services.test_case_helpers import clear, taken_case

WITHOUT_ROBIN = HARBOUR.model_copy(update={"people": tuple(p for p in HARBOUR.people if p.name != "Robin")})


async def test_a_helper_who_is_no_peer_any_more_is_out_of_the_talk(world: World) -> None:
    await taken_case(world)
    await world.robin.says("join 1")
    clear(world)
    await world.apply(WITHOUT_ROBIN)
    assert await world.rows(select(CaseRow.helpers)) == [[]]
    clear(world)
    await world.alice.says("I tell this to Sam only")
    world.sam.sees("I tell this to Sam only")
    await world.robin.says("come and meet me tonight")
    world.alice.sees_nothing()
    clear(world)


@on_both_databases
async def test_a_page_that_waits_for_who_is_no_peer_any_more_is_not_sent(world: World) -> None:
    world.console.failures["robin"] = TryAgain("down")
    await world.alice.says("I want to kill myself")
    await world.advance(minutes=7)  # all peers are called
    await world.apply(WITHOUT_ROBIN)
    del world.console.failures["robin"]
    await world.advance(minutes=2)
    world.robin.sees_nothing()
    clear(world)


async def test_a_helper_who_takes_a_break_does_not_read_along(world: World) -> None:
    await taken_case(world)
    await world.robin.says("join 1")
    await world.robin.says("!break")
    clear(world)
    await world.alice.says("only for you, Sam")
    world.sam.sees("only for you, Sam")
    world.robin.sees_nothing()


async def test_a_break_in_a_break_gives_back_the_case_that_was_taken_meanwhile(world: World) -> None:
    await world.sam.says("!break")
    await taken_case(world)
    clear(world)
    await world.sam.says("!break")
    world.sam.sees("You are on a break", "Somebody else is called")
    assert await world.rows(select(CaseRow.holder)) == [None]
    clear(world)


async def test_nobody_is_given_a_case_who_takes_a_break_and_who_gives_it_reads_who_is_there(world: World) -> None:
    await taken_case(world)
    await world.robin.says("!break")
    clear(world)
    await world.sam.says("hand over 1 to Robin")
    world.sam.sees("Robin cannot take it just now", "without a name")
    world.alice.sees_nothing()
    world.robin.sees_nothing()
