"""What people do with meetings: entries in calendars, who comes, who greets or chairs."""

from harness.communities import HARBOUR
from harness.fixtures import on_both_databases
from harness.world import World
from sqlalchemy import func, select

from bot.core.community import PlaceKind
from bot.core.platform import CalendarForbidden, CalendarFull, NotConnected, TryAgain
from bot.storage.gathering_tables import Attendance, MeetingTask, Mirror
from bot.storage.tables import Delivery

ADD = 'meetings add "Book circle" mon,wed 12:00 60 "The library, room 2"'


async def announced(world: World, line: str = ADD) -> None:
    await world.olive.joins()
    await world.olive.says(line)
    world.olive.sees("is announced")


async def shown(world: World) -> None:
    await announced(world)
    await world.olive.says('meetings mirror "Book circle"')
    world.olive.sees("goes into the calendar")
    world.room("lobby").sees("Book circle", "Next: Mon 23 Nov, 12:00", "The library, room 2", "BEGIN:VCALENDAR")


async def sent(world: World) -> int:
    (n,) = await world.rows(select(func.count()).where(Delivery.key.contains("mirror:"), Delivery.state == "sent"))
    return int(n)


# Calendars


@on_both_databases
async def test_an_entry_moves_on_to_the_next_date_when_one_is_over(world: World) -> None:
    await shown(world)
    await world.until("2026-11-23 13:01")
    world.room("lobby").sees("Book circle starts soon")
    world.room("lobby").sees_nothing()
    await world.until("2026-11-23 13:03")
    world.room("lobby").sees("Next: Wed 25 Nov, 12:00")


async def test_an_unchanged_meeting_is_shown_once_whatever_is_applied_or_chosen_again(world: World) -> None:
    await shown(world)
    await world.advance(minutes=5)
    await world.apply(HARBOUR)
    await world.olive.says('meetings mirror "Book circle"')
    world.olive.sees("goes into the calendar")
    await world.advance(minutes=5)
    assert await sent(world) == 1


async def test_a_meeting_that_is_removed_is_taken_out_of_the_calendar(world: World) -> None:
    await shown(world)
    await world.olive.says('meetings remove "Book circle"')
    world.olive.sees("is removed")
    await world.advance(minutes=3)
    assert await sent(world) == 2
    assert await world.rows(select(Mirror)) == []


async def test_what_could_not_be_sent_in_time_gives_way_to_what_is_true_now(world: World) -> None:
    await announced(world)
    world.console.failures["lobby"] = TryAgain("not now")
    await world.olive.says('meetings mirror "Book circle"')
    world.olive.sees("goes into the calendar")
    await world.olive.says('meetings move "Book circle" 2026-11-23 12:30')
    world.olive.sees("is now at")
    world.console.failures.clear()
    await world.advance(minutes=10)
    world.room("lobby").sees("is at another time")
    first = world.room("lobby").sees("Next: Mon 23 Nov")
    if "12:00" in first.text:  # it was on its way when the meeting moved
        world.room("lobby").sees("Next: Mon 23 Nov, 12:30")


async def test_an_entry_follows_the_meetings_room(world: World) -> None:
    await shown(world)
    await world.advance(minutes=2)
    places = [
        place.model_copy(update={"kinds": (PlaceKind.LOBBY,)}) for place in HARBOUR.places if "meetings" in place.kinds
    ]
    others = [place for place in HARBOUR.places if "meetings" not in place.kinds]
    office = places[0].model_copy(update={"kinds": (PlaceKind.MEETINGS,), "address": "office"})
    await world.apply(HARBOUR.model_copy(update={"places": (*places, *others, office)}))
    await world.olive.says('meetings mirror "Book circle"')  # before the entry in the old room is gone
    world.olive.sees("Book circle")
    await world.advance(minutes=5)
    world.room("office").sees("Book circle", "Next: Mon 23 Nov, 12:00")
    assert await world.rows(select(Mirror.address)) == ["office"]


async def test_what_waits_for_a_platform_out_of_reach_is_not_said_again_and_again(world: World) -> None:
    await announced(world)
    world.console.failures["lobby"] = NotConnected("away")
    await world.olive.says('meetings mirror "Book circle"')
    world.olive.sees("goes into the calendar")
    await world.advance(seconds=90)
    assert await world.rows(select(func.count()).where(Delivery.key.contains("mirror:"))) == [1]
    world.console.failures.clear()
    await world.advance(minutes=1)
    world.room("lobby").sees("Next: Mon 23 Nov, 12:00")


async def test_organizers_are_told_why_a_meeting_cannot_be_shown_once_and_what_to_do(world: World) -> None:
    await announced(world)
    world.console.failures["lobby"] = CalendarForbidden("no")
    await world.olive.says('meetings mirror "Book circle"')
    world.olive.sees("goes into the calendar")
    world.room("moderators").sees("the bot may not", "Create Events")
    await world.until("2026-11-23 13:30")
    world.room("moderators").sees_nothing()
    world.console.failures["lobby"] = CalendarFull("no")
    await world.olive.says('meetings mirror "Book circle"')
    world.olive.sees("goes into the calendar")
    world.room("moderators").sees("it is full", "100 events", "meetings unmirror")
    world.console.failures.clear()
    await world.until("2026-11-25 13:03")
    world.room("lobby").sees("Book circle starts soon")
    world.room("lobby").sees("Next: Mon 30 Nov, 12:00")


async def test_the_way_to_join_is_never_in_the_calendar(world: World) -> None:
    await announced(
        world,
        'meetings add "Book circle" mon 12:00 60 "Zoom 812 3456 7890, passcode: 4711, https://meet.example.org/1?pwd=secret"',
    )
    await world.olive.says('meetings mirror "Book circle"')
    world.olive.sees("goes into the calendar")
    text = world.room("lobby").sees("Online. For the way in, ask me privately").text
    assert "meet.example.org" not in text
    assert not [secret for secret in ("secret", "4711", "7890") if secret in text]


# Who comes


@on_both_databases
async def test_people_say_that_they_come_and_others_see_a_number(world: World) -> None:
    await announced(world)
    await world.alice.says('meetings coming "Book circle"')
    world.alice.sees("You come to Book circle, Mon 23 Nov, 12:00", "how many come: 1")
    await world.bob.says('meetings coming "Book circle"')
    world.bob.sees("how many come: 2")
    await world.bob.clicks("Not this time")
    world.bob.sees("Not this time, then")
    await world.alice.says("meetings")
    world.alice.sees("Book circle", "1 person comes")
    await world.olive.says('meetings show "Book circle"')
    world.olive.sees("1 person comes", "1 person does not come this time")
    await world.bob.clicks("Take it back")
    world.bob.sees("is taken back")
    assert await world.rows(select(func.count()).select_from(Attendance)) == [1]
    await world.alice.says("mydata export")
    world.alice.sees("attendances", "2026-11-23")
    await world.until("2026-11-23 15:00")
    world.room("lobby").sees("starts soon")
    assert await world.rows(select(Attendance)) == []


async def test_who_comes_is_told_of_a_change_and_who_does_not_is_not_reminded(world: World) -> None:
    await announced(world)
    await world.alice.says('meetings coming "Book circle"')
    world.alice.sees("You come")
    await world.bob.says('meetings follow "Book circle" 30')
    world.bob.sees("I'll remind you")
    await world.bob.says('meetings skip "Book circle"')
    world.bob.sees("I won't remind you of it")
    await world.olive.says('meetings move "Book circle" 2026-11-23 12:30')
    world.olive.sees("is now at")
    world.alice.sees("is at another time")
    world.bob.sees("is at another time")
    world.room("lobby").sees("is at another time")
    await world.until("2026-11-23 12:40")
    world.room("lobby").sees("starts soon")
    world.bob.sees_nothing()
    assert len(await world.rows(select(Attendance))) == 2
    await world.until("2026-11-25 11:50")
    world.bob.sees("starts soon")
    world.room("lobby").sees("starts soon")


async def test_an_erased_member_comes_to_nothing(world: World) -> None:
    await announced(world)
    await world.olive.says('meetings ask "Book circle" greet')
    world.olive.sees("I have asked")
    world.room("lobby").sees("Who can greet")
    await world.alice.says('meetings coming "Book circle"')
    world.alice.sees("You come")
    await world.alice.clicks("I can")
    world.alice.sees("Thank you! You greet")
    world.olive.sees("Somebody greets")
    world.room("lobby").sees("Somebody greets")
    await world.alice.says("mydata erase")
    world.alice.sees("This deletes your settings")
    await world.alice.clicks("Yes, erase everything")
    world.alice.unseen.clear()
    assert await world.rows(select(Attendance)) == []
    assert await world.rows(select(MeetingTask.taker)) == [None]


# Who greets, who chairs


@on_both_databases
async def test_the_first_who_presses_takes_it_and_is_reminded(world: World) -> None:
    await announced(world)
    await world.olive.says('meetings ask "Book circle" greet')
    world.olive.sees("I have asked")
    world.room("lobby").sees("Who can greet newcomers at Book circle?", "I can")
    await world.at_once((world.alice, "I can"), (world.bob, "I can"))
    told = {name: world.person(name).unseen.pop().text for name in ("alice", "bob")}
    (winner,) = [name for name, text in told.items() if "Thank you! You greet newcomers" in text]
    (loser,) = [name for name, text in told.items() if "Somebody has taken it already" in text]
    assert winner != loser
    world.olive.sees("Somebody greets newcomers")
    world.room("lobby").sees("Somebody greets newcomers")
    await world.person(winner).clicks("Give it back")
    world.person(winner).sees("It is given back")
    world.olive.sees("Nobody greets newcomers", "Ask again")
    world.room("lobby").sees("Who can greet newcomers")
    await world.person(loser).clicks("I can")
    world.person(loser).sees("Thank you! You greet newcomers")
    world.olive.sees("Somebody greets newcomers")
    world.room("lobby").sees("Somebody greets newcomers")
    await world.until("2026-11-23 11:46")
    world.person(loser).sees("You greet newcomers at Book circle", "The library, room 2")
    world.room("lobby").sees("starts soon")
    await world.until("2026-11-23 12:01")
    await world.person(winner).clicks("I can")
    world.person(winner).sees("That is over")


async def test_a_name_is_told_by_its_owner_alone(world: World) -> None:
    await announced(world)
    await world.alice.says("settings name Ally")
    world.alice.sees("Ally")
    await world.olive.says('meetings ask "Book circle" chair')
    world.olive.sees("I have asked")
    world.room("lobby").sees("Who can chair Book circle?")
    await world.alice.clicks("I can")
    world.alice.sees("Thank you! You chair", "Tell them my name: Ally")
    assert "Ally" not in world.olive.sees("Somebody chairs").text
    assert "Ally" not in world.room("lobby").sees("Somebody chairs").text
    await world.alice.clicks("Tell them my name: Ally")
    world.alice.sees("I have told them")
    world.olive.sees("Ally chairs Book circle")


async def test_followers_are_asked_privately_and_who_asked_hears_if_nobody_can(world: World) -> None:
    await announced(world)
    await world.alice.says('meetings follow "Book circle" 30')
    world.alice.sees("I'll remind you")
    await world.olive.says('meetings ask "Book circle" greet followers')
    world.olive.sees("I have asked")
    world.alice.sees("Who can greet newcomers", "I can")
    world.room("lobby").sees_nothing()
    await world.until("2026-11-23 11:01")
    world.olive.sees("Nobody greets newcomers", "Ask again")
    await world.olive.says('meetings cancel "Book circle" 2026-11-23')
    world.olive.sees("is cancelled")
    world.alice.sees("is cancelled")
    world.room("lobby").sees("is cancelled")
    await world.alice.clicks("I can")
    world.alice.sees("does not take place")
