"""Who greets newcomers, who chairs: asked for one date of a meeting, taken with one press, given back with another.

Who has taken something is nobody's business but theirs: others learn that somebody has, and who asked learns the name
if they choose to tell it.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update

from bot.core.commands import BadValue
from bot.core.content import Choice, Content, Upon
from bot.core.people import Community, Member
from bot.core.platform import Address
from bot.core.words import Text, Value, _
from bot.delivery.outbox import EDIT, Message, Priority
from bot.services import members
from bot.services.gatherings.attending import next_date, on_day
from bot.services.meeting_times import Coming
from bot.services.reminding import to_followers
from bot.services.voice import Voice
from bot.storage.database import Transaction
from bot.storage.gathering_tables import MeetingTask
from bot.storage.tables import Delivery, MeetingRow, Reminder

ASKED: Final = {
    "greet": _("Who can greet newcomers at {meeting}? {start} ({zone})"),
    "chair": _("Who can chair {meeting}? {start} ({zone})"),
}
TAKEN: Final = {
    "greet": _("Somebody greets newcomers at {meeting}, {start} ({zone}). Thank you!"),
    "chair": _("Somebody chairs {meeting}, {start} ({zone}). Thank you!"),
}
NAMED: Final = {
    "greet": _("{name} greets newcomers at {meeting}, {start} ({zone})."),
    "chair": _("{name} chairs {meeting}, {start} ({zone})."),
}
YOURS: Final = {
    "greet": _("Thank you! You greet newcomers at {meeting}, {start} ({zone}). I'll remind you."),
    "chair": _("Thank you! You chair {meeting}, {start} ({zone}). I'll remind you."),
}
SOON: Final = {
    "greet": _("You greet newcomers at {meeting}: {start} ({zone})."),
    "chair": _("You chair {meeting}: {start} ({zone})."),
}
FREE: Final = {
    "greet": _("Nobody greets newcomers at {meeting}, {start} ({zone}), so far."),
    "chair": _("Nobody chairs {meeting}, {start} ({zone}), so far."),
}

UNTAKEN: Final = timedelta(hours=1)
"""So long before the start whoever asked is told that nobody has taken it."""

LEAD: Final = 15
"""Minutes before the start at which whoever has taken it is reminded, unless they follow the meeting otherwise."""

AT_ONCE = 100


class Tasks:
    """Asking, taking, giving back, reminding."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    async def ask(
        self, tx: Transaction, asker: Member, meeting: MeetingRow, task: str, *, followers: bool, now: datetime
    ) -> bool:
        """Ask for the next date, in the meetings' rooms or (`followers`) of who follows it; False: it is taken.

        Where there is no such room, the followers are asked. Raises `BadValue` where the meeting has no further date.
        """
        coming = await next_date(tx, meeting, now=now)
        if coming.start <= now:
            raise BadValue(_("{meeting} is on already.", meeting=meeting.name))
        key = {"meeting_id": meeting.id, "day": coming.day, "task": task}
        await tx.insert_new(MeetingTask, **key, turn=0, starts_at=coming.start, ends_at=_end(coming), next_at=None)
        row = (await tx.session.scalars(select(MeetingTask).filter_by(**key))).one()
        if row.taker is not None:
            return False
        row.asked_by, row.turn, row.next_at = asker.id, row.turn + 1, _untold(row, now)
        await tx.session.flush()
        community = asker.community
        said = f"task:{row.id}:{row.turn}:asked"
        rooms = 0
        if not followers:
            rooms = await self._voice.to_places(
                tx,
                community,
                "meetings",
                _asked(row, meeting, community.zone),
                key=said,
                priority=Priority.MEETING,
                now=now,
                expires_at=row.starts_at,
            )
        if not rooms:
            await to_followers(
                tx, self._voice, meeting, lambda zone: _asked(row, meeting, zone), key=said, now=now, day=coming.day
            )
        return True

    async def take(self, tx: Transaction, member: Member, task_id: int, *, now: datetime) -> Content:
        """Take it, if nobody has; the answer to the member."""
        row, meeting = await self._open(tx, member, task_id, now=now)
        lead = await self._lead(tx, member, meeting)
        at = row.starts_at - timedelta(minutes=lead)
        free = update(MeetingTask).where(MeetingTask.id == row.id, MeetingTask.taker.is_(None))
        values = {"taker": member.id, "turn": MeetingTask.turn + 1, "next_at": at if at > now else None}
        result: Any = await tx.session.execute(free.values(values), execution_options={"synchronize_session": False})
        await tx.session.refresh(row)
        if result.rowcount == 0 and row.taker != member.id:
            return Content(text=_("Somebody has taken it already. Thank you all the same!"))
        if result.rowcount:
            await self._show(tx, row, meeting, member.community, now=now)
            await self._tell_asker(tx, row, meeting, TAKEN[row.task], None, now=now)
        number = {"number": str(row.id)}
        choices = [Choice(label=_("Give it back"), command="meetings giveback", arguments=number)]
        if member.name and row.asked_by != member.id:
            label = _("Tell them my name: {name}", name=member.name)
            choices.append(Choice(label=label, command="meetings named", arguments=number))
        return Content(text=_filled(YOURS[row.task], row, meeting, member.zone), choices=tuple(choices))

    async def tell_name(self, tx: Transaction, member: Member, task_id: int, *, now: datetime) -> Content:
        """Whoever asked learns the name of the one who has taken it, as they are called here."""
        row, meeting = await self._open(tx, member, task_id, now=now)
        if row.taker != member.id or not member.name:
            return Content(text=_("That is not yours any more."))
        await self._tell_asker(tx, row, meeting, NAMED[row.task], member.name, now=now)
        return Content(text=_("I have told them that it is {name}.", name=member.name))

    async def give_back(self, tx: Transaction, member: Member, task_id: int, *, now: datetime) -> Content:
        """It is nobody's again: whoever asked is told, and where it was asked, it is to be taken again."""
        row, meeting = await self._open(tx, member, task_id, now=now)
        if row.taker != member.id:
            return Content(text=_("That is not yours any more."))
        row.taker, row.turn, row.next_at = None, row.turn + 1, _untold(row, now)
        await tx.session.flush()
        await self._show(tx, row, meeting, member.community, now=now)
        await self._tell_asker(tx, row, meeting, FREE[row.task], None, now=now)
        return Content(text=_("It is given back, and I have told who asked. Thank you for saying so."))

    async def due(self, tx: Transaction, *, now: datetime) -> int:
        """Remind who has taken something, and tell who asked where nobody has; how many there were."""
        query = select(MeetingTask).where(MeetingTask.next_at <= now).order_by(MeetingTask.next_at, MeetingTask.id)
        rows = list(await tx.session.scalars(query.limit(AT_ONCE).with_for_update(skip_locked=True)))
        for row in rows:
            row.next_at = None
            meeting = await tx.session.get_one(MeetingRow, row.meeting_id)
            if row.starts_at <= now:
                continue
            if row.taker is None:
                await self._tell_asker(tx, row, meeting, FREE[row.task], None, now=now)
            else:
                await self._remind(tx, row, meeting, row.taker, now=now)
        await tx.session.flush()
        return len(rows)

    async def _remind(
        self, tx: Transaction, row: MeetingTask, meeting: MeetingRow, taker: int, *, now: datetime
    ) -> None:
        member = await members.load(tx, taker)
        text = _filled(SOON[row.task], row, meeting, member.zone)
        if meeting.where:
            text = _("{before}\nWhere: {where}", before=text, where=meeting.where)
        if meeting.link:
            text = _("{before}\n{link}", before=text, link=meeting.link)
        back = Choice(label=_("Give it back"), command="meetings giveback", arguments={"number": str(row.id)})
        await self._voice.to_member(
            tx,
            member,
            Content(text=text, choices=(back,)),
            key=f"task:{row.id}:{row.turn}:reminder:{int(row.starts_at.timestamp())}",
            priority=Priority.MEETING,
            now=now,
            expires_at=row.starts_at,
        )

    async def _tell_asker(
        self, tx: Transaction, row: MeetingTask, meeting: MeetingRow, said: Text, name: str | None, *, now: datetime
    ) -> None:
        if row.asked_by is None or row.asked_by == row.taker:
            return
        asker = await members.load(tx, row.asked_by)
        again = Choice(
            label=_("Ask again"),
            command="meetings ask",
            arguments={"task": row.task, "meeting": str(meeting.id)},
        )
        await self._voice.to_member(
            tx,
            asker,
            Content(
                text=_filled(said, row, meeting, asker.zone, name=name),
                choices=() if row.taker is not None else (again,),
            ),
            key=f"task:{row.id}:{row.turn}:{'named' if name else 'told'}:{row.next_at is None}",
            priority=Priority.MEETING,
            now=now,
            expires_at=row.ends_at,
            about_id=row.taker if name else None,
        )

    async def _show(
        self, tx: Transaction, row: MeetingTask, meeting: MeetingRow, community: Community, *, now: datetime
    ) -> None:
        """Where it was asked in a room, it says whether it is taken."""
        asked = select(Delivery.id, Delivery.platform, Delivery.address, Delivery.fallback).where(
            Delivery.key.startswith(f"task:{row.id}:"), Delivery.kind == "place", Delivery.state == "sent"
        )
        latest = {(d.platform, d.address): d for d in (await tx.session.execute(asked.order_by(Delivery.id))).all()}
        content = _asked(row, meeting, community.zone)
        if row.taker is not None:
            content = Content(text=_filled(TAKEN[row.task], row, meeting, community.zone))
        for place in latest.values():
            said = Content(
                text=content.text, choices=content.choices, upon=Upon(act="refresh", message=None, delivery=place.id)
            )
            message = Message(
                key=f"{EDIT}task:{row.id}:{row.turn}:{place.platform}:{place.address}",
                to=Address(platform=place.platform, kind="place", id=place.address, fallback=place.fallback),
                content=said,
                priority=Priority.MEETING,
                due_at=now,
                expires_at=row.starts_at,
            )
            await self._voice.put(tx, message, community.language, now=now)

    async def _open(
        self, tx: Transaction, member: Member, task_id: int, *, now: datetime
    ) -> tuple[MeetingTask, MeetingRow]:
        """The task, if it is one of the member's community and its date still comes; else raises `BadValue`."""
        row = await tx.session.get(MeetingTask, task_id)
        meeting = None if row is None else await tx.session.get(MeetingRow, row.meeting_id)
        if row is None or meeting is None or meeting.community_id != member.community.id or row.starts_at <= now:
            raise BadValue(_("That is over, or does not take place. Thank you all the same!"))
        return row, meeting

    @staticmethod
    async def _lead(tx: Transaction, member: Member, meeting: MeetingRow) -> int:
        own = select(Reminder.lead).where(Reminder.meeting_id == meeting.id, Reminder.member_id == member.id)
        return await tx.session.scalar(own) or meeting.room_lead or LEAD


async def on_change(tx: Transaction, meeting: MeetingRow, *, now: datetime) -> None:
    """The meeting's dates are others now: what was asked for one that is cancelled is over, for one that moved, later.

    Who has taken it is told as the meeting's followers are.
    """
    query = select(MeetingTask).where(MeetingTask.meeting_id == meeting.id, MeetingTask.starts_at > now)
    for row in await tx.session.scalars(query):
        coming = await on_day(tx, meeting, row.day)
        if coming is None:
            row.starts_at, row.next_at = now, None
        elif coming.start != row.starts_at:
            before = None if row.next_at is None else row.starts_at - row.next_at
            row.starts_at, row.ends_at = coming.start, _end(coming)
            lead = before or (UNTAKEN if row.taker is None else timedelta(minutes=meeting.room_lead or LEAD))
            row.next_at = coming.start - lead if coming.start - lead > now else None
    await tx.session.flush()


async def next_due(tx: Transaction) -> datetime | None:
    """When somebody is reminded, or told, next."""
    return await tx.session.scalar(select(func.min(MeetingTask.next_at)))


async def own(tx: Transaction, member: Member, meeting_id: int, *, now: datetime) -> list[MeetingTask]:
    """What the member has taken of a meeting."""
    query = select(MeetingTask).where(
        MeetingTask.meeting_id == meeting_id, MeetingTask.taker == member.id, MeetingTask.starts_at > now
    )
    return list(await tx.session.scalars(query.order_by(MeetingTask.starts_at)))


def yours(row: MeetingTask, meeting: MeetingRow, zone: ZoneInfo) -> Text:
    """What the reader has taken."""
    return _filled(SOON[row.task], row, meeting, zone)


def _untold(row: MeetingTask, now: datetime) -> datetime | None:
    at = row.starts_at - UNTAKEN
    return at if at > now else None


def _asked(row: MeetingTask, meeting: MeetingRow, zone: ZoneInfo) -> Content:
    i_can = Choice(label=_("I can"), command="meetings take", arguments={"number": str(row.id)}, style="primary")
    return Content(text=_filled(ASKED[row.task], row, meeting, zone), choices=(i_can,))


def _filled(said: Text, row: MeetingTask, meeting: MeetingRow, zone: ZoneInfo, *, name: str | None = None) -> Text:
    values: dict[str, Value] = {"meeting": meeting.name, "start": row.starts_at.astimezone(zone), "zone": zone.key}
    return Text(said.message, values if name is None else {**values, "name": name})


def _end(coming: Coming) -> datetime:
    return coming.start + timedelta(minutes=coming.meeting.minutes)
