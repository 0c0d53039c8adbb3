"""A member looks up who can help: on every platform."""

import pytest

from scenarios.world import World

pytestmark = pytest.mark.cast("alice", "sam")


async def test_a_helpline_is_found_in_spite_of_a_typo(world: World) -> None:
    await world.alice.runs("resources", words="suiside")
    await world.alice.reads("988 Suicide & Crisis Lifeline", "Call: 988", "Checked")
    await world.alice.presses("More about 1")
    await world.alice.reads("988 Suicide & Crisis Lifeline", "Languages: ", "Source: ")
    await world.alice.reads("Hello, I'm the bot of Harbour")


async def test_a_country_can_be_named(world: World) -> None:
    await world.alice.runs("resources", words="crisis in Austria")
    await world.alice.reads("For Austria", "142")
    await world.alice.reads("Hello, I'm the bot of Harbour")


async def test_a_guide_is_read_with_the_number_to_call(world: World) -> None:
    await world.alice.runs("guide", name="overdose")
    await world.alice.reads("Emergency number in United States: 911", "naloxone")
    await world.alice.reads("Hello, I'm the bot of Harbour")
