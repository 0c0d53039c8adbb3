"""Reminders of meetings, put to all whose time has come: set by set, not follower by follower.

A set are the reminders of one occurrence that come equally early, to people who read alike. Only what is true of the
whole set is worked out here; the database does the rest.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, String, case, cast, func, literal, or_, select, true, update
from sqlalchemy.orm import InstrumentedAttribute

from bot.core.content import Content
from bot.core.occurrences import in_quiet_hours
from bot.core.words import Text, _, moment_with_zone
from bot.delivery.outbox import Priority
from bot.services import members
from bot.services.alone import put_off_sets, together_else_alone
from bot.services.gatherings.attending import absent
from bot.services.meeting_times import first_from
from bot.services.sets import Some, first_due, sets_of
from bot.services.voice import Voice
from bot.storage.database import Transaction
from bot.storage.gathering_tables import Attendance, MeetingTask
from bot.storage.tables import Community as CommunityRow
from bot.storage.tables import MeetingRow, Member, Reminder

AFTER_START = timedelta(minutes=10)
"""A reminder is still of use this long after the start: one can come late."""

_LINKS = re.compile(r"https?://\S+", re.IGNORECASE)
_BULK = {"synchronize_session": "fetch"}


class _Told(NamedTuple):
    """One occurrence of a meeting, told to people who read alike; `room`: 1 for the community's rooms.

    `zone` and `language` are None for the community's own.
    """

    meeting_id: int
    lead: int
    day: date
    start: datetime
    room: int
    zone: str | None
    language: str | None


class _Planned(NamedTuple):
    """The occurrence that is done with."""

    meeting_id: int
    lead: int
    start: datetime


async def remind_all_due(tx: Transaction, voice: Voice, *, now: datetime, limit: int | None = None) -> int:
    """Put the reminders that are due into the outbox, and plan the next ones; how many were due."""
    due = await first_due(tx, Reminder, now=now, limit=limit)

    async def remind(some: Some) -> bool:
        room = case((Reminder.member_id.is_(None), 1), else_=0).label("room")
        occurrence = (Reminder.meeting_id, Reminder.lead, Reminder.next_day, Reminder.next_start, room)
        member = (Member.zone, Member.language, Member.quiet_from, Member.quiet_until)
        sets = await sets_of(tx, some, *occurrence, *member)
        zones = await _zones(tx, {row.meeting_id for row in sets.found})
        for told, mine in sets.by(lambda row: None if _rests(row, zones, now) else _Told(*row[:7])):
            await _remind(tx, voice, told, mine, now=now)
        for planned, mine in sets.by(lambda row: _Planned(row.meeting_id, row.lead, row.next_start)):
            await _plan(tx, planned, mine, now=now)
        return await put_off_sets(tx, sets, now=now)

    return await together_else_alone(tx, due, remind, now=now)


async def plan(tx: Transaction, meeting: MeetingRow, *, after: datetime, lead: int | None = None) -> None:
    """Set the instant at which the meeting's reminders are due next, strictly after `after`; those of one `lead`."""
    mine = Reminder.meeting_id == meeting.id
    leads = [lead] if lead is not None else list(await tx.session.scalars(select(Reminder.lead).where(mine).distinct()))
    for minutes in leads:
        values = await _next(tx, meeting, minutes, after=after)
        await tx.session.execute(
            update(Reminder).where(mine, Reminder.lead == minutes).values(values), execution_options=_BULK
        )


async def plan_one(tx: Transaction, row: Reminder, meeting: MeetingRow, *, after: datetime) -> None:
    """Set the instant at which this reminder is due next, strictly after `after`."""
    for name, value in (await _next(tx, meeting, row.lead, after=after)).items():
        setattr(row, name, value)


async def _next(tx: Transaction, meeting: MeetingRow, lead: int, *, after: datetime) -> dict[str, Any]:
    early = timedelta(minutes=lead)
    coming = await first_from(tx, meeting, after + early + timedelta.resolution)
    if coming is None:
        return {"next_at": None, "next_day": None, "next_start": None}
    return {"next_at": coming.start - early, "next_day": coming.day, "next_start": coming.start}


async def to_followers(
    tx: Transaction,
    voice: Voice,
    meeting: MeetingRow,
    told: Callable[[ZoneInfo], Content],
    *,
    key: str,
    now: datetime,
    day: date | None = None,
) -> None:
    """Tell everybody who follows the meeting, each in their own zone and language.

    So is told who comes to a date, or has taken something there: to that of `day`, else to any.
    """
    community = members.community_of(await tx.session.get_one(CommunityRow, meeting.community_id))
    concerned = [
        select(Reminder.member_id).where(Reminder.meeting_id == meeting.id),
        select(Attendance.member_id).where(
            Attendance.meeting_id == meeting.id, Attendance.coming, _of(Attendance.day, day)
        ),
        select(MeetingTask.taker).where(MeetingTask.meeting_id == meeting.id, _of(MeetingTask.day, day)),
    ]
    followers = select(Member.id).where(or_(*(Member.id.in_(query) for query in concerned)))
    alike = await tx.session.execute(followers.with_only_columns(Member.zone, Member.language).distinct())
    for zone, language in alike.all():
        full_key = literal(f"meeting:{meeting.id}:{key}:", String) + cast(Member.id, String)
        await voice.to_many(
            tx,
            followers.with_only_columns(Member.id.label("member_id"), full_key.label("key")).where(
                Member.zone.is_not_distinct_from(zone), Member.language.is_not_distinct_from(language)
            ),
            told(community.zone if zone is None else ZoneInfo(zone)),
            language=language or community.language,
            priority=Priority.MEETING,
            now=now,
        )


def _of(column: InstrumentedAttribute[date], day: date | None) -> ColumnElement[bool]:
    return true() if day is None else column == day


async def _zones(tx: Transaction, meeting_ids: set[int]) -> dict[int, str]:
    """The zones of the meetings' communities."""
    rows = await tx.session.execute(
        select(MeetingRow.id, CommunityRow.zone)
        .join(CommunityRow, CommunityRow.id == MeetingRow.community_id)
        .where(MeetingRow.id.in_(meeting_ids))
    )
    return {row.id: row.zone for row in rows}


def _rests(row: Any, zones: dict[int, str], now: datetime) -> bool:
    """Whether it is quiet hours for the members of a set."""
    if row.quiet_from is None or row.quiet_until is None:
        return False
    return in_quiet_hours(now, ZoneInfo(row.zone or zones[row.meeting_id]), row.quiet_from, row.quiet_until)


async def _remind(tx: Transaction, voice: Voice, told: _Told, mine: ColumnElement[bool], *, now: datetime) -> None:
    """Remind those whose reminders `mine` selects."""
    meeting = await tx.session.get_one(MeetingRow, told.meeting_id)
    community = members.community_of(await tx.session.get_one(CommunityRow, meeting.community_id))
    key = f"{told.lead}:{told.day}:{int(told.start.timestamp())}"
    expires_at = told.start + AFTER_START
    if told.room:
        await voice.to_places(
            tx,
            community,
            "meetings",
            reminder(meeting, told.start, community.zone, private=False),
            key=f"reminder:{meeting.id}:room:{key}",
            priority=Priority.MEETING,
            now=now,
            expires_at=expires_at,
        )
        return
    zone = community.zone if told.zone is None else ZoneInfo(told.zone)
    # Not the row's id: who stops following and begins again has another row, and is reminded once all the same.
    full_key = literal(f"reminder:{meeting.id}:", String) + cast(Reminder.member_id, String) + literal(f":{key}")
    await voice.to_many(
        tx,
        select(Reminder.member_id, full_key.label("key")).where(
            mine, Reminder.member_id.not_in(absent(meeting.id, told.day))
        ),
        reminder(meeting, told.start, zone, private=True),
        language=told.language or community.language,
        priority=Priority.MEETING,
        now=now,
        expires_at=expires_at,
    )


async def _plan(tx: Transaction, told: _Planned, mine: ColumnElement[bool], *, now: datetime) -> None:
    """Plan what comes next. The occurrence that the reminder was for is done with, also when it was late."""
    meeting = await tx.session.get_one(MeetingRow, told.meeting_id)
    after = max(now, told.start - timedelta(minutes=told.lead))
    values = await _next(tx, meeting, told.lead, after=after)
    await tx.session.execute(update(Reminder).where(mine).values(values), execution_options=_BULK)


def reminder(meeting: MeetingRow, start: datetime, zone: ZoneInfo, *, private: bool) -> Content:
    """The reminder of one occurrence, its start in `zone`; the link only privately, for rooms may be public."""
    at = moment_with_zone(start.astimezone(zone), zone.key)
    text: Text = _("{meeting} starts soon: {start}.", meeting=meeting.name, start=at)
    where = meeting.where if private else _LINKS.sub("", meeting.where or "").strip()
    if where:
        text = _("{before}\nWhere: {where}", before=text, where=where)
    if private and meeting.link:
        text = _("{before}\n{link}", before=text, link=meeting.link)
    return Content(text=text)


async def next_due(tx: Transaction) -> datetime | None:
    """When the next reminder of anybody is due."""
    return await tx.session.scalar(select(func.min(Reminder.next_at)))
