"""The escalation service: every use case changes the case and says what follows, in one transaction."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from bot.core.content import Content
from bot.core.crisis import Severity, Signal
from bot.core.escalation import (
    Case,
    Ended,
    Event,
    HandedOver,
    Heard,
    MemberSpoke,
    Opened,
    Outcome,
    Page,
    Policy,
    Spoke,
    Step,
    Taken,
    TimerFired,
    Whom,
    advance,
)
from bot.core.inbound import Inbound, Target
from bot.core.people import Member
from bot.core.platform import SendError, TryAgain
from bot.core.roles import Role
from bot.core.text import clean, excerpt
from bot.core.words import _
from bot.delivery.outbox import Claimed
from bot.services.alone import each_alone
from bot.services.escalations import store
from bot.services.escalations.effects import Effects
from bot.services.escalations.store import NewCase
from bot.services.policies import write_policy
from bot.storage import tables
from bot.storage.database import Transaction

log = logging.getLogger(__name__)

CONCERN_POLICY: Policy = (
    Step(whom=Whom.ROOM, wait=timedelta(hours=1)),
    Step(whom=Whom.ROOM, wait=timedelta(hours=4)),
)
"""A concern queues: it stands in the peers' room and is said again there, without calling anybody at night."""


RELAY_LIMIT = 60_000
"""Characters of one message that is carried: all that any platform takes; adapters split it."""

AFTERMATH = timedelta(hours=12)
"""After a case a member is left in peace with anything that is not an answer to them."""

OVERSEERS = frozenset({Role.MODERATOR, Role.ORGANIZER})
"""Who may end or hand over a case that somebody else has."""


class Escalations:
    """Opens, pages, takes, carries and ends cases."""

    def __init__(self, effects: Effects) -> None:
        self._effects = effects

    # Opening

    async def on_signal(
        self, tx: Transaction, member: Member, signal: Signal, inbound: Inbound, before: str = "", *, now: datetime
    ) -> None:
        """Open a case for what the detector heard, or let it join the member's open one.

        `before`: the author's earlier messages with which it was heard (`Context.before`).
        """
        await self._open(
            tx,
            member,
            NewCase(
                how="signal",
                severity=signal.severity,
                category=signal.category.value,
                rules=signal.rules,
                excerpt=_heard_in(inbound.text, signal, before),
                link=inbound.link,
                carried=inbound.private and inbound.invocation is None,
                late=inbound.seen_late(now),
            ),
            actor=member.id,
            now=now,
        )

    async def by_member(
        self, tx: Transaction, member: Member, *, now: datetime, late: timedelta = store.PUNCTUAL
    ) -> bool:
        """Open a case because the member asks for a person; False if one was open already. `late`: seen so late."""
        new = NewCase(how="member", severity=Severity.URGENT, late=late)
        return await self._open(tx, member, new, actor=member.id, now=now)

    async def for_other(
        self,
        tx: Transaction,
        member: Member,
        by: Member,
        target: Target | None,
        *,
        now: datetime,
        late: timedelta = store.PUNCTUAL,
    ) -> bool:
        """Open a case for a member on another's word, seen so `late`; False if one was open already."""
        new = NewCase(
            how="other",
            severity=Severity.URGENT,
            excerpt=clean(target.text, store.EXCERPT_LIMIT) if target else None,
            link=target.link if target else None,
            late=late,
        )
        return await self._open(tx, member, new, actor=by.id, now=now)

    async def _open(self, tx: Transaction, member: Member, new: NewCase, *, actor: int, now: datetime) -> bool:
        row = await store.open_case_of(tx, member.id)
        if row is None:
            policy = member.community.policy if new.severity.pages else CONCERN_POLICY
            case = Case(policy=policy, severity=new.severity, opened_at=now)
            row = await store.insert_case(tx, member.community.id, member.id, new, case)
            if row is not None:
                log.info("case %d: opened (%s, %s)", row.id, new.how, new.severity.value)
                if new.late:
                    store.note_lateness(tx, row.id, new.late, now=now)
                await self._apply(tx, row, Opened(), actor=actor, now=now)
                return True
            row = await store.open_case_of(tx, member.id)
            if row is None:  # opened and ended by another process within this moment
                return False
        await self._join(tx, row, member, new, actor=actor, now=now)
        return False

    async def _join(
        self, tx: Transaction, row: tables.CaseRow, member: Member, new: NewCase, *, actor: int, now: datetime
    ) -> None:
        """Another signal of a member whose case is open: a worse one raises the case at once."""
        raised = new.severity.rank > store.case_of(row).severity.rank
        if raised:
            row.category, row.rules = new.category or row.category, [*row.rules, *new.rules]
            if new.excerpt:
                row.excerpt_sealed = tx.vault.seal(new.excerpt, store.EXCERPT)
            if new.late or await store.lateness(tx, row.id) is not None:
                store.note_lateness(tx, row.id, new.late, now=now)
            if new.severity.pages and not store.case_of(row).severity.pages:
                row.policy, row.step = write_policy(member.community.policy), 0
        carried = new.carried and row.holder is not None
        excerpt = None if carried else new.excerpt
        await self._apply(tx, row, Heard(new.severity), actor=actor, now=now, excerpt=excerpt, late=new.late)
        if raised or new.how == "signal":
            await self._effects.answer_again(tx, row, raised=raised, carried=carried, now=now)

    # A person

    async def take(self, tx: Transaction, by: Member, case_id: int, *, now: datetime) -> Content | None:
        """The peer has the case, if nobody was quicker. None: there is no such case for them."""
        row = await store.find_case(tx, by.community.id, case_id)
        if row is None:
            return None
        if row.member_id == by.id:
            return Content(text=_("This is about you. Somebody else will come: you need not do this alone."))
        return await self._apply(tx, row, Taken(by.id), actor=by.id, now=now)

    async def resolve(
        self, tx: Transaction, by: Member, case_id: int | None, outcome: Outcome, *, now: datetime
    ) -> Content | None:
        """End the case on the word of its holder, or of a moderator. None: there is no such case for them."""
        row = await self._case_to_end(tx, by, case_id)
        return None if row is None else await self._apply(tx, row, Ended(outcome), actor=by.id, now=now)

    async def hand_over(self, tx: Transaction, by: Member, case_id: int | None, *, now: datetime) -> Content | None:
        """The holder gives the case back, and others are paged. None: there is no such case for them."""
        row = await self._case_to_end(tx, by, case_id)
        return None if row is None else await self._apply(tx, row, HandedOver(), actor=by.id, now=now)

    async def say_safe(self, tx: Transaction, member: Member, *, now: datetime) -> bool:
        """The member ends their own case; False if none was open."""
        row = await store.open_case_of(tx, member.id)
        if row is None:
            return False
        await self._apply(tx, row, Ended(Outcome.SAFE), actor=member.id, now=now)
        return True

    async def _case_to_end(self, tx: Transaction, by: Member, case_id: int | None) -> tables.CaseRow | None:
        if case_id is None:
            held = await store.cases_held_by(tx, by.id)
            return held[0] if len(held) == 1 else None
        row = await store.find_case(tx, by.community.id, case_id)
        if row is not None and row.holder not in {None, by.id} and not by.roles & OVERSEERS:
            return None
        return row

    async def on_erasure(self, tx: Transaction, member: Member, *, now: datetime) -> None:
        """End the member's own case, and hand over the cases they have."""
        own = await store.open_case_of(tx, member.id)
        if own is not None:
            await self._apply(tx, own, Ended(Outcome.ERASED), actor=None, now=now)
        for row in await store.cases_held_by(tx, member.id):
            await self._apply(tx, row, HandedOver(), actor=None, now=now)

    async def numbers(self, tx: Transaction, member: Member) -> Content | None:
        """The numbers where the member is, if a case of theirs is open; else None."""
        row = await store.open_case_of(tx, member.id)
        return None if row is None else await self._effects.numbers(tx, row)

    # Looking

    async def open_cases(self, tx: Transaction, community_id: int) -> list[tables.CaseRow]:
        """The community's open cases, oldest first."""
        query = select(tables.CaseRow).where(
            tables.CaseRow.community_id == community_id, tables.CaseRow.open_for.is_not(None)
        )
        return list(await tx.session.scalars(query.order_by(tables.CaseRow.id)))

    async def had_one(self, tx: Transaction, member: Member, *, now: datetime) -> bool:
        """Whether the member is in a case, on either side, or was in one within `AFTERMATH`."""
        query = select(tables.CaseRow.id).where(
            or_(tables.CaseRow.member_id == member.id, tables.CaseRow.holder == member.id),
            or_(tables.CaseRow.open_for.is_not(None), tables.CaseRow.ended_at > now - AFTERMATH),
        )
        return await tx.session.scalar(query.limit(1)) is not None

    async def on_role_lost(self, tx: Transaction, person: Member, *, now: datetime) -> None:
        """Somebody is no peer any more: others are called for the cases they have."""
        for row in await store.cases_held_by(tx, person.id):
            await self._apply(tx, row, HandedOver(), actor=None, now=now)

    # Time

    async def due(self, tx: Transaction, *, now: datetime, limit: int = 50) -> int:
        """Fire the timers that are due; how many."""
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

    # The relay

    async def conversations(self, tx: Transaction, person: Member) -> list[tables.CaseRow]:
        """The open cases this person is in, as the member or as the peer."""
        return await store.open_cases_with(tx, person.id)

    async def relay(
        self,
        tx: Transaction,
        person: Member,
        row: tables.CaseRow,
        text: str,
        event: str,
        *,
        now: datetime,
        late: timedelta = store.PUNCTUAL,
    ) -> bool:
        """Carry a message, seen so `late`, to the other side.

        False if the case has nobody there yet: it is kept for them.
        """
        text = clean(text, RELAY_LIMIT)
        if not text:
            return True
        store.keep_words(tx, row.id, person.id, text, now=now)
        if row.member_id == person.id and row.holder is None:
            return False
        await self._effects.carry(tx, row, person, text, event, now=now, late=late)
        spoke = Spoke() if row.holder == person.id else MemberSpoke()
        await self._apply(tx, row, spoke, actor=None, now=now)
        return True

    async def ask_the_peer(self, tx: Transaction, peer: Member, signal: Signal) -> Content:
        """What a peer is told whose words to a member sound as if they were in danger themselves."""
        return await self._effects.ask_the_peer(tx, peer, signal.category.value)

    async def on_failure(self, tx: Transaction, failed: Claimed, error: SendError, *, now: datetime) -> None:
        """A message of a case has failed for good: those on duty are told, and a lost peer is replaced."""
        if failed.case_id is None or failed.key.startswith("unreached:"):
            return
        row = await store.case_numbered(tx, failed.case_id)
        if row is None or row.open_for is None:
            return
        store.note(tx, row.id, f"not delivered: {type(error).__name__}", failed.member_id, now=now)
        if failed.key.startswith("page:") and failed.member_id is None and row.holder is None:
            await self._room_is_gone(tx, row, now=now)
        elif failed.member_id is not None and failed.member_id == row.member_id:
            await self._effects.cannot_reach_member(tx, row, now=now)
        elif failed.member_id is not None and failed.member_id == row.holder:
            await self._effects.cannot_reach_holder(tx, row, now=now)
            # A platform that is down for a while is not a peer who is gone: their silence has its own timer.
            if not isinstance(error, TryAgain):
                await self._apply(tx, row, HandedOver(), actor=None, now=now)

    async def _room_is_gone(self, tx: Transaction, row: tables.CaseRow, *, now: datetime) -> None:
        """A page to a room does not arrive: people are called at once, whatever the policy would wait for."""
        await self._effects.last_resort(tx, row, now=now)

    # The one way a case changes

    async def _apply(
        self,
        tx: Transaction,
        row: tables.CaseRow,
        event: Event,
        *,
        actor: int | None,
        now: datetime,
        excerpt: str | None = None,
        late: timedelta = store.PUNCTUAL,
    ) -> Content | None:
        """Advance the case, store it, log it, and say what follows; the answer to who acted, if there is one.

        `excerpt`: words of the member that nobody carries to the holder; `late`: how late they were seen.
        """
        before = store.case_of(row)
        case, effects = advance(before, event, now)
        store.write_case(row, case, now=now)
        if case.version != before.version:
            store.note(tx, row.id, type(event).__name__, actor, now=now)
        told = True
        answer = None
        for effect in effects:
            if isinstance(effect, Page):
                told = await self._effects.page(tx, row, effect, now=now) or await self._page_on(tx, row, now=now)
                continue
            said = await self._effects.perform(
                tx, row, effect, actor=actor, now=now, somebody_told=told, excerpt=excerpt, late=late
            )
            answer = said or answer
        return answer

    async def _page_on(self, tx: Transaction, row: tables.CaseRow, *, now: datetime) -> bool:
        """A step with nobody to page does not wait: go on at once, through every step but once; then to everybody."""
        for _step in range(len(store.case_of(row).policy)):
            case, effects = advance(replace(store.case_of(row), next_at=now), TimerFired(), now)
            store.write_case(row, case, now=now)
            pages = [effect for effect in effects if isinstance(effect, Page)]
            if any([await self._effects.page(tx, row, page, now=now) for page in pages]):
                return True
        return await self._effects.last_resort(tx, row, now=now)


def _heard_in(text: str, signal: Signal, before: str) -> str:
    """The words around what was heard; of the messages `before`, those that have part in it and no others."""
    start, end = signal.spans[0].start, signal.spans[0].end
    if signal.before and before:
        first = len(before) - signal.before
        line = before.rfind("\n", 0, first) + 1
        text = before[line:] + text
        start, end = first - line, len(before) - line + end
    return clean(excerpt(text, start, end, store.EXCERPT_LIMIT), store.EXCERPT_LIMIT)
