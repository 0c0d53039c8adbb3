"""Meetings in calendars, who comes, who greets: on every platform."""

import json

import pytest

from scenarios.people import PATIENCE
from scenarios.world import World

pytestmark = pytest.mark.cast("alice", "olive")


async def stands_in_the_calendar(world: World, *parts: str) -> None:
    """The one event in the server, or the one post in the room, has all these parts."""
    if world.discord is None:
        await world.alice.sees_it_become(*parts)
        return
    (guild,) = world.discord.world.guilds.values()

    def shown() -> bool:
        events = [json.dumps(event) for event in guild.scheduled_events.values() if event["status"] == 1]
        return len(events) == 1 and all(part in events[0] for part in parts)

    await world.discord.wait_until(shown, timeout=PATIENCE)


async def test_a_chosen_meeting_stands_in_the_calendar_until_it_is_no_longer_chosen(world: World) -> None:
    link = "https://meet.example.org/evening?pwd=secret"
    await world.olive.runs("meetings add", name="Evening group", days="tue", time="19:30", where=link)
    await world.olive.reads("Evening group is announced")
    await world.olive.runs("meetings mirror", meeting="Evening group")
    await world.olive.reads("Evening group goes into the calendar")
    on_discord = world.discord is not None
    await world.advance(minutes=2)
    # 19:30 in New York is half past midnight in UTC, by which Discord counts: a Wednesday.
    weekly = ['"by_weekday": [2]', "2026-11-25T00:30:00+00:00"] if on_discord else ["Tue 24 Nov, 19:30"]
    await stands_in_the_calendar(world, "Evening group", "Online. For the way in, ask me privately", *weekly)
    if not on_discord:
        await world.alice.gets_a_file_with("BEGIN:VCALENDAR", "RRULE:FREQ=WEEKLY")

    await world.olive.runs("meetings cancel", meeting="Evening group", day="2026-11-24")
    await world.olive.reads("is cancelled")
    await world.alice.reads("Evening group is cancelled this time", place="lobby")
    await world.advance(minutes=2)
    alone = ["2026-12-02T00:30:00+00:00", '"recurrence_rule": null'] if on_discord else ["Tue 1 Dec, 19:30"]
    await stands_in_the_calendar(world, "Evening group", *alone)

    if "console" not in world.where.values():  # a terminal does not outlive a restart
        await world.stop()
        await world.start()
        await world.advance(minutes=2)
        await stands_in_the_calendar(world, "Evening group", *alone)
    await world.olive.runs("meetings unmirror", meeting="Evening group")
    await world.olive.reads("taken out of the calendar")
    await world.advance(minutes=2)
    if world.discord is not None:
        (guild,) = world.discord.world.guilds.values()
        assert not guild.scheduled_events
    elif "matrix" in world.where.values():
        await world.alice.sees_it_go("Next: ")
    everything = [seen.text for person in world.people.values() for seen in person.seen()]
    assert not any("secret" in text for text in everything)


async def test_people_come_and_somebody_greets(world: World) -> None:
    link = "https://meet.example.org/evening"
    await world.olive.runs("meetings add", name="Evening group", days="tue", time="19:30", where=link)
    await world.olive.reads("Evening group is announced")
    await world.alice.runs("meetings coming", meeting="Evening group")
    await world.alice.reads("You come to Evening group, Tue 24 Nov, 19:30", "how many come: 1")
    await world.alice.reads("Hello, I'm the bot of Harbour")

    await world.olive.runs("meetings ask", meeting="Evening group", task="greet")
    await world.olive.reads("I have asked")
    await world.alice.reads("Who can greet newcomers at Evening group?", place="lobby")
    await world.alice.presses("I can")
    await world.alice.reads("Thank you! You greet newcomers at Evening group")
    await world.olive.reads("Somebody greets newcomers at Evening group")
    await world.alice.sees_it_become("Somebody greets newcomers at Evening group")
    await world.olive.runs("meetings show", meeting="Evening group")
    await world.olive.reads("Evening group", "1 person comes")
    await world.olive.reads("Hello, I'm the bot of Harbour")

    await world.advance(hours=35.3)
    await world.alice.reads("You greet newcomers at Evening group", link)
    await world.alice.reads("Evening group starts soon", place="lobby")
    await world.alice.presses("Give it back")
    await world.alice.reads("It is given back")
    await world.olive.reads("Nobody greets newcomers at Evening group")
    if "matrix" in world.where.values():  # there an edit is an event of its own
        await world.alice.reads("Who can greet newcomers at Evening group?", place="lobby")
    else:
        await world.alice.sees_it_become("Who can greet newcomers at Evening group?")
