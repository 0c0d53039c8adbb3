"""Which rows of the outbox may be sent next, and which page need not be sent at all."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, exists, func, literal_column, or_, select, union_all
from sqlalchemy.orm import aliased

from bot.storage.database import Transaction
from bot.storage.tables import CaseRow, Delivery, SharedContent

RELAY_HOLD = timedelta(minutes=2)
"""How long after its creation a message of a relay holds back those behind it."""

PAGE = "page:"
RELAYED = ":relay:"
RELAY = f"case:%{RELAYED}%"
"""How the keys of pages begin, and those of a relay's messages look in SQL's LIKE: `bot.services.escalations`."""

IS_PENDING = Delivery.state == literal_column("'pending'")
IS_SENDING = Delivery.state == literal_column("'sending'")
"""Written out and not bound: only so does SQLite see that the partial indexes hold the rows."""


@dataclass(frozen=True, slots=True)
class After:
    """Where a look at the queue goes on: behind the delivery of this place in its priority's order."""

    due_at: datetime
    id: int


def next_in_line(
    platform: str,
    line: Mapping[int, After | None],
    *,
    now: datetime,
    due_by: datetime,
    busy: Collection[str],
    limit: int,
) -> Select[*tuple[Any, ...]]:
    """The first `limit` rows that are due in each of the priorities in `line`, behind the given place, if any.

    Nothing here depends on other rows: the queue's index gives the rows in order, and the look ends at the limit,
    however many stand behind and whatever PostgreSQL believes of their number.
    """
    # `expire` may not have run yet, such as at the start after a pause: what is stale is not sent then either.
    of_use = or_(Delivery.expires_at.is_(None), Delivery.expires_at > now)
    heads = []
    for priority, after in line.items():
        place = (Delivery.platform, Delivery.priority, Delivery.due_at, Delivery.id)
        head = select(Delivery.id, Delivery.priority, Delivery.due_at).where(
            IS_PENDING,
            Delivery.platform == platform,
            Delivery.priority == priority,
            Delivery.due_at <= due_by,
            of_use,
            Delivery.address.not_in(busy),
        )
        if after is not None:
            behind = or_(Delivery.due_at > after.due_at, Delivery.id > after.id)
            head = head.where(Delivery.due_at >= after.due_at, behind)
        heads.append(select(head.order_by(*place).limit(limit).subquery()))
    return select(union_all(*heads).subquery()) if len(heads) > 1 else heads[0]


def not_held_back(ids: Collection[int], *, now: datetime) -> Select[*tuple[Any, ...]]:
    """Those of these rows that need not wait for another one to the same address, at most one for each, locked."""
    earlier = aliased(Delivery)
    overtaken = and_(earlier.priority == Delivery.priority, earlier.due_at <= now)
    # A conversation keeps its order also when an earlier message must be tried again, as long as that is bearable.
    torn = and_(
        Delivery.key.like(RELAY),
        earlier.key.like(RELAY),
        earlier.case_id == Delivery.case_id,
        earlier.created_at > now - RELAY_HOLD,
    )
    # A scalar subquery with a limit, not EXISTS: PostgreSQL would make an anti-join over the whole queue of that.
    first_before = (
        select(earlier.id)
        .where(
            earlier.platform == Delivery.platform,
            earlier.kind == Delivery.kind,
            earlier.address == Delivery.address,
            earlier.state.in_(["pending", "sending"]),
            or_(earlier.expires_at.is_(None), earlier.expires_at > now),
            earlier.id < Delivery.id,
            or_(overtaken, torn),
        )
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(
            Delivery.id,
            Delivery.key,
            Delivery.platform,
            Delivery.kind,
            Delivery.address,
            Delivery.fallback,
            Delivery.priority,
            func.coalesce(Delivery.content_sealed, SharedContent.content_sealed).label("content_sealed"),
            Delivery.shared_id,
            Delivery.attempts,
            Delivery.case_id,
            Delivery.member_id,
        )
        .outerjoin(SharedContent, SharedContent.id == Delivery.shared_id)
        .where(Delivery.id.in_(ids), IS_PENDING, first_before.is_(None))
        .order_by(Delivery.priority, Delivery.due_at, Delivery.id)
        .with_for_update(skip_locked=True, of=Delivery)
    )


async def needless(tx: Transaction, delivery_id: int) -> str | None:
    """Why a page need not be sent any more; None if it must be, or is no page."""
    row = aliased(Delivery)
    answered = exists().where(CaseRow.id == row.case_id, or_(CaseRow.open_for.is_(None), CaseRow.holder.is_not(None)))
    newer = exists().where(
        Delivery.case_id == row.case_id,
        Delivery.platform == row.platform,
        Delivery.kind == row.kind,
        Delivery.address == row.address,
        Delivery.key.startswith(PAGE),
        Delivery.state.in_(["pending", "sending", "sent"]),
        Delivery.id > row.id,
    )
    query = select(answered, newer).where(row.id == delivery_id, row.key.startswith(PAGE), row.case_id.is_not(None))
    found = (await tx.session.execute(query)).one_or_none()
    if found is None:
        return None
    is_answered, has_newer = found
    if is_answered:
        return "the case needs nobody any more"
    return "a newer page says more" if has_newer else None
