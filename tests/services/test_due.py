"""Due work: what is wrong with one row never keeps the others waiting."""

import pytest
from harness import World
from harness.fixtures import on_both_databases
from sqlalchemy import select, update

from bot.storage.tables import CaseRow, CheckInSchedule


@on_both_databases
async def test_a_case_whose_words_cannot_be_read_is_paged_without_them(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    for person in (world.alice, world.bob):
        await person.says("I want to kill myself", "lobby")
        person.sees("I'm getting a person")
        world.room("peers").sees("I'm on it")
    async with world.database.begin() as tx:
        await tx.session.execute(update(CaseRow).where(CaseRow.id == 1).values(excerpt_sealed=b"broken"))
    await world.advance(minutes=4)
    assert "Their words" not in world.room("peers").sees("Case: 1", "I'm on it").text
    world.room("peers").sees("Case: 2", "I'm on it")
    assert "a stored cases.excerpt cannot be opened" in caplog.text


async def test_a_member_whose_zone_cannot_be_read_does_not_stop_the_check_ins_of_the_others(world: World) -> None:
    for person in (world.alice, world.bob):
        await person.says("checkin start 9:00")
        person.sees("I'll ask you every day")
    ids = await world.rows(select(CheckInSchedule.id))
    async with world.database.begin() as tx:
        await tx.session.execute(update(CheckInSchedule).where(CheckInSchedule.id == ids[0]).values(zone="Mars/Base"))
    await world.advance(hours=1, minutes=1)
    world.bob.sees("How are you today?")
