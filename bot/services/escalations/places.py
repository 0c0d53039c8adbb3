"""Where a case is talked about: a place of its own for its peers, on each platform where one of them is.

It is opened by the delivery that tells a peer of their case, so nothing waits for it: where it cannot be, the same
words come to them privately, and so does everything after that. Once it has arrived there, what is said in the case
goes to that place, once for all who are in it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Select, bindparam, delete, select

from bot.core.content import Apart, Content, Field, Upon
from bot.core.inbound import CASE
from bot.core.people import Member
from bot.core.platform import Address, Receipt
from bot.core.roles import Role
from bot.delivery.outbox import EDIT, Claimed, Message, Priority
from bot.services import members
from bot.services.call import Call
from bot.services.escalations import place_words, store
from bot.services.rooms import of_kind
from bot.services.voice import Voice
from bot.storage import tables
from bot.storage.database import Transaction
from bot.storage.relay_tables import CasePlace

REMEMBERED, HEARD = "apart:", "last:"
"""Before the id of a place: the names under which adapters remember its key, and how far it was heard."""

CLOSES_AFTER = timedelta(hours=1)
"""How long a place stays open after its case, for the last buttons there."""

FACTS_LIMIT = 1_500
"""Characters of the facts that are kept in sight: one message on every platform, as only such a one can be edited."""

BETWEEN = 8
"""Characters that an adapter puts around each of them, at most."""


async def reads_there(call: Call) -> bool:
    """Whether who asks something in a case's place is still in it: leaving it may have been what they asked."""
    return call.member.id in await _readers(call)


async def reads_there_alone(call: Call) -> bool:
    """Whether who asks something in a case's place is the only person in it, as far as the bot has let them in."""
    return set(await _readers(call)) <= {call.member.id}


async def _readers(call: Call) -> Sequence[int]:
    inbound = call.inbound
    place = None if inbound.case is None else await call.tx.session.get(CasePlace, (inbound.case, inbound.platform))
    return () if place is None else place.people


class Places:
    """Opens and closes them, and knows who is reached in one."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    # Finding

    async def address(self, tx: Transaction, case_id: int, person: Member) -> Address | None:
        """Where somebody is told what belongs to a case: in its place where they are in one, else privately."""
        address = await self._voice.private_address(tx, person)
        if address is None:
            return None
        place = await _open_place(tx, case_id, address.platform)
        if place is None or person.id not in place.people:
            return address
        return _address(place)

    async def addresses(self, tx: Transaction, row: tables.CaseRow) -> set[tuple[str, str]]:
        """Platform and address of the places of a case that are open."""
        return {(place.platform, place.address) for place in await _open_places(tx, row.id)}

    # Opening

    async def let_in(
        self,
        tx: Transaction,
        row: tables.CaseRow,
        person: Member,
        content: Content,
        facts: Sequence[Field],
        *,
        key: str,
        now: datetime,
    ) -> None:
        """Say it to somebody who comes into a case, in its place if there can be one, with the facts in sight there."""
        address = await self._voice.private_address(tx, person)
        if address is None:
            return
        rooms = await of_kind(tx, row.community_id, "peers")
        under = next((room.id for room in rooms if room.platform == address.platform), None)
        shown, rest = _fitting(facts, self._voice, person.language)
        apart = Apart(
            key=f"{CASE}{row.id}",
            name=place_words.name(row.id),
            under=under,
            facts=shown,
            pin=await _open_place(tx, row.id, address.platform) is None,
        )
        content = replace(content, fields=(*content.fields, *rest), apart=apart)
        message = Message(
            key=f"case:{row.id}:place:{key}",
            to=address,
            content=content,
            priority=Priority.CRISIS,
            due_at=now,
            member_id=person.id,
            about_id=row.member_id,
            case_id=row.id,
        )
        await self._voice.put(tx, message, person.language, now=now)

    async def arrived(self, tx: Transaction, delivery: Claimed, receipt: Receipt, *, now: datetime) -> None:
        """Somebody was told of their case: from now on they are told in its place, if it was there."""
        upon = delivery.content.upon
        if upon is not None and upon.act in {"close", "erase"}:
            await _forget(tx, delivery.to)
        if delivery.content.apart is None or delivery.case_id is None or delivery.member_id is None:
            return
        row = await store.case_numbered(tx, delivery.case_id)
        if row is None:
            return
        if receipt.place is None:
            await self._tell_unopened(tx, row, delivery.to.platform, receipt, now=now)
            return
        place = await self._opened(tx, row, delivery.to.platform, receipt, now=now)
        if delivery.member_id not in place.people:
            place.people = [*place.people, delivery.member_id]
        if row.open_for is None:
            await self._close(tx, row, place, now=now)
        elif delivery.member_id not in {row.holder, *row.helpers}:  # they have gone in the meantime
            await self.let_out(tx, row, delivery.member_id, now=now)

    @staticmethod
    async def _opened(
        tx: Transaction, row: tables.CaseRow, platform: str, receipt: Receipt, *, now: datetime
    ) -> CasePlace:
        place = await tx.session.get(CasePlace, (row.id, platform))
        if place is None:
            place = CasePlace(case_id=row.id, platform=platform, address="", people=[], opened_at=now)
            tx.session.add(place)
        if place.address != receipt.place:  # the one before was lost
            place.address, place.people, place.facts = receipt.place or "", [], None
            place.closed_at = None
        place.facts = receipt.pinned or place.facts
        await tx.session.flush()
        return place

    async def _tell_unopened(
        self, tx: Transaction, row: tables.CaseRow, platform: str, receipt: Receipt, *, now: datetime
    ) -> None:
        """Tell the organizers, once a day, what keeps the bot from opening places; the peer was told privately."""
        content = place_words.unopened(platform, receipt.unopened)
        if content is None:
            return
        await store.note(tx, row.id, f"no place of its own: {receipt.unopened}", None, now=now)
        for person in await members.with_roles(tx, row.community_id, {Role.ORGANIZER}):
            key = f"unopened:{row.community_id}:{platform}:{now.date()}:{person}"
            to = await members.load(tx, person)
            await self._voice.to_member(tx, to, content, key=key, priority=Priority.REPLY, now=now)

    # While it is there

    async def refresh(self, tx: Transaction, row: tables.CaseRow, facts: Sequence[Field], *, now: datetime) -> None:
        """The facts have changed: the message that is kept in sight says them as they are now."""
        for place in await _open_places(tx, row.id):
            if place.facts is None:
                continue
            reader = await members.load(tx, place.people[0]) if place.people else None
            language = None if reader is None else reader.language
            shown, _rest = _fitting(facts, self._voice, language)
            upon = Upon(act="refresh", message=place.facts)
            message = Message(
                key=f"{EDIT}case:{row.id}:{place.platform}:{row.version}",
                to=_address(place),
                content=Content(title=place_words.name(row.id), fields=shown, upon=upon),
                priority=Priority.REPLY,
                due_at=now,
                about_id=row.member_id,
                case_id=row.id,
            )
            await self._voice.put(tx, message, language or "", now=now)

    async def let_out(self, tx: Transaction, row: tables.CaseRow, person_id: int, *, now: datetime) -> None:
        """Somebody is not in the case any more: they do not see its place any more either."""
        for place in await _open_places(tx, row.id):
            if person_id not in place.people:
                continue
            place.people = [one for one in place.people if one != person_id]
            identity = tables.Identity
            theirs = select(identity.account).where(
                identity.member_id == person_id, identity.platform == place.platform
            )
            for account in await tx.session.scalars(theirs):
                content = Content(text=account, upon=Upon(act="dismiss"))
                await self._do(tx, row, place, content, key=f"out:{row.version}:{account}", now=now)

    async def lost(self, tx: Transaction, row: tables.CaseRow, failed: Claimed, *, now: datetime) -> bool:
        """A place is gone: what was to be said there is said privately, and so is all that comes. False: it is none."""
        if failed.to.kind != "place":
            return False
        place = await _open_place(tx, row.id, failed.to.platform)
        if place is None or place.address != failed.to.id:
            return await self._is_closed(tx, row.id, failed.to)
        people = list(place.people)
        await tx.session.delete(place)
        await _forget(tx, failed.to)
        await store.note(tx, row.id, "place lost", None, now=now)
        for person_id in people:
            if person_id in {row.holder, *row.helpers}:
                await self._say_privately(tx, row, person_id, failed, now=now)
        return True

    async def _say_privately(
        self, tx: Transaction, row: tables.CaseRow, person_id: int, failed: Claimed, *, now: datetime
    ) -> None:
        person = await members.load(tx, person_id)
        contents: list[Content] = [place_words.lost(row.id)]
        if (again := failed.content.anew) is not None and not failed.key.startswith(EDIT):
            contents.append(again)
        for number, content in enumerate(contents):
            await self._voice.to_member(
                tx,
                person,
                content,
                key=f"{failed.key}:anew:{person_id}:{number}",
                priority=Priority.CRISIS,
                now=now,
                case_id=row.id,
                about_id=row.member_id,
            )

    @staticmethod
    async def _is_closed(tx: Transaction, case_id: int, address: Address) -> bool:
        place = await tx.session.get(CasePlace, (case_id, address.platform))
        return place is not None and place.address == address.id

    # The end

    async def close(self, tx: Transaction, row: tables.CaseRow, *, now: datetime, erased: bool = False) -> None:
        """The case has ended: an hour later nobody writes there any more. `erased`: all of it goes, and at once."""
        for place in await _open_places(tx, row.id):
            await self._close(tx, row, place, now=now, erased=erased)

    async def _close(
        self, tx: Transaction, row: tables.CaseRow, place: CasePlace, *, now: datetime, erased: bool = False
    ) -> None:
        place.closed_at = now
        content = Content(upon=Upon(act="erase" if erased else "close"))
        at = now if erased else now + CLOSES_AFTER
        await self._do(tx, row, place, content, key=f"close:{row.version}", now=now, at=at)

    async def erase_of(self, tx: Transaction, member_id: int, *, now: datetime) -> None:
        """A member erases their data: the places of their ended cases go, with all that was said there."""
        case = tables.CaseRow
        theirs = select(CasePlace, case).join(case, case.id == CasePlace.case_id)
        for place, row in (await tx.session.execute(theirs.where(case.member_id == member_id))).all():
            if place.closed_at is not None:
                await self._do(tx, row, place, Content(upon=Upon(act="erase")), key="erase", now=now)
                await tx.session.delete(place)

    async def take_out(
        self, tx: Transaction, person_id: int, platform: str, *, now: datetime, address: str | None = None
    ) -> bool:
        """A peer is not in a place any more, or on none of the platform: what is said there reaches them privately.

        Whether there was one.
        """
        case = tables.CaseRow
        query = select(CasePlace, case).join(case, case.id == CasePlace.case_id)
        query = query.where(CasePlace.platform == platform, CasePlace.closed_at.is_(None), case.open_for.is_not(None))
        found = False
        for place, row in (await tx.session.execute(query)).all():
            if person_id not in place.people or address not in {None, place.address}:
                continue
            found = True
            place.people = [one for one in place.people if one != person_id]
            if person_id in {row.holder, *row.helpers}:
                await self._voice.to_member(
                    tx,
                    await members.load(tx, person_id),
                    place_words.lost(row.id),
                    key=f"case:{row.id}:out:{row.version}:{person_id}:{int(now.timestamp())}",
                    priority=Priority.CRISIS,
                    now=now,
                    case_id=row.id,
                    about_id=row.member_id,
                )
        return found

    async def forget(self, tx: Transaction, *, now: datetime, limit: int = 50) -> int:
        """What was said in a place has been kept for as long as the community keeps it: it goes. How many."""
        case, community = tables.CaseRow, tables.Community
        done = 0
        for known in (await tx.session.execute(select(community.id, community.retention_days))).all():
            old = CasePlace.closed_at < now - timedelta(days=known.retention_days)
            theirs = select(CasePlace, case).join(case, case.id == CasePlace.case_id)
            theirs = theirs.where(old, case.community_id == known.id).limit(limit)
            for place, row in (await tx.session.execute(theirs)).all():
                await self._do(tx, row, place, Content(upon=Upon(act="erase")), key="erase", now=now)
                await tx.session.delete(place)
                done += 1
        return done

    async def _do(
        self,
        tx: Transaction,
        row: tables.CaseRow,
        place: CasePlace,
        content: Content,
        *,
        key: str,
        now: datetime,
        at: datetime | None = None,
    ) -> None:
        message = Message(
            key=f"case:{row.id}:place:{place.platform}:{key}",
            to=_address(place),
            content=content,
            priority=Priority.CRISIS,
            due_at=at or now,
            case_id=row.id,
        )
        await self._voice.put(tx, message, "", now=now)


def _fitting(facts: Sequence[Field], voice: Voice, language: str | None) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
    """As many of the facts as fit into one message, in their order, and the others."""
    words, room = voice.words(language), FACTS_LIMIT
    for number, field in enumerate(facts):
        room -= len(words.render(field.name)) + len(words.render(field.value)) + BETWEEN
        if room < 0:
            return tuple(facts[:number]), tuple(facts[number:])
    return tuple(facts), ()


def _address(place: CasePlace) -> Address:
    return Address(platform=place.platform, kind="place", id=place.address)


async def _open_place(tx: Transaction, case_id: int, platform: str) -> CasePlace | None:
    place = await tx.session.get(CasePlace, (case_id, platform))
    return place if place is not None and place.closed_at is None else None


async def _open_places(tx: Transaction, case_id: int) -> list[CasePlace]:
    return list(await tx.session.scalars(_open_places_of(), {"case": case_id}))


@cache
def _open_places_of() -> Select[CasePlace]:
    query = select(CasePlace).where(CasePlace.case_id == bindparam("case"), CasePlace.closed_at.is_(None))
    return query.order_by(CasePlace.platform)


async def _forget(tx: Transaction, to: Address) -> None:
    """The adapter need not remember any more whose place it was, and how far it was heard."""
    remembered = tables.Remembered
    names = [f"{REMEMBERED}{to.id}", f"{HEARD}{to.id}"]
    await tx.session.execute(delete(remembered).where(remembered.platform == to.platform, remembered.name.in_(names)))
