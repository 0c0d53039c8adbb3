"""Which rows of the outbox may be sent next, and which page need not be sent at all.

To put these queries together takes longer than the database takes to answer them: they are built once.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from bot.storage.database import Transaction
from bot.storage.tables import CaseRow, Delivery, SharedContent

RELAY_HOLD = timedelta(minutes=2)
"""How long after its creation a message of a relay holds back those behind it."""

PAGE = "page:"
RELAYED = ":relay:"
RELAY = f"case:%{RELAYED}%"
"""How the keys of pages begin, and those of a relay's messages look in SQL's LIKE: `bot.services.escalations`."""

FETCH = f"case:%{RELAYED}fetch:%"
"""How the keys of what brings a picture look in SQL's LIKE: it may be brought twice, which nobody notices."""

_OF_RELAY = literal_column(f"'{RELAY}'", String)
_OF_PAGE = literal_column(f"'{PAGE}%'", String)
"""Written out: a pattern that is bound lets SQLite plan the statement anew each time, ten times as long as it takes."""

PLACED = ":place:"
"""In the keys of what opens, changes and closes a case's place: whoever sends it is told when it has arrived."""

IS_PENDING = Delivery.state == literal_column("'pending'")
IS_SENDING = Delivery.state == literal_column("'sending'")
"""Written out and not bound: only so does SQLite see that the partial indexes hold the rows."""


Values = dict[str, Any]
"""What a query's parameters are."""


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
    busy: Mapping[int, Collection[str]],
    limit: int,
) -> tuple[Select[*tuple[Any, ...]], Values]:
    """The first `limit` rows that are due in each of the priorities in `line`, behind the given place, if any.

    `busy`: for each priority the addresses that are left out.

    Nothing here depends on other rows: the queue's index gives the rows in order, and the look ends at the limit,
    however many stand behind and whatever PostgreSQL believes of their number.
    """
    values: Values = {"platform": platform, "now": now, "due_by": due_by, "look": limit}
    for priority, after in line.items():
        values[f"busy_{priority}"] = list(busy[priority])
        if after is not None:
            values |= {f"after_{priority}": after.due_at, f"id_{priority}": after.id}
    return _line(tuple((priority, after is not None) for priority, after in line.items())), values


@lru_cache
def _line(line: tuple[tuple[int, bool], ...]) -> Select[*tuple[Any, ...]]:
    """The query for such a line: priorities, and whether to look behind a place."""
    # `expire` may not have run yet, such as at the start after a pause: what is stale is not sent then either.
    of_use = is_of_use(Delivery)
    heads = []
    for priority, is_behind in line:
        place = (Delivery.platform, Delivery.priority, Delivery.due_at, Delivery.id)
        head = select(Delivery.id, Delivery.priority, Delivery.due_at).where(
            IS_PENDING,
            Delivery.platform == bindparam("platform"),
            Delivery.priority == priority,
            Delivery.due_at <= bindparam("due_by"),
            of_use,
            Delivery.address.not_in(bindparam(f"busy_{priority}", expanding=True)),
        )
        if is_behind:
            at: BindParameter[Any] = bindparam(f"after_{priority}")
            head = head.where(
                Delivery.due_at >= at, or_(Delivery.due_at > at, Delivery.id > bindparam(f"id_{priority}"))
            )
        heads.append(select(head.order_by(*place).limit(bindparam("look")).subquery()))
    return select(union_all(*heads).subquery()) if len(heads) > 1 else heads[0]


def not_held_back(ids: Collection[int], *, now: datetime) -> tuple[Select[*tuple[Any, ...]], Values]:
    """Those of these rows that need not wait for another one to the same address, at most one for each, locked."""
    return _free(), {"ids": list(ids), "now": now, "held_since": now - RELAY_HOLD}


def is_of_use(row: Any) -> ColumnElement[bool]:
    """Whether it is not too late for a delivery."""
    return or_(row.expires_at.is_(None), row.expires_at > bindparam("now"))


def first_before(row: Any) -> Any:
    """What a delivery waits for: the id of another one to the same address, if there is any."""
    earlier = aliased(Delivery)
    overtaken = and_(earlier.priority == row.priority, earlier.due_at <= bindparam("now"))
    # A conversation keeps its order also when an earlier message must be tried again, as long as that is bearable.
    torn = and_(
        row.key.like(_OF_RELAY),
        earlier.key.like(_OF_RELAY),
        earlier.case_id == row.case_id,
        earlier.created_at > bindparam("held_since"),
    )
    # A scalar subquery with a limit, not EXISTS: PostgreSQL would make an anti-join over the whole queue of that.
    return (
        select(earlier.id)
        .where(
            earlier.platform == row.platform,
            earlier.kind == row.kind,
            earlier.address == row.address,
            earlier.state.in_(["pending", "sending"]),
            is_of_use(earlier),
            earlier.id < row.id,
            or_(overtaken, torn),
        )
        .limit(1)
        .scalar_subquery()
    )


@cache
def _free() -> Select[*tuple[Any, ...]]:
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
            Delivery.reason,
            Delivery.case_id,
            Delivery.member_id,
        )
        .outerjoin(SharedContent, SharedContent.id == Delivery.shared_id)
        .where(Delivery.id.in_(bindparam("ids", expanding=True)), IS_PENDING, first_before(Delivery).is_(None))
        .order_by(Delivery.priority, Delivery.due_at, Delivery.id)
        .with_for_update(skip_locked=True, of=Delivery)
    )


def is_answered(row: Any) -> ColumnElement[bool]:
    """Whether a delivery is a page whose case needs nobody."""
    case = aliased(CaseRow)
    cared_for = or_(case.open_for.is_(None), case.holder.is_not(None))
    return and_(row.key.like(_OF_PAGE), exists().where(case.id == row.case_id, cared_for))


def has_newer(row: Any) -> ColumnElement[bool]:
    """Whether it is a page, and a newer one to the same address says more."""
    newer = aliased(Delivery)
    this = and_(
        newer.case_id == row.case_id,
        newer.platform == row.platform,
        newer.kind == row.kind,
        newer.address == row.address,
        newer.key.like(_OF_PAGE),
        newer.state.in_(["pending", "sending", "sent"]),
        newer.id > row.id,
    )
    return and_(row.key.like(_OF_PAGE), exists().where(this))


@cache
def _needs() -> Select[bool, bool]:
    return select(is_answered(Delivery), has_newer(Delivery)).where(Delivery.id == bindparam("delivery"))


async def needless(tx: Transaction, delivery_id: int) -> str | None:
    """Why a page need not be sent any more; None if it must be, or is no page."""
    found = (await tx.session.execute(_needs(), {"delivery": delivery_id})).one_or_none()
    if found is None:
        return None
    is_answered, has_newer = found
    if is_answered:
        return "the case needs nobody any more"
    return "a newer page says more" if has_newer else None
