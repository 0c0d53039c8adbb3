"""Many who are due at the same minute: worked on set by set, and each gets just what they would get alone."""

import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from harness import World
from harness.fixtures import Story, on_both_databases
from sqlalchemy import delete, func, select

from bot.app import load_languages
from bot.services.alone import AGAIN
from bot.services.asking import ask_all_due
from bot.services.voice import Voice
from bot.storage.tables import Base, CheckInRow, CheckInSchedule, Delivery, Identity, Member, SharedContent

SEED = 20261123
PEOPLE = 120
ZONES = ("America/New_York", "Europe/Berlin", "Asia/Kolkata", "Pacific/Auckland", "Pacific/Apia")
VOICE = Voice(load_languages(), lambda: None)


async def nobody(_world: World) -> None:
    """Nothing has happened yet."""


@pytest.fixture
def story() -> Story:
    return nobody


@dataclass(frozen=True)
class Outcome:
    """What came of it: the prompts by key, and the schedules as they were planned."""

    prompts: list[tuple[Any, ...]]
    plans: list[tuple[Any, ...]]


async def fill(world: World) -> None:
    """People who are all due now, and differ in whatever may make a difference."""
    await empty(world)
    draw = random.Random(SEED)
    now = world.now
    for id_ in range(1, PEOPLE + 1):
        quiet_from, quiet_until = draw.choice([(None, None), (None, None), (time(22), time(7)), (time(8), time(14))])
        rows: list[Base] = [
            Member(
                id=id_,
                community_id=1,
                language=draw.choice([None, None, "es", "fr"]),
                quiet_from=quiet_from,
                quiet_until=quiet_until,
            )
        ]
        rows += [
            Identity(
                community_id=1,
                member_id=id_,
                platform="console",
                account=f"{id_}.{number}",
                last_seen_at=now - timedelta(days=draw.randrange(1, 9), seconds=number),
                last_place=draw.choice([None, "general"]),
            )
            for number in range(draw.choice([0, 1, 1, 1, 2]))
        ]
        day = now.date() + timedelta(days=draw.choice([-1, 0, 0, 0, 1]))
        rows.append(
            CheckInSchedule(
                id=id_,
                member_id=id_,
                wall=draw.choice([time(8), time(9)]),
                zone=draw.choice(ZONES),
                next_at=now - timedelta(minutes=draw.choice([0, 0, 0, 1, 200])),
                next_day=day,
                last_day=draw.choice([None, day - timedelta(days=1), day, day + timedelta(days=1)]),
            )
        )
        if draw.random() < 0.2:
            rows.append(CheckInRow(member_id=id_, day=day, mood=3, answered_at=now))
        async with world.database.begin() as tx:
            tx.session.add(rows[0])
            await tx.session.flush()
            tx.session.add_all(rows[1:])


async def empty(world: World) -> None:
    async with world.database.begin() as tx:
        for table in (Delivery, SharedContent, CheckInRow, CheckInSchedule, Identity, Member):
            await tx.session.execute(delete(table))


async def ask(world: World, *, at_a_time: int) -> Outcome:
    """Ask all who are due, in batches of this size."""
    done = at_a_time
    while done:
        async with world.database.begin() as tx:
            done = await ask_all_due(tx, VOICE, now=world.now, limit=at_a_time)
    async with world.database.read() as tx:
        prompts = await tx.session.execute(
            select(
                Delivery.key, Delivery.member_id, Delivery.address, Delivery.fallback, Delivery.due_at,
                Delivery.expires_at, Delivery.state, Delivery.reason, Delivery.has_choices, SharedContent.digest,
            )
            .join(SharedContent, SharedContent.id == Delivery.shared_id)
            .order_by(Delivery.key)
        )  # fmt: skip
        schedule = CheckInSchedule
        plans = await tx.session.execute(
            select(schedule.id, schedule.next_at, schedule.next_day, schedule.last_day).order_by(schedule.id)
        )
        return Outcome([tuple(row) for row in prompts], [tuple(row) for row in plans])


@on_both_databases
async def test_who_is_asked_in_a_crowd_is_asked_as_if_alone(world: World) -> None:
    await fill(world)
    alone = await ask(world, at_a_time=1)
    await fill(world)
    together = await ask(world, at_a_time=1000)
    assert together == alone
    assert len(together.prompts) > PEOPLE / 6, "most of the draw is of no use"
    assert all(next_at > world.now for _id, next_at, *_days in together.plans)


async def test_what_is_said_to_all_is_stored_once_for_each_language(world: World) -> None:
    await fill(world)
    await ask(world, at_a_time=1000)
    contents = await world.rows(select(func.count()).select_from(SharedContent))
    assert contents == [2], "Spanish and English; French has no catalogue yet"


@on_both_databases
async def test_a_damaged_schedule_among_many_is_put_off_and_all_others_are_asked(world: World) -> None:
    await fill(world)
    async with world.database.begin() as tx:
        row = await tx.session.get_one(CheckInSchedule, 5)
        row.zone, row.next_at = "Mars/Olympus_Mons", world.now
    done = await ask(world, at_a_time=1000)
    plans = {id_: (next_at, last_day) for id_, next_at, _day, last_day in done.plans}
    assert plans[5][0] == world.now + AGAIN
    assert all(last_day is not None for id_, (_at, last_day) in plans.items() if id_ != 5)


@pytest.mark.postgresql
@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
async def test_a_schedule_that_another_process_works_on_is_left_to_it(world: World) -> None:
    await fill(world)
    due: datetime = world.now
    async with world.database.begin() as other:
        locked = select(CheckInSchedule.id).where(CheckInSchedule.id.in_([7, 8, 9])).with_for_update()
        assert len((await other.session.scalars(locked)).all()) == 3
        done = await ask(world, at_a_time=1000)
        waiting = {id_ for id_, next_at, *_days in done.plans if next_at is not None and next_at <= due}
        assert waiting <= {7, 8, 9}
    done = await ask(world, at_a_time=1000)
    assert all(next_at > due for _id, next_at, *_days in done.plans)
    keys = [key for key, *_rest in done.prompts]
    assert len(keys) == len(set(keys))


async def test_who_was_never_seen_in_a_room_is_reached_under_the_lobby(world: World) -> None:
    await empty(world)
    async with world.database.begin() as tx:
        tx.session.add(Member(id=1, community_id=1))
        await tx.session.flush()
        tx.session.add(Identity(community_id=1, member_id=1, platform="console", account="ann", last_seen_at=world.now))
        plan = {"next_at": world.now, "next_day": date(2026, 11, 23), "wall": time(8), "zone": "America/New_York"}
        tx.session.add(CheckInSchedule(id=1, member_id=1, **plan))
    [prompt] = (await ask(world, at_a_time=10)).prompts
    assert prompt[2:4] == ("ann", "lobby")
