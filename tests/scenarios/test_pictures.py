"""Pictures in a talk: across platforms, and only to somebody who wants to see them."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from bot.services.escalations.relay import ARRIVED
from scenarios.test_escalation import takes
from scenarios.world import World, open_world

PLACE_TAKEN = "47.6097, -122.3331"


def photograph() -> bytes:
    """A phone's: with the place where it was taken, and turned as the phone was held."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = PLACE_TAKEN
    into = BytesIO()
    Image.new("RGB", (64, 32), "navy").save(into, "JPEG", exif=exif)
    return into.getvalue()


def is_harmless(shown: bytes) -> bool:
    """Whether it is the photograph, upright, with nothing in it but its pixels."""
    with Image.open(BytesIO(shown)) as picture:
        return picture.size == (32, 64) and not picture.getexif() and PLACE_TAKEN.encode() not in shown


async def talk(world: World) -> None:
    """Sam is with Alice, and each knows where the other writes."""
    await world.alice.says("i want to kill myself", "lobby")
    await world.alice.reads("Thank you for saying it")
    await world.sam.reads("Urgent", place="peers")
    await takes(world, "sam")
    await world.sam.says("hello Alice")
    await world.alice.reads("hello Alice")
    await world.alice.says("hello Sam")
    await world.sam.reads("hello Sam")


@pytest.mark.cast("alice", "sam")
async def test_a_picture_is_shown_across_platforms_to_whoever_wants_to_see_it(abroad: World) -> None:
    alice, sam = abroad.alice, abroad.sam
    await talk(abroad)

    await alice.sends_picture(photograph(), "this is my door")
    await sam.reads("a member", "this is my door")
    await sam.reads("a member", "There is a picture from them", "kB")
    await alice.reads("I've asked whether they want to see it")
    assert await sam.pictures() == []

    await sam.presses("Show it")
    await sam.reads("I'm getting it")
    assert is_harmless(await sam.sees_a_picture())
    assert len(await sam.pictures()) == 1, "none was shown unasked"
    await sam.reads("a member")
    await alice.has_under_their_last(ARRIVED)

    await abroad.stop()
    await sam.sends_picture(photograph(), place="case")
    await abroad.start()
    await alice.reads("Sam, peer", "There is a picture from them")
    await sam.reads("I've asked whether they want to see it")
    await alice.presses("Show all in this talk")
    await alice.reads("I'm getting it")
    assert is_harmless(await alice.sees_a_picture())
    await alice.reads("Sam, peer")
    await sam.has_under_their_last(ARRIVED)
    await sam.deletes()
    await alice.sees_the_picture_go()
    await alice.sees_it_go("There is a picture from them")


async def test_in_a_terminal_a_picture_is_words(tmp_path: Path) -> None:
    async with open_world(tmp_path, {"alice": "discord", "sam": "console"}, None) as world:
        await talk(world)
        await world.alice.sends_picture(photograph())
        await world.sam.reads("a member (case 1)", "There is a picture from them")
        await world.alice.reads("I've asked whether they want to see it")
        await world.sam.presses("Show it")
        await world.sam.reads("I'm getting it")
        await world.sam.reads("a member (case 1)", "A picture: JPEG", "kB", "cannot be shown here")
