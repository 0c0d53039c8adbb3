"""The escalation service: every use case changes the case and says what follows, in one transaction."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from bot.core.content import Content
from bot.core.escalation import (
    Ended,
    HandedOver,
    Joined,
    Left,
    Outcome,
    State,
    StillThere,
    Taken,
    TimerFired,
)
from bot.core.people import Member
from bot.core.roles import OVERSEERS, Action, may
from bot.core.text import clean
from bot.core.words import Text, _
from bot.services.alone import each_alone
from bot.services.escalations import member_words, store, words
from bot.services.escalations.fitting import paged_alone
from bot.services.escalations.opening import Opening
from bot.services.escalations.paging import drop_pages
from bot.storage import tables
from bot.storage.database import Transaction

log = logging.getLogger(__name__)


AFTERMATH = timedelta(hours=12)
"""After a case a member is left in peace with anything that is not an answer to them."""


class Escalations(Opening):
    """Opens, pages, takes, carries and ends cases."""

    # A person

    async def still_there(
        self, tx: Transaction, by: Member, case_id: int, *, now: datetime, turn: int | None = None
    ) -> Content | None:
        """Somebody is still with the member of a quiet case. None: there is no such case for them."""
        row = await store.find_case(tx, by.community.id, case_id)
        if row is None or not await store.was_in(tx, row.id, by.id):
            return None
        return await self._apply(tx, row, StillThere(by.id, turn), actor=by.id, now=now)

    async def take(self, tx: Transaction, by: Member, case_id: int, *, now: datetime) -> Content | None:
        """The peer has the case, if nobody was quicker. None: there is no such case for them."""
        row = await store.find_case(tx, by.community.id, case_id)
        if row is None:
            return None
        if row.member_id == by.id:
            return Content(text=_("This is about you. Somebody else will come: you need not do this alone."))
        await store.decide_alone(tx, by.id)
        if row.open_for is not None and row.holder is None and await self._effects.comes_first(tx, row, by):
            return member_words.you_come_first()
        return await self._apply(tx, row, Taken(by.id), actor=by.id, now=now)

    async def join(self, tx: Transaction, by: Member, case_id: int, *, now: datetime) -> Content | None:
        """A second peer or a moderator comes to help. None: there is no such case for them."""
        row = await store.find_case(tx, by.community.id, case_id)
        if row is None or row.member_id == by.id:
            return None
        await store.decide_alone(tx, by.id)
        if row.open_for is not None and await store.in_danger(tx, [by.id]):
            return member_words.you_come_first()
        return await self._apply(tx, row, Joined(by.id), actor=by.id, now=now)

    async def leave(self, tx: Transaction, by: Member, case_id: int, *, now: datetime) -> Content | None:
        """A helper goes. None: there is no such case for them."""
        row = await store.find_case(tx, by.community.id, case_id)
        if row is not None and row.open_for is not None and row.holder == by.id:
            text = _("You have case {number}: “hand over” calls somebody else, “resolve” ends it.", number=row.id)
            return Content(text=text)
        if row is not None and row.open_for is not None and by.id not in row.helpers:
            return words.not_joined(row.id)
        return None if row is None else await self._apply(tx, row, Left(by.id), actor=by.id, now=now)

    async def resolve(
        self,
        tx: Transaction,
        by: Member,
        case_id: int | None,
        outcome: Outcome,
        *,
        now: datetime,
        turn: int | None = None,
    ) -> Content | None:
        """End the case on the word of its holder, or of a moderator. None: there is no such case for them.

        `turn`: that of the button they pressed; an old one does nothing.
        """
        row = await self._case_to_end(tx, by, case_id)
        if row is None:
            return None
        if turn in {None, row.turn} and row.open_for is not None and not _may_end(row, by):
            return await self._why_not(tx, row, by)
        return await self._apply(tx, row, Ended(outcome, turn), actor=by.id, now=now)

    async def hand_over(
        self,
        tx: Transaction,
        by: Member,
        case_id: int | None,
        *,
        now: datetime,
        to: Member | None = None,
        note: str = "",
        turn: int | None = None,
    ) -> Content | None:
        """The holder gives the case to a named peer, or back, and others are paged; `note` is for who comes.

        None: there is no such case for them. `turn`: that of the button they pressed; an old one does nothing.
        """
        row = await self._case_to_end(tx, by, case_id)
        if row is None:
            return None
        if to is not None:
            await store.decide_alone(tx, to.id)
        if turn in {None, row.turn} and row.open_for is not None and not _may_end(row, by):
            return await self._why_not(tx, row, by)
        if to is not None and (to.id == row.member_id or not may(to.roles, Action.TAKE_CASE)):
            return Content(text=_("They cannot have this case. Name another peer, or hand it over without a name."))
        if to is not None and row.holder != to.id and await self._effects.cannot_take(tx, to, now=now):
            return await self._effects.cannot_have(tx, row, to, now=now)
        event, before = HandedOver(None if to is None else to.id, turn), row.turn
        told = await self._apply(tx, row, event, actor=by.id, now=now, note=clean(note, store.NOTE_LIMIT))
        if to is not None and row.turn != before:
            await store.note(tx, row.id, "was given it", to.id, now=now)
        return told

    async def hindrance(self, tx: Transaction, by: Member, case_id: int, *, turn: int | None = None) -> Content | None:
        """Why somebody cannot end a case or hand it over, before they are asked more about it; None if they can."""
        row = await self._case_to_end(tx, by, case_id)
        if row is None:
            return words.no_such_case()
        if row.open_for is None:
            return words.has_ended()
        if turn not in {None, row.turn}:
            return await self._effects.has_changed(tx, row)
        return None if _may_end(row, by) else await self._why_not(tx, row, by)

    async def may_end(self, tx: Transaction, by: Member) -> list[tables.CaseRow]:
        """The open cases that somebody may end or hand over, oldest first; none about themselves."""
        rows = await self.open_cases(tx, by.community.id)
        return [row for row in rows if _may_end(row, by)]

    async def say_safe(self, tx: Transaction, member: Member, *, now: datetime) -> bool:
        """The member ends their own case; False if none was open."""
        row = await store.open_case_of(tx, member.id)
        if row is None:
            return False
        await self._apply(tx, row, Ended(Outcome.SAFE), actor=member.id, now=now)
        return True

    async def fold(self, tx: Transaction, folded: tables.CaseRow, kept: tables.CaseRow, *, now: datetime) -> None:
        """Two open cases turned out to be one person's: who was in the one helps in the other, or has it.

        It is no end: nobody has ended anything, and the member must not be told that a conversation is over.
        """
        case = store.case_of(folded)
        closed = replace(case, state=State.RESOLVED, next_at=None, helpers=(), version=case.version + 1)
        store.write_case(folded, closed, now=now)
        await store.note(tx, folded.id, f"joined case {kept.id}", None, now=now)
        await drop_pages(tx, folded.id)
        people = [person for person in (case.holder, *case.helpers) if person is not None]
        await self._effects.folded(tx, folded, people, into=kept.id, now=now)

    async def _case_to_end(self, tx: Transaction, by: Member, case_id: int | None) -> tables.CaseRow | None:
        if case_id is None:
            held = await store.cases_held_by(tx, by.id)
            return held[0] if len(held) == 1 else None
        row = await store.find_case(tx, by.community.id, case_id)
        if row is None or _may_end(row, by) or row.member_id == by.id:
            return row
        # Of a case that was theirs once, or that they have joined, they know; what they may do is another thing.
        return row if await store.was_in(tx, row.id, by.id) else None

    async def _why_not(self, tx: Transaction, row: tables.CaseRow, by: Member) -> Content:
        """What somebody reads who may not end a case or hand it over: nothing was done."""
        return words.is_about_you() if row.member_id == by.id else await self._effects.is_with(tx, row)

    async def not_their_own_peer(self, tx: Transaction, member_id: int, *, now: datetime) -> None:
        """Two members turned out to be one: where they have their own case, others are called for it."""
        own = await store.open_case_of(tx, member_id)
        if own is not None and own.holder == member_id:
            await self._apply(tx, own, HandedOver(), actor=member_id, now=now)

    async def on_erasure(self, tx: Transaction, member: Member, *, now: datetime) -> None:
        """End the member's own case, and hand over the cases they have."""
        await self._effects.places.erase_of(tx, member.id, now=now)
        own = await store.open_case_of(tx, member.id)
        if own is not None:
            await self._apply(tx, own, Ended(Outcome.ERASED), actor=None, now=now)
        await self._let_go(tx, member.id, now=now)

    async def left_place(
        self, tx: Transaction, person_id: int, platform: str, address: str | None = None, *, now: datetime
    ) -> None:
        """Somebody is not in the place of a case any more, or (`address` None) in none of the platform's."""
        await self._effects.places.take_out(tx, person_id, platform, now=now, address=address)

    async def numbers(self, tx: Transaction, member: Member, said: Text) -> Content | None:
        """The numbers where the member is, after what is `said`, if a case of theirs is open; else None."""
        row = await store.open_case_of(tx, member.id)
        return None if row is None else await self._effects.answers.numbers(tx, row, said)

    async def numbers_before(self, tx: Transaction, member: Member, said: Text) -> Content:
        """The numbers where the member is, after what is `said`, though nobody is called."""
        answers = self._effects.answers
        return member_words.numbers(answers.emergency_number(member), await answers.lines(tx, member, None), said)

    async def _spoken(self, tx: Transaction, row: tables.CaseRow, person: Member, *, now: datetime) -> None:
        """A helper who writes to a member whose holder has gone has the case: nobody else is called."""
        if row.holder is None and person.id in row.helpers:
            await self._apply(tx, row, Taken(person.id), actor=person.id, now=now)
        await super()._spoken(tx, row, person, now=now)

    # Looking

    async def open_cases(self, tx: Transaction, community_id: int) -> list[tables.CaseRow]:
        """The community's open cases, oldest first."""
        query = select(tables.CaseRow).where(
            tables.CaseRow.community_id == community_id, tables.CaseRow.open_for.is_not(None)
        )
        return list(await tx.session.scalars(query.order_by(tables.CaseRow.id)))

    async def offered_to(self, tx: Transaction, by: Member, rows: Sequence[tables.CaseRow]) -> set[int]:
        """Which of these cases somebody could come to; while they are in danger none, if others can."""
        others = [row for row in rows if row.member_id != by.id]
        if not await store.in_danger(tx, [by.id]):
            return {row.id for row in others}
        nobodys = [row for row in others if row.holder is None]
        return {row.id for row in nobodys if not await self._effects.comes_first(tx, row, by)}

    async def had_one(self, tx: Transaction, member: Member, *, now: datetime) -> bool:
        """Whether the member is in a case, on either side, or was in one within `AFTERMATH`."""
        query = select(tables.CaseRow.id).where(
            or_(tables.CaseRow.member_id == member.id, tables.CaseRow.holder == member.id),
            or_(tables.CaseRow.open_for.is_not(None), tables.CaseRow.ended_at > now - AFTERMATH),
        )
        return await tx.session.scalar(query.limit(1)) is not None

    async def on_role_lost(self, tx: Transaction, person: Member, *, now: datetime) -> None:
        """Somebody is no peer any more: others are called for the cases they have, and nothing more reaches them."""
        await self._effects.withdraw_from(tx, person)
        await self._let_go(tx, person.id, now=now)

    async def on_break(self, tx: Transaction, peer: Member, *, now: datetime) -> None:
        """A peer is off: others are called for the cases they have, and they read along in none."""
        await self._let_go(tx, peer.id, now=now)

    async def on_gone(self, tx: Transaction, person: Member, *, now: datetime) -> None:
        """Somebody cannot be reached any more: others are called for their cases, and where only they were called."""
        await self._let_go(tx, person.id, now=now)
        for case_id in await paged_alone(tx, person):
            row = await store.case_numbered(tx, case_id)
            if row is not None and row.open_for is not None and row.holder is None:
                row.next_at = now  # nobody is waited for
                await self._apply(tx, row, TimerFired(), actor=None, now=now)

    # Time

    async def due(self, tx: Transaction, *, now: datetime, limit: int = 50) -> int:
        """Fire the timers that are due; how many."""
        # An earlier version has left cases without one, which were forgotten for ever.
        forgotten = tables.CaseRow.open_for.is_not(None) & tables.CaseRow.next_at.is_(None)
        await tx.session.execute(
            update(tables.CaseRow).where(forgotten).values(next_at=now),
            execution_options={"synchronize_session": False},
        )
        query = (
            select(tables.CaseRow.id)
            .where(tables.CaseRow.next_at <= now)
            .order_by(tables.CaseRow.next_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        ids = list(await tx.session.scalars(query))

        async def fire(row: tables.CaseRow) -> None:
            await self._apply(tx, row, TimerFired(), actor=None, now=now)

        return await each_alone(tx, tables.CaseRow, ids, fire, now=now)


def _may_end(row: tables.CaseRow, by: Member) -> bool:
    """Whether somebody may end a case, or hand it over: its holder, a moderator, and while nobody has it, any peer.

    Their own nobody ends but by "I'm safe", whatever else they are: only that says who has ended it.
    """
    return row.member_id != by.id and (row.holder in {None, by.id} or bool(by.roles & OVERSEERS))
