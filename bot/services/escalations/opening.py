"""How a case opens: by what somebody says, or asks for, or another for them; once more it joins the open one."""

import logging
from datetime import datetime, timedelta

from bot.core.content import Content
from bot.core.crisis import Severity, Signal
from bot.core.escalation import TOLD_AGAIN, Case, HandedOver, Heard, Left, Opened, advance
from bot.core.inbound import Inbound, Target
from bot.core.people import Member
from bot.core.roles import Action, may
from bot.core.text import clean, excerpt
from bot.services import questions, spoken
from bot.services.escalations import at_opening, pauses, relay, store
from bot.services.escalations.conversations import Conversations
from bot.services.escalations.paging import note_waiting
from bot.services.escalations.store import NewCase
from bot.storage import tables
from bot.storage.database import Transaction

log = logging.getLogger(__name__)

RESOLVE = "resolve"
"""The command that asks how a case has ended."""


class Opening(Conversations):
    """Opens cases, and joins what is said since to the open one."""

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
                category=signal.category and signal.category.value,
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
        self,
        tx: Transaction,
        member: Member,
        *,
        words: str = "",
        kept: str = "",
        now: datetime,
        late: timedelta = store.PUNCTUAL,
    ) -> bool | Content:
        """Open a case because the member asks for a person; False if one was open already. `late`: seen so late.

        `words`: theirs, with which they ask; `kept`: a peer's in a talk, which went to nobody, and of which they have
        said that they are about themselves. A member who is paused (`pauses.pause`) has the numbers instead, unless a
        case of theirs is open, or there are such words.
        """
        is_paused = not (words or kept) and await pauses.is_paused(tx, member, now=now)
        if is_paused and await store.open_case_of(tx, member.id) is None:
            return await self._effects.answers.paused(tx, member)
        new = NewCase(how="member", severity=Severity.URGENT, excerpt=words or None, late=late)
        opened = await self._open(tx, member, new, actor=member.id, now=now)
        await self._keep_for_who_comes(tx, member, kept, now=now)
        return opened

    async def for_peer(
        self, tx: Transaction, peer: Member, severity: Severity, category: str | None, *, kept: str = "", now: datetime
    ) -> bool:
        """Open a case for a peer for words that were passed on to nobody; False if one was open already.

        `kept`: these words, of which the peer has said that they are about themselves.
        """
        new = NewCase(how="signal", severity=severity, category=category)
        opened = await self._open(tx, peer, new, actor=peer.id, now=now)
        await self._keep_for_who_comes(tx, peer, kept, now=now)
        return opened

    async def for_who_cannot_be_asked(self, tx: Transaction, member: Member, *, now: datetime) -> None:
        """Open a case for a member to whom it does not get whether they want a person; nobody is woken for that."""
        await self._open(tx, member, NewCase(how="signal", severity=Severity.CONCERN), actor=member.id, now=now)

    async def _keep_for_who_comes(self, tx: Transaction, peer: Member, words: str, *, now: datetime) -> None:
        """Words of a peer that were written in a talk stand in no page: it may name whom they were with."""
        row = await store.open_case_of(tx, peer.id) if words else None
        if row is not None:
            await self.relay(tx, peer, row, words, f"case:{row.id}:kept:{row.version}", now=now)

    async def gets_worse(
        self, tx: Transaction, member: Member, row: tables.CaseRow, *, words: str, severity: Severity, now: datetime
    ) -> None:
        """Who waits says that it is done: their case, now of this severity, is called for anew with these words."""
        new = NewCase(how="member", severity=severity, category=row.category, excerpt=words, carried=True)
        await self._open(tx, member, new, actor=member.id, now=now)

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
        comes_first = new.severity is not Severity.CONCERN and may(member.roles, Action.TAKE_CASE)
        if comes_first:
            await store.open_cases_with(tx, member.id)  # locked: see `decide_alone`
        opened = await self._open_or_join(tx, member, new, actor=actor, now=now)
        if comes_first:
            # Whoever is in danger themselves need not hold another, also not one that they take at this moment.
            await store.decide_alone(tx, member.id)
            await self._let_go(tx, member.id, now=now)
            own = await store.open_case_of(tx, member.id)
            if own is not None:
                await self._effects.tell_not_called(tx, own, now=now)
        return opened

    async def _open_or_join(self, tx: Transaction, member: Member, new: NewCase, *, actor: int, now: datetime) -> bool:
        spoken.heard(tx, member.id, new.rules)
        before = await at_opening.read(tx, member, now=now)
        row = await store.open_case_of(tx, member.id) if before.has_case else None
        if row is None:
            waiting = Case(policies=member.community.policies, severity=new.severity, opened_at=now)
            case, effects = advance(waiting, Opened(), now)
            row = await store.insert_case(tx, member.community.id, member.id, new, case)
            if row is not None:
                log.info("case %d: opened (%s, %s)", row.id, new.how, new.severity.value)
                note_waiting(tx, row, before.waiting + 1, before.emergencies + (new.severity is Severity.EMERGENCY))
                if new.late:
                    await store.note_lateness(tx, row.id, new.late, now=now)
                await self._effects.page_former_peer(tx, row, now=now)
                await store.note(tx, row.id, Opened.__name__, actor, now=now)
                await self._perform(tx, row, effects, actor=actor, now=now)
                return True
            row = await store.open_case_of(tx, member.id)
            if row is None:  # opened and ended by another process within this moment
                return False
        await self._join(tx, row, member, new, actor=actor, now=now)
        return False

    async def _join(
        self, tx: Transaction, row: tables.CaseRow, member: Member, new: NewCase, *, actor: int, now: datetime
    ) -> None:
        """Another signal of a member whose case is open: a worse one raises the case at once.

        Who asked for a person without a word, and now says why, is called for with these words from then on. But once
        somebody has come, what they write privately is for those in the case: no page shows it.
        """
        raised = new.severity.rank > store.case_of(row).severity.rank
        first_words = bool(new.excerpt) and row.excerpt_sealed is None and row.holder is None
        in_talk = new.carried and row.turn > 0
        if raised or first_words:
            row.category, row.rules = new.category or row.category, [*row.rules, *new.rules]
            if raised and in_talk:
                await store.note(tx, row.id, store.GRAVER, None, now=now)
            if new.excerpt and not in_talk:
                row.excerpt_sealed = tx.vault.seal(new.excerpt, store.EXCERPT)
            if new.late or await store.lateness(tx, row.id) is not None:
                await store.note_lateness(tx, row.id, new.late, now=now)
        carried = new.carried and row.holder is not None
        grave = row.holder is not None and (raised or new.severity is Severity.EMERGENCY)
        away = grave and await self._is_to_call_others(tx, row, raised=raised, now=now)
        excerpt = None if carried else new.excerpt
        if new.how == "member" and not new.excerpt:
            excerpt = ""  # asked for with a button: nothing was written
        # How it ended was asked before this: the answer would end a case that its peer does not know yet.
        await questions.forget_about(tx, RESOLVE, relay.in_case(row))
        heard = Heard(new.severity, carried, away)
        await self._apply(tx, row, heard, actor=actor, now=now, excerpt=excerpt, late=new.late)
        if raised or new.how == "signal":
            await self._effects.answer_again(tx, row, raised=raised, carried=carried, away=away, now=now)

    async def _is_to_call_others(self, tx: Transaction, row: tables.CaseRow, *, raised: bool, now: datetime) -> bool:
        """Whether others are called beside the holder; a member who writes on does not call them with each word."""
        if not raised and await store.called_beside(tx, row, now - TOLD_AGAIN):
            return False
        return await self._effects.is_away(tx, row, now=now)

    async def _let_go(self, tx: Transaction, person_id: int, *, now: datetime) -> None:
        """Others are called for the cases that somebody has; from those that they have joined they go.

        Both are asked for at once: whoever takes one of them at this moment, by writing there, has it afterwards.
        """
        for row in await store.open_cases_with(tx, person_id):
            if row.holder == person_id:
                await self._apply(tx, row, HandedOver(), actor=None, now=now)
            elif person_id in row.helpers:
                await self._apply(tx, row, Left(person_id), actor=person_id, now=now)


def _heard_in(text: str, signal: Signal, before: str) -> str:
    """The words around what was heard; of the messages `before`, those that have part in it and no others."""
    start, end = signal.spans[0].start, signal.spans[0].end
    if signal.before and before:
        first = len(before) - signal.before
        line = before.rfind("\n", 0, first) + 1
        text = before[line:] + text
        start, end = first - line, len(before) - line + end
    return clean(excerpt(text, start, end, store.EXCERPT_LIMIT), store.EXCERPT_LIMIT)
