"""Invitations: followed from allowed servers, refused from others.

What the hub remembers: `invitations` are those that wait for long, so that the position of the sync can go on.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable
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
"""Attempts at refusing an invitation from a server that is not allowed."""

_GIVE_UP_SECONDS = 3600.0
"""How long somebody trusted is followed: to join a room on another server can take minutes."""

_HELD_SECONDS = 15.0
"""How long an invitation holds the position of the sync back. Then it is remembered by itself."""

_AGAIN_SECONDS = 3.0
"""How long those that have failed before may take between two syncs, all together: people wait to be heard."""

_STORING_SECONDS = 5.0
_MOST_OPEN = 1_000
_MEMORY = "invitations"


@dataclass(slots=True)
class _Invitation:
    """One invitation: who invites, whether into a direct room, since when, and how often answering it has failed."""

    inviter: str
    is_direct: bool
    trusted: bool
    since: float
    failed: int = 0

    @property
    def stored(self) -> list[Any]:
        """What is remembered of it."""
        return [self.inviter, self.is_direct]


class Invitations:
    """Invitations to the bot. One that fails for the moment is tried again after the next syncs."""

    def __init__(self, session: Session, rooms: Rooms, directs: DirectRooms, upgrades: Upgrades) -> None:
        self._session = session
        self._rooms = rooms
        self._directs = directs
        self._upgrades = upgrades
        self._open: dict[str, _Invitation] = {}
        self._stored: dict[str, Any] | None = None
        """What is remembered of each; None while that is not known."""
        self._told = False
        """Whether it was said that they cannot be remembered."""
        self.waits = Waits()

    @property
    def waiting(self) -> bool:
        """Whether somebody trusted waits for the bot who would be forgotten if it stopped now."""
        stored = self._stored or {}
        return any(one.trusted and stored.get(room_id) != one.stored for room_id, one in self._open.items())

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
            ):
                self._note(room_id, event.sender, is_direct=event.content.get("is_direct") is True)

    def take_in_joined(self, room_id: str, events: Iterable[Any]) -> None:
        """Note a direct invitation that was accepted by a run which ended before it wrote down whose the room is."""
        for nio_event in events:
            event = Event(nio_event.source)
            if (
                event.invites(self._session.user_id)
                and event.content.get("is_direct") is True
                and self._session.account.trusts(event.sender)
                and self._directs.owner(room_id) is None
            ):
                self._note(room_id, event.sender, is_direct=True)

    def _note(self, room_id: str, inviter: str, *, is_direct: bool) -> None:
        if len(self._open) < _MOST_OPEN:
            now = asyncio.get_running_loop().time()
            self._open[room_id] = _Invitation(inviter, is_direct, self._session.account.trusts(inviter), now)

    async def load(self) -> None:
        """Go on with those that were remembered when the last run ended. Raises where they cannot be read."""
        try:
            stored = json.loads(await self._session.remembered(_MEMORY) or "{}")
        except ValueError:
            stored = {}
        self._stored = stored if isinstance(stored, dict) else {}
        for room_id, one in self._stored.items():
            match one:
                case [str() as inviter, bool() as is_direct] if room_id not in self._open:
                    self._note(room_id, inviter, is_direct=is_direct)

    async def answer(self, deadline: float) -> None:
        """Accept or refuse what is open and due, until `deadline` in the running loop's time.

        Raises nothing for an invitation that fails: no room may keep the others from being heard.
        """
        if self._stored is None:
            await self._with_memory(self.load)
        clock = asyncio.get_running_loop().time
        begun = clock()
        for room_id, invitation in list(self._open.items()):
            if not self.waits.is_due(room_id):
                continue
            until = min(deadline, begun + _AGAIN_SECONDS) if invitation.failed else deadline
            left = until - clock()
            if left > 0:
                await self._try(room_id, invitation, until, is_short=left < (until - begun) / 2)
            elif not invitation.failed:
                self._soon(room_id)
        if self._stored is not None and self._lasting() != self._stored:
            await self._with_memory(self._store)

    def _lasting(self) -> dict[str, Any]:
        """What is to be remembered: those that have waited for so long that the position shall not wait for them."""
        now = asyncio.get_running_loop().time()
        return {
            room_id: one.stored
            for room_id, one in self._open.items()
            if one.trusted and (room_id in (self._stored or {}) or now - one.since >= _HELD_SECONDS)
        }

    async def _store(self) -> None:
        lasting = self._lasting()
        await self._session.remember(_MEMORY, json.dumps(lasting) if lasting else "")
        self._stored = lasting

    async def _with_memory(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do it if it is due; where the database refuses, later."""
        if not self.waits.is_due(_MEMORY):
            return
        try:
            async with asyncio.timeout(_STORING_SECONDS):
                await work()
        except Exception as error:
            # As long as that lasts, the position waits: what comes behind it comes again in the next run.
            if not self._told:
                log.error("Matrix invitations cannot be remembered, and this is tried again: %s", where(error))
            self._told = True
            self.waits.failed(_MEMORY)
        else:
            self._told = False
            self.waits.over(_MEMORY)

    async def _try(self, room_id: str, invitation: _Invitation, until: float, *, is_short: bool) -> None:
        """Answer it until then; `is_short`: others have used that time up, so to run out of it is no failure."""
        try:
            async with asyncio.timeout_at(until):
                await self._answer(room_id, invitation)
        except (Refused, *OUT_OF_REACH) as trouble:
            if is_short and isinstance(trouble, TimeoutError):
                self._soon(room_id)
            elif self._is_given_up(room_id, invitation, trouble):
                self._settle(room_id)
            else:
                # Behind the others: it is not to use up their time again.
                self._open[room_id] = self._open.pop(room_id)
                self.waits.failed(room_id)
        except Exception as error:
            # The database refuses: the invitation is not to blame, and is not given up.
            log.error("The invitation to Matrix room %s failed: %s", room_id, where(error))
            self.waits.failed(room_id)
        else:
            self._settle(room_id)

    def _soon(self, room_id: str) -> None:
        """It is tried again after the shortest wait."""
        self.waits.over(room_id)
        self.waits.failed(room_id)

    def _settle(self, room_id: str) -> None:
        self._open.pop(room_id, None)
        self.waits.over(room_id)

    def _is_given_up(self, room_id: str, invitation: _Invitation, trouble: Exception) -> bool:
        """Whether it has failed for good. Somebody trusted is waited for as long as the homeserver may yet succeed."""
        invitation.failed += 1
        is_final = isinstance(trouble, Refused) and not trouble.may_pass
        reason = trouble if isinstance(trouble, Refused) else type(trouble).__name__
        if is_final or (not invitation.trusted and invitation.failed >= _ATTEMPTS):
            log.warning("The invitation to Matrix room %s failed, and is given up: %s", room_id, reason)
            return True
        if invitation.trusted and asyncio.get_running_loop().time() - invitation.since >= _GIVE_UP_SECONDS:
            log.error(
                "Matrix room %s could not be joined for %d minutes, and its invitation is given up (%s): look whether"
                " the homeserver reaches the server of that room, and then have the bot invited again.",
                room_id,
                _GIVE_UP_SECONDS / 60,
                reason,
            )
            return True
        if invitation.failed == 1:
            log.warning("The invitation to Matrix room %s failed, and is tried again: %s", room_id, reason)
        return False

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
