"""Whatever fails around it, the bot loses nothing, says nothing twice, and recovers by itself."""

import random
import resource

import pytest
from crash.run import Outcome, observed
from crash.scene import Scene, Size
from real_matrix.homeserver import Homeserver

from faults import weather

PARTITION_SECONDS = 60.0
MOST_LINES = 30
"""How often the log may tell of one trouble in a run, or of one delivery: not at every attempt of everything."""

LIBRARY = "discord.http: "
"""discord.py warns of each request that is refused for its rate."""

SMALL = Size(on_discord=8, on_matrix=4, meetings=5, followers=4, cases=6)
LARGE = Size(on_discord=14, on_matrix=6, meetings=10, followers=6, cases=10)


def new_seed() -> int:
    """A seed for one run; a failing test tells it."""
    return random.SystemRandom().randrange(10**6)


def check(outcome: Outcome, seed: int) -> None:
    """Nothing lost, nothing twice, and the trouble told a bounded number of times."""
    outcome.seed = seed
    assert outcome.holds, outcome.report()
    told = {trouble: number for trouble, number in outcome.troubles.items() if not trouble.startswith(LIBRARY)}
    assert max(told.values(), default=0) <= MOST_LINES, outcome.report()


@pytest.mark.timeout(900)
async def test_wrong_answers_storms_and_a_minute_without_a_network(homeserver: Homeserver) -> None:
    seed = new_seed()
    async with weather.opened(homeserver, LARGE) as (scene, proxy):

        async def trouble(scene: Scene) -> None:
            await weather.start(scene)
            await weather.wrong_answers(scene, proxy, 7)
            await weather.storms(scene, proxy, 3)
            await weather.partition(scene, proxy, PARTITION_SECONDS, hang=bool(seed % 2))

        outcome = await observed(scene, trouble, seconds=75, random=random.Random(seed), usual=weather.USUAL)
    check(outcome, seed)


@pytest.mark.timeout(900)
@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux lets one process limit another")
async def test_a_full_disk_and_then_a_database_that_somebody_else_has_locked(homeserver: Homeserver) -> None:
    seed = new_seed()
    async with weather.opened(homeserver, SMALL) as (scene, _proxy):

        async def trouble(scene: Scene) -> None:
            await weather.start(scene)
            await weather.work_has_begun(scene)
            await weather.full_disk(scene, 8)
            await weather.locked_database(scene, 8)

        outcome = await observed(scene, trouble, seconds=20, random=random.Random(seed), usual=weather.USUAL)
    check(outcome, seed)
