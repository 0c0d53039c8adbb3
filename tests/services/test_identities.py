"""Which community and which member is meant, by a private chat and by a name."""

import pytest
from harness import World
from harness.communities import NORTH
from sqlalchemy import select

from bot.core.inbound import Inbound, Target
from bot.core.platform import Acquaintance
from bot.services import members
from bot.services.whereabouts import NEVER_SEEN
from bot.storage.tables import CaseRow, Identity, Member

DANGER = "I want to kill myself"


async def is_seen_in(world: World, name: str, room: str) -> None:
    """Somebody uses the bot in a room; what it answers does not matter."""
    await world.advance(minutes=15)
    await world.person(name).says("!settings", room)
    world.person(name).unseen.clear()


async def case_of_alice(world: World, room: str = "lobby", peers: str = "peers") -> None:
    await world.alice.says(DANGER, room)
    world.alice.sees("I'm getting a person")
    world.room(peers).sees("I'm on it")


async def case_with_sam(world: World) -> None:
    """Alice is in danger, and Sam is with her; nobody's messages are left."""
    await case_of_alice(world)
    await world.sam.clicks("I'm on it")
    for box in (world.sam, world.alice, world.room("peers")):
        box.unseen.clear()


# A private chat


async def test_words_in_a_relay_reach_the_peer_after_the_member_was_seen_in_another_community(world: World) -> None:
    await world.apply(NORTH)
    await case_with_sam(world)
    await world.alice.says("!settings", "north")
    world.alice.unseen.clear()
    await world.alice.says("are you there?")
    world.sam.sees("are you there?")


async def test_a_peers_words_reach_the_member_after_the_peer_was_seen_in_another_community(world: World) -> None:
    await world.apply(NORTH)
    await case_with_sam(world)
    await world.sam.says("!settings", "north")
    world.sam.unseen.clear()
    await world.sam.says("I am here")
    world.alice.sees("I am here")


async def test_a_private_page_is_taken_in_its_own_community(world: World) -> None:
    await world.apply(NORTH)
    await case_of_alice(world)
    await world.advance(minutes=6)
    world.room("peers").sees("after 3 min")
    world.robin.sees("I'm on it")
    world.sam.sees("I'm on it")
    await world.sam.says("!settings", "north")
    world.sam.unseen.clear()
    await world.sam.clicks("I'm on it")
    world.sam.sees("You have it")
    world.sam.sees("You are with them now")
    world.alice.sees("Sam is here")
    world.room("peers").sees("Sam is on it")


async def test_ones_own_case_comes_before_one_that_is_held(world: World) -> None:
    await world.apply(NORTH)
    await is_seen_in(world, "sam", "north")
    await world.sam.says(DANGER, "north")
    world.sam.sees("I'm getting a person")
    world.room("north-peers").sees("I'm on it")
    await case_with_sam(world)
    await world.sam.says("please come")
    world.sam.sees("I keep this for the person who comes")


async def test_a_case_number_of_a_community_that_does_not_know_the_account_redirects_nothing(world: World) -> None:
    await world.apply(NORTH)
    await case_of_alice(world)
    await world.nora.says("!take 1")
    world.nora.sees("There is no such case")
    assert await world.rows(select(CaseRow.holder)) == [None]


async def test_a_community_that_lists_a_stranger_does_not_get_their_private_chat(world: World) -> None:
    listed = NORTH.model_copy(
        update={"people": (*NORTH.people, NORTH.people[0].model_copy(update={"name": "Al", "console": "alice"}))}
    )
    await world.advance(minutes=15)
    await world.apply(listed)
    await world.alice.says(DANGER)
    world.alice.sees("the peers of Harbour have been told")
    world.room("peers").sees("I'm on it")


async def test_who_is_only_listed_is_known_at_the_first_private_word(world: World) -> None:
    await world.apply(NORTH)
    await world.nora.says("!cases")
    world.nora.sees("There is no open case")


# A name


@pytest.mark.parametrize("typed", ["bob", "Robert Plum", "robert plum", "@Robert Plum"])
async def test_somebody_is_named_by_account_or_by_chosen_name(world: World, typed: str) -> None:
    await world.bob.says("settings name Robert Plum")
    world.bob.sees("Robert Plum")
    await world.mo.says(f"!escalate {typed}")
    world.mo.sees("The peers have been called")
    world.bob.sees("Harbour is worried about you")
    world.room("peers").sees("somebody asked for them")


async def test_a_discord_mention_names_its_account(world: World) -> None:
    async with world.database.begin() as tx:
        harbour = await members.load(tx, (await tx.session.scalars(select(Member.id))).all()[0])
        id_, _new = await members.ensure(tx, harbour.community.id, "discord", "42")
    await world.mo.says("!escalate <@!42>")
    world.mo.sees("The peers have been called")
    world.room("peers").sees("somebody asked for them")
    assert await world.rows(select(CaseRow.member_id)) == [id_]


async def test_a_typo_is_asked_about_and_pages_nobody(world: World) -> None:
    await world.bob.says("settings name Robert Plum")
    world.bob.sees("Robert Plum")
    await world.mo.says("!escalate Robert Plumm")
    asked = world.mo.sees("Did you mean Robert Plum?")
    assert [str(choice.label) for choice in asked.choices][:1] == ["Robert Plum"]
    assert await world.rows(select(CaseRow.id)) == []
    await world.mo.clicks("Robert Plum")
    world.mo.sees("The peers have been called")
    world.bob.sees("Harbour is worried about you")
    world.room("peers").sees("somebody asked for them")


async def test_names_of_another_community_are_not_guessed(world: World) -> None:
    await world.apply(NORTH)
    await world.mo.says("!escalate Nora")
    assert "Nora" not in world.mo.sees("I know nobody of that name here").text


async def test_of_several_people_with_one_name_nobody_is_chosen(world: World) -> None:
    for person in (world.alice, world.bob):
        await person.says("settings name Kit")
        person.sees("Kit")
    await world.mo.says("!escalate kit")
    world.mo.sees("Several people here have that name")
    assert await world.rows(select(CaseRow.id)) == []


@pytest.mark.parametrize("typed", ["zoe", "Zoe Quiet", "@zoe quiet"])
async def test_somebody_who_never_wrote_is_found_where_a_platform_knows_them(world: World, typed: str) -> None:
    world.console.acquaintances["lobby"] = [
        Acquaintance(account="zoe", names=("Zoe Quiet",)),
        Acquaintance(account="zoey", names=("Zoe Quieter",)),
    ]
    await world.mo.says(f"escalate {typed}")
    world.mo.sees("The peers have been called")
    world.zoe.sees("Harbour is worried about you")
    world.room("peers").sees("somebody asked for them")
    assert await world.rows(select(Identity.last_seen_at).where(Identity.account == "zoe")) == [NEVER_SEEN]


@pytest.mark.parametrize("typed", ["zoe", "Zoe Quiet"])
async def test_who_never_wrote_can_be_paused_too(world: World, typed: str) -> None:
    world.console.acquaintances["lobby"] = [Acquaintance(account="zoe", names=("Zoe Quiet",))]
    await world.mo.says(f"pause 24 {typed}")
    world.mo.sees(f"{typed} is paused for 24 hours")
    await world.zoe.says("peer")
    world.zoe.sees("I cannot call a peer for you by this button just now")
    world.zoe.sees("Hello, I'm the bot of")
    assert await world.rows(select(CaseRow.id)) == []


@pytest.mark.parametrize("typed", ["nell", "Nell", "@nell", "@NELL:harbour.example"])
@pytest.mark.parametrize("account", ["nell", "@nell:harbour.example"])
async def test_who_has_just_written_for_the_first_time_is_found_by_their_account_as_people_write_it(
    world: World, typed: str, account: str
) -> None:
    await world.person(account).says("hello")
    world.person(account).sees("Hello, I'm the bot of")
    await world.mo.says(f"escalate {typed}")
    if ":" in typed and ":" not in account:
        world.mo.sees("I know nobody of that name here")
        return
    world.mo.sees("The peers have been called")
    world.person(account).sees("Harbour is worried about you")
    world.room("peers").sees("somebody asked for them")


async def test_of_two_accounts_that_begin_alike_nobody_is_chosen(world: World) -> None:
    for account in ("@nell:harbour.example", "@nell:north.example"):
        await world.person(account).says("hello")
        world.person(account).sees("Hello, I'm the bot of")
    await world.mo.says("escalate nell")
    world.mo.sees("Several people here have that name")
    assert await world.rows(select(CaseRow.id)) == []


async def test_nobody_is_looked_for_in_the_places_of_another_community(world: World) -> None:
    await world.apply(NORTH)
    world.console.acquaintances["north"] = [Acquaintance(account="zoe", names=("Zoe",))]
    await world.mo.says("escalate Zoe")
    world.mo.sees("I know nobody of that name here")
    await world.mo.says("cancel")
    world.mo.sees("nothing was changed")
    assert await world.rows(select(Identity.id).where(Identity.account == "zoe")) == []


async def test_a_chosen_name_that_is_another_persons_name_on_a_platform_calls_nobody(world: World) -> None:
    await world.bob.says("settings name Kit")
    world.bob.sees("Kit")
    world.console.acquaintances["lobby"] = [Acquaintance(account="zoe", names=("Kit",))]
    await world.mo.says("escalate kit")
    world.mo.sees("Several people here have that name")
    assert await world.rows(select(CaseRow.id)) == []


async def test_an_account_that_nobody_knows_makes_no_member(world: World) -> None:
    before = await world.rows(select(Member.id))
    await world.mo.says("!escalate ghost")
    world.mo.sees("I know nobody of that name here")
    assert await world.rows(select(Member.id)) == before
    assert await world.rows(select(CaseRow.id)) == []


async def test_the_author_of_a_message_in_a_room_becomes_a_member_who_was_never_seen(world: World) -> None:
    await world.zoe.says("what does that matter", "lobby")
    await world.mo.says("!escalate", "lobby", about="zoe")
    world.mo.sees("The peers have been called")
    world.zoe.sees("Harbour is worried about you")
    world.room("peers").sees("somebody asked for them")
    assert await world.rows(select(Identity.last_seen_at).where(Identity.account == "zoe")) == [NEVER_SEEN]


async def test_a_message_outside_the_communitys_rooms_makes_no_member(world: World) -> None:
    await world.app.hub.receive(
        Inbound(
            event_id="private-1",
            platform="console",
            account="mo",
            place="mo",
            private=True,
            at=world.now,
            text="!escalate",
            about=Target(message_id="1", account="zoe", text="what does that matter"),
        )
    )
    await world.app.settle()
    world.mo.sees("I know nobody of that name here")
    assert await world.rows(select(Identity.id).where(Identity.account == "zoe")) == []
