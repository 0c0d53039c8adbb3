"""The roster and the rotas as they are stored, read as the values of `bot.core.duty`."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select

from bot.core.crisis import Severity
from bot.core.duty import Credential, Entry, Handed, Hours, Override, Plan, Rota, Turns, rest_until
from bot.core.duty.roster import MOST_CASES
from bot.core.escalation import Outcome, State
from bot.core.roles import Role
from bot.services import members
from bot.storage.database import Transaction
from bot.storage.duty_tables import (
    CredentialRow,
    DutyClock,
    RosterRow,
    RotaOverride,
    RotaPerson,
    RotaRow,
    RotaSwap,
)
from bot.storage.tables import CaseRow, Community, Member

LONGEST_REST = timedelta(hours=1)
"""No rest is longer (`bot.core.duty.roster`)."""

NEVER_IN = datetime(1, 1, 2, tzinfo=UTC)
"""From when on somebody is off who is no peer."""

AGREED = "agreed"


async def peers(tx: Transaction, community_id: int) -> list[int]:
    """Everybody on the roster: the members with the role of a peer."""
    return await members.with_roles(tx, community_id, {Role.PEER})


async def load_roster(tx: Transaction, community_id: int, now: datetime) -> list[Entry]:
    """The roster as it is now, by member id."""
    ids = await peers(tx, community_id)
    told = {
        row.member_id: row for row in await tx.session.scalars(select(RosterRow).where(RosterRow.member_id.in_(ids)))
    }
    credentials: dict[int, list[Credential]] = defaultdict(list)
    theirs = select(CredentialRow).where(CredentialRow.member_id.in_(ids)).order_by(CredentialRow.id)
    for row in await tx.session.scalars(theirs):
        credentials[row.member_id].append(Credential(name=row.name, until=row.until))
    zones = await _zones(tx, community_id, ids)
    (held, in_danger), rests = await _cases(tx, ids), await _rests(tx, ids, now)
    return [
        _entry(
            member,
            told.get(member),
            zone=zones[member],
            credentials=tuple(credentials[member]),
            held=held.get(member, 0),
            rest=rests.get(member),
            in_danger=member in in_danger,
        )
        for member in ids
    ]


def _entry(
    member: int,
    row: RosterRow | None,
    *,
    zone: ZoneInfo,
    credentials: tuple[Credential, ...],
    held: int,
    rest: datetime | None,
    in_danger: bool,
) -> Entry:
    entry = Entry(member=member, zone=zone, credentials=credentials, held=held, rest_until=rest, in_danger=in_danger)
    if row is None:
        return entry
    hours = None
    if row.hours_from is not None and row.hours_until is not None:
        hours = Hours(days=frozenset(row.hours_days), begins=row.hours_from, ends=row.hours_until)
    return replace(
        entry,
        languages=tuple(row.languages),
        topics=tuple(row.topics),
        hours=hours,
        most=row.most or MOST_CASES,
        break_since=row.break_since,
    )


async def _zones(tx: Transaction, community_id: int, ids: Collection[int]) -> dict[int, ZoneInfo]:
    """By whose clocks the peers live: their own, else the community's."""
    community = await tx.session.get_one(Community, community_id)
    common = members.zone_named(community.zone) or ZoneInfo("UTC")
    rows = await tx.session.execute(select(Member.id, Member.zone).where(Member.id.in_(ids)))
    return {row.id: (row.zone and members.zone_named(row.zone)) or common for row in rows}


async def _cases(tx: Transaction, ids: Collection[int]) -> tuple[Mapping[int, int], Collection[int]]:
    """How many open cases the members have, and about whom of them one is open that is no mere concern.

    One in which nobody has written for long takes nobody's time.
    """
    held = CaseRow.holder.in_(ids) & CaseRow.open_for.is_not(None) & (CaseRow.state != State.QUIET.value)
    theirs = CaseRow.open_for.in_(ids) & (CaseRow.severity != Severity.CONCERN.value)
    # One statement: each more would let a page leave later.
    query = select(CaseRow.holder, CaseRow.open_for, held, theirs).where(held | theirs)
    rows = (await tx.session.execute(query)).all()
    holders = Counter(holder for holder, _member, is_held, _in_danger in rows if is_held and holder is not None)
    return holders, {member for _holder, member, _is_held, in_danger in rows if in_danger and member is not None}


async def _rests(tx: Transaction, ids: Collection[int], now: datetime) -> dict[int, datetime]:
    """Until when the members rest after a case."""
    query = select(CaseRow.holder, CaseRow.severity, CaseRow.outcome, CaseRow.ended_at).where(
        CaseRow.holder.in_(ids), CaseRow.ended_at > now - LONGEST_REST
    )
    rests: dict[int, datetime] = {}
    for row in await tx.session.execute(query):
        outcome = Outcome(row.outcome) if row.outcome in set(Outcome) else None
        until = rest_until(Severity(row.severity), outcome, row.ended_at)
        rests[row.holder] = max(until, rests.get(row.holder, until))
    return rests


async def load_plan(tx: Transaction, community_id: int, now: datetime, roster: list[Entry] | None = None) -> Plan:
    """The community's rotas with everything that was changed; whoever is off or no peer does not count."""
    roster = await load_roster(tx, community_id, now) if roster is None else roster
    rotas = await load_rotas(tx, community_id)
    ids = [rota.id for rota in rotas]
    overrides = await tx.session.scalars(
        select(RotaOverride).where(RotaOverride.rota_id.in_(ids)).order_by(RotaOverride.id)
    )
    known = [
        Override(rota=row.rota_id, begin=row.begins_at, end=row.ends_at, member=row.member_id) for row in overrides
    ]
    handed = await load_handed(tx, ids)
    off = {entry.member: entry.off_from for entry in roster if entry.off_from is not None}
    in_rotas = {member for rota in rotas for member in rota.people}
    in_rotas |= {each.taker for each in handed} | {each.member for each in known if each.member is not None}
    strangers = in_rotas - {entry.member for entry in roster}
    return Plan(rotas=rotas, handed=handed, overrides=known, off=off | dict.fromkeys(strangers, NEVER_IN))


async def load_rotas(tx: Transaction, community_id: int) -> list[Rota]:
    """The rotas that can be one, by name; one whose people are all gone is none (`without_people`)."""
    return [rota for row in await rota_rows(tx, community_id) if (rota := await read_rota(tx, row)) is not None]


async def rota_rows(tx: Transaction, community_id: int) -> list[RotaRow]:
    """All rotas of a community as they are stored, by name."""
    query = select(RotaRow).where(RotaRow.community_id == community_id).order_by(RotaRow.name, RotaRow.id)
    return list(await tx.session.scalars(query))


async def read_rota(tx: Transaction, row: RotaRow) -> Rota | None:
    """A stored rota as the rules take it; None if it has no people any more, or its zone is not in tzdata."""
    query = select(RotaPerson.member_id).where(RotaPerson.rota_id == row.id).order_by(RotaPerson.position)
    people = tuple(await tx.session.scalars(query))
    if not people or members.zone_named(row.zone) is None:
        return None
    return Rota(
        id=row.id,
        name=row.name,
        days=frozenset(row.days),
        begins=row.begins,
        ends=row.ends,
        zone_name=row.zone,
        people=people,
        turns=Turns(row.turns),
        start=row.starts_on,
    )


async def load_handed(tx: Transaction, rota_ids: Collection[int]) -> list[Handed]:
    """The shifts that were handed on, in the order in which it was agreed."""
    swap = RotaSwap
    query = (
        select(swap)
        .where(or_(swap.rota_id.in_(rota_ids), swap.return_rota_id.in_(rota_ids)), swap.state == AGREED)
        .order_by(swap.agreed_at, swap.id)
    )
    return [each for row in await tx.session.scalars(query) for each in handed_by(row)]


def handed_by(row: RotaSwap) -> list[Handed]:
    """What a stored swap changes."""
    changes = [Handed(rota=row.rota_id, day=row.day, giver=row.giver_id, taker=row.taker_id)]
    if row.return_rota_id is not None and row.return_day is not None:
        changes.append(Handed(rota=row.return_rota_id, day=row.return_day, giver=row.taker_id, taker=row.giver_id))
    return changes


async def replan(tx: Transaction, community_id: int, now: datetime) -> None:
    """Look at the community at once: its rotas or who is off have changed. Does nothing where there is no rota."""
    clock = await tx.session.get(DutyClock, community_id)
    if clock is None:
        return
    plan = await load_plan(tx, community_id, now)
    clock.next_change_at = plan.next_change(now) or now + LOOK_AGAIN
    clock.board_at = now


LOOK_AGAIN = timedelta(days=7)
"""When a community is looked at again in which nothing changes."""
