"""Services of other directories: brought in all at once, found, kept from other communities, asked about when old."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from harness.communities import HARBOUR
from harness.fixtures import on_both_databases
from harness.world import World
from sqlalchemy import func, select

from bot.app import load_resources
from bot.core.resources.records import Reading, Record, read_record
from bot.core.words import _
from bot.services.directory import Broken, Report, exported, import_source
from bot.services.resources import Asked, Page
from bot.storage.resource_tables import ResourceSource, ServiceRow, ServiceWord
from bot.storage.tables import Community

READING = Reading(today=date(2026, 11, 23), known=load_resources().known, country="US")


def pantry(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"p{number}",
        "name": f"Pantry {number}",
        "topics": "food",
        "phone": f"555-{number:04d}",
        "city": "Oakland" if number % 2 else "Springfield",
        **fields,
    }


def records(*raws: object) -> Iterator[Record]:
    for number, raw in enumerate(raws, 1):
        yield from read_record(number, raw, READING)


async def bring(world: World, *raws: object, source: str = "pantries", **options: Any) -> Report:
    return await import_source(world.database, source, records(*raws), now=world.now, **options)


async def find(world: World, words: str, place: str | None = None, page: int = 0) -> Page:
    asked = Asked(words=words, country="US", place=place, at=world.now)
    return await load_resources().find_anywhere(world.database, asked, page=page)


def counts(report: Report) -> tuple[int, int, int, int, int]:
    return report.added, report.changed, report.unchanged, report.gone, report.refused_count


async def reviewed(world: World) -> int:
    """The community's id; its organizer is asked about what is old."""
    await world.olive.joins()
    await world.olive.says("resources reviews on")
    world.olive.sees("Once a week at most")
    (community_id,) = await world.rows(select(Community.id))
    return int(community_id)


@on_both_databases
async def test_an_import_says_what_was_added_changed_refused_and_gone_and_again_nothing(world: World) -> None:
    first = await bring(world, pantry(1), pantry(2), {"name": ""}, pantry(1))
    assert counts(first) == (2, 0, 0, 0, 2)
    assert [number for number, _reason in first.refused] == [3, 4]
    assert counts(await bring(world, pantry(1), pantry(2))) == (0, 0, 2, 0, 0)
    trial = await bring(world, pantry(2, phone="555-9999"), pantry(3), dry_run=True)
    assert counts(trial) == (1, 1, 0, 1, 0)
    assert counts(await bring(world, pantry(2, phone="555-9999"), pantry(3))) == (1, 1, 0, 1, 0)
    async with world.database.read() as tx:
        assert {one.name: one.phone async for one in exported(tx)} == {"Pantry 2": "555-9999", "Pantry 3": "555-0003"}
    assert set(await world.rows(select(ServiceRow.state))) == {"shown"}
    found = await find(world, "pantry")
    assert {match.resource.phone for match in found.found} == {"555-9999", "555-0003"}


@on_both_databases
async def test_a_service_is_found_by_need_place_and_in_spite_of_a_typing_error(world: World) -> None:
    await bring(world, *(pantry(number) for number in range(8)), pantry(99, name="Lantern Kitchen", cost="Free"))
    near = await find(world, "somewhere to get groceries", place="okland")
    assert [match.resource.city for match in near.found] == ["Oakland"] * 3
    assert near.more
    assert [match.resource.name for match in (await find(world, "lantrn")).found] == ["Lantern Kitchen"]
    free = (await find(world, "food no money")).found[0]
    assert (free.resource.name, "cost little" in str(free.why)) == ("Lantern Kitchen", True)
    pages = [await find(world, "food", page=page) for page in range(3)]
    assert len({match.resource.name for page in pages for match in page.found}) == 9
    assert [page.more for page in pages] == [6, 3, 0]


async def test_what_breaks_off_or_shrinks_leaves_everything_as_it_was(world: World) -> None:
    many = [pantry(number) for number in range(30)]
    await bring(world, *many)

    def broken() -> Iterator[Record]:
        yield from records(pantry(1, phone="555-7777"), pantry(77))
        raise Broken(_("It breaks off."))

    report = await import_source(world.database, "pantries", broken(), now=world.now)
    assert (str(report.error), counts(report)[:2]) == ("It breaks off.", (0, 0))
    shrunk = await bring(world, *many[:10])
    assert "--even-if-fewer" in str(shrunk.error)
    assert counts(await bring(world, *many)) == (0, 0, 30, 0, 0)
    assert counts(await bring(world, *many[:10], even_if_fewer=True)) == (0, 0, 10, 20, 0)


async def test_a_source_of_one_community_is_found_by_its_members_only(world: World) -> None:
    (community_id,) = await world.rows(select(Community.id))
    await bring(world, pantry(1), source="ours", community_id=community_id)
    other = HARBOUR.model_copy(update={"id": "other", "places": (), "people": (), "meetings": ()})
    await world.apply(other)
    async with world.database.begin() as tx:
        row = await tx.session.scalar(select(Community).where(Community.slug == "harbour"))
        assert row is None or row.id == community_id
    await world.alice.says("resources pantry")
    world.alice.sees("Pantry 1", "555-0001")
    async with world.database.begin() as tx:
        await tx.session.delete(await tx.session.get_one(Community, community_id))
    assert await world.rows(select(func.count()).select_from(ServiceRow)) == [0]


async def test_an_imported_copy_of_a_helpline_is_not_shown_twice(world: World) -> None:
    await bring(world, {"name": "National Suicide Prevention Lifeline", "phone": "1-800-273-8255", "country": "US"})
    found = await find(world, "suicide prevention lifeline")
    assert [match.resource.phone for match in found.found].count("988") == 1


async def test_the_answers_come_three_at_a_time_with_why_and_more_on_asking(world: World) -> None:
    await bring(world, *(pantry(number) for number in range(1, 6)))
    await world.alice.says("resources food bank near Oakland")
    first = world.alice.sees("Pantry 1", "For: Food. In the place you named.", "2 more")
    assert first.text.count("Pantry") == 3
    await world.alice.clicks("2 more")
    world.alice.sees("Pantry 2", "Pantry 4")


async def test_organizers_are_asked_once_a_week_what_nobody_has_checked_for_a_year(world: World) -> None:
    community_id = await reviewed(world)
    await bring(world, pantry(1, checked="2021"), source="ours", community_id=community_id)
    await world.advance(days=6)
    world.olive.sees_nothing()
    await world.advance(days=2)
    world.olive.sees("Are these still right?", "Pantry 1", "Checked in 2021.")
    world.olive.sees_nothing()
    await world.olive.clicks("Right: Pantry 1")
    world.olive.sees("Pantry 1 is shown as checked today")
    await world.alice.says("resources pantry")
    world.alice.sees("Pantry 1", "Checked less than a month ago")
    await world.olive.clicks("Ask me no more")
    world.olive.sees("I ask no more")
    await world.advance(days=15)
    world.olive.sees_nothing()


async def test_what_an_organizer_calls_wrong_is_shown_no_more(world: World) -> None:
    community_id = await reviewed(world)
    await bring(world, pantry(1, checked="2021"), source="ours", community_id=community_id)
    await world.advance(days=8)
    world.olive.sees("Are these still right?")
    await world.olive.clicks("Wrong: Pantry 1")
    world.olive.sees("not shown any more")
    await world.alice.says("resources pantry")
    world.alice.sees("I found nothing for that")


@pytest.mark.parametrize("words", ["'; drop table services; --", '"', "zq", "OR AND NOT", "*", "(", "\\", "NEAR(a b)"])
async def test_no_words_are_taken_for_a_query_language(world: World, words: str) -> None:
    await bring(world, pantry(1))
    await find(world, words, place=words)


async def test_the_words_of_what_is_gone_are_forgotten(world: World) -> None:
    await bring(world, pantry(1, name="Zanzibar Kitchen"), pantry(2))
    await bring(world, pantry(2))
    assert "zanzibar" not in await world.rows(select(ServiceWord.word))
    assert len(await world.rows(select(ResourceSource.id))) == 1


@on_both_databases
async def test_services_near_a_town_or_a_point_say_how_far_they_are_and_the_nearest_is_first(world: World) -> None:
    north = {"topics": "naloxone", "longitude": "-122.27"}
    await bring(
        world,
        *(pantry(n, latitude=str(37.8 + n / 50), **north, name=f"Narcan {n}", city="Oakland") for n in range(3)),
        pantry(7, latitude="37.87", **north, name="Berkeley Box", city="Berkeley"),
        pantry(8, topics="naloxone", name="Somewhere", city="Oakland"),
        pantry(9, latitude="39.78", topics="naloxone", longitude="-89.65", name="Far Narcan", city="Springfield"),
    )
    found = await find(world, "narcan", "Berkeley")
    assert [match.resource.name for match in found.found][:2] == ["Berkeley Box", "Narcan 2"]
    assert "about 2 miles away." in str(found.found[1].why)
    assert "Far Narcan" not in [match.resource.name for match in found.found], "nobody travels across a country for it"
    everything = [m for page in range(3) for m in (await find(world, "narcan", "oakland", page)).found]
    why = {match.resource.name: str(match.why) for match in everything}
    assert "how far away is not known" in why["Somewhere"]
    await world.alice.says("resources narcan near 37.8, -122.27")
    assert "less than a mile away" in world.alice.sees("Narcan 0").text
    await world.alice.says("resources narcan near me")
    world.alice.sees("name your town")
