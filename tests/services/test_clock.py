"""A machine's clock that is wrong and is put right: told once, and nobody waits for the time that it showed."""

from datetime import timedelta

import pytest
from harness import World
from harness.fixtures import on_both_databases
from sqlalchemy import func, select, update

from bot.core.platform import TryAgain
from bot.scheduling.clock import ClockWatch
from bot.storage.duty_tables import RosterRow
from bot.storage.tables import (
    CaseEvent,
    CaseRow,
    CheckInRow,
    Delivery,
    FollowUp,
    Identity,
    InboundEvent,
    Reminder,
)

PROMPT = "How are you today?"
YEARS = timedelta(days=12 * 365)
HOUR = timedelta(hours=1)


class Machine:
    """The world's clock, which can be set, beside one that cannot."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._set_by = timedelta()
        world.app.due.watch = self.watch()

    def watch(self) -> ClockWatch:
        return ClockWatch(self._world.clock, self._steady)

    def _steady(self) -> float:
        return (self._world.clock() - self._set_by).timestamp()

    async def set(self, by: timedelta) -> None:
        """Somebody sets the clock, and the bot does what is due."""
        self._set_by += by
        self._world.clock.set_to(self._world.clock() + by)
        await self._world.app.settle()


@pytest.fixture
async def machine(world: World) -> Machine:
    machine = Machine(world)
    await world.app.settle()
    return machine


async def calls_for_help(world: World) -> None:
    await world.alice.says("I want to kill myself", "lobby")
    world.alice.sees("I'm getting a person")
    world.room("peers").sees("I'm on it")


@on_both_databases
@pytest.mark.parametrize("ahead", [HOUR, YEARS])
async def test_the_next_page_does_not_wait_for_the_wrong_clock(
    world: World, machine: Machine, ahead: timedelta
) -> None:
    await machine.set(ahead)
    await calls_for_help(world)
    await machine.set(-ahead)
    world.room("peers").sees_nothing()
    await world.advance(minutes=4)
    world.room("peers").sees("Case: 1", "I'm on it")


async def test_a_timer_that_the_right_clock_has_set_is_not_brought_forward(world: World, machine: Machine) -> None:
    await calls_for_help(world)
    before = await world.rows(select(CaseRow.next_at))
    await machine.set(timedelta(seconds=30))
    await machine.set(timedelta(seconds=-30))
    assert await world.rows(select(CaseRow.next_at)) == before


async def test_a_message_that_was_to_be_tried_again_is_tried_by_the_right_clock(world: World, machine: Machine) -> None:
    await machine.set(YEARS)
    world.console.failures["alice"] = TryAgain("down", timedelta(seconds=30))
    await world.alice.says("help")
    del world.console.failures["alice"]
    await machine.set(-YEARS)
    world.alice.sees("What I can do")


async def test_what_a_sender_had_taken_under_the_wrong_clock_is_not_lost(world: World, machine: Machine) -> None:
    world.console.failures["alice"] = TryAgain("down", timedelta(seconds=30))
    await world.alice.says("help")
    await machine.set(YEARS)
    async with world.database.begin() as tx:
        gone = {"state": "sending", "lease_until": world.now + timedelta(minutes=2)}
        await tx.session.execute(update(Delivery).where(Delivery.state == "pending").values(gone))
    del world.console.failures["alice"]
    await machine.set(-YEARS)
    world.alice.sees_nothing()
    await world.advance(minutes=3)
    world.alice.sees("What I can do")


@on_both_databases
async def test_who_was_not_asked_yet_is_asked_at_their_time_today_and_every_day(world: World, machine: Machine) -> None:
    await world.alice.says("checkin start 9:00")
    world.alice.sees("I'll ask you every day")
    await machine.set(YEARS)
    await world.advance(minutes=1)
    await machine.set(-YEARS)
    assert [box for box in world.mailboxes if box.unseen] == []
    await world.until("2026-11-23 08:59")
    world.alice.sees_nothing()
    for day in ("2026-11-23", "2026-11-24", "2026-11-25"):
        await world.until(f"{day} 09:00")
        world.alice.sees(PROMPT)


async def test_who_was_asked_today_is_asked_tomorrow_and_not_twice(world: World, machine: Machine) -> None:
    await world.alice.says("checkin start 9:00")
    world.alice.sees("I'll ask you every day")
    await world.until("2026-11-23 09:30")
    world.alice.sees(PROMPT)
    await machine.set(YEARS + 5 * HOUR)
    await world.advance(minutes=1)
    await machine.set(-YEARS - 5 * HOUR)
    await world.until("2026-11-23 23:59")
    world.alice.sees_nothing()
    await world.until("2026-11-24 09:00")
    world.alice.sees(PROMPT)


async def test_who_was_asked_in_a_year_that_is_not_is_asked_today(world: World, machine: Machine) -> None:
    await world.alice.says("checkin start 9:00")
    world.alice.sees("I'll ask you every day")
    await machine.set(YEARS)
    await world.advance(days=1)
    world.alice.sees(PROMPT)
    await machine.set(-YEARS - timedelta(days=1))
    await world.until("2026-11-23 09:00")
    world.alice.sees(PROMPT)


@on_both_databases
async def test_a_meeting_is_reminded_of_by_the_right_clock(world: World, machine: Machine) -> None:
    await world.alice.says("meetings follow Evening group 30")
    world.alice.sees("I'll remind you privately")
    await machine.set(YEARS)
    await world.advance(minutes=1)
    await machine.set(-YEARS)
    await world.until("2026-11-24 18:59")
    world.alice.sees_nothing()
    await world.until("2026-11-24 19:00")
    world.alice.sees("Evening group starts soon: Tue 24 Nov, 19:30")


async def test_who_was_reminded_of_a_meeting_is_not_reminded_again(world: World, machine: Machine) -> None:
    await world.alice.says("meetings follow Evening group 30")
    world.alice.sees("I'll remind you privately")
    await world.until("2026-11-24 18:50")
    await machine.set(timedelta(minutes=15))
    world.alice.sees("Evening group starts soon")
    await machine.set(timedelta(minutes=-15))
    await world.until("2026-11-24 23:00")
    assert len(await world.rows(select(Reminder.next_at).where(Reminder.next_at > world.now))) == 1


@on_both_databases
async def test_nothing_stays_written_in_the_future(world: World, machine: Machine) -> None:
    await machine.set(YEARS)
    await calls_for_help(world)
    await world.alice.says("checkin now")
    world.alice.sees(PROMPT)
    await world.alice.clicks("Good")
    world.alice.sees("Thank you")
    await machine.set(-YEARS)
    columns = (
        Identity.last_seen_at, CaseEvent.at, CaseRow.opened_at, InboundEvent.seen_at, CheckInRow.answered_at,
        Delivery.created_at, Delivery.sent_at, Delivery.due_at,
    )  # fmt: skip
    assert {column.key for column in columns if (await world.rows(select(func.max(column))))[0] > world.now} == set()


async def test_whoever_is_off_by_the_wrong_clock_is_off_by_the_right_one(world: World, machine: Machine) -> None:
    await machine.set(YEARS)
    await world.sam.says("!break")
    world.sam.sees("You are off from now on")
    await machine.set(-YEARS)
    (since,) = await world.rows(select(RosterRow.break_since))
    assert since <= world.now


async def test_nobody_is_paused_for_years_by_a_wrong_clock(world: World, machine: Machine) -> None:
    await machine.set(YEARS)
    await world.mo.says("pause 1 alice")
    world.mo.sees("alice is paused")
    await machine.set(-YEARS)
    await world.advance(hours=1)
    await world.alice.says("I need a person")
    assert await world.rows(select(CaseRow.id)) == [1]
    for box in world.mailboxes:
        box.unseen.clear()


async def test_who_wants_to_be_asked_again_is_asked_the_day_after_by_the_right_clock(
    world: World, machine: Machine
) -> None:
    await calls_for_help(world)
    await world.sam.clicks("I'm on it")
    await machine.set(YEARS)
    await world.sam.says("resolve 1 safe")
    await world.alice.clicks("Ask me again how I am")
    await machine.set(-YEARS)
    (at,) = await world.rows(select(FollowUp.next_at))
    assert world.now < at <= world.now + timedelta(days=1)
    for box in world.mailboxes:
        box.unseen.clear()


async def test_an_event_that_somebody_had_in_hand_is_not_left_to_the_wrong_clock(
    world: World, machine: Machine
) -> None:
    await machine.set(YEARS)
    values = {"platform": "console", "event_id": "kept", "seen_at": world.now, "state": "seen"}
    async with world.database.begin() as tx:
        tx.session.add(InboundEvent(**values, next_at=world.now + timedelta(seconds=30)))
    await machine.set(-YEARS)
    waits = await world.rows(select(InboundEvent.next_at).where(InboundEvent.event_id == "kept"))
    assert waits[0] is None or waits[0] <= world.now + timedelta(minutes=1)


async def test_a_clock_that_was_put_right_while_the_bot_was_off_is_noticed_at_the_start(
    world: World, machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    await machine.set(YEARS)
    await calls_for_help(world)
    world.app.due.watch = None  # the bot is off
    await machine.set(-YEARS)
    world.app.due.watch = machine.watch()
    world.app.due._has_looked_back = False
    await world.app.settle()
    assert "the clock went back by" in caplog.text
    await world.advance(minutes=5)
    world.room("peers").sees("Case: 1", "I'm on it")


async def test_it_is_told_once_with_what_to_do(
    world: World, machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    for _time in range(3):
        await machine.set(YEARS)
        await machine.set(-YEARS)
    assert caplog.text.count("the clock went back by 4380 days, 0:00:00") == 1
    assert caplog.text.count("the clock went forward by 4380 days, 0:00:00") == 1
    assert caplog.text.count("time synchronisation (NTP)") == 2


async def test_a_clock_that_runs_well_is_not_spoken_of(
    world: World, machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    await world.advance(hours=5)
    assert "clock" not in caplog.text


async def test_a_clock_that_shows_another_year_for_a_moment_deletes_nothing(world: World, machine: Machine) -> None:
    await world.alice.says("checkin now")
    world.alice.sees(PROMPT)
    await world.alice.clicks("Good")
    world.alice.sees("Thank you")
    before = await world.rows(select(CheckInRow.id)), await world.rows(select(Delivery.id))
    await machine.set(YEARS)
    await world.advance(hours=2)
    await machine.set(-YEARS - 2 * HOUR)
    assert (await world.rows(select(CheckInRow.id)), await world.rows(select(Delivery.id))) == before


async def test_a_clock_that_went_far_forward_is_believed_after_a_day(world: World, machine: Machine) -> None:
    await world.alice.says("checkin now")
    world.alice.sees(PROMPT)
    await world.alice.clicks("Good")
    world.alice.sees("Thank you")
    await machine.set(YEARS)
    await world.advance(hours=25)
    assert await world.rows(select(CheckInRow.id)) == []
