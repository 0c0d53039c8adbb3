"""The same words to many people at once: one statement, however many they are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, String, cast, func, literal, null, select
from sqlalchemy.orm import aliased

from bot.core.content import Content
from bot.delivery import contents
from bot.delivery.outbox import Priority
from bot.storage.database import Transaction
from bot.storage.tables import Delivery, Identity, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class ToMany:
    """What is said to many: `content` rendered in their language, and holding nobody's own words."""

    content: Content
    priority: Priority
    due_at: datetime
    expires_at: datetime | None


async def enqueue_each(tx: Transaction, to: Select[*tuple[Any, ...]], message: ToMany, *, now: datetime) -> int:
    """Put a delivery for each member of `to` into the outbox, unless its key is there; how many were new.

    `to` selects `member_id` and the delivery's `key`. Each is written to privately, where they were last seen, as
    `Voice.private_address` has it; who has no account any more is left out. What is too late already is
    stored all the same: it expires, and is counted.
    """
    recipient = to.subquery()
    theirs = aliased(Identity)
    last_seen = (
        select(theirs.id)
        .where(theirs.member_id == recipient.c.member_id)
        .order_by(theirs.last_seen_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    lobby = (
        select(Place.address)
        .where(
            Place.community_id == Identity.community_id,
            Place.platform == Identity.platform,
            cast(Place.kinds, String).like('%"lobby"%'),
        )
        .order_by(Place.id)
        .limit(1)
        .scalar_subquery()
    )
    table = Delivery.__table__.c
    values = {
        table.priority: int(message.priority),
        table.shared_id: await contents.share(tx, message.content, now=now),
        table.has_choices: bool(message.content.choices),
        table.due_at: message.due_at,
        table.expires_at: message.expires_at,
        table.state: "pending",
        table.attempts: 0,
        table.created_at: now,
    }
    rows = (
        select(
            recipient.c.key,
            recipient.c.member_id,
            Identity.platform,
            literal("direct").label("kind"),
            Identity.account.label("address"),
            func.coalesce(Identity.last_place, lobby).label("fallback"),
            *(
                (cast(null(), column.type) if value is None else literal(value, column.type)).label(column.name)
                for column, value in values.items()
            ),
        )
        .select_from(recipient)
        .join(Identity, Identity.id == last_seen)
        .where(recipient.c.member_id.is_not(None))
    )
    return await tx.insert_each(Delivery, rows)
