"""What follows when a meeting changes: for its entries in calendars, for who comes, for what was taken."""

from datetime import datetime

from sqlalchemy import delete, or_, select, update

from bot.core.occurrences import HORIZON
from bot.services.gatherings import attending, mirrors, tasks
from bot.storage.database import Transaction
from bot.storage.gathering_tables import Attendance, MeetingTask, Mirror
from bot.storage.tables import MeetingRow


async def of_meeting(tx: Transaction, meeting: MeetingRow, *, now: datetime) -> None:
    """A meeting, or one of its dates, is another now, or the meeting is about to go."""
    await mirrors.touch(tx, meeting.id, now=now)
    await attending.on_change(tx, meeting)
    await tasks.on_change(tx, meeting, now=now)


async def in_use(tx: Transaction, meeting_id: int) -> bool:
    """Whether anything is done with a meeting, so that it is more than what a feed lists."""
    shown = select(Mirror.id).where(Mirror.meeting_id == meeting_id, Mirror.wanted)
    answered = select(Attendance.id).where(Attendance.meeting_id == meeting_id)
    asked = select(MeetingTask.id).where(MeetingTask.meeting_id == meeting_id)
    return bool(await tx.session.scalar(select(or_(*(query.exists() for query in (shown, answered, asked))))))


async def take_back(tx: Transaction, now: datetime) -> None:
    """The clock was set back: entries are looked at anew, and what belongs to a date too far ahead is forgotten."""
    await tx.session.execute(update(Mirror).where(Mirror.next_at > now).values(next_at=now))
    for table in (Attendance, MeetingTask):
        await tx.session.execute(delete(table).where(table.ends_at > now + HORIZON))
