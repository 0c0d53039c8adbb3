"""Whom a step calls: the rota is asked, and nothing that is wrong with it keeps a page back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from harness import World
from harness.communities import HARBOUR
from sqlalchemy import select

from bot.app import load_languages, load_resources
from bot.core.community import CommunityFile, Escalation, EscalationStep
from bot.core.policy import How, Whom
from bot.services import members
from bot.services.escalations import Escalations
from bot.services.escalations.duty import Duty
from bot.services.escalations.effects import Effects
from bot.services.voice import Voice
from bot.storage.database import Transaction
from bot.storage.tables import Delivery, Identity, Member


@dataclass
class Rota(Duty):
    """Sam's shift; Robin may not be called."""

    world: World
    fails: bool = False

    async def on_call(self, tx: Transaction, community_id: int, now: datetime) -> tuple[int, ...]:
        if self.fails:
            raise LookupError("no such zone")
        return await self.available(tx, community_id, now)

    async def available(self, tx: Transaction, community_id: int, now: datetime) -> tuple[int, ...]:
        if self.fails:
            raise LookupError("no such zone")
        query = select(Identity.member_id).where(Identity.account == "sam")
        return tuple(await tx.session.scalars(query))


def harbour(*steps: EscalationStep) -> CommunityFile:
    return HARBOUR.model_copy(update={"escalation": Escalation(steps=steps)})


async def paged(world: World, duty: Duty, steps: tuple[EscalationStep, ...], *, minutes: int = 0) -> list[str]:
    """Whom the pages of Alice's case go to, in order; `minutes` later its timer fires."""
    await world.apply(harbour(*steps))
    escalations = Escalations(Effects(Voice(load_languages(), lambda: None), load_resources(), duty))
    async with world.database.begin() as tx:
        query = select(Identity.member_id).where(Identity.account == "alice")
        alice = await members.load(tx, (await tx.session.scalars(query)).one())
        await escalations.by_member(tx, alice, now=world.now)
        if minutes:
            await escalations.due(tx, now=world.now + timedelta(minutes=minutes))
        pages = select(Delivery.address).where(Delivery.key.startswith("page:")).order_by(Delivery.id)
        found = list(await tx.session.scalars(pages))
        await tx.session.rollback()
    return found


PEERS, ON_CALL = EscalationStep(whom=Whom.PEERS), EscalationStep(whom=Whom.ON_CALL)
ORGANIZERS = EscalationStep(whom=Whom.ORGANIZERS)


async def test_the_one_on_call_is_paged_and_no_other(world: World) -> None:
    assert await paged(world, Rota(world), (ON_CALL, PEERS)) == ["sam"]


async def test_who_may_not_be_called_is_paged_by_the_last_step_only(world: World) -> None:
    assert await paged(world, Rota(world), (PEERS, ORGANIZERS)) == ["sam"]
    assert await paged(world, Rota(world), (PEERS,)) == ["sam", "robin"]


async def test_a_named_peer_is_paged_privately_and_in_the_room(world: World) -> None:
    named = EscalationStep(whom=Whom.PEER, peer="Sam", how=How.BOTH)
    assert await paged(world, Rota(world), (named, ORGANIZERS)) == ["peers", "sam"]


async def test_a_named_peer_who_may_not_be_called_is_passed_over_at_once(world: World) -> None:
    assert await paged(world, Rota(world), (EscalationStep(whom=Whom.PEER, peer="Robin"), ORGANIZERS)) == ["olive"]


async def test_a_rota_that_cannot_be_read_keeps_no_page_back(world: World) -> None:
    assert await paged(world, Rota(world, fails=True), (ON_CALL, PEERS)) == ["sam", "robin"]


async def test_a_person_on_two_platforms_is_paged_on_both(world: World) -> None:
    async with world.database.begin() as tx:
        sam = (await tx.session.scalars(select(Identity).where(Identity.account == "sam"))).one()
        community = (await tx.session.get_one(Member, sam.member_id)).community_id
        two = Identity(
            community_id=community, member_id=sam.member_id, platform="matrix", account="@sam:x", last_seen_at=world.now
        )
        tx.session.add(two)
        await tx.session.flush()
    file = HARBOUR.model_copy(
        update={
            "people": tuple(
                person.model_copy(update={"matrix": "@sam:x"}) if person.name == "Sam" else person
                for person in HARBOUR.people
            )
        }
    )
    file = file.model_copy(update={"escalation": Escalation(steps=(ON_CALL, PEERS))})
    await world.apply(file)
    escalations = Escalations(Effects(Voice(load_languages(), lambda: None), load_resources(), Rota(world)))
    async with world.database.begin() as tx:
        alice = (await tx.session.scalars(select(Identity.member_id).where(Identity.account == "alice"))).one()
        await escalations.by_member(tx, await members.load(tx, alice), now=world.now)
        keys = select(Delivery.address).where(Delivery.key.startswith("page:"))
        assert set(await tx.session.scalars(keys)) == {"sam", "@sam:x"}
        await tx.session.rollback()


async def test_when_no_step_reaches_anybody_all_moderators_and_organizers_are_called(world: World) -> None:
    steps = (EscalationStep(whom=Whom.PEER, peer="Robin"), EscalationStep(whom=Whom.PEER, peer="Robin"))

    class Nobody(Rota):
        async def available(self, tx: Transaction, community_id: int, now: datetime) -> tuple[int, ...]:
            return ()

    found = await paged(world, Nobody(world), steps)
    assert found[:1] == ["robin"], "the last step calls whoever it names"
    rooms = (EscalationStep(whom=Whom.ON_CALL), EscalationStep(whom=Whom.ON_CALL))
    assert set(await paged(world, Nobody(world), rooms)) == {"mo", "olive", "moderators"}


async def test_who_speaks_the_members_language_is_called_first_and_the_others_a_minute_later(world: World) -> None:
    await world.apply(harbour(EscalationStep(whom=Whom.PEERS, wait_minutes=5), EscalationStep(whom=Whom.MODERATORS)))
    await world.robin.says("!roster languages es")
    await world.alice.says("!settings language es")
    for mailbox in world.mailboxes:
        mailbox.unseen.clear()
    await world.alice.says("quiero matarme")
    world.robin.sees("Urgent")
    world.sam.sees_nothing()
    await world.advance(minutes=1)
    world.sam.sees("Urgent")
    await world.advance(minutes=4)
    world.sam.sees_nothing()
    world.robin.sees_nothing()
    for mailbox in world.mailboxes:
        mailbox.unseen.clear()


async def test_once_the_case_is_taken_the_others_are_not_called_any_more(world: World) -> None:
    await world.apply(harbour(EscalationStep(whom=Whom.PEERS, wait_minutes=5), EscalationStep(whom=Whom.MODERATORS)))
    await world.robin.says("!roster languages es")
    await world.alice.says("!settings language es")
    await world.alice.says("quiero matarme")
    await world.robin.clicks("I'm on it")
    await world.advance(minutes=2)
    world.sam.sees_nothing()
    for mailbox in world.mailboxes:
        mailbox.unseen.clear()
