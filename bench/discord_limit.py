"""Sending at the limit that Discord sets: how much of it is used, and whether it is ever exceeded."""

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from time import process_time

from bench.connected import on_discord
from bench.databases import fresh
from bench.loopback import LIMIT, Arrival, Discord, running
from bench.people import DAY, add_community, add_members, due_at
from bench.report import Row, at_least, at_most, progress, told
from bot.scheduling.clock import system_now

USED = 95
"""Per cent of the limit."""

LONGEST = 24
"""Seconds that one part takes, at the limit."""


LOOK = 0.25
"""Seconds between two questions how much has arrived."""


class Clock:
    """The machine's clock, which can be put forward by whole days."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        """The time it shows."""
        return system_now() + self.ahead


async def measure(seconds: float = LONGEST) -> list[Row]:
    """Check-ins to people never written to before (two requests each), and a day later to the same people."""
    people = round(seconds * LIMIT)
    progress(f"Discord, limited to {LIMIT} requests/s: {people:,} check-ins, twice")
    clock = Clock()
    async with fresh("SQLite") as database, running(people) as discord:
        async with database.begin() as tx:
            community = await add_community(tx, peers=discord.scene.peers)
        await add_members(database, community, people, due_at(clock().replace(second=0, microsecond=0)))
        async with on_discord(database, discord.scene, clock) as app:
            await app.tick()
            await _messages(discord, people)
            first = [one for one in discord.arrivals if one.counts]
            clock.ahead += DAY
            worked = process_time()
            await app.tick()
            await _messages(discord, 2 * people)
            worked = process_time() - worked
            again = [one for one in discord.arrivals if one.counts][len(first) :]
    refused = sum(one.status == HTTPStatus.TOO_MANY_REQUESTS for one in discord.arrivals)
    return [
        at_least(
            "Discord: requests/s, of the limit",
            100 * min(per_second(first), per_second(again)) / LIMIT,
            "%",
            USED,
        ),
        at_most("Discord: requests answered 429", refused, "", 0),
        told("Discord: most requests within any second", max(most_within_a_second(p) for p in (first, again)), ""),
        told("Discord: check-ins/s to people never written to before", _messages_per_second(first), "/s"),
        told("Discord: check-ins/s to people written to before", _messages_per_second(again), "/s"),
        told("Discord: the bot's own work for each of these, from due to stored as sent", 1000 * worked / people, "ms"),
    ]


async def _messages(discord: Discord, count: int) -> None:
    """Wait until so many messages have arrived."""
    while sum(one.is_message for one in await discord.look()) < count:
        await asyncio.sleep(LOOK)


def per_second(arrivals: Sequence[Arrival]) -> float:
    """How many came in a second, from the first to the last."""
    return (len(arrivals) - 1) / (arrivals[-1].at - arrivals[0].at)


def _messages_per_second(arrivals: Sequence[Arrival]) -> float:
    return per_second([one for one in arrivals if one.is_message])


def most_within_a_second(arrivals: Sequence[Arrival], *, key: Callable[[Arrival], float] = lambda one: one.at) -> int:
    """The largest number that came within one second, wherever that begins."""
    return max(bisect_left(arrivals, one.at + 1, key=key) - place for place, one in enumerate(arrivals))
