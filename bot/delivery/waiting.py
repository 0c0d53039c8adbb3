"""Which row of the outbox may be sent next, and which page need not be sent at all."""

from datetime import datetime, timedelta

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.orm import aliased

from bot.storage.database import Transaction
from bot.storage.tables import CaseRow, Delivery

RELAY_HOLD = timedelta(minutes=2)
"""How long after its creation a message of a relay holds back those behind it."""

PAGE = "page:"
RELAY = "case:%:relay:%"
"""How the keys of pages begin, and those of a relay's messages look in SQL's LIKE: `bot.services.escalations`."""


def first_waiting(platform: str, priority: int, *, now: datetime, due_by: datetime, busy: set[str]) -> Select[Delivery]:
    """The first row of one priority that may be sent.

    One priority at a time: then the queue's index gives the rows in order, and the first that fits ends the search,
    however many stand behind it.
    """
    earlier = aliased(Delivery)
    # `expire` may not have run yet, such as at the start after a pause: what is stale is not sent then either.
    of_use = or_(Delivery.expires_at.is_(None), Delivery.expires_at > now)
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
        select(Delivery)
        .where(
            Delivery.state == "pending",
            Delivery.platform == platform,
            Delivery.priority == priority,
            Delivery.due_at <= due_by,
            of_use,
            Delivery.address.not_in(busy),
            first_before.is_(None),
        )
        .order_by(Delivery.due_at, Delivery.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=Delivery)
    )


async def needless(tx: Transaction, row: Delivery) -> str | None:
    """Why a page need not be sent any more; None if it must be, or is no page."""
    if row.case_id is None or not row.key.startswith(PAGE):
        return None
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
    is_answered, has_newer = (await tx.session.execute(select(answered, newer))).one()
    if is_answered:
        return "the case needs nobody any more"
    return "a newer page says more" if has_newer else None
