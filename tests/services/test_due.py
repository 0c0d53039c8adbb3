"""Due work: what is wrong with one row never keeps the others waiting, and is told once with what mends it."""

from datetime import timedelta
from typing import Any

import pytest
from harness import World
from harness.fixtures import on_both_databases
from sqlalchemy import select, text, update

from bot.services import privacy
from bot.storage.tables import CaseRow, CheckInSchedule, Community, Delivery, InboundEvent, MeetingRow, Reminder

PROMPT = "How are you today?"


async def write(world: World, statement: Any, **values: Any) -> None:
    """Damage something behind the bot's back."""
    async with world.database.begin() as tx:
        await tx.session.execute(statement, values)


async def both_call_for_help(world: World) -> None:
    for person in (world.alice, world.bob):
        await person.says("I want to kill myself", "lobby")
        person.sees("I'm getting a person")
        world.room("peers").sees("I'm on it")


async def both_opt_in(world: World) -> None:
    for person in (world.alice, world.bob):
        await person.says("checkin start 9:00")
        person.sees("I'll ask you every day")


def told(caplog: pytest.LogCaptureFixture, words: str) -> int:
    return sum(words in record.getMessage() for record in caplog.records)


async def test_a_case_whose_words_cannot_be_read_is_paged_without_them(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await both_call_for_help(world)
    await write(world, update(CaseRow).where(CaseRow.id == 1).values(excerpt_sealed=b"broken"))
    await world.advance(minutes=4)
    assert "Their words" not in world.room("peers").sees("Case: 1", "I'm on it").text
    world.room("peers").sees("Case: 2", "I'm on it")
    assert "a stored cases.excerpt cannot be opened" in caplog.text


@on_both_databases
async def test_a_damaged_case_does_not_keep_another_from_being_paged(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await both_call_for_help(world)
    await write(world, update(CaseRow).where(CaseRow.id == 1).values(policy={"zebra": 1}))
    await world.advance(minutes=5)
    world.room("peers").sees("Case: 2", "I'm on it")
    assert told(caplog, "cases 1:") == 1
    assert "a person must look after this member now" in caplog.text


async def test_a_case_that_cannot_even_be_loaded_does_not_keep_another_from_being_paged(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await both_call_for_help(world)
    await write(world, text("UPDATE cases SET policy = 'zebra', opened_at = 'zebra' WHERE id = 1"))
    await world.advance(minutes=5)
    world.room("peers").sees("Case: 2", "I'm on it")
    assert told(caplog, "cases 1:") == 1
    assert "zebra" not in caplog.text


@on_both_databases
async def test_a_member_whose_zone_is_no_longer_in_tzdata_does_not_stop_the_check_ins_of_the_others(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await both_opt_in(world)
    await write(world, update(CheckInSchedule).where(CheckInSchedule.id == 1).values(zone="Mars/Base"))
    await world.advance(hours=1, minutes=5)
    world.bob.sees(PROMPT)
    assert told(caplog, "checkin_schedules 1:") == 1
    assert "'checkin start TIME ZONE'" in caplog.text


async def test_a_bad_schedule_is_tried_once_a_minute_and_not_in_between(world: World) -> None:
    await both_opt_in(world)
    await write(world, update(CheckInSchedule).where(CheckInSchedule.id == 1).values(zone="Mars/Base"))
    await world.advance(hours=1, seconds=1)
    world.bob.sees(PROMPT)
    (next_at,) = await world.rows(select(CheckInSchedule.next_at).where(CheckInSchedule.id == 1))
    assert 50 < (next_at - world.now).total_seconds() <= 60


async def test_a_member_mends_their_own_schedule(world: World, caplog: pytest.LogCaptureFixture) -> None:
    await both_opt_in(world)
    await write(world, update(CheckInSchedule).where(CheckInSchedule.id == 1).values(zone="Mars/Base"))
    await world.advance(hours=1, minutes=1)
    world.bob.sees(PROMPT)
    await world.alice.says("checkin start 9:30 America/New_York")
    world.alice.sees("I'll ask you every day")
    await world.until("2026-11-23 09:30")
    world.alice.sees(PROMPT)
    assert told(caplog, "checkin_schedules 1:") == 2  # once that it fails, once that it works again


@pytest.mark.parametrize("damage", ["wall = 'zebra'", "last_day = 'zebra'"])
async def test_a_damaged_schedule_does_not_stop_the_check_ins_of_the_others(
    world: World, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    await both_opt_in(world)
    await write(world, text(f"UPDATE checkin_schedules SET {damage} WHERE id = 1"))  # noqa: S608  our own names
    await world.advance(hours=1, minutes=5)
    world.bob.sees(PROMPT)
    assert told(caplog, "checkin_schedules 1:") == 1
    assert "zebra" not in caplog.text


@pytest.mark.parametrize("values", [{"rule": "FREQ=ZEBRA"}, {"zone": "Mars/Base"}])
async def test_a_damaged_meeting_does_not_stop_the_reminders_of_the_others(
    world: World, caplog: pytest.LogCaptureFixture, values: dict[str, str]
) -> None:
    await world.olive.says("meetings add Sunset tue 19:30 where the park")
    world.olive.sees("Sunset is announced")
    for meeting in ("Evening group", "Sunset"):
        await world.alice.says(f'meetings follow "{meeting}" 30')
        world.alice.sees("I'll remind you privately")
    await write(world, update(MeetingRow).where(MeetingRow.name == "Evening group").values(values))
    await world.until("2026-11-24 19:16")
    world.alice.sees("Sunset starts soon")
    world.room("lobby").sees("Sunset starts soon")
    (bad,) = await world.rows(select(Reminder.id).join(MeetingRow).where(MeetingRow.name == "Evening group"))
    assert told(caplog, f"reminders {bad}:") == 1
    assert "'handrail community apply'" in caplog.text


async def test_a_member_of_a_damaged_community_does_not_stop_those_of_another(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await both_opt_in(world)
    await write(world, update(Community).values(languages=[]))
    await world.advance(hours=1, minutes=1)
    await write(world, update(Community).values(languages=["en"]))
    await world.advance(minutes=1)
    for person in (world.alice, world.bob):
        person.sees(PROMPT)
    assert told(caplog, "checkin_schedules 1:") == 2


async def test_a_delivery_that_cannot_be_read_does_not_stop_those_behind_it(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await both_opt_in(world)
    for person in (world.alice, world.bob):
        await person.says("settings quiet 22:00 10:00")
        person.sees("No reminders")
    await world.until("2026-11-23 09:30")
    waits = select(Delivery.id).where(Delivery.state == "pending").order_by(Delivery.id)
    first, _second = await world.rows(waits)
    await write(world, update(Delivery).where(Delivery.id == first).values(shared_id=None, content_sealed=b"zebra"))
    await world.until("2026-11-23 10:05")
    world.bob.sees(PROMPT)
    assert await world.rows(select(Delivery.reason).where(Delivery.id == first)) == ["unreadable"]
    assert told(caplog, f"delivery {first}:") == 1


async def test_housekeeping_is_done_a_batch_in_each_tick(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(privacy, "OLDEST", 2)
    await world.advance(days=7, hours=2)
    old = select(InboundEvent.event_id).where(InboundEvent.platform == "old")
    async with world.database.begin() as tx:
        for number in range(5):
            seen_at = world.now - timedelta(days=8, seconds=number)
            values = {"platform": "old", "event_id": f"{number}", "state": "handled"}
            tx.session.add(InboundEvent(**values, seen_at=seen_at))
    world.clock.move_to(world.now + timedelta(hours=2))
    left = []
    for _tick in range(3):
        await world.app.due.do(world.now)
        left.append(len(await world.rows(old)))
    assert left == [2, 0, 0]
