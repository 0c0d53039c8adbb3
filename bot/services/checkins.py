"""Check-ins: a member's own question to themselves, asked by their own clock."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.core.checkins import MOODS, CheckIn, Mood, next_question
from bot.core.content import Content
from bot.core.occurrences import local_date
from bot.core.people import Member
from bot.core.words import Text, _
from bot.delivery import outbox
from bot.delivery.outbox import Priority
from bot.services import members
from bot.services.asking import ask_all_due
from bot.services.voice import Voice
from bot.storage.database import Transaction
from bot.storage.tables import CheckInRow, CheckInSchedule, Delivery

NOTE = "checkins.note"


class CheckIns:
    """Schedules, prompts and answers."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    async def start(
        self, tx: Transaction, member: Member, *, wall: time | None, zone: ZoneInfo | None, now: datetime
    ) -> CheckInSchedule:
        """Ask the member every day at `wall`; without a time or zone the one they had, else the community's."""
        row = await self.schedule(tx, member)
        if row is None:
            row = CheckInSchedule(member_id=member.id, wall=member.community.checkin_time, zone=member.zone.key)
            tx.session.add(row)
        row.wall = wall or row.wall
        row.zone = row.zone if zone is None else zone.key
        await self._plan_anew(tx, row, now=now)
        await tx.session.flush()
        return row

    async def stop(self, tx: Transaction, member: Member) -> bool:
        """Ask no more; False if the member was not asked anyway. What they answered stays theirs."""
        row = await self.schedule(tx, member)
        if row is None:
            return False
        await self._drop_prompts(tx, row)
        await tx.session.delete(row)
        await tx.session.flush()
        return True

    async def move_zone(self, tx: Transaction, member: Member, zone: ZoneInfo, *, now: datetime) -> None:
        """The member lives by another clock now: still one check-in for each of their local days."""
        row = await self.schedule(tx, member)
        if row is not None:
            row.zone = zone.key
            self._plan(row, after=now, planned=row.next_day)

    async def schedule(self, tx: Transaction, member: Member) -> CheckInSchedule | None:
        """When the member is asked, locked: nobody plans it anew meanwhile. None if they have not opted in."""
        query = select(CheckInSchedule).where(CheckInSchedule.member_id == member.id).with_for_update()
        return await tx.session.scalar(query.execution_options(populate_existing=True))

    async def today(self, tx: Transaction, member: Member, *, now: datetime) -> date:
        """The member's local date, by the zone they are asked in; by their own if that is not there any more."""
        row = await self.schedule(tx, member)
        return local_date(now, (row and members.zone_named(row.zone)) or member.zone)

    async def answer(self, tx: Transaction, member: Member, mood: Mood | None, *, now: datetime) -> None:
        """Store the answer for the member's today, in place of an earlier one.

        A question of an earlier day that is answered now is answered for today: what is past is not rewritten.
        """
        day = await self.today(tx, member, now=now)
        row = await self._row(tx, member, day)
        if row is None:
            tx.session.add(CheckInRow(member_id=member.id, day=day, mood=mood, answered_at=now))
        else:
            row.mood, row.answered_at = mood, now
        schedule = await self.schedule(tx, member)
        if schedule is not None:
            await self._drop_prompts(tx, schedule)

    async def add_note(self, tx: Transaction, member: Member, note: str, *, now: datetime) -> bool:
        """Store a note with today's answer; False if there is none yet."""
        row = await self._row(tx, member, await self.today(tx, member, now=now))
        if row is None:
            return False
        # With the instant, so that what was shared before can be shared again with its note.
        row.note_sealed, row.answered_at = tx.vault.seal(note, NOTE), now
        return True

    async def share(self, tx: Transaction, member: Member, *, now: datetime) -> int:
        """Show today's mood and note in the community's lobby, under the member's chosen name; in how many rooms."""
        day = await self.today(tx, member, now=now)
        row = await self._row(tx, member, day)
        if row is None or row.mood is None:
            return 0
        who = member.name or _("A member")
        text: Text = _("{name} shares a check-in: {mood}", name=who, mood=MOODS[Mood(row.mood)])
        if row.note_sealed is not None:
            text = _("{before}\n“{note}”", before=text, note=tx.vault.open(row.note_sealed, NOTE))
        return await self._voice.to_places(
            tx,
            member.community,
            "lobby",
            Content(text=text),
            key=f"share:{member.id}:{day}:{int(row.answered_at.timestamp())}",
            priority=Priority.REPLY,
            now=now,
            about_id=member.id,
        )

    async def month(self, tx: Transaction, member: Member, until: date) -> list[CheckIn]:
        """The member's answers from the first of the month to `until`."""
        rows = await tx.session.scalars(
            select(CheckInRow)
            .where(CheckInRow.member_id == member.id, CheckInRow.day.between(until.replace(day=1), until))
            .order_by(CheckInRow.day)
        )
        return [
            CheckIn(
                day=row.day,
                mood=None if row.mood is None else Mood(row.mood),
                note=None if row.note_sealed is None else tx.vault.open(row.note_sealed, NOTE),
            )
            for row in rows
        ]

    async def due(self, tx: Transaction, *, now: datetime) -> int:
        """Put some of the prompts that are due into the outbox, and plan the next ones; how many were due."""
        return await ask_all_due(tx, self._voice, now=now)

    async def _plan_anew(self, tx: Transaction, row: CheckInSchedule, *, now: datetime) -> None:
        """Set the next occurrence after the member chose a time: today's too, unless they were asked today.

        A prompt that still waits gives way to the new time, if that comes today.
        """
        waiting = row.last_day
        row.last_day = await self._last_asked(tx, row.member_id)
        self._plan(row, after=now)
        if waiting is None:
            return
        if row.next_day is not None and row.next_day <= waiting:
            await self._drop_prompts(tx, row)
        else:
            row.last_day = waiting

    @staticmethod
    async def _last_asked(tx: Transaction, member_id: int) -> date | None:
        """The last day whose question went out to the member, also by a schedule that they have stopped since."""
        query = select(Delivery.key).where(
            Delivery.member_id == member_id,
            Delivery.key.startswith("checkin:"),
            Delivery.state.in_(["sending", "sent"]),
        )
        key = await tx.session.scalar(query.order_by(Delivery.id.desc()).limit(1))
        return None if key is None else date.fromisoformat(key.split(":")[2])

    @staticmethod
    def _plan(row: CheckInSchedule, *, after: datetime, planned: date | None = None) -> None:
        """Set the next occurrence."""
        asked = () if row.last_day is None else (row.last_day,)
        coming = next_question(row.wall, ZoneInfo(row.zone), after=after, asked=asked, planned=planned)
        row.next_at, row.next_day = coming.at, coming.day

    @staticmethod
    async def _drop_prompts(tx: Transaction, row: CheckInSchedule) -> None:
        """A prompt that waits for the end of quiet hours is not wanted any more."""
        await outbox.drop(tx, row.member_id, f"checkin:{row.id}:", reason="answered or stopped already")

    @staticmethod
    async def _row(tx: Transaction, member: Member, day: date) -> CheckInRow | None:
        query = select(CheckInRow).where(CheckInRow.member_id == member.id, CheckInRow.day == day)
        return await tx.session.scalar(query)
