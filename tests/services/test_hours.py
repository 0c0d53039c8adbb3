"""Hours, as people write them: quiet ones, and those in which a peer can be called."""

import pytest
from harness import World
from sqlalchemy import select

from bot.storage.tables import Member


@pytest.mark.parametrize("hours", ["22:00-07:00", "22–7", "from 10 pm until 7 am", "10-7", "hours 10-7"])
async def test_quiet_hours_are_set_in_one_piece_as_people_write_them(world: World, hours: str) -> None:
    await world.alice.says(f"settings quiet {hours}")
    world.alice.sees("No reminders from 22:00 to 07:00", "If you meant other hours", "Other hours")


@pytest.mark.parametrize(
    "words",
    [
        *("settings quiet 22:00 22:00", "no quiet hours", "quiet hours off", "Turn off quiet hours."),
        *("I don't want quiet hours", "sin horas de silencio"),
    ],
)
async def test_quiet_hours_are_ended_by_whatever_people_call_that_asked_or_not(world: World, words: str) -> None:
    for first in ("settings quiet 22:00 07:00", "settings quiet"):
        await world.alice.says(first)
        world.alice.unseen.clear()
        await world.alice.says(words)
        assert set(await world.rows(select(Member.quiet_from))) == {None}
        world.alice.unseen.clear()


@pytest.mark.parametrize("words", ["quiet hours 25-3", "settings quiet 25 to 3", "settings quiet at dusk"])
async def test_hours_that_no_day_has_are_refused_with_an_example(world: World, words: str) -> None:
    await world.alice.says(words)
    world.alice.sees("Please write from when until when, such as 22:00-07:00", "all day is 0-24")
    await world.alice.says("quiet hours off")
    world.alice.sees("You have no quiet hours now")


@pytest.mark.parametrize("words", ["quiet 7-7", "quiet hours 7 to 7", "settings quiet 7-7"])
async def test_of_half_a_day_it_is_said_which_half_and_the_other_or_all_is_one_press_away(
    world: World, words: str
) -> None:
    await world.alice.says(words)
    world.alice.sees("No reminders from 19:00 to 07:00 by your clock: that is half of the day. If you")
    await world.alice.clicks("07:00 to 19:00")
    world.alice.sees("No reminders from 07:00 to 19:00", "19:00 to 07:00")
    await world.alice.clicks("All day")
    world.alice.sees("No reminders from 00:00 to 23:59")


@pytest.mark.parametrize("words", ["quiet please", "quiet in here today", "quiet for 3 days now"])
async def test_other_words_with_quiet_set_no_hours(world: World, words: str) -> None:
    await world.alice.says(words)
    world.alice.sees("I'm only a bot")


@pytest.mark.parametrize(
    "hours", ["18:00 24:00", "18:00-24:00", "18-24", "18:00 until 24:00", "6pm - midnight", "１８:００－２４:００"]
)
async def test_hours_may_last_until_24_o_clock_and_be_written_as_one_span(world: World, hours: str) -> None:
    await world.sam.says(f"!roster hours mon-fri {hours}")
    world.sam.sees("Monday to Friday, 18:00 to 00:00")


@pytest.mark.parametrize(
    ("hours", "press", "told"),
    [
        ("9-5", "09:00-17:00", "from 09:00 to 17:00: Monday to Friday"),
        ("9 to 5", "09:00-17:00", "from 09:00 to 17:00: Monday to Friday"),
        ("10-7", "22:00-07:00", "from 22:00 to 07:00 of the next day: Monday to Friday. If you meant other hours"),
        ("9am-5", "09:00-17:00", "from 09:00 to 17:00"),
        ("9-5pm", "09:00-17:00", "from 09:00 to 17:00"),
        ("10-7am", "22:00-07:00", "from 22:00 to 07:00 of the next day"),
    ],
)
async def test_hours_of_which_the_half_of_the_day_is_not_clear_are_asked_about_and_said_back(
    world: World, hours: str, press: str, told: str
) -> None:
    await world.sam.says(f"!roster hours weekdays {hours}")
    world.sam.sees("may be by day or by night. Which do you mean?", "such as 09:00-17:00", press)
    await world.sam.clicks(press)
    world.sam.sees(f"You can be called {told}")
    await world.sam.says("roster hours mon-fri 9-17")
    world.sam.sees("Monday to Friday, 09:00 to 17:00")


async def test_hours_are_asked_for_one_by_one_and_both_times_may_be_written_at_once(world: World) -> None:
    await world.sam.says("roster hours")
    world.sam.sees("On which days?")
    await world.sam.says("every day")
    world.sam.sees("From what time?")
    await world.sam.says("10am-7pm")
    world.sam.sees("You can be called from 10:00 to 19:00: Every day.")
    await world.sam.says("roster hours weekends 0-24")
    world.sam.sees("on these days at all hours: Saturdays and Sundays.")
    await world.sam.says("roster hours all week 0-24")
    world.sam.sees("You can be called at any time")
    await world.sam.says("roster hours fortnightly 10-7")
    world.sam.sees("I did not understand “fortnightly”. Please write the days, such as")


async def test_of_a_rota_the_half_of_the_day_is_asked_and_its_people_are_kept(world: World) -> None:
    await world.olive.says("rota add Nights daily 10-7 Sam, Robin")
    world.olive.sees("by day or by night")
    await world.olive.clicks("22:00-07:00")
    world.olive.sees("Mon 23 Nov, 22:00 to Tue 24 Nov, 07:00: Sam", "07:00: Robin")
    await world.olive.says("rota put Sam today 9 to 5")
    world.olive.sees("by day or by night")
    world.room("peers").unseen.clear()
