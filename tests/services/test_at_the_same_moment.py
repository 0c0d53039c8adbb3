"""Two transactions on the same rows at the same moment: neither undoes what the other has stored.

On PostgreSQL, where several write at once; SQLite has one writer.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from harness import World
from harness.fixtures import POSTGRESQL
from sqlalchemy import delete, func, select, text, update

from bot.app import load_languages, load_resources
from bot.core.content import Content, Fetch
from bot.core.escalation import Outcome
from bot.core.pictures import Still
from bot.core.platform import Address, NeverAgain, TryAgain
from bot.delivery import contents
from bot.delivery.outbox import Claimed, Priority
from bot.services import members, merging, privacy
from bot.services.checkins import CheckIns
from bot.services.escalations import Escalations
from bot.services.escalations.effects import Effects
from bot.services.hosting.hosting import Hosting
from bot.services.recently import Recently
from bot.services.voice import Voice
from bot.storage.database import Transaction
from bot.storage.relay_tables import CasePicture
from bot.storage.tables import CaseRow, CheckInSchedule, Delivery, Identity, InboundEvent, SharedContent
from services.test_pictures import WITH_PICTURES

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.parametrize("database_kind", [POSTGRESQL], indirect=True),
]

VOICE = Voice(load_languages(), lambda: None)
ESCALATIONS = Escalations(Effects(VOICE, load_resources()))
CHECKINS, HOSTING = CheckIns(VOICE), Hosting(VOICE)
DANGER = "I want to kill myself"
PATIENCE = 30
"""Seconds in which what must happen happens."""


def forget(world: World) -> None:
    """What was said does not matter to the test."""
    for box in world.mailboxes:
        box.unseen.clear()


async def id_of(world: World, account: str) -> int:
    (found,) = await world.rows(select(Identity.member_id).where(Identity.account == account))
    return int(found)


async def the_case(world: World) -> CaseRow:
    (row,) = await world.rows(select(CaseRow))
    assert isinstance(row, CaseRow)
    return row


async def sam_is_with_alice(world: World) -> CaseRow:
    await world.alice.says(DANGER)
    await world.sam.clicks("I'm on it")
    forget(world)
    return await the_case(world)


async def waits_or_is_done(world: World, task: asyncio.Task[Any]) -> None:
    """Until the task waits for somebody's lock, or has ended; on SQLite it waits until the writer is done."""
    if not world.database.is_shared:
        await asyncio.sleep(0)  # it has begun
        return
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(PATIENCE):
        while not task.done():
            async with world.database.read() as tx:
                if await tx.session.scalar(waiting):
                    return


async def test_a_timer_that_fires_while_the_peer_writes_does_not_take_their_case_away(world: World) -> None:
    await sam_is_with_alice(world)
    row = await the_case(world)
    assert row.next_at is not None
    assert row.holder is not None
    await world.advance(
        seconds=(row.next_at - world.now).total_seconds() + 1
    )  # the peer is asked whether they are there
    row = await the_case(world)
    assert row.next_at is not None
    assert row.holder is not None
    fires = row.next_at + timedelta(seconds=1)
    async with world.database.begin() as peers:
        (theirs,) = await ESCALATIONS.conversations(peers, await members.load(peers, row.holder))
        async with world.database.begin() as timers:
            await ESCALATIONS.due(timers, now=fires)
        await ESCALATIONS.relay(peers, await members.load(peers, row.holder), theirs, "I am here", "1", now=fires)
    after = await the_case(world)
    assert (after.holder, after.state) == (row.holder, "in conversation")
    await world.app.settle()
    forget(world)


async def test_a_failure_that_is_told_while_the_case_is_ended_does_not_open_it_again(world: World) -> None:
    row = await sam_is_with_alice(world)
    to = Address(platform="console", kind="direct", id="sam")
    failed = Claimed(
        id=0,
        key="test",
        to=to,
        content=Content(text="test"),
        priority=Priority.CRISIS,
        attempts=1,
        case_id=row.id,
        member_id=row.holder,
    )

    async def tell() -> None:
        async with world.database.begin() as tx:
            await ESCALATIONS.on_failure(tx, failed, NeverAgain("gone"), now=world.now)

    async with world.database.begin() as tx:
        assert row.holder is not None
        await ESCALATIONS.resolve(tx, await members.load(tx, row.holder), row.id, Outcome.SAFE, now=world.now)
        await tx.session.flush()
        telling = asyncio.create_task(tell())
        await waits_or_is_done(world, telling)
    await telling
    after = await the_case(world)
    assert (after.state, after.open_for, after.next_at) == ("resolved", None, None)
    await world.app.settle()
    forget(world)


async def test_who_asks_to_see_a_picture_while_it_is_brought_to_another_sees_it(world: World) -> None:
    await world.apply(WITH_PICTURES)
    await sam_is_with_alice(world)
    await world.robin.says("join 1")
    await world.alice.sends_pictures(TryAgain("the store is down"))
    await world.sam.clicks("Show it")
    (picture,) = await world.rows(select(CasePicture))
    robin, still = await id_of(world, "robin"), Still(kind="image/png", width=1, height=1, data=b"pixels")

    async def bring() -> None:
        async with world.database.begin() as tx:
            await ESCALATIONS.pictures.brought(tx, Fetch(id=picture.id, source="", limit=1), still, now=world.now)

    async with world.database.begin() as tx:
        await ESCALATIONS.pictures.show(tx, await members.load(tx, robin), None, now=world.now)
        bringing = asyncio.create_task(bring())
        await waits_or_is_done(world, bringing)
    await bringing
    shown = select(Delivery.member_id).where(Delivery.key.contains(":relay:picture:"))
    assert set(await world.rows(shown)) == {await id_of(world, "sam"), robin}
    await world.app.settle()
    forget(world)


async def while_alice_calls(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    name: str,
    do: Callable[[Transaction], Awaitable[None]],
    *,
    table: Any = None,
) -> None:
    """Do it in a transaction; when it comes to the function of that name (for that table), alice calls for help."""
    calls: list[asyncio.Task[None]] = []
    going_on = getattr(module, name)

    async def meanwhile(*arguments: Any, **named: Any) -> Any:
        if not calls and (table is None or any(one is table for one in arguments)):
            calls.append(asyncio.create_task(world.alice.says(DANGER)))
            await waits_or_is_done(world, calls[0])
        return await going_on(*arguments, **named)

    monkeypatch.setattr(module, name, meanwhile)
    async with world.database.begin() as tx:
        await do(tx)
    await calls[0]


async def test_a_member_who_is_merged_while_they_call_for_help_is_helped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = await id_of(world, "alice"), await id_of(world, "bob")

    async def merge(tx: Transaction) -> None:
        await merging.merge(tx, alice, into=bob, escalations=ESCALATIONS, now=world.now)

    await while_alice_calls(world, monkeypatch, merging, "_rename", merge, table=InboundEvent)
    assert (await the_case(world)).open_for == bob
    world.room("peers").sees("I'm on it")
    forget(world)


async def test_who_joins_while_another_helper_is_merged_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.alice.says(DANGER)
    await world.sam.clicks("I'm on it")
    await world.robin.says("join 1")
    robin = await id_of(world, "robin")
    async with world.database.begin() as tx:
        other, _made = await members.ensure(tx, 1, "discord", "777")
    going_on, joining = merging._rename_in_lists, []

    async def meanwhile(tx: Transaction, old: int, new: int) -> None:
        await tx.session.scalars(select(CaseRow))  # as they were before
        joining.append(asyncio.create_task(world.mo.says("join 1")))
        await waits_or_is_done(world, joining[0])
        await going_on(tx, old, new)

    monkeypatch.setattr(merging, "_rename_in_lists", meanwhile)
    async with world.database.begin() as tx:
        await merging.merge(tx, robin, into=other, escalations=ESCALATIONS, now=world.now)
    await joining[0]
    assert set((await the_case(world)).helpers) == {other, await id_of(world, "mo")}
    forget(world)


async def test_a_member_who_is_erased_while_they_call_for_help_is_helped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await id_of(world, "alice")

    async def erase(tx: Transaction) -> None:
        await privacy.erase(
            tx, await members.load(tx, alice), ESCALATIONS, HOSTING, Recently(world.clock), now=world.now
        )

    await while_alice_calls(world, monkeypatch, privacy, "_forget_remembered", erase)
    assert (await the_case(world)).open_for == await id_of(world, "alice")
    world.alice.sees("I'm getting a person")
    world.room("peers").sees("I'm on it")
    forget(world)


async def test_a_zone_that_changes_while_the_question_is_put_asks_no_second_time(world: World) -> None:
    await world.alice.says("checkin start 9:00")
    await world.alice.says("checkin now")
    forget(world)
    (schedule,) = await world.rows(select(CheckInSchedule))
    world.clock.set_to(schedule.next_at)
    alice = await id_of(world, "alice")
    async with world.database.begin() as moving:
        member = await members.load(moving, alice)
        await CHECKINS.schedule(moving, member)
        async with world.database.begin() as asking:
            await CHECKINS.due(asking, now=world.now)
        await CHECKINS.move_zone(moving, member, ZoneInfo("America/Los_Angeles"), now=world.now)
    await world.app.settle()
    await world.advance(hours=6)
    asked = select(func.count()).select_from(Delivery).where(Delivery.key.startswith("checkin:"))
    assert await world.rows(asked) == [1]
    forget(world)


async def test_a_content_that_is_shared_again_is_not_forgotten_meanwhile(world: World) -> None:
    async def forget_unused() -> None:
        async with world.database.begin() as tx:
            await contents.forget_unused(tx, now=world.now)

    async with world.database.begin() as tx:
        await tx.session.execute(delete(SharedContent))
        shared = await contents.share(tx, Content(text="test"), now=world.now)
    async with world.database.begin() as tx:
        await tx.session.execute(update(SharedContent).values(used_at=world.now - contents.UNUSED - timedelta(days=1)))
    async with world.database.begin() as tx:
        assert await contents.share(tx, Content(text="test"), now=world.now) == shared
        forgetting = asyncio.create_task(forget_unused())
        await waits_or_is_done(world, forgetting)
    await forgetting
    assert await world.rows(select(SharedContent.id)) == [shared]


async def test_two_who_remember_the_same_for_the_first_time_both_succeed(world: World) -> None:
    values = {f"name:{number}": "1" for number in range(50)}
    await asyncio.gather(
        world.app.hub.remember_all("test", values),
        world.app.hub.remember_all("test", dict(reversed(values.items()))),
    )
    assert await world.app.hub.remembered("test", "name:7") == "1"


async def a_case_and_robin(world: World) -> int:
    """Sam is with alice, mo has joined, robin writes to nobody yet: robin's number."""
    await sam_is_with_alice(world)
    await world.mo.says("join 1")
    await world.robin.says("who")
    forget(world)
    return await id_of(world, "robin")


async def is_in_danger(world: World, person: int) -> None:
    async with world.database.begin() as tx:
        await ESCALATIONS.by_member(tx, await members.load(tx, person), now=world.now)


async def test_who_is_given_a_case_while_they_ask_for_a_person_themselves_does_not_have_it(world: World) -> None:
    robin, sam = await a_case_and_robin(world), await id_of(world, "sam")
    async with world.database.begin() as tx:
        by = await members.load(tx, sam)
        await ESCALATIONS.conversations(tx, by)  # as for each word that is heard of somebody
        asking = asyncio.create_task(is_in_danger(world, robin))
        await waits_or_is_done(world, asking)
        await ESCALATIONS.hand_over(tx, by, 1, to=await members.load(tx, robin), now=world.now)
    await asking
    assert robin not in await world.rows(select(CaseRow.holder))
    await world.app.settle()
    forget(world)


async def test_who_joins_a_case_while_they_ask_for_a_person_themselves_is_not_in_it(world: World) -> None:
    robin = await a_case_and_robin(world)
    async with world.database.begin() as tx:
        by = await members.load(tx, robin)
        await ESCALATIONS.conversations(tx, by)
        asking = asyncio.create_task(is_in_danger(world, robin))
        await waits_or_is_done(world, asking)
        await ESCALATIONS.join(tx, by, 1, now=world.now)
    await asking
    assert not any(robin in helpers for helpers in await world.rows(select(CaseRow.helpers)))
    await world.app.settle()
    forget(world)
