"""Deliveries in the database: `pending → sending (under a lease) → sent | failed | expired`."""

import hashlib
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, delete, func, select, update

from bot.core.content import Content
from bot.core.platform import Address
from bot.delivery import contents, statements
from bot.delivery.waiting import IS_PENDING, PAGE, RELAY_HOLD, After, needless, next_in_line, not_held_back
from bot.storage.database import Transaction
from bot.storage.tables import Delivery, SharedContent

LEASE = timedelta(seconds=120)
"""How long a sender may take for one attempt: longer than any adapter's own limit, the longest being Matrix's 70 s."""

MAX_ATTEMPTS = 12
"""With the doubling waits of `next_attempt` about 40 minutes; crisis deliveries go on until they expire."""

SHORTEST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=5)
LONGEST_CRISIS_WAIT = timedelta(seconds=30)
"""Between two attempts. A longer wait is only made where the server asks for it."""

EDIT = "edit:"
"""With this begin the keys of messages that are edited in place: they are never the newest thing that was said."""

TOLD = "told: "
"""With this begins the reason of a crisis delivery that is still tried, once those who should know have been told."""

UNREADABLE = "unreadable"
"""The reason of a row whose content cannot be opened."""

GIVEN_UP_AT_ONCE = 50
"""Rows that one look gives up, such as pages nobody needs: others wait for the database meanwhile."""

KEY_LIMIT = 255
"""Characters of a key: the column's."""

LOOK_AT_LEAST = 16
"""Rows of each priority that one look at the queue takes in: a few may be held back by others to the same address."""

_PUT = "put into the outbox in a crisis"
"""Under this a transaction knows its own deliveries, by id, with their platforms."""

_BULK = {"synchronize_session": False}
"""These statements change rows that no session has loaded."""


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
    escalation it belongs to, `relay_id` the message of a relay that it is a copy of.
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
    relay_id: int | None = None


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
    is_told: bool = False
    """Whether those who should know were told that it has not arrived."""


async def enqueue(tx: Transaction, message: Message, *, now: datetime) -> bool:
    """Put a message into the outbox, in the transaction that decided it; False if its key is there already."""
    id_ = await tx.insert_new_id(
        Delivery,
        key=key_of(message.key),
        member_id=message.member_id,
        about_id=message.about_id,
        case_id=message.case_id,
        relay_id=message.relay_id,
        platform=message.to.platform,
        kind=message.to.kind,
        address=message.to.id,
        fallback=message.to.fallback,
        priority=int(message.priority),
        content_sealed=contents.seal(tx, message.content),
        has_choices=bool(message.content.choices),
        due_at=message.due_at,
        expires_at=message.expires_at,
        state="pending",
        attempts=0,
        created_at=now,
    )
    if id_ is not None and message.priority is Priority.CRISIS:
        tx.known(_PUT)[id_] = message.to.platform
    return id_ is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How many deliveries a sender can take: `all` of any priority, of which `calm` are no crisis.

    `busy` are the addresses that are being written to, `busy_in_crisis` those of them to which that is a crisis: such a
    delivery waits for no other.
    """

    all: int = 1
    calm: int = 1
    busy: Collection[str] = ()
    busy_in_crisis: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the queue has claimed; `unfinished` if it ended before there was nothing more to take."""

    claimed: Sequence[Claimed] = ()
    unfinished: bool = False


def key_of(key: str) -> str:
    """The key as it is stored: one that is too long (Matrix's ids may have 255 characters) ends in its digest."""
    if len(key) <= KEY_LIMIT:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()
    return f"{key[: KEY_LIMIT - len(digest) - 1]}#{digest}"


OnUnreadable = Callable[[Claimed], Awaitable[None]]


async def claim(
    tx: Transaction,
    platform: str,
    room: Room,
    *,
    now: datetime,
    due_by: datetime | None = None,
    on_unreadable: OnUnreadable | None = None,
) -> Look:
    """The deliveries that `platform` should send next, as many as there is room for, leased to the caller.

    By priority, then in the order in which they became due; nothing that is due after `due_by` (else `now`). What
    goes to the same address goes one after the other, so that a conversation keeps its order; but what is said in a
    crisis waits only for what is said in a crisis: a check-in that hangs keeps nobody in danger waiting.

    On the way, a page that nobody needs any more expires, and so does what shows a picture that was taken back. A row
    that cannot be opened fails as "unreadable": `on_unreadable` is told of it, with an empty content, in this
    transaction. In each case the next row is taken.
    """
    due_by = now if due_by is None else min(due_by, now)
    busy = {int(p): set(room.busy_in_crisis if p is Priority.CRISIS else room.busy) for p in Priority}
    taken: list[Claimed] = []
    line: dict[int, After | None] = {int(p): None for p in Priority if _wanted(room, p, taken) > 0}
    look = max(LOOK_AT_LEAST, 4 * room.all)
    given_up = 0
    while line and given_up < GIVEN_UP_AT_ONCE:
        heads = (
            await tx.session.execute(*next_in_line(platform, line, now=now, due_by=due_by, busy=busy, limit=look))
        ).all()
        again: int | None = None
        for row in await _not_held_back(tx, [head.id for head in heads], now=now):
            if again is not None and row.priority > again:
                break
            if row.address in busy[row.priority] or _wanted(room, Priority(row.priority), taken) <= 0:
                continue
            if (found := await _needed(tx, row, on_unreadable)) is None:
                again = row.priority  # what it held back, or what stands behind it, goes before what is less urgent
                given_up += 1
                if given_up >= GIVEN_UP_AT_ONCE:
                    break
            else:
                taken.append(found)
                for priority, addresses in busy.items():
                    if found.priority is Priority.CRISIS or priority != Priority.CRISIS:
                        addresses.add(found.to.id)
        if again is None:
            line = _go_on(line, heads, look, room, taken)
    if taken:
        values = {"ids": [claimed.id for claimed in taken], "until": now + LEASE}
        await tx.session.execute(statements.leasing(), values)
    return Look(sorted(taken, key=lambda claimed: claimed.priority), unfinished=given_up >= GIVEN_UP_AT_ONCE)


def put_in_crisis(tx: Transaction, platform: str) -> list[int]:
    """What this transaction has put into the outbox for the platform in a crisis."""
    return [id_ for id_, its in tx.known(_PUT).items() if its == platform]


async def claim_new(
    tx: Transaction, platform: str, ids: Collection[int], *, now: datetime, on_unreadable: OnUnreadable | None = None
) -> Look:
    """What may be sent at once of what this transaction has put, in one statement: for a sender that has nothing else.

    All of it is said in a crisis. What waits for something else, or is not needed after all, is found by `claim`.
    """
    values = {"ids": tx.ids(ids), "sender_of": platform, "now": now, "until": now + LEASE}
    held_since = {"held_since": now - RELAY_HOLD}
    rows = (await tx.session.execute(statements.leasing_new(tx.is_shared), values | held_since)).all()
    opened = [await _open(tx, row, on_unreadable) for row in sorted(rows, key=lambda row: row.id)]
    return Look([claimed for claimed in opened if claimed is not None])


async def _not_held_back(tx: Transaction, ids: Sequence[int], *, now: datetime) -> Sequence[Any]:
    return (await tx.session.execute(*not_held_back(ids, now=now))).all() if ids else ()


def _go_on(
    line: dict[int, After | None], heads: Sequence[Any], look: int, room: Room, taken: Sequence[Claimed]
) -> dict[int, After | None]:
    """Where to look further: in the priorities that have more than was looked at, and room."""
    further: dict[int, After | None] = {}
    for priority in line:
        seen = [head for head in heads if head.priority == priority]
        if len(seen) == look and _wanted(room, Priority(priority), taken) > 0:
            last = max(seen, key=lambda head: (head.due_at, head.id))
            further[priority] = After(last.due_at, last.id)
    return further


def _wanted(room: Room, priority: Priority, taken: Sequence[Claimed]) -> int:
    """How many more deliveries of a priority there is room for."""
    left = room.all - len(taken)
    if priority is Priority.CRISIS:
        return left
    return min(left, room.calm - sum(claimed.priority is not Priority.CRISIS for claimed in taken))


async def _needed(tx: Transaction, row: Any, on_unreadable: OnUnreadable | None) -> Claimed | None:
    """The same as `_open`, but a page that nobody needs any more expires."""
    if (reason := await _needless(tx, row.key, row.id)) is not None:
        await _end(tx, row.id, "expired", reason)
        return None
    return await _open(tx, row, on_unreadable)


async def _open(tx: Transaction, row: Any, on_unreadable: OnUnreadable | None) -> Claimed | None:
    """The delivery in a row, with its content; None where it is not to be sent, which is written down."""
    try:
        content = await _upon(tx, contents.opened(tx, row.content_sealed), row.platform)
        content = await contents.with_picture(tx, content)
    except contents.PictureGone:
        await _end(tx, row.id, "expired", contents.TAKEN_BACK)
        return None
    except Exception:
        # Whatever a damaged value does to the parser: one bad row must not stop all that stand behind it.
        await _end(tx, row.id, "failed", UNREADABLE)
        if row.shared_id is not None:
            await _give_up_shared(tx, row.shared_id)
        if on_unreadable is not None:
            await on_unreadable(_claimed(row, Content()))
        return None
    return _claimed(row, content)


async def _upon(tx: Transaction, content: Content, platform: str) -> Content:
    """The content with the message that it is upon, where that was said by a delivery which has arrived by now."""
    upon = content.upon
    if upon is None or upon.message is not None or upon.delivery is None:
        return content
    there = select(Delivery.message_id).where(Delivery.id == upon.delivery, Delivery.platform == platform)
    return replace(content, upon=replace(upon, message=await tx.session.scalar(there)))


async def _give_up_shared(tx: Transaction, shared_id: int) -> None:
    """All that share a damaged content fail at once, and the content goes, so that it is stored anew the next time."""
    pending = update(Delivery).where(IS_PENDING, Delivery.shared_id == shared_id)
    await tx.session.execute(pending.values(state="failed", reason=UNREADABLE), execution_options=_BULK)
    await tx.session.execute(delete(SharedContent).where(SharedContent.id == shared_id), execution_options=_BULK)


async def _needless(tx: Transaction, key: str, delivery_id: int) -> str | None:
    return await needless(tx, delivery_id) if key.startswith(PAGE) else None


async def _end(tx: Transaction, delivery_id: int, state: str, reason: str) -> None:
    await tx.write(Delivery, {"id": delivery_id}, state=state, reason=reason[:255], lease_until=None)


async def release_lost(
    tx: Transaction, platform: str, *, recognised: timedelta, now: datetime, all_but: Collection[int] | None = None
) -> Sequence[Claimed]:
    """What a sender that is gone had begun waits again: what its lease is over for, or everything but these ids.

    Where it was begun so long ago that the platform cannot tell any more whether it has arrived (`recognised`), only
    what is said in a crisis is sent again: that may be said twice, the rest is not said at all rather than twice.

    What is to bring a picture fails when it is lost the second time. Those are returned, with an empty content.
    """
    kind: Literal["expired", "others", "all"] = "expired" if all_but is None else "others" if all_but else "all"
    particular: dict[str, dict[str, Any]] = {
        "expired": {"now": now},
        "others": {"mine": list(all_but or ())},
        "all": {},
    }
    given = {"sender_of": platform, **particular[kind]}
    begun_before = now - recognised + LEASE
    again, in_doubt, lost = statements.releasing(kind)
    failed = (await tx.session.execute(again, given)).all()
    await tx.session.execute(in_doubt, given | {"begun_before": begun_before, "crisis": int(Priority.CRISIS)})
    await tx.session.execute(lost, given)
    return [_claimed(row, Content()) for row in failed]


def _claimed(row: Any, content: Content) -> Claimed:
    return Claimed(
        id=row.id,
        key=row.key,
        to=Address(platform=row.platform, kind=_kind(row.kind), id=row.address, fallback=row.fallback),
        content=content,
        priority=Priority(row.priority),
        attempts=row.attempts + 1,
        case_id=row.case_id,
        member_id=row.member_id,
        is_told=(row.reason or "").startswith(TOLD),
    )


def _kind(value: str) -> Any:
    return "direct" if value == "direct" else "place"


async def mark_sent(tx: Transaction, arrived: Mapping[int, str], *, now: datetime) -> None:
    """These deliveries, by id, have arrived under the platform's message ids."""
    if not arrived:
        return
    rows = [{"delivery": id_, "message": message_id, "now": now} for id_, message_id in arrived.items()]
    await (await tx.session.connection()).execute(statements.arrived(), rows)


async def mark_failed(tx: Transaction, claimed: Claimed, reason: str) -> None:
    """It will never arrive; the row stays, with the reason."""
    await _give_up_lease(tx, claimed, {"state": "failed", "reason": reason[:255]})


async def put_back(
    tx: Transaction, claimed: Claimed, reason: str, *, due_at: datetime, was_attempt: bool = True
) -> bool:
    """It may arrive later: try again at `due_at`. False if it is a page that nobody needs any more: it expires.

    What was no attempt is not counted: a bot that is restarted often must not give up what it never sent.
    """
    if (worthless := await _needless(tx, claimed.key, claimed.id)) is not None:
        await _give_up_lease(tx, claimed, {"state": "expired", "reason": worthless})
        return False
    attempts = claimed.attempts if was_attempt else claimed.attempts - 1
    kept = f"{TOLD}{reason}" if claimed.is_told else reason
    values = {"state": "pending", "reason": kept[:255], "due_at": due_at, "attempts": attempts}
    await _give_up_lease(tx, claimed, values)
    return True


async def mark_told(tx: Transaction, claimed: Claimed, reason: str) -> None:
    """Those who should know were told that it has not arrived yet: it is not told again."""
    await tx.write(Delivery, {"id": claimed.id}, reason=f"{TOLD}{reason}"[:255])


async def _give_up_lease(tx: Transaction, claimed: Claimed, values: dict[str, Any]) -> None:
    """Write down what became of an attempt, unless another sender has taken it over meanwhile: then it knows better."""
    mine = and_(
        Delivery.id == claimed.id, Delivery.attempts == claimed.attempts, Delivery.state.in_(["sending", "failed"])
    )
    await tx.session.execute(
        update(Delivery).where(mine).values(values | {"lease_until": None}), execution_options=_BULK
    )


async def hurry(tx: Transaction, platform: str, *, now: datetime) -> None:
    """The platform can be reached again: what is pending for it in a crisis is due now."""
    crisis = Delivery.priority == int(Priority.CRISIS)
    await tx.session.execute(
        update(Delivery)
        .where(IS_PENDING, Delivery.platform == platform, crisis, Delivery.due_at > now)
        .values(due_at=now),
        execution_options=_BULK,
    )


async def expire(tx: Transaction, *, now: datetime) -> int:
    """Give up what has become worthless, also what a sender that is gone had begun; how many those were.

    At most `statements.EXPIRE_BATCH` of each; call it again for more.
    """
    expired = 0
    for expiring in statements.expiring():
        result: Any = await tx.session.execute(expiring, {"now": now})
        expired += int(result.rowcount)
    return expired


async def drop(tx: Transaction, member_id: int, key_prefix: str, *, reason: str) -> None:
    """Do not send what waits for a member under keys that begin with `key_prefix`, which holds no "%" or "_"."""
    await tx.session.execute(
        update(Delivery)
        .where(IS_PENDING, Delivery.member_id == member_id, Delivery.key.startswith(key_prefix))
        .values(state="expired", reason=reason),
        execution_options=_BULK,
    )


async def withdraw(tx: Transaction, key_prefix: str, *also: ColumnElement[bool], reason: str) -> None:
    """Do not send what waits under keys that begin with `key_prefix`, which holds no "%" or "_", and is `also` so."""
    await tx.session.execute(
        update(Delivery)
        .where(IS_PENDING, Delivery.key.startswith(key_prefix), *also)
        .values(state="expired", reason=reason),
        execution_options=_BULK,
    )


async def earliest_due(tx: Transaction) -> datetime | None:
    """When the next pending delivery of any platform is due."""
    return await tx.session.scalar(select(func.min(Delivery.due_at)).where(IS_PENDING))


def next_attempt(attempts: int, priority: Priority, *, now: datetime, after: timedelta | None) -> datetime:
    """When to try again after `attempts` attempts, always later than `now`.

    The server's own wait, else 2 s, 4 s, 8 s … 5 min, in a crisis 30 s.
    """
    if after is None:
        longest = LONGEST_CRISIS_WAIT if priority is Priority.CRISIS else LONGEST_WAIT
        after = min(timedelta(seconds=2 ** min(attempts, 12)), longest)
    return now + max(after, SHORTEST_WAIT)
