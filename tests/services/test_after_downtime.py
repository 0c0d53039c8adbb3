"""After a downtime: what is stale expires and is counted, what still matters goes out, in order of importance."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from harness import World
from harness.fixtures import on_both_databases
from sqlalchemy import select

from bot.core.inbound import Inbound
from bot.core.platform import TryAgain
from bot.storage.tables import CaseEvent, Delivery
from services.test_cases import taken_case

NEW_YORK = ZoneInfo("America/New_York")
PROMPT = "How are you today?"


async def is_down(world: World, until: str) -> None:
    """The bot is off until that local time: nothing is done in between, and then everything."""
    world.clock.move_to(datetime.fromisoformat(until).replace(tzinfo=NEW_YORK))
    await world.app.settle()


async def states(world: World, prefix: str) -> list[str]:
    """What has become of the deliveries of that sort."""
    return await world.rows(select(Delivery.state).where(Delivery.key.startswith(prefix)).order_by(Delivery.id))


async def opt_in(world: World, time: str = "9:00") -> None:
    await world.alice.says(f"checkin start {time}")
    world.alice.sees("I'll ask you every day")


@on_both_databases
async def test_a_question_that_is_a_little_late_still_comes(world: World) -> None:
    await opt_in(world)
    await is_down(world, "2026-11-23 10:30")
    world.alice.sees(PROMPT)


@on_both_databases
async def test_a_question_of_three_hours_ago_expires_and_tomorrows_comes(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await opt_in(world)
    await is_down(world, "2026-11-23 12:00")
    world.alice.sees_nothing()
    assert await states(world, "checkin:") == ["expired"]
    assert "expired" in caplog.text
    await world.until("2026-11-24 09:00")
    world.alice.sees(PROMPT)


@on_both_databases
async def test_after_three_days_todays_question_still_comes_and_no_other(world: World) -> None:
    await opt_in(world)
    await is_down(world, "2026-11-26 09:30")
    world.alice.sees(PROMPT)
    world.alice.sees_nothing()
    await world.until("2026-11-27 08:59")
    world.alice.sees_nothing()
    await world.until("2026-11-27 09:00")
    world.alice.sees(PROMPT)


@pytest.mark.parametrize(("until", "comes"), [("2026-11-24 19:39", True), ("2026-11-24 19:41", False)])
async def test_a_reminder_still_comes_until_ten_minutes_after_the_start(
    world: World, until: str, *, comes: bool
) -> None:
    await world.alice.says("meetings follow Evening group 30")
    world.alice.sees("I'll remind you privately")
    await is_down(world, until)
    if comes:
        world.alice.sees("Evening group starts soon")
    assert await states(world, "reminder:") == ["sent" if comes else "expired"]


@on_both_databases
async def test_after_three_days_a_meeting_that_was_is_not_reminded_of_and_the_next_one_is(world: World) -> None:
    await world.alice.says("meetings follow Evening group 30")
    world.alice.sees("I'll remind you privately")
    await is_down(world, "2026-11-26 12:00")
    world.alice.sees_nothing()
    await world.until("2026-11-26 19:00")
    world.alice.sees("Evening group starts soon: Thu 26 Nov, 19:30")


@on_both_databases
@pytest.mark.parametrize("until", ["2026-11-23 11:00", "2026-11-26 08:00"])
async def test_a_page_goes_out_whenever_the_bot_is_back(world: World, until: str) -> None:
    for address in ("peers", "alice"):
        world.console.failures[address] = TryAgain("down")
    await world.alice.says("I want to kill myself", "lobby")
    world.console.failures.clear()
    await is_down(world, until)
    world.alice.sees("I'm getting a person")
    world.room("peers").sees("Case: 1", "I'm on it")
    for box in world.mailboxes:
        box.unseen.clear()  # the case goes on to further people


async def test_while_a_platform_is_away_for_three_hours_the_case_goes_on_and_afterwards_each_thing_is_said_once(
    world: World,
) -> None:
    """The bot runs all the time, and its sender tries again and again: here every five minutes, for time's sake."""
    everybody = ("alice", "sam", "robin", "mo", "olive", "peers", "moderators", "lobby")
    before = {box.name: len(box.shown) for box in world.mailboxes}
    world.console.failures |= {name: TryAgain("the platform is away") for name in everybody}
    await world.alice.says("I want to kill myself", "lobby")
    for _step in range(36):
        world.clock.move_to(world.now + timedelta(minutes=5))
        await world.app.settle()
    assert sum(len(box.shown) for box in world.mailboxes) == sum(before.values())
    pages = select(CaseEvent.at).where(CaseEvent.what.startswith("page ")).order_by(CaseEvent.id)
    paged_at = await world.rows(pages)
    longest = max(later - earlier for earlier, later in pairwise([*paged_at, world.now]))
    assert longest <= timedelta(minutes=15), "somebody is called all the time"

    world.console.failures.clear()
    world.app.senders["console"].hurry()  # as it is when a platform can be reached again
    await world.app.settle()
    said = Counter((box.name, shown.text) for box in world.mailboxes for shown in box.shown[before.get(box.name, 0) :])
    assert max(said.values()) == 1
    world.alice.sees("I'm getting a person")
    world.alice.sees("I'm sorry that it takes so long: nobody has come yet")
    world.alice.sees_nothing()
    for name in ("sam", "robin", "#peers", "#moderators"):
        box = world.room(name.removeprefix("#")) if name.startswith("#") else world.person(name)
        pages_there = [shown for shown in box.unseen if "I'm on it" in [str(choice.label) for choice in shown.choices]]
        assert len(pages_there) == 1, "of many pages of one case the newest"
    await world.sam.clicks("I'm on it")
    world.alice.sees("Sam is here")
    assert await world.rows(select(Delivery.id).where(Delivery.state.in_(["pending", "sending"]))) == []
    for box in world.mailboxes:
        box.unseen.clear()


@on_both_databases
async def test_what_waits_goes_out_by_importance_and_then_by_time(world: World) -> None:
    await world.olive.says("meetings add Sunrise mon 9:15 where the park")
    world.olive.sees("Sunrise is announced")
    for newcomer in (world.carol, world.dave, world.erin):
        await newcomer.joins()
    for person, time in ((world.alice, "9:00"), (world.erin, "8:50")):
        await person.says(f"checkin start {time}")
        person.sees("I'll ask you every day")
    for address in ("peers", "carol", "dave"):
        world.console.failures[address] = TryAgain("down")
    await world.dave.says("help")
    await world.carol.says("I want to kill myself")
    world.console.failures.clear()
    await is_down(world, "2026-11-23 09:20")
    sent = await world.rows(select(Delivery).where(Delivery.sent_at == world.now))
    in_order = sorted(sent, key=lambda row: int(row.message_id.rpartition("-")[2]))
    # What goes to one address goes one after the other, so the first for each.
    first = list(dict.fromkeys(row.address for row in in_order))
    assert sorted(first[:2]) == ["carol", "peers"]
    assert first[2:] == ["dave", "lobby", "erin", "alice"]
    for box in world.mailboxes:
        box.unseen.clear()


async def writes_while_it_is_down(world: World, text: str, minutes: float) -> None:
    """Alice writes to the bot, which reads it so many minutes later."""
    at = world.now
    world.clock.move_to(at + timedelta(minutes=minutes))
    said = Inbound(
        event_id="late",
        platform="console",
        account="alice",
        place="alice",
        private=True,
        at=at,
        text=text,
        read_back=True,
    )
    await world.app.hub.receive(said)
    await world.app.settle()


@pytest.mark.parametrize("minutes", [5, 300])
async def test_a_cancel_that_is_read_back_takes_back_what_was_asked(world: World, minutes: float) -> None:
    await world.alice.says("settings name")
    world.alice.sees("Which name shall others see?")
    await writes_while_it_is_down(world, "cancel", minutes)
    world.alice.sees("nothing was changed")
    await world.alice.says("Ali")
    world.alice.sees("cannot answer that")


@pytest.mark.parametrize("in_a_talk", [False, True])
async def test_a_cancel_that_is_read_back_is_answered_although_nothing_waits_any_more(
    world: World, *, in_a_talk: bool
) -> None:
    if in_a_talk:
        await taken_case(world)
    await world.alice.says("!settings zone Xyzzy")
    world.alice.sees("I did not understand")
    await world.alice.says("!settings zone Lisbon")
    world.alice.sees("Your time zone is Europe/Lisbon")
    await writes_while_it_is_down(world, "cancel", 3)
    world.alice.sees("I ask nothing any more, so there is nothing to cancel.")
    world.sam.sees_nothing()


@pytest.mark.parametrize("words", ["cancel", "good morning"])
async def test_other_words_to_the_bot_that_are_read_back_are_not_answered(world: World, words: str) -> None:
    await writes_while_it_is_down(world, words, 5)
    world.alice.sees_nothing()


async def test_how_many_have_expired_is_told_in_one_line(world: World, caplog: pytest.LogCaptureFixture) -> None:
    for person in (world.alice, world.bob):
        await person.says("settings quiet 22:00 10:00")
        person.sees("No reminders")
        await person.says("checkin start 9:00")
        person.sees("I'll ask you every day")
    await world.until("2026-11-23 09:30")
    await is_down(world, "2026-11-23 13:00")
    assert [r.getMessage() for r in caplog.records if "expired" in r.getMessage()] == [
        "2 deliveries expired: they came too late to be of use"
    ]
