"""A damaged value of a member or of a community costs nobody their answer, nor anybody else their page."""

from datetime import timedelta
from typing import Any

import pytest
from harness import World
from harness.fixtures import Story, on_both_databases
from sqlalchemy import select, text, update

from bot.services import members, privacy
from bot.storage.tables import (
    CaseRow,
    CheckInSchedule,
    Community,
    Delivery,
    Identity,
    Member,
    RelayMessage,
    Remembered,
    RoleGiven,
)

DANGER = "I want to kill myself"
ZONE, NAME = {"zone": "Mars/Base"}, {"name_sealed": b"broken"}


async def known(world: World) -> None:
    """Alice and the team have met the bot."""
    await world.alice.joins()
    for person in (world.sam, world.robin, world.mo):
        await person.joins()


@pytest.fixture
def story() -> Story:
    return known


async def id_of(world: World, account: str) -> int:
    (found,) = await world.rows(select(Identity.member_id).where(Identity.account == account))
    return int(found)


async def damage(world: World, table: Any, *where: Any, **values: Any) -> None:
    """Damage something behind the bot's back."""
    async with world.database.begin() as tx:
        await tx.session.execute(update(table).where(*where).values(**values))


async def is_helped(world: World) -> None:
    """Alice is in danger: she gets her answer, and the peers' room its page."""
    await world.alice.says(DANGER)
    world.alice.sees("I'm getting a person")
    world.room("peers").sees("I'm on it")


async def pages_to(world: World, account: str) -> int:
    query = select(Delivery.id).where(Delivery.key.startswith("page:"), Delivery.address == account)
    return len(await world.rows(query))


def forget(world: World) -> None:
    """What was said does not matter to the test."""
    for box in world.mailboxes:
        box.unseen.clear()


@on_both_databases
@pytest.mark.parametrize("values", [ZONE, NAME])
async def test_a_member_whose_own_zone_or_name_cannot_be_read_is_helped(
    world: World, values: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    alice = await id_of(world, "alice")
    await damage(world, Member, Member.id == alice, **values)
    await is_helped(world)
    await world.alice.says("!help")
    forget(world)
    assert caplog.text.count(f"members {alice}: its") == 1


@pytest.mark.parametrize("values", [ZONE, {"languages": []}, {"languages": {"a": 1}}, {"policy": {"a": 1}}])
async def test_a_member_is_helped_whatever_of_their_community_cannot_be_read(
    world: World, values: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    await damage(world, Community, **values)
    await is_helped(world)
    assert caplog.text.count("communities 1: its") == 1


async def test_a_zone_that_is_there_again_is_told(world: World, caplog: pytest.LogCaptureFixture) -> None:
    await damage(world, Community, **ZONE)
    await world.alice.says("!help")
    await damage(world, Community, zone="America/New_York")
    await world.alice.says("!help")
    assert "communities 1: its zone can be read again" in caplog.text
    forget(world)


async def test_a_role_that_this_version_does_not_know_is_none(world: World) -> None:
    sam = await id_of(world, "sam")
    async with world.database.begin() as tx:
        tx.session.add(RoleGiven(member_id=sam, role="zebra"))
        await tx.session.flush()
        assert {str(role) for role in (await members.load(tx, sam)).roles} == {"member", "peer"}


@on_both_databases
@pytest.mark.parametrize("values", [ZONE, NAME])
async def test_a_peer_whose_zone_or_name_cannot_be_read_is_paged_as_the_others_are(
    world: World, values: dict[str, Any]
) -> None:
    await damage(world, Member, Member.id == await id_of(world, "sam"), **values)
    await is_helped(world)
    await world.advance(minutes=30)
    assert await pages_to(world, "sam") == await pages_to(world, "robin") > 0
    forget(world)


async def test_a_peer_who_cannot_be_loaded_does_not_keep_the_others_from_being_paged(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    sam = await id_of(world, "sam")
    async with world.database.begin() as tx:
        await tx.session.execute(text("UPDATE members SET quiet_from = 'zebra' WHERE id = :sam"), {"sam": sam})
    await is_helped(world)
    await world.advance(minutes=30)
    assert await pages_to(world, "robin") > 0
    assert f"member {sam} cannot be paged" in caplog.text
    assert "zebra" not in caplog.text
    forget(world)


async def test_a_check_in_is_answered_by_the_members_own_day_if_its_zone_is_gone(world: World) -> None:
    await world.alice.says("checkin start 9:00")
    await world.alice.says("checkin now")
    forget(world)
    await damage(world, CheckInSchedule, **ZONE)
    await world.alice.clicks("Good")
    world.alice.sees("Thank you for checking in")
    forget(world)


async def test_a_conversation_is_opened_without_the_words_that_cannot_be_read(world: World) -> None:
    await is_helped(world)
    await world.alice.says("are you there?")
    forget(world)
    await damage(world, RelayMessage, text_sealed=b"broken")
    await world.sam.says("take 1")
    world.alice.sees("is here")
    assert await world.rows(select(CaseRow.holder)) == [await id_of(world, "sam")]
    forget(world)


@on_both_databases
async def test_a_remembered_value_that_is_damaged_does_not_refuse_an_erasure(world: World) -> None:
    await world.app.hub.remember("console", "dm:alice", "room")
    await damage(world, Remembered, value_sealed=b"broken")
    await world.alice.says("mydata erase")
    await world.alice.clicks("Yes, erase everything")
    assert await world.rows(select(Identity.id).where(Identity.account == "alice")) == []
    assert await world.rows(select(Remembered.name)) == []
    forget(world)


@on_both_databases
async def test_an_export_leaves_out_what_cannot_be_read(world: World) -> None:
    alice = await id_of(world, "alice")
    await damage(world, Member, Member.id == alice, name_sealed=b"broken")
    await damage(world, Delivery, Delivery.member_id == alice, content_sealed=b"broken", shared_id=None)
    async with world.database.read() as tx:
        assert '"name": null' in await privacy.export(tx, await members.load(tx, alice))


@on_both_databases
async def test_a_delivery_with_buttons_that_cannot_be_read_is_emptied_with_the_others(world: World) -> None:
    await damage(world, Delivery, content_sealed=b"broken", has_choices=True, shared_id=None)
    async with world.database.begin() as tx:
        await privacy.keep_no_longer(tx, now=world.now + timedelta(days=2))
    assert await world.rows(select(Delivery.id).where(Delivery.blanked_at.is_(None))) == []
