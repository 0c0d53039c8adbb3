"""Meetings: what an organizer announces, a member follows, and both are reminded of."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rapidfuzz import fuzz, process, utils
from sqlalchemy import select

from bot.core.commands import BadValue
from bot.core.content import Content
from bot.core.occurrences import local_date
from bot.core.people import Community, Member
from bot.core.words import Text, _, moment, moment_with_zone
from bot.delivery.outbox import Priority
from bot.services import members
from bot.services.gatherings import changes
from bot.services.meeting_times import Coming, between
from bot.services.reminding import plan, plan_one, remind_all_due, to_followers
from bot.services.voice import Voice
from bot.storage.database import Transaction
from bot.storage.tables import Community as CommunityRow
from bot.storage.tables import MeetingChange, MeetingRow, Reminder

LOOK_AHEAD = timedelta(days=14)

LIKE_ENOUGH = 60
"""rapidfuzz's likeness (0 to 100) from which a typed name may mean a meeting."""

SURE = 87
"""From here on it is taken for it without asking, if no other comes near."""


class Meetings:
    """Adding, finding, following, changing and reminding."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    async def put(
        self,
        tx: Transaction,
        community: Community,
        row: MeetingRow | None = None,
        *,
        name: str,
        rule: str,
        wall: time,
        zone: ZoneInfo,
        minutes: int,
        where: str | None,
        link: str | None,
        room_lead: int,
        now: datetime,
        from_file: bool = False,
    ) -> MeetingRow:
        """Store a new meeting, or change `row`; the room is reminded `room_lead` minutes before each start (0: never).

        Who followed it goes on following it.
        """
        if row is None:
            row = MeetingRow(community_id=community.id, starts_on=local_date(now, zone))
            tx.session.add(row)
        row.name, row.rule, row.wall, row.zone, row.minutes = name, rule, wall, zone.key, minutes
        row.where, row.link, row.room_lead, row.from_file = where, link, room_lead, from_file
        await tx.session.flush()
        await self._put_room_reminder(tx, row)
        await plan(tx, row, after=now)
        await changes.of_meeting(tx, row, now=now)
        return row

    async def _put_room_reminder(self, tx: Transaction, row: MeetingRow) -> None:
        room = await tx.session.scalar(
            select(Reminder).where(Reminder.meeting_id == row.id, Reminder.member_id.is_(None))
        )
        if room is None and row.room_lead:
            tx.session.add(Reminder(meeting_id=row.id, member_id=None, lead=row.room_lead))
        elif room is not None and row.room_lead:
            room.lead = row.room_lead
        elif room is not None:
            await tx.session.delete(room)
        await tx.session.flush()

    async def remove(self, tx: Transaction, meeting: MeetingRow, *, now: datetime) -> None:
        """The meeting is no more: its followers are told."""
        gone = Content(text=_("{meeting} will not take place any more.", meeting=meeting.name))
        key = f"removed:{int(now.timestamp())}"
        await to_followers(tx, self._voice, meeting, lambda _zone: gone, key=key, now=now)
        await changes.of_meeting(tx, meeting, now=now)
        await tx.session.delete(meeting)

    async def all_of(self, tx: Transaction, community_id: int) -> list[MeetingRow]:
        """The community's meetings by name."""
        query = select(MeetingRow).where(MeetingRow.community_id == community_id).order_by(MeetingRow.name)
        return list(await tx.session.scalars(query))

    async def coming(self, tx: Transaction, community_id: int, *, now: datetime, limit: int) -> list[Coming]:
        """The next occurrences of the community's own meetings, also the one that is on now."""
        found: list[Coming] = []
        for meeting in await self.all_of(tx, community_id):
            if meeting.feed_id is not None:  # one of a feed, which some follow
                continue
            begun = now - timedelta(minutes=meeting.minutes)
            found += await between(tx, meeting, begun, now + LOOK_AHEAD)
        return sorted(found, key=lambda c: (c.start, c.meeting.id))[:limit]

    async def named(self, tx: Transaction, community_id: int, typed: str) -> MeetingRow:
        """The meeting meant by a number or a name, in spite of typos; raises `BadValue` with the nearest ones."""
        meetings = await self.all_of(tx, community_id)
        if not meetings:
            raise BadValue(_("There are no meetings yet."))
        if typed.isdecimal():
            for meeting in meetings:
                if meeting.id == int(typed):
                    return meeting
        names = [meeting.name for meeting in meetings]
        likely = process.extract(
            typed, names, scorer=fuzz.WRatio, processor=utils.default_process, score_cutoff=LIKE_ENOUGH, limit=5
        )
        sure = [index for _name, score, index in likely if score >= SURE]
        if len(sure) == 1:
            return meetings[sure[0]]
        guesses = tuple(str(name) for name, _score, _index in likely) or tuple(names[:5])
        raise BadValue(_("Which meeting do you mean?"), guesses, parameter="meeting")

    async def has_like(self, tx: Transaction, community_id: int, typed: str) -> bool:
        """Whether one of the community's meetings is surely or likely called so."""
        names = [meeting.name for meeting in await self.all_of(tx, community_id)]
        return (
            process.extractOne(typed, names, scorer=fuzz.WRatio, processor=utils.default_process, score_cutoff=SURE)
            is not None
        )

    async def follow(self, tx: Transaction, member: Member, meeting: MeetingRow, lead: int, *, now: datetime) -> None:
        """Remind the member privately, `lead` minutes before each start."""
        reminder = await self._reminder(tx, member, meeting)
        if reminder is None:
            reminder = Reminder(meeting_id=meeting.id, member_id=member.id)
            tx.session.add(reminder)
        reminder.lead = lead
        await plan_one(tx, reminder, meeting, after=now)

    async def unfollow(self, tx: Transaction, member: Member, meeting: MeetingRow) -> bool:
        """Remind no more; False if the member did not follow it."""
        reminder = await self._reminder(tx, member, meeting)
        if reminder is not None:
            await tx.session.delete(reminder)
        return reminder is not None

    async def cancel(self, tx: Transaction, meeting: MeetingRow, day: date, *, now: datetime) -> Coming:
        """Cancel one occurrence and tell its followers and the room; raises `BadValue` if none is on `day`."""
        coming = await self._occurrence(tx, meeting, day, now=now)
        await self._change(tx, meeting, day, None, now=now)
        text: Text = _("{meeting} is cancelled this time", meeting=meeting.name)
        key = f"cancelled:{day}:{int(now.timestamp())}"
        await self._announce(tx, meeting, text, coming, None, key=key, now=now)
        return coming

    async def move(self, tx: Transaction, meeting: MeetingRow, day: date, to: datetime, *, now: datetime) -> Coming:
        """Move one occurrence and tell its followers and the room; raises `BadValue` if none is on `day`."""
        coming = await self._occurrence(tx, meeting, day, now=now)
        if to <= now:
            raise BadValue(_("That time has passed already. When shall it be?"), parameter="time")
        await self._change(tx, meeting, day, to, now=now)
        text: Text = _("{meeting} is at another time", meeting=meeting.name)
        # With `now`: a meeting that is moved there, away and back again is told about each time.
        key = f"moved:{day}:{int(to.timestamp())}:{int(now.timestamp())}"
        await self._announce(tx, meeting, text, coming, to, key=key, now=now)
        return coming

    async def due(self, tx: Transaction, *, now: datetime) -> int:
        """Put some of the reminders that are due into the outbox, and plan the next ones; how many were due."""
        return await remind_all_due(tx, self._voice, now=now)

    async def _change(
        self, tx: Transaction, meeting: MeetingRow, day: date, moved_to: datetime | None, *, now: datetime
    ) -> None:
        row = await tx.session.scalar(
            select(MeetingChange).where(MeetingChange.meeting_id == meeting.id, MeetingChange.day == day)
        )
        if row is None:
            row = MeetingChange(meeting_id=meeting.id, day=day)
            tx.session.add(row)
        row.moved_to = moved_to
        await tx.session.flush()
        await plan(tx, meeting, after=now)
        await changes.of_meeting(tx, meeting, now=now)

    async def _announce(
        self,
        tx: Transaction,
        meeting: MeetingRow,
        text: Text,
        coming: Coming,
        moved_to: datetime | None,
        *,
        key: str,
        now: datetime,
    ) -> None:
        """Tell followers and the room, each in their own zone."""

        def told(zone: ZoneInfo) -> Content:
            was = coming.start.astimezone(zone)
            if moved_to is None:
                return Content(text=_("{what}: {start}.", what=text, start=moment_with_zone(was, zone.key)))
            to = moment_with_zone(moved_to.astimezone(zone), zone.key)
            after = _("{what}: {start} → {to}.", what=text, start=moment(was), to=to)
            return Content(text=after)

        await to_followers(tx, self._voice, meeting, told, key=key, now=now, day=coming.day)
        community = members.community_of(await tx.session.get_one(CommunityRow, meeting.community_id))
        await self._voice.to_places(
            tx,
            community,
            "meetings",
            told(community.zone),
            key=f"meeting:{meeting.id}:{key}:room",
            priority=Priority.MEETING,
            now=now,
        )

    # Looking

    async def _occurrence(self, tx: Transaction, meeting: MeetingRow, day: date, *, now: datetime) -> Coming:
        everything = await between(tx, meeting, now - timedelta(days=1), now + timedelta(days=366))
        for coming in everything:
            if coming.day == day:
                return coming
        near = sorted(everything, key=lambda c: abs(c.day - day))[:5]
        raise BadValue(
            _("{meeting} is not on that day. On which one?", meeting=meeting.name),
            tuple(c.day.isoformat() for c in sorted(near, key=lambda c: c.day)),
            parameter="day",
        )

    @staticmethod
    async def _reminder(tx: Transaction, member: Member, meeting: MeetingRow) -> Reminder | None:
        query = select(Reminder).where(Reminder.meeting_id == meeting.id, Reminder.member_id == member.id)
        return await tx.session.scalar(query)
