"""The board in the peers' room: one message that is edited in place: who is on, open cases, their age, who has them.

Where a platform cannot edit, its adapter says it anew. A flood of cases makes one edit in `THROTTLE`, not one each.
"""

import hashlib
import json
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, func, select, update

from bot.core.content import Content, Field, Upon
from bot.core.crisis import Severity
from bot.core.faults import Told, where
from bot.core.people import Community
from bot.core.platform import Address
from bot.core.words import Say, Text, _
from bot.delivery import outbox
from bot.delivery.outbox import Message, Priority
from bot.services import members
from bot.services.duty import store
from bot.services.duty.words import age, names
from bot.services.escalations.words import SEVERITIES
from bot.services.rooms import of_kind
from bot.services.voice import Voice
from bot.storage.database import Transaction
from bot.storage.duty_tables import BoardRow, DutyClock
from bot.storage.tables import CaseRow, Delivery
from bot.storage.tables import Community as CommunityRow

log = logging.getLogger(__name__)

THROTTLE = timedelta(seconds=15)
"""Between two edits of one board."""

GROWS_OLD, LATER = timedelta(minutes=5), timedelta(minutes=30)
"""How often the ages of open cases are written anew: in their first hour, and after it."""

ANEW = timedelta(minutes=10)
"""How long a room is left alone in which nothing could be said, and a community whose cases cannot be read."""

SHOWN = 12
"""Cases on the board; the rest is counted."""

BATCH = 20


class Boards:
    """Writes the boards of communities that have rotas. What it has seen of their cases it keeps in memory."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._told = Told()
        self._seen: dict[int, tuple[int, ...]] = {}

    async def due(self, tx: Transaction, *, now: datetime) -> int:
        """Write the boards that are due; how many communities there were."""
        await self._notice(tx, now=now)
        query = (
            select(DutyClock.community_id)
            .where(DutyClock.board_at <= now, DutyClock.has_board.is_(True))
            .order_by(DutyClock.board_at)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        ids = list(await tx.session.scalars(query))
        for id_ in ids:
            try:
                async with tx.session.begin_nested():
                    at = await self._write(tx, id_, now=now)
            except Exception as error:
                # One damaged case must not keep the boards and the hand-overs of all others from being written.
                if self._told.is_news(str(id_), now):
                    log.error("board of community %d: not written, tried again soon: %s", id_, where(error))
                at = now + ANEW
            else:
                self._told.is_over(str(id_))
            await tx.session.execute(update(DutyClock).where(DutyClock.community_id == id_).values(board_at=at))
        return len(ids)

    async def has_changed(self, tx: Transaction) -> bool:
        """Whether there is another open case than at the last look, or something is new in one."""
        return await _open_cases(tx) != self._seen

    async def _notice(self, tx: Transaction, *, now: datetime) -> None:
        """A community whose open cases have changed since the last look has its board written."""
        seen = await _open_cases(tx)
        changed = [id_ for id_ in {*seen, *self._seen} if seen.get(id_) != self._seen.get(id_)]
        if changed:
            mine = DutyClock.community_id.in_(changed) & DutyClock.has_board.is_(True)
            await tx.session.execute(update(DutyClock).where(mine).values(board_at=now))
            tx.after_commit(lambda: self._remember(seen))

    def _remember(self, seen: dict[int, tuple[int, ...]]) -> None:
        self._seen = seen

    async def _write(self, tx: Transaction, community_id: int, *, now: datetime) -> datetime | None:
        """Bring the community's boards up to date; when to look again, None if only a change calls for it."""
        community = members.community_of(await tx.session.get_one(CommunityRow, community_id), tx)
        content, again = await _content(tx, community, now=now)
        rooms = await of_kind(tx, community.id, "peers")
        for room in rooms:
            wait = await self._put(tx, community, room, content, now=now)
            again += [] if wait is None else [wait]
        await _forget_other_rooms(tx, community.id, rooms)
        return min(again, default=None)

    async def _put(
        self, tx: Transaction, community: Community, room: Address, content: Content, *, now: datetime
    ) -> datetime | None:
        """Say or edit the board of one room; when to come back, if it could not be done now."""
        rendered = content.rendered(self._voice.words(community.language))
        digest = hashlib.sha256(json.dumps(rendered.as_json()).encode()).hexdigest()
        row = await _row(tx, community.id, room)
        if row is None:
            row = BoardRow(
                community_id=community.id, platform=room.platform, address=room.id, version=0, digest="", written_at=now
            )
            tx.session.add(row)
            await tx.session.flush()
        else:
            # What was written last tells which message it is, and whether it can still be edited.
            last = await tx.session.scalar(select(Delivery).where(Delivery.key == _key(row)))
            state = "gone" if last is None else last.state
            if state in {"pending", "sending"} or now < row.written_at + THROTTLE:
                return max(now, row.written_at) + THROTTLE
            if last is not None and state == "sent":
                row.message_id = last.message_id
            elif state == "failed":
                if row.message_id is None and now < row.written_at + ANEW:
                    return row.written_at + ANEW
                row.message_id = None  # it is no longer there: the board is said anew
            if row.digest == digest and state not in {"failed", "expired"}:
                return None
        row.version, row.digest, row.written_at = row.version + 1, digest, now
        upon = None if row.message_id is None else Upon(act="refresh", message=row.message_id)
        await self._voice.put(
            tx,
            Message(
                key=_key(row),
                to=room,
                content=replace(content, upon=upon),
                priority=Priority.MEETING,
                due_at=now,
                expires_at=now + GROWS_OLD if row.message_id else None,
            ),
            community.language,
            now=now,
        )
        return now + THROTTLE


@cache
def _counting() -> Select[int, int, int, int]:
    return (
        select(CaseRow.community_id, func.count(), func.sum(CaseRow.version), func.sum(CaseRow.id))
        .join(DutyClock, DutyClock.community_id == CaseRow.community_id)
        .where(CaseRow.open_for.is_not(None))
        .group_by(CaseRow.community_id)
    )


async def _open_cases(tx: Transaction) -> dict[int, tuple[int, ...]]:
    """By community what changes when one of its open cases does."""
    return {row[0]: tuple(int(n) for n in row[1:]) for row in await tx.session.execute(_counting())}


def _key(row: BoardRow) -> str:
    return f"{outbox.EDIT}board:{row.id}:{row.version}"


async def _row(tx: Transaction, community_id: int, room: Address) -> BoardRow | None:
    query = select(BoardRow).where(
        BoardRow.community_id == community_id, BoardRow.platform == room.platform, BoardRow.address == room.id
    )
    return await tx.session.scalar(query)


async def _forget_other_rooms(tx: Transaction, community_id: int, rooms: list[Address]) -> None:
    for row in await tx.session.scalars(select(BoardRow).where(BoardRow.community_id == community_id)):
        if (row.platform, row.address) not in {(room.platform, room.id) for room in rooms}:
            await tx.session.delete(row)


async def _content(tx: Transaction, community: Community, *, now: datetime) -> tuple[Content, list[datetime]]:
    """What the board says now, and when that grows old by itself."""
    plan = await store.load_plan(tx, community.id, now)
    until = plan.next_change(now)
    on: Say = await names(tx, plan.on_at(now))
    if until is not None:
        on = _("{names}, until {time}", names=on, time=until.astimezone(community.zone))
    query = select(CaseRow).where(CaseRow.community_id == community.id, CaseRow.open_for.is_not(None))
    cases: list[Any] = list(await tx.session.scalars(query.order_by(CaseRow.id)))
    fields = [Field(name=_("On now"), value=on)]
    for row in cases[:SHOWN]:
        who: Text = _("nobody yet")
        if row.holder is not None:
            who = _("with {name}", name=await names(tx, [row.holder]))
        value = _(
            "{age}, {who}. {severity}",
            severity=SEVERITIES[Severity(row.severity)],
            age=age(row.opened_at, now),
            who=who,
        )
        fields.append(Field(name=_("Case {number}", number=row.id), value=value))
    if len(cases) > SHOWN:
        more = _("and {n} more open cases: “cases” shows them all", n=len(cases) - SHOWN)
        fields.append(Field(name=_("And more"), value=more))
    if not cases:
        fields.append(Field(name=_("Open cases"), value=_("none")))
    again = [now + (GROWS_OLD if now - row.opened_at < timedelta(hours=1) else LATER) for row in cases]
    return Content(title=_("The board"), fields=tuple(fields)), again
