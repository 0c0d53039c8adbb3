"""Syncing: everything that happens is handled in order, and only then is its position stored.

People are heard first. Invitations, upgrades and gaps come after them, and what fails is tried again later: nothing
that one room or one server does may keep anybody from being heard.
"""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from functools import partial

import nio

from bot.core.faults import where
from bot.platforms.matrix.apart import RoomsApart
from bot.platforms.matrix.crosssigning import CrossSigning
from bot.platforms.matrix.directs import DirectRooms
from bot.platforms.matrix.errors import ConnectionLost, Refused
from bot.platforms.matrix.events import Event
from bot.platforms.matrix.gaps import PAGE, Gaps
from bot.platforms.matrix.hearing import Hearing
from bot.platforms.matrix.invitations import Invitations
from bot.platforms.matrix.patience import OUT_OF_REACH, patiently
from bot.platforms.matrix.rooms import Rooms
from bot.platforms.matrix.session import Session
from bot.platforms.matrix.unheard import Unheard
from bot.platforms.matrix.unread import PATIENCE_SECONDS, Unread
from bot.platforms.matrix.upgrades import Upgrades

log = logging.getLogger(__name__)

_POLL_SECONDS = 30.0
_SHORTEST_POLL_SECONDS = 0.25
_FULL_SYNC_SECONDS = 300.0

ERRANDS_SECONDS = 10.0
"""How long invitations and upgrades may take between two syncs, all together."""

_BACKFILL_SECONDS = 20.0
"""How long the rooms of one sync wait for what it left out; the rest is fetched beside the listening."""

_STORING_SECONDS = 10.0
_READ_BACK = timedelta(hours=24)
"""How old a message may be that is heard after the position was lost."""

_FILTER = {
    "presence": {"types": []},
    "room": {"timeline": {"limit": PAGE}, "ephemeral": {"types": []}},
}


class Listening:
    """One run's loop over the syncs."""

    def __init__(
        self,
        *,
        session: Session,
        rooms: Rooms,
        directs: DirectRooms,
        upgrades: Upgrades,
        apart: RoomsApart,
        hearing: Hearing,
        unread: Unread,
        failures: dict[str, int],
    ) -> None:
        """`failures` counts the failed attempts per event id; it outlives the run."""
        self._session = session
        self._client = session.client
        self._rooms = rooms
        self._directs = directs
        self._upgrades = upgrades
        self._apart = apart
        self._unread = unread
        self._unheard = Unheard(session, hearing, failures)
        self._invitations = Invitations(session, rooms, directs, upgrades)
        self._gaps = Gaps(session, directs, self._hear)
        self._signing = CrossSigning(session)
        self._told = False
        """Whether it was said that the position cannot be stored."""

    async def listen(self, ready: asyncio.Event) -> None:
        """Hear until cancelled; sets `ready` once the state of all rooms is known. Raises `ConnectionLost`."""
        try:
            await self._listen(ready)
        finally:
            await self._gaps.stop()
            await self._unheard.stop()

    async def _listen(self, ready: asyncio.Event) -> None:
        since = await self._session.remembered("sync_token")
        await self._gaps.load()
        await self._apart.load()
        await self._invitations.load()
        await self._before_first_sync()
        is_lost = False
        try:
            response = await patiently(partial(self._sync, since, full_state=True))
        except Refused as refused:
            if since is None or not refused.is_about_position:
                raise
            log.critical("The homeserver does not know the last Matrix position any more: %s", refused)
            since, is_lost = None, True
            response = await patiently(partial(self._sync, since, full_state=True))
        await self._between_syncs()
        ready.set()
        while True:
            await self._take_in(response, since, read_back=is_lost)
            since, is_lost = response.next_batch, False
            await self._store_position(since)
            response = await patiently(partial(self._sync, since, full_state=False))
            await self._between_syncs()

    async def _store_position(self, position: str) -> None:
        """Store it, unless something before it is still to be done."""
        if self._unread.waiting or self._unheard.waiting or self._invitations.waiting:
            return
        try:
            async with asyncio.timeout(_STORING_SECONDS):
                await self._session.remember_all({"sync_token": position, "gaps": self._gaps.as_json()})
        except Exception as error:
            # What comes after the last stored position comes again in the next run, so nothing is lost.
            if not self._told:
                log.error("The Matrix position cannot be stored, and is tried again: %s", where(error))
            self._told = True
        else:
            self._told = False

    async def _sync(self, since: str | None, *, full_state: bool) -> nio.SyncResponse:
        poll = self._poll_seconds()
        limit = _FULL_SYNC_SECONDS if full_state else poll + 20
        async with asyncio.timeout(limit):
            return await self._client.sync(
                timeout=0 if full_state else int(poll * 1000),
                sync_filter=_FILTER,
                since=since,
                full_state=full_state or None,
            )

    def _poll_seconds(self) -> float:
        """How long nothing may happen before something else is to be done."""
        others = (
            PATIENCE_SECONDS if self._unread.waiting else None,
            self._unheard.seconds,
            self._gaps.seconds,
            self._invitations.waits.seconds,
            self._upgrades.waits.seconds,
            self._signing.seconds,
        )
        soonest = min((seconds for seconds in others if seconds is not None), default=_POLL_SECONDS)
        return min(max(soonest, _SHORTEST_POLL_SECONDS), _POLL_SECONDS)

    async def _before_first_sync(self) -> None:
        try:
            # Keys go up first: whoever learns of the bot without finding its keys cannot write to it readably.
            await patiently(self._look_after_keys)
        except (Refused, ConnectionLost) as trouble:
            # An older copy of the key file was put back, or a proxy does not let the keys through. Plain rooms still
            # work, and known devices; where the homeserver is away altogether, the sync will tell.
            log.critical("The homeserver does not take the bot's encryption keys: %s", trouble)
        await patiently(self._directs.load)

    async def _between_syncs(self) -> None:
        try:
            await self._look_after_keys()
        except (Refused, *OUT_OF_REACH) as trouble:
            # It is still to be done, and is tried again after the next sync.
            log.warning("Looking after the Matrix keys failed: %s", type(trouble).__name__)
        await self._signing.look_after()

    async def _look_after_keys(self) -> None:
        """Do between two syncs what nio's own loop does."""
        client = self._client
        async with client.room_keys:
            await client.send_to_device_messages()
            if client.should_query_keys:
                await client.keys_query()
            if client.should_claim_keys:
                await client.keys_claim(client.get_users_for_key_claiming())
            if client.should_upload_keys:
                await client.keys_upload()

    async def _take_in(self, response: nio.SyncResponse, since: str | None, *, read_back: bool = False) -> None:
        for event in response.account_data_events:
            if getattr(event, "type", None) == "m.direct" and isinstance(event.content, dict):
                self._directs.learn(event.content)
        for room_id, event in self._unread.readable_now():
            await self._hear(room_id, event)
        deadline = asyncio.get_running_loop().time() + _BACKFILL_SECONDS
        for room_id, gone in response.rooms.leave.items():
            if since is not None and self._is_put_out(gone.timeline):
                # What was said before that was said to the bot, too.
                gone.timeline.events[:] = [self._decrypted(room_id, event) for event in gone.timeline.events]
                await self._hear_room(room_id, gone.timeline, since, deadline)
            self._rooms.forget(room_id)
        for room_id, joined in response.rooms.join.items():
            self._invitations.take_in_joined(room_id, joined.timeline.events)
            self._invitations.is_in(room_id)
            for state in joined.state if since is not None else [*joined.state, *joined.timeline.events]:
                self._upgrades.note(room_id, Event(state.source))
            if since is not None:
                await self._hear_room(room_id, joined.timeline, since, deadline)
            elif read_back:
                await self._read_back(room_id, joined.timeline.events)
            # Else the bot has just come into being: what was said before was not said to it.
        await self._unheard.hear_again()
        self._gaps.fill()
        await self._unread.answer()
        for room_id, invited in response.rooms.invite.items():
            self._invitations.take_in(room_id, invited.invite_state)
        deadline = asyncio.get_running_loop().time() + ERRANDS_SECONDS
        await self._invitations.answer(deadline)
        await self._upgrades.follow(deadline)

    def _is_put_out(self, timeline: nio.Timeline) -> bool:
        """Whether the bot has left the room by somebody else's will."""
        me = self._session.user_id
        last = (Event(event.source) for event in reversed(timeline.events))
        return next((event.sender != me for event in last if event.leaver == me), False)

    def _decrypted(self, room_id: str, event: nio.Event) -> nio.Event:
        """An event of a room that the bot has left, of which nio decrypts nothing."""
        if not isinstance(event, nio.MegolmEvent):
            return event
        event.room_id = room_id
        try:
            return self._client.decrypt_event(event)
        except nio.EncryptionError:
            return event

    async def _hear_room(self, room_id: str, timeline: nio.Timeline, since: str, deadline: float) -> None:
        events: list[nio.Event] = list(timeline.events)
        if timeline.limited and timeline.prev_batch and self._gaps.entrance(room_id, events) is None:
            events = [*await self._gaps.before(room_id, timeline.prev_batch, since, deadline), *events]
        for event in events[self._gaps.entrance(room_id, events) or 0 :]:
            await self._hear(room_id, event)

    async def _read_back(self, room_id: str, events: list[nio.Event]) -> None:
        """Hear what was said lately, after the position was lost: nobody knows what of it was heard before."""
        oldest = datetime.now(UTC) - _READ_BACK
        for event in events[self._gaps.entrance(room_id, events) or 0 :]:
            if Event(event.source).at >= oldest:
                await self._hear(room_id, event, read_back=True)

    async def _hear(self, room_id: str, nio_event: nio.Event, *, read_back: bool = False) -> None:
        event = Event(nio_event.source)
        self._upgrades.note(room_id, event)
        if event.type == "m.room.encrypted":
            if event.sender != self._session.user_id:
                await self._unread.take_in(room_id, nio_event)
            return
        await self._unheard.hear(room_id, event, read_back=read_back)
