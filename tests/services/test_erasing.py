"""Erasing one's data, from the question to coming back."""

from harness import World
from sqlalchemy import select

from bot.storage.tables import CaseRow, Identity, Remembered


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
