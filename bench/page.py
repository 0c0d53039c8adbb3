"""A page about somebody in danger, while a hundred thousand check-ins wait for the same narrow door."""

import asyncio
import random
import time
from collections.abc import Sequence
from statistics import median

from bench.connected import on_discord
from bench.databases import KINDS, Kind, fresh
from bench.discord_limit import per_second
from bench.due import waiting
from bench.loopback import LIMIT, Arrival, Discord, running
from bench.people import add_community, add_members, due_at
from bench.report import Row, at_most, progress, told
from bot.app import App
from bot.core.content import Choice, Content
from bot.core.platform import Address
from bot.delivery import outbox
from bot.delivery.outbox import Message, Priority
from bot.scheduling.clock import system_now
from bot.storage.database import Database

LONGEST = 100.0
"""Milliseconds from the commit of the page to its arrival."""

PAGES = 20
SEED = 20261123

PAUSE = 0.8
"""Seconds between a page's arrival and the next page, on average."""


async def measure(
    members: int, pages: int = PAGES, kinds: Sequence[Kind] = KINDS, *, pause: float = PAUSE
) -> list[Row]:
    """On both databases: the median and the worst of `pages` pages."""
    rows: list[Row] = []
    for kind in kinds:
        progress(f"{kind}: {pages} pages while {members:,} check-ins wait for Discord at {LIMIT} requests/s")
        rows += await _on(kind, members, pages, pause)
    return rows


async def _on(kind: Kind, members: int, pages: int, pause: float) -> list[Row]:
    async with fresh(kind) as database, running(members) as discord:
        async with database.begin() as tx:
            community = await add_community(tx, peers=discord.scene.peers)
        await add_members(database, community, members, due_at(system_now().replace(second=0, microsecond=0)))
        async with on_discord(database, discord.scene, system_now) as app:
            began = time.monotonic()
            due = asyncio.create_task(app.tick())
            early = await _pages(app, database, discord, "early", max(1, pages // 4), pause / 3, until=due)
            await due
            materialised = time.monotonic() - began
            committed, asked = await _pages(app, database, discord, "page", pages, pause)
            left = await waiting(database)
        sent = [one for one in await discord.look() if one.counts]
    name = f"{kind}: a page while {left:,} check-ins wait"
    return [
        at_most(f"{name}: commit → arrival, worst of {pages}", 1000 * max(committed), "ms", LONGEST),
        told(f"{name}: median", 1000 * median(committed), "ms"),
        told(f"{name}: asking for the transaction → arrival, worst", 1000 * max(asked), "ms"),
        told(
            f"{kind}: the same in the {materialised:.0f} s in which they become due: worst of {len(early[1])}",
            1000 * max(early[1]),
            "ms",
        ),
        told(f"{kind}: requests/s meanwhile", per_second(sent), "/s"),
    ]


async def _pages(
    app: App,
    database: Database,
    discord: Discord,
    name: str,
    count: int,
    pause: float,
    *,
    until: asyncio.Task[None] | None = None,
) -> tuple[list[float], list[float]]:
    """Seconds from commit to arrival, and from the wish to write, of one page after the other."""
    seeded = random.Random(f"{SEED} {name}")
    committed: list[float] = []
    asked: list[float] = []
    while len(committed) < count and not (committed and until is not None and until.done()):
        await asyncio.sleep(seeded.uniform(0.5, 1.5) * pause)
        before = len(_at_peers(await discord.look(), discord))
        wished = time.monotonic()
        stored = await _page(app, database, discord.scene.peers, f"page:{name}:{len(committed)}")
        while len(found := _at_peers(await discord.look(), discord)) == before:
            await asyncio.sleep(0.05)
        committed.append(found[-1].at - stored)
        asked.append(found[-1].at - wished)
    return committed, asked


def _at_peers(arrivals: Sequence[Arrival], discord: Discord) -> list[Arrival]:
    path = f"/channels/{discord.scene.peers}/messages"
    return [one for one in arrivals if one.is_message and one.path == path]


async def _page(app: App, database: Database, peers: str, key: str) -> float:
    """Put a page into the outbox as the bot does; when it was stored."""
    now = system_now()
    take = Choice(label="I'm on it", command="case take", arguments={"case": "1"}, style="danger")
    message = Message(
        key=key,
        to=Address(platform="discord", kind="place", id=peers),
        content=Content(title="Urgent", text="Somebody may be in danger", choices=(take,)),
        priority=Priority.CRISIS,
        due_at=now,
    )
    async with database.begin() as tx:
        await outbox.enqueue(tx, message, now=now)
        tx.after_commit(app.wake)
    return time.monotonic()
