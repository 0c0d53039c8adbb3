"""Escalation, from a signal to a person's word that it has ended."""

from datetime import timedelta

import pytest
from harness import World
from harness.fixtures import on_both_databases
from sqlalchemy import select

from bot.core.platform import TryAgain, Unreachable
from bot.storage.tables import CaseEvent, CaseRow, Delivery

DANGER = "I want to kill myself"
EMERGENCY = "I took all the pills"
CONCERN = "I relapsed last night"


async def open_case(world: World, text: str = DANGER, place: str = "lobby") -> None:
    """Alice is in danger; the answer and the alert have been looked at."""
    await world.alice.says(text, place)
    world.alice.sees("I'm a bot")
    world.room("peers").sees("I'm on it")


async def taken_case(world: World) -> None:
    """Alice is in danger, and Sam has the case."""
    await open_case(world)
    await world.sam.clicks("I'm on it")
    world.sam.sees("You have it.")
    world.sam.sees("Case 1", "You are with them now")
    world.alice.sees("Sam is here")
    world.room("peers").sees("Sam is on it (case 1)")


@on_both_databases
async def test_a_signal_gives_a_private_answer_and_one_alert_in_the_peers_room(world: World) -> None:
    await world.alice.says(DANGER, "lobby")
    answer = world.alice.sees("I'm a bot, and I'm getting a person", "988", "I'm safe")
    assert answer.private
    alert = world.room("peers").sees("Urgent", "About: suicide", DANGER, "I'm on it")
    assert not alert.private


async def test_the_answer_holds_the_helplines_of_the_members_own_country(world: World) -> None:
    await world.alice.says("settings country Ireland")
    world.alice.sees("Ireland")
    await world.alice.says(DANGER)
    world.alice.sees("I'm getting a person", "116 123")
    world.room("peers").sees("IE, en")


async def test_an_emergency_says_the_emergency_number_first(world: World) -> None:
    await world.alice.says(EMERGENCY)
    assert world.alice.sees("getting a person").text.startswith("If you or somebody with you is in danger right now")
    world.room("peers").sees("Emergency")


async def test_the_first_contact_of_somebody_in_danger_is_answered_without_a_welcome(world: World) -> None:
    await world.carol.says(DANGER)
    world.carol.sees("I'm getting a person")
    world.room("peers").sees("I'm on it")


async def test_words_in_danger_in_an_edited_message_are_heard(world: World) -> None:
    await world.alice.says("I want to k", "lobby")
    await world.alice.says(DANGER, "lobby")
    world.alice.sees("I'm getting a person")
    world.room("peers").sees("I'm on it")


@on_both_databases
async def test_of_two_peers_who_press_at_once_one_has_the_case_and_the_other_is_told(world: World) -> None:
    await open_case(world)
    await world.at_once((world.sam, "I'm on it"), (world.robin, "I'm on it"))
    first, second = (
        (world.sam, world.robin)
        if any("You have it" in s.text for s in world.sam.unseen)
        else (
            world.robin,
            world.sam,
        )
    )
    first.sees("You have it.")
    first.sees("You are with them now")
    second.sees("already has this case")
    world.alice.sees("is here")
    world.room("peers").sees("is on it (case 1)")


@on_both_databases
async def test_while_nobody_answers_the_pages_go_on_and_the_last_step_repeats(world: World) -> None:
    await open_case(world)
    await world.advance(minutes=3)
    world.room("peers").sees("after 3 min")
    await world.advance(minutes=3)
    for peer in (world.sam, world.robin):
        peer.sees("after 6 min", "I'm on it")
    await world.advance(minutes=5)
    for person in (world.mo, world.olive, world.room("moderators")):
        person.sees("after 11 min", "I'm on it")
    world.alice.sees("nobody has answered yet")
    await world.advance(minutes=10)
    for person in (world.mo, world.olive, world.room("moderators")):
        person.sees("after 21 min")
    await world.advance(minutes=10)
    for person in (world.mo, world.olive, world.room("moderators")):
        person.sees("after 31 min")
    world.alice.sees("nobody has come yet, and I go on calling", "988", "I'm safe")


async def test_pages_stop_when_a_peer_has_taken_the_case(world: World) -> None:
    await taken_case(world)
    await world.sam.says("I'm here")
    world.alice.sees("I'm here")
    await world.advance(hours=3)


async def test_a_peer_who_took_the_case_and_is_silent_is_asked_and_then_others_are_called(world: World) -> None:
    await taken_case(world)
    await world.advance(minutes=10, seconds=1)
    world.sam.sees("Are you with them?")
    await world.advance(minutes=10)
    world.sam.sees("is not with you any more: I'm calling somebody else")
    world.alice.sees("Sam")
    world.room("peers").sees("I'm on it")


async def test_a_member_who_waits_for_an_answer_is_not_left_alone(world: World) -> None:
    await taken_case(world)
    await world.sam.says("I'm here")
    world.alice.sees("I'm here")
    await world.alice.says("are you there? please")
    world.sam.sees("are you there? please")
    await world.advance(minutes=10, seconds=1)
    world.sam.sees("Are you with them?")
    await world.sam.says("yes, sorry, I am")
    world.alice.sees("yes, sorry, I am")
    await world.advance(hours=3)


async def test_a_member_who_is_heard_in_a_room_while_a_peer_is_with_them_reaches_the_peer(world: World) -> None:
    await taken_case(world)
    await world.sam.says("I'm here")
    world.alice.sees("I'm here")
    await world.alice.says("I am going to kill myself right now, I took all my pills", "lobby")
    world.alice.sees("988")
    world.sam.sees("They wrote in a room", "I took all my pills")


async def test_a_peer_in_danger_themselves_is_asked_and_nothing_is_passed_on(world: World) -> None:
    await taken_case(world)
    await world.sam.says("I can't do this, I want to kill myself too")
    world.sam.sees("I have not passed this on", "988")
    await world.sam.clicks("I need a person")
    for told in ("I'm getting a person for you", "Thank you for saying it", "I call you for nobody else"):
        world.sam.sees(told)
    assert "too" not in world.room("peers").sees("Case: 2", "heard by the bot", "suicide").text
    world.room("peers").sees("Case: 1")
    world.sam.sees("Case 1 is not with you any more")
    world.alice.sees("Sam cannot go on just now")


async def test_a_peers_words_that_are_for_the_member_are_passed_on_when_the_peer_says_so(world: World) -> None:
    await taken_case(world)
    await world.sam.says("I want to kill myself, is that what you feel?")
    world.sam.sees("I have not passed this on")
    await world.sam.clicks("Case 1")
    world.alice.sees("is that what you feel?")
    world.sam.sees("I have passed it on")


async def test_take_care_is_no_command(world: World) -> None:
    await taken_case(world)
    await world.sam.says("take care")
    world.alice.sees("take care")


async def test_i_need_a_person_is_never_taken_for_an_answer(world: World) -> None:
    await world.alice.says("checkin now")
    world.alice.sees("How are you today?")
    await world.alice.clicks("Low")
    world.alice.sees("Low. Thank you")
    await world.alice.clicks("Add a note")
    world.alice.sees("What would you like to note")
    await world.alice.says("I need a person")
    world.alice.sees("I'm getting a person for you")
    world.alice.sees("Thank you for saying it")
    world.room("peers").sees("they asked for a person")


async def test_pages_stop_when_the_case_has_ended(world: World) -> None:
    await open_case(world)
    await world.sam.says("resolve 1 false-alarm")
    world.sam.sees("Case 1 has ended")
    world.alice.sees("Whenever you need a person again")
    world.room("peers").sees("Case 1 has ended.")
    await world.advance(hours=3)


async def test_a_page_that_still_waits_when_the_case_is_taken_is_never_sent(world: World) -> None:
    await open_case(world)
    await world.advance(minutes=3)
    world.room("peers").sees("after 3 min")
    world.console.failures["robin"] = TryAgain("busy", timedelta(seconds=30))
    await world.advance(minutes=3)
    world.sam.sees("after 6 min")
    await world.sam.clicks("I'm on it")
    world.sam.sees("You have it.")
    world.sam.sees("You are with them now")
    world.alice.sees("Sam is here")
    world.room("peers").sees("is on it")
    del world.console.failures["robin"]
    await world.advance(minutes=5)
    pages = await world.rows(select(Delivery.state).where(Delivery.key.startswith("page:")))
    assert sorted(pages) == ["expired", "sent", "sent", "sent"]


async def test_the_peer_who_takes_the_case_reads_what_the_member_wrote_meanwhile(world: World) -> None:
    await open_case(world)
    await world.alice.says("are you there")
    world.alice.sees("nobody is here yet")
    await world.sam.clicks("I'm on it")
    world.sam.sees("You have it.")
    world.sam.sees("They wrote: “are you there”")
    world.alice.sees("Sam is here")
    world.room("peers").sees("is on it")


@on_both_databases
async def test_words_are_carried_both_ways_under_chosen_names(world: World) -> None:
    await taken_case(world)
    await world.alice.says("hello Sam")
    assert world.sam.sees("hello Sam").text.startswith("a member (case 1)")
    await world.sam.says("hello, I am with you")
    assert world.alice.sees("hello, I am with you").text.startswith("Sam, peer")


async def test_each_word_of_the_relay_is_carried_once_and_in_order(world: World) -> None:
    await taken_case(world)
    for number in range(5):
        await world.alice.says(f"word {number}")
    assert [shown.text.splitlines()[-1] for shown in world.sam.unseen] == [f"word {n}" for n in range(5)]
    world.sam.unseen.clear()


async def test_a_peer_who_asks_directly_about_suicide_opens_no_case(world: World) -> None:
    await taken_case(world)
    await world.sam.says("Do you want to kill yourself?")
    world.alice.sees("Do you want to kill yourself?")
    assert len(await world.rows(select(CaseRow.id))) == 1


async def test_the_peer_ends_the_case_with_an_outcome(world: World) -> None:
    await taken_case(world)
    await world.sam.clicks("Resolve")
    world.sam.sees("How did it end?", "They are safe for now")
    await world.sam.clicks("They are safe for now")
    world.sam.sees("Case 1 has ended: They are safe for now")
    world.alice.sees("Your talk with Sam has ended here", "I need a person")
    assert await world.rows(select(CaseRow.outcome)) == ["safe"]
    assert "They are safe" not in world.room("peers").sees("Case 1 has ended").text


async def test_words_after_the_end_reach_nobody(world: World) -> None:
    await taken_case(world)
    await world.sam.says("resolve safe")
    world.sam.sees("Case 1 has ended")
    world.alice.sees("Your talk with Sam has ended here")
    world.room("peers").sees("has ended")
    await world.alice.says("one more thing")
    world.alice.sees("Sam has gone, so this has reached nobody", "I need a person")


async def test_the_member_who_says_they_are_safe_ends_the_case(world: World) -> None:
    await open_case(world)
    await world.alice.clicks("I'm safe")
    world.alice.sees("I'm glad. I have told the peers.")
    world.alice.sees("I have told the peers")
    world.room("peers").sees("Case 1 has ended")
    await world.advance(hours=1)


async def test_i_am_safe_written_to_the_peer_is_theirs_to_judge(world: World) -> None:
    await taken_case(world)
    await world.alice.says("I'm safe")
    world.sam.sees("I'm safe")
    world.alice.sees("That went to Sam. If you need nobody any more")


async def test_a_case_that_is_handed_over_is_paged_again_and_another_peer_takes_it(world: World) -> None:
    await taken_case(world)
    await world.sam.clicks("Hand over")
    world.sam.sees("Hand over case 1?", "“hand over 1 NAME”")
    world.alice.sees_nothing()
    await world.sam.clicks("Yes, hand over")
    world.room("peers").sees("I'm on it", "Nobody is with them yet")
    world.alice.sees("looking for somebody else")
    world.sam.sees("I'm calling somebody else for case 1")
    await world.robin.clicks("I'm on it")
    world.robin.sees("You have it.")
    world.robin.sees("You are with them now")
    world.alice.sees("Robin is here")
    world.room("peers").sees("Robin is on it")
    await world.alice.says("hello Robin")
    world.robin.sees("hello Robin")


async def test_a_second_signal_joins_the_open_case(world: World) -> None:
    await open_case(world)
    await world.advance(minutes=1)
    await world.alice.says("I really want to kill myself", "lobby")
    world.alice.sees("I'm still here")
    assert len(await world.rows(select(CaseRow.id))) == 1


async def test_a_worse_signal_pages_at_once(world: World) -> None:
    await open_case(world)
    await world.advance(minutes=1)
    await world.alice.says(EMERGENCY, "lobby")
    world.alice.sees("danger right now", "911")
    world.room("peers").sees("Emergency", EMERGENCY, "I'm on it")


async def test_a_worse_signal_in_the_conversation_is_told_to_the_peer(world: World) -> None:
    await taken_case(world)
    await world.sam.says("I'm here")
    world.alice.sees("I'm here")
    await world.alice.says(EMERGENCY)
    world.sam.sees(EMERGENCY)
    world.sam.sees("Emergency", "I heard this")
    world.alice.sees("911", "I have told Sam. If Sam does not answer at once, I call others.")


async def test_a_concern_queues_and_calls_nobody_privately(world: World) -> None:
    await open_case(world, CONCERN)
    await world.advance(minutes=50)
    await world.advance(minutes=10)
    world.room("peers").sees("Concern", "after 1 h 0 min")
    world.alice.sees("nobody has answered yet")
    await world.advance(hours=3)


async def test_a_concern_that_becomes_urgent_goes_through_the_communitys_own_steps(world: World) -> None:
    await open_case(world, CONCERN)
    await world.alice.says(DANGER, "lobby")
    world.alice.sees("I'm getting a person")
    world.room("peers").sees("Urgent")
    await world.advance(minutes=3)
    world.room("peers").sees("after 3 min")


@pytest.mark.parametrize("words", ["peer", "!peer", "I need a person", "i need a person!", "I need someone."])
async def test_a_member_asks_for_a_person(world: World, words: str) -> None:
    await world.alice.says(words)
    world.alice.sees("I'm getting a person for you")
    world.alice.sees("the peers of Harbour have been told", "988")
    world.room("peers").sees("they asked for a person", "I'm on it")


async def test_the_button_asks_for_a_person(world: World) -> None:
    await world.alice.says("hm")
    world.alice.sees("a person can listen: shall I call one?")
    await world.alice.clicks("I need a person")
    world.alice.sees("I'm getting a person for you")
    world.alice.sees("the peers of Harbour have been told")
    world.room("peers").sees("they asked for a person")


async def test_asking_twice_for_a_person_opens_one_case(world: World) -> None:
    await world.alice.says("peer")
    world.alice.sees("I'm getting a person for you")
    world.alice.sees("the peers of Harbour have been told")
    world.room("peers").sees("I'm on it")
    await world.alice.says("!peer")
    world.alice.sees("A person has been called already")


async def test_a_moderator_gets_a_peer_for_somebody_by_their_message(world: World) -> None:
    await world.bob.says("i wonder who reads this", "lobby")
    await world.mo.says("!escalate", "lobby", about="bob")
    world.mo.sees("The peers have been called")
    world.bob.sees("Harbour is worried about you", "988")
    world.room("peers").sees("somebody asked for them", "i wonder who reads this")


@pytest.mark.parametrize("overseer", ["mo", "olive"])
async def test_a_moderator_or_an_organizer_gets_a_peer_for_somebody_by_name(world: World, overseer: str) -> None:
    await world.person(overseer).says("escalate bob")
    world.person(overseer).sees("The peers have been called")
    world.bob.sees("Harbour is worried about you")
    world.room("peers").sees("somebody asked for them")


async def test_a_member_may_not_call_a_peer_for_somebody_else(world: World) -> None:
    await world.alice.says("escalate bob")
    world.alice.sees("cannot answer that", "I need a person")
    assert await world.rows(select(CaseRow.id)) == []


async def test_nobody_can_take_the_case_that_is_about_them(world: World) -> None:
    await world.sam.says(DANGER, "lobby")
    for told in ("I'm getting a person", "I call you for nobody else"):
        world.sam.sees(told)
    world.room("peers").sees("I'm on it")
    await world.sam.clicks("I'm on it")
    world.sam.sees("This is about you")


async def test_a_peer_with_two_cases_is_asked_which_is_meant(world: World) -> None:
    await taken_case(world)
    await world.bob.says(DANGER, "lobby")
    world.bob.sees("I'm getting a person")
    world.room("peers").sees("I'm on it")
    await world.sam.clicks("I'm on it")
    world.sam.sees("You have it.")
    world.sam.sees("Case 2")
    world.bob.sees("Sam is here")
    world.room("peers").sees("Sam is on it (case 2)")
    await world.sam.says("how are you now")
    world.sam.sees("To which case shall I bring this?", "1", "2")
    await world.sam.clicks("2")
    world.sam.sees("I have passed it on")
    world.bob.sees("how are you now")


async def test_open_cases_are_listed_with_who_has_them(world: World) -> None:
    await taken_case(world)
    await world.robin.says("cases")
    world.robin.sees("Case 1", "With Sam.")


async def test_every_step_stands_in_the_audit_log_without_words(world: World) -> None:
    await taken_case(world)
    await world.sam.says("hello there")
    world.alice.sees("hello there")
    await world.sam.says("resolve safe")
    for box in (world.sam, world.alice, world.room("peers")):
        box.unseen.clear()
    assert await world.rows(select(CaseEvent.what).order_by(CaseEvent.id)) == [
        "Opened",
        "page 1: room",
        "Taken",
        "Spoke",
        "Ended",
    ]


async def test_a_member_who_cannot_be_reached_is_told_loudly_to_those_on_duty(world: World) -> None:
    world.console.failures["alice"] = Unreachable("closed")
    await world.alice.says(DANGER, "lobby")
    world.room("peers").sees("I'm on it")
    world.room("peers").sees("I cannot reach the person of case 1")
    await world.sam.clicks("I'm on it")
    world.sam.sees("You have it.")
    world.sam.sees("You are with them now")
    world.room("peers").sees("is on it")
    world.sam.sees("I cannot reach the person of case 1")
    world.room("peers").sees("I cannot reach the person of case 1")


async def test_a_peer_who_cannot_be_reached_loses_the_case_to_somebody_else(world: World) -> None:
    await open_case(world)
    world.console.failures["sam"] = Unreachable("closed")
    await world.sam.clicks("I'm on it")
    world.alice.sees("Sam is here")
    world.room("peers").sees("Sam is on it")
    world.room("peers").sees("I cannot reach Sam about case 1")
    world.room("peers").sees("Nobody is with them yet", "I'm on it")
    world.alice.sees("looking for somebody else")
    assert await world.rows(select(CaseRow.holder)) == [None]


async def test_a_case_ends_and_a_new_signal_opens_another(world: World) -> None:
    await open_case(world)
    await world.alice.clicks("I'm safe")
    world.alice.unseen.clear()
    world.room("peers").unseen.clear()
    await world.alice.says(DANGER, "lobby")
    world.alice.sees("I'm getting a person")
    world.room("peers").sees("Case: 2")


async def test_whoever_waits_with_a_concern_is_not_told_that_somebody_is_called(world: World) -> None:
    await world.alice.says("I wish I could fall asleep and not wake up")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.says("is anyone there")
    world.alice.sees("If it cannot wait, press “I need a person”")
    await world.alice.clicks("I need a person")
    world.alice.sees("I'm getting a person")
    world.alice.sees("person")
    world.room("peers").sees("I'm on it")
