"""Erasing one's data, from the question to coming back."""

from datetime import timedelta
from typing import Any

import pytest
from harness import World
from harness.fixtures import on_both_databases
from sqlalchemy import select, update

from bot.core.content import Content
from bot.core.platform import Address
from bot.delivery.outbox import Message, Priority, enqueue
from bot.storage.tables import CaseRow, Delivery, Identity, RelayMessage, Remembered


def forget(world: World) -> None:
    """What was said does not matter to the test."""
    for box in world.mailboxes:
        box.unseen.clear()


async def erase(world: World) -> None:
    """Alice erases her data, with the confirmation."""
    await world.alice.says("!mydata erase")
    world.alice.sees("This deletes your settings", "Yes, erase everything")
    await world.alice.clicks("Yes, erase everything")
    world.alice.sees("Everything is deleted")


async def test_an_account_whose_name_has_wildcards_erases_only_its_own_memory(world: World) -> None:
    for account in ("a_b", "axb", "A_B"):
        await world.app.hub.remember("console", f"thread:{account}", f"t-{account}")
    person = world.person("a_b")
    await person.says("!help")
    await person.says("!mydata erase")
    await person.clicks("Yes, erase everything")
    assert await world.rows(select(Remembered.name).order_by(Remembered.name)) == ["thread:A_B", "thread:axb"]
    forget(world)


async def test_an_erasure_needs_a_yes(world: World) -> None:
    await world.alice.says("mydata erase")
    world.alice.sees("This deletes your settings")
    assert await world.rows(select(Identity.id).where(Identity.account == "alice"))


async def asks_to_erase(world: World) -> None:
    await world.alice.says("!mydata erase")
    forget(world)


async def is_known(world: World) -> bool:
    return bool(await world.rows(select(Identity.id).where(Identity.account == "alice")))


@pytest.mark.parametrize("typed", ["yes", "Yes!", "yes please", "Yes, erase everything", "yes erase everything", "sí"])
@pytest.mark.parametrize("has_case", [False, True])
async def test_an_erasure_is_confirmed_by_typing(world: World, typed: str, *, has_case: bool) -> None:
    if has_case:
        await world.alice.says("peer")
    await asks_to_erase(world)
    await world.alice.says(typed)
    world.alice.sees("Everything is deleted")
    assert not await is_known(world)
    forget(world)


@pytest.mark.parametrize("typed", ["no", "cancel"])
async def test_who_does_not_want_to_erase_says_so(world: World, typed: str) -> None:
    await asks_to_erase(world)
    await world.alice.says(typed)
    world.alice.sees("nothing was changed")
    await world.alice.says("yes")
    world.alice.sees("cannot answer that")
    assert await is_known(world)


async def test_a_yes_after_other_words_or_too_late_erases_nothing(world: World) -> None:
    await asks_to_erase(world)
    await world.alice.says("is somebody there")
    world.alice.sees("Shall I call a person")
    await world.alice.says("no")
    world.alice.sees("I call nobody")
    await asks_to_erase(world)
    await world.advance(minutes=11)
    await world.alice.says("yes")
    world.alice.sees("cannot answer that")
    assert await is_known(world)


async def test_a_yes_to_what_a_peer_has_asked_meanwhile_is_for_the_peer(world: World) -> None:
    await world.alice.says("peer")
    await world.sam.clicks("I'm on it")
    await asks_to_erase(world)
    await world.advance(minutes=1)
    await world.sam.says("are you safe where you are?")
    forget(world)
    await world.alice.says("yes")
    world.sam.sees("yes")
    assert await is_known(world)


async def test_a_yes_with_nothing_asked_is_no_answer(world: World) -> None:
    await world.alice.says("yes")
    world.alice.sees("cannot answer that")
    forget(world)
    assert await is_known(world)


async def test_a_peer_who_erases_their_data_gives_their_cases_back(world: World) -> None:
    await world.alice.says("I want to kill myself", "lobby")
    await world.sam.clicks("I'm on it")
    forget(world)
    await world.sam.says("!mydata erase")
    world.sam.sees("This deletes")
    await world.sam.clicks("Yes, erase everything")
    world.sam.sees("Everything is deleted")
    world.room("peers").sees("I'm on it")
    world.alice.sees("I'm looking for somebody else")
    assert await world.rows(select(CaseRow.holder)) == [None]


async def test_who_comes_back_after_an_erasure_is_new(world: World) -> None:
    await world.alice.says("settings name Al")
    forget(world)
    await erase(world)
    await world.alice.says("settings")
    world.alice.sees("Name shown to others: not set")
    world.alice.sees("Hello, I'm the bot of")


async def id_of(world: World, account: str) -> int:
    """The member with this account."""
    (found,) = await world.rows(select(Identity.member_id).where(Identity.account == account))
    return int(found)


async def delivered(world: World, state: str, **values: Any) -> None:
    """A delivery that has come to this state; a pending one waits for tomorrow."""
    to = Address(platform="console", kind="place", id="elsewhere")
    due_at = world.now + timedelta(days=state == "pending")
    async with world.database.begin() as tx:
        message = Message(
            key="test", to=to, content=Content(text="zebra"), priority=Priority.REPLY, due_at=due_at, **values
        )
        await enqueue(tx, message, now=world.now)
        await tx.session.execute(update(Delivery).where(Delivery.key == "test").values(state=state))


@on_both_databases
@pytest.mark.parametrize("state", ["pending", "sent"])
async def test_an_erasure_takes_the_members_words_out_of_what_others_were_told(world: World, state: str) -> None:
    await delivered(world, state, member_id=await id_of(world, "bob"), about_id=await id_of(world, "alice"))
    await erase(world)
    assert not await world.rows(select(Delivery.id).where(Delivery.key == "test"))


async def test_an_erasure_takes_back_a_shared_check_in(world: World) -> None:
    await world.alice.says("checkin now")
    await world.alice.clicks("Good")
    await world.alice.says("checkin share")
    forget(world)
    shared = select(Delivery.id).where(Delivery.key.startswith("share:"))
    assert await world.rows(shared)
    await erase(world)
    assert not await world.rows(shared)


async def test_an_erasure_leaves_what_was_said_about_others(world: World) -> None:
    await delivered(world, "sent", about_id=await id_of(world, "bob"))
    await erase(world)
    assert await world.rows(select(Delivery.id).where(Delivery.key == "test"))


async def conversation(world: World) -> None:
    """Alice and sam have written to each other."""
    await world.alice.says("I want to kill myself", "lobby")
    await world.sam.says("take 1")
    await world.sam.says("I'm here")
    await world.alice.says("Thank you")
    forget(world)


@on_both_databases
async def test_an_erasure_deletes_both_sides_of_the_members_conversation(world: World) -> None:
    await conversation(world)
    assert await world.rows(select(RelayMessage.id))
    await erase(world)
    assert not await world.rows(select(RelayMessage.id))
    forget(world)


async def test_a_peer_who_erases_their_data_takes_only_their_own_side_along(world: World) -> None:
    await conversation(world)
    sam, alice = await id_of(world, "sam"), await id_of(world, "alice")
    assert set(await world.rows(select(RelayMessage.author))) == {alice, sam}
    await world.sam.says("!mydata erase")
    await world.sam.clicks("Yes, erase everything")
    assert set(await world.rows(select(RelayMessage.author))) == {alice}
    forget(world)


async def test_peers_are_told_that_the_case_of_somebody_who_erased_their_data_has_ended(world: World) -> None:
    await conversation(world)
    await erase(world)
    world.sam.sees("ended")
    world.room("peers").sees("Case 1 has ended")
