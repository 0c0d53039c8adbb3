"""After a case, for those who were there: whether the alert was right, and talking it over."""

from datetime import datetime

from sqlalchemy import select

from bot.core.content import Choice, Content
from bot.core.escalation import Outcome
from bot.core.people import Member
from bot.core.roles import OVERSEERS
from bot.core.words import _
from bot.delivery.outbox import Priority
from bot.services import members
from bot.services.escalations import store, words
from bot.services.voice import Voice
from bot.storage import tables
from bot.storage.database import Transaction

RIGHT, FALSE_ALARM = "right", "false-alarm"


def talk_it_over(case_id: int) -> Choice:
    """The button by which a peer asks to talk a case over."""
    return Choice(label=_("I'd like to talk it over"), command="debrief", arguments={"case": str(case_id)})


async def last_case(tx: Transaction, person: Member) -> int | None:
    """The case that they had last and that has ended, if there was one."""
    case = tables.CaseRow
    query = select(case.id).where(case.holder == person.id, case.open_for.is_(None), case.ended_at.is_not(None))
    return await tx.session.scalar(query.order_by(case.ended_at.desc(), case.id.desc()).limit(1))


def choices_after(row: tables.CaseRow, outcome: Outcome) -> tuple[Choice, ...]:
    """What a peer is asked when a case has ended; of an alert that they have just called false, nothing more."""
    number = {"case": str(row.id)}
    talk = talk_it_over(row.id)
    if row.opened_by != "signal" or outcome in {Outcome.FALSE_ALARM, Outcome.ERASED}:
        return (talk,)
    right = Choice(label=_("The alert was right"), command="verdict", arguments={**number, "verdict": RIGHT})
    wrong = Choice(label=_("It was a false alarm"), command="verdict", arguments={**number, "verdict": FALSE_ALARM})
    return (right, wrong, talk)


class Aftercare:
    """What a peer says once a case is over."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    async def judge(self, tx: Transaction, by: Member, case_id: int, verdict: str, *, now: datetime) -> Content | None:
        """Whether the ear was right. None: there is no such case that has ended for them."""
        row = await self._ended(tx, by, case_id)
        if row is None or row.opened_by != "signal":
            return None
        row.verdict = verdict
        await store.note(tx, row.id, f"verdict: {verdict}", by.id, now=now)
        return Content(text=_("Thank you. That helps me to hear better."))

    async def debrief(self, tx: Transaction, by: Member, case_id: int, *, now: datetime) -> Content | None:
        """Somebody who looks after the peers is told that this one would like to talk. None: no such case for them."""
        row = await self._ended(tx, by, case_id)
        if row is None:
            return None
        await store.note(tx, row.id, "debrief asked", by.id, now=now)
        name = by.name or words.A_PEER
        told = Content(
            title=_("{name} would like to talk over case {number}", name=name, number=row.id),
            text=_("It can wait for an hour, but not for a week. Please write to them."),
        )
        key = f"debrief:{row.id}:{by.id}"
        rooms = await self._voice.to_places(
            tx, by.community, "moderators", told, key=key, priority=Priority.REPLY, now=now
        )
        if not rooms:
            for person in await members.with_roles(tx, by.community.id, OVERSEERS):
                if person != by.id:
                    to = await members.load(tx, person)
                    await self._voice.to_member(tx, to, told, key=f"{key}:{person}", priority=Priority.REPLY, now=now)
                    rooms += 1
        if not rooms:
            return Content(text=_("There is nobody I could tell. Please talk with somebody you trust, and soon."))
        return Content(text=_("I have told your moderators, and nobody else. You need not carry it alone."))

    @staticmethod
    async def _ended(tx: Transaction, by: Member, case_id: int) -> tables.CaseRow | None:
        row = await store.find_case(tx, by.community.id, case_id)
        if row is None or row.open_for is not None or row.member_id == by.id:
            return None
        was_there = row.holder == by.id or bool(by.roles & OVERSEERS) or await store.was_in(tx, row.id, by.id)
        return row if was_there else None
