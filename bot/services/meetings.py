"""Meetings: what an organizer announces, a member follows, and both are reminded of."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rapidfuzz import fuzz, process, utils
from sqlalchemy import func, select

from bot.core.commands import BadValue
from bot.core.content import Content
from bot.core.occurrences import HORIZON, Rule, in_quiet_hours, local_date, occurrences
from bot.core.people import Community, Member
from bot.core.words import Text, _
from bot.delivery.outbox import Priority
from bot.services import members
from bot.services.alone import each_alone
from bot.services.voice import Voice
from bot.storage.database import Transaction
from bot.storage.tables import Community as CommunityRow
from bot.storage.tables import MeetingChange, MeetingRow, Reminder

AFTER_START = timedelta(minutes=10)
"""A reminder is still of use this long after the start: one can come late."""

_LINKS = re.compile(r"https?://\S+", re.IGNORECASE)

LOOK_AHEAD = timedelta(days=14)

LIKE_ENOUGH = 60
"""rapidfuzz's likeness (0 to 100) from which a typed name may mean a meeting."""

SURE = 87
"""From here on it is taken for it without asking, if no other comes near."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """One occurrence of a meeting: `day` is its planned local date, `start` the instant, perhaps moved."""

    meeting: MeetingRow
    day: date
    start: datetime
    moved: bool = False


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
        for each in await tx.session.scalars(select(Reminder).where(Reminder.meeting_id == row.id)):
            await self._plan(tx, each, row, after=now)
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
        await self._tell_followers(
            tx,
            meeting,
            Content(text=_("{meeting} will not take place any more.", meeting=meeting.name)),
            key=f"removed:{int(now.timestamp())}",
            now=now,
        )
        await tx.session.delete(meeting)

    async def all_of(self, tx: Transaction, community_id: int) -> list[MeetingRow]:
        """The community's meetings by name."""
        query = select(MeetingRow).where(MeetingRow.community_id == community_id).order_by(MeetingRow.name)
        return list(await tx.session.scalars(query))

    async def coming(self, tx: Transaction, community_id: int, *, now: datetime, limit: int) -> list[Coming]:
        """The next occurrences of the community's meetings, also the one that is on now."""
        found: list[Coming] = []
        for meeting in await self.all_of(tx, community_id):
            begun = now - timedelta(minutes=meeting.minutes)
            found += await self._between(tx, meeting, begun, now + LOOK_AHEAD)
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

    async def follow(self, tx: Transaction, member: Member, meeting: MeetingRow, lead: int, *, now: datetime) -> None:
        """Remind the member privately, `lead` minutes before each start."""
        reminder = await self._reminder(tx, member, meeting)
        if reminder is None:
            reminder = Reminder(meeting_id=meeting.id, member_id=member.id)
            tx.session.add(reminder)
        reminder.lead = lead
        await self._plan(tx, reminder, meeting, after=now)

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
        await self._announce(tx, meeting, text, coming.start, None, key=key, now=now)
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
        await self._announce(tx, meeting, text, coming.start, to, key=key, now=now)
        return coming

    async def due(self, tx: Transaction, *, now: datetime, limit: int = 200) -> int:
        """Put the reminders that are due into the outbox, and plan the next ones; how many were due."""
        query = (
            select(Reminder)
            .where(Reminder.next_at <= now)
            .order_by(Reminder.next_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = list(await tx.session.scalars(query))

        async def remind_one(row: Reminder) -> None:
            meeting = await tx.session.get_one(MeetingRow, row.meeting_id)
            await self._remind(tx, row, meeting, now=now)
            # The occurrence that this reminder was for is done with, also when it was late.
            after = max(now, (row.next_start or now) - timedelta(minutes=row.lead))
            await self._plan(tx, row, meeting, after=after)

        return await each_alone(tx, rows, remind_one, now=now)

    # Reminding

    async def _remind(self, tx: Transaction, row: Reminder, meeting: MeetingRow, *, now: datetime) -> None:
        assert row.next_start is not None  # noqa: S101  planned together with next_at, by which it was selected
        # Not the row's id: who stops following and begins again has another row, and is reminded once all the same.
        whose = "room" if row.member_id is None else row.member_id
        key = f"reminder:{meeting.id}:{whose}:{row.lead}:{row.next_day}:{int(row.next_start.timestamp())}"
        expires_at = row.next_start + AFTER_START
        if row.member_id is None:
            community = members.community_of(await tx.session.get_one(CommunityRow, meeting.community_id))
            content = reminder(meeting, row.next_start, community.zone, private=False)
            await self._voice.to_places(
                tx,
                community,
                "meetings",
                content,
                key=key,
                priority=Priority.MEETING,
                now=now,
                expires_at=expires_at,
            )
            return
        member = await members.load(tx, row.member_id)
        if (
            member.quiet_from is not None
            and member.quiet_until is not None
            and in_quiet_hours(now, member.zone, member.quiet_from, member.quiet_until)
        ):
            return
        content = reminder(meeting, row.next_start, member.zone, private=True)
        await self._voice.to_member(
            tx, member, content, key=key, priority=Priority.MEETING, now=now, expires_at=expires_at
        )

    async def _plan(self, tx: Transaction, row: Reminder, meeting: MeetingRow, *, after: datetime) -> None:
        """Set the next instant at which this reminder is due, strictly after `after`."""
        lead = timedelta(minutes=row.lead)
        first = after + lead + timedelta.resolution
        coming = await self._first_from(tx, meeting, first)
        row.next_at, row.next_day, row.next_start = (
            (None, None, None) if coming is None else (coming.start - lead, coming.day, coming.start)
        )

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
        for reminder_row in await tx.session.scalars(select(Reminder).where(Reminder.meeting_id == meeting.id)):
            await self._plan(tx, reminder_row, meeting, after=now)

    async def _announce(
        self,
        tx: Transaction,
        meeting: MeetingRow,
        text: Text,
        start: datetime,
        moved_to: datetime | None,
        *,
        key: str,
        now: datetime,
    ) -> None:
        """Tell followers and the room, each in their own zone."""

        def told(zone: ZoneInfo) -> Content:
            before = _("{what}: {start}", what=text, start=start.astimezone(zone))
            if moved_to is None:
                return Content(text=_("{what} ({zone}).", what=before, zone=zone.key))
            after = _("{what} → {start} ({zone}).", what=before, start=moved_to.astimezone(zone), zone=zone.key)
            return Content(text=after)

        for follower in await self._followers(tx, meeting):
            full_key = f"meeting:{meeting.id}:{key}:{follower.id}"
            await self._voice.to_member(
                tx, follower, told(follower.zone), key=full_key, priority=Priority.MEETING, now=now
            )
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

    async def _tell_followers(
        self, tx: Transaction, meeting: MeetingRow, content: Content, *, key: str, now: datetime
    ) -> None:
        for follower in await self._followers(tx, meeting):
            full_key = f"meeting:{meeting.id}:{key}:{follower.id}"
            await self._voice.to_member(tx, follower, content, key=full_key, priority=Priority.MEETING, now=now)

    # Looking

    async def _occurrence(self, tx: Transaction, meeting: MeetingRow, day: date, *, now: datetime) -> Coming:
        everything = await self._between(tx, meeting, now - timedelta(days=1), now + timedelta(days=366))
        for coming in everything:
            if coming.day == day:
                return coming
        near = sorted(everything, key=lambda c: abs(c.day - day))[:5]
        raise BadValue(
            _("{meeting} is not on that day. On which one?", meeting=meeting.name),
            tuple(c.day.isoformat() for c in sorted(near, key=lambda c: c.day)),
            parameter="day",
        )

    async def _between(self, tx: Transaction, meeting: MeetingRow, begin: datetime, end: datetime) -> list[Coming]:
        """The occurrences that start between the two instants, changes applied, in order."""
        changes = await self._changes(tx, meeting)
        planned = _as_planned(meeting, changes, begin, end)
        return sorted([*planned, *_moved(meeting, changes, begin, end)], key=lambda c: c.start)

    async def _first_from(self, tx: Transaction, meeting: MeetingRow, begin: datetime) -> Coming | None:
        """The first occurrence that starts at `begin` or later, changes applied."""
        changes = await self._changes(tx, meeting)
        planned = next(_as_planned(meeting, changes, begin, begin + HORIZON), None)
        candidates = [*_moved(meeting, changes, begin, begin + HORIZON), *([planned] if planned else [])]
        return min(candidates, key=lambda c: c.start, default=None)

    @staticmethod
    async def _changes(tx: Transaction, meeting: MeetingRow) -> dict[date, datetime | None]:
        rows = await tx.session.scalars(select(MeetingChange).where(MeetingChange.meeting_id == meeting.id))
        return {row.day: row.moved_to for row in rows}

    @staticmethod
    async def _reminder(tx: Transaction, member: Member, meeting: MeetingRow) -> Reminder | None:
        query = select(Reminder).where(Reminder.meeting_id == meeting.id, Reminder.member_id == member.id)
        return await tx.session.scalar(query)

    @staticmethod
    async def _followers(tx: Transaction, meeting: MeetingRow) -> list[Member]:
        query = select(Reminder.member_id).where(Reminder.meeting_id == meeting.id, Reminder.member_id.is_not(None))
        return [await members.load(tx, id_) for id_ in await tx.session.scalars(query) if id_ is not None]


def rule_of(meeting: MeetingRow) -> Rule:
    """The meeting's rule."""
    return Rule(rule=meeting.rule, wall=meeting.wall, zone_name=meeting.zone, start=meeting.starts_on)


def reminder(meeting: MeetingRow, start: datetime, zone: ZoneInfo, *, private: bool) -> Content:
    """The reminder of one occurrence, its start in `zone`; the link only privately, for rooms may be public."""
    text: Text = _(
        "{meeting} starts soon: {start} ({zone}).", meeting=meeting.name, start=start.astimezone(zone), zone=zone.key
    )
    where = meeting.where if private else _LINKS.sub("", meeting.where or "").strip()
    if where:
        text = _("{before}\nWhere: {where}", before=text, where=where)
    if private and meeting.link:
        text = _("{before}\n{link}", before=text, link=meeting.link)
    return Content(text=text)


def _as_planned(
    meeting: MeetingRow, changes: Mapping[date, datetime | None], begin: datetime, end: datetime
) -> Iterator[Coming]:
    for occurrence in occurrences(rule_of(meeting), (begin, end)):
        if occurrence.day not in changes:
            yield Coming(meeting=meeting, day=occurrence.day, start=occurrence.at)


def _moved(
    meeting: MeetingRow, changes: Mapping[date, datetime | None], begin: datetime, end: datetime
) -> Iterator[Coming]:
    for day, to in changes.items():
        if to is not None and begin <= to < end:
            yield Coming(meeting=meeting, day=day, start=to, moved=True)


async def next_due(tx: Transaction) -> datetime | None:
    """When the next reminder of anybody is due."""
    return await tx.session.scalar(select(func.min(Reminder.next_at)))
