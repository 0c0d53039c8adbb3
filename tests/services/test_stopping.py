"""One word ends all that the bot sends by itself."""

import pytest
from harness import World
from sqlalchemy import select

from bot.storage.tables import CheckInSchedule, Reminder
from services.test_cases import open_case


async def all_on(world: World) -> None:
    """Alice is asked every day how she is, and reminded of a meeting."""
    await world.alice.says("checkin start 09:00")
    world.alice.sees("every day at")
    await world.alice.says("meetings follow Evening group")
    world.alice.sees("remind you privately")


@pytest.mark.parametrize(
    "said",
    [
        "stop",
        "Stop everything!",
        "stop all",
        "unsubscribe",
        "stop messaging me",
        "turn off",
        "no more reminders",
        "don't remind me",
        "please don't write to me",
        "settings stop",
    ],
)
async def test_one_word_stops_all_and_says_what_and_how_to_start_again(world: World, said: str) -> None:
    await all_on(world)
    await world.alice.says(said)
    told = world.alice.sees("stopped check-ins and reminders of meetings", "checkin start", "meetings follow")
    assert "Delete my data" in [str(choice.label) for choice in told.choices]
    await world.advance(days=8)
    world.alice.sees_nothing()
    assert await world.rows(select(CheckInSchedule.id)) == []
    assert await world.rows(select(Reminder.id).where(Reminder.member_id.is_not(None))) == []
    world.room("meetings").unseen.clear()


@pytest.mark.parametrize(
    "said", ["dont write me, he reads my phone", "stop texting me because my husband checks my phone"]
)
async def test_whose_phone_is_read_is_sent_nothing_more_by_itself_and_the_peers_know(world: World, said: str) -> None:
    await all_on(world)
    await world.alice.says(said)
    told = world.alice.sees("All right. I send nothing more by myself.")
    assert "check-in" not in told.text
    assert await world.rows(select(CheckInSchedule.id)) == []
    assert await world.rows(select(Reminder.id).where(Reminder.member_id.is_not(None))) == []
    world.room("peers").sees("danger from somebody", "my phone")
    for box in world.mailboxes:
        box.unseen.clear()


@pytest.mark.parametrize("said", ["stop checkins", "no check-ins", "turn off check-ins", "stop checking on me"])
async def test_check_ins_alone_are_ended_in_plain_words(world: World, said: str) -> None:
    await all_on(world)
    await world.alice.says(said)
    world.alice.sees("I won't ask any more")
    assert await world.rows(select(CheckInSchedule.id)) == []
    assert len(await world.rows(select(Reminder.id).where(Reminder.member_id.is_not(None)))) == 1


async def test_where_nothing_is_sent_it_says_so_and_still_leads_to_deleting(world: World) -> None:
    await world.alice.says("stop")
    world.alice.sees("nothing to stop")
    await world.alice.clicks("Delete my data")
    world.alice.sees("Yes, erase everything")


@pytest.mark.parametrize(
    "said", ["delete my data", "Delete my account", "delete everything", "please delete all my data", "remove me"]
)
async def test_deleting_is_understood_in_plain_words_and_asks_first(world: World, said: str) -> None:
    await world.alice.says(said)
    world.alice.sees("Yes, erase everything")


async def test_to_a_question_stop_ends_that_question_alone(world: World) -> None:
    await all_on(world)
    await world.alice.says("settings name")
    world.alice.sees("Which name")
    await world.alice.says("stop")
    world.alice.sees("nothing was changed")
    assert await world.rows(select(CheckInSchedule.id)) != []


async def test_who_waits_for_a_person_is_told_that_they_are_still_called(world: World) -> None:
    await open_case(world)
    await world.alice.says("stop")
    world.alice.sees("still called for you", "I'm safe")


async def test_to_a_person_stop_is_a_word_like_any(world: World) -> None:
    await open_case(world)
    await world.sam.clicks("I'm on it")
    world.sam.unseen.clear()
    world.alice.unseen.clear()
    world.room("peers").unseen.clear()
    await world.alice.says("stop")
    world.sam.sees("stop")
    world.alice.sees("That went to", "!settings stop")
    await world.sam.says("stop")
    world.alice.sees("stop")
