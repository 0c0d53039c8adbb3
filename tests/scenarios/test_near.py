"""A member finds what is near a place, in their own time: on every platform."""

import json
from pathlib import Path

import pytest

from bot.services.feeds.importing import Wanted, import_source
from scenarios.world import World

pytestmark = pytest.mark.cast("alice", "sam")


async def test_meetings_near_a_point_say_how_far_and_when_by_the_readers_clock(world: World, tmp_path: Path) -> None:
    record = {"slug": "a", "name": "Dawn", "day": 2, "time": "07:00", "latitude": 42.36, "longitude": -71.06}
    feed = tmp_path / "feed.json"
    feed.write_text(json.dumps([{**record, "formatted_address": "1 Elm St, Boston, MA 02139, USA"}]), "utf-8")
    wanted = Wanted(source=str(feed), path=feed, community_id=None, zone="America/New_York")
    assert world.database is not None
    assert (await import_source(world.database, wanted, now=world.clock())).added == 1
    for place in ("42.37, -71.06", "boston"):
        await world.alice.runs("meetings find", words=f"near {place}")
        said = await world.alice.reads("Dawn", "Tue 24 Nov, 07:00", "less than a mile away")
        on_discord = "discord" in world.where.values()
        assert ("(from now)" in said) is on_discord
        assert ("Times are yours (America/New_York)" in said) is not on_discord
    await world.alice.reads("Hello, I'm the bot of Harbour")
