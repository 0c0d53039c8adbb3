"""Messages the bot has no key for: their writers are told, and they are heard once the key comes."""

import asyncio
import logging
from collections import OrderedDict

import nio

from bot.core.content import Choice, Content
from bot.core.faults import where
from bot.core.words import _
from bot.platforms.matrix.errors import Refused
from bot.platforms.matrix.events import Event
from bot.platforms.matrix.hearing import Hearing
from bot.platforms.matrix.patience import OUT_OF_REACH, Waits
from bot.platforms.matrix.sending import Sending
from bot.platforms.matrix.session import Session

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 3.0
"""How long a key may come after its message before the writer is told: federation does not keep the order."""

_SILENCE_SECONDS = 300.0
"""How long somebody is not told again in a room with others. Who is alone with the bot is always told."""

_ATTEMPTS = 10
"""Attempts at telling somebody: they last about three minutes."""

_TELLING_SECONDS = 10.0
"""How long everybody else waits at most while people are told."""

_MOST_KEPT = 200
_MOST_TOLD = 1000

_A_PERSON = Choice(label=_("I need a person"), command="peer", style="danger")


class Unread:
    """Events that could not be decrypted, in memory, the oldest forgotten first."""

    def __init__(self, session: Session, hearing: Hearing, sending: Sending) -> None:
        self._session = session
        self._client = session.client
        self._hearing = hearing
        self._sending = sending
        self._events: OrderedDict[str, tuple[str, nio.Event]] = OrderedDict()
        self._unanswered: dict[str, float] = {}
        self._told: OrderedDict[tuple[str, str], float] = OrderedDict()
        """When whom was told in which room."""
        self._failures: dict[str, int] = {}
        self._waits = Waits()

    @property
    def waiting(self) -> bool:
        """Whether somebody may still have to be told."""
        return bool(self._unanswered)

    async def take_in(self, room_id: str, event: nio.Event) -> None:
        """Note an unreadable event and ask the writer's devices for its key."""
        if event.event_id in self._events:
            return
        self._events[event.event_id] = (room_id, event)
        self._unanswered[event.event_id] = asyncio.get_running_loop().time()
        if len(self._events) > _MOST_KEPT:
            oldest, _event = self._events.popitem(last=False)
            self._answered(oldest)
        log.warning("Cannot read event %s in Matrix room %s: no key for it", event.event_id, room_id)
        if (
            isinstance(event, nio.MegolmEvent)
            and event.session_id
            and event.sender_key
            and event.device_id
            and event.session_id not in self._client.outgoing_key_requests
        ):
            try:
                await self._client.request_room_key(event)
            except (Refused, *OUT_OF_REACH, nio.ProtocolError) as trouble:
                log.warning("Asking for the key of event %s failed: %s", event.event_id, type(trouble).__name__)

    def readable_now(self) -> list[tuple[str, nio.Event]]:
        """The events whose keys have come meanwhile, in their order; they are forgotten here."""
        readable = []
        for event_id, (room_id, event) in list(self._events.items()):
            if not isinstance(event, nio.MegolmEvent):
                continue
            try:
                readable.append((room_id, self._client.decrypt_event(event)))
            except nio.EncryptionError:
                continue
            del self._events[event_id]
            self._answered(event_id)
        return readable

    def _answered(self, event_id: str) -> None:
        self._unanswered.pop(event_id, None)
        self._failures.pop(event_id, None)
        self._waits.over(event_id)

    async def answer(self) -> None:
        """Tell the writers whose messages have waited long enough; whom that fails for is told at a later call."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + _TELLING_SECONDS
        for event_id, since in list(self._unanswered.items()):
            now = clock()
            if now >= deadline:
                return
            if event_id not in self._unanswered or now - since < PATIENCE_SECONDS or not self._waits.is_due(event_id):
                continue
            room_id, nio_event = self._events[event_id]
            event = Event(nio_event.source)
            is_silenced = await self._is_silenced(room_id, event.sender, now)
            if not is_silenced and not await self._is_told(room_id, event, deadline):
                continue
            for other in list(self._unanswered):
                where_said, said = self._events[other]
                if (where_said, Event(said.source).sender) == (room_id, event.sender):
                    self._answered(other)

    async def _is_silenced(self, room_id: str, sender: str, now: float) -> bool:
        told = self._told.get((room_id, sender))
        is_recent = told is not None and now - told < _SILENCE_SECONDS
        return is_recent and not await self._hearing.is_private(room_id, sender)

    async def _is_told(self, room_id: str, event: Event, deadline: float) -> bool:
        """Tell the writer, and the peers; whether that is over: done, or given up."""
        event_id = event.event_id
        try:
            async with asyncio.timeout_at(deadline):
                await self._tell(room_id, event)
        except Exception as error:
            # Whatever it is, the database, too: the others are to be heard. The position waits for it.
            self._failures[event_id] = self._failures.get(event_id, 0) + 1
            if self._failures[event_id] < _ATTEMPTS:
                log.warning("Nobody was told yet that event %s is unreadable: %s", event_id, where(error))
                self._waits.failed(event_id)
                return False
            log.critical("Nobody was told that event %s is unreadable: %s", event_id, where(error))
            return True
        self._told[room_id, event.sender] = asyncio.get_running_loop().time()
        self._told.move_to_end((room_id, event.sender))
        if len(self._told) > _MOST_TOLD:
            self._told.popitem(last=False)
        return True

    async def _tell(self, room_id: str, event: Event) -> None:
        hub = self._session.hub
        inbound = await self._hearing.bare(room_id, event)
        _reader, words = await hub.reader(inbound)
        sorry = Content(
            text=_(
                "Somebody wrote something here just now, and I could not read it: its encryption key did not reach "
                "me. What you write next may not reach me, either. If you need a person now, press the number below, "
                "as a reaction to this message: that I can always read. Or call your local emergency number."
            ),
            choices=(_A_PERSON,),
        )
        try:
            await self._sending.say(room_id, sorry.rendered(words), f"unread {event.event_id}")
        except Refused as refused:
            if refused.may_pass:
                raise
            log.critical("Nobody could be told that event %s is unreadable: %s", event.event_id, refused)
        await hub.unread(inbound)
