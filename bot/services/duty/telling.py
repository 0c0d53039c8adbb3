"""What those on duty are told without asking: the hand-over at every change of shift, and the week on Mondays."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, or_, select

from bot.core.content import Content, Field
from bot.core.duty import Entry, Plan
from bot.core.faults import Told, where
from bot.core.people import Community
from bot.core.roles import Role
from bot.core.words import Say, _
from bot.delivery.outbox import Priority
from bot.services import members
from bot.services.duty import store
from bot.services.duty.board import Boards
from bot.services.duty.handover import hand_over
from bot.services.duty.report import week_of
from bot.services.duty.rotas import WEEK, next_weekly
from bot.services.duty.words import names, period
from bot.services.voice import Voice
from bot.storage.database import Transaction
from bot.storage.duty_tables import DutyClock
from bot.storage.tables import Community as CommunityRow

log = logging.getLogger(__name__)

BATCH = 20
"""Communities in one transaction."""

AGAIN = timedelta(minutes=10)
"""After this long a community whose rotas could not be read is tried again."""

GAPS_SHOWN = 10


def _is_due(now: Any) -> ColumnElement[bool]:
    return or_(DutyClock.next_change_at <= now, DutyClock.weekly_at <= now)


@cache
def _looking() -> Select[bool]:
    now: Any = bindparam("now")
    return select(exists().where(or_(_is_due(now), and_(DutyClock.board_at <= now, DutyClock.has_board.is_(True)))))


class DutyRounds:
    """Goes round the communities that have rotas, whenever something is due."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._boards = Boards(voice)
        self._told = Told()

    async def is_due(self, tx: Transaction, *, now: datetime) -> bool:
        """Whether there is anything to tell. It changes nothing."""
        return bool(await tx.session.scalar(_looking(), {"now": now})) or await self._boards.has_changed(tx)

    async def due(self, tx: Transaction, *, now: datetime) -> int:
        """Tell what is due; how many communities there were."""
        query = select(DutyClock.community_id).where(_is_due(now)).order_by(DutyClock.community_id).limit(BATCH)
        ids = list(await tx.session.scalars(query.with_for_update(skip_locked=True)))
        for id_ in ids:
            try:
                async with tx.session.begin_nested():
                    await self._round(tx, await tx.session.get_one(DutyClock, id_), now=now)
            except Exception as error:
                if self._told.is_news(str(id_), now):
                    # Not log.exception: an error's message may hold somebody's words.
                    log.error("rotas of community %d: not told, tried again soon: %s", id_, where(error))
                clock = await tx.session.get_one(DutyClock, id_, populate_existing=True)
                clock.next_change_at = max(clock.next_change_at, now + AGAIN)
                clock.weekly_at = max(clock.weekly_at, now + AGAIN)
            else:
                self._told.is_over(str(id_))
        return len(ids) + await self._boards.due(tx, now=now)

    async def _round(self, tx: Transaction, clock: DutyClock, *, now: datetime) -> None:
        community = members.community_of(await tx.session.get_one(CommunityRow, clock.community_id), tx)
        roster = await store.load_roster(tx, community.id, now)
        plan = await store.load_plan(tx, community.id, now, roster)
        if clock.next_change_at <= now:
            await self._hand_over(tx, community, plan, clock.next_change_at, now=now)
            clock.next_change_at = plan.next_change(now) or now + store.LOOK_AGAIN
            clock.board_at = now
        if clock.weekly_at <= now:
            await self._tell_week(tx, community, plan, roster, now=now)
            clock.weekly_at = next_weekly(community.zone, now)

    # Changes of shift

    async def _hand_over(
        self, tx: Transaction, community: Community, plan: Plan, planned: datetime, *, now: datetime
    ) -> None:
        """Tell the room, and each who comes; of changes that came while the bot was off only how it is now."""
        before = plan.on_at(planned - timedelta.resolution)
        await hand_over(tx, self._voice, community, plan, before, key=str(int(planned.timestamp())), now=now)

    # The week

    async def _tell_week(
        self, tx: Transaction, community: Community, plan: Plan, roster: Sequence[Entry], *, now: datetime
    ) -> None:
        """Cover gaps to organizers; what the week was like to organizers and moderators, the peers' supervisors."""
        organizers = await members.with_roles(tx, community.id, {Role.ORGANIZER})
        gaps = plan.gaps(now, now + WEEK)
        lapsing = [e for e in roster if e.lapses_at is not None and e.lapses_at < now + 4 * WEEK]
        empty = await without_people(tx, community.id)
        week = await week_of(tx, community.id, now=now)
        for member_id in await members.with_roles(tx, community.id, {Role.ORGANIZER, Role.MODERATOR}):
            member = await members.load(tx, member_id)
            fields: list[Field] = []
            if member_id in organizers and gaps:
                shown: list[Say] = [period(gap, member.zone) for gap in gaps[:GAPS_SHOWN]]
                if len(gaps) > GAPS_SHOWN:
                    more = len(gaps) - GAPS_SHOWN
                    shown.append(_("and {n} more: “rota calendar” has them all", n=more))
                fields.append(Field(name=_("Nobody is on"), value=_lines(shown)))
            if member_id in organizers and lapsing:
                told = [
                    _(
                        "{name}: until {day}",
                        name=await names(tx, [e.member]),
                        day=min(c.until for c in e.credentials if c.until),
                    )
                    for e in lapsing
                ]
                fields.append(
                    Field(name=_("Credentials that lapse, and then take their peer off the rota"), value=_lines(told))
                )
            if member_id in organizers and empty:
                fields.append(Field(name=_("Rotas without people"), value=_lines(empty)))
            fields += week
            if fields:
                await self._voice.to_member(
                    tx,
                    member,
                    Content(title=_("The week of the peers"), fields=tuple(fields)),
                    key=f"dutyweek:{community.id}:{int(now.timestamp())}:{member_id}",
                    priority=Priority.MEETING,
                    now=now,
                )


async def next_due(tx: Transaction) -> datetime | None:
    """When somebody is to be told something next, or a board is to be written."""
    clock = DutyClock
    found = [await tx.session.scalar(select(func.min(column))) for column in (clock.next_change_at, clock.weekly_at)]
    found.append(await tx.session.scalar(select(func.min(clock.board_at)).where(clock.has_board.is_(True))))
    return min((at for at in found if at is not None), default=None)


async def take_back(tx: Transaction, now: datetime) -> None:
    """The machine's clock was set back: everything is looked at anew."""
    rows = await tx.session.execute(
        select(DutyClock, CommunityRow.zone).join(CommunityRow, CommunityRow.id == DutyClock.community_id)
    )
    for clock, zone in rows.all():
        clock.next_change_at = now
        clock.board_at = now
        clock.weekly_at = min(clock.weekly_at, next_weekly(members.zone_named(zone) or ZoneInfo("UTC"), now))


async def without_people(tx: Transaction, community_id: int) -> list[Say]:
    """The names of the rotas that have nobody any more, or cannot be read: they cover nothing."""
    rows = [row for row in await store.rota_rows(tx, community_id) if await store.read_rota(tx, row) is None]
    return [row.name for row in rows]


def _lines(lines: Sequence[Say]) -> Say:
    said = lines[0]
    for line in lines[1:]:
        said = _("{before}\n{line}", before=said, line=line)
    return said
