"""Cases that somebody has, of whom it is not known that they are there."""

from datetime import timedelta

import pytest
from harness import World
from harness.fixtures import on_both_databases
from sqlalchemy import select, update

from bot.services import members
from bot.services.duty import Duty
from bot.storage.tables import CaseRow
from services.test_cases import EMERGENCY, taken_case

WEEKS = timedelta(weeks=3)


def clear(world: World) -> None:
    """What was said so far has been looked at."""
    for box in world.mailboxes:
        box.unseen.clear()


async def talk(world: World) -> None:
    """Sam is with Alice, and has written."""
    await taken_case(world)
    await world.sam.says("I'm here")
    clear(world)


async def later(world: World, by: timedelta) -> None:
    """The clock jumps, as after a long downtime: what fell due meanwhile is due now."""
    world.clock.move_to(world.now + by)
    await world.app.settle()
    clear(world)


@on_both_databases
async def test_an_emergency_with_a_member_whose_peer_has_not_written_lately_calls_others_at_once(world: World) -> None:
    await talk(world)
    await world.advance(hours=1)
    await world.alice.says(EMERGENCY, "lobby")
    world.alice.sees("911", "I have told Sam, and I'm calling others too")
    world.sam.sees("They wrote in a room", EMERGENCY)
    world.room("peers").sees("Emergency", "Sam has this case", "I'm coming too")
    await world.robin.clicks("I'm coming too")
    world.robin.sees("You are in it")
    clear(world)


async def test_what_becomes_graver_in_a_talk_is_told_to_others_without_its_words_which_are_for_who_comes(
    world: World,
) -> None:
    await talk(world)
    await world.advance(hours=1)
    await world.alice.says(f"hi sam, {EMERGENCY}")
    world.sam.sees("a member (case 1)", EMERGENCY)
    page = world.room("peers").sees("Emergency", "Sam has this case", "Their words: “I want to kill myself”", "graver")
    assert EMERGENCY not in page.text
    await world.robin.clicks("I'm coming too")
    world.robin.sees("You are with them now", f"They wrote: “hi sam, {EMERGENCY}”")
    for peer in (world.sam, world.robin):
        await peer.says("leave 1" if peer is world.robin else "hand over 1")
    clear(world)
    await world.advance(minutes=3)
    page = world.room("peers").sees("after 1 h 3 min", "It has become graver", "I'm on it")
    assert EMERGENCY not in page.text
    await world.alice.says(f"{EMERGENCY}, all of them, sam")
    await world.mo.says("take 1")
    world.mo.sees(f"They wrote: “{EMERGENCY}, all of them, sam”")
    assert not any(EMERGENCY in shown.text for shown in world.room("peers").shown)
    clear(world)


async def test_a_member_who_writes_on_in_an_emergency_calls_others_once(world: World) -> None:
    await talk(world)
    await world.advance(hours=1)
    for _time in range(3):
        await world.alice.says(EMERGENCY, "lobby")
    world.room("peers").sees("Emergency")
    world.room("peers").sees_nothing()
    clear(world)


async def test_of_an_emergency_that_their_peer_leaves_without_a_word_others_are_called_in_their_place(
    world: World,
) -> None:
    await talk(world)
    await later(world, WEEKS)
    await world.alice.says(EMERGENCY, "lobby")
    clear(world)
    await world.advance(minutes=5)
    world.sam.sees("Case 1 is not with you any more")
    world.room("peers").sees("I'm on it")
    assert await world.rows(select(CaseRow.holder)) == [None]
    clear(world)


async def test_an_emergency_after_the_shift_of_who_has_the_case_calls_who_is_on(world: World) -> None:
    for name in ("olive", "sam", "robin"):
        await world.person(name).joins()
    await world.olive.says("!rota add Days daily 08:00 20:00 Sam")
    await world.olive.says("!rota add Nights daily 20:00 08:00 Robin")
    await world.until("2026-11-23 19:50")
    await world.alice.says("I want to kill myself", "lobby")
    await world.sam.clicks("I'm on it")
    await world.until("2026-11-23 20:01")
    await world.sam.says("I'm here, but my shift is over")
    clear(world)
    await world.alice.says(EMERGENCY, "lobby")
    world.room("peers").sees("Emergency", "Sam has this case")
    clear(world)


async def test_the_peer_of_a_quiet_case_is_asked_whether_they_are_still_with_the_member(world: World) -> None:
    await talk(world)
    await world.advance(hours=12)
    world.sam.sees("Are you still with them?", "Still with them", "Resolve", "Hand over")
    await world.sam.clicks("Still with them")
    world.sam.sees("I ask you again if nobody has written for 12 hours")
    await world.advance(hours=12)
    world.sam.sees("Are you still with them?")
    await world.advance(hours=12)
    world.sam.sees("Are you still with them?", "I call somebody else in 12 hours")
    world.room("peers").sees_nothing()
    await world.advance(hours=12)
    world.sam.sees("Case 1 is not with you any more")
    world.room("peers").sees("I'm on it")
    clear(world)


async def test_a_case_that_an_earlier_version_has_left_without_a_timer_is_not_forgotten(world: World) -> None:
    await talk(world)
    async with world.database.begin() as tx:
        await tx.session.execute(update(CaseRow).values(next_at=None))
    await world.bob.says("I want to kill myself")
    await world.advance(minutes=3)  # until some timer fires, as at every start
    world.sam.sees("Are you still with them? (case 1)")
    clear(world)


async def test_a_peer_with_two_forgotten_cases_is_called_again(world: World) -> None:
    for number, name in enumerate(("alice", "bob"), start=1):
        await world.person(name).says("I want to kill myself")
        await world.sam.clicks("I'm on it")
        await world.sam.says("hello", f"case-{number}")
    await later(world, WEEKS)
    async with world.database.read() as tx:
        available = await Duty().available(tx, 1, world.now)
        assert "Sam" in [(await members.load(tx, peer)).name for peer in available]


@on_both_databases
async def test_a_peer_in_danger_who_does_not_say_whom_their_words_are_about_gets_a_person(world: World) -> None:
    await talk(world)
    await later(world, WEEKS)
    await world.sam.says(EMERGENCY)
    world.sam.sees("I have not passed this on", "within two minutes", "988")
    await world.sam.says("!cases")  # does not say whom the words were about
    world.sam.sees("With Sam")
    await world.advance(minutes=2)
    world.sam.sees("so I'm getting a person for you")
    world.sam.sees("the peers of Harbour have been told", "911")
    assert EMERGENCY not in world.room("peers").sees("Emergency", "overdose", "Case: 2").text
    clear(world)


@pytest.mark.parametrize("press", ["Case 1", "I need a person"])
async def test_a_peer_who_says_whom_their_words_are_about_is_asked_no_more(world: World, press: str) -> None:
    await talk(world)
    await world.sam.says(EMERGENCY)
    await world.sam.clicks(press)
    cases = await world.rows(select(CaseRow.id))
    assert len(cases) == (1 if press == "Case 1" else 2)
    clear(world)
    await world.advance(minutes=3)
    assert await world.rows(select(CaseRow.id)) == cases
    assert not [shown for shown in world.sam.unseen if "You have not said" in shown.text]
    clear(world)


async def test_a_member_whose_peer_has_gone_is_not_told_that_nobody_has_come(world: World) -> None:
    await talk(world)
    await world.sam.says("hand over 1")
    world.alice.sees("Sam cannot go on just now")
    clear(world)
    await world.advance(minutes=31)
    world.alice.sees("I'm still calling; nobody else has come yet", "988", "I'm safe")
    clear(world)


async def test_a_peer_reads_that_a_person_was_asked_for_once_more_and_not_of_words_that_nobody_wrote(
    world: World,
) -> None:
    await world.alice.says("!help")
    await world.alice.says("peer")
    await world.sam.clicks("I'm on it")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.clicks("I need a person")
    told = world.sam.sees("They have asked for a person once more (case 1).")
    assert "wrote" not in told.text
    for box in world.mailboxes:
        box.unseen.clear()


async def test_how_it_ended_is_asked_again_with_the_names_of_the_outcomes(world: World) -> None:
    await world.alice.says("peer")
    await world.sam.clicks("I'm on it")
    await world.mo.says("resolve 1")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.mo.says("xyzzy")
    told = world.mo.sees("They are safe for now / ")
    assert "false-alarm" not in told.text
    assert "They are safe for now" in [str(choice.label) for choice in told.choices]
    await world.mo.says("1")
    assert await world.rows(select(CaseRow.outcome)) == ["safe"]
    for box in world.mailboxes:
        box.unseen.clear()
