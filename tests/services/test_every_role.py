"""Every command as every role and from another community: who may not, changes nothing and learns nothing."""

from typing import Any

import pytest
from harness import Person, World
from harness.communities import HARBOUR, NORTH
from harness.fixtures import Story, met
from sqlalchemy import select

from bot.core.commands import Command
from bot.core.inbound import Inbound, Invocation
from bot.core.roles import Action, Role, may
from bot.storage.tables import Base, CaseRow, InboundEvent

PEOPLE = {Role.MEMBER: "bob", Role.PEER: "robin", Role.MODERATOR: "mo", Role.ORGANIZER: "olive"}
ANSWERS = {
    "task": "greet",
    "number": "1",
    "case": "1", "outcome": "safe", "text": "hello", "person": "alice", "meeting": "1", "day": "2026-11-24",
    "time": "20:00", "name": "Plum", "days": "mon", "where": "the park", "minutes": "15", "mood": "4", "note": "hello",
    "zone": "Europe/Berlin", "country": "IE", "language": "de", "start": "22:00", "end": "07:00", "words": "detox",
    "topic": "crisis", "begins": "20:00", "ends": "08:00", "people": "Sam, Robin", "rota": "Nights",
    "until": "2026-12-24", "shift": "2026-11-24", "languages": "en", "topics": "grief", "most": "3", "switch": "on",
    "hours": "24", "turn": "1", "how": "better", "verdict": "right", "resource": "0" * 32, "ask": "off",
    "timer": "3", "request": "1",
}  # fmt: skip
"""A value for every parameter there is; a new one must be added here."""

BOOKKEEPING = {"inbound_events", "deliveries", "identities", "members", "questions", "installation"}
"""Tables that say that somebody was heard and answered."""


async def run(world: World, who: Person, command: Command, case: str = ANSWERS["case"]) -> None:
    """Press the command with all its parameters, in private."""
    arguments = {parameter.name: ANSWERS[parameter.name] for parameter in command.parameters if parameter.required}
    if "case" in {parameter.name for parameter in command.parameters}:
        arguments["case"] = case
    if command.name == "escalate":
        arguments["person"] = ANSWERS["person"]
    number = len(await world.rows(select(InboundEvent.event_id)))
    await world.app.hub.receive(
        Inbound(
            event_id=f"role-{number}",
            platform="console",
            account=who.name,
            place=who.name,
            private=True,
            at=world.now,
            invocation=Invocation(command=command.name, arguments=arguments),
        )
    )
    await world.app.settle()


async def state(world: World) -> dict[str, list[Any]]:
    """All that is stored, but for the bookkeeping."""
    stored: dict[str, list[Any]] = {}
    async with world.database.begin() as tx:
        for table in Base.metadata.sorted_tables:
            if table.name not in BOOKKEEPING:
                rows = await tx.session.execute(select(table).order_by(*table.primary_key.columns))
                stored[table.name] = [tuple(row) for row in rows]
    return stored


async def prepare(world: World) -> None:
    """Alice's case is with Sam."""
    await met(world)
    await world.alice.says("I want to kill myself", "lobby")
    await world.sam.clicks("I'm on it")


@pytest.fixture
def story() -> Story:
    return prepare


def forget(world: World) -> None:
    """What was said before does not matter to the test."""
    for box in list(world.mailboxes):
        box.unseen.clear()


def test_every_parameter_has_an_answer_here(world: World) -> None:
    names = {p.name for command in world.app.registry for p in command.parameters if p.required}
    assert names <= set(ANSWERS)


@pytest.mark.parametrize("role", Role)
async def test_who_lacks_the_role_is_refused_and_nothing_changes(world: World, role: Role) -> None:
    person = world.person(PEOPLE[role])
    before = await state(world)
    for command in [c for c in world.app.registry if not may({role}, c.may)]:
        await run(world, person, command)
        person.sees("This is for", "of your community")
        assert await state(world) == before, f"{command.name} has changed something"


@pytest.mark.parametrize("role", Role)
async def test_who_has_the_role_is_not_refused(world: World, role: Role) -> None:
    person = world.person(PEOPLE[role])
    own = [c for c in world.app.registry if may({role}, c.may) and (role is Role.MEMBER or c.may is not Action.USE)]
    for command in own:
        await run(world, person, command)
        said = [shown.text for shown in person.unseen]
        assert said, f"{command.name} is not answered"
        assert not any("This is for" in text or "went wrong" in text for text in said), command.name
        forget(world)


async def test_from_another_community_no_command_touches_this_one(world: World) -> None:
    await world.apply(NORTH)
    before = [row for row in (await state(world))["cases"] if row]
    meetings = (await state(world))["meetings"]
    for command in world.app.registry:
        await run(world, world.nora, command)
        assert not any("went wrong" in shown.text for shown in world.nora.unseen), command.name
        for shown in world.nora.unseen:
            assert "Evening group" not in shown.text, command.name
            assert "With Sam" not in shown.text, command.name
    stored = await state(world)
    assert [row for row in stored["cases"] if row[1] == before[0][1]] == before
    assert meetings[0] in stored["meetings"]
    harbour = {"bob", "sam", "robin", "mo", "olive", "#lobby", "#peers", "#moderators"}
    assert not [box.name for box in world.mailboxes if box.unseen and box.name in harbour]
    forget(world)


async def test_a_case_of_another_community_is_answered_like_one_that_does_not_exist(world: World) -> None:
    await world.apply(NORTH)
    await world.nora.says("!help")
    forget(world)
    for name in ("take", "join", "leave", "resolve", "hand over", "say"):
        for case in ("1", "77"):
            await run(world, world.nora, world.app.registry.by_name[name], case=case)
            assert world.nora.sees("There is no such case.").text == "There is no such case."


async def test_a_peer_may_not_end_the_case_that_another_has(world: World) -> None:
    await world.robin.says("resolve 1 safe")
    world.robin.sees("There is no such case")
    assert await world.rows(select(CaseRow.outcome)) == [None]


async def test_a_moderator_may_end_the_case_that_a_peer_has(world: World) -> None:
    await world.mo.says("resolve 1 services")
    world.mo.sees("Case 1 has ended")
    world.sam.sees("Case 1 has ended")
    world.alice.sees("Your talk with Sam has ended")
    world.room("peers").sees("Case 1 has ended")


async def test_a_role_that_was_taken_away_counts_no_more(world: World) -> None:
    people = tuple(person for person in HARBOUR.people if person.name != "Robin")
    await world.apply(HARBOUR.model_copy(update={"people": people}))
    await world.robin.says("!cases")
    world.robin.sees("I don't know that command")
