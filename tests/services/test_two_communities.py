"""An account in two communities: one private chat for both, and no word of one reaches the other."""

import pytest
from harness import World
from harness.communities import HARBOUR, NORTH
from sqlalchemy import select

from bot.core.community import CommunityFile
from bot.core.inbound import Inbound, Invocation, Target
from bot.core.roles import Role
from bot.storage.tables import CaseRow, Delivery, Member
from services.test_seen_late import hears_later

DANGER = "I want to kill myself"


def with_peer(file: CommunityFile, name: str) -> CommunityFile:
    """The community with one more peer, who has an account at the console."""
    peer = file.people[0].model_copy(update={"name": name, "console": name.casefold(), "roles": (Role.PEER,)})
    return file.model_copy(update={"people": (*file.people, peer)})


def clear(world: World) -> None:
    for box in world.mailboxes:
        box.unseen.clear()


async def in_both(world: World) -> None:
    """Sam is a peer in both communities, Alice a member of both, Zoe one of North."""
    await world.apply(with_peer(NORTH, "Sam"))
    for person in (world.zoe, world.alice):
        await person.says("!help", "north")
    clear(world)


async def sam_has_one_in_each(world: World) -> None:
    """Case 1 is Alice's in Harbour, case 2 Zoe's in North; nobody's messages are left."""
    await in_both(world)
    await world.alice.says(DANGER, "lobby")
    await world.sam.clicks("I'm on it")
    await world.zoe.says(DANGER)
    await world.sam.says("take 2")
    clear(world)


async def test_a_peer_with_a_case_in_each_is_asked_for_whom_their_words_are(world: World) -> None:
    await sam_has_one_in_each(world)
    await world.sam.says("your sister called me")
    world.sam.sees("To which case shall I bring this?", "1: Harbour", "2: North")
    world.alice.sees_nothing()
    world.zoe.sees_nothing()
    await world.sam.says("1")
    world.sam.sees("I have passed it on")
    world.alice.sees("your sister called me")
    world.zoe.sees_nothing()
    # Of two they are a peer for, the one they have talked with is no likelier than the other.
    await world.sam.says("hello Zoe")
    world.sam.sees("To which case shall I bring this?")


async def test_a_peer_names_the_case_before_the_words(world: World) -> None:
    await sam_has_one_in_each(world)
    await world.sam.says("say 1 yes, I am here")
    world.sam.sees("I have passed it on")
    world.alice.sees("Sam, peer", "yes, I am here")


async def test_words_in_answer_to_a_message_of_a_case_go_to_that_case(world: World) -> None:
    await sam_has_one_in_each(world)
    about = (await world.rows(select(Delivery.message_id).where(Delivery.case_id == 1, Delivery.address == "sam")))[0]
    answer = Inbound(
        event_id="answer",
        platform=world.console.name,
        account="sam",
        place="sam",
        private=True,
        at=world.now,
        text="that is a long night",
        about=Target(message_id=about, account="", text=""),
    )
    await world.app.hub.receive(answer)
    await world.app.settle()
    world.alice.sees("that is a long night")


async def test_a_typed_number_of_a_case_is_understood_wherever_the_peer_was_seen_last(world: World) -> None:
    await in_both(world)
    await world.advance(minutes=15)
    await world.sam.says("!who", "north-peers")
    await world.alice.says(DANGER, "lobby")
    clear(world)
    await world.sam.says("take 1")
    world.sam.sees("You have it")
    clear(world)


async def test_words_to_the_peer_who_is_there_go_to_no_case_that_waits_in_another_community(world: World) -> None:
    await in_both(world)
    await world.alice.says(DANGER, "lobby")
    await world.sam.clicks("I'm on it")
    await world.alice.says(DANGER, "north")
    clear(world)
    await world.alice.says("please do not tell my husband")
    world.sam.sees("(case 1)", "please do not tell my husband")
    await world.nora.says("take 2")
    world.nora.sees("You have it")
    assert "husband" not in world.nora.sees("Case 2").text
    clear(world)
    # Now there is somebody in both.
    await world.alice.says("are you there?")
    world.alice.sees("To which case shall I bring this?", "Harbour", "North")


async def test_a_helpers_words_reach_the_case_they_have_joined(world: World) -> None:
    await world.apply(with_peer(NORTH, "Robin"))
    await world.alice.says(DANGER)
    await world.sam.clicks("I'm on it")
    await world.robin.says("join 1")
    await world.advance(minutes=15)
    await world.robin.says("!who", "north-peers")
    clear(world)
    await world.robin.says("hello alice, Robin here")
    world.alice.sees("hello alice, Robin here")
    clear(world)


@pytest.mark.parametrize("words", ["i need a person", DANGER])
async def test_who_asks_for_a_person_before_any_community_knows_them_is_asked_which_it_is_and_its_peers_are_told(
    world: World, words: str
) -> None:
    await world.apply(NORTH)
    before = await world.rows(select(Member.id))
    await world.zoe.says(words)
    world.zoe.sees("Which one is it?", "112 or 911", "https://findahelpline.com")
    await world.zoe.says("I'm in North")
    world.zoe.sees("its peers have been told")
    world.room("north-peers").sees("Somebody whom I do not know asks for a person", "North", "zoe")
    world.room("peers").sees_nothing()
    assert await world.rows(select(Member.id)) == before  # to name a community lets nobody into it


async def test_who_names_their_community_while_the_bot_is_away_is_answered_and_its_peers_are_told(world: World) -> None:
    await world.apply(NORTH)
    await world.zoe.says("i need a person")
    world.zoe.sees("Which one is it?")
    await world.advance(minutes=90)
    await hears_later(world, "zoe", "I'm in North", "dm")  # written 43 minutes after the question
    world.zoe.sees("its peers have been told")
    world.room("north-peers").sees("Somebody whom I do not know asks for a person")
    await world.advance(minutes=90)
    await hears_later(world, "zoe", "North", "dm")
    world.zoe.sees_nothing()


async def test_who_names_their_community_with_words_of_danger_is_told_of_to_its_peers(world: World) -> None:
    await world.apply(NORTH)
    await world.zoe.says("i need a person")
    world.zoe.sees("Which one is it?")
    await world.zoe.says("I want to kill myself, I'm in North")
    world.zoe.sees("Thank you for saying it", "112 or 911")
    world.room("north-peers").sees("Somebody whom I do not know asks for a person")


async def test_who_names_a_community_is_told_of_to_no_other_whose_short_name_ends_it(world: World) -> None:
    await world.apply(NORTH.model_copy(update={"name": "Far Harbour"}))
    await world.apply(HARBOUR.model_copy(update={"name": "A community with a long name"}))
    await world.zoe.says("i need a person")
    world.zoe.sees("Which one is it?")
    await world.zoe.says("Far Harbour")
    world.zoe.sees("its peers have been told")
    world.room("peers").sees_nothing()
    world.room("north-peers").sees("zoe")


async def test_who_shares_rooms_with_two_communities_gets_a_person_of_one_at_their_first_private_word(
    world: World,
) -> None:
    await world.apply(NORTH)
    first = Inbound(
        event_id="first",
        platform=world.console.name,
        account="zoe",
        place="zoe",
        private=True,
        at=world.now,
        text="i need a person",
        shared_spaces=("north", "lobby"),
    )
    await world.app.hub.receive(first)
    await world.app.settle()
    world.zoe.sees("I'm getting a person for you")
    world.zoe.sees("the peers of Harbour have been told", "988")
    world.room("peers").sees("they asked for a person")


async def test_who_presses_the_button_is_asked_which_it_is_too(world: World) -> None:
    await world.apply(NORTH)
    press = Inbound(
        event_id="press",
        platform=world.console.name,
        account="zoe",
        place="zoe",
        private=True,
        at=world.now,
        invocation=Invocation(command="peer"),
        answered_directly=True,
    )
    answer = await world.app.hub.receive(press)
    assert answer is not None
    assert "Which one is it?" in str(answer.content.text)
    await world.app.settle()
    world.zoe.sees("Which one is it?")
    await world.zoe.says("north")
    world.zoe.sees("its peers have been told")
    world.room("north-peers").sees("zoe")


async def test_whether_a_community_is_here_is_told_to_nobody_who_names_one(world: World) -> None:
    await world.apply(NORTH)
    await world.zoe.says("North")
    assert "peers" not in world.zoe.sees("I don't know which community you belong to").text
    answers = []
    for name in ("North", "South"):
        await world.zoe.says("i need a person")
        world.zoe.sees("Which one is it?")
        await world.zoe.says(name)
        answers.append(world.zoe.sees("If that names a community that is here").text)
    assert answers[0] == answers[1]
    world.room("north-peers").sees("zoe")
    world.room("north-peers").sees_nothing()


@pytest.mark.parametrize("place", ["North", "South"])
async def test_who_writes_on_after_naming_a_community_is_told_nothing_that_may_be_untrue(
    world: World, place: str
) -> None:
    await world.apply(NORTH)
    await world.zoe.says("i need a person")
    world.zoe.sees("Which one is it?")
    await world.zoe.says("hello?")
    world.zoe.sees("If that names a community that is here")
    await world.zoe.says(f"{place}, please hurry")
    assert "have been told" not in world.zoe.sees("If somebody there was told, they write to you here").text
    if place == "North":
        world.room("north-peers").sees("zoe")
    world.room("north-peers").sees_nothing()


async def test_many_strangers_at_once_are_told_of_in_few_messages_that_name_each_of_them(world: World) -> None:
    await world.apply(NORTH)
    accounts = [f"stranger{number}" for number in range(7)]
    for account in accounts:
        await world.person(account).says("i need a person")
        await world.person(account).says("North")
    told = list(world.room("north-peers").unseen)
    clear(world)
    assert len([message for message in told if "Somebody whom I do not know" in message.text]) == 3
    many = [message for message in told if "I do not know ask" in message.text or "know asks" in message.text][3:]
    assert all(account in many[-1].text for account in accounts[3:])
    keys = await world.rows(select(Delivery.key).where(Delivery.key.contains("named:")))
    assert keys
    assert not any("stranger" in key for key in keys)
    await world.advance(minutes=4)
    clear(world)
    await world.zoe.says("i need a person")
    await world.zoe.says("North")
    world.room("north-peers").sees("At least 5 more people", "stranger6", "zoe")
    clear(world)


@pytest.mark.parametrize(("where", "left"), [("both", []), ("North", [1])])
async def test_who_is_safe_and_has_asked_in_two_communities_is_asked_where(
    world: World, where: str, left: list[int]
) -> None:
    await in_both(world)
    await world.alice.says(DANGER, "lobby")
    await world.alice.says(DANGER, "north")
    clear(world)
    await world.alice.says("I'm safe")
    world.alice.sees("more than one community", "both", "Harbour", "North")
    await world.alice.says(where)
    world.alice.sees("I'm glad")
    clear(world)
    assert await world.rows(select(CaseRow.id).where(CaseRow.open_for.is_not(None))) == left
