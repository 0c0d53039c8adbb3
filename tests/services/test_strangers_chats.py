"""What adapters remember of private chats goes with whom they are with."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from harness import World
from harness.fixtures import on_both_databases
from sqlalchemy import select

from bot.services import privacy
from bot.storage.tables import Remembered


async def keep_no_longer(world: World, **later: float) -> int:
    """Housekeeping, so much later."""
    async with world.database.begin() as tx:
        return await privacy.keep_no_longer(tx, now=world.now + timedelta(**later))


async def remembered(world: World) -> set[str]:
    """The names of all that is remembered."""
    return set(await world.rows(select(Remembered.name)))


def chat(account: str, where: str) -> Mapping[str, str]:
    """What an adapter remembers of a private chat: where it is, and how far it was heard."""
    return {f"dm:{account}": where, f"last:{where}": "12345"}


@on_both_databases
async def test_a_private_chat_by_which_everything_was_erased_is_forgotten_with_the_last_reply(world: World) -> None:
    await world.alice.says("!mydata erase")
    await world.alice.clicks("Yes, erase everything")
    for box in world.mailboxes:
        box.unseen.clear()
    # The adapter learned of the erasing message, and writes what it learned a moment later.
    await world.app.hub.remember_all("console", {**chat("alice", "11"), **chat("bob", "22"), "last:33": "1"})
    await keep_no_longer(world, hours=23)
    assert await remembered(world) == {"dm:alice", "last:11", "dm:bob", "last:22", "last:33"}
    await keep_no_longer(world, hours=25)
    assert await remembered(world) == {"dm:bob", "last:22", "last:33"}


@on_both_databases
async def test_only_who_has_this_very_account_on_this_platform_keeps_their_chat(world: World) -> None:
    await world.app.hub.remember_all("console", {**chat("Bob", "11"), **chat("bo", "22"), **chat("bob", "33")})
    await world.app.hub.remember_all("discord", {**chat("bob", "33"), "DM:x": "44", "alive": "5"})
    assert await keep_no_longer(world) == 6
    assert await keep_no_longer(world) == 0
    assert await remembered(world) == {"dm:bob", "last:33", "DM:x", "alive"}


@on_both_databases
async def test_the_chats_of_many_strangers_are_forgotten_in_batches(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(privacy, "LOOKED_AT", 4)
    monkeypatch.setattr(privacy, "OLDEST", 3)
    for number in range(10):
        await world.app.hub.remember_all("console", chat(f"stranger{number}", f"{number}"))
    await world.app.hub.remember_all("console", chat("bob", "99"))
    done = [await keep_no_longer(world)]
    while done[-1]:
        done.append(await keep_no_longer(world))
        assert len(done) < 20
    assert max(done) <= 2 * 3 + 1
    assert await remembered(world) == {"dm:bob", "last:99"}


async def test_a_chat_of_which_is_not_known_where_it_is_is_forgotten_all_the_same(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async with world.database.begin() as tx:
        tx.session.add(Remembered(platform="console", name="dm:stranger", value_sealed=b"damaged"))
    await keep_no_longer(world)
    assert await remembered(world) == set()
    assert "remembered.value cannot be opened" in caplog.text
    assert "stranger" not in caplog.text
