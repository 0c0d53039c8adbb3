"""Places apart: an encrypted room of its own, such as one for each case, for the bot and those whom it lets in.

What the hub remembers: `apart:ROOM` is the key by which a room was opened. Nobody but the bot invites, and who comes
later cannot read what was said before they were invited; what is said until they come, they can. When it is closed the
bot leaves; what was said stays with those who were there.
"""

import asyncio
import logging

from bot.core.content import Apart
from bot.core.faults import where
from bot.platforms.matrix.errors import Refused
from bot.platforms.matrix.patience import OUT_OF_REACH
from bot.platforms.matrix.rooms import Rooms
from bot.platforms.matrix.session import PLATFORM, Session

log = logging.getLogger(__name__)

PREFIX = "apart:"

_OPENING_SECONDS = 15.0
"""Until it is said in the direct room instead: nobody waits for a room, and making one is slow on a small server."""

_NAMES = 1000
_STATE = (
    {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}},
    {"type": "m.room.history_visibility", "state_key": "", "content": {"history_visibility": "invited"}},
    {"type": "m.room.guest_access", "state_key": "", "content": {"guest_access": "forbidden"}},
)


class NotOpened(Exception):
    """There is no such room."""


class RoomsApart:
    """Opens them, lets people in and out, closes them, and knows by which key each was opened."""

    def __init__(self, session: Session, rooms: Rooms) -> None:
        self._session = session
        self._client = session.client
        self._rooms = rooms
        self._keys: dict[str, str] = {}
        self._opening = asyncio.Lock()

    async def load(self) -> None:
        """Know again which rooms there are; raises where they cannot be read."""
        hub = self._session.hub
        names = await hub.remembered_names(PLATFORM, PREFIX, "", _NAMES)
        known = await hub.remembered_all(PLATFORM, names)
        self._keys = {name.removeprefix(PREFIX): key for name, key in known.items() if key}

    def key_of(self, room_id: str) -> str | None:
        """By which key the room was opened; None for any other."""
        return self._keys.get(room_id)

    def is_deserted(self, room_id: str) -> bool:
        """Whether it is such a room, and nobody is left in it to read what is said."""
        return room_id in self._keys and not self._rooms.members(room_id) - {self._session.user_id}

    async def room_for(self, apart: Apart, account: str) -> tuple[str, bool]:
        """The room's id, made if need be, with the person in it or invited; raises `NotOpened`.

        And whether they come now into a room in which others were before: what was said there they cannot read.
        """
        try:
            async with asyncio.timeout(_OPENING_SECONDS), self._opening:
                room_id = next((room for room, key in self._keys.items() if key == apart.key), None)
                if room_id is None:
                    room_id = self._orphan(str(apart.name), account)
                if room_id is None:
                    return await self._make(apart, account), False
                await self._keep(room_id, apart.key)
                return room_id, await self._let_in(room_id, account)
        except Exception as error:
            passes = isinstance(error, OUT_OF_REACH) or (isinstance(error, Refused) and error.may_pass)
            log.log(
                logging.WARNING if passes else logging.ERROR,
                "A Matrix room for a case was not opened, so its words go out privately: %s",
                where(error),
            )
            raise NotOpened from None

    def _orphan(self, name: str, account: str) -> str | None:
        """A room that the bot had made for the same, and was killed before it wrote that down."""
        found = (
            room_id
            for room_id, room in self._client.rooms.items()
            if room.name == name and room.encrypted and room_id not in self._keys
            if self._rooms.made_by_bot(room_id) and self._rooms.closed_for(room_id, account)
        )
        return min(found, default=None)

    async def _make(self, apart: Apart, account: str) -> str:
        wish = {
            "preset": "private_chat",
            "name": str(apart.name),
            "is_direct": True,
            "invite": [account],
            "initial_state": list(_STATE),
            "power_level_content_override": {"invite": 50},
        }
        room_id = (await self._client.call("POST", "createRoom", body=wish)).get("room_id")
        if not isinstance(room_id, str):
            raise Refused(None, None)
        await self._keep(room_id, apart.key)
        await self._rooms.look_up(room_id)
        return room_id

    async def _keep(self, room_id: str, key: str) -> None:
        if self._keys.get(room_id) != key:
            self._keys[room_id] = key
            await self._session.remember(f"{PREFIX}{room_id}", key)

    async def _let_in(self, room_id: str, account: str) -> bool:
        """Invite them; False if they were there already."""
        if account in self._rooms.members(room_id):
            return False
        await self._client.call("POST", "rooms", room_id, "invite", body={"user_id": account})
        await self._known_anew(room_id)
        return True

    async def let_out(self, room_id: str, account: str) -> None:
        """They do not see what comes there any more; raises `Refused` where that may yet succeed."""
        try:
            await self._client.call("POST", "rooms", room_id, "kick", body={"user_id": account})
        except Refused as refused:
            if refused.may_pass:
                raise
            log.info("Somebody was not in Matrix room %s any more: %s", room_id, refused)
        if self._rooms.joined(room_id):
            await self._known_anew(room_id)

    async def _known_anew(self, room_id: str) -> None:
        """What is said from now on is encrypted for those who are there now, and for nobody else."""
        await self._rooms.look_up(room_id)
        async with self._client.room_keys:
            self._client.invalidate_outbound_session(room_id)

    async def pin(self, room_id: str, event_id: str) -> None:
        """Keep a message in sight; what fails here is no harm."""
        try:
            body = {"pinned": [event_id]}
            await self._client.call("PUT", "rooms", room_id, "state", "m.room.pinned_events", "", body=body)
        except Exception as error:
            log.warning("The facts in Matrix room %s are not pinned: %s", room_id, where(error))

    async def close(self, room_id: str) -> None:
        """Leave it; raises `Refused` where that may yet succeed."""
        try:
            await self._rooms.leave(room_id)
        except Refused as refused:
            if refused.may_pass:
                raise
        self._keys.pop(room_id, None)
