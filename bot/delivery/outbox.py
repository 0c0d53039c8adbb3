"""Deliveries in the database: `pending → sending (under a lease) → sent | failed | expired`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from sqlalchemy import and_, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from bot.core.content import Content
from bot.core.platform import Address
from bot.storage.database import Transaction
from bot.storage.tables import Delivery

LEASE = timedelta(seconds=60)
"""How long a sender may take for one attempt; twice the time limit of any adapter's request."""

MAX_ATTEMPTS = 12
"""With the doubling waits of `next_attempt` about 40 minutes; crisis deliveries go on until they expire."""

LONGEST_WAIT = timedelta(minutes=5)

PURPOSE = "deliveries.content"


class Priority(IntEnum):
    """What goes first: a page never waits behind a check-in."""

    CRISIS = 0
    REPLY = 1
    MEETING = 2
    CHECK_IN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Something to be said: `content` rendered in its reader's language, worthless after `expires_at`.

    `key` is unique: the same key is never said twice. `member_id` is the person it is to, `about_id` whose
    words it holds (they are erased with that member), `case_id` the
    escalation it belongs to.
    """

    key: str
    to: Address
    content: Content
    priority: Priority
    due_at: datetime
    expires_at: datetime | None = None
    member_id: int | None = None
    about_id: int | None = None
    case_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A delivery that this sender may now send."""

    id: int
    key: str
    to: Address
    content: Content
    priority: Priority
    attempts: int
    case_id: int | None
    member_id: int | None


async def enqueue(tx: Transaction, message: Message, *, now: datetime) -> bool:
    """Put a message into the outbox, in the transaction that decided it; False if its key is there already."""
    return await tx.insert_new(
        Delivery,
        key=message.key,
        member_id=message.member_id,
        about_id=message.about_id,
        case_id=message.case_id,
        platform=message.to.platform,
        kind=message.to.kind,
        address=message.to.id,
        fallback=message.to.fallback,
        priority=int(message.priority),
        content_sealed=tx.vault.seal_json(message.content.as_json(), PURPOSE),
        has_choices=bool(message.content.choices),
        due_at=message.due_at,
        expires_at=message.expires_at,
        state="pending",
        attempts=0,
        created_at=now,
    )


async def claim(tx: Transaction, platform: str, *, now: datetime, busy: set[str]) -> Claimed | None:
    """The delivery that `platform` should send next, leased to the caller; None if nothing is due.

    By priority, then in the order in which they were decided. What goes to the same address goes one after the
    other (`busy` are the addresses that are being written to), so that a conversation keeps its order.
    """
    earlier = aliased(Delivery)
    # `expire` may not have run yet, such as at the start after a pause: what is stale is not sent then either.
    of_use = or_(Delivery.expires_at.is_(None), Delivery.expires_at > now)
    waiting = or_(
        and_(Delivery.state == "pending", Delivery.due_at <= now),
        and_(Delivery.state == "sending", Delivery.lease_until < now),
    )
    overtaken = exists().where(
        earlier.platform == Delivery.platform,
        earlier.kind == Delivery.kind,
        earlier.address == Delivery.address,
        earlier.priority == Delivery.priority,
        earlier.state.in_(["pending", "sending"]),
        earlier.due_at <= now,
        or_(earlier.expires_at.is_(None), earlier.expires_at > now),
        earlier.id < Delivery.id,
    )
    query = (
        select(Delivery)
        .where(Delivery.platform == platform, waiting, of_use, ~overtaken, Delivery.address.not_in(busy))
        .order_by(Delivery.priority, Delivery.due_at, Delivery.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=Delivery)
    )
    row = (await tx.session.scalars(query)).first()
    if row is None:
        return None
    row.state, row.lease_until, row.attempts = "sending", now + LEASE, row.attempts + 1
    return Claimed(
        id=row.id,
        key=row.key,
        to=Address(platform=row.platform, kind=_kind(row.kind), id=row.address, fallback=row.fallback),
        content=Content.from_json(tx.vault.open_json(row.content_sealed, PURPOSE)),
        priority=Priority(row.priority),
        attempts=row.attempts,
        case_id=row.case_id,
        member_id=row.member_id,
    )


def _kind(value: str) -> Any:
    return "direct" if value == "direct" else "place"


async def mark_sent(tx: Transaction, delivery_id: int, message_id: str, *, now: datetime) -> None:
    """It has arrived under the platform's `message_id`."""
    values = {"state": "sent", "message_id": message_id, "sent_at": now, "lease_until": None}
    await tx.session.execute(update(Delivery).where(Delivery.id == delivery_id).values(values))


async def mark_failed(tx: Transaction, delivery_id: int, reason: str) -> None:
    """It will never arrive; the row stays, with the reason."""
    values = {"state": "failed", "reason": reason[:255], "lease_until": None}
    await tx.session.execute(update(Delivery).where(Delivery.id == delivery_id).values(values))


async def put_back(tx: Transaction, delivery_id: int, reason: str, *, due_at: datetime) -> None:
    """It may arrive later: try again at `due_at`."""
    values = {"state": "pending", "reason": reason[:255], "lease_until": None, "due_at": due_at}
    await tx.session.execute(update(Delivery).where(Delivery.id == delivery_id).values(values))


async def expire(tx: Transaction, *, now: datetime) -> int:
    """Give up what has become worthless, also what a sender that is gone had begun; how many those were."""
    given_up = or_(Delivery.state == "pending", and_(Delivery.state == "sending", Delivery.lease_until < now))
    result: Any = await tx.session.execute(
        update(Delivery)
        .where(given_up, Delivery.expires_at.is_not(None), Delivery.expires_at <= now)
        .values(state="expired", reason="too late to be of use", lease_until=None)
    )
    return int(result.rowcount)


async def drop(tx: Transaction, key_prefix: str, *, reason: str) -> None:
    """Do not send what waits under keys that begin with `key_prefix`, which holds no "%" or "_"."""
    await tx.session.execute(
        update(Delivery)
        .where(Delivery.state == "pending", Delivery.key.startswith(key_prefix))
        .values(state="expired", reason=reason)
    )


async def earliest_due(tx: Transaction) -> datetime | None:
    """When the next pending delivery of any platform is due."""
    return await tx.session.scalar(select(func.min(Delivery.due_at)).where(Delivery.state == "pending"))


def next_attempt(attempts: int, *, now: datetime, after: timedelta | None) -> datetime:
    """When to try again after `attempts` attempts: the server's own wait, else 2 s, 4 s, 8 s … 5 min."""
    return now + (after or min(timedelta(seconds=2 ** min(attempts, 12)), LONGEST_WAIT))
