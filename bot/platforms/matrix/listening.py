"""Syncing: everything that happens is handled in order, and only then is its position stored."""

import asyncio
import logging
from functools import partial
from typing import Any

import nio

from bot.platforms.matrix.directs import DirectRooms
from bot.platforms.matrix.errors import Refused
from bot.platforms.matrix.events import Event
from bot.platforms.matrix.hearing import Hearing
from bot.platforms.matrix.invitations import Invitations
from bot.platforms.matrix.patience import OUT_OF_REACH, patiently
from bot.platforms.matrix.rooms import Rooms
from bot.platforms.matrix.session import Session
from bot.platforms.matrix.unread import PATIENCE_SECONDS, Unread
from bot.platforms.matrix.upgrades import Upgrades

log = logging.getLogger(__name__)

_POLL_SECONDS = 30.0
_FULL_SYNC_SECONDS = 300.0
_PAGE = 100
"""Timeline events per room and sync; the default is 10, and Synapse gives no more than 100."""

_MOST_BACKFILLED = 1_000
_ATTEMPTS_PER_EVENT = 3

_FILTER = {
    "presence": {"types": []},
    "room": {"timeline": {"limit": _PAGE}, "ephemeral": {"types": []}},
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
        self._hearing = hearing
        self._unread = unread
        self._invitations = Invitations(session, rooms, directs, upgrades)
        self._failures = failures

    async def listen(self, ready: asyncio.Event) -> None:
        """Hear until cancelled; sets `ready` once the state of all rooms is known.

        Raises `ConnectionLost`, and whatever a handler raised: its event comes again in the next run.
        """
        since = await self._session.remembered("sync_token")
        await self._before_first_sync()
        try:
            response = await patiently(partial(self._sync, since, full_state=True))
        except Refused as refused:
            if since is None:
                raise
            log.critical("The homeserver does not know the last Matrix position any more: %s", refused)
            since = None
            response = await patiently(partial(self._sync, since, full_state=True))
        await self._between_syncs()
        ready.set()
        while True:
            await self._take_in(response, since)
            since = response.next_batch
            if not self._unread.waiting:
                await self._session.remember("sync_token", since)
            response = await patiently(partial(self._sync, since, full_state=False))
            await self._between_syncs()

    async def _sync(self, since: str | None, *, full_state: bool) -> nio.SyncResponse:
        poll = PATIENCE_SECONDS if self._unread.waiting else _POLL_SECONDS
        limit = _FULL_SYNC_SECONDS if full_state else poll + 20
        async with asyncio.timeout(limit):
            return await self._client.sync(
                timeout=0 if full_state else int(poll * 1000),
                sync_filter=_FILTER,
                since=since,
                full_state=full_state or None,
            )

    async def _before_first_sync(self) -> None:
        try:
            # Keys go up first: whoever learns of the bot without finding its keys cannot write to it readably.
            await patiently(self._look_after_keys)
        except Refused as refused:
            # An older copy of the key file was put back. Plain rooms still work, and known devices.
            log.critical("The homeserver does not take the bot's encryption keys: %s", refused)
        await patiently(self._directs.load)

    async def _between_syncs(self) -> None:
        try:
            await self._look_after_keys()
        except (Refused, *OUT_OF_REACH) as trouble:
            # It is still to be done, and is tried again after the next sync.
            log.warning("Looking after the Matrix keys failed: %s", type(trouble).__name__)

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

    async def _take_in(self, response: nio.SyncResponse, since: str | None) -> None:
        for event in response.account_data_events:
            if getattr(event, "type", None) == "m.direct" and isinstance(event.content, dict):
                self._directs.learn(event.content)
        for room_id in response.rooms.leave:
            self._rooms.forget(room_id)
        for room_id, invited in response.rooms.invite.items():
            self._invitations.take_in(room_id, invited.invite_state)
        await patiently(self._invitations.answer)
        for room_id, event in self._unread.readable_now():
            await self._hear(room_id, event)
        for room_id, joined in response.rooms.join.items():
            await self._take_in_room(room_id, joined, since)
        await self._unread.answer()

    async def _take_in_room(self, room_id: str, joined: nio.RoomInfo, since: str | None) -> None:
        events: list[nio.Event] = list(joined.timeline.events)
        for event in joined.state if since is not None else [*joined.state, *events]:
            await self._follow_upgrade(room_id, Event(event.source))
        if since is None:
            # The bot has just come into being: what was said before was not said to it.
            return
        if joined.timeline.limited and self._entrance(room_id, events) is None:
            events = [*await self._missed(room_id, joined.timeline.prev_batch, since), *events]
        for event in events[self._entrance(room_id, events) or 0 :]:
            await self._hear(room_id, event)

    def _entrance(self, room_id: str, events: list[Any]) -> int | None:
        """The index of the first event after the bot came into the room, if that is among `events`.

        In a direct room the bot is meant from its invitation on: nobody waits for it to come in.
        """
        me = self._session.user_id
        meant_from_invitation = self._directs.owner(room_id) is not None
        invited = entrance = None
        for index, nio_event in enumerate(events, start=1):
            event = Event(nio_event.source)
            if event.invites(me):
                invited = index
            elif event.brings_in(me):
                entrance = invited if meant_from_invitation and invited is not None else index
        return entrance

    async def _missed(self, room_id: str, end: str | None, since: str) -> list[nio.Event]:
        """Fetch what happened between the last stored position and this sync's timeline, oldest first."""
        missed: list[nio.Event] = []
        while end and len(missed) < _MOST_BACKFILLED and self._entrance(room_id, missed[::-1]) is None:
            back = nio.MessageDirection.back
            page = await patiently(
                partial(self._client.room_messages, room_id, start=end, end=since, direction=back, limit=_PAGE)
            )
            missed += page.chunk
            end = page.end if page.chunk else None
        if len(missed) >= _MOST_BACKFILLED:
            log.error("Matrix room %s: what was said before the last %d events was missed", room_id, len(missed))
        return missed[::-1]

    async def _hear(self, room_id: str, nio_event: nio.Event) -> None:
        event = Event(nio_event.source)
        await self._follow_upgrade(room_id, event)
        if event.type == "m.room.encrypted":
            if event.sender != self._session.user_id:
                await self._unread.take_in(room_id, nio_event)
            return
        try:
            inbound = await patiently(lambda: self._hearing.inbound(room_id, event))
            if inbound is not None:
                await self._session.hub.receive(inbound)
        except Exception as trouble:
            # The event comes again in the next run; one that always fails must not stop all the others.
            failed = self._failures.get(event.event_id, 0) + 1
            self._failures[event.event_id] = failed
            if failed < _ATTEMPTS_PER_EVENT:
                raise
            log.critical("Event %s was given up: %s", event.event_id, type(trouble).__name__)
        self._failures.pop(event.event_id, None)

    async def _follow_upgrade(self, room_id: str, event: Event) -> None:
        if event.type == "m.room.tombstone":
            await patiently(lambda: self._upgrades.announced(room_id, event))
