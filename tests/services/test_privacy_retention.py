"""Nothing is kept longer than was said: housekeeping, with the clock moved on."""

from datetime import timedelta
from typing import Any

import pytest
from harness import World
from harness.communities import NORTH
from harness.fixtures import on_both_databases
from sqlalchemy import select, update

from bot.core.content import Attachment, Choice, Content, Field
from bot.core.platform import Address
from bot.delivery import contents
from bot.delivery.outbox import Message, Priority, enqueue
from bot.services import privacy
from bot.storage.tables import CaseEvent, CaseRow, Community, Delivery, RelayMessage

BUTTON = Choice(label="Yes", command="help", arguments={"why": "1"})
WORDY = Content(
    text="zebra",
    title="zebra",
    fields=(Field(name="zebra", value="zebra"),),
    attachment=Attachment(filename="zebra", text="zebra"),
)


def forget(world: World) -> None:
    """What was said does not matter to the test."""
    for box in world.mailboxes:
        box.unseen.clear()


async def keep_no_longer(world: World, **later: float) -> int:
    """Housekeeping, so much later."""
    async with world.database.begin() as tx:
        return await privacy.keep_no_longer(tx, now=world.now + timedelta(**later))


async def delivered(world: World, content: Content, state: str, *, key: str = "test", kind: Any = "place") -> None:
    """A delivery that has come to this state."""
    to = Address(platform="console", kind=kind, id="elsewhere")
    sent = {"message_id": key, "sent_at": world.now} if state == "sent" else {}
    async with world.database.begin() as tx:
        later = world.now + timedelta(days=300)  # nobody sends it while the test lasts
        message = Message(
            key=key, to=to, content=content, priority=Priority.REPLY, due_at=later if state == "pending" else world.now
        )
        await enqueue(tx, message, now=world.now)
        await tx.session.execute(update(Delivery).where(Delivery.key == key).values(state=state, **sent))


async def content_of(world: World, key: str = "test") -> Content:
    """What a delivery still says."""
    async with world.database.begin() as tx:
        sealed = (await tx.session.scalars(select(Delivery.content_sealed).where(Delivery.key == key))).one()
        return await contents.unseal(tx, sealed, None)


@on_both_databases
@pytest.mark.parametrize("state", ["sent", "failed", "expired"])
async def test_a_delivery_that_is_over_keeps_its_words_for_a_day(world: World, state: str) -> None:
    await delivered(world, WORDY, state)
    await keep_no_longer(world, hours=23)
    assert await content_of(world) == WORDY
    await keep_no_longer(world, hours=25)
    assert await content_of(world) == Content()


async def test_a_delivery_that_waits_keeps_its_words(world: World) -> None:
    await delivered(world, WORDY, "pending")
    await keep_no_longer(world, days=29)
    assert await content_of(world) == WORDY


async def test_the_buttons_of_an_old_message_still_work(world: World) -> None:
    await delivered(world, Content(text="zebra", choices=(BUTTON,)), "sent")
    await keep_no_longer(world, hours=25)
    assert await content_of(world) == Content(choices=(BUTTON,))
    assert await world.app.hub.choices("console", "test") == (BUTTON,)


async def test_words_are_dropped_in_batches_until_none_is_left(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await keep_no_longer(world, hours=25)
    monkeypatch.setattr(privacy, "BLANK_BATCH", 2)
    for number in range(3):
        await delivered(world, Content(text="zebra", choices=(BUTTON,)), "sent", key=f"test{number}")
    assert [await keep_no_longer(world, hours=25) for _housekeeping in range(3)] == [2, 1, 0]


@on_both_databases
@pytest.mark.parametrize("state", ["sent", "failed", "expired"])
async def test_the_account_of_somebody_who_is_no_member_is_kept_for_a_day(world: World, state: str) -> None:
    await delivered(world, WORDY, state, kind="direct")
    one = select(Delivery.id).where(Delivery.key == "test")
    await keep_no_longer(world, hours=23)
    assert await world.rows(one)
    await keep_no_longer(world, hours=25)
    assert not await world.rows(one)


async def test_what_still_goes_to_somebody_who_is_no_member_is_kept(world: World) -> None:
    await delivered(world, WORDY, "pending", kind="direct")
    await keep_no_longer(world, days=29)
    assert await world.rows(select(Delivery.id).where(Delivery.key == "test"))


async def test_the_last_reply_to_who_erased_their_data_names_them_for_a_day(world: World) -> None:
    await world.alice.says("!mydata erase")
    await world.alice.clicks("Yes, erase everything")
    forget(world)
    named = select(Delivery.id).where(Delivery.address == "alice")
    assert len(await world.rows(named)) == 1
    await keep_no_longer(world, hours=25)
    assert not await world.rows(named)


async def conversation(world: World) -> None:
    """Alice's case: sam takes it, they talk, and it ends."""
    await world.alice.says("I want to kill myself")
    await world.sam.says("take 1")
    await world.sam.says("I'm here")
    await world.mo.says("resolve 1 safe")
    forget(world)


PERSONS = (CaseRow.member_id, CaseRow.open_for, CaseRow.excerpt_sealed, CaseRow.link_sealed, CaseRow.holder)


@on_both_databases
async def test_a_case_forgets_its_people_and_words_after_the_communitys_time(world: World) -> None:
    await conversation(world)
    persons = select(CaseRow.member_id, CaseRow.holder)
    async with world.database.begin() as tx:
        before = (await tx.session.execute(persons)).one()
    assert None not in before
    await keep_no_longer(world, days=29)
    async with world.database.begin() as tx:
        assert (await tx.session.execute(persons)).one() == before
    assert await world.rows(select(RelayMessage.id))
    await keep_no_longer(world, days=31)
    async with world.database.begin() as tx:
        assert set((await tx.session.execute(select(*PERSONS))).one()) == {None}
    assert not await world.rows(select(RelayMessage.id))


async def test_a_forgotten_case_keeps_its_audit_log_for_a_year(world: World) -> None:
    await conversation(world)
    lines = await world.rows(select(CaseEvent.id))
    await keep_no_longer(world, days=364)
    assert await world.rows(select(CaseEvent.id)) == lines
    await keep_no_longer(world, days=366)
    assert not await world.rows(select(CaseEvent.id))
    assert not await world.rows(select(CaseRow.id))


async def test_a_case_is_forgotten_once(world: World) -> None:
    await conversation(world)
    await keep_no_longer(world, days=40)
    assert await keep_no_longer(world, days=40) == 0


async def test_an_open_conversation_is_kept_however_long_it_goes_on(world: World) -> None:
    await world.alice.says("I want to kill myself")
    await world.sam.says("take 1")
    await world.sam.says("I'm here")
    forget(world)
    await keep_no_longer(world, days=4000)
    assert await world.rows(select(RelayMessage.id))
    assert await world.rows(select(CaseRow.member_id)) != [None]


async def test_each_community_keeps_what_it_said_it_would(world: World) -> None:
    await world.apply(NORTH.model_copy(update={"retention_days": 5}))
    await world.alice.says("I want to kill myself")
    await world.carol.says("!help", "north")
    await world.carol.says("I want to kill myself")
    await world.sam.says("take 1")
    await world.sam.says("I'm here")
    await world.mo.says("resolve 1 safe")
    await world.nora.says("take 2")
    await world.nora.says("I'm here")
    await world.nora.says("resolve 2 safe")
    forget(world)
    query = select(Community.slug).join(CaseRow, CaseRow.community_id == Community.id)
    remembered = query.where(CaseRow.member_id.is_not(None)).order_by(Community.slug)
    assert await world.rows(remembered) == ["harbour", "north"]
    spoken = query.join(RelayMessage, RelayMessage.case_id == CaseRow.id).distinct().order_by(Community.slug)
    assert await world.rows(spoken) == ["harbour", "north"]
    await keep_no_longer(world, days=6)
    assert await world.rows(remembered) == ["harbour"]
    assert await world.rows(spoken) == ["harbour"]
