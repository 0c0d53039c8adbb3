"""Message in → page out, beside a bare bot that only sends: `python -m bench.latency [--json] [--quick]`.

Idle, and while others talk: 500 messages a second on the loopback Discord, and on a real Synapse, in encrypted rooms,
as many as it takes beside, which the figures tell. Both bots are measured in the same run, each on a fresh connection.

On Discord also beside a bare bot that first stores one row as safely as ours stores a case (SQLite, WAL, FULL): what
nobody is below who keeps what they promise. On the loopback there is no way to a server that would hide it.
"""

import argparse
import asyncio
import logging
import random
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path
from statistics import median
from uuid import uuid4

import discord
import nio
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route
from real_matrix.homeserver import Homeserver
from real_matrix.people import MatrixPerson
from sqlalchemy import update

from bench import synapse
from bench.connected import on_discord
from bench.databases import fresh, scratch
from bench.loopback import CHAT, Discord, running
from bench.report import Row, at_most, conclude, progress, told
from bot.app import App
from bot.core.community import parse_community
from bot.scheduling.clock import system_now
from bot.storage.tables import CaseRow

DANGER = "i want to kill myself"

OF_A_BARE_BOT = 2.0
"""How many times a bare bot's p99 ours may be."""

PAGES = 100
RATE = 500.0
"""Ordinary messages a second on Discord. A Synapse takes as many as it can, which the figures tell."""

PEOPLE = 40
PAUSE = 0.15
"""Seconds between a page's arrival and the next message, on average."""

SEED = 20261123
_PATIENCE = 60

_COMMUNITY = """
id = "here"
name = "Harbour"
country = "US"
zone = "America/New_York"
"""

Once = Callable[[], Awaitable[float]]
"""Write that somebody is in danger, wait for the page; seconds from the one to the other."""


async def measure(pages: int = PAGES, rate: float = RATE, *, pause: float = PAUSE) -> list[Row]:
    """On the loopback Discord, then on a homeserver of its own."""
    homeserver = Homeserver()
    try:
        await homeserver.start()
        return [*await on_loopback(pages, rate, pause=pause), *await on_synapse(homeserver, pages, rate, pause=pause)]
    finally:
        await asyncio.to_thread(homeserver.close)


# Discord


async def on_loopback(pages: int, rate: float, *, pause: float) -> list[Row]:
    """The bot and a bare discord.py, one after the other, each with a server process of its own."""
    rows: list[Row] = []
    for busy in (0.0, rate):
        progress(f"Discord: {pages} pages, {busy:.0f} ordinary messages/s beside them")
        async with running(PEOPLE, limit=None) as server, _bare_discord(server) as bare:
            theirs = await _times(bare, pages, pause, server, busy)
        with scratch() as folder, closing(_book(folder / "book.db")) as book:
            async with running(PEOPLE, limit=None) as server, _bare_discord(server, partial(_note, book)) as storing:
                stored = await _times(storing, pages, pause, server, busy)
        async with running(PEOPLE, limit=None) as server, _our_discord(server) as ours:
            mine = await _times(ours, pages, pause, server, busy)
        name = f"Discord, {busy:.0f} messages/s beside" if busy else "Discord, idle"
        rows += _rows(name, mine, theirs)
        rows += _beside_one_that_stores(name, mine, stored)
    return rows


async def _times(once: Once, pages: int, pause: float, server: Discord, busy: float) -> list[float]:
    await once()  # connections are opened, and code is read, before
    await server.chat(busy)
    times = await _repeat(once, pages, pause)
    await server.chat(0)
    return times


async def _repeat(once: Once, pages: int, pause: float) -> list[float]:
    seeded = random.Random(SEED)
    times = []
    for _page in range(pages):
        await asyncio.sleep(seeded.uniform(0.5, 1.5) * pause)
        times.append(await once())
    return times


async def _page_on_discord(server: Discord) -> float:
    """Write it, and wait for the page in the peers' room; the server's own record tells when it came."""
    path = f"/channels/{server.scene.peers}/messages"
    said = await server.say(DANGER)
    async with asyncio.timeout(_PATIENCE):
        while True:
            found = [one for one in await server.look() if one.is_message and one.path == path and one.at > said]
            if found:
                return found[0].at - said
            await asyncio.sleep(0.02)


@asynccontextmanager
async def _our_discord(server: Discord) -> AsyncIterator[Once]:
    scene = server.scene
    places = _place("discord", "server", scene.guild) + _place("discord", "lobby", scene.lobby)
    async with fresh("SQLite") as database, on_discord(database, scene, system_now) as app:
        await _apply(app, places + _place("discord", "peers", scene.peers))

        async def once() -> float:
            took = await _page_on_discord(server)
            await _end_cases(app)
            return took

        yield once


def _book(file: Path) -> sqlite3.Connection:
    """A database with one table, which keeps a row through a power cut as ours does."""
    book = sqlite3.connect(file, isolation_level=None)
    book.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE book (said TEXT)")
    return book


def _note(book: sqlite3.Connection, said: str) -> None:
    book.execute("INSERT INTO book VALUES (?)", (said,))


@asynccontextmanager
async def _bare_discord(server: Discord, first: Callable[[str], None] | None = None) -> AsyncIterator[Once]:
    """What it does `first` with the message, if anything, and then one send."""
    scene = server.scene
    Route.BASE = scene.api_base
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(scene.gateway_url)
    ready = asyncio.Event()
    intents = discord.Intents(guilds=True, guild_messages=True, message_content=True)

    class Bare(discord.Client):
        async def on_ready(self) -> None:
            ready.set()

        async def on_message(self, message: discord.Message) -> None:
            if message.content == DANGER:
                if first is not None:
                    first(message.content)
                await self.get_partial_messageable(int(scene.peers)).send("Somebody may be in danger")

    client = Bare(intents=intents, max_messages=None)
    serving = asyncio.create_task(client.start(scene.token), name="a bare bot")
    try:
        async with asyncio.timeout(_PATIENCE):
            await ready.wait()
        yield lambda: _page_on_discord(server)
    finally:
        await client.close()
        await asyncio.gather(serving, return_exceptions=True)


# Matrix


async def on_synapse(homeserver: Homeserver, pages: int, rate: float, *, pause: float) -> list[Row]:
    """The same in encrypted rooms: a member writes in the lobby, a peer's client reads the page."""
    rows: list[Row] = []
    async with (
        await MatrixPerson.join_server(homeserver, f"alice-{uuid4().hex[:8]}") as alice,
        await MatrixPerson.join_server(homeserver, f"sam-{uuid4().hex[:8]}") as sam,
        await MatrixPerson.join_server(homeserver, f"ben-{uuid4().hex[:8]}") as ben,
    ):
        for busy in (0.0, rate):
            progress(f"Synapse: {pages} pages, {'others talking' if busy else 'idle'}")
            async with _bare_matrix(homeserver, alice, sam, ben) as (bare, chat):
                theirs, their_rate = await _beside(bare, chat, pages, pause, busy)
            async with _our_matrix(homeserver, alice, sam, ben) as (ours, chat):
                mine, our_rate = await _beside(ours, chat, pages, pause, busy)
            name = f"Synapse, {min(their_rate, our_rate):.0f} messages/s beside" if busy else "Synapse, idle"
            rows += _rows(name, mine, theirs)
    return rows


Chat = Callable[[int], Awaitable[None]]
"""Say an ordinary thing; its number chooses which."""


async def _beside(once: Once, chat: Chat, pages: int, pause: float, rate: float) -> tuple[list[float], float]:
    """The times, and how many ordinary messages a second the homeserver took meanwhile."""
    await once()
    said = 0

    async def talk() -> None:
        nonlocal said
        began = time.monotonic()
        while True:
            await chat(said)
            said += 1
            await asyncio.sleep(max(0.0, began + said / rate - time.monotonic()))

    began = time.monotonic()
    talking = asyncio.create_task(talk()) if rate else None
    try:
        times = await _repeat(once, pages, pause)
    finally:
        if talking is not None:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)
    return times, said / (time.monotonic() - began)


@asynccontextmanager
async def _our_matrix(
    homeserver: Homeserver, alice: MatrixPerson, sam: MatrixPerson, ben: MatrixPerson
) -> AsyncIterator[tuple[Once, Chat]]:
    async with synapse.our_bot(homeserver) as (app, user_id):
        lobby, peers = await _rooms(alice, sam, ben, user_id)
        await _apply(app, _place("matrix", "lobby", lobby) + _place("matrix", "peers", peers))
        page = _page_on_synapse(alice, sam, lobby, peers)

        async def once() -> float:
            took = await page()
            await _end_cases(app)
            return took

        yield once, _chat_in(ben, lobby)


@asynccontextmanager
async def _bare_matrix(
    homeserver: Homeserver, alice: MatrixPerson, sam: MatrixPerson, ben: MatrixPerson
) -> AsyncIterator[tuple[Once, Chat]]:
    async with synapse.bare_client(homeserver) as bare:
        peers = ""

        async def on_message(room: nio.MatrixRoom, event: nio.RoomMessageText) -> None:
            if event.body == DANGER and room.room_id != peers:
                content = {"msgtype": "m.text", "body": "Somebody may be in danger"}
                await bare.room_send(peers, "m.room.message", content, ignore_unverified_devices=True)

        async def on_invite(room: nio.MatrixRoom, _event: nio.InviteMemberEvent) -> None:
            await bare.join(room.room_id)

        bare.add_event_callback(on_message, nio.RoomMessageText)
        bare.add_event_callback(on_invite, nio.InviteMemberEvent)
        syncing = asyncio.create_task(bare.sync_forever(timeout=30_000, full_state=True), name="a bare bot")
        try:
            lobby, peers = await _rooms(alice, sam, ben, bare.user_id)
            yield _page_on_synapse(alice, sam, lobby, peers), _chat_in(ben, lobby)
        finally:
            syncing.cancel()
            await asyncio.gather(syncing, return_exceptions=True)


async def _rooms(alice: MatrixPerson, sam: MatrixPerson, ben: MatrixPerson, bot: str) -> tuple[str, str]:
    """An encrypted lobby, and an encrypted room for the peers."""
    lobby = await alice.create_room(invite=[bot, ben.user_id], encrypted=True)
    peers = await sam.create_room(invite=[bot], encrypted=True)
    await alice.members_joined(lobby, [bot, ben.user_id], timeout=_PATIENCE)
    await ben.members_joined(lobby, [bot], timeout=_PATIENCE)
    await sam.members_joined(peers, [bot], timeout=_PATIENCE)
    return lobby, peers


def _page_on_synapse(alice: MatrixPerson, sam: MatrixPerson, lobby: str, peers: str) -> Once:
    async def once() -> float:
        before = len(sam.messages(peers))
        said = time.monotonic()
        await alice.says(lobby, DANGER)
        await sam.until(lambda: len(sam.messages(peers)) > before, "a page", seconds=_PATIENCE)
        return time.monotonic() - said

    return once


def _chat_in(ben: MatrixPerson, lobby: str) -> Chat:
    async def chat(number: int) -> None:
        await ben.says(lobby, CHAT[number % len(CHAT)])

    return chat


# Both


def _place(platform: str, kind: str, address: str) -> str:
    return f'\n[[places]]\nplatform = "{platform}"\nkinds = ["{kind}"]\naddress = "{address}"\n'


async def _apply(app: App, places: str) -> None:
    async with app.database.begin() as tx:
        await app.communities.apply(tx, parse_community(_COMMUNITY + places, name="here.toml"), None, now=system_now())


async def _end_cases(app: App) -> None:
    """So that the same member's next message opens a new one."""
    ended = {"open_for": None, "state": "resolved", "next_at": None, "ended_at": system_now()}
    async with app.database.begin() as tx:
        await tx.session.execute(update(CaseRow).where(CaseRow.open_for.is_not(None)).values(ended))


def _rows(name: str, ours: Sequence[float], bare: Sequence[float]) -> list[Row]:
    ratio = _p99(ours) / _p99(bare)
    return [
        at_most(f"{name}: message → page, p99, times a bare bot's", ratio, "×", OF_A_BARE_BOT),
        told(f"{name}: median", 1000 * median(ours), "ms"),
        told(f"{name}: p99 of {len(ours)}", 1000 * _p99(ours), "ms"),
        told(f"{name}: a bare bot's median", 1000 * median(bare), "ms"),
        told(f"{name}: a bare bot's p99", 1000 * _p99(bare), "ms"),
    ]


def _beside_one_that_stores(name: str, ours: Sequence[float], stored: Sequence[float]) -> list[Row]:
    return [
        told(f"{name}: a bare bot that stores one row first, median", 1000 * median(stored), "ms"),
        told(f"{name}: a bare bot that stores one row first, p99", 1000 * _p99(stored), "ms"),
        told(f"{name}: ours, p99, times that one's", _p99(ours) / _p99(stored), "×"),
    ]


def _p99(times: Sequence[float]) -> float:
    return sorted(times)[min(len(times) - 1, round(0.99 * len(times)))]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit code: 1 where a bound does not hold."""
    parser = argparse.ArgumentParser(prog="python -m bench.latency", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--quick", action="store_true", help="few pages, to see that everything runs")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.ERROR)
    rows = asyncio.run(measure(10 if given.quick else PAGES))
    return conclude(rows, as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
