"""How cost grows with the number of schedules: `python -m bench.growth` measures it and draws docs/growth.svg.

At every size the same five hundred check-ins are due. What should not depend on the others stored beside them is drawn
flat, or it is a fault.
"""

import argparse
import asyncio
import csv
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from sqlalchemy import Integer, String, cast, insert, literal, select

from bench import REPOSITORY
from bench.databases import KINDS, Kind, fresh
from bench.due import app_on
from bench.memory import QUIET, RESIDENT, take
from bench.people import DUE, add_community, add_members, due_at, due_over_a_day
from bench.report import Row, conclude, progress, told
from bot.app import App
from bot.core.words import ENGLISH
from bot.delivery import contents, outbox
from bot.delivery.outbox import Priority, Room
from bot.services.asking import prompt
from bot.storage.columns import UtcDateTime
from bot.storage.database import Database
from bot.storage.tables import Delivery, Identity

SIZES = (1_000, 10_000, 100_000, 1_000_000)
DUE_AT_ONCE = 500
"""Half an hour after as many others, with which every statement is prepared."""

AT_ONCE = 16
"""Deliveries that are claimed together, as for Discord."""

TIMES = 9
"""Of what is quick; the median counts."""

DOCS = REPOSITORY / "docs"
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The costs at one size: three times in milliseconds, and the memory of `handrail run` (SQLite only) in MB."""

    database: Kind
    schedules: int
    idle_tick_ms: float
    due_ms: float
    claim_ms: float
    resident_mb: float | None


async def points(
    sizes: Sequence[int], kinds: Sequence[Kind] = KINDS, *, with_memory: Kind | None = "SQLite"
) -> list[Point]:
    """The costs at each size, on each database; the memory of the whole bot on one of them."""
    return [await _point(kind, size, with_memory=kind == with_memory) for kind in kinds for size in sizes]


def rows(measured: Sequence[Point]) -> list[Row]:
    """The points as rows."""
    found = []
    for point in measured:
        at = f"{point.database}, {point.schedules:,} schedules"
        found += [
            told(f"{at}: a tick with nothing due", point.idle_tick_ms, "ms"),
            told(f"{at}: {DUE_AT_ONCE} check-ins, due → in the outbox", point.due_ms, "ms"),
            told(f"{at}: claiming {AT_ONCE} of as many that wait", point.claim_ms, "ms"),
        ]
        if point.resident_mb is not None:
            found.append(told(f"{at}: memory of `handrail run`, resident", point.resident_mb, "MB"))
    return found


async def _point(kind: Kind, size: int, *, with_memory: bool) -> Point:
    progress(f"{kind}: {size:,} schedules, {DUE_AT_ONCE:,} of them due")
    async with fresh(kind) as database:
        async with database.begin() as tx:
            community = await add_community(tx)
        for at in (DUE - HOUR / 2, DUE):
            await add_members(database, community, DUE_AT_ONCE, due_at(at))
        if size > 2 * DUE_AT_ONCE:
            await add_members(database, community, size - 2 * DUE_AT_ONCE, due_over_a_day(DUE + HOUR))
        app = app_on(database, DUE)
        await app.due.do(DUE - HOUR / 2)
        idle = [await _tick(app) for _ in range(TIMES)]
        began = perf_counter()
        await app.due.do(DUE)
        due = perf_counter() - began
        await _fill_outbox(database, size - 2 * DUE_AT_ONCE)
        claims = [await _claim(database) for _ in range(TIMES)]
    memory = await take(size, QUIET) if with_memory else None
    return Point(
        database=kind,
        schedules=size,
        idle_tick_ms=1000 * median(idle),
        due_ms=1000 * due,
        claim_ms=1000 * median(claims),
        resident_mb=None if memory is None else memory.busy,
    )


async def _tick(app: App) -> float:
    began = perf_counter()
    await app.due.do(DUE - HOUR / 4)
    return perf_counter() - began


async def _claim(database: Database) -> float:
    """Seconds for one transaction of the sender's."""
    began = perf_counter()
    async with database.begin() as tx:
        await outbox.claim(tx, "discord", Room(all=AT_ONCE, calm=AT_ONCE), now=DUE)
    return perf_counter() - began


async def _fill_outbox(database: Database, count: int) -> None:
    """So many more check-ins wait."""
    async with database.begin() as tx:
        shared = await contents.share(tx, prompt().rendered(ENGLISH), now=DUE)
        waiting = (
            select(
                literal("bench:", String) + cast(Identity.id, String),
                Identity.member_id,
                Identity.platform,
                literal("direct", String),
                Identity.account,
                literal(int(Priority.CHECK_IN), Integer),
                literal(shared, Integer),
                literal(True),
                *(literal(at, UtcDateTime()) for at in (DUE, DUE + 2 * HOUR, DUE)),
                literal("pending", String),
                literal(0, Integer),
            )
            .where(Identity.id > 2 * DUE_AT_ONCE)
            .limit(max(0, count))
        )
        names = (
            "key member_id platform kind address priority shared_id has_choices"
            " due_at expires_at created_at state attempts"
        )
        await tx.session.execute(insert(Delivery).from_select(names.split(), waiting))


def draw(measured: Sequence[Point], file: Path) -> None:
    """The plot, as SVG."""
    import matplotlib as mpl  # noqa: PLC0415  only needed here
    from matplotlib.figure import Figure  # noqa: PLC0415  only needed here

    mpl.rcParams |= {"svg.hashsalt": "handrail", "svg.fonttype": "none", "font.family": "sans-serif"}
    figure = Figure(figsize=(10, 4.6), layout="constrained")
    times, memory = figure.subplots(1, 2)
    for kind, style in zip(KINDS, ("-", "--"), strict=True):
        of_kind = [point for point in measured if point.database == kind]
        sizes = [point.schedules for point in of_kind]
        for colour, (label, values) in enumerate(
            {
                f"{DUE_AT_ONCE} check-ins, due → in the outbox": [point.due_ms for point in of_kind],
                f"claiming {AT_ONCE} of as many that wait": [point.claim_ms for point in of_kind],
                "a tick with nothing due": [point.idle_tick_ms for point in of_kind],
            }.items()
        ):
            times.plot(sizes, values, style, color=f"C{colour}", marker="o", markersize=4, label=f"{label}, {kind}")
    times.set(xscale="log", yscale="log", xlabel="schedules stored", ylabel="milliseconds", title="Time")
    times.set_ylim(1, 10_000)
    figure.legend(*times.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8)
    with_memory = [point for point in measured if point.resident_mb is not None]
    memory.plot(
        [point.schedules for point in with_memory],
        [point.resident_mb or 0.0 for point in with_memory],
        color="C3",
        marker="o",
        markersize=4,
    )
    memory.set(xscale="log", xlabel="schedules stored", ylabel="MB", title="Memory of `handrail run`, resident")
    memory.axhline(RESIDENT, color="grey", linestyle=":")
    memory.annotate("promised at most", (SIZES[0], RESIDENT), textcoords="offset points", xytext=(0, 4), fontsize=8)
    memory.set_ylim(0, 1.2 * RESIDENT)
    for axes in (times, memory):
        axes.grid(visible=True, alpha=0.3)
    figure.savefig(file, metadata={"Date": None})


def write(measured: Sequence[Point], folder: Path) -> None:
    """The plot and its figures, as `growth.svg` and `growth.csv`."""
    with (folder / "growth.csv").open("w", encoding="utf-8", newline="") as opened:
        table = csv.DictWriter(opened, [field.name for field in fields(Point)], lineterminator="\n")
        table.writeheader()
        for point in measured:
            shown = {n: round(v, 2) if isinstance(v, float) else v for n, v in asdict(point).items()}
            table.writerow(shown)
    draw(measured, folder / "growth.svg")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--most", type=int, default=SIZES[-1], help="the largest number of schedules")
    parser.add_argument("--to", type=Path, default=DOCS, help="the folder for growth.svg and growth.csv")
    given = parser.parse_args(arguments)
    measured = asyncio.run(points([size for size in SIZES if size <= given.most]))
    write(measured, given.to)
    return conclude(rows(measured), as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
