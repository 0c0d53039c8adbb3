"""Who comes to the next date of a meeting: everybody's own answer, shown to others as a number and never as names."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, delete, func, select, update

from bot.core.commands import BadValue
from bot.core.occurrences import local_date
from bot.core.people import Member
from bot.core.words import Text, _, _n
from bot.services.feeds.finding import Listed
from bot.services.meeting_times import Coming, between, first_from
from bot.storage.database import Transaction
from bot.storage.gathering_tables import Attendance
from bot.storage.tables import MeetingRow

_MOVED_BY = timedelta(days=400)
"""How far from its own day a date is looked for."""


async def answer(tx: Transaction, member: Member, meeting: MeetingRow, *, coming: bool, now: datetime) -> Coming:
    """The member comes to the meeting's next date, or does not; raises `BadValue` where there is none."""
    date_ = await next_date(tx, meeting, now=now)
    row = {
        "meeting_id": meeting.id,
        "member_id": member.id,
        "day": date_.day,
        "coming": coming,
        "ends_at": _end(date_),
    }
    await tx.insert_or_write(Attendance, [row], key=("meeting_id", "member_id", "day"))
    return date_


async def take_back(tx: Transaction, member: Member, meeting: MeetingRow) -> bool:
    """Forget the member's answers; False if there was none."""
    mine = delete(Attendance).where(Attendance.meeting_id == meeting.id, Attendance.member_id == member.id)
    result: Any = await tx.session.execute(mine)
    return bool(result.rowcount)


async def next_date(tx: Transaction, meeting: MeetingRow, *, now: datetime) -> Coming:
    """The date that is on or comes next; raises `BadValue` where there is none."""
    found = await first_from(tx, meeting, now - timedelta(minutes=meeting.minutes) + timedelta.resolution)
    if found is None:
        raise BadValue(_("{meeting} has no further date.", meeting=meeting.name))
    return found


async def count(tx: Transaction, meeting_id: int, day: date) -> tuple[int, int]:
    """How many come to a date, and how many have said that they do not."""
    query = select(Attendance.coming, func.count()).where(Attendance.meeting_id == meeting_id, Attendance.day == day)
    rows = (await tx.session.execute(query.group_by(Attendance.coming))).all()
    found = {row[0]: int(row[1]) for row in rows}
    return found.get(True, 0), found.get(False, 0)


async def said(tx: Transaction, meeting_id: int, day: date) -> Text | None:
    """How many come to a date, for everybody to read; None while nobody has said so."""
    coming, _not = await count(tx, meeting_id, day)
    return _n("{n} person comes", "{n} people come", n=coming) if coming else None


async def said_of_listed(tx: Transaction, community_id: int, listed: Listed) -> Text | None:
    """As `said`, of the date that a feed lists."""
    if listed.start is None or listed.meeting.zone is None:
        return None
    query = select(MeetingRow.id).where(
        MeetingRow.community_id == community_id,
        MeetingRow.feed_id == listed.feed_id,
        MeetingRow.handle == listed.handle,
    )
    id_ = await tx.session.scalar(query)
    return None if id_ is None else await said(tx, id_, local_date(listed.start, ZoneInfo(listed.meeting.zone)))


async def own_answer(tx: Transaction, member: Member, meeting_id: int, day: date) -> bool | None:
    """What the member has said of a date; None: nothing."""
    mine = select(Attendance.coming).where(
        Attendance.meeting_id == meeting_id, Attendance.member_id == member.id, Attendance.day == day
    )
    return await tx.session.scalar(mine)


def absent(meeting_id: int, day: date) -> Select[int]:
    """The members who have said that they do not come to a date."""
    return select(Attendance.member_id).where(
        Attendance.meeting_id == meeting_id, Attendance.day == day, Attendance.coming.is_(False)
    )


async def on_change(tx: Transaction, meeting: MeetingRow) -> None:
    """The meeting's dates are others now: an answer is kept until its own one is over, when that may be."""
    days = select(Attendance.day).where(Attendance.meeting_id == meeting.id).distinct()
    for day in list(await tx.session.scalars(days)):
        found = await on_day(tx, meeting, day)
        if found is not None:
            mine = update(Attendance).where(Attendance.meeting_id == meeting.id, Attendance.day == day)
            await tx.session.execute(mine.values(ends_at=_end(found)))


async def on_day(tx: Transaction, meeting: MeetingRow, day: date) -> Coming | None:
    """The date that the meeting's rule has on `day`, wherever it was moved to; None: none, or it is cancelled."""
    zone = ZoneInfo(meeting.zone)
    middle = datetime.combine(day, meeting.wall, tzinfo=zone)
    around = await between(tx, meeting, middle - timedelta(days=2), middle + _MOVED_BY)
    return next((each for each in around if each.day == day), None)


async def merge(tx: Transaction, member_id: int, *, into: int) -> None:
    """Two members are one person: what `into` has answered counts, the rest becomes theirs."""
    theirs = select(Attendance).where(Attendance.member_id.in_([member_id, into])).order_by(Attendance.id)
    kept: dict[tuple[int, date], Attendance] = {}
    rows = sorted(await tx.session.scalars(theirs), key=lambda row: row.member_id != into)
    for row in rows:
        if (row.meeting_id, row.day) in kept:
            await tx.session.delete(row)
        else:
            kept[row.meeting_id, row.day] = row
            row.member_id = into
    await tx.session.flush()


def _end(coming: Coming) -> datetime:
    return coming.start + timedelta(minutes=coming.meeting.minutes)
