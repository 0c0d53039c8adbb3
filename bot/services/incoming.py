"""What has come in, kept whole until it is handled: neither a fault nor a crash loses it, and none is done twice.

A row's work and its end ("handled", its words and its person forgotten) are one transaction, and whoever does the
work locks the row first. So the lease need not be right for anything to happen exactly once: it only keeps others
from beginning what is being done.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, func, select, tuple_, update

from bot.core.crisis import Signal
from bot.core.inbound import Inbound
from bot.storage.database import Transaction
from bot.storage.tables import InboundEvent
from bot.storage.vault import KeyProblem

PURPOSE = "inbound_events.body"

LEASE = timedelta(seconds=30)
"""For this long an event that has come in is in the hands of the process that heard it: longer than a handler takes."""

PAUSES = (timedelta(seconds=2), timedelta(seconds=10), timedelta(seconds=60))
"""Waits before an event whose handler has failed is tried again. After the last of them it is parked."""

REASON_LIMIT = 255

SEEN, HANDLED, PARKED = "seen", "handled", "parked"

_EVENT, _SIGNAL = "event", "signal"
"""The keys of a body that holds what was heard beside the event."""

Key = tuple[str, str]
"""Platform and event id."""


class Unreadable(ValueError):
    """A stored event is damaged, or was sealed with another key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An event's row. `member_id` is None for somebody of no community, `next_at` once it is over."""

    platform: str
    event_id: str
    state: str
    body_sealed: bytes | None
    member_id: int | None
    attempts: int
    next_at: datetime | None

    @property
    def key(self) -> Key:
        """Platform and event id."""
        return self.platform, self.event_id


class InHand:
    """The events that this process is hearing just now."""

    def __init__(self) -> None:
        self._done: dict[Key, asyncio.Event] = {}

    def __contains__(self, key: Key) -> bool:
        return key in self._done

    async def over(self, key: Key) -> None:
        """Wait until this event is no longer being heard: something else is about it."""
        while (others := self._done.get(key)) is not None:
            await others.wait()

    @asynccontextmanager
    async def alone(self, key: Key) -> AsyncIterator[None]:
        """Nobody else hears this event meanwhile: whoever brings it again waits until it is done or has failed."""
        while (others := self._done.get(key)) is not None:
            await others.wait()
        done = self._done[key] = asyncio.Event()
        try:
            yield
        finally:
            del self._done[key]
            done.set()


def key_of(inbound: Inbound) -> Key:
    """Platform and event id."""
    return inbound.platform, inbound.event_id


async def keep(
    tx: Transaction, inbound: Inbound, signal: Signal | None = None, *, member_id: int | None = None, now: datetime
) -> bool:
    """Store the event, and what was heard in it, leased to the caller; False if it is there already.

    `member_id`: whose it is, if that is known: see `belongs_to`.
    """
    return await tx.insert_new(
        InboundEvent,
        platform=inbound.platform,
        event_id=inbound.event_id,
        seen_at=now,
        state=SEEN,
        body_sealed=_sealed(tx, inbound, signal),
        member_id=member_id,
        next_at=now + LEASE,
    )


async def find(tx: Transaction, key: Key) -> Stored | None:
    """The event's row, locked; None if it never came in."""
    platform, event_id = key
    return await _first(tx, _ONE, {"platform": platform, "event_id": event_id})


async def first_due(tx: Transaction, *, now: datetime) -> Stored | None:
    """The first in the order they came of those that wait to be handled, locked; those that others have are passed."""
    return await _first(tx, _FIRST_DUE, {"now": now})


def read(tx: Transaction, stored: Stored) -> tuple[Inbound, Signal | None]:
    """The event as it came in, and what was heard in it if its words alone do not tell; raises `Unreadable`."""
    signal = None
    try:
        if stored.body_sealed is None:
            raise Unreadable
        body = tx.vault.open_json(stored.body_sealed, PURPOSE)
        if isinstance(body, dict) and body.keys() == {_EVENT, _SIGNAL}:
            signal = Signal.from_json(body[_SIGNAL])
            body = body[_EVENT]
        inbound = Inbound.from_json(body)
        if key_of(inbound) != stored.key:
            raise Unreadable
    except (KeyProblem, ValueError, RecursionError) as error:
        # Not `from error`: what a parser says may hold the words.
        raise Unreadable(type(error).__name__) from None
    return inbound, signal


def _sealed(tx: Transaction, inbound: Inbound, signal: Signal | None) -> bytes:
    """The event's body. What was heard together with earlier messages is kept with it: they are not stored."""
    body = inbound.as_json()
    if signal is not None and signal.before:
        body = {_EVENT: body, _SIGNAL: signal.as_json()}
    return tx.vault.seal_json(body, PURPOSE)


async def belongs_to(tx: Transaction, key: Key, member_id: int | None) -> None:
    """Whose event it is: it is in their export, and forgotten with them."""
    await _write(tx, key, member_id=member_id)


async def heard(tx: Transaction, inbound: Inbound, signal: Signal | None) -> None:
    """Something else was heard in it than `keep` was told."""
    await _write(tx, key_of(inbound), body_sealed=_sealed(tx, inbound, signal))


async def take_over(
    tx: Transaction, stored: Stored, brought: Inbound, member_id: int | None, *, now: datetime
) -> tuple[Inbound, Signal | None]:
    """Lease an event that the platform has brought again to the caller; what is to be handled, as `read` gives it.

    That is what was stored, which may have come live where it is now history; else what was `brought`.
    """
    try:
        kept, signal = read(tx, stored)
        inbound = replace(kept, answered_directly=brought.answered_directly)
    except Unreadable:
        inbound, signal = brought, None
    body = _sealed(tx, inbound, signal)
    await _write(tx, stored.key, body_sealed=body, member_id=member_id, next_at=now + LEASE)
    return inbound, signal


async def handled(tx: Transaction, key: Key) -> None:
    """It is done: only its id stays."""
    await _write(tx, key, state=HANDLED, body_sealed=None, member_id=None, next_at=None)


async def again(tx: Transaction, key: Key, *, attempts: int, at: datetime) -> None:
    """It has failed so many times, and is tried again."""
    await _write(tx, key, attempts=attempts, next_at=at)


async def parked(tx: Transaction, key: Key, reason: str, *, attempts: int) -> None:
    """It is given up, for a reason that holds nobody's words; words and person are forgotten."""
    values = {"state": PARKED, "error": reason[:REASON_LIMIT], "attempts": attempts}
    await _write(tx, key, **values, body_sealed=None, member_id=None, next_at=None)


async def release(tx: Transaction, in_hand: InHand, *, now: datetime) -> None:
    """Make due at once what a process had in hand that is gone; only for a database with a single process."""
    leased = _ROWS.where(InboundEvent.state == SEEN, InboundEvent.attempts == 0, InboundEvent.next_at > now)
    keys = [row.key for row in await _all(tx, leased, {}) if row.key not in in_hand]
    if keys:
        orphans = tuple_(InboundEvent.platform, InboundEvent.event_id).in_(keys)
        await tx.session.execute(update(InboundEvent).where(orphans).values(next_at=now))


async def next_due(tx: Transaction) -> datetime | None:
    """When the next event is tried (again)."""
    return await tx.session.scalar(select(func.min(InboundEvent.next_at)))


# Not as ORM objects: a handler that fails is rolled back, and an object would then be read anew, at a wrong moment.


_ROWS = select(
    InboundEvent.platform,
    InboundEvent.event_id,
    InboundEvent.state,
    InboundEvent.body_sealed,
    InboundEvent.member_id,
    InboundEvent.attempts,
    InboundEvent.next_at,
)

_ONE = _ROWS.where(
    InboundEvent.platform == bindparam("platform"), InboundEvent.event_id == bindparam("event_id")
).with_for_update()

_FIRST_DUE = (
    _ROWS.where(InboundEvent.next_at <= bindparam("now"), InboundEvent.state == SEEN)
    .order_by(InboundEvent.seen_at)
    .limit(1)
    .with_for_update(skip_locked=True)
)


async def _all(tx: Transaction, query: Select[*tuple[Any, ...]], values: dict[str, Any]) -> list[Stored]:
    return [Stored(**row._mapping) for row in (await tx.session.execute(query, values)).all()]


async def _first(tx: Transaction, query: Select[*tuple[Any, ...]], values: dict[str, Any]) -> Stored | None:
    return next(iter(await _all(tx, query, values)), None)


async def _write(tx: Transaction, key: Key, **values: Any) -> None:
    platform, event_id = key
    await tx.write(InboundEvent, {"platform": platform, "event_id": event_id}, **values)
