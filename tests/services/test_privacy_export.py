"""An export holds the member's own, nobody else's words, no files, and never grows without bound."""

import json
from datetime import timedelta
from typing import Any

import pytest
from harness import World
from sqlalchemy import select

from bot.core.content import Attachment, Content
from bot.core.platform import Address
from bot.delivery.outbox import Message, Priority, enqueue
from bot.services import members, privacy
from bot.storage.tables import CaseRow, CheckInRow, Identity

EXCERPT, WORDS = "zebra-excerpt", "zebra-relay"


def forget(world: World) -> None:
    """What was said does not matter to the test."""
    for box in world.mailboxes:
        box.unseen.clear()


async def id_of(world: World, account: str) -> int:
    """The member with this account."""
    (found,) = await world.rows(select(Identity.member_id).where(Identity.account == account))
    return int(found)


async def export(world: World, account: str) -> str:
    """The export of the member with this account."""
    member_id = await id_of(world, account)
    async with world.database.begin() as tx:
        return await privacy.export(tx, await members.load(tx, member_id))


async def say(world: World, content: Content, **values: Any) -> None:
    """Put a message to bob into the outbox."""
    values.setdefault("member_id", await id_of(world, "bob"))
    to = Address(platform="console", kind="direct", id="bob")
    async with world.database.begin() as tx:
        message = Message(key="test", to=to, content=content, priority=Priority.REPLY, due_at=world.now, **values)
        await enqueue(tx, message, now=world.now)


async def last_delivery(world: World) -> dict[str, Any]:
    """The last delivery in bob's export."""
    found: dict[str, Any] = json.loads(await export(world, "bob"))["deliveries"][-1]
    return found


async def test_a_peers_export_holds_nothing_of_what_a_member_in_danger_wrote(world: World) -> None:
    await world.alice.says("settings name Zebrana")
    await world.alice.says(f"I want to kill myself, {EXCERPT}")
    await world.sam.says("take 1")
    await world.alice.says(WORDS)
    document = await export(world, "sam")
    assert not [words for words in ("Zebrana", EXCERPT, WORDS) if words in document]
    assert json.loads(document)["deliveries"], "when they were written to is theirs to know"
    forget(world)


async def test_an_export_says_what_was_said_to_the_member(world: World) -> None:
    await say(world, Content(text="zebra"))
    assert (await last_delivery(world))["text"] == "zebra"


async def test_an_export_leaves_out_what_is_about_somebody_else(world: World) -> None:
    await say(world, Content(text="zebra"), about_id=await id_of(world, "alice"))
    delivery = await last_delivery(world)
    assert "text" not in delivery
    assert delivery["state"] == "pending"


async def test_an_export_leaves_out_what_belongs_to_somebody_elses_case(world: World) -> None:
    await world.alice.says("I want to kill myself")
    (case,) = await world.rows(select(CaseRow.id))
    await say(world, Content(text="zebra"), case_id=case)
    assert "text" not in await last_delivery(world)
    forget(world)


async def test_an_export_holds_no_earlier_export(world: World) -> None:
    await say(world, Content(text="Here it is", attachment=Attachment(filename="mydata.json", text="zebra")))
    assert "zebra" not in await export(world, "bob")


async def check_in(world: World, times: int) -> None:
    """Bob has checked in on so many days."""
    member_id = await id_of(world, "bob")
    async with world.database.begin() as tx:
        for number in range(times):
            at = world.now + timedelta(days=number)
            tx.session.add(CheckInRow(member_id=member_id, day=at.date(), mood=3, answered_at=at))


async def test_an_export_is_never_larger_than_was_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_in(world, 100)
    monkeypatch.setattr(privacy, "EXPORT_BYTES", 5000)
    document = await export(world, "bob")
    assert len(document.encode()) < 5000 + 500  # the names of the tables
    assert json.loads(document)["left_out"]["checkins"] > 0


async def test_an_export_that_is_cut_keeps_the_newest_rows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await check_in(world, 5)
    monkeypatch.setattr(privacy, "EXPORT_ROWS", 2)
    document = json.loads(await export(world, "bob"))
    assert [row["day"] for row in document["checkins"]] == ["2026-11-26", "2026-11-27"]
    assert document["left_out"]["checkins"] == 3


async def test_an_export_that_is_whole_says_nothing_of_a_cut(world: World) -> None:
    assert "left_out" not in json.loads(await export(world, "bob"))
