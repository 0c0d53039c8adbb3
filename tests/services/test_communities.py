"""A community's file applied: roles that go, accounts that become one person, and nothing changed twice."""

from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from harness import World
from harness.communities import HARBOUR
from harness.fixtures import on_both_databases
from sqlalchemy import select

from bot.core.community import CommunityFile, Person, dump_community, parse_community
from bot.core.inbound import Inbound
from bot.services import communities
from bot.storage.tables import (
    Base,
    CaseRow,
    CheckInRow,
    CheckInSchedule,
    Identity,
    Member,
    RelayMessage,
    Reminder,
)

DANGER = "I want to kill myself"
EMERGENCY = "I took all the pills"
ON_MATRIX = "@bob:example.org"

BOB = Person.model_validate({"name": "Bob", "roles": [], "console": "bob", "matrix": ON_MATRIX})


def harbour(*people: Person) -> CommunityFile:
    """Harbour with more people."""
    return HARBOUR.model_copy(update={"people": (*HARBOUR.people, *people)})


async def writes_on_matrix(world: World, text: str) -> None:
    """Bob writes privately from his Matrix account, which nobody knows to be his; answers stay in the outbox."""
    number = len(await world.rows(select(Identity.id))) + int(world.now.timestamp())
    await world.app.hub.receive(
        Inbound(
            event_id=f"matrix-{number}-{text}",
            platform="matrix",
            account=ON_MATRIX,
            place=ON_MATRIX,
            private=True,
            at=world.now,
            text=text,
        )
    )
    await world.app.settle()


async def stored(world: World) -> dict[str, list[Any]]:
    """All rows, without what is sealed anew each time and the id of the list of resources, which is put anew."""
    found: dict[str, list[Any]] = {}
    async with world.database.begin() as tx:
        for table in Base.metadata.sorted_tables:
            columns = [
                column
                for column in table.columns
                if not column.name.endswith("_sealed") and str(column) != "resources.id"
            ]
            rows = await tx.session.execute(select(*columns).order_by(*table.primary_key.columns))
            found[table.name] = [tuple(row) for row in rows]
    return found


async def plan(world: World, file: CommunityFile) -> list[str]:
    """What applying the file would change."""
    async with world.database.begin() as tx:
        before = await communities.stored_file(tx, file.id)
        left_alone = await communities.announced(tx, file.id)
    return [f"{change.sign} {change.what}" for change in communities.changes(before, file, left_alone=left_alone)]


# Roles


@on_both_databases
async def test_a_peer_whose_role_is_removed_gives_back_their_cases(world: World) -> None:
    await world.alice.says(DANGER, "lobby")
    await world.sam.clicks("I'm on it")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.apply(HARBOUR.model_copy(update={"people": tuple(p for p in HARBOUR.people if p.name != "Sam")}))
    world.alice.sees("Sam")
    world.room("peers").sees("I'm on it")
    await world.alice.says("hello?")
    world.alice.sees("nobody is here yet")
    world.sam.sees("not with you any more")
    world.sam.sees_nothing()


async def test_who_keeps_a_role_keeps_their_case(world: World) -> None:
    await world.alice.says(DANGER, "lobby")
    await world.sam.clicks("I'm on it")
    for box in world.mailboxes:
        box.unseen.clear()
    sam = HARBOUR.people[0].model_copy(update={"roles": HARBOUR.people[2].roles})
    await world.apply(HARBOUR.model_copy(update={"people": (sam, *HARBOUR.people[1:])}))
    await world.alice.says("hello?")
    world.sam.sees("hello?")


# One person


async def test_of_two_members_the_one_with_history_stays_and_nothing_is_lost(world: World) -> None:
    await writes_on_matrix(world, "settings zone Europe/Berlin")
    await writes_on_matrix(world, "checkin answer 4")
    await world.bob.says("checkin start 20:00")
    await world.bob.says("meetings follow Evening group")
    # Not `advance`: what waits for Matrix, which is not here, is due all the time.
    world.clock.move_to(world.now + timedelta(days=1))
    world.bob.unseen.clear()
    await world.bob.says("checkin now")
    await world.bob.clicks("Good")
    world.bob.unseen.clear()
    days = await world.rows(select(CheckInRow.day).order_by(CheckInRow.day))
    (bob,) = await world.rows(select(Identity.member_id).where(Identity.account == "bob"))
    await world.apply(harbour(BOB))
    assert set(await world.rows(select(Identity.member_id).where(Identity.account.in_(["bob", ON_MATRIX])))) == {bob}
    assert await world.rows(select(CheckInRow.day).where(CheckInRow.member_id == bob).order_by(CheckInRow.day)) == days
    assert await world.rows(select(CheckInSchedule.member_id)) == [bob]
    assert await world.rows(select(Reminder.member_id).where(Reminder.member_id.is_not(None))) == [bob]
    assert await world.rows(select(Member.zone).where(Member.id == bob)) == ["Europe/Berlin"]


@on_both_databases
async def test_of_two_open_cases_the_graver_one_stays_with_the_words_of_both(world: World) -> None:
    await world.bob.says(DANGER)
    await world.bob.says("in the park")
    await writes_on_matrix(world, EMERGENCY)
    for box in world.mailboxes:
        box.unseen.clear()
    await world.apply(harbour(BOB))
    (bob,) = await world.rows(select(Identity.member_id).where(Identity.account == "bob"))
    assert await world.rows(select(CaseRow.open_for).order_by(CaseRow.id)) == [None, bob]
    assert await world.rows(select(CaseRow.state).order_by(CaseRow.id)) == ["resolved", "paged"]
    assert set(await world.rows(select(RelayMessage.case_id))) == {2}
    assert set(await world.rows(select(RelayMessage.author))) == {bob}


async def test_the_peer_of_the_lesser_case_goes_on_with_the_graver_one(world: World) -> None:
    await world.bob.says(DANGER)
    await world.sam.clicks("I'm on it")
    await writes_on_matrix(world, EMERGENCY)
    for box in world.mailboxes:
        box.unseen.clear()
    await world.apply(harbour(BOB))
    for box in world.mailboxes:
        box.unseen.clear()
    await world.sam.says("I am still here")
    deliveries = await world.rows(select(CaseRow.holder).where(CaseRow.open_for.is_not(None)))
    assert deliveries == await world.rows(select(Identity.member_id).where(Identity.account == "sam"))
    for box in world.mailboxes:
        box.unseen.clear()


async def test_nobody_stays_the_peer_of_themselves(world: World) -> None:
    await writes_on_matrix(world, DANGER)
    await world.sam.clicks("I'm on it")
    sam = HARBOUR.people[0].model_copy(update={"matrix": ON_MATRIX})
    await world.apply(HARBOUR.model_copy(update={"people": (sam, *HARBOUR.people[1:])}))
    for box in world.mailboxes:
        box.unseen.clear()
    assert await world.rows(select(CaseRow.holder)) == [None]


async def test_an_account_given_to_another_person_takes_nothing_of_the_first_with_it(world: World) -> None:
    await world.apply(harbour(BOB))
    await world.bob.says("checkin now")
    await world.bob.clicks("Good")
    world.bob.unseen.clear()
    (bob,) = await world.rows(select(CheckInRow.member_id))
    other = Person.model_validate({"name": "Ann", "roles": ["peer"], "matrix": ON_MATRIX})
    alone = BOB.model_copy(update={"matrix": None})
    await world.apply(harbour(other, alone))
    assert await world.rows(select(Identity.member_id).where(Identity.account == "bob")) == [bob]
    assert await world.rows(select(Identity.member_id).where(Identity.account == ON_MATRIX)) != [bob]
    assert await plan(world, harbour(other, alone)) == []


# Twice

_EVERYTHING = """
id = "harbour"
name = "Harbour"
country = "US"
zone = "America/New_York"
languages = ["en", "es"]
checkin_time = "08:30"
retention_days = 60
resources = "list.csv"

[[places]]
platform = "console"
kinds = ["lobby", "meetings"]
address = "lobby"

[[places]]
platform = "console"
kinds = ["peers", "moderators"]
address = "peers"

[[people]]
name = "Sam"
roles = ["peer", "moderator", "organizer"]
discord = "123456789012345678"
matrix = "@sam:example.org"
console = "sam"
zone = "Europe/Berlin"
language = "es"

[[people]]
name = "Sam"
roles = ["peer"]
console = "robin"

[[people]]
name = "Bob"
roles = []
console = "bob"
matrix = "@bob:example.org"

[[meetings]]
name = "Evening group"
days = "first monday"
time = "19:30"
zone = "Europe/Berlin"
minutes = 45
where = "Room 4"
link = "https://meet.example.org/evening"
remind_minutes = 20

[[escalation.steps]]
whom = "room"
wait_minutes = 2

[[escalation.steps]]
whom = "organizers"
wait_minutes = 4
"""

EVERYTHING = parse_community(_EVERYTHING, name="harbour.toml")
RESOURCES = "name,phone\nThe night line,116 123\n"


@on_both_databases
async def test_applying_twice_changes_nothing(world: World) -> None:
    await writes_on_matrix(world, "checkin answer 4")
    await world.apply(EVERYTHING, RESOURCES)
    assert await plan(world, EVERYTHING) == []
    before = await stored(world)
    await world.apply(EVERYTHING, RESOURCES)
    assert await stored(world) == before


async def test_an_export_applied_changes_nothing(world: World) -> None:
    await world.apply(EVERYTHING, RESOURCES)
    async with world.database.begin() as tx:
        exported = await communities.stored_file(tx, "harbour")
    assert exported is not None
    assert exported.resources == PurePosixPath("list.csv")
    read_again = parse_community(dump_community(exported), name="export.toml")
    assert await plan(world, read_again) == []
    before = await stored(world)
    await world.apply(read_again, RESOURCES)
    assert await stored(world) == before


async def test_what_a_peer_has_chosen_for_themselves_is_no_change_of_the_file(world: World) -> None:
    await world.sam.says("settings zone Europe/Paris")
    world.sam.unseen.clear()
    assert await plan(world, HARBOUR) == []
    await world.apply(HARBOUR)
    async with world.database.begin() as tx:
        exported = await communities.stored_file(tx, "harbour")
    assert exported is not None
    assert exported.people[0].zone == ZoneInfo("Europe/Paris")


async def test_a_meeting_announced_by_command_is_no_change_of_the_file(world: World) -> None:
    await world.olive.says('!meeting add "Sunday walk" sun 15:00 "the park"')
    world.olive.unseen.clear()
    world.room("lobby").unseen.clear()
    assert await plan(world, HARBOUR) == []
