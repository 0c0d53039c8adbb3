"""What the bot asks back: what is an answer, what leaves the question, and what is a word to somebody else."""

from datetime import timedelta

import pytest
from harness import World
from sqlalchemy import select

from bot.core.inbound import Inbound, Invocation
from bot.services.questions import PURPOSE
from bot.storage.tables import Member, Question
from services.test_at_work import clear, with_alice

DANGER = "I want to kill myself"


async def test_a_zone_that_does_not_exist_is_asked_again_with_guesses_and_pressing_one_continues(world: World) -> None:
    await world.alice.says("checkin start 8:30 Europe/Berln")
    world.alice.sees("Europe/Berlin", "cancel")
    await world.alice.clicks("Europe/Berlin")
    world.alice.sees("I'll ask you every day at 08:30 (Europe/Berlin)")


async def test_a_typed_answer_continues_too(world: World) -> None:
    await world.alice.says("settings zone Xyzzy")
    world.alice.sees("I did not understand “Xyzzy”")
    await world.alice.says("Lisbon")
    world.alice.sees("Your time zone is Europe/Lisbon")


async def test_cancel_ends_a_question(world: World) -> None:
    await world.alice.says("settings zone Xyzzy")
    world.alice.sees("I did not understand")
    await world.alice.says("cancel")
    world.alice.sees("nothing was changed")
    await world.alice.says("Lisbon")
    world.alice.sees("I'm only a bot, and cannot answer that")


async def test_a_question_is_forgotten_after_ten_minutes(world: World) -> None:
    await world.alice.says("settings name")
    world.alice.sees("Which name shall others see?")
    await world.advance(minutes=11)
    await world.alice.says("somebody there?")
    world.alice.sees("I'm only a bot, and cannot answer that")


async def test_a_question_to_one_member_is_not_answered_by_another(world: World) -> None:
    await world.alice.says("settings zone Berln")
    world.alice.sees("Europe/Berlin")
    (choice,) = [c for c in world.alice.shown[-1].choices if c.label == "Europe/Berlin"]
    await world.app.hub.receive(
        Inbound(
            event_id="theft",
            platform="console",
            account="bob",
            place="bob",
            private=True,
            at=world.now,
            invocation=Invocation(command=choice.command, arguments=choice.arguments),
        )
    )
    await world.app.settle()
    world.bob.sees("That question is not open any more")


async def test_the_button_of_an_old_question_does_not_answer_a_new_one(world: World) -> None:
    await world.alice.says("settings zone Berln")
    world.alice.sees("Europe/Berlin")
    await world.alice.says("cancel")
    world.alice.sees("nothing was changed")
    await world.alice.says("settings name")
    world.alice.sees("Which name shall others see?")
    await world.alice.clicks("Europe/Berlin")
    world.alice.sees("That question is not open any more")


async def test_words_of_danger_are_no_answer_to_a_question(world: World) -> None:
    await world.alice.says("settings name")
    world.alice.sees("Which name shall others see?")
    await world.alice.says(DANGER)
    world.alice.sees("I'm getting a person")
    world.room("peers").sees("I'm on it")
    await world.alice.says("please hurry")
    world.alice.sees("I keep this for the person who comes")


@pytest.mark.parametrize("typed", ["help", "!help"])
@pytest.mark.parametrize("question", ["settings name", "checkin note"])
async def test_a_command_of_one_word_leaves_a_question_that_takes_any_words(
    world: World, question: str, typed: str
) -> None:
    await world.alice.says(question)
    world.alice.sees("(Or “cancel”.)")
    await world.alice.says(typed)
    world.alice.sees("What I can do")
    await world.alice.says("Ali")
    world.alice.sees("I'm only a bot, and cannot answer that")


async def test_what_is_one_of_the_values_that_were_asked_for_is_the_answer_though_it_is_a_command_too(
    world: World,
) -> None:
    await world.alice.says(DANGER, "lobby")
    await world.sam.clicks("I'm on it")
    await world.sam.says("resolve")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.sam.says("safe")
    world.sam.sees("Case 1 has ended: They are safe for now")
    world.alice.sees("Your talk with Sam has ended here")
    world.room("peers").sees("Case 1 has ended")


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("I need help", "I can call a person for you right now"),
        ("help me", "I can call a person for you right now"),
        ("I need a person", "I'm getting a person for you"),
        ("peer please", "I'm getting a person for you"),
        (DANGER, "I'm getting a person"),
    ],
)
@pytest.mark.parametrize("asked", ["settings name", "settings country", "settings zone Xyzzy"])
async def test_a_call_for_help_breaks_a_question_and_is_no_answer_to_it(
    world: World, asked: str, words: str, answer: str
) -> None:
    names = await world.rows(select(Member.name_sealed))
    await world.alice.says(asked)
    world.alice.sees("cancel")
    await world.alice.says(words)
    world.alice.sees(answer)
    await world.alice.says("Sky")
    for box in world.mailboxes:
        box.unseen.clear()
    assert await world.rows(select(Member.name_sealed)) == names


async def test_who_is_asked_for_a_name_in_a_talk_and_calls_for_help_is_heard_by_their_peer(world: World) -> None:
    await world.alice.says(DANGER, "lobby")
    await world.sam.clicks("I'm on it")
    await world.alice.says("!settings name")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.says("I need somebody")
    world.sam.sees("I need somebody")


async def test_words_of_danger_are_never_a_name(world: World) -> None:
    names = await world.rows(select(Member.name_sealed))
    await world.alice.says("!settings name I want to kill myself")
    world.alice.sees("I'm getting a person")
    world.alice.sees("have not taken that for a name")
    world.room("peers").sees("Urgent")
    assert await world.rows(select(Member.name_sealed)) == names


async def test_help_is_a_word_to_the_peer_even_while_the_bot_has_a_question(world: World) -> None:
    await world.alice.says(DANGER, "lobby")
    await world.sam.clicks("I'm on it")
    await world.alice.says("!settings name")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.says("help")
    world.sam.sees("help")
    world.alice.sees("That went to Sam")


async def test_in_a_conversation_cancel_is_not_offered_where_other_words_close_the_question(world: World) -> None:
    await world.alice.says(DANGER, "lobby")
    await world.sam.clicks("I'm on it")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.clicks("I'm in another country")
    assert "cancel" not in world.alice.sees("Which country").text


@pytest.mark.parametrize("word", ["cancel", "“cancel”"])
@pytest.mark.parametrize("before", ["Sam, are you there? please", "cancel", None])
async def test_a_cancel_that_a_question_has_named_is_never_passed_on(
    world: World, word: str, before: str | None
) -> None:
    await world.alice.says(DANGER, "lobby")
    await world.sam.clicks("I'm on it")
    await world.alice.says("!settings zone Xyzzy")
    if before is not None:
        await world.alice.says(before)
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.says(word)
    world.alice.sees("nothing was changed" if before is None else "there is nothing to cancel")
    world.sam.sees_nothing()


async def test_a_cancel_that_no_question_has_named_is_a_word_like_any_other(world: World) -> None:
    await world.alice.says(DANGER, "lobby")
    await world.sam.clicks("I'm on it")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.says("cancel")
    world.sam.sees("cancel")


async def test_words_to_the_peer_are_not_held_up_by_an_open_question(world: World) -> None:
    await world.alice.says(DANGER, "lobby")
    await world.sam.clicks("I'm on it")
    await world.alice.clicks("I'm in another country")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.says("Sam, are you there? please")
    world.sam.sees("Sam, are you there? please")


async def test_who_is_in_another_country_gets_the_numbers_of_there_at_once(world: World) -> None:
    await world.alice.says(DANGER, "lobby")
    await world.alice.clicks("I'm in another country")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.says("Ireland")
    shown = world.alice.sees("These are the numbers for", "Samaritans Ireland")
    assert "told" not in shown.text, "nobody was told anything, so the bot must not say so"


async def test_a_command_typed_at_an_open_question_is_not_its_answer(world: World) -> None:
    await world.alice.says("settings zone")
    world.alice.sees("Which time zone")
    await world.alice.says("checkin stop")
    world.alice.sees("You had no daily question")


@pytest.mark.parametrize("words", ["peer.", "Peer!", "PEER, please", "peer 😭", "peer now", "!peer!"])
async def test_the_word_for_a_person_is_heard_however_it_is_written_also_instead_of_an_answer(
    world: World, words: str
) -> None:
    await world.alice.says("settings name")
    world.alice.sees("Which name shall others see?")
    await world.alice.says(words)
    world.alice.sees("I'm getting a person")
    world.alice.sees("written to you privately")
    world.room("peers").sees("I'm on it")


async def test_whom_to_call_is_no_answer_to_a_question(world: World) -> None:
    await world.alice.says("settings name")
    world.alice.sees("Which name shall others see?")
    await world.alice.says("resources crisis")
    world.alice.sees("988")


async def test_a_command_typed_again_is_no_answer_to_its_own_question(world: World) -> None:
    await world.mo.says("escalate Xyzzy")
    world.mo.sees("I know nobody of that name here")
    await world.mo.says("escalate Robin")
    world.mo.sees("The peers have been called")
    for told in ("worried about you", "I call you for nobody else"):
        world.robin.sees(told)
    world.room("peers").sees("I'm on it")


@pytest.mark.parametrize("words", ["no", "None", "nobody", "I'm not telling you"])
async def test_who_wants_no_name_gets_none_and_is_asked_kindly(world: World, words: str) -> None:
    await world.alice.says("settings name")
    world.alice.sees("Which name shall others see?")
    await world.alice.says(words)
    world.alice.sees("you need not have a name here", "cancel")
    await world.alice.says("cancel")
    world.alice.sees("nothing was changed")
    await world.alice.says("settings")
    world.alice.sees("Name shown to others: not set")


async def test_a_call_for_help_is_no_name(world: World) -> None:
    await world.alice.says("settings name help me")
    world.alice.sees("have not taken that for a name", "I need a person")
    await world.alice.clicks("I need a person")
    world.room("peers").sees("they asked for a person")
    for box in world.mailboxes:
        box.unseen.clear()


@pytest.mark.parametrize("taken", ["Sam", "sam", "Handrail"])
async def test_nobody_takes_the_name_of_a_peer_or_of_the_bot(world: World, taken: str) -> None:
    await world.alice.says(f"settings name {taken}")
    world.alice.sees("Somebody here is called that already; another name keeps you apart")
    await world.alice.says("Sky")
    world.alice.sees("Others see you as Sky")
    await world.sam.says("settings name Sam")
    world.sam.sees("Others see you as Sam")
    world.sam.unseen.clear()


async def test_words_that_a_peer_was_asked_about_are_kept_no_longer_than_a_question_itself(world: World) -> None:
    await with_alice(world)
    await world.sam.says("I feel hopeless")
    for _day in range(3):
        world.clock.move_to(world.now + timedelta(hours=20))  # what is due meanwhile is of no interest here
        await world.sam.says("!settings zone")
    async with world.database.begin() as tx:
        (row,) = await tx.session.scalars(select(Question))
        assert "hopeless" not in str(tx.vault.open_json(row.arguments_sealed, PURPOSE))
    clear(world)
