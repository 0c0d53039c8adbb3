"""Invitations: followed from allowed servers, refused from others."""

import logging
from typing import Any

import nio

from bot.platforms.matrix.directs import DirectRooms
from bot.platforms.matrix.errors import Refused
from bot.platforms.matrix.rooms import Rooms
from bot.platforms.matrix.session import Session
from bot.platforms.matrix.upgrades import Upgrades

log = logging.getLogger(__name__)

_ATTEMPTS = 5
_MOST_OPEN = 100


class Invitations:
    """Invitations to the bot. One that fails for the moment is tried again after the next syncs."""

    def __init__(self, session: Session, rooms: Rooms, directs: DirectRooms, upgrades: Upgrades) -> None:
        self._session = session
        self._rooms = rooms
        self._directs = directs
        self._upgrades = upgrades
        self._open: dict[str, tuple[str, bool, int]] = {}

    def take_in(self, room_id: str, state: list[Any]) -> None:
        """Note an invitation as a sync brings it."""
        for event in state:
            if (
                isinstance(event, nio.InviteMemberEvent)
                and event.state_key == self._session.user_id
                and event.membership == "invite"
                and len(self._open) < _MOST_OPEN
            ):
                self._open[room_id] = (event.sender, event.content.get("is_direct") is True, 1)

    async def answer(self) -> None:
        """Accept or refuse what is open; raises a connection's error, after which it can be called again."""
        for room_id, (inviter, is_direct, attempt) in list(self._open.items()):
            try:
                await self._answer(room_id, inviter, is_direct)
            except Refused as refused:
                if refused.token_is_dead:
                    raise
                log.warning("The invitation to Matrix room %s failed: %s", room_id, refused)
                if refused.may_pass and attempt < _ATTEMPTS:
                    self._open[room_id] = (inviter, is_direct, attempt + 1)
                    continue
            del self._open[room_id]

    async def _answer(self, room_id: str, inviter: str, is_direct: bool) -> None:
        if not self._session.account.trusts(inviter):
            log.warning("Refused an invitation to Matrix room %s from a server that is not allowed", room_id)
            await self._rooms.leave(room_id)
            return
        await self._rooms.join(room_id, via=inviter)
        log.info("Joined Matrix room %s", room_id)
        if is_direct:
            await self._directs.mark(inviter, room_id)
        await self._upgrades.joined_by_invitation(room_id)
