"""Several people in one case: who joins, who is handed it, and old buttons."""

import pytest
from harness import World
from harness.fixtures import on_both_databases
from sqlalchemy import select

from bot.core.inbound import Inbound, Invocation
from bot.storage.tables import CaseEvent, CaseRow


async def taken_case(world: World) -> None:
    """Alice has asked for a person, and Sam has the case; nobody has looked at what was said since."""
    await world.alice.says("peer")
    await world.sam.clicks("I'm on it")
    clear(world)


def clear(world: World) -> None:
    for box in world.mailboxes:
        box.unseen.clear()


@on_both_databases
async def test_a_second_peer_joins_and_all_read_all(world: World) -> None:
    await taken_case(world)
    await world.robin.says("join 1")
    world.robin.sees("You are in it")
    world.robin.sees("Case 1", "You are with them now", "Leave the talk")
    world.sam.sees("Robin has joined you (case 1)")
    world.alice.sees("Robin is here")
    await world.alice.says("hello both")
    world.sam.sees("hello both")
    world.robin.sees("hello both")
    await world.robin.says("hello alice")
    world.sam.sees("Robin, peer (case 1)", "hello alice")
    world.robin.sees("Robin, peer (case 1)", "hello alice")  # in the case's conversation; it was said privately
    world.alice.sees("Robin, peer", "hello alice")
    await world.robin.clicks("Leave the talk")
    world.robin.sees("You are out of case 1")
    world.sam.sees("Robin has left the talk")
    world.alice.sees("Robin has left the talk. The others are still here.")


@pytest.mark.parametrize(
    ("helper", "who", "signed"),
    [
        ("robin", "A peer from your community.", "Robin, peer"),
        ("mo", "A moderator of your community.", "Mo, moderator"),
        ("olive", "An organizer of your community.", "Olive, organizer"),
    ],
)
async def test_a_member_reads_what_somebody_is_who_comes_and_who_writes(
    world: World, helper: str, who: str, signed: str
) -> None:
    await taken_case(world)
    await world.person(helper).says("join 1")
    world.alice.sees("is here", who)
    await world.person(helper).says("hello alice")
    world.alice.sees(signed, "hello alice")
    world.sam.sees(f"{signed} (case 1)", "hello alice")
    clear(world)


async def test_a_case_is_handed_to_a_named_peer_with_a_note(world: World) -> None:
    await taken_case(world)
    await world.sam.says("hand over 1 Robin she likes to be called Ali")
    world.sam.sees("Robin has case 1 now")
    world.robin.sees("Case 1", "A note from who was here before: “she likes to be called Ali”")
    world.alice.sees("Robin is here")
    world.room("peers").sees("Robin is on it")
    (sealed,) = await world.rows(select(CaseRow.note_sealed))
    assert b"Ali" not in sealed
    assert (await world.rows(select(CaseEvent.what).order_by(CaseEvent.id)))[-2:] == ["HandedOver", "was given it"]


@pytest.mark.parametrize("words", ["hand over Robin", "hand over to Robin", "hand over 1 to Robin"])
async def test_whoever_is_handed_over_to_somebody_reads_at_once_who_has_gone_and_who_is_here(
    world: World, words: str
) -> None:
    await taken_case(world)
    await world.mo.says("join 1")
    clear(world)
    await world.sam.says(words)
    world.alice.sees("Robin is here", "Sam has gone for now, and Robin is with you in their place")
    world.alice.sees_nothing()
    for reader in (world.mo, world.robin):  # in the place of the case
        reader.sees("Robin has case 1 now; Sam has left the talk")
    world.sam.sees("Robin has case 1 now, and I have told them")
    world.robin.sees("You are with them now")
    world.room("peers").sees("Robin is on it")


async def test_whoever_hands_over_to_nobody_reads_that_others_are_called_and_how_to_name_one(world: World) -> None:
    await taken_case(world)
    await world.sam.says("hand over")
    world.sam.sees("I'm calling somebody else for case 1", "“hand over 1 NAME”")
    world.room("peers").sees("I'm on it")
    world.alice.sees("Sam cannot go on just now, and I'm looking for somebody else")
    await world.sam.says("hand over 1 Robin")
    world.sam.sees("Robin has case 1 now")
    world.robin.sees("You are with them now")
    world.alice.sees("Robin is here")
    world.room("peers").sees("Robin is on it")


@pytest.mark.parametrize("place", ["dm", "case-1"])
async def test_whoever_ends_a_case_that_two_are_in_reads_that_it_has_ended_once(world: World, place: str) -> None:
    await taken_case(world)
    await world.robin.says("join 1")
    clear(world)
    await world.sam.says("resolve 1 safe", place)
    for reader in (world.sam, world.robin):
        reader.sees("Case 1 has ended", "I'd like to talk it over")
    world.sam.sees("It is done. Thank you.")
    world.alice.sees("Your talk with Sam has ended here")
    world.room("peers").sees("Case 1 has ended")
    for reader in (world.sam, world.robin):
        assert not any("has ended" in shown.text for shown in reader.unseen)
    clear(world)


async def test_a_moderator_takes_a_case_from_its_holder_who_is_told(world: World) -> None:
    await taken_case(world)
    await world.mo.says("hand over 1 Mo")
    world.mo.sees("You have it.")
    world.mo.sees("You are with them now")
    world.sam.sees("Case 1 is with Mo now")
    world.alice.sees("Mo is here")
    world.room("peers").sees("Mo is on it")


async def test_please_behind_the_name_is_no_note(world: World) -> None:
    await taken_case(world)
    await world.sam.says("hand over to Robin please")
    told = world.robin.sees("Case 1", "With them: Robin")
    assert "please" not in "\n".join([told.text])
    clear(world)


async def test_nobody_is_handed_a_case_who_may_not_have_it(world: World) -> None:
    await taken_case(world)
    await world.sam.says("settings name Sam")
    await world.sam.says("hand over 1 alice")
    world.sam.sees("They cannot have this case")
    assert await world.rows(select(CaseRow.turn)) == [1]
    clear(world)


async def test_a_button_of_before_the_hand_over_does_nothing_and_says_so(world: World) -> None:
    await taken_case(world)
    await world.sam.says("hand over 1 Robin")
    clear(world)
    await world.sam.clicks("Hand over")
    world.sam.sees("I did nothing: that button is old. Case 1 is with Robin.")
    await world.sam.clicks("Resolve")
    world.sam.sees("I did nothing: that button is old.")
    assert await world.rows(select(CaseRow.state)) == ["acknowledged"]


@pytest.mark.parametrize("first", ["Resolve", "Hand over"])
async def test_nor_does_an_old_button_under_the_question_that_came_first(world: World, first: str) -> None:
    await taken_case(world)
    await world.sam.clicks(first)
    await world.sam.says("hand over 1 Robin")
    clear(world)
    for second in ("They are safe for now",) if first == "Resolve" else ("Yes, hand over", "Yes, with a note"):
        await world.sam.clicks(second)
        world.sam.sees("I did nothing: that button is old. Case 1 is with Robin.")
    assert await world.rows(select(CaseRow.state)) == ["acknowledged"]


async def test_who_hands_over_by_the_button_may_leave_a_note_for_who_comes(world: World) -> None:
    await taken_case(world)
    await world.sam.clicks("Hand over")
    await world.sam.clicks("Yes, with a note")
    world.sam.sees("What should they know?")
    await world.sam.says("she likes to be called Ali")
    clear(world)
    await world.robin.clicks("I'm on it")
    world.robin.sees("A note from who was here before: “she likes to be called Ali”")
    clear(world)


@pytest.mark.parametrize("joined", [True, False])
async def test_a_moderator_who_ends_anothers_case_in_its_place_is_asked_how_and_nobody_else(
    world: World, joined: bool
) -> None:
    await taken_case(world)
    if joined:
        await world.mo.says("join 1")
        clear(world)
    world.console._apart["case-1"].people["mo"] = None
    await world.mo.says("resolve", "case-1")
    assert world.mo.sees("How did it end?").place == "dm"
    world.sam.sees_nothing()
    await world.mo.clicks("They are safe for now")
    assert await world.rows(select(CaseRow.outcome)) == ["safe"]
    clear(world)


async def test_who_is_alone_in_the_place_of_a_case_is_asked_there(world: World) -> None:
    await taken_case(world)
    await world.sam.says("resolve", "case-1")
    assert world.sam.sees("How did it end?").place == "case-1"


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("resolve", "You have no case now"),
        ("resolve 5", "There is no such case"),
        ("hand over", "You have no case now"),
        ("join", "There is no case that you could join"),
        ("leave", "You have joined no case"),
        ("snippet", "You have no case now, so there is nobody to send it to"),
    ],
)
async def test_where_there_is_no_case_nothing_is_asked_about_it(world: World, words: str, answer: str) -> None:
    await world.mo.says(words)
    assert "cancel" not in world.mo.sees(answer).text


async def test_a_moderator_without_a_case_is_asked_first_which_they_mean_and_then_how_it_ended(world: World) -> None:
    await taken_case(world)
    await world.mo.says("resolve")
    world.mo.sees("Which one do you mean?", "1")
    await world.mo.says("1")
    world.mo.sees("How did it end?")
    await world.robin.says("resolve")
    world.robin.sees("You have no case now. “cases” shows those that are open.")


async def test_of_many_cases_some_are_named_and_how_many_more_there_are(world: World) -> None:
    for number in range(7):
        await world.person(f"member{number}").says("peer")
    clear(world)
    await world.mo.says("resolve")
    world.mo.sees("There are these, and 2 more: “cases” shows all of them", "5")
    await world.mo.says("cancel")
    await world.advance(minutes=40)  # moderators are called, too
    await world.mo.says("hi, where are they")
    world.mo.sees("take the case first. And 2 more wait")
    clear(world)


async def test_how_anothers_case_ended_is_not_even_asked(world: World) -> None:
    await taken_case(world)
    await world.robin.says("resolve 1")
    world.robin.sees("There is no such case")
    await world.robin.says("join 1")
    clear(world)
    await world.robin.says("resolve 1")
    world.robin.sees("I did nothing: case 1 is with Sam")
    await world.sam.says("resolve 1 safe")
    clear(world)
    await world.mo.says("resolve 1")
    world.mo.sees("This case has ended already")


@pytest.mark.parametrize("words", ["resolve 1 safe", "hand over 1 Sam", "hand over 1"])
async def test_neither_who_had_a_case_nor_who_has_joined_it_ends_it_or_takes_it_away(world: World, words: str) -> None:
    await taken_case(world)
    await world.sam.says("hand over 1 Robin")
    clear(world)
    await world.sam.says(words)
    world.sam.sees("I did nothing: case 1 is with Robin")
    await world.sam.says("join 1")
    clear(world)
    await world.sam.says(words)
    world.sam.sees("I did nothing: case 1 is with Robin")
    (row,) = await world.rows(select(CaseRow))
    assert (row.state, row.turn) == ("acknowledged", 2)


async def test_who_was_never_in_a_case_does_not_learn_of_it_by_its_number(world: World) -> None:
    await taken_case(world)
    await world.robin.says("hand over 1")
    world.robin.sees("There is no such case")
    await world.robin.says("leave 1")
    told = world.robin.sees("You are not in case 1, so there is nothing to leave")
    assert "Sam" not in told.text
    await world.robin.says("leave 2")
    world.robin.sees("There is no such case")


async def test_a_helper_who_erases_their_data_is_out_of_the_case(world: World) -> None:
    await taken_case(world)
    await world.robin.says("join 1")
    clear(world)
    await world.robin.says("!mydata erase")
    clear(world)
    await world.robin.clicks("Yes, erase everything")
    assert await world.rows(select(CaseRow.helpers)) == [[]]
    clear(world)


async def test_the_answer_to_how_it_ended_does_not_end_what_became_worse_since(world: World) -> None:
    await taken_case(world)
    await world.sam.says("resolve")
    world.sam.sees("How did it end?")
    await world.alice.says("i took 40 pills")
    clear(world)
    await world.sam.clicks("They are safe for now")
    world.sam.sees("That question is not open any more")
    assert await world.rows(select(CaseRow.outcome)) == [None]


@pytest.mark.parametrize("place", ["dm", "case-1"])
@pytest.mark.parametrize(
    "words", ["handover to robin, it is too much for me", "please hand over to robin", "reslove", "HNDOVER"]
)
async def test_what_is_nearly_a_command_of_a_peers_goes_to_nobody_before_they_have_said_so(
    world: World, words: str, place: str
) -> None:
    await taken_case(world)
    clear(world)
    await world.sam.says(words, place)
    assert world.sam.sees("so it went to nobody", "Is it for them?").place == place
    world.alice.sees_nothing()
    await world.sam.clicks("Send it")
    world.sam.sees("I have passed it on")
    world.alice.sees(words)


async def test_a_peers_words_that_answer_no_question_go_to_nobody_before_they_have_said_so(world: World) -> None:
    await taken_case(world)
    await world.sam.says("resolve")
    clear(world)
    await world.sam.says("it was only a quarrel")
    world.sam.sees("I had asked you something", "Is it for them?")
    world.alice.sees_nothing()
    await world.sam.says("are you with your sister now?")
    world.alice.sees("are you with your sister now?")


async def test_who_has_joined_ends_nothing_with_the_holders_button(world: World) -> None:
    await taken_case(world)
    await world.robin.says("join 1")
    clear(world)
    for name, arguments in (("ended", {"outcome": "safe"}), ("handing", {})):
        press = Inbound(
            event_id=name,
            platform="console",
            account="robin",
            place="robin",
            private=True,
            at=world.now,
            invocation=Invocation(command=name, arguments={"case": "1", "turn": "1", **arguments}),
        )
        await world.app.hub.receive(press)
        await world.app.settle()
        world.robin.sees("case 1 is with Sam")
    assert await world.rows(select(CaseRow.outcome)) == [None]


async def test_who_has_a_case_and_would_leave_reads_how_to_hand_it_over(world: World) -> None:
    await taken_case(world)
    await world.sam.says("leave 1")
    world.sam.sees("“hand over” calls somebody else")


async def test_a_helper_who_is_with_the_member_when_the_holder_hands_over_is_offered_the_case_and_has_it_by_writing(
    world: World,
) -> None:
    await taken_case(world)
    await world.robin.says("join 1")
    clear(world)
    await world.sam.says("hand over 1")
    world.robin.sees("Sam has left the talk (case 1). You are there", "I'm on it")
    clear(world)
    await world.robin.says("I am with you")
    world.alice.sees("I am with you")
    world.alice.sees("Robin is here")
    world.room("peers").sees("Robin is on it")
    clear(world)
    await world.advance(minutes=9)
    await world.alice.says("thank you")
    world.robin.sees("thank you")
    await world.robin.says("of course")
    world.alice.sees("of course")
    await world.advance(minutes=9)  # nobody is called, and she is not told that nobody has come
