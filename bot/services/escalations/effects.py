"""What follows from a step of the state machine: effects become deliveries, in the same transaction."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.content import Content, Field
from bot.core.escalation import (
    SILENCE,
    AlreadyEnded,
    AlreadyTaken,
    AnswerMember,
    AskWhetherStillThere,
    CloseRelay,
    Effect,
    GiveBack,
    LetIn,
    LetOut,
    NotYours,
    Nudge,
    OpenRelay,
    Outcome,
    Page,
    PageBeside,
    Stays,
    TellHolder,
    TellMemberLate,
)
from bot.core.people import Member
from bot.core.platform import Address
from bot.core.roles import OVERSEERS
from bot.core.words import Say, Text, _
from bot.delivery.outbox import Message, Priority
from bot.services import members
from bot.services.escalations import held_words, member_words, place_words, store, words
from bot.services.escalations.aftercare import choices_after
from bot.services.escalations.answers import Answers
from bot.services.escalations.checklists import checklist
from bot.services.escalations.duty import Duty, EveryPeer
from bot.services.escalations.introducing import called, introduced
from bot.services.escalations.paging import Paging, accounts_of, drop_pages, facts, withdraw_from
from bot.services.escalations.pictures import Pictures
from bot.services.escalations.places import Places
from bot.services.escalations.relay import Relay
from bot.services.resources import Resources
from bot.services.voice import Voice
from bot.storage import tables
from bot.storage.database import Transaction

log = logging.getLogger(__name__)


class Effects:
    """Says what the state machine decided."""

    def __init__(self, voice: Voice, resources: Resources, duty: Duty | None = None) -> None:
        self._voice = voice
        self.places = Places(voice)
        self.relay = Relay(voice, self.places)
        self.pictures = Pictures(voice, self.places, self.relay)
        self.answers = Answers(voice, resources)
        self._paging = Paging(voice, duty or EveryPeer())

    async def page(self, tx: Transaction, row: tables.CaseRow, page: Page, *, now: datetime) -> bool:
        """Put a page into the outbox; False if there is nobody to page."""
        return await self._paging.page(tx, row, page, now=now)

    async def page_beside(self, tx: Transaction, row: tables.CaseRow, beside: PageBeside, *, now: datetime) -> None:
        """Call others beside the holder of a case: whom the step names, else the first who can be reached."""
        steps = dict.fromkeys((beside.step, *store.case_of(row).policy))
        for step in steps:
            if await self._paging.page_beside(tx, row, step, now=now):
                return
        await self._paging.last_resort(tx, row, now=now)

    async def cannot_take(self, tx: Transaction, person: Member, *, now: datetime) -> bool:
        """Whether no case can be given to somebody: they are off, or in danger themselves."""
        is_off = await self._paging.takes_a_break(tx, person, now=now)
        return is_off or bool(await store.in_danger(tx, [person.id]))

    async def comes_first(self, tx: Transaction, row: tables.CaseRow, person: Member) -> bool:
        """Whether somebody is in danger themselves, and others are there who can come instead of them."""
        is_in_danger = bool(await store.in_danger(tx, [person.id]))
        return is_in_danger and await self._paging.others_may_come(tx, row, person.id)

    async def tell_not_called(self, tx: Transaction, row: tables.CaseRow, *, now: datetime) -> None:
        """Tell a helper whose own case is open, once in it, that they are called for nobody else meanwhile."""
        await self._to_member(tx, row, member_words.not_called(), key="not-called", now=now)

    async def cannot_have(self, tx: Transaction, row: tables.CaseRow, person: Member, *, now: datetime) -> Content:
        """To who would give a case to somebody who cannot have it: nothing was done, and who is there, but not why."""
        others = await self._paging.who_else(tx, row, now=now)
        return held_words.cannot_have(person.name or words.A_PEER, [await self._name(tx, other) for other in others])

    @staticmethod
    async def withdraw_from(tx: Transaction, person: Member) -> None:
        """Somebody is no peer any more: what waits for them about others' cases is not sent."""
        await withdraw_from(tx, person.id)

    async def is_away(self, tx: Transaction, row: tables.CaseRow, *, now: datetime) -> bool:
        """Whether of nobody in the case it is known that they are there: they have written lately, and are not off."""
        for person in await store.spoke_since(tx, row, now - SILENCE):
            if not await self._paging.is_off(tx, row.community_id, person, now=now):
                return False
        return True

    async def perform(
        self,
        tx: Transaction,
        row: tables.CaseRow,
        effect: Effect,
        *,
        actor: int | None,
        now: datetime,
        somebody_told: bool = True,
        excerpt: str | None = None,
        late: timedelta = store.PUNCTUAL,
    ) -> Content | None:
        """Put an effect's messages, other than a page's, into the outbox; the answer to who acted, if there is one.

        `somebody_told`: a page went out; `excerpt`: words of the member that were not carried to the holder; `late`:
        how late those were seen.
        """
        answer: Content | None = None
        match effect:
            case AnswerMember() | TellMemberLate():
                await self._tell_who_waits(tx, row, effect, somebody_told=somebody_told, now=now)
            case Nudge() | AskWhetherStillThere():
                content = words.are_you_with_them(row.id, row.turn)
                if isinstance(effect, AskWhetherStillThere):
                    content = held_words.still_with_them(row.id, row.turn, last=effect.last)
                await self._to_person(tx, row, effect.holder, content, key=f"nudge:{row.version}", now=now)
            case TellHolder(severity):
                content = words.signal_in_conversation(row.id, severity, excerpt, late)
                key = f"signal:{row.version}"
                await self._to_peers(tx, row, content, key=key, but=actor, now=now)
            case OpenRelay(peer, instead):
                answer = await self._open_relay(tx, row, peer, instead, now=now)
                # Whoever hands a case to somebody is answered by `GiveBack`.
                answer = answer if peer == actor else None
            case LetIn(helper):
                answer = await self._let_in(tx, row, helper, now=now)
            case LetOut(helper):
                answer = await self._let_out(tx, row, helper, now=now)
            case GiveBack():
                answer = await self._give_back(tx, row, effect, actor=actor, now=now)
            case CloseRelay():
                answer = await self._close_relay(tx, row, effect, actor=actor, now=now)
            case Stays() | AlreadyTaken() | NotYours() | AlreadyEnded():
                answer = await self._only_told(tx, row, effect)
            case PageBeside():
                await self.page_beside(tx, row, effect, now=now)
            case Page():
                raise TypeError("pages go through `page`")
        return answer

    async def _tell_who_waits(
        self,
        tx: Transaction,
        row: tables.CaseRow,
        effect: AnswerMember | TellMemberLate,
        *,
        somebody_told: bool,
        now: datetime,
    ) -> None:
        if isinstance(effect, AnswerMember):
            content = await self.answers.at_once(tx, row, somebody_told=somebody_told)
            await self._to_member(tx, row, content, key="answer", now=now)
            return
        content = await self.answers.late(tx, row, again=effect.again)
        # What cannot be brought for so long is said by the next one.
        await self._to_member(tx, row, content, key=f"late:{row.version}", now=now, expires_at=row.late_at)

    async def answer_again(
        self, tx: Transaction, row: tables.CaseRow, *, raised: bool, carried: bool, away: bool, now: datetime
    ) -> None:
        """Answer a member who was heard again while their case is open.

        `carried`: their peer reads it anyway; `away`: others were called beside that peer.
        """
        minute = int(now.timestamp() // 60)
        if raised or away:
            content = await self.answers.at_once(tx, row, somebody_told=True, away=away)
            await self._to_member(tx, row, content, key=f"answer:{row.version}", now=now)
        elif row.holder is None:
            await self._to_member(tx, row, await self.answers.heard_again(tx, row), key=f"again:{minute}", now=now)
        elif not carried:
            name = (await members.load(tx, row.holder)).name or words.A_PEER
            await self._to_member(tx, row, member_words.told_your_peer(name), key=f"again:{minute}", now=now)

    async def cannot_reach_member(self, tx: Transaction, row: tables.CaseRow, *, now: datetime) -> None:
        """Tell those on duty, once per holder, that the member gets nothing, and where a person can find them.

        Where there is no peers' room, those who were paged; if that is nobody, moderators and organizers.
        """
        content = words.cannot_reach_member(row.id, await accounts_of(tx, row))
        key = f"unreached:{row.id}:member:{row.holder or 0}"
        people = [person for person in (row.holder,) if person is not None]
        if not await self._to_rooms(tx, row, content, key=f"{key}:room", now=now):
            others = await store.paged(tx, row.id)
            people += others or await members.with_roles(tx, row.community_id, OVERSEERS)
        for person_id in dict.fromkeys(people):
            if person_id != row.member_id:
                person = await members.load(tx, person_id)
                await self._voice.to_member(
                    tx,
                    person,
                    content,
                    key=key if person_id == row.holder else f"{key}:{person_id}",
                    priority=Priority.CRISIS,
                    now=now,
                    case_id=row.id,
                    about_id=row.member_id,
                )

    async def cannot_reach_holder(self, tx: Transaction, row: tables.CaseRow, *, now: datetime) -> None:
        """Tell the peers' room that the holder gets nothing."""
        name = (await members.load(tx, row.holder)).name or words.A_PEER if row.holder else words.A_PEER
        content = words.cannot_reach_holder(row.id, name)
        await self._to_rooms(tx, row, content, key=f"unreached:{row.id}:holder:{row.holder}", now=now)

    @staticmethod
    async def drop_pages(tx: Transaction, row: tables.CaseRow) -> None:
        """Whoever has the case is there: nobody else is called any more."""
        await drop_pages(tx, row.id)

    async def last_resort(self, tx: Transaction, row: tables.CaseRow, *, now: datetime) -> bool:
        """No step of the policy reaches anybody: everybody who can help is paged. False if there is nobody at all."""
        return await self._paging.last_resort(tx, row, now=now)

    async def page_former_peer(self, tx: Transaction, row: tables.CaseRow, *, now: datetime) -> None:
        """Who was with them last week is called first; nobody else waits for that."""
        await self._paging.page_former_peer(tx, row, now=now)

    async def _all_facts(self, tx: Transaction, row: tables.CaseRow, *, now: datetime) -> tuple[Field, ...]:
        """All that the one needs who is with the member: how grave, why, who is there, and the numbers."""
        known = await facts(tx, row, now=now)
        if row.member_id is None:
            return known
        member = await self.answers.member(tx, row)
        number = self.answers.emergency_number(member)
        lines = await self.answers.lines(tx, member, row.category)
        names = [await self._name(tx, person) for person in (row.holder, *row.helpers) if person is not None]
        people: Say = names[0] if names else _("nobody yet")
        for name in names[1:]:
            people = _("{names}, {name}", names=people, name=name)
        return place_words.facts_of(
            known,
            category=row.category,
            severity=store.case_of(row).severity,
            rules=row.rules,
            people=people,
            number=number,
            lines=lines,
        )

    async def _checklist(self, tx: Transaction, row: tables.CaseRow) -> tuple[Field, ...]:
        """What to think of, with the number of the member's country."""
        if row.member_id is None:
            return ()
        return checklist(row.category, self.answers.emergency_number(await self.answers.member(tx, row)))

    async def facts_changed(self, tx: Transaction, row: tables.CaseRow, *, now: datetime) -> None:
        """What is kept in sight in the case's places says how things are now."""
        if row.holder is not None:
            await self.places.refresh(tx, row, await self._all_facts(tx, row, now=now), now=now)

    async def folded(
        self, tx: Transaction, row: tables.CaseRow, people: list[int], *, into: int, now: datetime
    ) -> None:
        """The member of a case turned out to be the one of another, `into`: its `people` are told, its places close."""
        await self._to_each(tx, row, people, words.is_one_with(row.id, into), key="folded", now=now)
        await self.places.close(tx, row, now=now)

    # The relay's two ends

    async def _open_relay(
        self, tx: Transaction, row: tables.CaseRow, peer_id: int, instead: int | None, *, now: datetime
    ) -> Content:
        await drop_pages(tx, row.id)
        name = await self._name(tx, peer_id)
        before = None if instead is None else await self._name(tx, instead)
        here = member_words.person_is_here(name, await self._who(tx, peer_id), before)
        await self._to_member(tx, row, here, key=f"here:{row.version}", now=now)
        await self._tell_how(tx, row, peer_id, key=f"have:{row.version}", now=now)
        await self._to_rooms(tx, row, words.is_on_it(name, row.id), key=f"onit:{row.id}:{row.version}", now=now)
        return Content(text=_("You have it. I have written to you privately."))

    async def _tell_how(
        self, tx: Transaction, row: tables.CaseRow, person_id: int, *, key: str, now: datetime, joined: bool = False
    ) -> None:
        """Tell somebody who comes how to talk, and what there is to know."""
        waiting = await store.words_since_opening(tx, row)
        known = await self._all_facts(tx, row, now=now)
        note = store.note_of(tx, row)
        steps = await self._checklist(tx, row)
        content = words.you_have_it(row.id, row.turn, steps, waiting, note=note, joined=joined)
        person = await members.load(tx, person_id)
        await self.places.let_in(tx, row, person, content, known, key=key, now=now)

    async def _let_in(self, tx: Transaction, row: tables.CaseRow, helper: int, *, now: datetime) -> Content:
        name = await self._name(tx, helper)
        here = member_words.person_is_here(name, await self._who(tx, helper))
        await self._to_member(tx, row, here, key=f"here:{row.version}", now=now)
        await self._to_peers(tx, row, words.has_joined(name, row.id), key=f"in:{row.version}", but=helper, now=now)
        await self._tell_how(tx, row, helper, key=f"have:{row.version}", now=now, joined=True)
        return Content(text=_("You are in it. I have written to you privately."))

    async def _let_out(self, tx: Transaction, row: tables.CaseRow, helper: int, *, now: datetime) -> Content:
        name = await self._name(tx, helper)
        await self.places.let_out(tx, row, helper, now=now)
        await self._to_member(tx, row, member_words.has_left_member(name), key=f"out:{row.version}", now=now)
        await self._to_peers(tx, row, words.has_left(name, row.id), key=f"out:{row.version}", but=helper, now=now)
        return Content(text=_("You are out of case {number}. Thank you for being there.", number=row.id))

    async def _give_back(
        self, tx: Transaction, row: tables.CaseRow, back: GiveBack, *, actor: int | None, now: datetime
    ) -> Content:
        if back.holder is not None:
            name = await self._name(tx, back.holder)
            await self.places.let_out(tx, row, back.holder, now=now)
            if back.to is None:  # else the member is told together with who has come
                await self._to_member(tx, row, member_words.person_has_left(name), key=f"left:{row.version}", now=now)
                told = words.is_it_yours(name, row.id)  # to those who have joined them: they are there
                await self._to_peers(tx, row, told, key=f"left:{row.version}", but=actor, now=now)
            else:
                told = words.has_it_now(await self._name(tx, back.to), name, row.id)
                others = [helper for helper in row.helpers if helper not in {back.to, actor}]
                await self._to_each(tx, row, others, told, key=f"left:{row.version}", now=now)
            if back.holder != actor:
                content = words.not_yours_now(row.id, await self._name(tx, back.to) if back.to else None)
                await self._to_person(tx, row, back.holder, content, key=f"gone:{row.version}", now=now)
        if back.to is not None:
            return words.given_to(await self._name(tx, back.to), row.id)
        return words.given_back(row.id)

    async def _close_relay(
        self, tx: Transaction, row: tables.CaseRow, close: CloseRelay, *, actor: int | None, now: datetime
    ) -> Content:
        await drop_pages(tx, row.id)
        outcome = close.outcome
        by_member = actor is not None and actor == row.member_id
        if outcome is not Outcome.ERASED:
            name = None if row.holder is None else await self._name(tx, row.holder)
            asked = None if outcome is Outcome.FALSE_ALARM else row.id
            await self._to_member(tx, row, member_words.ended_for_member(name, asked), key="ended", now=now)
        ended = words.ended_for_peers(row.id, outcome, by_member=by_member)
        ended = replace(ended, choices=choices_after(row, outcome))
        people = [person for person in (row.holder, *close.helpers) if person is not None and person != actor]
        read_by = await self._to_each(tx, row, people, ended, key="ended", now=now)
        has_read = actor is not None and await self.places.address(tx, row.id, await members.load(tx, actor)) in read_by
        await self.places.close(tx, row, now=now, erased=outcome is Outcome.ERASED)
        brief = Content(text=_("Case {number} has ended.", number=row.id))
        await self._to_rooms(tx, row, brief, key=f"ended:{row.id}:room", now=now)
        return Content(text=_("It is done. Thank you.")) if has_read else ended

    async def _only_told(
        self, tx: Transaction, row: tables.CaseRow, why: Stays | AlreadyTaken | NotYours | AlreadyEnded
    ) -> Content:
        """All stays as it is, as was asked for, or because things have changed since the button was made."""
        if isinstance(why, Stays):
            return held_words.stays(waits=why.waits)
        if isinstance(why, AlreadyEnded):
            return words.has_ended()
        if isinstance(why, AlreadyTaken):
            name = await self._name(tx, why.holder)
            return Content(text=_("{name} already has this case. Thank you.", name=name))
        return await self.has_changed(tx, row)

    async def has_changed(self, tx: Transaction, row: tables.CaseRow) -> Content:
        """To somebody who has pressed an old button: nothing was done."""
        return words.has_changed(row.id, None if row.holder is None else await self._name(tx, row.holder))

    async def is_with(self, tx: Transaction, row: tables.CaseRow) -> Content:
        """To somebody who would end or hand over what another has: nothing was done."""
        return words.is_with(row.id, words.A_PEER if row.holder is None else await self._name(tx, row.holder))

    async def _to_peers(
        self, tx: Transaction, row: tables.CaseRow, content: Content, *, key: str, but: int | None, now: datetime
    ) -> None:
        """Say it to the holder and to all who have joined them, `but` one."""
        people = [person for person in (row.holder, *row.helpers) if person is not None and person != but]
        await self._to_each(tx, row, people, content, key=key, now=now)

    async def _to_each(
        self, tx: Transaction, row: tables.CaseRow, people: list[int], content: Content, *, key: str, now: datetime
    ) -> set[Address]:
        """Say it to these peers of a case, where it is talked about: in a place once for all who are there; where."""
        told: set[Address] = set()
        for person_id in people:
            person = await members.load(tx, person_id)
            to = await self.places.address(tx, row.id, person)
            if to is None or (to.kind == "place" and to in told):
                continue
            told.add(to)
            message = Message(
                key=f"case:{row.id}:{key}:{person_id}",
                to=to,
                content=content,
                priority=Priority.CRISIS,
                due_at=now,
                member_id=person_id,
                about_id=row.member_id,
                case_id=row.id,
            )
            await self._voice.put(tx, message, self._voice.language_for(tx, person), now=now)
        return told

    @staticmethod
    async def _name(tx: Transaction, person_id: int) -> str | Text:
        return called(await members.load(tx, person_id))

    @staticmethod
    async def _who(tx: Transaction, person_id: int) -> Text:
        return introduced(await members.load(tx, person_id))

    # Addressing

    async def _to_member(
        self,
        tx: Transaction,
        row: tables.CaseRow,
        content: Content,
        *,
        key: str,
        now: datetime,
        expires_at: datetime | None = None,
    ) -> None:
        key = f"member:{key}"
        await self._to_person(tx, row, row.member_id, content, key=key, now=now, expires_at=expires_at)

    async def _to_person(
        self,
        tx: Transaction,
        row: tables.CaseRow,
        person_id: int | None,
        content: Content,
        *,
        key: str,
        now: datetime,
        author: int | None = None,
        expires_at: datetime | None = None,
    ) -> None:
        """Say it to somebody privately; it holds the words of `author`, else it is about the case's member."""
        if person_id is None:
            return
        person = await members.load(tx, person_id)
        full_key = f"case:{row.id}:{key}"
        await self._voice.to_member(
            tx,
            person,
            content,
            key=full_key,
            priority=Priority.CRISIS,
            now=now,
            case_id=row.id,
            about_id=author or row.member_id,
            expires_at=expires_at,
        )

    async def _to_rooms(
        self, tx: Transaction, row: tables.CaseRow, content: Content, *, key: str, now: datetime
    ) -> int:
        return await self._to_kind(tx, row, "peers", content, key=key, now=now)

    async def _to_kind(
        self, tx: Transaction, row: tables.CaseRow, kind: str, content: Content, *, key: str, now: datetime
    ) -> int:
        stored = await tx.get(tables.Community, row.community_id)
        community = members.community_of(stored, tx)
        return await self._voice.to_places(
            tx,
            community,
            kind,
            content,
            key=key,
            priority=Priority.CRISIS,
            now=now,
            case_id=row.id,
            about_id=row.member_id,
        )
