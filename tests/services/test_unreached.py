"""Messages of a case that do not arrive: who learns of it, and what it changes."""

from harness import World
from harness.communities import HARBOUR
from harness.fixtures import on_both_databases
from sqlalchemy import select

from bot.app import load_languages, load_resources
from bot.core.content import Content
from bot.core.platform import Address, NeverAgain
from bot.delivery.outbox import Claimed, Priority
from bot.services.escalations import Escalations
from bot.services.escalations.effects import Effects
from bot.services.voice import Voice
from bot.storage.tables import CaseRow, Delivery
from services.test_case_helpers import clear
from services.test_cases import DANGER

NO_ROOMS = HARBOUR.model_copy(
    update={"places": tuple(place for place in HARBOUR.places if not {"peers", "moderators"} & {*place.kinds})}
)


@on_both_databases
async def test_where_there_is_no_peers_room_those_paged_learn_that_the_member_cannot_be_reached(world: World) -> None:
    await world.apply(NO_ROOMS)
    world.console.failures["alice"] = NeverAgain("closed")
    await world.alice.says(DANGER, "lobby")
    for peer in (world.sam, world.robin):
        peer.sees("I'm on it")
        peer.sees("I cannot reach the person of case 1", "console: alice")
    await world.advance(minutes=5)
    world.mo.sees("I'm on it", "I cannot reach them", "Please write to them yourself (console: alice)")
    clear(world)


async def test_a_member_who_can_be_reached_again_is_no_longer_said_to_be_out_of_reach(world: World) -> None:
    world.console.failures["alice"] = NeverAgain("closed")
    await world.alice.says(DANGER, "lobby")
    del world.console.failures["alice"]
    await world.advance(seconds=1)
    await world.alice.says("hello?")
    clear(world)
    await world.advance(minutes=3)
    assert "cannot reach" not in world.room("peers").sees("I'm on it").text


async def test_a_private_page_that_fails_does_not_take_the_case_from_who_has_it(world: World) -> None:
    await world.alice.says(DANGER, "lobby")
    await world.advance(minutes=6)  # all peers are called
    await world.sam.clicks("I'm on it")
    await world.sam.says("hello")
    clear(world)
    escalations = Escalations(Effects(Voice(load_languages(), lambda: None), load_resources()))
    async with world.database.begin() as tx:
        page = (await tx.session.scalars(select(Delivery).where(Delivery.address == "sam").limit(1))).one()
        to = Address(platform=page.platform, kind="direct", id=page.address)
        # It was on its way on another platform of Sam's when they took the case.
        failed = Claimed(
            id=page.id, key=page.key, to=to, content=Content(), priority=Priority.CRISIS, attempts=1, case_id=1,
            member_id=page.member_id,
        )  # fmt: skip
        assert failed.key.startswith("page:")
        await escalations.on_failure(tx, failed, NeverAgain("their chat is closed"), now=world.now)
    await world.app.settle()
    assert await world.rows(select(CaseRow.holder)) == [page.member_id]
    world.alice.sees_nothing()
