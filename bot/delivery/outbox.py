"""Deliveries in the database: `pending → sending (under a lease) → sent | failed | expired`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from sqlalchemy import and_, func, or_, select, update

from bot.core.content import Content
from bot.core.platform import Address
from bot.delivery.waiting import first_waiting, needless
from bot.storage.database import Transaction
from bot.storage.tables import Delivery

LEASE = timedelta(seconds=120)
"""How long a sender may take for one attempt: longer than any adapter's own limit, the longest being Matrix's 70 s."""

MAX_ATTEMPTS = 12
"""With the doubling waits of `next_attempt` about 40 minutes; crisis deliveries go on until they expire."""

SHORTEST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=5)
LONGEST_CRISIS_WAIT = timedelta(seconds=30)
"""Between two attempts. A longer wait is only made where the server asks for it."""

UNREADABLE = "unreadable"
"""The reason of a row whose content cannot be opened."""

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


async def claim(
    tx: Transaction,
    platform: str,
    *,
    now: datetime,
    busy: set[str],
    due_by: datetime | None = None,
    lowest: Priority = Priority.CHECK_IN,
    on_unreadable: Callable[[Claimed], Awaitable[None]] | None = None,
) -> Claimed | None:
    """The delivery that `platform` should send next, leased to the caller; None if nothing is due.

    By priority down to `lowest`, then in the order in which they became due; nothing that is due after `due_by`
    (else `now`). What goes to the same address goes one after the other (`busy` are the addresses that are being
    written to), so that a conversation keeps its order.

    On the way, a page that nobody needs any more expires, and a row that cannot be opened fails as "unreadable":
    `on_unreadable` is told of it, with an empty content, in this transaction, and the next row is taken.
    """
    await _release_lost(tx, platform, now=now)
    due_by = now if due_by is None else min(due_by, now)
    for priority in Priority:
        if priority > lowest:
            break
        query = first_waiting(platform, int(priority), now=now, due_by=due_by, busy=busy)
        while (row := (await tx.session.scalars(query)).first()) is not None:
            if (reason := await needless(tx, row)) is not None:
                row.state, row.reason = "expired", reason
                continue
            try:
                content = Content.from_json(tx.vault.open_json(row.content_sealed, PURPOSE))
            except Exception:
                # Whatever a damaged value does to the parser: one bad row must not stop all that stand behind it.
                row.state, row.reason = "failed", UNREADABLE
                if on_unreadable is not None:
                    await on_unreadable(_claimed(row, Content()))
                continue
            row.state, row.lease_until, row.attempts = "sending", now + LEASE, row.attempts + 1
            return _claimed(row, content)
    return None


async def _release_lost(tx: Transaction, platform: str, *, now: datetime) -> None:
    """What a sender that is gone had begun waits again."""
    await tx.session.execute(
        update(Delivery)
        .where(Delivery.state == "sending", Delivery.platform == platform, Delivery.lease_until < now)
        .values(state="pending", lease_until=None)
    )


def _claimed(row: Delivery, content: Content) -> Claimed:
    return Claimed(
        id=row.id,
        key=row.key,
        to=Address(platform=row.platform, kind=_kind(row.kind), id=row.address, fallback=row.fallback),
        content=content,
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


async def put_back(tx: Transaction, delivery_id: int, reason: str, *, due_at: datetime) -> bool:
    """It may arrive later: try again at `due_at`. False if it is a page that nobody needs any more: it expires."""
    row = await tx.session.get_one(Delivery, delivery_id)
    row.lease_until = None
    if (worthless := await needless(tx, row)) is not None:
        row.state, row.reason = "expired", worthless
        return False
    row.state, row.reason, row.due_at = "pending", reason[:255], due_at
    return True


async def hurry(tx: Transaction, platform: str, *, now: datetime) -> None:
    """The platform can be reached again: what is pending for it in a crisis is due now."""
    await tx.session.execute(
        update(Delivery)
        .where(
            Delivery.state == "pending",
            Delivery.platform == platform,
            Delivery.priority == int(Priority.CRISIS),
            Delivery.due_at > now,
        )
        .values(due_at=now)
    )


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


def next_attempt(attempts: int, priority: Priority, *, now: datetime, after: timedelta | None) -> datetime:
    """When to try again after `attempts` attempts, always later than `now`.

    The server's own wait, else 2 s, 4 s, 8 s … 5 min, in a crisis 30 s.
    """
    if after is None:
        longest = LONGEST_CRISIS_WAIT if priority is Priority.CRISIS else LONGEST_WAIT
        after = min(timedelta(seconds=2 ** min(attempts, 12)), longest)
    return now + max(after, SHORTEST_WAIT)
