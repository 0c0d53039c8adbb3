"""Beside the talk: ready answers, checklists, and each other's account if both want that."""

from harness import World
from harness.communities import NORTH

from services.test_cases import open_case, taken_case


async def test_moderators_write_ready_answers_and_peers_send_them(world: World) -> None:
    await world.mo.says("!snippets add hello “Hi, take your time. I am here.”")
    world.mo.sees("snippet hello")
    world.mo.unseen.clear()
    await taken_case(world)
    await world.sam.says("!snippets")
    world.sam.sees("hello: Hi, take your time. I am here.", "hello")
    await world.sam.says("snippet hello")
    world.sam.sees("I have passed it on")
    world.alice.sees("Sam, peer", "Hi, take your time. I am here.")
    await world.mo.says("!snippets remove hello")
    world.mo.sees("It is gone")
    await world.sam.says("!snippets")
    world.sam.sees("There is none yet")


async def test_words_to_the_member_are_not_swallowed_by_a_question_that_they_do_not_answer(world: World) -> None:
    await taken_case(world)
    await world.sam.says("snippet calm")
    world.sam.sees("There is no ready answer of that name")
    await world.sam.says("are you still there?")
    world.alice.sees("Sam, peer", "are you still there?")


async def test_another_communitys_ready_answers_are_not_there(world: World) -> None:
    await world.mo.says("!snippets add hello Hi")
    world.mo.unseen.clear()
    await world.apply(NORTH)
    await world.nora.says("!snippets")
    assert "hello" not in "".join(shown.text for shown in world.nora.unseen)
    world.nora.unseen.clear()


async def test_a_peer_is_told_how_grave_it_is_why_the_numbers_and_what_to_think_of(world: World) -> None:
    await world.alice.says("settings country Ireland")
    world.alice.sees("Ireland")
    await open_case(world, "I took all the pills")
    await world.sam.clicks("I'm on it")
    world.sam.sees("You have it.")
    have = world.sam.sees("Overdose, step by step", "Naloxone", "Emergency: a life", "en/overdose-self", "IE, en")
    assert "call 112 now" in have.text
    world.alice.sees("Sam is here")
    world.room("peers").sees("Sam is on it")
    await world.sam.clicks("Checklist")
    world.sam.sees("Overdose, step by step")


async def test_accounts_are_swapped_when_both_want_it_and_not_before(world: World) -> None:
    await taken_case(world)
    await world.sam.says("!exchange")
    world.sam.sees("only if both want it")
    asked = world.alice.sees("Sam would like to swap accounts", "Exchange accounts")
    assert "console" not in asked.text
    await world.alice.clicks("Exchange accounts")
    world.alice.sees("They have agreed, too: console: sam")
    world.sam.sees("has agreed, too: console: alice")
