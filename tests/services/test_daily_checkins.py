"""Check-ins, from opting in to a month of one's own."""

from datetime import UTC, datetime, timedelta

import pytest
from harness import World
from harness.fixtures import on_both_databases
from sqlalchemy import select

from bot.core.platform import TryAgain
from bot.storage.tables import CheckInRow, Delivery

PROMPT = "How are you today?"


async def opt_in(world: World, words: str = "checkin start 9:00") -> None:
    """Alice wants to be asked."""
    await world.alice.says(words)
    world.alice.sees("I'll ask you every day at")


async def answers(world: World) -> list[tuple[str, int | None]]:
    """All answers: the day and the mood."""
    rows = await world.rows(select(CheckInRow).order_by(CheckInRow.day))
    return [(row.day.isoformat(), row.mood) for row in rows]


@on_both_databases
async def test_a_member_is_asked_privately_at_their_own_time(world: World) -> None:
    await opt_in(world, "checkin start 20:15 Europe/Berlin")
    await world.until("2026-11-23 20:14", "Europe/Berlin")
    world.alice.sees_nothing()
    await world.until("2026-11-23 20:15", "Europe/Berlin")
    shown = world.alice.sees(PROMPT, "Great", "Good", "Okay", "Low", "Hard", "Not today")
    assert shown.private
    assert shown.at == world.now


async def test_without_a_time_it_is_the_communitys(world: World) -> None:
    await world.alice.says("checkin start")
    world.alice.sees("09:00 (America/New_York)")


@pytest.mark.parametrize("time", ["8am", "08:00"])
async def test_another_time_is_said_right_after(world: World, time: str) -> None:
    await world.alice.says("checkin start")
    world.alice.sees("09:00 (America/New_York)", "For another time, write it to me, such as “8am”")
    await world.alice.says(time)
    world.alice.sees("every day at 08:00 (America/New_York)")
    await world.alice.says("8:30 pm")
    world.alice.sees("every day at 20:30 (America/New_York)")


@pytest.mark.parametrize("words", ["how are you", "5"])
async def test_other_words_after_the_start_change_no_time(world: World, words: str) -> None:
    await opt_in(world)
    await world.alice.says(words)
    world.alice.sees("cannot answer that")
    await world.alice.says("8am")
    world.alice.sees("cannot answer that")


async def test_a_time_written_in_a_conversation_is_a_word_to_the_peer(world: World) -> None:
    await world.alice.says("peer")
    await world.sam.clicks("I'm on it")
    await world.alice.says("!checkin start")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.says("8am")
    world.sam.sees("8am")


async def test_they_are_asked_once_a_day(world: World) -> None:
    await opt_in(world)
    await world.advance(days=3)
    for _day in range(3):
        world.alice.sees(PROMPT)


async def test_a_summer_time_change_leaves_the_wall_time_as_it_is(world: World) -> None:
    world.clock.move_to(datetime(2027, 3, 13, 17, tzinfo=UTC))
    await opt_in(world)
    await world.advance(days=2)
    shown = [world.alice.sees(PROMPT) for _day in range(2)]
    # In New York clocks go forward on 14 March 2027: 9:00 is 13:00 UTC from then on.
    assert [(each.at.day, each.at.hour) for each in shown] == [(14, 13), (15, 13)]


@on_both_databases
async def test_a_day_has_one_answer_that_may_be_changed_that_day(world: World) -> None:
    await opt_in(world)
    await world.advance(hours=1)
    world.alice.sees(PROMPT)
    await world.alice.clicks("Low")
    world.alice.sees("Low. Thank you for checking in")
    await world.alice.clicks("Good")
    world.alice.sees("Good. Thank you for checking in")
    assert await answers(world) == [("2026-11-23", 4)]


async def test_a_number_is_the_answer_of_that_number(world: World) -> None:
    await world.alice.says("checkin now")
    world.alice.sees(PROMPT)
    await world.alice.says("2")
    world.alice.sees("Good. Thank you for checking in")


async def test_yesterdays_question_is_answered_for_today(world: World) -> None:
    await world.alice.says("checkin now")
    world.alice.sees(PROMPT)
    await world.advance(days=1)
    await world.alice.clicks("Great")
    world.alice.sees("Thank you for checking in")
    assert await answers(world) == [("2026-11-24", 5)]


async def test_not_today_is_no_reproach(world: World) -> None:
    await world.alice.says("checkin now")
    world.alice.sees(PROMPT)
    await world.alice.clicks("Not today")
    world.alice.sees("That's fine. Until tomorrow.")
    assert await answers(world) == [("2026-11-23", None)]


async def test_who_has_answered_already_is_not_asked_that_day(world: World) -> None:
    await opt_in(world)
    await world.alice.says("checkin now")
    world.alice.sees(PROMPT)
    await world.alice.clicks("Okay")
    world.alice.sees("Thank you")
    await world.advance(hours=10)


async def test_a_hard_day_offers_a_person(world: World) -> None:
    await world.alice.says("checkin now")
    world.alice.sees(PROMPT)
    await world.alice.clicks("Hard")
    world.alice.sees("a person can come", "I need a person")


async def test_stop_ends_it(world: World) -> None:
    await opt_in(world)
    await world.alice.says("checkin stop")
    world.alice.sees("I won't ask any more")
    await world.advance(days=2)


async def test_stop_also_ends_what_waits_for_the_end_of_quiet_hours(world: World) -> None:
    await world.alice.says("settings quiet 22:00 10:00")
    world.alice.sees("No reminders from 22:00 to 10:00")
    await opt_in(world)
    await world.until("2026-11-23 09:30")
    await world.alice.says("checkin stop")
    world.alice.sees("I won't ask any more")
    await world.advance(days=1)


async def test_who_answers_in_quiet_hours_is_not_asked_after_them(world: World) -> None:
    await world.alice.says("settings quiet 22:00 10:00")
    world.alice.sees("No reminders")
    await opt_in(world)
    await world.until("2026-11-23 09:30")
    await world.alice.says("checkin now")
    world.alice.sees(PROMPT)
    await world.alice.clicks("Good")
    world.alice.sees("Thank you")
    await world.until("2026-11-23 12:00")


async def test_quiet_hours_are_kept_and_then_they_are_asked(world: World) -> None:
    await world.alice.says("settings quiet 22:00 10:00")
    world.alice.sees("No reminders")
    await opt_in(world)
    await world.until("2026-11-23 09:59")
    world.alice.sees_nothing()
    await world.until("2026-11-23 10:00")
    world.alice.sees(PROMPT)


async def test_another_zone_on_the_same_day_gives_one_prompt(world: World) -> None:
    await opt_in(world)
    await world.until("2026-11-23 09:00")
    world.alice.sees(PROMPT)
    await world.alice.says("settings zone America/Los_Angeles")
    world.alice.sees("Your time zone is America/Los_Angeles")
    await world.until("2026-11-23 23:59", "America/Los_Angeles")
    world.alice.sees_nothing()
    await world.until("2026-11-24 09:00", "America/Los_Angeles")
    world.alice.sees(PROMPT)


async def test_a_new_time_on_the_same_day_gives_one_prompt(world: World) -> None:
    await opt_in(world)
    await world.until("2026-11-23 09:00")
    world.alice.sees(PROMPT)
    await opt_in(world, "checkin start 15:00")
    await world.until("2026-11-23 23:00")
    world.alice.sees_nothing()
    await world.until("2026-11-24 15:00")
    world.alice.sees(PROMPT)


async def test_a_prompt_that_could_not_be_sent_for_two_hours_is_not_sent_any_more(world: World) -> None:
    await opt_in(world)
    world.console.failures["alice"] = TryAgain("down", timedelta(minutes=20))
    await world.advance(hours=4)
    del world.console.failures["alice"]
    await world.advance(hours=10)
    assert await world.rows(select(Delivery.state).where(Delivery.key.startswith("checkin:"))) == ["expired"]


async def test_nobody_else_sees_an_answer_or_a_note(world: World) -> None:
    await world.alice.says("checkin now")
    world.alice.sees(PROMPT)
    await world.alice.clicks("Good")
    world.alice.sees("Add a note")
    await world.alice.clicks("Add a note")
    world.alice.sees("What would you like to note for yourself?")
    await world.alice.says("slept well")
    world.alice.sees("Noted, for you alone.")


async def test_only_the_member_can_share_it(world: World) -> None:
    await world.alice.says("checkin now")
    world.alice.sees(PROMPT)
    await world.alice.clicks("Good")
    world.alice.sees("Share it")
    await world.bob.says("checkin share")
    world.bob.sees("There is nothing to share today yet")
    await world.alice.clicks("Share it")
    world.alice.sees("Shared in your community's room")
    world.room("lobby").sees("A member shares a check-in: 🙂 Good")


async def test_a_note_added_after_sharing_can_be_shared_too(world: World) -> None:
    await world.alice.says("settings name Al")
    world.alice.sees("Others see you as Al")
    await world.alice.says("checkin now")
    world.alice.sees(PROMPT)
    await world.alice.clicks("Good")
    world.alice.sees("Share it")
    await world.alice.clicks("Share it")
    world.alice.sees("Shared")
    world.room("lobby").sees("Al shares a check-in")
    await world.advance(minutes=1)
    await world.alice.says("checkin note slept well")
    world.alice.sees("Noted")
    await world.alice.says("checkin share")
    world.alice.sees("Shared")
    world.room("lobby").sees("slept well")


async def test_the_month_is_shown_to_the_member_alone(world: World) -> None:
    for mood in ("Great", "Low", "Great"):
        await world.alice.says("checkin now")
        world.alice.sees(PROMPT)
        await world.alice.clicks(mood)
        world.alice.sees("Thank you")
        await world.advance(days=1)
    await world.alice.says("checkin month", "lobby")
    await world.alice.says("!checkin month", "lobby")
    shown = world.alice.sees("You checked in 3 times: 😄 Great × 2, 🙁 Low × 1")
    assert shown.text.splitlines()[-1] == "·" * 22 + "█▃█·"


async def test_words_of_danger_in_a_note_call_a_person_and_what_follows_is_for_them(world: World) -> None:
    await world.alice.says("checkin now")
    world.alice.sees(PROMPT)
    await world.alice.clicks("Hard")
    world.alice.sees("Add a note")
    await world.alice.clicks("Add a note")
    world.alice.sees("What would you like to note")
    await world.alice.says("I want to kill myself")
    world.alice.sees("I'm getting a person")
    world.room("peers").sees("I'm on it")
    await world.alice.says("are you coming")
    world.alice.sees("I keep this for the person who comes")


async def test_who_was_asked_stops_and_starts_again_is_not_asked_twice_that_day(world: World) -> None:
    await opt_in(world)
    await world.until("2026-11-23 09:00")
    world.alice.sees(PROMPT)
    await world.alice.says("checkin stop")
    world.alice.sees("I won't ask any more")
    await opt_in(world, "checkin start 15:00")
    await world.until("2026-11-23 23:00")
    world.alice.sees_nothing()
    await world.until("2026-11-24 15:00")
    world.alice.sees(PROMPT)


async def test_who_stops_and_starts_before_they_were_asked_is_asked_at_the_new_time(world: World) -> None:
    await world.alice.says("settings quiet 22:00 10:00")
    world.alice.sees("No reminders")
    await opt_in(world)
    await world.until("2026-11-23 09:30")
    await world.alice.says("checkin stop")
    world.alice.sees("I won't ask any more")
    await opt_in(world, "checkin start 15:00")
    await world.until("2026-11-23 14:59")
    world.alice.sees_nothing()
    await world.until("2026-11-23 15:00")
    world.alice.sees(PROMPT)


async def test_a_prompt_that_waits_gives_way_to_a_new_time_of_the_same_day(world: World) -> None:
    await world.alice.says("settings quiet 22:00 10:00")
    world.alice.sees("No reminders")
    await opt_in(world)
    await world.until("2026-11-23 09:30")
    await opt_in(world, "checkin start 15:00")
    await world.until("2026-11-23 14:59")
    world.alice.sees_nothing()
    await world.until("2026-11-23 23:00")
    world.alice.sees(PROMPT)


async def test_a_prompt_that_waits_still_comes_when_the_new_time_has_passed_today(world: World) -> None:
    await world.alice.says("settings quiet 22:00 10:00")
    world.alice.sees("No reminders")
    await opt_in(world)
    await world.until("2026-11-23 09:30")
    await opt_in(world, "checkin start 9:10")
    await world.until("2026-11-23 23:00")
    world.alice.sees(PROMPT)
