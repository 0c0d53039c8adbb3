"""Each case has a place of its own for its peers: a thread on Discord, a room on Matrix, a talk in a terminal."""

import pytest

from scenarios.test_escalation import takes
from scenarios.world import World


@pytest.mark.cast("alice", "sam", "robin")
async def test_a_case_is_talked_about_in_its_own_place_until_it_ends(world: World) -> None:
    alice, sam, robin = world.alice, world.sam, world.robin
    await alice.says("i want to kill myself", "lobby")
    await alice.reads("Thank you for saying it")
    await sam.reads("Urgent", place="peers")
    await takes(world, "sam")
    await sam.finds_pinned("Urgent", "What I heard, and why", "end their life", "en/", "With them", "Sam", "988")

    await sam.says("I'm here with you", "case")
    await alice.reads("Sam, peer", "I'm here with you")
    await alice.says("thank you")
    await sam.reads("a member", "thank you")

    await robin.runs("join", case="1")
    await robin.reads("You are in it")
    await robin.reads("Case 1", "You are with them now", "They wrote: “thank you”")
    await sam.reads("Robin has joined you")
    await alice.reads("Robin is here")
    await sam.finds_pinned("Sam, Robin")
    await alice.says("hello both")
    await sam.reads("hello both")
    await world.reads_along(robin, "hello both")

    await sam.says("resolve", "case")
    await sam.reads("How did it end?")
    await sam.says("cancel")
    await sam.reads("nothing was changed")

    await alice.says("i took all the pills", "lobby")
    await alice.reads("please call 911")
    await sam.reads("Emergency", "took all the pills")
    await world.reads_along(robin, "took all the pills")
    assert not any("How did it end?" in seen.text for seen in robin.seen()), "only who would end it is asked"
    await sam.finds_pinned("Emergency", "took all the pills")

    await sam.runs("hand over", case="1", person="Robin")
    await sam.reads("Robin has case 1 now, and I have told them")
    await robin.reads("Case 1", "You are with them now", "They wrote: “hello both”")
    await robin.reads("Robin is on it", place="peers")
    await alice.reads("Robin is here", "Sam has gone for now")
    await sam.is_let_out()
    await robin.finds_pinned("With them", "Robin", without="Sam")
    await robin.says("it is me now", "case")
    await alice.reads("Robin, peer", "it is me now")

    await alice.presses("I'm safe")
    await alice.reads("Your talk with Robin has ended")
    await alice.reads("I'm glad")
    await robin.reads("Case 1 has ended")
    await robin.reads("Case 1 has ended", place="peers")
    await world.advance(hours=1)
    await robin.is_let_out()


@pytest.mark.cast("alice", "ben", "sam")
async def test_two_cases_of_one_peer_do_not_mix(world: World) -> None:
    for number, member in ((1, world.alice), (2, world.ben)):
        await member.says("i want to kill myself", "lobby")
        await member.reads("Thank you for saying it")
        await world.sam.reads("Urgent", place="peers")
        await world.sam.presses("I'm on it")
        await member.reads("Sam is here")
        await world.sam.reads(f"Case {number}", "You are with them now")
        await world.sam.finds_pinned(f"Case {number}")
        await world.sam.reads("You have it")
        await world.sam.reads(f"Sam is on it (case {number})", place="peers")
    await world.sam.says("hello Ben", "case")
    await world.ben.reads("hello Ben")
    await world.sam.says("hello Alice", "case 1")
    await world.alice.reads("hello Alice")


@pytest.mark.cast("alice", "sam")
async def test_a_place_is_the_same_after_a_restart_and_changes_go_both_ways(lasting: World) -> None:
    alice, sam = lasting.alice, lasting.sam
    await alice.says("i want to kill myself", "lobby")
    await alice.reads("Thank you for saying it")
    await sam.reads("Urgent", place="peers")
    await takes(lasting, "sam")
    await sam.says("hello", "case")
    await alice.reads("hello")
    await alice.says("hm")
    await sam.reads("a member", "hm")
    await lasting.stop()
    await lasting.start()
    await alice.edits("hm, yes")
    await sam.sees_it_become("a member", "hm, yes")
    await sam.edits("hello, Alice")
    await alice.sees_it_become("hello, Alice")
    await sam.reacts("hm, yes", "❤️")
    await alice.has_under_their_last("❤️")
    await sam.deletes()
    await alice.sees_it_go("hello, Alice")
    await alice.deletes()
    await sam.sees_it_go("hm, yes")
    assert len(sam.case_places()) == 1
