"""Room upgrades: the old room's place is kept, whatever room it goes on in."""

import asyncio
import logging

from bot.core.faults import where
from bot.platforms.matrix.account import MatrixAccount
from bot.platforms.matrix.directs import DirectRooms
from bot.platforms.matrix.errors import Refused
from bot.platforms.matrix.events import Event
from bot.platforms.matrix.patience import OUT_OF_REACH, Waits
from bot.platforms.matrix.rooms import Rooms
from bot.platforms.matrix.session import Session

log = logging.getLogger(__name__)

_ATTEMPTS = 5


class Upgrades:
    """Successors of rooms.

    The hub knows a place by the id of the room it was first; the newest room is remembered under
    `successor:` and that id, and every later room under `room:` and its own id names the first.
    """

    def __init__(self, session: Session, rooms: Rooms, directs: DirectRooms) -> None:
        self._session = session
        self._account: MatrixAccount = session.account
        self._rooms = rooms
        self._directs = directs
        self._original: dict[str, str] = {}
        self._open: dict[str, Event] = {}
        self._failed: dict[str, int] = {}
        self.waits = Waits()

    async def place_of(self, room_id: str) -> str:
        """The id by which the hub knows this room."""
        if room_id not in self._original:
            self._original[room_id] = await self._session.remembered(f"room:{room_id}") or room_id
        return self._original[room_id]

    def place_known_of(self, room_id: str) -> str:
        """The same, as far as it is known without asking the hub."""
        return self._original.get(room_id, room_id)

    async def room_of(self, place: str) -> str:
        """The room in which this place goes on."""
        return await self._session.remembered(f"successor:{place}") or place

    def note(self, room_id: str, event: Event) -> None:
        """Note the event, to be followed after the others were heard, if it is a tombstone."""
        if event.type == "m.room.tombstone":
            self._open[room_id] = event

    async def follow(self, deadline: float) -> None:
        """Follow the tombstones that were noted and are due, until `deadline` in the running loop's time.

        Raises nothing: one that fails is tried again a few times, and by the next message to its place.
        """
        for room_id, tombstone in list(self._open.items()):
            if asyncio.get_running_loop().time() >= deadline:
                return
            if self.waits.is_due(room_id):
                await self._try(room_id, tombstone, deadline)

    async def _try(self, room_id: str, tombstone: Event, deadline: float) -> None:
        try:
            async with asyncio.timeout_at(deadline):
                await self.announced(room_id, tombstone)
        except (Refused, *OUT_OF_REACH) as trouble:
            log.warning("The upgrade of Matrix room %s was not followed: %s", room_id, type(trouble).__name__)
            self._failed[room_id] = self._failed.get(room_id, 0) + 1
            if self._failed[room_id] < _ATTEMPTS and (not isinstance(trouble, Refused) or trouble.may_pass):
                self.waits.failed(room_id)
                return
        except Exception as error:
            # The database refuses: the room is not to blame, and is not given up.
            log.error("The upgrade of Matrix room %s was not followed: %s", room_id, where(error))
            self.waits.failed(room_id)
            return
        del self._open[room_id]
        self._failed.pop(room_id, None)
        self.waits.over(room_id)

    async def announced(self, room_id: str, tombstone: Event) -> bool:
        """Follow a tombstone in `room_id`, if its sender is trusted; answers whether the bot is in the new room.

        Where the new room lets nobody in without an invitation, the invitation is waited for. Raises `Refused` and a
        connection's error where it may go better later.
        """
        successor = tombstone.content.get("replacement_room")
        if not isinstance(successor, str) or not successor or successor == room_id:
            return False
        if await self._session.remembered(f"successor:{await self.place_of(room_id)}") == successor:
            return True
        if not self._rooms.joined(successor):
            if not self._account.trusts(tombstone.sender):
                log.warning("Matrix room %s was replaced by somebody from a server that is not allowed", room_id)
                return False
            try:
                await self._rooms.join(successor, via=tombstone.sender)
                await self._rooms.look_up(successor)
            except Refused as refused:
                log.warning("The successor %s of Matrix room %s is closed: %s", successor, room_id, refused)
                await self._session.remember(f"expected:{successor}", room_id)
                if refused.may_pass:
                    raise
                return False
        return await self._take_over(room_id, successor)

    async def joined_by_invitation(self, room_id: str) -> None:
        """Finish an upgrade that had to wait for an invitation to this room; raises `Refused`."""
        old = await self._session.remembered(f"expected:{room_id}")
        if old is not None:
            await self._take_over(old, room_id)

    async def find_successor(self, room_id: str) -> str | None:
        """Ask the homeserver whether the room was replaced; the room that the bot is in now, or None.

        Raises `Refused` and a connection's error where that cannot be known now.
        """
        client = self._session.client
        try:
            # The whole event and not its content: who has sent it matters.
            event = await client.call(
                "GET", "rooms", room_id, "state", "m.room.tombstone", "", query={"format": "event"}
            )
        except Refused as refused:
            if refused.may_pass:
                raise
            return None
        tombstone = Event(event)
        if not await self.announced(room_id, tombstone):
            return None
        return await self.room_of(await self.place_of(room_id))

    async def _take_over(self, old: str, new: str) -> bool:
        """Let `new` stand for the place of `old`, if both say so.

        Otherwise whoever runs one room could pass another community's room off as theirs.
        """
        client = self._session.client
        try:
            created = await client.call("GET", "rooms", new, "state", "m.room.create", "")
        except Refused as refused:
            if refused.may_pass:
                raise
            log.warning("The successor %s of Matrix room %s cannot be read: %s", new, old, refused)
            return False
        predecessor = created.get("predecessor")
        if not isinstance(predecessor, dict) or predecessor.get("room_id") != old:
            log.warning("Matrix room %s does not call itself the successor of %s", new, old)
            return False
        place = await self.place_of(old)
        await self._session.remember(f"room:{new}", place)
        await self._session.remember(f"successor:{place}", new)
        self._original[new] = place
        await self._directs.move(old, new)
        log.info("Matrix room %s goes on as %s", place, new)
        return True
