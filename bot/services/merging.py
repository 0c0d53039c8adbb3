"""Two members turn out to be one person."""

from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, aliased

from bot.core.policy import Policies
from bot.delivery import outbox
from bot.services import members
from bot.services.escalations import Escalations, store
from bot.services.gatherings import attending
from bot.services.policies import read_policies, write_policies
from bot.storage import duty_tables, gathering_tables, hosting_tables, tables
from bot.storage.database import Transaction
from bot.storage.relay_tables import CasePicture, CasePlace, PictureWish

Row = TypeVar("Row")


async def merge(tx: Transaction, member_id: int, *, into: int, escalations: Escalations, now: datetime) -> None:
    """All that is `member_id`'s becomes `into`'s; where both have something of which there is one, `into`'s is kept.

    Of two open cases the graver one stays open, or of equally grave ones the older.
    """
    await members.lock(tx, {member_id, into})
    await _fold_open_cases(tx, member_id, into, escalations, now=now)
    await _keep_settings(tx, member_id, into)
    await _move_where_lacking(tx, tables.CheckInRow, member_id, into, one_for_each=tables.CheckInRow.day)
    await _move_where_lacking(tx, tables.Reminder, member_id, into, one_for_each=tables.Reminder.meeting_id)
    tx.changes("roles")
    await _move_where_lacking(tx, tables.RoleGiven, member_id, into, one_for_each=tables.RoleGiven.role)
    await _join_schedules(tx, member_id, into)
    await _move_where_lacking(tx, tables.Question, member_id, into)
    await _move_where_lacking(tx, duty_tables.RosterRow, member_id, into)
    await _move_where_lacking(
        tx, duty_tables.CredentialRow, member_id, into, one_for_each=duty_tables.CredentialRow.name
    )
    await _move_where_lacking(tx, duty_tables.RotaPerson, member_id, into, one_for_each=duty_tables.RotaPerson.rota_id)
    await _move_where_lacking(tx, tables.FollowUp, member_id, into)
    await _move_where_lacking(tx, PictureWish, member_id, into, one_for_each=PictureWish.case_id)
    await attending.merge(tx, member_id, into=into)
    hosts, hands, asked = hosting_tables.MeetingHost, hosting_tables.RaisedHand, hosting_tables.AttendanceRequest
    await _move_where_lacking(tx, hosts, member_id, into, one_for_each=hosts.meeting_id)
    await _move_where_lacking(tx, hands, member_id, into, one_for_each=hands.hosted_id)
    await _move_where_lacking(tx, asked, member_id, into, one_for_each=asked.hosted_id)
    for table, column in (
        (tables.Identity, tables.Identity.member_id),
        (tables.CaseRow, tables.CaseRow.member_id),
        (tables.CaseRow, tables.CaseRow.open_for),
        (tables.CaseRow, tables.CaseRow.holder),
        (tables.CaseEvent, tables.CaseEvent.actor),
        (tables.MemberPause, tables.MemberPause.member_id),
        (tables.MemberPause, tables.MemberPause.actor),
        (tables.RelayMessage, tables.RelayMessage.author),
        (CasePicture, CasePicture.author),
        (tables.FollowUp, tables.FollowUp.peer),
        (tables.Delivery, tables.Delivery.member_id),
        (tables.Delivery, tables.Delivery.about_id),
        (tables.InboundEvent, tables.InboundEvent.member_id),
        (duty_tables.RotaOverride, duty_tables.RotaOverride.member_id),
        (duty_tables.RotaSwap, duty_tables.RotaSwap.giver_id),
        (duty_tables.RotaSwap, duty_tables.RotaSwap.taker_id),
        (gathering_tables.MeetingTask, gathering_tables.MeetingTask.asked_by),
        (gathering_tables.MeetingTask, gathering_tables.MeetingTask.taker),
        (hosting_tables.HostedMeeting, hosting_tables.HostedMeeting.host_id),
    ):
        await _rename(tx, table, column, member_id, into)
    await _rename_in_lists(tx, member_id, into)
    await tx.session.flush()
    await tx.session.execute(delete(tables.Member).where(tables.Member.id == member_id))
    await escalations.not_their_own_peer(tx, into, now=now)


async def history(tx: Transaction, member_id: int) -> int:
    """How much there is of a member: check-ins, cases on both sides, what they want to be reminded of."""
    columns: tuple[InstrumentedAttribute[Any], ...] = (
        tables.CheckInRow.member_id,
        tables.CheckInSchedule.member_id,
        tables.Reminder.member_id,
        tables.CaseRow.member_id,
        tables.CaseRow.holder,
    )
    counts = [await tx.session.scalar(select(func.count()).where(column == member_id)) for column in columns]
    return sum(count or 0 for count in counts)


async def _fold_open_cases(
    tx: Transaction, member_id: int, into: int, escalations: Escalations, *, now: datetime
) -> None:
    cases = [row for id_ in (member_id, into) if (row := await store.open_case_of(tx, id_)) is not None]
    if len(cases) < len((member_id, into)):
        return
    kept, folded = sorted(cases, key=lambda row: (-store.case_of(row).severity.rank, row.id))
    people = [person for person in (folded.holder, *folded.helpers) if person not in {None, member_id, into}]
    await escalations.fold(tx, folded, kept, now=now)
    await _rename(tx, tables.RelayMessage, tables.RelayMessage.case_id, folded.id, kept.id)
    await _rename(tx, CasePicture, CasePicture.case_id, folded.id, kept.id)
    await _join_wishes(tx, folded.id, kept.id)
    await tx.session.flush()
    for person in people:  # where nobody has the case, the first of them takes it
        await escalations.join(tx, await members.load(tx, person), kept.id, now=now)


async def _join_wishes(tx: Transaction, folded: int, kept: int) -> None:
    """What people want of pictures in one case holds in the other, for who has said nothing about that one."""
    there = aliased(PictureWish)
    has_one = select(there.member_id).where(there.case_id == kept, there.member_id == PictureWish.member_id).exists()
    moved = update(PictureWish).where(PictureWish.case_id == folded, ~has_one).values(case_id=kept)
    await tx.session.execute(moved, execution_options={"synchronize_session": False})


async def _keep_settings(tx: Transaction, member_id: int, into: int) -> None:
    other = await tx.session.get_one(tables.Member, member_id)
    kept = await tx.session.get_one(tables.Member, into)
    kept.name_sealed = kept.name_sealed or other.name_sealed
    kept.zone = kept.zone or other.zone
    kept.country = kept.country or other.country
    kept.language = kept.language or other.language
    kept.welcomed_at = kept.welcomed_at or other.welcomed_at
    kept.from_file = kept.from_file or other.from_file
    if kept.quiet_from is None:
        kept.quiet_from, kept.quiet_until = other.quiet_from, other.quiet_until
    await tx.session.flush()


async def _join_schedules(tx: Transaction, member_id: int, into: int) -> None:
    """One question a day: whoever was asked today as the one is not asked again as the other."""
    schedule = tables.CheckInSchedule
    rows = {
        row.member_id: row
        for row in await tx.session.scalars(select(schedule).where(schedule.member_id.in_([member_id, into])))
    }
    other, kept = rows.get(member_id), rows.get(into)
    if other is None:
        return
    if kept is None:
        other.member_id = into
    else:
        await outbox.drop(tx, other.member_id, f"checkin:{other.id}:", reason="two members were one person")
        kept.last_day = max((day for day in (kept.last_day, other.last_day) if day is not None), default=None)
        await tx.session.delete(other)
    await tx.session.flush()


async def _move_where_lacking(
    tx: Transaction, table: Any, member_id: int, into: int, *, one_for_each: Any = None
) -> None:
    """Move rows of which a member has one only, or one for each value of a column; what `into` has is kept."""
    there = aliased(table)
    taken = select(there.member_id).where(there.member_id == into)
    if one_for_each is not None:
        taken = taken.where(getattr(there, one_for_each.key) == one_for_each)
    moved = update(table).where(table.member_id == member_id, ~taken.exists()).values(member_id=into)
    await tx.session.execute(moved, execution_options={"synchronize_session": False})
    for row in [row for row in tx.session.identity_map.values() if isinstance(row, table)]:
        tx.session.expunge(row)  # it may be another one's now


async def _rename_in_lists(tx: Transaction, old: int, new: int) -> None:
    """Where the member is one of several: among those who help with a case, or named by a step of a policy."""
    community_id = (await tx.session.get_one(tables.Member, new)).community_id

    def renamed(stored: Any) -> Any:
        policies = read_policies(stored)
        lists = {key: getattr(policies, key) for key in ("urgent", "emergency", "concern")}
        if not any(step.member == old for steps in lists.values() for step in steps or ()):
            return stored
        return write_policies(
            Policies(
                **{
                    key: steps and tuple(replace(step, member=new) if step.member == old else step for step in steps)
                    for key, steps in lists.items()
                }
            )
        )

    community = await tx.session.get_one(tables.Community, community_id)
    case = tables.CaseRow
    of_open = select(case).where(case.community_id == community_id, case.open_for.is_not(None)).order_by(case.id)
    # A list is written back as a whole: whoever joins or goes meanwhile waits.
    for row in await _locked(tx, of_open):
        helpers = dict.fromkeys(new if id_ == old else id_ for id_ in row.helpers)
        row.helpers = [id_ for id_ in helpers if id_ not in {row.holder, row.member_id}]
        row.policy = renamed(row.policy)
        for place in await _locked(tx, select(CasePlace).where(CasePlace.case_id == row.id)):
            place.people = list(dict.fromkeys(new if id_ == old else id_ for id_ in place.people))
        for picture in await _locked(tx, select(CasePicture).where(CasePicture.case_id == row.id)):
            picture.wanted_by = list(dict.fromkeys(new if id_ == old else id_ for id_ in picture.wanted_by))
    community.policy = renamed(community.policy)


async def _locked(tx: Transaction, query: Select[Row]) -> list[Row]:
    """The rows as they are now; nobody else changes them meanwhile."""
    found = query.with_for_update().execution_options(populate_existing=True)
    return list(await tx.session.scalars(found))


async def _rename(tx: Transaction, table: Any, column: Any, old: int, new: int) -> None:
    await tx.session.execute(update(table).where(column == old).values({column: new}))
