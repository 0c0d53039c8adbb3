"""The community's meetings, or those that one member follows, as a calendar."""

import re
from datetime import datetime

from sqlalchemy import select

from bot.core.meetings import publish
from bot.core.meetings.cleaning import without_codes
from bot.core.meetings.publish import Entry
from bot.storage.database import Transaction
from bot.storage.tables import Community, MeetingChange, MeetingRow, Reminder

_LINKS = re.compile(r"https?://\S+", re.IGNORECASE)


async def of_community(tx: Transaction, community_id: int, *, now: datetime) -> str:
    """The community's own meetings. Links are left out: the file may be read by anybody."""
    community = await tx.session.get_one(Community, community_id)
    query = select(MeetingRow).where(MeetingRow.community_id == community_id, MeetingRow.feed_id.is_(None))
    rows = list(await tx.session.scalars(query.order_by(MeetingRow.id)))
    return publish.calendar(community.name, await _entries(tx, rows, community.slug, private=False), now=now)


async def of_member(tx: Transaction, member_id: int, community_id: int, *, now: datetime) -> str:
    """The meetings that a member follows, with how to join: for them alone."""
    community = await tx.session.get_one(Community, community_id)
    query = select(MeetingRow).join(Reminder, Reminder.meeting_id == MeetingRow.id)
    rows = list(await tx.session.scalars(query.where(Reminder.member_id == member_id).order_by(MeetingRow.id)))
    return publish.calendar(community.name, await _entries(tx, rows, community.slug, private=True), now=now)


async def of_meeting(tx: Transaction, row: MeetingRow, *, now: datetime) -> str:
    """One meeting, for everybody to read."""
    community = await tx.session.get_one(Community, row.community_id)
    return publish.calendar(row.name, await _entries(tx, [row], community.slug, private=False), now=now)


def place_for_all(row: MeetingRow) -> str:
    """Where a meeting is, without links, ids and passcodes: "" where that leaves nothing."""
    kept, _taken, _code = without_codes(row.where or "")
    return _LINKS.sub("", kept).strip(" \n,;")


async def _entries(tx: Transaction, rows: list[MeetingRow], slug: str, *, private: bool) -> list[Entry]:
    changes: dict[int, list[MeetingChange]] = {}
    query = select(MeetingChange).where(MeetingChange.meeting_id.in_([row.id for row in rows]))
    for change in await tx.session.scalars(query.order_by(MeetingChange.day)):
        changes.setdefault(change.meeting_id, []).append(change)
    return [
        Entry(
            uid=f"meeting-{row.id}@{slug}.handrail",
            name=row.name,
            rule=row.rule,
            starts_on=row.starts_on,
            wall=row.wall,
            zone=row.zone,
            minutes=row.minutes,
            where=(row.where or "") if private else place_for_all(row),
            link=(row.link or "") if private else "",
            changes=tuple((change.day, change.moved_to) for change in changes.get(row.id, ())),
        )
        for row in rows
    ]
