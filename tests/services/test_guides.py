"""Guides in plain words: the bot's own, a community's beside them, each with its date and its sources."""

from datetime import date

import pytest
from harness.communities import HARBOUR
from harness.world import World

from bot.app import load_languages
from bot.core.community import dump_community, parse_community
from bot.core.guides import GUIDES, Guide, find_guide
from bot.core.words import ENGLISH
from bot.services.communities import stored_file

OWN = """
[[guides]]
id = "door-code"
title = "How to get into the building"
text = \"\"\"
Ring twice.

Ask for Kim.\"\"\"
written = 2026-11-01
sources = ["Kim"]
"""


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.id)
def test_a_guide_is_short_dated_sourced_and_in_spanish_too(guide: Guide) -> None:
    spanish = load_languages()["es"]
    english = "\n\n".join(ENGLISH.render(said) for said in guide.paragraphs)
    assert len(english) <= 2000
    assert guide.written >= date(2026, 1, 1)
    assert len(guide.sources) >= 2
    assert all("http" in source for source in guide.sources)
    assert all(spanish.render(said) != ENGLISH.render(said) for said in (guide.title, *guide.paragraphs))


@pytest.mark.parametrize(
    ("words", "id_"),
    [
        ("overdose", "overdose"),
        ("narcan", "overdose"),
        ("sobredosis", "overdose"),
        ("withdrawl", "alcohol-withdrawal"),
        ("friend", "helping-a-friend"),
        ("recovery coach", "peer-supporters"),
        ("family", "talking-with-family"),
    ],
)
def test_a_guide_is_found_by_what_people_call_it(words: str, id_: str) -> None:
    guide = find_guide(words)
    assert guide is not None
    assert guide.id == id_


async def test_a_guide_begins_with_the_emergency_number_of_the_reader_s_country(world: World) -> None:
    await world.alice.says("guide overdose")
    shown = world.alice.sees("Emergency number in United States: 911", "naloxone", "SAMHSA", "2026-11-22")
    assert shown.text.index("911") < shown.text.index("Signs of an opioid overdose")


async def test_a_community_s_own_guide_stands_beside_them_and_survives_an_export(world: World) -> None:
    file = parse_community(dump_community(HARBOUR) + OWN, name="harbour.toml")
    await world.apply(file)
    await world.alice.says("guide door-code")
    world.alice.sees("How to get into the building", "Ring twice.", "Written by your community", "2026-11-01", "Kim")
    await world.alice.says("guides")
    world.alice.sees("How to get into the building", "An overdose")
    await world.alice.says("guide xyzzy")
    world.alice.sees("There are these, and 1 more: “guides”")
    async with world.database.read() as tx:
        stored = await stored_file(tx, "harbour")
    assert stored is not None
    assert stored.guides == file.guides
    assert parse_community(dump_community(stored), name="again.toml").guides == file.guides
    await world.apply(HARBOUR)
    await world.alice.says("guide xyzzy")
    shown = world.alice.sees("I have no guide of that name. There are these:")
    assert "door-code" not in shown.text
    assert "more" not in shown.text
