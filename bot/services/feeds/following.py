"""Following a meeting that a feed lists: it becomes one of the community's, and is kept as the feed has it."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from bot.core.commands import BadValue
from bot.core.meetings.model import Meeting
from bot.core.occurrences import local_date, weekly
from bot.core.people import Community
from bot.core.words import _
from bot.services import members
from bot.services.feeds import finding
from bot.services.feeds.finding import Listed
from bot.services.feeds.postings import NOT_NOW
from bot.services.gatherings.changes import in_use
from bot.services.meetings import Meetings
from bot.storage.database import Transaction
from bot.storage.tables import Community as CommunityRow
from bot.storage.tables import MeetingRow, Reminder

HOUR = 60
"""Minutes that a meeting takes whose feed says nothing of its end."""


async def adopt(
    tx: Transaction, meetings: Meetings, community: Community, listed: Listed, *, now: datetime
) -> MeetingRow:
    """The community's own row of a listed meeting; raises `BadValue` of one that has no time."""
    query = select(MeetingRow).where(
        MeetingRow.community_id == community.id,
        MeetingRow.feed_id == listed.feed_id,
        MeetingRow.handle == listed.handle,
    )
    row = await tx.session.scalar(query)
    return row or await _put(tx, meetings, community, None, listed, now=now)


async def _put(
    tx: Transaction,
    meetings: Meetings,
    community: Community,
    row: MeetingRow | None,
    listed: Listed,
    *,
    now: datetime,
) -> MeetingRow:
    meeting = listed.meeting
    if meeting.wall is None or meeting.zone is None or meeting.by_appointment:
        raise BadValue(_("That meeting has no time of its own: it is by appointment."), parameter="meeting")
    zone = ZoneInfo(meeting.zone)
    if row is None:
        row = MeetingRow(community_id=community.id, feed_id=listed.feed_id, handle=listed.handle)
        tx.session.add(row)
    row.starts_on = meeting.starts_on or local_date(now, zone)
    place = ", ".join(dict.fromkeys(part for part in (meeting.place.name, meeting.place.address) if part))
    return await meetings.put(
        tx,
        community,
        row,
        name=meeting.name,
        rule=rule_of(meeting),
        wall=meeting.wall,
        zone=zone,
        minutes=meeting.minutes or HOUR,
        where=place[:500] or None,
        link=meeting.join.url[:500] or None,
        room_lead=0,
        now=now,
    )


def rule_of(meeting: Meeting) -> str:
    """The rule of a listed meeting that has a time."""
    if meeting.rule:
        return meeting.rule
    if meeting.starts_on:
        return f"FREQ=DAILY;UNTIL={meeting.starts_on:%Y%m%d}"
    return weekly(meeting.weekdays)


async def leave(tx: Transaction, row: MeetingRow) -> None:
    """Nobody may follow it any more, nor do anything else with it: then it is the feed's alone again."""
    if row.feed_id is None:
        return
    await tx.session.flush()
    left = await tx.session.scalar(select(func.count()).where(Reminder.meeting_id == row.id))
    if not left and not await in_use(tx, row.id):
        await tx.session.delete(row)


async def keep_up(tx: Transaction, meetings: Meetings, feed_id: int, *, now: datetime) -> None:
    """After a feed was read: what its followers follow is as it lists it; who follows what is gone is told."""
    for row in list(await tx.session.scalars(select(MeetingRow).where(MeetingRow.feed_id == feed_id))):
        listed = await finding.by_handle(tx, row.community_id, feed_id, row.handle or "")
        takes_place = listed is not None and listed.meeting.status.value not in NOT_NOW
        if listed is None or not takes_place or listed.meeting.by_appointment:
            await meetings.remove(tx, row, now=now)
            continue
        community = members.community_of(await tx.session.get_one(CommunityRow, row.community_id))
        await _put(tx, meetings, community, row, listed, now=now)
