"""All that the bot sends a member by itself, ended at once."""

from enum import Enum

from sqlalchemy import select

from bot.core.people import Member
from bot.delivery import outbox
from bot.services.checkins import CheckIns
from bot.services.escalations.followup import FollowUps
from bot.services.feeds import following
from bot.storage.database import Transaction
from bot.storage.tables import MeetingRow, Reminder


class Sent(Enum):
    """What the bot sends a member unasked, because they have once wanted it."""

    CHECK_INS = "check-ins"
    REMINDERS = "reminders"
    FOLLOW_UPS = "follow-ups"


async def stop_all(tx: Transaction, member: Member, checkins: CheckIns, follow_ups: FollowUps) -> list[Sent]:
    """End it, what waits to be sent included; what of it there was.

    Not what a person is called for or has said, nor what belongs to the work of peers and organizers.
    """
    was_on = {
        Sent.CHECK_INS: await checkins.stop(tx, member),
        Sent.REMINDERS: await _follow_nothing(tx, member),
        Sent.FOLLOW_UPS: await follow_ups.stop(tx, member),
    }
    return [sent for sent, was in was_on.items() if was]


async def _follow_nothing(tx: Transaction, member: Member) -> bool:
    """No meeting reminds the member any more; False if none did."""
    query = select(Reminder, MeetingRow).join(MeetingRow, MeetingRow.id == Reminder.meeting_id)
    followed = (await tx.session.execute(query.where(Reminder.member_id == member.id).order_by(Reminder.id))).all()
    for reminder, meeting in followed:
        await outbox.drop(tx, member.id, f"reminder:{meeting.id}:", reason="they want no reminders")
        await tx.session.delete(reminder)
        await following.leave(tx, meeting)
    return bool(followed)
