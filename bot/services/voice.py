"""Saying things: finds where a person or a room is, in which language, and puts the message into the outbox."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Select, bindparam, select

from bot.core.content import Content
from bot.core.inbound import Inbound
from bot.core.people import Community, Member
from bot.core.platform import Address
from bot.core.words import ENGLISH, Words
from bot.delivery.many import ToMany, enqueue_each
from bot.delivery.outbox import Message, Priority, enqueue
from bot.services import rooms, spoken
from bot.services.offer import with_a_person, with_its_language
from bot.storage.database import Transaction
from bot.storage.tables import CaseRow, Identity
from bot.storage.tables import Member as MemberRow

# Built once: that takes longer than the answer.
_IDENTITY: Any = Identity.__table__.c
_IDENTITIES = (
    select(_IDENTITY.platform, _IDENTITY.account, _IDENTITY.last_place)
    .where(_IDENTITY.member_id == bindparam("member"))
    .order_by(_IDENTITY.last_seen_at.desc())
)

_HAS_OPEN_CASE = select(CaseRow.id).where(CaseRow.open_for == MemberRow.id).exists()


class Truthful(Protocol):
    """Makes what is said to a member privately true for them, whatever is true for others."""

    async def __call__(self, tx: Transaction, member: Member, content: Content, *, now: datetime) -> Content:
        """The content, still to be rendered."""


class Voice:
    """Puts messages to people and rooms into the outbox, in the caller's transaction.

    `languages` are the catalogues by language; `wake` is called once the messages are stored; `claim` lets a sender
    that is free take what is said in a crisis in the same transaction; `truthful` makes what is said to somebody
    privately true for them.
    """

    def __init__(
        self,
        languages: Mapping[str, Words],
        wake: Callable[[], None],
        claim: Callable[[Transaction], Awaitable[None]] | None = None,
        truthful: Truthful | None = None,
    ) -> None:
        self._languages = languages
        self._truthful = truthful
        self._wake = wake
        self._claim = claim

    @property
    def languages(self) -> Collection[Words]:
        """All catalogues there are."""
        return self._languages.values()

    def words(self, language: str | None) -> Words:
        """The catalogue of a language, English where there is none."""
        return self._languages.get((language or "").split("-")[0], ENGLISH)

    def language_for(self, tx: Transaction, member: Member) -> str:
        """The language in which a member is written to: how they were heard counts where there are words in it."""
        heard = spoken.spoken_by(tx, member)
        return heard if heard in self._languages else spoken.chosen_by(tx, member) or member.community.language

    def offering(self, tx: Transaction, member: Member, content: Content) -> Content:
        """`content`, with the offer to go on in its language if that is neither chosen nor the community's."""
        language = self.language_for(tx, member)
        is_usual = language == member.community.language or spoken.chosen_by(tx, member) is not None
        return content if is_usual else with_its_language(content, language)

    async def true_for(self, tx: Transaction, member: Member, content: Content, *, now: datetime) -> Content:
        """`content` as it is true for a member to whom it is said privately; before it is rendered."""
        return content if self._truthful is None else await self._truthful(tx, member, content, now=now)

    async def to_member(
        self,
        tx: Transaction,
        member: Member,
        content: Content,
        *,
        key: str,
        priority: Priority,
        now: datetime,
        due_at: datetime | None = None,
        expires_at: datetime | None = None,
        case_id: int | None = None,
        about_id: int | None = None,
        everywhere: bool = False,
    ) -> bool:
        """Say it to somebody privately, where they were last seen; False if they have no account any more.

        `about_id`: the member whose words it holds, if that is somebody else; `everywhere`: on each platform where
        they have an account, there where they were last seen.
        """
        addresses = await self._private_addresses(tx, member)
        content = await self.true_for(tx, member, content, now=now)
        for address in addresses if everywhere else addresses[:1]:
            await self._put(
                tx,
                Message(
                    key=key if address is addresses[0] else f"{key}:{address.platform}",
                    to=address,
                    content=content.rendered(self.words(self.language_for(tx, member))),
                    priority=priority,
                    due_at=due_at or now,
                    expires_at=expires_at,
                    member_id=member.id,
                    case_id=case_id,
                    about_id=about_id,
                ),
                now=now,
            )
        return bool(addresses)

    async def to_many(
        self,
        tx: Transaction,
        to: Select[*tuple[Any, ...]],
        content: Content,
        *,
        language: str,
        priority: Priority,
        now: datetime,
        due_at: datetime | None = None,
        expires_at: datetime | None = None,
    ) -> int:
        """Say the same to each member that `to` selects with the delivery's key; to how many.

        All of them read `language`, and `content` holds nobody's own words. Under it stands the button that calls a
        person, but not for whom it calls nobody.
        """
        words = self.words(language)
        message = ToMany(
            content=with_a_person(content).rendered(words),
            priority=priority,
            due_at=due_at or now,
            expires_at=expires_at,
        )
        put = 0
        paused = select(MemberRow.id).where(MemberRow.paused_until > now, ~_HAS_OPEN_CASE)
        if await tx.session.scalar(paused.limit(1)) is not None:
            who = to.selected_columns.member_id
            without = replace(message, content=content.rendered(words))
            put, to = await enqueue_each(tx, to.where(who.in_(paused)), without, now=now), to.where(who.not_in(paused))
        put += await enqueue_each(tx, to, message, now=now)
        if put:
            tx.after_commit(self._wake)
            await tx.announce()
        return put

    async def to_places(
        self,
        tx: Transaction,
        community: Community,
        kind: str,
        content: Content,
        *,
        key: str,
        priority: Priority,
        now: datetime,
        expires_at: datetime | None = None,
        case_id: int | None = None,
        about_id: int | None = None,
    ) -> int:
        """Say it in the community's rooms of that kind; in how many."""
        found = await rooms.of_kind(tx, community.id, kind)
        for room in found:
            await self._put(
                tx,
                Message(
                    key=f"{key}:{room.platform}:{room.id}",
                    to=room,
                    content=content.rendered(self.words(community.language)),
                    priority=priority,
                    due_at=now,
                    expires_at=expires_at,
                    case_id=case_id,
                    about_id=about_id,
                ),
                now=now,
            )
        return len(found)

    async def to_stranger(
        self, tx: Transaction, inbound: Inbound, content: Content, *, key: str, now: datetime
    ) -> None:
        """Say it privately to an account that belongs to no community."""
        to = Address(platform=inbound.platform, kind="direct", id=inbound.account)
        rendered = content.rendered(self.words(inbound.language))
        await self._put(tx, Message(key=key, to=to, content=rendered, priority=Priority.CRISIS, due_at=now), now=now)

    async def answer(
        self,
        tx: Transaction,
        inbound: Inbound,
        content: Content,
        *,
        private: bool,
        key: str,
        member: Member | None,
        now: datetime,
    ) -> None:
        """Answer where somebody has asked; privately, if the answer is private and the place is not.

        In a place apart others may be, so there it is the caller who tells whether they may read it.
        """
        direct = private if inbound.apart is not None else private or inbound.private
        to = Address(
            platform=inbound.platform,
            kind="direct" if direct else "place",
            id=inbound.account if direct else inbound.place,
            fallback=None if inbound.private else inbound.place,
        )
        if direct and inbound.apart is not None and member is not None:
            # Under the place of a case no private thread can be opened for somebody whose chat is closed.
            known = await self.private_address(tx, member, platform=inbound.platform)
            to = replace(to, fallback=None if known is None else known.fallback)
        message = Message(
            key=key,
            to=to,
            content=content,
            priority=Priority.REPLY,
            due_at=now,
            member_id=member.id if member else None,
        )
        await self._put(tx, message, now=now)

    async def private_address(
        self, tx: Transaction, member: Member, *, platform: str | None = None, but: str | None = None
    ) -> Address | None:
        """Where a member is written to privately, where they were seen last: on that `platform`, and not on `but`."""
        for address in await self._private_addresses(tx, member):
            if platform in {None, address.platform} and address.platform != but:
                return address
        return None

    async def _private_addresses(self, tx: Transaction, member: Member) -> list[Address]:
        """Where a member can be written to privately, one on each platform: first where they were seen last."""
        identities = await tx.rows(_IDENTITIES, {"member": member.id})
        found: dict[str, Address] = {}
        for identity in identities:
            if identity.platform in found:
                continue
            fallback = identity.last_place
            if fallback is None:
                lobby = [
                    p for p in await rooms.of_kind(tx, member.community.id, "lobby") if p.platform == identity.platform
                ]
                fallback = lobby[0].id if lobby else None
            found[identity.platform] = Address(
                platform=identity.platform, kind="direct", id=identity.account, fallback=fallback
            )
        return list(found.values())

    async def put(self, tx: Transaction, message: Message, language: str, *, now: datetime) -> None:
        """Put a message into the outbox whose address is known, with its content still to be rendered."""
        content = message.content.rendered(self.words(language))
        await self._put(tx, replace(message, content=content), now=now)

    async def _put(self, tx: Transaction, message: Message, *, now: datetime) -> None:
        await enqueue(tx, message, now=now)
        if self._claim is not None and message.priority is Priority.CRISIS:
            tx.before_commit(self._claim)
        tx.after_commit(self._wake)
        await tx.announce()
