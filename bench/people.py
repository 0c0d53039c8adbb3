"""Filling a database with members who have opted in to check-ins: set-based SQL, a million in about a minute."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    String,
    Time,
    case,
    cast,
    column,
    func,
    insert,
    literal,
    select,
    text,
    values,
)

from bot.core.occurrences import next_daily
from bot.storage.columns import UtcDateTime
from bot.storage.database import Database, Transaction
from bot.storage.tables import CheckInSchedule, Community, Identity, Member, Place

ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Phoenix",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Kolkata",
)
"""Where the members live."""

LANGUAGES = ("en", "es")

DUE = datetime(2026, 11, 23, 14, tzinfo=UTC)
"""The instant at which the check-ins are due: 09:00 in New York."""

SLOT = timedelta(minutes=5)
DAY = timedelta(days=1)

FIRST_ACCOUNT = 1_000_000_000_000_000_000
"""Accounts are numbers above this one, as on Discord: the member's id is added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A member's schedule: the wall time in their zone, and the occurrence that comes."""

    zone: str
    wall: time
    at: datetime
    day: date


def due_at(at: datetime) -> list[Plan]:
    """Plans, one for each zone, that are all due at `at`."""
    return [_plan(zone, at) for zone in ZONES]


def due_over_a_day(after: datetime) -> list[Plan]:
    """Plans that are due all through the day that begins at `after`, every five minutes."""
    return [_plan(ZONES[slot % len(ZONES)], after + slot * SLOT) for slot in range(1, DAY // SLOT + 1)]


def _plan(zone: str, at: datetime) -> Plan:
    wall = at.astimezone(ZoneInfo(zone)).time()
    coming = next_daily(wall, ZoneInfo(zone), at - timedelta(seconds=1))
    return Plan(zone=zone, wall=wall, at=coming.at, day=coming.day)


async def add_community(tx: Transaction, *, peers: str | None = None, platform: str = "discord") -> int:
    """A community, with `peers` as the address of its peers' room; its id."""
    row = Community(
        slug="harbour",
        name="Harbour",
        country="US",
        zone="America/New_York",
        languages=list(LANGUAGES),
        checkin_time=time(9),
        policy=[],
        retention_days=30,
    )
    tx.session.add(row)
    await tx.session.flush()
    if peers is not None:
        tx.session.add(Place(community_id=row.id, platform=platform, address=peers, kinds=["peers"]))
    return row.id


async def add_members(
    database: Database,
    community_id: int,
    count: int,
    plans: Sequence[Plan],
    *,
    platform: str = "discord",
    quiet_hours: bool = False,
) -> None:
    """`count` members, each with one account and one schedule, which are taken from `plans` in turn.

    Every fourth reads Spanish. With `quiet_hours`, every tenth has some, at night.
    """
    async with database.begin() as tx:
        first = int(await tx.session.scalar(select(func.coalesce(func.max(Member.id), 0))) or 0) + 1
        n = select(literal(0).label("i")).cte("n", recursive=True)
        n = n.union_all(select(n.c.i + 1).where(n.c.i < count - 1))
        tenth, fourth = n.c.i % 10 == int(not quiet_hours) * 10, n.c.i % 4 == 0
        await tx.session.execute(
            insert(Member).from_select(
                ["community_id", "language", "quiet_from", "quiet_until"],
                select(
                    literal(community_id),
                    case((fourth, literal("es")), else_=literal("en")),
                    case((tenth, literal(time(22), Time()))),
                    case((tenth, literal(time(6), Time()))),
                ).select_from(n),
            )
        )
        await tx.session.execute(
            insert(Identity).from_select(
                ["community_id", "member_id", "platform", "account", "last_seen_at"],
                select(
                    Member.community_id,
                    Member.id,
                    literal(platform),
                    cast(Member.id + literal(FIRST_ACCOUNT, BigInteger()), String),
                    literal(DUE - DAY, UtcDateTime()),
                ).where(Member.id >= first),
            )
        )
        await _add_schedules(tx, first, plans)
    await _know_sizes(database)


async def _add_schedules(tx: Transaction, first: int, plans: Sequence[Plan]) -> None:
    table = (
        values(
            column("turn", Integer),
            column("wall", Time),
            column("zone", String),
            column("at", UtcDateTime),
            column("day", Date),
            column("before", Date),
            name="plans",
        )
        .data([(turn, p.wall, p.zone, p.at, p.day, p.day - DAY) for turn, p in enumerate(plans)])
        .cte()
    )
    turn: ColumnElement[bool] = Member.id % len(plans) == table.c.turn
    await tx.session.execute(
        insert(CheckInSchedule).from_select(
            ["member_id", "wall", "zone", "next_at", "next_day", "last_day"],
            select(Member.id, table.c.wall, table.c.zone, table.c.at, table.c.day, table.c.before)
            .join(table, turn)
            .where(Member.id >= first)
            .order_by(Member.id),
        )
    )


async def _know_sizes(database: Database) -> None:
    """PostgreSQL notices by itself how full its tables are, a minute later; this is at once."""
    if database.engine.dialect.name == "postgresql":
        async with database.begin() as tx:
            await tx.session.execute(text("ANALYZE"))
