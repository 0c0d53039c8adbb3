"""Messages the bot has no key for: their writers are told, and they are heard once the key comes."""

import asyncio
import logging
from collections import OrderedDict

import nio

from bot.core.content import Content
from bot.core.faults import where
from bot.core.words import _
from bot.platforms.matrix.errors import Refused
from bot.platforms.matrix.events import Event
from bot.platforms.matrix.hearing import Hearing
from bot.platforms.matrix.patience import OUT_OF_REACH
from bot.platforms.matrix.sending import Sending
from bot.platforms.matrix.session import Session

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 3.0
"""How long a key may come after its message before the writer is told: federation does not keep the order."""

_SILENCE_SECONDS = 3600.0
_MOST_KEPT = 200
_MOST_ROOMS = 1000


class Unread:
    """Events that could not be decrypted, in memory, the oldest forgotten first."""

    def __init__(self, session: Session, hearing: Hearing, sending: Sending) -> None:
        self._session = session
        self._client = session.client
        self._hearing = hearing
        self._sending = sending
        self._events: OrderedDict[str, tuple[str, nio.Event]] = OrderedDict()
        self._unanswered: dict[str, float] = {}
        self._told: OrderedDict[str, float] = OrderedDict()

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
            self._unanswered.pop(oldest, None)
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
            self._unanswered.pop(event_id, None)
        return readable

    async def answer(self) -> None:
        """Tell the writers whose messages have waited long enough, once per room and hour."""
        now = asyncio.get_running_loop().time()
        for event_id, since in list(self._unanswered.items()):
            if now - since < PATIENCE_SECONDS:
                continue
            del self._unanswered[event_id]
            room_id, event = self._events[event_id]
            if now - self._told.get(room_id, -_SILENCE_SECONDS) < _SILENCE_SECONDS:
                continue
            self._told[room_id] = now
            if len(self._told) > _MOST_ROOMS:
                self._told.popitem(last=False)
            try:
                await self._tell(room_id, event)
            except Exception as error:
                # Whatever it is, the database, too: the others are to be heard.
                log.critical("Nobody was told that event %s is unreadable: %s", event_id, where(error))
                del self._told[room_id]

    async def _tell(self, room_id: str, event: nio.Event) -> None:
        inbound = await self._hearing.bare(room_id, Event(event.source))
        _reader, words = await self._session.hub.reader(inbound)
        sorry = Content(
            text=_(
                "Somebody wrote something here just now, and I could not read it: its encryption key did not "
                "reach me. Please write it again. If you need a person now, write !peer, or call your local "
                "emergency number."
            )
        )
        await self._sending.say(room_id, sorry.rendered(words), f"unread {event.event_id}")
