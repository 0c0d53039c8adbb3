"""Opening and closing meetings in a room, and which one is meant by whom."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update

from bot.core.commands import BadValue
from bot.core.inbound import Inbound
from bot.core.kinds import Keyed
from bot.core.people import Member
from bot.core.words import _
from bot.services.hosting.seeing import is_shown
from bot.storage.database import Transaction
from bot.storage.hosting_tables import HostedMeeting
from bot.storage.tables import MeetingRow

LONGEST = timedelta(hours=12)
"""A meeting that was opened so long ago is over, whether or not its host has closed it."""

AFTERWARDS = timedelta(days=2)
"""How long after its end a note can be asked for."""

NONE_OPEN = _("No meeting is open here just now.")


def room_of(inbound: Inbound) -> str:
    """The room in which something was said, as `HostedMeeting.open_in`."""
    return f"{inbound.platform}:{inbound.place}"[:300]


async def hand_over(tx: Transaction, was: Member, to: Member, meeting: MeetingRow) -> bool:
    """What somebody leads of a meeting that they host no more is another's from now on; False if they lead none."""
    led = HostedMeeting.meeting_id == meeting.id, HostedMeeting.host_id == was.id, HostedMeeting.open_in.is_not(None)
    moved = update(HostedMeeting).where(*led).values(host_id=to.id).returning(HostedMeeting.id)
    return (await tx.session.execute(moved)).first() is not None


async def begin(
    tx: Transaction, member: Member, meeting: MeetingRow, inbound: Inbound, *, turn: timedelta, now: datetime
) -> HostedMeeting:
    """Open it in the room where this came in; raises `BadValue` where another one is open."""
    room = room_of(inbound)
    await end_forgotten(tx, now=now)
    open_here = await tx.session.scalar(select(HostedMeeting.id).where(HostedMeeting.open_in == room))
    if open_here is not None:
        raise BadValue(_("A meeting is open here already. Its host closes it with “host close”."))
    hosted = HostedMeeting(
        community_id=member.community.id,
        meeting_id=meeting.id,
        host_id=member.id,
        platform=inbound.platform,
        address=inbound.place,
        open_in=room,
        opened_at=now,
        turn_seconds=int(turn.total_seconds()),
        turn=0,
        version=0,
    )
    tx.session.add(hosted)
    await tx.session.flush()
    return hosted


async def end_forgotten(tx: Transaction, *, now: datetime) -> None:
    """Those that nobody has closed for half a day are over."""
    forgotten = HostedMeeting.open_in.is_not(None), HostedMeeting.opened_at < now - LONGEST
    await tx.session.execute(update(HostedMeeting).where(*forgotten).values(open_in=None, ended_at=now))


async def named(
    tx: Transaction, member: Member, inbound: Inbound, number: Keyed | None, *, since: datetime | None, now: datetime
) -> tuple[HostedMeeting, MeetingRow]:
    """The meeting that is meant, locked: by its number, else by the room, else the only one of the community.

    It is open; with `since`, it may also have ended after that. One that is not shown to them there does not exist.
    Raises `BadValue`, parameter "number".
    """
    found = [
        hosted
        for hosted in await _of_community(tx, member.community.id, since=since, now=now)
        if (number is None or hosted.id == number.number) and await is_shown(tx, member, inbound, hosted, number)
    ]
    if not inbound.private:
        found = found[:1]
    if not found:
        raise BadValue(NONE_OPEN if since is None else _("No meeting was held here in the last two days."))
    if len(found) > 1:
        guesses = tuple(str(hosted.id) for hosted in found[:5])
        listed = [f"{hosted.id}: {(await tx.session.get_one(MeetingRow, hosted.meeting_id)).name}" for hosted in found]
        asked = _("Which meeting do you mean? {meetings}", meetings=", ".join(listed))
        raise BadValue(asked, guesses, parameter="number")
    locked = select(HostedMeeting).where(HostedMeeting.id == found[0].id).with_for_update()
    hosted = (await tx.session.scalars(locked.execution_options(populate_existing=True))).one()
    return hosted, await tx.session.get_one(MeetingRow, hosted.meeting_id)


async def _of_community(
    tx: Transaction, community_id: int, *, since: datetime | None, now: datetime
) -> Sequence[HostedMeeting]:
    is_open = HostedMeeting.open_in.is_not(None) & (HostedMeeting.opened_at >= now - LONGEST)
    wanted = is_open if since is None else is_open | (HostedMeeting.ended_at >= since)
    query = select(HostedMeeting).where(HostedMeeting.community_id == community_id, wanted)
    return list(await tx.session.scalars(query.order_by(HostedMeeting.id.desc())))
