"""Where a case is talked about: who is reached there, what happens without such a place, and how it ends."""

import pytest
from harness import World
from sqlalchemy import func, select

from bot.core.platform import NeverAgain, Unopened
from bot.storage.relay_tables import CasePlace
from bot.storage.tables import CaseRow, Delivery, Remembered
from services.test_cases import taken_case


def clear(world: World) -> None:
    for mailbox in world.mailboxes:
        mailbox.unseen.clear()


async def test_what_is_said_in_it_is_for_that_case_alone(world: World) -> None:
    await taken_case(world)
    await world.ben.says("i want to kill myself")
    await world.sam.clicks("I'm on it")
    clear(world)
    await world.sam.says("hello Alice", "case-1")
    world.alice.sees("Sam, peer", "hello Alice")
    await world.sam.says("hello Ben", "case-2")
    world.ben.sees("Sam, peer", "hello Ben")
    await world.sam.says("checklist", "case-2")
    assert world.sam.sees("Ask").place == "case-2"
    await world.sam.says("hello")
    world.sam.sees("To which case shall I bring this?")
    await world.sam.says("!resolve safe", "case-2")
    assert await world.rows(select(CaseRow.id).where(CaseRow.open_for.is_not(None))) == [1]
    clear(world)


async def test_a_peers_own_affairs_are_answered_privately(world: World) -> None:
    await taken_case(world)
    await world.sam.says("!settings list", "case-1")
    assert world.sam.unseen.pop().place == "dm"
    await world.sam.says("!cases", "case-1")
    assert world.sam.sees("With Sam").place == "case-1"


@pytest.mark.parametrize(("why", "mend"), [("forbidden", "Create Private Threads"), ("unreadable", "Message Content")])
async def test_what_keeps_the_bot_from_opening_one_is_told_to_the_organizers(
    world: World, why: Unopened, mend: str
) -> None:
    world.console.unopened = why
    await taken_case(world)
    world.olive.sees("A case has no place of its own", mend)
    await world.sam.says("hello")
    world.alice.sees("Sam, peer", "hello")
    await world.robin.says("join 1")
    world.olive.sees_nothing()
    clear(world)


async def test_a_place_that_is_gone_costs_nobody_a_word(world: World) -> None:
    await taken_case(world)
    world.console.failures["case-1"] = NeverAgain("gone")
    await world.alice.says("are you there")
    assert world.sam.sees("The place of case 1 is gone").place == "dm"
    assert world.sam.sees("a member (case 1)", "are you there").place == "dm"
    await world.alice.says("hello?")
    assert world.sam.sees("hello?").place == "dm"
    assert await world.rows(select(CaseRow.holder)) != [None], "and nobody the case"


async def test_who_is_not_in_the_case_says_nothing_to_the_member_there(world: World) -> None:
    await taken_case(world)
    world.console._apart["case-1"].people["mo"] = None
    await world.mo.says("let me see", "case-1")
    world.mo.sees("I have passed nothing on")
    world.sam.sees("I have passed nothing on")


async def test_an_hour_after_the_end_it_is_closed_and_after_the_retention_time_gone(world: World) -> None:
    await taken_case(world)
    await world.alice.clicks("I'm safe")
    clear(world)
    await world.sam.says("take care", "case-1")
    world.sam.sees("I have passed nothing on")
    deliveries = select(func.count(Delivery.id)).where(Delivery.key.contains(":place:"), Delivery.state == "sent")
    assert await world.rows(deliveries) == [1]
    await world.advance(hours=1)
    assert await world.rows(deliveries) == [2]
    assert "case-1" not in world.console._apart
    await world.advance(days=31)
    clear(world)
    assert await world.rows(select(CasePlace.case_id)) == []
    assert await world.rows(select(Remembered.name).where(Remembered.name.startswith("apart:"))) == []


async def test_who_erases_their_data_leaves_no_place_behind(world: World) -> None:
    await taken_case(world)
    await world.alice.says("!mydata erase")
    await world.alice.clicks("Yes, erase everything")
    clear(world)
    assert "case-1" not in world.console._apart


async def test_who_erases_their_data_after_the_end_leaves_none_either(world: World) -> None:
    await taken_case(world)
    await world.sam.says("!resolve safe", "case-1")
    await world.alice.says("mydata erase")
    await world.alice.clicks("Yes, erase everything")
    assert await world.rows(select(CasePlace.case_id)) == []
    assert await world.rows(select(Delivery.id).where(Delivery.key == "case:1:place:console:erase")) != []
    clear(world)


async def test_what_they_do_not_read_themselves_they_are_told_each_time(world: World) -> None:
    await taken_case(world)
    for words in ("i swallowed all my pills just now, i am dying", "i overdosed and i am dying, at 12 Elm Street"):
        await world.alice.says(words, "lobby")
        world.sam.sees(words[-20:])
        await world.advance(seconds=20)
    clear(world)


async def test_what_a_helper_writes_of_their_own_danger_is_not_carried_to_the_member(world: World) -> None:
    await taken_case(world)
    await world.robin.says("join 1")
    clear(world)
    await world.robin.says("he is dying, i want to kill myself if he does", "case-1")
    world.alice.sees_nothing()
    world.robin.sees("I need a person")
    clear(world)


async def test_who_is_not_in_the_place_any_more_is_written_to_privately(world: World) -> None:
    await taken_case(world)
    await world.robin.says("join 1")
    clear(world)
    await world.app.hub.left("console", "sam", "case-1")
    await world.app.settle()
    world.sam.sees("The place of case 1 is gone")
    await world.alice.says("are you there?")
    assert world.sam.sees("are you there?").place == "dm"
    assert world.robin.sees("are you there?").place == "case-1"
    clear(world)


async def test_all_in_a_case_are_told_of_a_signal_and_a_flood_of_them_once(world: World) -> None:
    await taken_case(world)
    await world.robin.says("join 1")
    clear(world)
    await world.alice.says("i want to die")
    for peer in (world.sam, world.robin):
        peer.sees("I heard this in what they wrote just now")
        peer.sees("a member (case 1)", "i want to die")
    await world.alice.says("i want to kill myself")
    for peer in (world.sam, world.robin):
        peer.sees("a member (case 1)", "i want to kill myself")
        peer.sees_nothing()
    await world.alice.says("i swallowed all my pills just now, i am dying")
    for peer in (world.sam, world.robin):
        peer.sees("Emergency", "I heard this")
        peer.sees("a member (case 1)", "i am dying")
    clear(world)
