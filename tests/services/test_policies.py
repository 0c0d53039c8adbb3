"""Policies as they are stored, and what databases of before hold."""

from datetime import timedelta

import pytest
from harness import World
from harness.communities import HARBOUR
from sqlalchemy import select, update

from bot.core.community import Escalation, EscalationStep
from bot.core.crisis import Severity
from bot.core.policy import CONCERN_POLICY, DEFAULT_POLICY, How, Policies, Step, Whom
from bot.services.communities import changes, steps_to_nobody, stored_file
from bot.services.policies import read_case_policies, read_policies, write_policies
from bot.storage.tables import CaseRow, Community, RoleGiven

OLD = [["room", 180.0], ["peers", 300.0]]
OLD_STEPS = (
    Step(whom=Whom.ROOM, wait=timedelta(minutes=3)),
    Step(whom=Whom.PEERS, wait=timedelta(minutes=5)),
)


@pytest.mark.parametrize(
    "policies",
    [
        Policies(),
        Policies(
            urgent=(Step(whom=Whom.PEER, wait=timedelta(minutes=1), how=How.BOTH, member=7),),
            emergency=OLD_STEPS,
            concern=OLD_STEPS[:1],
        ),
    ],
)
def test_what_is_written_reads_the_same(policies: Policies) -> None:
    assert read_policies(write_policies(policies)) == policies


def test_the_one_policy_of_before_is_for_all_that_pages() -> None:
    assert read_policies(OLD) == Policies(urgent=OLD_STEPS)
    assert read_policies([]) == Policies()


def test_a_case_of_before_keeps_its_steps() -> None:
    assert read_case_policies(OLD, Severity.URGENT).of(Severity.EMERGENCY) == OLD_STEPS
    concern = read_case_policies([["room", 3600.0], ["room", 14400.0]], Severity.CONCERN)
    assert concern.of(Severity.CONCERN) == CONCERN_POLICY
    assert concern.of(Severity.EMERGENCY) == DEFAULT_POLICY


@pytest.mark.parametrize("damaged", [{}, {"steps": []}, {"steps": [["zebra", 1]], "concern": OLD}, "x", None])
def test_what_is_no_policy_is_said_to_be_none(damaged: object) -> None:
    with pytest.raises((AttributeError, LookupError, TypeError, ValueError)):
        read_policies(damaged)


async def test_a_named_peer_is_stored_by_number_and_reported_once_they_have_left(world: World) -> None:
    steps = (EscalationStep(whom=Whom.PEER, peer="Sam"), EscalationStep(whom=Whom.PEERS))
    named = HARBOUR.model_copy(update={"escalation": Escalation(steps=steps)})
    await world.apply(named)
    assert "Sam" not in str(await world.rows(select(Community.policy)))
    async with world.database.begin() as tx:
        stored = await stored_file(tx, "harbour")
        assert changes(stored, named) == []
        assert await steps_to_nobody(tx, "harbour") == []
        sam = (await tx.session.scalars(select(RoleGiven.member_id).order_by(RoleGiven.member_id))).first()
        await tx.session.execute(update(RoleGiven).where(RoleGiven.member_id == sam).values(role="member"))
        assert await steps_to_nobody(tx, "harbour") == [1]


async def test_an_edit_does_not_change_a_running_case(world: World) -> None:
    await world.alice.says("peer")
    before = await world.rows(select(CaseRow.policy))
    one = (EscalationStep(whom=Whom.ORGANIZERS),)
    await world.apply(HARBOUR.model_copy(update={"escalation": Escalation(steps=one)}))
    assert await world.rows(select(CaseRow.policy)) == before
    for box in world.mailboxes:
        box.unseen.clear()


async def test_a_last_step_that_has_called_in_vain_calls_all_moderators_and_organizers_too(world: World) -> None:
    one = (EscalationStep(whom=Whom.ROOM, wait_minutes=5),)
    await world.apply(HARBOUR.model_copy(update={"escalation": Escalation(steps=one)}))
    await world.alice.says("peer")
    world.room("peers").sees("I'm on it")
    world.mo.sees_nothing()
    await world.advance(minutes=5)
    for person in (world.mo, world.olive, world.room("peers"), world.room("moderators")):
        person.sees("after 5 min", "I'm on it")
    for peer in (world.sam, world.robin):
        peer.sees_nothing()
    for box in world.mailboxes:
        box.unseen.clear()


async def test_who_waits_for_long_is_told_again_each_time_with_the_numbers(world: World) -> None:
    await world.alice.says("peer")
    read, wait = [], [1, *[10] * 72]
    for number, minutes in enumerate(wait, start=1):
        await world.advance(minutes=minutes)
        told = [shown for shown in world.alice.unseen if "nobody has" in str(shown.text)]
        read += [sum(wait[:number])] * len(told)
        assert all("911" in shown.text and "988" in shown.text for shown in told)
        assert all("I'm safe" in [str(choice.label) for choice in shown.choices] for shown in told)
        for box in world.mailboxes:
            box.unseen.clear()
    assert read == [11, 31, 121, 361, 721]
