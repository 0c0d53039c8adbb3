"""Meetings: announced, listed, followed, reminded of, cancelled, moved."""

from datetime import UTC, datetime

from harness import World
from harness.fixtures import on_both_databases

LINK = "https://meet.example.org/evening"


async def follow(world: World, words: str = "meetings follow Evening group") -> None:
    """Alice wants to be reminded."""
    await world.alice.says(words)
    world.alice.sees("I'll remind you privately")


async def add_sunrise(world: World) -> None:
    """Olive announces a meeting that its room is reminded of."""
    await world.olive.says("meetings add Sunrise mon 10:00 where the park")
    world.olive.sees("Sunrise is announced: Mondays at 10:00 (America/New_York), 60 min")


async def test_the_next_meetings_are_listed_in_the_readers_own_zone(world: World) -> None:
    await world.alice.says("settings zone Europe/Berlin")
    world.alice.sees("Europe/Berlin")
    await world.alice.says("meetings")
    shown = world.alice.sees("The next meetings", "Europe/Berlin", "Evening group", "Remind me: Evening group")
    assert "there are more" not in shown.text
    assert "Wed 25 Nov, 01:30, 60 min" in shown.text


async def test_the_communitys_own_meetings_are_found_by_their_words_day_and_kind(world: World) -> None:
    for words in ("evening", "tuesday", "evenning group tuesday"):
        await world.alice.says(f"meetings find {words}")
        world.alice.sees("Evening group", "More: Evening group")
    for words in ("wednesday", "spanish"):
        await world.alice.says(f"meetings find {words}")
        world.alice.sees("I know of no such meeting")


@on_both_databases
async def test_an_organizer_adds_a_meeting_and_everybody_finds_it(world: World) -> None:
    await world.olive.says('meetings add "Morning circle" "sat, sun" 9:30 Europe/Berlin 45 https://meet.example.org/m')
    world.olive.sees("Morning circle is announced", "09:30 (Europe/Berlin), 45 min")
    await world.alice.says("meetings")
    assert "Sat 28 Nov, 03:30, 45 min" in world.alice.sees("Morning circle").text


async def test_a_meetings_parameters_are_asked_one_by_one(world: World) -> None:
    await world.olive.says("meetings add")
    world.olive.sees("What is the meeting called?")
    await world.olive.says("Sunrise")
    world.olive.sees("On which days?")
    await world.olive.says("mondays and fridays")
    world.olive.sees("At what time does it start?")
    await world.olive.says("half past never")
    world.olive.sees("I did not understand", "time")
    await world.olive.says("7 am")
    world.olive.sees("Where is it?")
    await world.olive.says("the park")
    world.olive.sees("Sunrise is announced: Mondays and Fridays at 07:00")


async def test_cancel_ends_the_asking_and_nothing_is_stored(world: World) -> None:
    await world.olive.says("meetings add")
    world.olive.sees("What is the meeting called?")
    await world.olive.says("cancel")
    world.olive.sees("nothing was changed")
    await world.alice.says("meetings")
    world.alice.sees("Evening group")


@on_both_databases
async def test_a_follower_is_reminded_privately_with_the_link_at_the_lead_of_their_choice(world: World) -> None:
    await follow(world, "meetings follow Evening group 30")
    await world.until("2026-11-24 18:59")
    world.alice.sees_nothing()
    await world.until("2026-11-24 19:00")
    shown = world.alice.sees("Evening group starts soon: Tue 24 Nov, 19:30", LINK)
    assert shown.private


async def test_the_rooms_reminder_has_no_link(world: World) -> None:
    await world.olive.says("meetings add Sunrise mon 10:00 https://meet.example.org/sunrise")
    world.olive.sees("Sunrise is announced")
    await world.until("2026-11-23 09:45")
    assert "https://" not in world.room("lobby").sees("Sunrise starts soon: Mon 23 Nov, 10:00").text


async def test_a_follower_is_reminded_each_time(world: World) -> None:
    await follow(world)
    await world.advance(days=7)
    assert [world.alice.sees("starts soon").at.day for _time in range(2)] == [25, 27]


async def test_a_meeting_stays_at_its_wall_time_when_clocks_change(world: World) -> None:
    world.clock.move_to(datetime(2027, 3, 11, 17, tzinfo=UTC))
    await follow(world)
    await world.advance(days=6)
    shown = [world.alice.sees("starts soon") for _time in range(2)]
    # In New York clocks go forward on 14 March 2027; 19:15 is 00:15 UTC before and 23:15 UTC after it.
    assert [(each.at.hour, each.at.minute) for each in shown] == [(0, 15), (23, 15)]
    assert all("19:30" in each.text for each in shown)


async def test_who_follows_no_more_is_not_reminded(world: World) -> None:
    await follow(world)
    await world.alice.clicks("No reminder")
    world.alice.sees("No more reminders of Evening group")
    await world.advance(days=7)


async def test_the_next_follower_is_reminded_though_the_one_before_has_left(world: World) -> None:
    await follow(world, "meetings follow Evening group 60")
    await world.until("2026-11-24 18:30")
    world.alice.sees("starts soon")
    await world.alice.says("meetings unfollow Evening group")
    world.alice.sees("No more reminders")
    await world.bob.says("meetings follow Evening group 15")
    world.bob.sees("I'll remind you privately")
    await world.until("2026-11-24 19:15")
    world.bob.sees("Evening group starts soon")


async def test_in_quiet_hours_no_reminder_comes(world: World) -> None:
    await follow(world)
    await world.alice.says("settings quiet 18:00 08:00")
    world.alice.sees("No reminders from")
    await world.advance(days=2)


@on_both_databases
async def test_a_cancelled_date_is_told_to_followers_and_room_and_nobody_is_reminded_of_it(world: World) -> None:
    await follow(world)
    await world.olive.says("meetings cancel Evening group 2026-11-24")
    world.olive.sees("Evening group of Tue 24 Nov, 19:30 is cancelled")
    for box in (world.alice, world.room("lobby")):
        box.sees("Evening group is cancelled this time: Tue 24 Nov, 19:30")
    await world.until("2026-11-26 19:14")
    world.alice.sees_nothing()
    await world.until("2026-11-26 19:15")
    world.alice.sees("Thu 26 Nov")


async def test_a_moved_date_is_told_and_reminded_of_at_its_new_time(world: World) -> None:
    await follow(world)
    await world.olive.says("meetings move Evening group 2026-11-24 20:30")
    world.olive.sees("Evening group is now at Tue 24 Nov, 20:30")
    for box in (world.alice, world.room("lobby")):
        box.sees("at another time: Tue 24 Nov, 19:30 → Tue 24 Nov, 20:30")
    await world.until("2026-11-24 20:14")
    world.alice.sees_nothing()
    await world.until("2026-11-24 20:15")
    world.alice.sees("starts soon: Tue 24 Nov, 20:30")


async def test_a_meeting_moved_away_and_back_is_told_each_time(world: World) -> None:
    await follow(world)
    for time in ("20:30", "21:30", "20:30"):
        await world.olive.says(f"meetings move Evening group 2026-11-24 {time}")
        world.olive.sees(f"is now at Tue 24 Nov, {time}")
        for box in (world.alice, world.room("lobby")):
            box.sees(f"→ Tue 24 Nov, {time}")
        await world.advance(minutes=1)


async def test_a_day_on_which_there_is_none_is_asked_again_with_the_nearest(world: World) -> None:
    await world.olive.says("meetings cancel Evening group 2026-11-25")
    world.olive.sees("Evening group is not on that day", "2026-11-24", "2026-11-26")
    await world.olive.clicks("2026-11-26")
    world.olive.sees("Evening group of Thu 26 Nov, 19:30 is cancelled")
    world.room("lobby").sees("is cancelled this time")


async def test_a_removed_meeting_is_told_to_its_followers(world: World) -> None:
    await follow(world)
    await world.olive.says("meetings remove Evening group")
    world.olive.sees("Evening group is removed")
    world.alice.sees("Evening group will not take place any more")
    await world.advance(days=7)


async def test_a_meeting_is_found_in_spite_of_a_typo(world: World) -> None:
    await world.alice.says("meetings follow evenning grop")
    world.alice.sees("before Evening group")


async def test_an_unclear_name_is_asked_again_with_the_nearest(world: World) -> None:
    await add_sunrise(world)
    await world.alice.says("meetings follow xyzzy")
    world.alice.sees("Which meeting do you mean?", "Evening group", "Sunrise")
    await world.alice.clicks("Sunrise")
    world.alice.sees("before Sunrise")
    await world.until("2026-11-23 09:45")
    world.alice.sees("Sunrise starts soon")
    world.room("lobby").sees("Sunrise starts soon")


async def test_a_member_may_not_announce_meetings(world: World) -> None:
    await world.alice.says("meetings add Sunrise mon 10:00 the park")
    world.alice.sees("This is for organizers of your community")
