"""What the disk makes of it: how long a commit takes, and how much a member and a delivery fill."""

from collections.abc import Sequence
from statistics import median
from time import perf_counter

from sqlalchemy import func, select, text

from bench.databases import KINDS, Kind, fresh
from bench.due import app_on
from bench.people import DUE, add_community, add_members, due_at
from bench.report import Row, progress, told
from bot.storage.database import Database
from bot.storage.tables import Remembered

COMMITS = 200


async def measure(members: int, commits: int = COMMITS, kinds: Sequence[Kind] = KINDS) -> list[Row]:
    """Figures for `docs/scale.md`; nothing is promised of them."""
    rows: list[Row] = []
    for kind in kinds:
        progress(f"{kind}: {commits} commits, one after the other, and the size of {members:,} members")
        async with fresh(kind) as database:
            rows.append(
                told(
                    f"{kind}: a commit of one row, flushed to the disk, median", await _commit(database, commits), "ms"
                )
            )
            async with database.begin() as tx:
                community = await add_community(tx)
            empty = await _bytes(database, kind)
            await add_members(database, community, members, due_at(DUE))
            filled = await _bytes(database, kind)
            await app_on(database, DUE).due.do(DUE)
            sent = await _bytes(database, kind)
        rows += [
            told(f"{kind}: a member with account and schedule takes", (filled - empty) / members, "bytes"),
            told(f"{kind}: a check-in in the outbox takes", (sent - filled) / members, "bytes"),
        ]
    return rows


async def _commit(database: Database, commits: int) -> float:
    """Milliseconds."""
    took = []
    for number in range(commits):
        began = perf_counter()
        async with database.begin() as tx:
            tx.session.add(Remembered(platform="bench", name=str(number), value_sealed=b""))
        took.append(perf_counter() - began)
    return 1000 * median(took)


async def _bytes(database: Database, kind: Kind) -> int:
    async with database.read() as tx:
        if kind == "PostgreSQL":
            return int(await tx.session.scalar(select(func.pg_database_size(func.current_database()))) or 0)
        pages, free, size = [
            int(await tx.session.scalar(text(f"PRAGMA {name}")) or 0)
            for name in ("page_count", "freelist_count", "page_size")
        ]
        return (pages - free) * size
