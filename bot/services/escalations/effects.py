"""What follows from a step of the state machine: effects become deliveries, in the same transaction."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import select, update

from bot.core.content import Content, Field
from bot.core.escalation import (
    AlreadyEnded,
    AlreadyTaken,
    AnswerMember,
    CloseRelay,
    Effect,
    GiveBack,
    Nudge,
    OpenRelay,
    Outcome,
    Page,
    TellHolder,
    TellMemberLate,
    Whom,
)
from bot.core.faults import where
from bot.core.people import Member
from bot.core.roles import Role
from bot.core.words import Text, _
from bot.delivery.outbox import Priority
from bot.services import members
from bot.services.escalations import store, words
from bot.services.resources import Resources
from bot.services.voice import Voice
from bot.storage import tables
from bot.storage.database import Transaction

log = logging.getLogger(__name__)

LAST_RESORT = frozenset({Role.PEER, Role.MODERATOR, Role.ORGANIZER})

PAGED_ROLES: dict[Whom, frozenset[Role]] = {
    Whom.PEERS: frozenset({Role.PEER}),
    Whom.MODERATORS: frozenset({Role.MODERATOR, Role.ORGANIZER}),
    Whom.ORGANIZERS: frozenset({Role.ORGANIZER}),
}


class Effects:
    """Says what the state machine decided."""

    def __init__(self, voice: Voice, resources: Resources) -> None:
        self._voice = voice
        self._resources = resources

    async def page(self, tx: Transaction, row: tables.CaseRow, page: Page, *, now: datetime) -> bool:
        """Put a page into the outbox; False if there is nobody to page."""
        return await self._page(tx, row, page.whom, page.number, now=now)

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
            case AnswerMember():
                content = await self._answer(tx, row, somebody_told=somebody_told)
                await self._to_member(tx, row, content, key="answer", now=now)
            case Nudge(holder):
                content = words.are_you_with_them(row.id)
                await self._to_person(tx, row, holder, content, key=f"nudge:{row.version}", now=now)
            case TellMemberLate():
                await self._to_member(tx, row, await self._late(tx, row), key="late", now=now)
            case TellHolder(severity):
                content = words.signal_in_conversation(row.id, severity, excerpt, late)
                key = f"signal:{int(now.timestamp())}"
                await self._to_person(tx, row, row.holder, content, key=key, now=now)
            case OpenRelay(peer):
                answer = await self._open_relay(tx, row, peer, now=now)
            case GiveBack(holder):
                answer = await self._give_back(tx, row, holder, now=now)
            case CloseRelay(outcome):
                answer = await self._close_relay(tx, row, outcome, actor=actor, now=now)
            case AlreadyTaken(holder):
                name = (await members.load(tx, holder)).name or words.A_PEER
                answer = Content(text=_("{name} already has this case. Thank you.", name=name))
            case AlreadyEnded():
                answer = Content(text=_("This case has ended already. Thank you."))
            case Page():
                raise TypeError("pages go through `page`")
        return answer

    async def answer_again(
        self, tx: Transaction, row: tables.CaseRow, *, raised: bool, carried: bool, now: datetime
    ) -> None:
        """Answer a member who was heard again while their case is open; `carried`: their peer reads it anyway."""
        minute = int(now.timestamp() // 60)
        if raised:
            content = await self._answer(tx, row, somebody_told=True)
            await self._to_member(tx, row, content, key=f"answer:{row.version}", now=now)
        elif row.holder is None:
            await self._to_member(tx, row, words.heard_again(), key=f"again:{minute}", now=now)
        elif not carried:
            name = (await members.load(tx, row.holder)).name or words.A_PEER
            await self._to_member(tx, row, words.told_your_peer(name), key=f"again:{minute}", now=now)

    async def numbers(self, tx: Transaction, row: tables.CaseRow) -> Content:
        """The numbers for a member who is in another country than was thought; it says nothing about who was told."""
        member = await self._member(tx, row)
        return words.numbers(self._emergency_number(member), await self._lines(tx, member, row.category))

    async def ask_the_peer(self, tx: Transaction, peer: Member, category: str | None) -> Content:
        """What a peer is told whose words to a member sound as if they were in danger themselves."""
        return words.about_the_peer(await self._lines(tx, peer, category))

    async def carry(
        self,
        tx: Transaction,
        row: tables.CaseRow,
        person: Member,
        text: str,
        event: str,
        *,
        now: datetime,
        late: timedelta,
    ) -> None:
        """Bring one message of the relay, seen so `late`, to the other side, under the sender's chosen name."""
        to_peer = row.member_id == person.id
        name: str | Text = person.name or (words.A_MEMBER if to_peer else words.A_PEER)
        title = _("{name} (case {number})", name=name, number=row.id) if to_peer else _("{name}, peer", name=name)
        title = words.written_ago(title, late) if late else title
        receiver = row.holder if to_peer else row.member_id
        content = Content(title=title, text=text)
        await self._to_person(tx, row, receiver, content, key=f"relay:{event}", now=now, author=person.id)

    async def cannot_reach_member(self, tx: Transaction, row: tables.CaseRow, *, now: datetime) -> None:
        """Tell those on duty, once per holder, that the member gets nothing, and where a person can find them."""
        accounts = await tx.session.scalars(
            select(tables.Identity).where(tables.Identity.member_id == row.member_id).order_by(tables.Identity.id)
        )
        content = words.cannot_reach_member(row.id, ", ".join(f"{i.platform}: {i.account}" for i in accounts))
        key = f"unreached:{row.id}:member:{row.holder or 0}"
        if row.holder is not None:
            holder = await members.load(tx, row.holder)
            await self._voice.to_member(
                tx,
                holder,
                content,
                key=key,
                priority=Priority.CRISIS,
                now=now,
                case_id=row.id,
                about_id=row.member_id,
            )
        await self._to_rooms(tx, row, content, key=f"{key}:room", now=now)

    async def cannot_reach_holder(self, tx: Transaction, row: tables.CaseRow, *, now: datetime) -> None:
        """Tell the peers' room that the holder gets nothing."""
        name = (await members.load(tx, row.holder)).name or words.A_PEER if row.holder else words.A_PEER
        content = words.cannot_reach_holder(row.id, name)
        await self._to_rooms(tx, row, content, key=f"unreached:{row.id}:holder:{row.holder}", now=now)

    async def last_resort(self, tx: Transaction, row: tables.CaseRow, *, now: datetime) -> bool:
        """No step of the policy reaches anybody: everybody with a role is paged. False if there is nobody at all."""
        if await self._page_people(tx, row, LAST_RESORT, number=row.pages, now=now):
            return True
        log.error(
            "case %d: there is nobody to page in this community; add peers to its file and run"
            " 'handrail community apply'",
            row.id,
        )
        return False

    # Paging

    async def _page(self, tx: Transaction, row: tables.CaseRow, whom: Whom, number: int, *, now: datetime) -> bool:
        log.info("case %d: page %d to %s", row.id, number, whom.value)
        if whom is not Whom.ROOM:
            reached = await self._page_people(tx, row, PAGED_ROLES[whom], number=number, now=now)
            if whom is Whom.MODERATORS:
                content = await self._page_content(tx, row, number, now=now)
                reached += await self._to_kind(
                    tx, row, "moderators", content, key=f"page:{row.id}:{number}:mods", now=now
                )
            return reached > 0
        content = await self._page_content(tx, row, number, now=now)
        return await self._to_rooms(tx, row, content, key=f"page:{row.id}:{number}:room", now=now) > 0

    async def _page_people(
        self, tx: Transaction, row: tables.CaseRow, roles: frozenset[Role], *, number: int, now: datetime
    ) -> int:
        content = await self._page_content(tx, row, number, now=now)
        case_id, reached = row.id, 0
        for person_id in await members.with_roles(tx, row.community_id, set(roles)):
            if person_id == row.member_id:
                continue
            try:
                async with tx.session.begin_nested():
                    reached += await self._page_person(tx, row, person_id, content, number=number, now=now)
            except Exception as error:
                # Nobody else is kept from being paged; not log.exception, whose message may hold somebody's words.
                log.error("case %d: member %d cannot be paged: %s", case_id, person_id, where(error))
        return reached

    async def _page_person(
        self, tx: Transaction, row: tables.CaseRow, person_id: int, content: Content, *, number: int, now: datetime
    ) -> bool:
        return await self._voice.to_member(
            tx,
            await members.load(tx, person_id),
            content,
            key=f"page:{row.id}:{number}:{person_id}",
            priority=Priority.CRISIS,
            now=now,
            case_id=row.id,
            about_id=row.member_id,
        )

    async def _page_content(self, tx: Transaction, row: tables.CaseRow, number: int, *, now: datetime) -> Content:
        minutes = int((now - row.opened_at).total_seconds() // 60)
        severity = store.case_of(row).severity
        return words.page(row.id, number, severity, await self._facts(tx, row, now=now), minutes)

    async def _facts(self, tx: Transaction, row: tables.CaseRow, *, now: datetime) -> tuple[Field, ...]:
        member = await members.load(tx, row.member_id) if row.member_id is not None else None
        seen = await store.lateness(tx, row.id)
        return words.case_facts(
            row.id,
            category=row.category,
            excerpt=store.excerpt_of(tx, row),
            link=store.link_of(tx, row),
            country=member.country if member else "?",
            language=member.language if member else "?",
            how=row.opened_by,
            written=None if seen is None else words.written(seen[0], now - seen[1]),
        )

    # The relay's two ends

    async def _open_relay(self, tx: Transaction, row: tables.CaseRow, peer_id: int, *, now: datetime) -> Content:
        await drop_pages(tx, row.id)
        peer = await members.load(tx, peer_id)
        name = peer.name or words.A_PEER
        await self._to_member(tx, row, words.person_is_here(name), key=f"here:{row.version}", now=now)
        waiting = await store.words_since_opening(tx, row)
        content = words.you_have_it(row.id, await self._facts(tx, row, now=now), waiting)
        await self._to_person(tx, row, peer_id, content, key=f"have:{row.version}", now=now)
        await self._to_rooms(tx, row, words.is_on_it(name, row.id), key=f"onit:{row.id}:{row.version}", now=now)
        return Content(text=_("You have it. I have written to you privately."))

    async def _give_back(self, tx: Transaction, row: tables.CaseRow, holder: int | None, *, now: datetime) -> Content:
        if holder is not None:
            name = (await members.load(tx, holder)).name or words.A_PEER
            await self._to_member(tx, row, words.person_has_left(name), key=f"left:{row.version}", now=now)
        return Content(text=_("I'm calling somebody else for case {number}. Thank you.", number=row.id))

    async def _close_relay(
        self, tx: Transaction, row: tables.CaseRow, outcome: Outcome, *, actor: int | None, now: datetime
    ) -> Content:
        await drop_pages(tx, row.id)
        by_member = actor is not None and actor == row.member_id
        holder = await members.load(tx, row.holder) if row.holder is not None else None
        if outcome is not Outcome.ERASED:
            name = None if holder is None else holder.name or words.A_PEER
            await self._to_member(tx, row, words.ended_for_member(name), key="ended", now=now)
        ended = words.ended_for_peers(row.id, outcome, by_member=by_member)
        if holder is not None and holder.id != actor:
            await self._to_person(tx, row, holder.id, ended, key="ended:holder", now=now)
        brief = Content(text=_("Case {number} has ended.", number=row.id))
        await self._to_rooms(tx, row, brief, key=f"ended:{row.id}:room", now=now)
        return ended

    # The member's answers

    async def _answer(self, tx: Transaction, row: tables.CaseRow, *, somebody_told: bool) -> Content:
        member = await self._member(tx, row)
        number, lines = self._emergency_number(member), await self._lines(tx, member, row.category)
        if row.holder is not None:
            return words.answer_in_conversation(number, lines)
        seen = await store.lateness(tx, row.id) if row.opened_by != "other" else None
        late = seen[0] if seen is not None else store.PUNCTUAL
        if not somebody_told:
            return words.answer_without_peers(number, lines, late)
        if row.opened_by == "other":
            return words.answer_worried(member.community.name, number, lines)
        return words.answer_to_member(store.case_of(row).severity, member.community.name, number, lines, late)

    async def _late(self, tx: Transaction, row: tables.CaseRow) -> Content:
        member = await self._member(tx, row)
        return words.late(self._emergency_number(member), await self._lines(tx, member, row.category))

    def _emergency_number(self, member: Member) -> str | None:
        number = self._resources.emergency_number(member.country)
        return None if number is None else number.number

    async def _lines(self, tx: Transaction, member: Member, category: str | None) -> tuple[Field, ...]:
        """The helplines to show; none, if anything is wrong with a list: the answer itself must go out."""
        try:
            return await self._resources.crisis_fields(tx, member, category)
        except Exception as error:
            log.error("no helplines for a case: %s", where(error))
            return ()

    @staticmethod
    async def _member(tx: Transaction, row: tables.CaseRow) -> Member:
        if row.member_id is None:
            raise LookupError(f"case {row.id} has no member any more")
        return await members.load(tx, row.member_id)

    # Addressing

    async def _to_member(
        self, tx: Transaction, row: tables.CaseRow, content: Content, *, key: str, now: datetime
    ) -> None:
        await self._to_person(tx, row, row.member_id, content, key=f"member:{key}", now=now)

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
        )

    async def _to_rooms(
        self, tx: Transaction, row: tables.CaseRow, content: Content, *, key: str, now: datetime
    ) -> int:
        return await self._to_kind(tx, row, "peers", content, key=key, now=now)

    async def _to_kind(
        self, tx: Transaction, row: tables.CaseRow, kind: str, content: Content, *, key: str, now: datetime
    ) -> int:
        stored = await tx.session.get_one(tables.Community, row.community_id)
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


async def drop_pages(tx: Transaction, case_id: int) -> None:
    """A taken or ended case pages nobody any more."""
    delivery = tables.Delivery
    await tx.session.execute(
        update(delivery)
        .where(delivery.case_id == case_id, delivery.state == "pending", delivery.key.startswith("page:"))
        .values(state="expired", reason="the case needs nobody any more")
    )
