"""What was said between two syncs, where it was more than a sync holds: fetched at once, or else later."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import nio

from bot.platforms.matrix.directs import DirectRooms
from bot.platforms.matrix.errors import Refused
from bot.platforms.matrix.events import Event
from bot.platforms.matrix.patience import OUT_OF_REACH, Waits
from bot.platforms.matrix.session import Session

log = logging.getLogger(__name__)

PAGE = 100
"""Timeline events per room and sync or request; the default is 10, and Synapse gives no more than 100 to a sync."""

_MOST_FETCHED = 1_000
_TAKEN = (Refused, nio.ProtocolError, *OUT_OF_REACH)

Hear = Callable[[str, nio.Event], Awaitable[None]]


class Gaps:
    """Rooms and the positions between which something is still to be fetched.

    They are stored together with the position of the sync, so that neither gets ahead of the other.
    """

    def __init__(self, session: Session, directs: DirectRooms, hear: Hear) -> None:
        self._session = session
        self._client = session.client
        self._directs = directs
        self._hear = hear
        self._open: dict[str, tuple[str, str]] = {}
        """The later end and the earlier one."""
        self._filling: asyncio.Task[None] | None = None
        self._waits = Waits()

    async def load(self) -> None:
        """Go on with what was open when the last run ended."""
        try:
            stored = json.loads(await self._session.remembered("gaps") or "{}")
        except ValueError:
            return
        if isinstance(stored, dict):
            self._open = {
                room_id: (ends[0], ends[1])
                for room_id, ends in stored.items()
                if isinstance(ends, list) and [type(end) for end in ends] == [str, str]
            }

    def as_json(self) -> str:
        """What `load` reads; "" for nothing."""
        return json.dumps(self._open) if self._open else ""

    @property
    def seconds(self) -> float | None:
        """Until something is to be done, at least 0; None if nothing is."""
        if not self._open:
            return None
        return 1.0 if self._filling is not None else self._waits.seconds or 0.0

    async def before(self, room_id: str, end: str, since: str, deadline: float) -> list[nio.Event]:
        """Fetch what was said in the room between `since` and `end`, oldest first.

        Where that fails, or takes longer than until `deadline` in the running loop's time, it is left for later, and
        [] is the answer: one room must not keep the others waiting.
        """
        try:
            async with asyncio.timeout_at(deadline):
                return await self._fetched(room_id, end, since)
        except _TAKEN as trouble:
            if _is_final(trouble):
                log.error("Matrix room %s: what was said in a gap cannot be read: %s", room_id, trouble)
                return []
            log.warning("Matrix room %s: a gap is filled later: %s", room_id, type(trouble).__name__)
        _later_end, since = self._open.get(room_id, (end, since))
        self._open[room_id] = (end, since)
        self._waits.failed(room_id)
        return []

    def fill(self) -> None:
        """Begin to fetch and hear what is left and due, beside the listening."""
        if self._filling is not None and self._filling.done():
            self._filling.result()
            self._filling = None
        if self._filling is None and any(map(self._waits.is_due, self._open)):
            self._filling = asyncio.create_task(self._fill(), name="filling the gaps in Matrix rooms")

    async def stop(self) -> None:
        """Let go; what is open was stored, or its position was not."""
        if self._filling is not None:
            self._filling.cancel()
            await asyncio.gather(self._filling, return_exceptions=True)

    async def _fill(self) -> None:
        for room_id, ends in list(self._open.items()):
            if not self._waits.is_due(room_id):
                continue
            try:
                missed = await self._fetched(room_id, *ends)
            except _TAKEN as trouble:
                if not _is_final(trouble):
                    self._waits.failed(room_id)
                    continue
                log.error("Matrix room %s: what was said in a gap cannot be read: %s", room_id, trouble)
                missed = []
            for event in missed[self.entrance(room_id, missed) or 0 :]:
                await self._hear(room_id, event)
            if self._open[room_id] == ends:  # else it has grown meanwhile
                del self._open[room_id]
                self._waits.over(room_id)

    async def _fetched(self, room_id: str, end: str | None, since: str) -> list[nio.Event]:
        missed: list[nio.Event] = []
        while end and len(missed) < _MOST_FETCHED and self.entrance(room_id, missed[::-1]) is None:
            back = nio.MessageDirection.back
            page = await self._client.room_messages(room_id, start=end, end=since, direction=back, limit=PAGE)
            missed += page.chunk
            end = page.end if page.chunk else None
        if len(missed) >= _MOST_FETCHED:
            log.error("Matrix room %s: what was said before the last %d events was missed", room_id, len(missed))
        return missed[::-1]

    def entrance(self, room_id: str, events: list[Any]) -> int | None:
        """The index of the first event after the bot came into the room, if that is among `events`.

        In a direct room the bot is meant from its invitation on: nobody waits for it to come in.
        """
        me = self._session.user_id
        is_direct = self._directs.owner(room_id) is not None
        invited = entrance = None
        for index, nio_event in enumerate(events, start=1):
            event = Event(nio_event.source)
            if event.invites(me):
                invited = index
            elif event.brings_in(me):
                entrance = invited if is_direct and invited is not None else index
        return entrance


def _is_final(trouble: Exception) -> bool:
    return isinstance(trouble, Refused) and not trouble.may_pass
