"""What a peer in a talk types in answer to the bot's own question is no word to the member."""

import pytest
from harness import World
from sqlalchemy import select

from bot.storage.tables import CaseRow
from services.test_at_work import clear, with_alice


async def outcome(world: World) -> str | None:
    """How the only case has ended."""
    found: list[str | None] = await world.rows(select(CaseRow.outcome))
    return found[0]


def place(way: str) -> str:
    """Where the bot asks: buttons stand in the case's own place."""
    return "dm" if way.startswith("!") else "case-1"


async def asks(world: World, way: str) -> None:
    """The bot asks Sam something by a button, or by a typed command."""
    if way.startswith("!"):
        await world.sam.says(way[1:])
    else:
        await world.sam.clicks(way)
    clear(world)


@pytest.mark.parametrize("way", ["Resolve", "!resolve"])
@pytest.mark.parametrize(
    ("words", "ended"), [("False alarm", "false-alarm"), ("they did not want to talk", "declined")]
)
async def test_the_typed_name_of_an_outcome_ends_the_case(world: World, way: str, words: str, ended: str) -> None:
    await with_alice(world)
    await asks(world, way)
    await world.sam.says(words, place(way))
    assert await outcome(world) == ended
    assert not [shown for shown in world.alice.unseen if words in shown.text]
    clear(world)


@pytest.mark.parametrize(("words", "holder"), [("yes", False), ("Yes, hand over", False), ("no", True)])
async def test_a_typed_yes_hands_the_case_over_and_a_no_does_nothing(world: World, words: str, holder: bool) -> None:
    await with_alice(world)
    await asks(world, "Hand over")
    await world.sam.says(words, "case-1")
    assert ((await world.rows(select(CaseRow.holder)))[0] is not None) is holder
    if holder:
        world.sam.sees("Nothing is done, and this went to nobody")
        world.alice.sees_nothing()
    assert not [shown for shown in world.alice.unseen if words in shown.text]
    clear(world)


async def test_yes_with_a_note_asks_for_the_note(world: World) -> None:
    await with_alice(world)
    await asks(world, "Hand over")
    await world.sam.says("yes, with a note", "case-1")
    world.sam.sees("What should they know?")
    world.alice.sees_nothing()


@pytest.mark.parametrize("words", ["yes", "Still with them"])
async def test_who_is_asked_whether_they_are_still_there_may_type_it(world: World, words: str) -> None:
    await with_alice(world)
    await world.sam.says("hello")
    await world.advance(hours=12)
    world.sam.sees("Are you still with them?")
    clear(world)
    await world.sam.says(words)
    world.sam.sees("I ask you again if nobody has written for 12 hours")
    world.alice.sees_nothing()


@pytest.mark.parametrize("place", ["dm", "case-1"])
async def test_whether_held_words_are_for_them_is_answered_with_yes_or_no(world: World, place: str) -> None:
    await with_alice(world)
    await world.sam.says("escalete alice", place)
    clear(world)
    await world.sam.says("no", place)
    assert world.sam.sees("Nothing is done").place == place
    world.alice.sees_nothing()
    await world.sam.says("escalete alice", place)
    clear(world)
    await world.sam.says("yes", place)
    world.sam.sees("I have passed it on")
    world.alice.sees("escalete alice")
    world.alice.sees_nothing()


async def test_other_words_after_a_question_are_the_talks(world: World) -> None:
    await with_alice(world)
    await asks(world, "Hand over")
    await world.sam.says("I am still here with you", "case-1")
    world.alice.sees("I am still here with you")
    clear(world)


@pytest.mark.parametrize("words", ["yes", "no"])
async def test_a_yes_or_no_to_a_question_that_has_no_such_choice_is_held(world: World, words: str) -> None:
    await with_alice(world)
    await asks(world, "Resolve")
    await world.sam.says(words, "case-1")
    world.sam.sees("this went to nobody", "Is it for them?")
    world.alice.sees_nothing()


async def test_a_yes_after_the_member_has_written_is_for_the_member(world: World) -> None:
    await with_alice(world)
    await asks(world, "Resolve")
    await world.alice.says("are you there?")
    await world.sam.says("yes", "case-1")
    world.alice.sees("yes")
    clear(world)


async def test_a_digit_right_after_a_question_is_held_and_later_a_word_of_the_talk(world: World) -> None:
    await with_alice(world)
    await asks(world, "Resolve")
    await world.sam.says("4", "case-1")
    world.sam.sees("this went to nobody", "Is it for them?")
    world.alice.sees_nothing()
    await world.sam.clicks("Send it")
    world.alice.sees("4")
    await asks(world, "Resolve")
    await world.advance(minutes=3)
    clear(world)
    await world.sam.says("4", "case-1")
    world.alice.sees("4")
    clear(world)


async def test_the_name_of_an_open_button_is_no_word_to_the_member(world: World) -> None:
    await with_alice(world)
    await world.sam.says("Ready answers")
    world.alice.sees_nothing()
    clear(world)
    await world.alice.says("I am here")
    clear(world)
    await world.sam.says("ready answers")
    world.alice.sees_nothing()
    world.sam.sees("Is it for them?")


@pytest.mark.parametrize("words", ["I'm on it", "on it!", "I'll take it"])
async def test_a_peer_who_was_called_in_the_room_and_types_it_privately_has_the_case(world: World, words: str) -> None:
    await world.alice.says("peer")
    world.room("peers").sees("I'm on it")
    await world.sam.says(words)
    world.sam.sees("You have it.")
    world.alice.sees("Sam is here")
    clear(world)
    await world.robin.says(words)
    world.robin.sees("Nobody is waiting just now")


async def test_of_several_who_wait_a_peer_is_asked_which(world: World) -> None:
    await world.alice.says("peer")
    await world.bob.says("peer")
    await world.sam.says("I'm on it")
    world.sam.sees("2 people are waiting: which case do you take?", "I'm on case 1")
    await world.sam.clicks("I'm on case 2")
    world.bob.sees("Sam is here")
    clear(world)


@pytest.mark.parametrize("way", ["Resolve", "!resolve"])
@pytest.mark.parametrize("words", ["They are safe for now", "they are safe", "safe"])
async def test_the_right_answer_after_held_words_is_taken_and_reaches_nobody(
    world: World, way: str, words: str
) -> None:
    await with_alice(world)
    await asks(world, way)
    for _again in range(2):
        await world.sam.says("1", place(way))
        assert [str(c.label) for c in world.sam.sees("this went to nobody").choices] == ["Send it"]
    await world.sam.says(words, place(way))
    assert await outcome(world) == "safe"
    assert not [shown for shown in world.alice.unseen if shown.text.startswith("Sam")]
    clear(world)


async def test_a_number_never_sends_what_is_held_even_later(world: World) -> None:
    await with_alice(world)
    await world.sam.says("reslove")
    clear(world)
    await world.advance(minutes=5)
    await world.sam.says("1")
    world.sam.sees("this went to nobody", "Send it")
    world.alice.sees_nothing()
    await world.sam.says("send it")
    world.alice.sees("reslove")
    clear(world)


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (["reslove"], "I have passed it on"),
        (["reslove", "how is it now"], "I hold nothing any more"),
        ([], "I hold nothing that waits, so this went to nobody"),
    ],
)
async def test_send_it_is_never_a_word_to_the_member(world: World, before: list[str], told: str) -> None:
    await with_alice(world)
    for words in before:
        await world.sam.says(words)
    clear(world)
    await world.sam.says("please send it")
    world.sam.sees(told)
    if told == "I have passed it on":
        world.alice.sees("reslove")
    world.alice.sees_nothing()


async def test_please_to_whether_a_person_is_called_for_the_peer_is_no_word_to_the_member(world: World) -> None:
    await with_alice(world)
    await world.sam.says("help", "lobby")
    await world.sam.says("reslove")
    await world.sam.clicks("Send it")
    clear(world)
    await world.sam.says("please")
    world.sam.sees("I had asked you something, so this went to nobody", "Send it")
    world.alice.sees_nothing()
    await world.sam.says("help", "lobby")
    await world.advance(hours=7)
    await world.sam.says("help", "lobby")
    clear(world)
    await world.sam.says("please")
    world.sam.sees("I'm getting a person")
    assert not [shown for shown in world.alice.unseen if shown.text.startswith("Sam, peer")]
    clear(world)


async def test_a_name_that_nobody_has_is_held_and_the_next_one_is_the_answer(world: World) -> None:
    await with_alice(world)
    await world.sam.says("hand over zed")
    world.sam.sees("I know nobody of that name")
    for words in ("zed", "zedd", "1"):
        await world.sam.says(words)
        world.sam.sees("this went to nobody", "Send it")
    await world.sam.says("robin")
    world.sam.sees("Robin has case 1 now")
    assert not [shown for shown in world.alice.unseen if shown.text.startswith("Sam")]
    clear(world)


async def test_the_button_of_the_question_before_held_words_still_answers_it(world: World) -> None:
    await with_alice(world)
    await asks(world, "!resolve")
    await world.sam.says("1")
    await world.sam.clicks("They are safe for now")
    assert await outcome(world) == "safe"
    clear(world)


@pytest.mark.parametrize("words", ["i'm on it", "on it", "im on it", "I'm on it!", "I'm on it 1", "on it case 1"])
async def test_a_peer_who_types_it_in_the_peers_room_has_the_case(world: World, words: str) -> None:
    await world.alice.says("peer")
    clear(world)
    await world.sam.says(words, "peers")
    world.alice.sees("Sam is here")
    assert (await world.rows(select(CaseRow.holder)))[0] is not None
    clear(world)
    await world.robin.says(words, "peers")
    assert not world.room("peers").unseen


async def test_a_peer_in_a_talk_who_types_it_while_another_waits_is_asked_whom_it_is_for(world: World) -> None:
    await with_alice(world)
    await world.bob.says("peer")
    clear(world)
    await world.sam.says("I'm on it!")
    world.sam.sees("so it went to nobody", "Do it")
    world.alice.sees_nothing()
    await world.sam.clicks("Do it")
    world.bob.sees("Sam is here")
    clear(world)


async def test_of_several_who_wait_the_peers_room_is_told_how_to_take_one(world: World) -> None:
    await world.alice.says("peer")
    await world.bob.says("peer")
    clear(world)
    await world.sam.says("on it", "peers")
    shown = [s for box in world.mailboxes for s in box.unseen if "2 people are waiting" in s.text]
    assert len(shown) == 1
    assert "!take 1" in shown[0].text
    clear(world)
    await world.sam.says("i'm on it 2", "peers")
    world.bob.sees("Sam is here")
    clear(world)


@pytest.mark.parametrize(
    ("who", "place", "words"),
    [
        ("sam", "lobby", "on it"),
        ("alice", "peers", "on it"),
        ("sam", "peers", "i think somebody is on it"),
        ("sam", "peers", "on it goes 1"),
    ],
)
async def test_other_words_and_other_people_take_nothing_in_a_room(
    world: World, who: str, place: str, words: str
) -> None:
    await world.bob.says("peer")
    clear(world)
    await world.person(who).says(words, place)
    assert await world.rows(select(CaseRow.holder)) == [None]
    for box in world.mailboxes:
        box.sees_nothing()


@pytest.mark.parametrize("words", ["case 2", "#2", "2", "Case #2"])
async def test_which_of_their_cases_is_answered_however_its_number_is_written(world: World, words: str) -> None:
    await with_alice(world)
    await world.bob.says("peer")
    await world.sam.says("take 2")
    clear(world)
    await world.sam.says("resolve")
    world.sam.sees("Which of your cases?")
    await world.sam.says(words)
    world.sam.sees("How did it end?")
    world.alice.sees_nothing()
    world.bob.sees_nothing()


async def test_with_several_cases_held_words_name_the_case_they_would_go_to(world: World) -> None:
    await with_alice(world)
    await world.bob.says("peer")
    await world.sam.says("take 2")
    clear(world)
    await world.sam.says("reslove")
    assert [str(c.label) for c in world.sam.sees("Is it for them?").choices] == ["To case 1", "To case 2", "Do it"]
    await world.sam.says("2")
    world.sam.sees("this went to nobody")
    world.bob.sees_nothing()
    await world.sam.says("To case 2")
    world.bob.sees("reslove")
    world.alice.sees_nothing()
    clear(world)


@pytest.mark.parametrize(
    ("words", "done"),
    [
        ("help", "What I can do"),
        ("Help please", "What I can do"),
        ("checklist please", "overdose"),
        ("is there a checklist", "overdose"),
        ("how do i end this", "How did it end?"),
        ("what do i say", "overdose"),
        ("someone take over please", "Hand over case 1?"),
        ("i cant do this", "Hand over case 1?"),
        ("im on it 1", "You have it"),
        ("I'm on it 1", "You have it"),
    ],
)
async def test_what_a_peer_asks_the_bot_for_in_a_talk_is_held_and_done_with_one_press(
    world: World, words: str, done: str
) -> None:
    await with_alice(world)
    await world.sam.says(words)
    held = world.sam.sees("so it went to nobody", "Is it for them?")
    world.alice.sees_nothing()
    await world.sam.clicks(str(held.choices[-1].label))
    assert world.sam.unseen
    if done not in {"overdose", "You have it"}:
        world.sam.sees(done)
    clear(world)


@pytest.mark.parametrize("words", ["hi alice im here", "i got this", "who is with her"])
async def test_a_peer_with_no_talk_whose_words_reach_nobody_is_shown_who_waits(world: World, words: str) -> None:
    await world.alice.says("peer")
    clear(world)
    await world.robin.says(words)
    told = world.robin.sees("Case 1 is waiting, nobody is with them. Take it?", "I'm on it", "I need a person")
    assert told.choices[0].command == "take"
    await world.bob.says("peer")
    clear(world)
    await world.robin.says(words)
    world.robin.sees("2 people are waiting", "I'm on case 1", "I'm on case 2")
    clear(world)


async def test_who_is_on_a_break_is_not_asked_to_take_what_waits(world: World) -> None:
    await world.alice.says("peer")
    await world.robin.says("break")
    clear(world)
    await world.robin.says("hi alice im here")
    assert not [shown for shown in world.robin.unseen if "is waiting" in shown.text]
    clear(world)


async def test_the_holder_who_would_leave_is_shown_how_to_hand_over(world: World) -> None:
    await with_alice(world)
    await world.sam.says("leave")
    world.sam.sees("You have case 1. To give it away: hand over.", "Hand over")
    world.alice.sees_nothing()
    await world.sam.clicks("Hand over")
    world.sam.sees("Hand over case 1?")
    clear(world)


async def test_a_sentence_after_a_name_that_nobody_has_is_the_talk_that_goes_on(world: World) -> None:
    await with_alice(world)
    await world.sam.says("hand over zed")
    await world.sam.says("zed")
    clear(world)
    await world.sam.says("I am looking for somebody who can come")
    world.alice.sees("I am looking for somebody who can come")
    clear(world)
