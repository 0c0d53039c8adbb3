"""Invitations: followed from allowed servers, refused from others."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import nio

from bot.core.faults import where
from bot.platforms.matrix.directs import DirectRooms
from bot.platforms.matrix.errors import Refused
from bot.platforms.matrix.events import Event
from bot.platforms.matrix.patience import OUT_OF_REACH, Waits
from bot.platforms.matrix.rooms import Rooms
from bot.platforms.matrix.session import Session
from bot.platforms.matrix.upgrades import Upgrades

log = logging.getLogger(__name__)

_ATTEMPTS = 5
_MOST_OPEN = 100


@dataclass(slots=True)
class _Invitation:
    """One invitation: who invites, whether into a direct room, and how often answering it has failed."""

    inviter: str
    is_direct: bool
    trusted: bool
    failed: int = 0


class Invitations:
    """Invitations to the bot. One that fails for the moment is tried again after the next syncs."""

    def __init__(self, session: Session, rooms: Rooms, directs: DirectRooms, upgrades: Upgrades) -> None:
        self._session = session
        self._rooms = rooms
        self._directs = directs
        self._upgrades = upgrades
        self._open: dict[str, _Invitation] = {}
        self.waits = Waits()

    @property
    def waiting(self) -> bool:
        """Whether somebody trusted still waits for the bot."""
        return any(invitation.trusted for invitation in self._open.values())

    def is_in(self, room_id: str) -> None:
        """The bot is in the room: joining may have succeeded without an answer, and what is said there counts."""
        invitation = self._open.get(room_id)
        if invitation is not None and invitation.trusted and invitation.is_direct:
            self._directs.expect(invitation.inviter, room_id)

    def take_in(self, room_id: str, state: list[Any]) -> None:
        """Note an invitation as a sync brings it."""
        for event in state:
            if (
                isinstance(event, nio.InviteMemberEvent)
                and event.state_key == self._session.user_id
                and event.membership == "invite"
                and len(self._open) < _MOST_OPEN
            ):
                trusted = self._session.account.trusts(event.sender)
                self._open[room_id] = _Invitation(event.sender, event.content.get("is_direct") is True, trusted)

    def take_in_joined(self, room_id: str, events: Iterable[Any]) -> None:
        """Note a direct invitation that was accepted by a run which ended before it wrote down whose the room is."""
        for nio_event in events:
            event = Event(nio_event.source)
            if (
                event.invites(self._session.user_id)
                and event.content.get("is_direct") is True
                and self._session.account.trusts(event.sender)
                and self._directs.owner(room_id) is None
                and len(self._open) < _MOST_OPEN
            ):
                self._open[room_id] = _Invitation(event.sender, is_direct=True, trusted=True)

    async def answer(self, deadline: float) -> None:
        """Accept or refuse what is open and due, until `deadline` in the running loop's time.

        Raises nothing for an invitation that fails: no room may keep the others from being heard.
        """
        for room_id, invitation in list(self._open.items()):
            if asyncio.get_running_loop().time() >= deadline:
                return
            if self.waits.is_due(room_id):
                await self._try(room_id, invitation, deadline)

    async def _try(self, room_id: str, invitation: _Invitation, deadline: float) -> None:
        may_pass = True
        try:
            async with asyncio.timeout_at(deadline):
                await self._answer(room_id, invitation)
        except (Refused, *OUT_OF_REACH) as trouble:
            log.warning("The invitation to Matrix room %s failed: %s", room_id, type(trouble).__name__)
            invitation.failed += 1
            may_pass = not isinstance(trouble, Refused) or trouble.may_pass
        except Exception as error:
            # The database refuses: the invitation is not to blame, and is not given up.
            log.error("The invitation to Matrix room %s failed: %s", room_id, where(error))
        else:
            may_pass = False
        if may_pass and invitation.failed < _ATTEMPTS:
            self.waits.failed(room_id)
            return
        self._open.pop(room_id, None)
        self.waits.over(room_id)

    async def _answer(self, room_id: str, invitation: _Invitation) -> None:
        if not invitation.trusted:
            log.warning("Refused an invitation to Matrix room %s from a server that is not allowed", room_id)
            await self._rooms.leave(room_id)
            return
        await self._rooms.join(room_id, via=invitation.inviter)
        log.info("Joined Matrix room %s", room_id)
        if invitation.is_direct:
            await self._directs.mark(invitation.inviter, room_id)
        await self._upgrades.joined_by_invitation(room_id)
