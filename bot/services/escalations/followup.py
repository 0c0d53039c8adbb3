"""After a case: whoever wants it is asked again how they are, and has the same peer first if they need somebody."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from bot.core.content import Choice, Content
from bot.core.followups import AFTER, next_question, still_answers
from bot.core.occurrences import end_of_quiet_hours
from bot.core.people import Member
from bot.core.roles import Role
from bot.core.words import _
from bot.delivery import outbox
from bot.delivery.outbox import Priority
from bot.services import members, spoken
from bot.services.alone import each_alone
from bot.services.escalations import store
from bot.services.offer import I_NEED_A_PERSON
from bot.services.voice import Voice
from bot.storage.database import Transaction
from bot.storage.tables import CaseRow, FollowUp, RoleGiven

KEY = "followup:"
"""How the keys of the questions begin."""

STALE = timedelta(hours=12)
"""A question that could not be put for so long is not put any more."""

PEERS = "peers of follow-ups"
"""Under this a transaction knows who was with a member in the case that they are still asked about."""

STOP = Choice(label=_("Don't ask again"), command="followup stop")


class FollowUps:
    """Plans and puts the questions."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    async def start(self, tx: Transaction, member: Member, case_id: int, *, now: datetime) -> bool:
        """The member wants to be asked after this case, which must be their own and over; False if it is not."""
        row = await store.find_case(tx, member.community.id, case_id)
        if row is None or row.member_id != member.id or row.ended_at is None:
            return False
        spoken.heard(tx, member.id, row.rules)
        coming = next_question(row.ended_at, 0, now=now)
        if coming is None:
            return False
        await self.stop(tx, member)
        follow_up = FollowUp(
            member_id=member.id,
            case_id=row.id,
            peer=row.holder,
            began_at=row.ended_at,
            asked=coming[0] - 1,
            next_at=coming[1],
        )
        tx.session.add(follow_up)
        tx.changes(PEERS)
        await tx.session.flush()
        return True

    async def stop(self, tx: Transaction, member: Member) -> bool:
        """Ask no more, what waits to be sent included; False if nothing was planned."""
        row = await _of(tx, member.id)
        if row is None:
            return False
        await outbox.drop(tx, member.id, f"{KEY}{row.id}:", reason="they do not want to be asked")
        tx.changes(PEERS)
        await tx.session.execute(delete(FollowUp).where(FollowUp.id == row.id))
        return True

    async def due(self, tx: Transaction, *, now: datetime, limit: int = 50) -> int:
        """Put the questions that are due; how many there were."""
        query = select(FollowUp.id).where(FollowUp.next_at <= now).order_by(FollowUp.next_at).limit(limit)
        ids = list(await tx.session.scalars(query.with_for_update(skip_locked=True)))

        async def ask(row: FollowUp) -> None:
            await self._ask(tx, row, now=now)

        return await each_alone(tx, FollowUp, ids, ask, now=now)

    async def next_due(self, tx: Transaction) -> datetime | None:
        """When somebody is asked next."""
        return await tx.session.scalar(select(func.min(FollowUp.next_at)))

    async def is_answer(self, tx: Transaction, member: Member, *, now: datetime) -> bool:
        """Whether what the member writes now may be the answer to a question."""
        row = await _of(tx, member.id)
        return row is not None and still_answers(row.began_at, row.asked, now=now)

    async def _ask(self, tx: Transaction, row: FollowUp, *, now: datetime) -> None:
        number = max(n for n, after in enumerate(AFTER, start=1) if row.began_at + after <= now)
        coming = next_question(row.began_at, number, now=now)
        is_new = number > row.asked
        row.asked, row.next_at = number, None if coming is None else coming[1]
        if not is_new or await store.open_case_of(tx, row.member_id) is not None:
            return
        member = await members.load(tx, row.member_id)
        spoken.heard(tx, member.id, (await tx.get(CaseRow, row.case_id)).rules)
        due_at = now
        if member.quiet_from is not None and member.quiet_until is not None:
            due_at = end_of_quiet_hours(now, member.zone, member.quiet_from, member.quiet_until)
        await self._voice.to_member(
            tx,
            member,
            question(is_last=coming is None),
            key=f"{KEY}{row.id}:{number}",
            priority=Priority.CHECK_IN,
            now=now,
            due_at=due_at,
            expires_at=due_at + STALE,
        )


async def former_peer(tx: Transaction, member_id: int) -> int | None:
    """Who was with the member in the case that they are still asked about, if that person is a peer today."""
    known = tx.known(PEERS)
    if member_id not in known:
        row = await _of(tx, member_id)
        known[member_id] = None if row is None else row.peer
    peer: int | None = known[member_id]
    if peer is None or peer == member_id:
        return None
    is_peer = select(RoleGiven.member_id).where(RoleGiven.member_id == peer, RoleGiven.role == Role.PEER.value)
    return await tx.session.scalar(is_peer)


async def _of(tx: Transaction, member_id: int) -> FollowUp | None:
    return await tx.session.scalar(select(FollowUp).where(FollowUp.member_id == member_id))


def question(*, is_last: bool) -> Content:
    """How they are, after all that."""
    text = _("You wanted me to ask again: how are you now? Press one, or tell me in your own words.")
    if is_last:
        text = _("{text} This is the last time I ask.", text=text)
    choices = (
        Choice(label=_("Better"), command="followup answer", arguments={"how": "better"}),
        Choice(label=_("About the same"), command="followup answer", arguments={"how": "same"}),
        I_NEED_A_PERSON,
    )
    return Content(text=text, choices=choices if is_last else (*choices, STOP))


def thanks(how: str) -> Content:
    """The answer to an answer."""
    if how == "better":
        return Content(text=_("I'm glad. Thank you for telling me."))
    return Content(
        text=_(
            "Thank you for telling me. Nobody reads along here, but I can call a person for you right now: shall I?"
        ),
        choices=(I_NEED_A_PERSON,),
    )
