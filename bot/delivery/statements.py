"""What is written about deliveries again and again: to put a statement together takes longer than the database does."""

from functools import cache
from typing import Any, Literal

from sqlalchemy import BindParameter, and_, bindparam, case, exists, or_, select, update

from bot.delivery.waiting import FETCH, IS_PENDING, IS_SENDING, first_before, has_newer, is_answered, is_of_use
from bot.storage.database import among
from bot.storage.tables import Delivery

IN_DOUBT = "it may have arrived: its sender died long ago"
"""The reason of a row that is not sent again."""

LOST = "its sender died"
"""The reason of a row that is to bring a picture and waits again because whoever had begun it is gone."""

TOO_LATE = "too late to be of use"
"""The reason of a row that has expired."""

EXPIRE_BATCH = 5000
"""Deliveries that expire in one statement: the database's one writer is held for less than half a second."""

_T: Any = Delivery.__table__


@cache
def leasing() -> Any:
    """Leases the deliveries `ids` to the caller."""
    values: dict[str, Any] = {"state": "sending", "lease_until": bindparam("until"), "attempts": _T.c.attempts + 1}
    return update(_T).where(_T.c.id.in_(bindparam("ids", expanding=True))).values(values)


@cache
def leasing_new(is_shared: bool) -> Any:
    """Leases those of the deliveries `ids` that may be sent just now, and tells what they are.

    All are of the transaction that asks, and each has its own content. What is no longer needed is left to a turn.
    """
    values: dict[str, Any] = {"state": "sending", "lease_until": bindparam("until"), "attempts": _T.c.attempts + 1}
    is_free = and_(
        among(_T.c.id, is_shared),
        _T.c.platform == bindparam("sender_of"),
        IS_PENDING,
        _T.c.due_at <= bindparam("now"),
        is_of_use(_T.c),
        _T.c.content_sealed.is_not(None),
        first_before(_T.c).is_(None),
        ~is_answered(_T.c),
        ~has_newer(_T.c),
    )
    before = (_T.c.attempts - 1).label("attempts")
    return update(_T).where(is_free).values(values).returning(*(c for c in _T.c if c is not _T.c.attempts), before)


@cache
def releasing(kind: Literal["expired", "others", "all"]) -> tuple[Any, Any, Any]:
    """What ends, and what releases, the lost ones: those whose lease is over, all that are not "mine", or all.

    First, what ends those that are to bring a picture and were lost before: the file may be what ends their sender.
    """
    lost = and_(IS_SENDING, _T.c.platform == bindparam("sender_of"))
    if kind == "expired":
        lost = and_(lost, _T.c.lease_until < bindparam("now"))
    elif kind == "others":
        lost = and_(lost, _T.c.id.not_in(bindparam("mine", expanding=True)))
    begun_before = _T.c.lease_until < bindparam("begun_before")
    fetches = _T.c.key.like(FETCH)
    in_doubt = and_(lost, begun_before, _T.c.priority != bindparam("crisis"), ~fetches)
    again = and_(lost, fetches, _T.c.reason == LOST)
    return (
        update(_T).where(again).values(state="failed", lease_until=None).returning(_T),
        update(_T).where(in_doubt).values(state="failed", reason=IN_DOUBT, lease_until=None),
        update(_T)
        .where(lost)
        .values(state="pending", reason=case((fetches, LOST), else_=_T.c.reason), lease_until=None),
    )


@cache
def arrived() -> Any:
    """A `delivery` is there, as this `message`."""
    values: dict[str, Any] = {
        "state": "sent",
        "message_id": bindparam("message"),
        "sent_at": bindparam("now"),
        "lease_until": None,
    }
    return update(_T).where(_T.c.id == bindparam("delivery")).values(values)


def _given_up(now: BindParameter[Any]) -> tuple[Any, Any]:
    """Worthless rows: those that wait, and those that a sender which is gone had begun."""
    stale = and_(_T.c.expires_at.is_not(None), _T.c.expires_at <= now)
    return and_(IS_PENDING, stale), and_(IS_SENDING, _T.c.lease_until < now, stale)


def is_expiring(now: BindParameter[Any]) -> Any:
    """Whether there is any worthless row."""
    return or_(*(exists().where(those) for those in _given_up(now)))


@cache
def expiring() -> tuple[Any, Any]:
    """What gives them up, some at a time."""
    values = {"state": "expired", "reason": TOO_LATE, "lease_until": None}

    def expire(those: Any) -> Any:
        some = select(_T.c.id).where(those).limit(EXPIRE_BATCH).with_for_update(skip_locked=True)
        return update(_T).where(_T.c.id.in_(some.scalar_subquery())).values(values)

    waiting, begun = _given_up(bindparam("now"))
    return expire(waiting), expire(begun)
