"""Somebody writes that they are in danger, and a person comes: on every platform, and across them."""

import pytest

from bot.services.escalations.relay import ARRIVED
from scenarios.world import World


@pytest.mark.cast("alice", "sam")
async def test_a_person_comes_to_a_member_who_writes_in_a_room(world: World) -> None:
    await world.alice.says("HELP", "lobby")
    await world.alice.reads("In a room you asked for help", "Shall I call a person?")
    await world.alice.says("i want to kill myself", "lobby")
    await world.alice.reads("Thank you for saying it", "988", "Harbour")
    await world.sam.reads("Urgent", "i want to kill myself", place="peers")

    await takes(world, "sam")
    await world.alice.says("1")  # under "Sam is here" that would press "I'm safe"
    await world.sam.reads("a member", "1")
    await world.sam.says("Hi, I'm Sam. I'm here with you.")
    await world.alice.reads("Sam, peer", "I'm here with you")
    await world.alice.says("thank you for coming")
    await world.sam.reads("a member", "thank you for coming")
    await world.alice.says("help")
    await world.sam.reads("a member", "help")
    await world.alice.reads(f"That went to Sam. For my own “help”, write “{world.alice.mark}help”.")

    await world.sam.presses("Resolve")
    await world.sam.reads("How did it end?")
    await world.sam.presses("They are safe for now")
    await world.sam.reads("has ended", "safe")
    await world.sam.reads("Case 1 has ended", place="peers")
    await world.alice.reads("Your talk with Sam has ended")
    await world.alice.says("are you still there")
    await world.alice.reads("Sam has gone, so this has reached nobody")


@pytest.mark.cast("alice", "sam")
async def test_member_and_peer_talk_across_platforms(apart: World) -> None:
    await apart.alice.says("i want to kill myself", "lobby")
    await apart.alice.reads("Thank you for saying it", "988")
    await apart.sam.reads("Urgent", place="peers")
    await takes(apart, "sam")

    await apart.sam.says("I'm here *with* you @everyone")
    await apart.alice.reads("Sam, peer", "I'm here *with* you")
    await apart.alice.says("i can't stop shaking")
    await apart.sam.reads("a member", "stop shaking")
    await apart.alice.has_under_their_last(ARRIVED)

    await apart.sam.replies("stop shaking", "Are you somewhere warm?")
    await apart.alice.reads_an_answer("i can't stop shaking", "somewhere warm")
    await apart.alice.reacts("somewhere warm", "❤️")
    await apart.sam.has_under_their_last("❤️", "somewhere warm")

    await apart.alice.says("yes at home")
    await apart.sam.reads("yes at home")
    await apart.alice.edits("no, outside")
    await apart.sam.sees_it_become("a member", "no, outside")
    await apart.alice.deletes()
    await apart.sam.sees_it_go("no, outside")


@pytest.mark.cast("alice", "robin")
async def test_a_member_asks_for_a_person(world: World) -> None:
    await world.alice.runs("peer")
    await world.alice.reads("I'm getting a person for you")
    await world.alice.reads("Thank you for saying it", "988")
    await world.robin.reads("Urgent", "they asked for a person", place="peers")
    await world.alice.presses("I'm safe")
    await world.alice.reads("Whenever you need a person again")
    await world.alice.reads("I'm glad")
    await world.robin.reads("Case 1 has ended", place="peers")


async def test_nobody_answers_and_the_page_goes_on_to_everybody(world: World) -> None:
    await world.alice.says("i want to kill myself", "lobby")
    await world.alice.reads("Thank you for saying it")
    await world.sam.reads("Who can be with", place="peers")

    await world.advance(minutes=3.5)
    await world.sam.reads("Nobody is with them yet", place="peers")

    await world.advance(minutes=3)
    await world.sam.reads("Nobody is with them yet")
    await world.robin.reads("Nobody is with them yet")

    await world.advance(minutes=5)
    await world.mo.reads("Nobody is with them yet")
    await world.olive.reads("Nobody is with them yet")
    await world.alice.reads("I'm sorry: nobody has answered yet")

    await takes(world, "mo")
    await world.mo.says("I'm here now")
    await world.alice.reads("I'm here now")
    await world.advance(hours=1)


@pytest.mark.cast("ben", "sam", "mo")
async def test_a_moderator_gets_a_peer_for_somebody(world: World) -> None:
    await world.ben.says("rough night, nothing helps", "lobby")
    await world.mo.asks_for_a_peer_for(world.ben)
    await world.ben.reads("worried about you", "988")
    await world.mo.reads("The peers have been called")
    await world.sam.reads("Urgent", "rough night", "somebody asked for them", place="peers")


@pytest.mark.cast("alice", "sam", "robin")
async def test_the_first_to_press_has_the_case(world: World) -> None:
    await world.alice.says("i want to kill myself", "lobby")
    await world.alice.reads("Thank you for saying it")
    await world.sam.reads("Urgent", place="peers")
    await takes(world, "sam")
    await world.robin.presses("I'm on it")
    await world.robin.reads("Sam already has this case")


@pytest.mark.cast("alice", "sam")
async def test_the_conversation_goes_on_after_a_restart_of_the_bot(lasting: World) -> None:
    await lasting.alice.says("i want to kill myself", "lobby")
    await lasting.alice.reads("Thank you for saying it")
    await lasting.sam.reads("Urgent", place="peers")
    await lasting.stop()
    await lasting.start()
    await takes(lasting, "sam")
    await lasting.alice.says("are you there")
    await lasting.sam.reads("are you there")


async def takes(world: World, name: str) -> None:
    """Somebody with a role presses the button, and everybody is told."""
    peer = world.people[name]
    await peer.presses("I'm on it")
    await world.alice.reads(f"{name.title()} is here")
    await peer.reads("Case 1", "You are with them now")
    await peer.finds_pinned("Case 1", "How grave")
    await peer.reads("You have it")
    await peer.reads(f"{name.title()} is on it", place="peers")
