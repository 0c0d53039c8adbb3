"""Bad weather: everything that goes wrong between the bot, the servers and its disk, one after the other."""

import asyncio
import resource
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from crash import scene as scenes
from crash.scene import Scene, Size
from real_matrix.homeserver import Homeserver
from real_matrix.proxy import FaultProxy

CONNECT_SECONDS = 180.0

POST_MESSAGE = r"^/channels/\d+/messages$"
SEND_EVENT = r"/send/m\."
SYNC = r"/sync$"

TINY_FILE = 4096
"""Bytes: the largest file that fits on a full disk. SQLite then cannot commit anything."""

NO_NETWORK = {
    r"^Attempting a reconnect in": "discord.py's own word for a lost connection",
    r"^(discord|matrix): not connected": "the connection was cut",
    r"^delivery \d+: the adapter failed": "an answer made no sense",
    r"^Nobody was told that event": "the connection was cut before somebody could be told that a key is missing",
    r"^interaction \d+ (has no answer|could not be handled)": "it was pressed while the connection was cut",
    r"^what was written while the bot was away could not be read yet": "the connection was cut again",
    r"^Nothing could be sent": "the server refused everything; with what to do",
}
NO_DATABASE = {
    r"^outbox of \w+: (the database does not|not emptied)": "no look into the database; with what to do",
    r"^what people write cannot be stored": "the database could not be written; with what to do",
    r"^due [\w-]+: failed": "the database could not be written",
    r"^(ticker|due): ": "the database could not be written",
    r"^\w+ \d+( and others alike)?: failed, tried again every minute": "it went away while they were done",
    r"somebody in danger was answered, but nobody could be called": "the last resort, said at once",
    r"somebody in danger could not be answered": "an encrypted answer stores its keys on the same disk; it comes later",
    r"^message \d+ could not be handled": "the database could not be written; it is tried again",
    r"^The Matrix position cannot be stored": "the database could not be written; it is tried again",
    r"^how far the channels are heard could not be stored": "the database could not be written",
    r"^interaction \d+ could not be handled": "it was pressed while the database could not be written",
    r"its outcome was not stored|outcomes? (was|were) not stored": "the database could not be written",
    r"^matrix: not connected": "a position in the syncs could not be stored: the run begins again from the last one",
}
USUAL = NO_NETWORK | NO_DATABASE
"""What the bot may log as an error in bad weather, and why."""


@asynccontextmanager
async def opened(homeserver: Homeserver, size: Size) -> AsyncIterator[tuple[Scene, FaultProxy]]:
    """The scene, with a proxy between the bot and the homeserver."""
    async with (
        FaultProxy(homeserver.base_url) as proxy,
        scenes.opened(homeserver, size, matrix_url=proxy.base_url) as s,
    ):
        yield s, proxy


async def start(scene: Scene) -> None:
    """Start the bot, and wait until it is connected."""
    identified = scene.discord.gateway.identifies
    await scene.bot.start()
    await scene.discord.wait_until(
        lambda: scene.discord.gateway.identifies > identified, timeout=CONNECT_SECONDS, what="the bot on Discord"
    )


async def work_has_begun(scene: Scene) -> None:
    """Wait until the bot has said something."""
    discord = scene.discord
    await discord.wait_until(lambda: bool(discord.bot_messages), timeout=CONNECT_SECONDS, what="a first message")


async def wrong_answers(scene: Scene, proxy: FaultProxy, seconds: float) -> None:
    """Single requests fail on both platforms: after they took effect, half-way, with pages, and without an answer."""
    discord = scene.discord
    kinds: tuple[dict[str, bool | int], ...] = (
        {"status": 500, "after_commit": True},
        {"drop": True, "after_commit": True},
        {"drop": True},
        {"status": 502, "html": True},
        {"status": 502, "html": True, "after_commit": True},
        {"status": 503},
        {"status": 200, "html": True, "after_commit": True},
    )
    pause = seconds / len(kinds)
    for kind in kinds:
        discord.fail_next("POST", POST_MESSAGE, times=2, **kind)  # type: ignore[arg-type]  # kinds fit
        proxy.fail_next("PUT", SEND_EVENT, times=2, **kind)  # type: ignore[arg-type]  # kinds fit
        proxy.fail_next("GET", SYNC, **kind)  # type: ignore[arg-type]  # kinds fit
        await asyncio.sleep(pause)
    discord.fail_next("POST", POST_MESSAGE, hang=True, after_commit=True)
    proxy.fail_next("PUT", SEND_EVENT, hang=True, after_commit=True)


async def storms(scene: Scene, proxy: FaultProxy, seconds: float) -> None:
    """Both servers answer 429 to everything."""
    scene.discord.storm(seconds, retry_after=0.5)
    proxy.storm(seconds, retry_after_ms=500)
    await asyncio.sleep(seconds)


async def partition(scene: Scene, proxy: FaultProxy, seconds: float, *, hang: bool) -> None:
    """No way to either server. Those on duty are told, in as many words, of a member who is not reached for so long."""
    for author in (scene.sam, scene.robin, *scene.members):
        scene.ledger.allow(author.private, "has not reached them yet")
    for place in (*scene.peer_rooms.values(), scene.sam.private, scene.robin.private):
        scene.ledger.allow(place, "I cannot reach")
        # Where a page did not arrive for a minute, everybody is called, whatever the policy would wait for.
        scene.ledger.allow(place, "heard by the bot")
        # What cannot be shown where it was pressed is written instead. Who has pressed in vain presses again.
        scene.ledger.allow(place, "You have it. I have written")
        scene.ledger.allow(place, "already has this case")
    scene.discord.partition(hang=hang)
    proxy.partition(hang=hang)
    try:
        await asyncio.sleep(seconds)
    finally:
        scene.discord.heal()
        proxy.heal()


def allow_the_last_resort(scene: Scene) -> None:
    """Who is in danger while nothing can be stored is told so at once, and answered again when it can be."""
    for person in scene.members:
        scene.ledger.allow(person.private, "something is broken on my side just now")


async def full_disk(scene: Scene, seconds: float) -> None:
    """No file of the bot's can grow."""
    allow_the_last_resort(scene)
    limit = resource.prlimit(scene.bot.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(scene.bot.pid, resource.RLIMIT_FSIZE, (TINY_FILE, limit[1]))
    try:
        await asyncio.sleep(seconds)
    finally:
        resource.prlimit(scene.bot.pid, resource.RLIMIT_FSIZE, limit)


async def locked_database(scene: Scene, seconds: float) -> None:
    """Another process writes into the database for a long time."""
    allow_the_last_resort(scene)
    file = scene.folder / "handrail.db"
    other = sqlite3.connect(file, timeout=CONNECT_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
        await asyncio.sleep(seconds)
        other.execute("ROLLBACK")
    finally:
        other.close()
