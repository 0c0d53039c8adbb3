"""What is said when a meeting is opened and closed, and who may host it."""

from typing import Literal

from sqlalchemy import ColumnElement, and_, delete, select

from bot.core.people import Member
from bot.core.roles import Action, may
from bot.core.words import Say, _
from bot.storage.database import Transaction
from bot.storage.hosting_tables import MeetingHost, MeetingScript
from bot.storage.tables import MeetingRow

Kind = Literal["opening", "closing"]


def built_in(kind: Kind, meeting: str) -> Say:
    """What is said where nobody has written anything else."""
    if kind == "opening":
        return _(
            "Welcome to {meeting}. Say as much or as little as you like; listening is fine, too. What is said here"
            " stays here.",
            meeting=meeting,
        )
    return _("{meeting} is over. Thank you for being here. Take good care of yourselves.", meeting=meeting)


async def script(tx: Transaction, meeting: MeetingRow, kind: Kind) -> Say:
    """What is said: the meeting's own words, else the community's, else the built-in ones."""
    rows = await tx.session.execute(
        select(MeetingScript.meeting_id, MeetingScript.text).where(
            MeetingScript.community_id == meeting.community_id,
            MeetingScript.kind == kind,
            MeetingScript.meeting_id.is_(None) | (MeetingScript.meeting_id == meeting.id),
        )
    )
    texts: dict[int | None, str] = {row.meeting_id: row.text for row in rows}
    own: Say | None = texts.get(meeting.id) or texts.get(None)
    return built_in(kind, meeting.name) if own is None else own


async def write(tx: Transaction, community_id: int, meeting_id: int | None, kind: Kind, text: str | None) -> None:
    """Set what is said at a meeting (None: at all that have no words of their own); None goes back."""
    await tx.session.execute(
        delete(MeetingScript).where(
            MeetingScript.community_id == community_id,
            MeetingScript.meeting_id.is_not_distinct_from(meeting_id),
            MeetingScript.kind == kind,
        )
    )
    if text is not None:
        tx.session.add(MeetingScript(community_id=community_id, meeting_id=meeting_id, kind=kind, text=text))
        await tx.session.flush()


async def may_host(tx: Transaction, member: Member, meeting: MeetingRow) -> bool:
    """Whether they may open it: organizers may, and whom an organizer has named."""
    if may(member.roles, Action.MANAGE_MEETINGS):
        return True
    return await tx.session.scalar(select(MeetingHost.member_id).where(_is_host(member.id, meeting))) is not None


async def name_host(tx: Transaction, member: Member, meeting: MeetingRow) -> None:
    """Let them host it."""
    await tx.insert_new(MeetingHost, meeting_id=meeting.id, member_id=member.id)


async def unname_host(tx: Transaction, member: Member, meeting: MeetingRow) -> bool:
    """Let them host it no more; False if they did not."""
    gone = await tx.session.execute(
        delete(MeetingHost).where(_is_host(member.id, meeting)).returning(MeetingHost.member_id)
    )
    return gone.first() is not None


def _is_host(member_id: int, meeting: MeetingRow) -> ColumnElement[bool]:
    return and_(MeetingHost.meeting_id == meeting.id, MeetingHost.member_id == member_id)
