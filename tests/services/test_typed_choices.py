"""What is typed is taken for what was meant: choices by name or number, and times in spite of a slip."""

import pytest
from harness import World
from sqlalchemy import select

from bot.core.content import Choice, Content
from bot.core.platform import Address
from bot.core.words import ENGLISH
from bot.delivery.outbox import Message, Priority, enqueue
from bot.services.offer import I_NEED_A_PERSON
from bot.services.replies import HELP
from bot.storage.tables import CheckInRow

PROMPT = "How are you today?"


async def ask_alice(world: World) -> None:
    """Alice is asked how she is, and the bot waits for nothing else."""
    await world.alice.says("checkin start 9:00")
    world.alice.sees("I'll ask you every day at")
    await world.advance(hours=1)
    world.alice.sees(PROMPT)


async def moods(world: World) -> list[int | None]:
    """All answers."""
    return await world.rows(select(CheckInRow.mood))


async def say_to_alice(world: World, *choices: Choice) -> None:
    """The bot says something unasked."""
    content = Content(text="A meeting begins.", choices=choices).rendered(ENGLISH)
    to = Address(platform="console", kind="direct", id="alice")
    async with world.database.begin() as tx:
        message = Message(key="news", to=to, content=content, priority=Priority.MEETING, due_at=world.now)
        await enqueue(tx, message, now=world.now)
    await world.app.settle()
    world.alice.sees("A meeting begins")


async def test_a_typed_mood_is_the_answer_whatever_the_bot_has_said_since(world: World) -> None:
    await ask_alice(world)
    await world.alice.says("settings")
    world.alice.sees("Your settings")
    await world.alice.says("Good!")
    world.alice.sees("Good. Thank you for checking in")
    assert await moods(world) == [4]


async def test_a_typed_mood_is_no_answer_to_a_question_that_cannot_have_it(world: World) -> None:
    await ask_alice(world)
    await world.alice.says("settings zone Xyzzy")
    world.alice.sees("I did not understand")
    await world.alice.says("good")
    world.alice.sees("Good. Thank you for checking in")


async def test_a_typed_mood_is_no_name_where_the_mood_was_asked_for_last(world: World) -> None:
    await world.alice.says("checkin start 9:00")
    world.alice.sees("I'll ask you every day at")
    await world.advance(minutes=58)
    await world.alice.says("settings name")
    world.alice.sees("Which name shall others see?")
    await world.advance(minutes=2)
    world.alice.sees(PROMPT)
    await world.alice.says("good")
    world.alice.sees("Good. Thank you for checking in")


async def test_a_mood_is_a_name_where_a_name_was_asked_for_last(world: World) -> None:
    await world.alice.says("checkin now")
    world.alice.sees(PROMPT)
    await world.alice.says("settings name")
    world.alice.sees("Which name shall others see?")
    await world.alice.says("Good")
    world.alice.sees("Good")
    assert await moods(world) == []


async def test_a_number_that_two_messages_in_a_row_may_be_meant_for_does_nothing_before_it_is_told_which(
    world: World,
) -> None:
    await ask_alice(world)
    await say_to_alice(world, HELP, I_NEED_A_PERSON)
    await world.alice.says("2")
    world.alice.sees("Which of my messages is that number for?", "🙂 Good", "I need a person")
    assert await moods(world) == []
    await world.alice.says("1")
    world.alice.sees("Good. Thank you for checking in")


async def test_a_number_never_shares_a_checkin_where_the_question_of_the_day_has_it_too(world: World) -> None:
    await world.alice.says("checkin now")
    world.alice.sees(PROMPT)
    await world.alice.says("1")
    world.alice.sees("Great. Thank you for checking in")
    await world.alice.says("2")
    world.alice.sees("Which of my messages is that number for?", "🙂 Good", "Share it")
    await world.alice.says("share it")
    world.alice.sees("Shared in your community's room")
    world.room("lobby").sees("shares a check-in")


async def test_a_number_that_only_an_older_message_has_is_asked_about(world: World) -> None:
    await ask_alice(world)
    await say_to_alice(world, I_NEED_A_PERSON)
    await world.alice.says("5")
    world.alice.sees("Which of my messages is that number for?", "😣 Hard")


@pytest.mark.parametrize(
    ("words", "guess", "done"),
    [
        ("meetings cancel Evening group tomorow", "tomorrow", "Evening group of Tue 24 Nov, 19:30 is cancelled"),
        ("meetings move Evening group tomorow 20:00", "tomorrow", "Tue 24 Nov, 20:00"),
        ("meetings follow Evening group 30 mintues", "30", "30 min before Evening group"),
        ("checkin start 8 oclok", "08:00", "every day at 08:00"),
        ("checkin start mdnight", "midnight", "every day at 00:00"),
    ],
)
async def test_a_slip_in_a_time_behind_a_command_is_asked_about_with_what_was_meant(
    world: World, words: str, guess: str, done: str
) -> None:
    await world.olive.joins()
    await world.olive.says(words)
    world.olive.sees("I did not understand", guess)
    await world.olive.says(guess)
    world.olive.sees(done)
    for box in world.mailboxes:
        box.unseen.clear()


async def test_a_slip_in_what_is_looked_for_is_asked_about(world: World) -> None:
    await world.alice.says("meetings find tomorow")
    world.alice.sees("I know of no such meeting", "tomorrow")
    await world.alice.clicks("tomorrow")
    world.alice.sees("Evening group")
    await world.alice.says("meetings find Xyzzy")
    assert "cancel" not in world.alice.sees("I know of no such meeting").text


async def test_in_a_case_a_number_presses_what_was_said_last_at_once(world: World) -> None:
    await ask_alice(world)
    await world.alice.says("i want to kill myself", "lobby")
    world.alice.sees("988", "I'm safe")
    world.room("peers").sees("I'm on it")
    await world.alice.says("2")
    world.alice.sees("Which country")
