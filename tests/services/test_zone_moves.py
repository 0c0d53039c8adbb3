"""Another zone on the day: one check-in for that local date, not two and not none."""

from datetime import datetime

from harness import World
from harness.fixtures import on_both_databases
from sqlalchemy import select

from bot.storage.tables import Delivery

PROMPT = "How are you today?"


async def opt_in(world: World, words: str) -> None:
    await world.alice.says(f"checkin start {words}")
    world.alice.sees("I'll ask you every day")


async def moves_to(world: World, zone: str) -> None:
    await world.alice.says(f"settings zone {zone}")
    world.alice.sees(f"Your time zone is {zone}")


async def days_asked(world: World) -> list[str]:
    """The local dates of the questions that went out, in order."""
    for shown in [shown for shown in world.alice.unseen if PROMPT in shown.text]:
        world.alice.unseen.remove(shown)
    sent = select(Delivery.key).where(Delivery.key.startswith("checkin:"), Delivery.state == "sent")
    return [key.split(":")[2] for key in await world.rows(sent.order_by(Delivery.sent_at, Delivery.id))]


@on_both_databases
async def test_who_flies_east_over_their_wall_time_is_asked_on_arrival(world: World) -> None:
    await opt_in(world, "9:00")
    await moves_to(world, "Europe/Berlin")  # where it is 14:00 already
    world.alice.sees(PROMPT)
    await world.until("2026-11-24 23:00", "Europe/Berlin")
    assert await days_asked(world) == ["2026-11-23", "2026-11-24"]


async def test_who_flies_west_is_not_asked_again_for_the_same_date(world: World) -> None:
    await opt_in(world, "14:30 Europe/Berlin")
    await world.advance(hours=1)
    world.alice.sees(PROMPT)
    await moves_to(world, "America/New_York")  # where it is 9:00
    await world.until("2026-11-24 23:00")
    assert await days_asked(world) == ["2026-11-23", "2026-11-24"]


async def test_a_zone_set_by_mistake_costs_no_date_its_question(world: World) -> None:
    await opt_in(world, "9:00")
    await moves_to(world, "Pacific/Auckland")  # where it is 2:00 of the next day
    await world.until("2026-11-24 09:00", "Pacific/Auckland")
    assert await days_asked(world) == ["2026-11-24"]
    await moves_to(world, "Pacific/Honolulu")  # where it is 10:00 of the day before
    await opt_in(world, "11:00 Pacific/Honolulu")
    await world.until("2026-11-25 23:00", "Pacific/Honolulu")
    assert await days_asked(world) == ["2026-11-24", "2026-11-23", "2026-11-25"]


async def test_back_and_forth_within_a_moment_is_no_second_question(world: World) -> None:
    await opt_in(world, "9:00")
    await world.until("2026-11-23 09:00")
    for zone in ("Asia/Tokyo", "America/New_York", "Europe/Berlin", "Pacific/Honolulu", "America/New_York"):
        await moves_to(world, zone)
    await world.until("2026-11-24 23:00")
    assert await days_asked(world) == ["2026-11-23", "2026-11-24"]
    assert world.now > datetime.fromisoformat("2026-11-25T03:00+00:00")
