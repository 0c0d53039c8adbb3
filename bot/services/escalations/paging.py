"""Pages: whom a step of a policy calls, and what they read."""

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from bot.core.content import Content, Field
from bot.core.crisis import Severity
from bot.core.escalation import Page
from bot.core.faults import where
from bot.core.people import Member
from bot.core.policy import Step, Whom
from bot.core.roles import MAY_BE_PAGED, OVERSEERS, Role
from bot.core.words import Text, _
from bot.delivery.outbox import Priority
from bot.services import members, spoken
from bot.services.escalations import flood_words, held_words, store, words
from bot.services.escalations.duty import Duty, EveryPeer
from bot.services.escalations.fitting import fitting
from bot.services.escalations.followup import former_peer
from bot.services.escalations.relay import in_case
from bot.services.renewing import renew
from bot.services.voice import Voice
from bot.storage import tables
from bot.storage.database import Transaction

log = logging.getLogger(__name__)

BESIDE = "beside"
"""How the keys of pages begin that call others beside the holder of a case."""

BULK = {"synchronize_session": False}
"""Such a statement changes rows that no session has loaded."""

FLOOD_CASES = 12
"""So many cases of one community, opened within `FLOOD_WINDOW` and not taken, are told in one page with their number:
a hundred pages, one for each, would hide the people among them. An emergency is paged about alone, unless there are as
many emergencies: then their one page names each of them, and is renewed at once whenever another comes."""

FLOOD_WINDOW = timedelta(minutes=10)

FLOOD_PAUSE = timedelta(minutes=3)
"""In a flood each person and each room is paged at most once in this time, and once about emergencies."""

FLOOD_STALE = timedelta(hours=1)
"""After this the number of cases in a page means nothing any more; there have been newer ones."""

_OF_THE_ROSTER = {Whom.ON_CALL, Whom.PEERS, Whom.ROOM}
"""Steps that call whom the rota names, which knows of itself who is in danger."""

_WAITING = "cases as grave that wait"
"""Under this a transaction knows, of a case that it opens, how many there are."""


class Paging:
    """Puts pages into the outbox. `duty` knows who may be called."""

    def __init__(self, voice: Voice, duty: Duty) -> None:
        self._voice = voice
        self._duty = duty

    async def page(self, tx: Transaction, row: tables.CaseRow, page: Page, *, now: datetime) -> bool:
        """Page those whom the step names; False if there is nobody."""
        whom = page.step.whom.value
        log.info("case %d: page %d to %s", row.id, page.number, whom)
        await store.note(tx, row.id, f"page {page.number}: {whom}", None, now=now)
        reached = await self._to_step(tx, row, page.step, page.number, last=page.last, now=now)
        if reached and page.again:  # a step that reaches nobody is followed by the last resort
            await self._to_overseers_too(tx, row, page, now=now)
        return reached

    async def _to_overseers_too(self, tx: Transaction, row: tables.CaseRow, page: Page, *, now: datetime) -> None:
        """The last step has called in vain: all moderators and organizers are called beside those whom it names."""
        step, number = page.step, page.number
        told = set(await self._called(tx, row, step, last=True, now=now)) if step.privately else set()
        overseers = await members.with_roles(tx, row.community_id, OVERSEERS)
        others = await _not_in_danger(tx, (person for person in overseers if person not in told))
        await self._to_people(tx, row, others, number=number, now=now)
        if not (step.in_rooms and step.whom in {Whom.MODERATORS, Whom.ORGANIZERS}):
            await self._to_rooms(tx, row, "moderators", key=f"{_prefix(row, number)}:mods", now=now)

    async def page_beside(self, tx: Transaction, row: tables.CaseRow, step: Step, *, now: datetime) -> bool:
        """Page those whom the step names about an emergency in a case that somebody has; False if there is nobody."""
        log.info("case %d: %s are called beside its holder", row.id, step.whom.value)
        await store.note(tx, row.id, f"{store.BESIDE}{step.whom.value}", None, now=now)
        return await self._to_step(tx, row, step, row.pages, last=False, now=now)

    async def _to_step(
        self, tx: Transaction, row: tables.CaseRow, step: Step, number: int, *, last: bool, now: datetime
    ) -> bool:
        overseers = step.whom in {Whom.MODERATORS, Whom.ORGANIZERS}
        if overseers and step.privately and await self._overseers_are_in_danger(tx, row):
            return False  # perhaps nobody else reads their room
        reached = 0
        if step.in_rooms:
            kind, name = ("moderators", "mods") if overseers else ("peers", "room")
            reached += await self._to_rooms(tx, row, kind, key=f"{_prefix(row, number)}:{name}", now=now)
        if step.privately:
            called = await self._called(tx, row, step, last=last, now=now)
            order = await fitting(tx, row, called, step.wait)
            reached += await self._to_people(tx, row, order.first, number=number, now=now)
            later = now + order.pause
            reached += await self._to_people(tx, row, order.others, number=number, now=now, due_at=later)
        return reached > 0

    @staticmethod
    async def _overseers_are_in_danger(tx: Transaction, row: tables.CaseRow) -> bool:
        """Whether somebody comes to each of the moderators and organizers themselves."""
        overseers = await members.with_roles(tx, row.community_id, OVERSEERS)
        return bool(overseers) and not await _not_in_danger(tx, overseers)

    async def others_may_come(self, tx: Transaction, row: tables.CaseRow, by: int) -> bool:
        """Whether anybody else than this person can be called for the case who is not in danger themselves."""
        helpers = await members.with_roles(tx, row.community_id, MAY_BE_PAGED)
        return bool(await _not_in_danger(tx, (one for one in helpers if one not in {by, row.member_id})))

    async def is_off(self, tx: Transaction, community_id: int, person: int, *, now: datetime) -> bool:
        """Whether nobody may count on this person just now; a rota that cannot be read says nothing of them."""
        try:
            async with tx.session.begin_nested():
                return await self._duty.is_off(tx, community_id, person, now)
        except Exception as error:
            log.error("community %d: its rota cannot be read; nobody counts as off: %s", community_id, where(error))
            return False

    async def takes_a_break(self, tx: Transaction, person: Member, *, now: datetime) -> bool:
        """Whether a person is off, as `Duty` says; one whose roster cannot be read is not."""
        try:
            async with tx.session.begin_nested():
                return await self._duty.takes_a_break(tx, person.community.id, person.id, now)
        except Exception as error:
            log.error("community %d: its roster cannot be read: %s", person.community.id, where(error))
            return False

    async def who_else(self, tx: Transaction, row: tables.CaseRow, *, now: datetime) -> list[int]:
        """Who could have a case instead: those who are on, else all who may be called."""
        on = await self._on_call(tx, row.community_id, now) or await self._available(tx, row.community_id, now)
        return [person for person in on if person not in in_case(row)]

    async def last_resort(self, tx: Transaction, row: tables.CaseRow, *, now: datetime) -> bool:
        """Page all moderators and organizers, in their rooms too, and all peers who may be called.

        If that is nobody, or all of them are in danger, all who are not, also those who are off; if there is nobody
        else, whoever is in danger, too. False if there is nobody at all.
        """
        await store.note(tx, row.id, f"page {row.pages}: everybody", None, now=now)
        overseers = await members.with_roles(tx, row.community_id, OVERSEERS)
        peers = await self._available(tx, row.community_id, now)
        everybody = await members.with_roles(tx, row.community_id, MAY_BE_PAGED)
        called = await _not_in_danger(tx, dict.fromkeys((*overseers, *peers)))
        if overseers and not called:
            called = await _not_in_danger(tx, everybody)
        people = await self._to_people(tx, row, called, number=row.pages, now=now)
        reached = people + await self._to_rooms(tx, row, "moderators", key=f"{_prefix(row, row.pages)}:mods", now=now)
        # In a room whose people are all in danger perhaps nobody reads it.
        if not reached or (overseers and not people):
            reached += await self._to_people(tx, row, everybody, number=row.pages, now=now)
        if not reached:
            log.error(
                "case %d: there is nobody to page in this community; add peers to its file and run"
                " 'handrail community apply'",
                row.id,
            )
        return reached > 0

    async def page_former_peer(self, tx: Transaction, row: tables.CaseRow, *, now: datetime) -> None:
        """Who was with the member in the case that they are still asked about is called, if they may be."""
        peer = None if row.member_id is None else await former_peer(tx, row.member_id)
        if peer is not None and peer in await self._available(tx, row.community_id, now):
            title = _("You were with them last time (case {number})", number=row.id)
            await self._to_people(tx, row, (peer,), number=0, title=title, now=now)

    # Whom

    async def _called(
        self, tx: Transaction, row: tables.CaseRow, step: Step, *, last: bool, now: datetime
    ) -> Iterable[int]:
        """The people of a step. Who is off, full or resting is called by a policy's last step only.

        Who is in danger themselves is called by none: only if nobody else can be reached, by `last_resort`.
        """
        community = row.community_id
        helpers = await members.with_roles(tx, community, MAY_BE_PAGED)
        if last or step.whom not in _OF_THE_ROSTER:
            helpers = await _not_in_danger(tx, helpers)
        peers = await members.with_roles(tx, community, {Role.PEER})
        available = peers if last else await self._available(tx, community, now)
        match step.whom:
            case Whom.ON_CALL:
                called: Iterable[int] = await self._on_call(tx, community, now)
            case Whom.PEER:
                called = () if step.member is None else (step.member,)
            case Whom.PEERS | Whom.ROOM:
                called = available
            case Whom.MODERATORS:
                called = await members.with_roles(tx, community, OVERSEERS)
            case Whom.ORGANIZERS:
                called = await members.with_roles(tx, community, {Role.ORGANIZER})
        off = set(peers) - set(available)
        return [person for person in dict.fromkeys(called) if person in helpers and person not in off]

    async def _on_call(self, tx: Transaction, community_id: int, now: datetime) -> Iterable[int]:
        try:
            async with tx.session.begin_nested():
                return await self._duty.on_call(tx, community_id, now)
        except Exception as error:
            log.error("community %d: its rota cannot be read; all peers are called: %s", community_id, where(error))
            return await EveryPeer().on_call(tx, community_id, now)

    async def _available(self, tx: Transaction, community_id: int, now: datetime) -> Iterable[int]:
        try:
            async with tx.session.begin_nested():
                return await self._duty.available(tx, community_id, now)
        except Exception as error:
            log.error("community %d: its rota cannot be read; all peers are called: %s", community_id, where(error))
            return await EveryPeer().available(tx, community_id, now)

    # To whom

    async def _to_people(
        self,
        tx: Transaction,
        row: tables.CaseRow,
        people: Iterable[int],
        *,
        number: int,
        title: Text | None = None,
        now: datetime,
        due_at: datetime | None = None,
    ) -> int:
        people = tuple(people)
        if not people:
            return 0
        flood = await _flood(tx, row, now=now)
        content = flood or await self._content(tx, row, number, now=now)
        if title is not None and not flood:
            content = replace(content, title=title)
        case_id, reached = row.id, 0
        for person_id in people:
            if person_id in in_case(row):
                continue
            key = f"{_prefix(row, number)}:{person_id}"
            try:
                async with tx.session.begin_nested():
                    person = await members.load(tx, person_id)
                    reached += await self._voice.to_member(
                        tx,
                        person,
                        content,
                        key=_flood_key(row, str(person_id), now) if flood else key,
                        priority=Priority.CRISIS,
                        now=now,
                        due_at=due_at,
                        expires_at=now + FLOOD_STALE if flood else None,
                        case_id=None if flood else case_id,
                        about_id=None if flood else row.member_id,
                        everywhere=True,
                    )
                    if flood:
                        await self._renew(tx, row, str(person_id), flood, person.language, now=now)
                    await store.note(tx, case_id, "counted in a page" if flood else "paged", person_id, now=now)
            except Exception as error:
                # Nobody else is kept from being paged; not log.exception, whose message may hold somebody's words.
                log.error("case %d: member %d cannot be paged: %s", case_id, person_id, where(error))
        return reached

    async def _to_rooms(self, tx: Transaction, row: tables.CaseRow, kind: str, *, key: str, now: datetime) -> int:
        flood = await _flood(tx, row, now=now)
        community = members.community_of(await tx.get(tables.Community, row.community_id), tx)
        reached = await self._voice.to_places(
            tx,
            community,
            kind,
            flood or await self._content(tx, row, row.pages, now=now),
            key=_flood_key(row, kind, now) if flood else key,
            priority=Priority.CRISIS,
            now=now,
            expires_at=now + FLOOD_STALE if flood else None,
            case_id=None if flood else row.id,
            about_id=None if flood else row.member_id,
        )
        if flood:
            await self._renew(tx, row, kind, flood, community.language, now=now)
        return reached

    async def _renew(
        self, tx: Transaction, row: tables.CaseRow, receiver: str, flood: Content, language: str, *, now: datetime
    ) -> None:
        """The one page about many emergencies names this one, too, where it was said without it."""
        if row.severity != Severity.EMERGENCY:
            return
        delivery, key = tables.Delivery, _flood_key(row, receiver, now)
        said = or_(delivery.key == key, delivery.key.startswith(f"{key}:"))
        pages = await tx.session.scalars(select(delivery).where(said).order_by(delivery.id))
        earlier = [page for page in pages if page.created_at != now or page.state != "pending"]  # this one is not
        by, stale = f"{row.id}:{row.pages}", now + FLOOD_STALE
        await renew(tx, self._voice, earlier, flood, language, by=by, now=now, expires_at=stale)

    # What

    async def _content(self, tx: Transaction, row: tables.CaseRow, number: int, *, now: datetime) -> Content:
        severity, known = store.case_of(row).severity, await facts(tx, row, now=now)
        if await store.is_graver(tx, row):
            known = (*known, words.graver())
        if row.holder is not None:
            name = (await members.load(tx, row.holder)).name or words.A_PEER
            return held_words.page_beside(row.id, name, severity, known)
        minutes = int((now - row.opened_at).total_seconds() // 60)
        return words.page(row.id, number, severity, known, minutes)


async def _not_in_danger(tx: Transaction, people: Iterable[int]) -> list[int]:
    """These people but for whom somebody comes to themselves."""
    people = list(people)
    in_danger = await store.in_danger(tx, people)
    return [person for person in people if person not in in_danger]


def note_waiting(tx: Transaction, row: tables.CaseRow, waiting: int, emergencies: int) -> None:
    """How many cases of its community nobody has as this one opens; all of them were opened within `FLOOD_WINDOW`."""
    tx.known(_WAITING)[row.id] = emergencies if row.severity == Severity.EMERGENCY else waiting


async def _flood(tx: Transaction, row: tables.CaseRow, *, now: datetime) -> Content | None:
    """What is said instead of a page, if there are so many cases as grave that one for each would hide them."""
    # Whoever already waits longer than a flood lasts is paged about alone, as everybody is.
    if row.holder is not None or row.opened_at <= now - FLOOD_WINDOW:
        return None
    if tx.known(_WAITING).get(row.id, FLOOD_CASES) < FLOOD_CASES:
        return None
    case = tables.CaseRow
    waiting = select(case.id, case.severity).where(
        case.community_id == row.community_id,
        case.open_for.is_not(None),
        case.holder.is_(None),
        case.opened_at > now - FLOOD_WINDOW,
    )
    cases = (await tx.session.execute(waiting.order_by(case.id))).all()
    emergencies = [each.id for each in cases if each.severity == Severity.EMERGENCY]
    if len(emergencies if row.severity == Severity.EMERGENCY else cases) < FLOOD_CASES:
        return None
    minutes = FLOOD_WINDOW // timedelta(minutes=1)
    if row.severity == Severity.EMERGENCY:
        return flood_words.flood_of_emergencies(emergencies, minutes)
    return flood_words.flood(len(cases), len(emergencies), minutes)


def _prefix(row: tables.CaseRow, number: int) -> str:
    """How the keys of a case's pages begin; those beside its holder are needed although it has one."""
    return f"page:{row.id}:{number}" if row.holder is None else f"{BESIDE}:{row.id}:{row.version}"


def is_page(key: str) -> bool:
    """Whether a delivery of this key calls people to a case."""
    return key.startswith("page:") or is_beside(key)


def is_beside(key: str) -> bool:
    """Whether it calls them beside the holder."""
    return key.startswith(f"{BESIDE}:")


def _flood_key(row: tables.CaseRow, receiver: str, now: datetime) -> str:
    """The same for all cases of a community as grave whose pages come to the receiver within `FLOOD_PAUSE`."""
    kind = ":emergency" if row.severity == Severity.EMERGENCY else ""
    return f"page:flood:{row.community_id}{kind}:{int(now.timestamp() // FLOOD_PAUSE.total_seconds())}:{receiver}"


async def facts(tx: Transaction, row: tables.CaseRow, *, now: datetime) -> tuple[Field, ...]:
    """What a peer is told about a case."""
    member = await members.load(tx, row.member_id) if row.member_id is not None else None
    seen = await store.lateness(tx, row.id)
    unreached: tuple[Field, ...] = ()
    if await store.is_unreached(tx, row):
        unreached = (words.unreached(await accounts_of(tx, row)),)
    known = words.case_facts(
        row.id,
        category=row.category,
        excerpt=store.excerpt_of(tx, row),
        link=store.link_of(tx, row),
        country=member.country if member else "?",
        language=spoken.spoken_by(tx, member) if member else "?",
        how=row.opened_by,
        written=None if seen is None else words.written(seen[0], now - seen[1]),
    )
    return (*unreached, *known)


async def accounts_of(tx: Transaction, row: tables.CaseRow) -> str:
    """Where people can write to the member themselves."""
    identity = tables.Identity
    found = select(identity).where(identity.member_id == row.member_id).order_by(identity.id)
    return ", ".join(f"{one.platform}: {one.account}" for one in await tx.session.scalars(found))


async def withdraw_from(tx: Transaction, member_id: int) -> None:
    """Nobody reads of others' cases who is no peer any more, also what could not be brought to them before."""
    delivery, case = tables.Delivery, tables.CaseRow
    of_others = select(case.id).where(or_(case.member_id.is_(None), case.member_id != member_id))
    about_others = or_(delivery.case_id.in_(of_others), delivery.key.startswith("page:"))
    theirs = (delivery.state == "pending", delivery.member_id == member_id, about_others)
    values = {"state": "expired", "reason": "they are no peer any more"}
    await tx.session.execute(update(delivery).where(*theirs).values(values), execution_options=BULK)


async def waiting_for(tx: Transaction, person: Member) -> list[int]:
    """The open cases that nobody has, and for which this person was paged privately, the oldest first."""
    case, delivery = tables.CaseRow, tables.Delivery
    query = (
        select(case.id)
        .join(delivery, delivery.case_id == case.id)
        .where(
            case.community_id == person.community.id,
            case.open_for.is_not(None),
            case.open_for != person.id,
            case.holder.is_(None),
            delivery.member_id == person.id,
            delivery.kind == "direct",
            delivery.state == "sent",
            delivery.key.startswith("page:"),
        )
    )
    return list(await tx.session.scalars(query.distinct().order_by(case.id)))


async def drop_pages(tx: Transaction, case_id: int) -> None:
    """A case whose peer is there, or that has ended, pages nobody any more."""
    delivery = tables.Delivery
    is_page = or_(delivery.key.startswith("page:"), delivery.key.startswith(f"{BESIDE}:"))
    await tx.session.execute(
        update(delivery)
        .where(delivery.case_id == case_id, delivery.state == "pending", is_page)
        .values(state="expired", reason="the case needs nobody any more")
    )
