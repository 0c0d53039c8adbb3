"""A member's own data: given to them, erased, and not kept longer than was said.

All three walk `bot.storage.personal.PERSONAL`, so that a new table cannot be forgotten.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Table, and_, delete, false, or_, select, update

from bot.core.people import Member
from bot.services.escalations import Escalations
from bot.storage.database import Transaction
from bot.storage.personal import PERSONAL, Personal
from bot.storage.tables import Base, CaseRow, Community, Identity, InboundEvent, Remembered

EVENTS_KEPT = timedelta(days=7)
"""How long platform ids of inbound events are kept: no platform repeats an event after that."""

SEALED = "_sealed"


async def export(tx: Transaction, member: Member) -> str:
    """Everything stored about the member, as JSON for people and programs to read."""
    document: dict[str, Any] = {"community": member.community.name}
    for name, personal in PERSONAL.items():
        table = Base.metadata.tables[name]
        rows = await tx.session.execute(select(table).where(table.c[personal.member] == member.id))
        document[name] = [_readable(tx, name, dict(row._mapping)) for row in rows]
    return json.dumps(document, ensure_ascii=False, indent=2)


def _readable(tx: Transaction, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    readable: dict[str, Any] = {}
    for column, value in row.items():
        if column.endswith(SEALED):
            plain = column.removesuffix(SEALED)
            readable[plain] = None if value is None else tx.vault.open(value, f"{table}.{plain}")
        elif isinstance(value, datetime | date | time):
            readable[column] = value.isoformat()
        else:
            readable[column] = value
    return readable


async def erase(tx: Transaction, member: Member, escalations: Escalations, *, now: datetime) -> None:
    """Forget the member: their open case ends, the cases they have are handed over, all rows about them go."""
    await escalations.on_erasure(tx, member, now=now)
    await tx.session.flush()
    await _forget_remembered(tx, member)
    # Children first: the members row itself comes last.
    for name, personal in reversed(PERSONAL.items()):
        table = Base.metadata.tables[name]
        mine = table.c[personal.member] == member.id
        if personal.forget:
            await tx.session.execute(update(table).where(mine).values(dict.fromkeys(personal.forget)))
        else:
            await tx.session.execute(delete(table).where(mine))
    tx.session.expunge_all()


async def _forget_remembered(tx: Transaction, member: Member) -> None:
    """Adapters name what they remember of an account `…:ACCOUNT`, and a thread's account in its value."""
    identities = await tx.session.execute(
        select(Identity.platform, Identity.account).where(Identity.member_id == member.id)
    )
    for platform, account in identities.all():
        for row in await _remembered_of(tx, platform, account):
            for back in await _remembered_of(tx, platform, tx.vault.open(row.value_sealed, "remembered.value")):
                await tx.session.delete(back)
            await tx.session.delete(row)
    await tx.session.flush()


async def _remembered_of(tx: Transaction, platform: str, of: str) -> list[Remembered]:
    """What is remembered under a name that ends with `of`. LIKE alone would be blind to capitals in SQLite."""
    if not of:
        return []
    ending = f":{of}"
    query = select(Remembered).where(Remembered.platform == platform, Remembered.name.endswith(ending, autoescape=True))
    return [row for row in await tx.session.scalars(query) if row.name.endswith(ending)]


async def keep_no_longer(tx: Transaction, *, now: datetime) -> int:
    """Delete what has been kept for as long as was said; how many rows."""
    deleted = 0
    for name, personal in PERSONAL.items():
        if personal.kept != "member":
            deleted += await _delete_old(tx, Base.metadata.tables[name], personal, now=now)
    old = InboundEvent.seen_at < now - EVENTS_KEPT
    result: Any = await tx.session.execute(delete(InboundEvent).where(old))
    return deleted + int(result.rowcount)


async def _delete_old(tx: Transaction, table: Table, personal: Personal, *, now: datetime) -> int:
    since = table.c[personal.since or ""]
    if isinstance(personal.kept, int):
        old = since < now - timedelta(days=personal.kept)
    else:
        retentions = await tx.session.execute(select(Community.id, Community.retention_days))
        old = or_(
            false(),  # there may be no community yet
            *(
                and_(_community_of(table) == community_id, since < now - timedelta(days=days))
                for community_id, days in retentions.all()
            ),
        )
    if table.name == "deliveries":
        old = and_(old, table.c.state.not_in(["pending", "sending"]))
    result: Any = await tx.session.execute(delete(table).where(old))
    return int(result.rowcount)


def _community_of(table: Table) -> Any:
    if "community_id" in table.c:
        return table.c.community_id
    return select(CaseRow.community_id).where(CaseRow.id == table.c.case_id).scalar_subquery()
