"""Check-ins of many members that are due at the same minute: how fast they are in the outbox."""

from collections.abc import Sequence
from datetime import datetime
from time import perf_counter

from sqlalchemy import func, select, update

from bench.databases import KINDS, Kind, fresh
from bench.people import DAY, DUE, add_community, add_members, due_at
from bench.report import Row, at_least, at_most, progress, told
from bench.stalls import Stalls
from bot.app import App, build
from bot.core.platform import Hub, Platform
from bot.memory import settle_memory
from bot.platforms.discord import DiscordAccount, DiscordPlatform
from bot.storage.database import Database
from bot.storage.tables import Delivery

PER_SECOND = 10_000
LONGEST_STALL = 50.0
"""Milliseconds."""


async def measure(members: int, kinds: Sequence[Kind] = KINDS) -> tuple[list[Row], float]:
    """The rows, and the rate on SQLite, in check-ins per second."""
    rows: list[Row] = []
    rates: dict[Kind, float] = {}
    for kind in kinds:
        progress(f"{kind}: {members:,} check-ins due at the same minute")
        async with fresh(kind) as database:
            first, first_stall = await one_day(database, members, 0)
            await _all_sent(database)
            second, second_stall = await one_day(database, members, 1)
        rates[kind] = first
        rows += [
            at_least(f"{kind}: {members:,} check-ins, due → in the outbox", first, "/s", PER_SECOND),
            told(f"{kind}: the same a day later, with the first day's rows behind them", second, "/s"),
            at_most(
                f"{kind}: longest stall of the event loop meanwhile",
                1000 * max(first_stall, second_stall),
                "ms",
                LONGEST_STALL,
            ),
        ]
    return rows, rates["SQLite"]


async def one_day(database: Database, members: int, day: int) -> tuple[float, float]:
    """Check-ins per second, and the longest stall in seconds."""
    now = DUE + day * DAY
    if day == 0:
        async with database.begin() as tx:
            community = await add_community(tx)
        await add_members(database, community, members, due_at(DUE), quiet_hours=True)
    app = app_on(database, now)
    await app.due.do(now - DAY / 48)  # the hourly housekeeping is behind it, and every statement was prepared
    before = await waiting(database)
    settle_memory()  # as `App.run` does
    async with Stalls() as stalls:
        began = perf_counter()
        await app.due.do(now)
        took = perf_counter() - began
    materialised = await waiting(database) - before
    if materialised != members:
        raise RuntimeError(f"{materialised} check-ins are in the outbox, not {members}")
    return members / took, stalls.worst


async def _all_sent(database: Database) -> None:
    """The first day is over."""
    async with database.begin() as tx:
        await tx.session.execute(update(Delivery).values(state="sent", message_id=Delivery.key, sent_at=DUE))


def app_on(database: Database, now: datetime) -> App:
    """The whole bot, with Discord as its platform, which is not connected."""

    def platforms(hub: Hub) -> list[Platform]:
        return [DiscordPlatform(DiscordAccount(token="nobody"), hub)]  # noqa: S106  nothing is logged in to

    return build(database, lambda: now, platforms)


async def waiting(database: Database, *, state: str = "pending") -> int:
    """How many deliveries are in that state."""
    async with database.read() as tx:
        query = select(func.count()).select_from(Delivery).where(Delivery.state == state)
        return int(await tx.session.scalar(query) or 0)
