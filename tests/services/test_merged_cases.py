"""Two members with an open case each turn out to be one person: the two talks become one."""

from harness import World
from sqlalchemy import select

from bot.app import load_languages, load_resources
from bot.services import merging
from bot.services.escalations import Escalations
from bot.services.escalations.effects import Effects
from bot.services.voice import Voice
from bot.storage.relay_tables import CasePlace
from bot.storage.tables import CaseRow, Identity

ESCALATIONS = Escalations(Effects(Voice(load_languages(), lambda: None), load_resources()))
DANGER = "I want to kill myself"


def clear(world: World) -> None:
    for box in world.mailboxes:
        box.unseen.clear()


async def id_of(world: World, account: str) -> int:
    (found,) = await world.rows(select(Identity.member_id).where(Identity.account == account))
    return int(found)


async def bob_is_alice(world: World) -> None:
    """Bob's case, number 2, is folded into Alice's, number 1."""
    clear(world)
    alice, bob = await id_of(world, "alice"), await id_of(world, "bob")
    async with world.database.begin() as tx:
        await merging.merge(tx, bob, into=alice, escalations=ESCALATIONS, now=world.now)
    await world.app.settle()


async def test_of_two_talks_that_become_one_both_peers_are_in_it_and_are_told(world: World) -> None:
    await world.alice.says(DANGER)
    await world.sam.clicks("I'm on it")
    await world.bob.says(DANGER)
    await world.robin.says("take 2")
    await bob_is_alice(world)
    world.robin.sees("Case 2 and case 1 turned out to be the same person's")
    world.robin.sees("Case 1", "You are with them now")
    world.sam.sees("Robin has joined you (case 1)")
    clear(world)
    await world.bob.says("are you there, Robin?")
    world.robin.sees("are you there, Robin?")
    world.sam.sees("are you there, Robin?")
    assert await world.rows(select(CasePlace.case_id).where(CasePlace.closed_at.is_not(None))) == [2]


async def test_who_had_the_folded_case_takes_the_one_that_nobody_has_and_who_helped_them_helps_on(world: World) -> None:
    await world.alice.says(DANGER)
    await world.bob.says(DANGER)
    await world.sam.says("take 2")
    await world.robin.says("join 2")
    await bob_is_alice(world)
    for peer in (world.sam, world.robin):
        peer.sees("Case 2 and case 1 turned out to be the same person's")
        peer.sees("Case 1", "You are with them now")
    (kept,) = await world.rows(select(CaseRow).where(CaseRow.open_for.is_not(None)))
    assert (kept.holder, kept.helpers) == (await id_of(world, "sam"), [await id_of(world, "robin")])
    clear(world)
