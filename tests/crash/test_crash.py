"""Killed at random moments, the bot loses nothing and says nothing twice."""

import pytest
from real_matrix.homeserver import Homeserver

from crash.run import run
from crash.scene import Size

KILLS = 25
SEED = 20261123
"""Of what happens when; each run is another one all the same, and `bench/` has as many seeds as one wishes."""
SIZE = Size(on_discord=14, on_matrix=6, meetings=10, followers=6, cases=10)


@pytest.mark.timeout(900)
async def test_after_25_kills_nothing_is_lost_and_nothing_said_twice(homeserver: Homeserver) -> None:
    outcome = await run(homeserver, kills=KILLS, seed=SEED, size=SIZE)
    assert outcome.holds, outcome.report()
