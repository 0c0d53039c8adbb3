"""Somebody has left a server or a room: a peer who cannot be reached any more is called for nothing more, at once."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import func, select

from bot.core.community import PlaceKind
from bot.core.content import Content
from bot.core.people import Member
from bot.core.roles import Action, Role, may
from bot.core.words import Text, _
from bot.delivery.outbox import Priority
from bot.services import members
from bot.services.duty.breaks import Breaks
from bot.services.duty.words import A_PEER
from bot.services.escalations import Escalations
from bot.services.voice import Voice
from bot.storage.database import Database, Transaction
from bot.storage.relay_tables import CasePlace
from bot.storage.tables import CaseRow, Delivery, Identity, Place

LEFT_WITH = frozenset({PlaceKind.SERVER.value, PlaceKind.PEERS.value})
"""Who leaves one of these is not there as a peer any more; whoever leaves a lobby may still be among the peers."""


class Departures:
    """What follows for a peer: others are called for their cases, and the organizers know."""

    def __init__(
        self,
        database: Database,
        voice: Voice,
        escalations: Escalations,
        breaks: Breaks,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._voice = voice
        self._escalations = escalations
        self._breaks = breaks
        self._now = now

    async def left(self, platform: str, account: str, address: str, *, found_out: bool = False) -> None:
        """The account is not in that server or room any more. Most who leave are nobody's peers: that is only read.

        `found_out`: nothing follows a second time, unless they were heard there since the first.
        """
        async with self._database.read() as tx:
            member_id = await _peer(tx, platform, account, address)
            if found_out and member_id is not None and await _was_told(tx, member_id, platform):
                return
            in_a_case = await _in_a_case(tx, platform, account, address) if member_id is None else None
        if in_a_case is not None:
            async with self._database.begin() as tx:
                await self._escalations.left_place(tx, in_a_case, platform, address, now=self._now())
        if member_id is None:
            return
        async with self._database.begin() as tx:
            await self._gone(tx, await members.load(tx, member_id), platform, now=self._now())

    async def _gone(self, tx: Transaction, peer: Member, platform: str, *, now: datetime) -> None:
        elsewhere = await self._voice.private_address(tx, peer, but=platform)
        if elsewhere is None:
            # On a break: no rota counts with them, and no step but a policy's last calls them.
            await self._breaks.begin(tx, peer, now=now)
            await self._escalations.on_gone(tx, peer, now=now)
        else:
            await self._escalations.left_place(tx, peer.id, platform, now=now)
        name = peer.name or A_PEER
        text: Text = _(
            "They are off the rota from now on, and others are called for whoever was with them. If they are back, they"
            " say “back”; if they are gone for good, take them out of the community's file."
        )
        if elsewhere is not None:
            text = _("I still reach them on {platform}, so they stay on the rota.", platform=elsewhere.platform.title())
        content = Content(title=_("{name} has left on {platform}", name=name, platform=platform.title()), text=text)
        for person in await members.with_roles(tx, peer.community.id, {Role.ORGANIZER}):
            if person != peer.id:
                to = await members.load(tx, person)
                key = f"left:{peer.id}:{platform}:{int(now.timestamp()) // 60}:{person}"
                await self._voice.to_member(
                    tx, to, content, key=key, priority=Priority.REPLY, now=now, about_id=peer.id
                )


async def _was_told(tx: Transaction, peer_id: int, platform: str) -> bool:
    """Whether the organizers know already that the peer has left, and the peer was not heard there since."""
    told, heard = Delivery, Identity
    at = select(func.max(told.due_at)).where(told.key.startswith(f"left:{peer_id}:{platform}:"))
    seen = select(func.max(heard.last_seen_at)).where(heard.member_id == peer_id, heard.platform == platform)
    told_at, seen_at = await tx.session.scalar(at), await tx.session.scalar(seen)
    return told_at is not None and (seen_at is None or seen_at < told_at)


async def _in_a_case(tx: Transaction, platform: str, account: str, address: str) -> int | None:
    """The member who has the account, if that is the place of a case."""
    theirs = (
        select(Identity.member_id)
        .join(CaseRow, CaseRow.community_id == Identity.community_id)
        .join(CasePlace, CasePlace.case_id == CaseRow.id)
        .where(CasePlace.platform == platform, CasePlace.address == address, CasePlace.closed_at.is_(None))
        .where(Identity.platform == platform, Identity.account == account)
    )
    return await tx.session.scalar(theirs.limit(1))


async def _peer(tx: Transaction, platform: str, account: str, address: str) -> int | None:
    """The member of the place's community who has the account, if they may take cases."""
    place = select(Place.community_id, Place.kinds).where(Place.platform == platform, Place.address == address)
    found = (await tx.session.execute(place.limit(1))).one_or_none()
    if found is None or not LEFT_WITH & set(found.kinds):
        return None
    theirs = select(Identity.member_id).where(
        Identity.community_id == found.community_id, Identity.platform == platform, Identity.account == account
    )
    member_id = await tx.session.scalar(theirs)
    if member_id is None:
        return None
    return member_id if may((await members.load(tx, member_id)).roles, Action.TAKE_CASE) else None
