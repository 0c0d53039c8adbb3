"""Events that could not be handed to the hub: they are kept, and heard again while everybody else is heard."""

import asyncio
import logging
from dataclasses import dataclass, replace

from bot.core.faults import where
from bot.core.inbound import Inbound
from bot.platforms.matrix.errors import ConnectionLost
from bot.platforms.matrix.events import Event
from bot.platforms.matrix.hearing import Hearing
from bot.platforms.matrix.patience import Waits
from bot.platforms.matrix.session import Session

log = logging.getLogger(__name__)

ATTEMPTS = 8
"""Attempts at one event while the database takes other things: they last a minute and a half."""

_MOST_KEPT = 1_000
_MOST_AT_ONCE = 100
_MOST_IN_HAND = 1_000
"""Events in hand beyond which further ones are kept for later: so many only hang if the database does."""

_FULL_SECONDS = 1.0
"""How long an event waits until one of those in hand is over. Then it goes beside them: it may be about danger, and
to that the hub has an answer without the database."""

_IN_TURN_SECONDS = 3.0
"""How long the others wait for an event whose handler is slow; nobody waits while nothing can be stored."""

_PROBE_SECONDS = 5.0
_AGAIN = "again"


@dataclass(frozen=True, slots=True)
class _Kept:
    """An event; `number` is its place in the order in which events came."""

    number: int
    room_id: str
    event: Event
    read_back: bool


class Unheard:
    """Hands events to the hub, one after the other. One that fails stands in nobody's way."""

    def __init__(self, session: Session, hearing: Hearing, failures: dict[str, int]) -> None:
        """`failures` counts the failed attempts per event id; it outlives the run."""
        self._session = session
        self._hearing = hearing
        self._failures = failures
        self._count = 0
        self._kept: dict[str, _Kept] = {}
        self._has_dropped = False
        self._cannot_store = False
        self._has_slow = False
        self._is_stuck = False
        """Whether too many are in hand, and none came to its end while another event waited for that."""
        self._handing: dict[str, asyncio.Task[None]] = {}
        self._again: asyncio.Task[None] | None = None
        self._waits = Waits()

    @property
    def waiting(self) -> bool:
        """Whether something is not heard yet: the position behind it must not be stored."""
        return bool(self._kept or self._handing or self._has_dropped)

    @property
    def seconds(self) -> float | None:
        """Until something is to be done, at least 0; None if nothing is."""
        return 1.0 if self._handing or self._again is not None else self._waits.seconds

    async def hear(self, room_id: str, event: Event, *, read_back: bool = False) -> None:
        """Hand it in, and keep it if that fails. One that takes long is left to itself after a moment."""
        await self._wait_for_room()
        if not event.event_id or event.event_id in self._kept or event.event_id in self._handing:
            return
        self._count += 1
        kept = _Kept(self._count, room_id, event, read_back)
        if len(self._handing) >= _MOST_IN_HAND:
            self._keep(kept)
            return
        handing = asyncio.create_task(self._hear(kept), name="hearing a Matrix event")
        self._handing[event.event_id] = handing
        handing.add_done_callback(lambda _task: self._is_handed_in(event.event_id))
        in_turn = not self._cannot_store and not self._has_slow
        _done, late = await asyncio.wait({handing}, timeout=_IN_TURN_SECONDS if in_turn else 0)
        if late and in_turn:
            self._has_slow = True

    async def _wait_for_room(self) -> None:
        """Wait a moment while too many are in hand: one event for all that follow, until there is room again."""
        if len(self._handing) >= _MOST_AT_ONCE and not self._is_stuck:
            done, _hanging = await asyncio.wait(
                self._handing.values(), timeout=_FULL_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            self._is_stuck = not done

    def _is_handed_in(self, event_id: str) -> None:
        del self._handing[event_id]
        self._is_stuck = self._is_stuck and len(self._handing) >= _MOST_AT_ONCE
        self._has_slow = self._has_slow and bool(self._handing)

    async def hear_again(self) -> None:
        """Begin to hear once more what has failed, if it is time; raises `ConnectionLost` to have dropped ones back."""
        if self._again is not None and self._again.done():
            self._again = None
        if self._has_dropped and not self._kept and not self._handing:
            raise ConnectionLost("more events had failed than could be kept: they are fetched again")
        if self._kept and self._again is None and self._waits.is_due(_AGAIN):
            self._again = asyncio.create_task(self._all_again(), name="hearing Matrix events again")

    async def stop(self) -> None:
        """Let go of what is being handed in: it comes again in the next run."""
        tasks = [*self._handing.values(), *([self._again] if self._again is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _hear(self, kept: _Kept) -> None:
        if not await self._is_heard(kept):
            self._keep(kept)

    async def _all_again(self) -> None:
        """In the order in which they came, until the database refuses one: then it would refuse all."""
        for kept in sorted(self._kept.values(), key=lambda kept: kept.number):
            if await self._is_heard(kept):
                del self._kept[kept.event.event_id]
            elif self._cannot_store:
                break
        if self._kept:
            self._waits.failed(_AGAIN)
        else:
            self._waits.over(_AGAIN)

    def _keep(self, kept: _Kept) -> None:
        if len(self._kept) >= _MOST_KEPT:
            if not self._has_dropped:
                log.critical("More than %d events wait for the database: the later ones are fetched again", _MOST_KEPT)
            self._has_dropped = True
            return
        self._kept[kept.event.event_id] = kept
        if len(self._kept) == 1:
            self._waits.failed(_AGAIN)

    async def _is_heard(self, kept: _Kept) -> bool:
        """Try it; whether it is over: heard, or given up."""
        event_id = kept.event.event_id
        try:
            await self._hand_in(kept, await self._hearing.inbound(kept.room_id, kept.event))
        except Exception as error:
            self._cannot_store = not await self._can_store()
            if not await self._is_given_up(kept, error):
                return False
        else:
            self._cannot_store = False
        self._failures.pop(event_id, None)
        return True

    async def _is_given_up(self, kept: _Kept, error: Exception) -> bool:
        """Whether it has failed too often, although the database takes other things; its words are then tried alone."""
        event_id = kept.event.event_id
        if self._cannot_store:
            return False
        self._failures[event_id] = self._failures.get(event_id, 0) + 1
        if self._failures[event_id] < ATTEMPTS:
            log.warning("Event %s was not heard, and is tried again: %s", event_id, where(error))
            return False
        try:
            await self._hand_in(kept, await self._hearing.plain(kept.room_id, kept.event))
        except Exception as last:
            error = last
        log.critical("Event %s was given up: %s", event_id, where(error))
        return True

    async def _hand_in(self, kept: _Kept, inbound: Inbound | None) -> None:
        if inbound is not None:
            await self._session.hub.receive(replace(inbound, read_back=kept.read_back))

    async def _can_store(self) -> bool:
        """Whether the database takes anything: where it does not, no event is to blame, and none is given up."""
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                await self._session.remember("storing", "works")
        except Exception:
            return False
        return True
