"""How often a rule was right: by what the peers said of the cases it opened."""

from harness import World
from harness.fixtures import on_both_databases
from sqlalchemy import select

from bot.services import precision
from bot.services.precision import Judged
from bot.storage.tables import Community

DANGER = "I want to kill myself"


async def case(world: World, *, ends: str | None) -> None:
    """Alice is in danger, and Sam says how it ended; None: she says herself that she is safe."""
    await world.alice.says(DANGER)
    if ends is None:
        await world.alice.says("I'm safe")
    else:
        await world.sam.clicks("I'm on it")
        await world.sam.clicks("Resolve")
        await world.sam.clicks(ends)
    for box in world.mailboxes:
        box.unseen.clear()


async def judged(world: World, slug: str = "harbour") -> dict[str, Judged]:
    async with world.database.read() as tx:
        community = await tx.session.scalar(select(Community.id).where(Community.slug == slug))
        assert community is not None
        return await precision.by_rule(tx, community)


@on_both_databases
async def test_a_false_alarm_counts_against_the_rule_and_any_other_outcome_for_it(world: World) -> None:
    await case(world, ends="They are safe for now")
    await case(world, ends="They did not want to talk")
    await case(world, ends="False alarm")
    assert (await judged(world))["en/intent"] == Judged(right=2, false_alarms=1)


async def test_what_the_member_ended_tells_nothing_of_the_rule(world: World) -> None:
    await case(world, ends=None)
    assert await judged(world) == {}


async def test_a_case_that_is_open_or_that_no_rule_opened_is_not_counted(world: World) -> None:
    await world.alice.says("I need a person")
    await world.sam.clicks("I'm on it")
    await world.sam.clicks("Resolve")
    await world.sam.clicks("False alarm")
    await world.bob.says(DANGER)
    for box in world.mailboxes:
        box.unseen.clear()
    assert await judged(world) == {}
