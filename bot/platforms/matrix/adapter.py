"""Matrix as a platform of the bot."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import nio

from bot.core.content import Apart, Content, Upon
from bot.core.platform import Acquaintance, Address, Finding, Hub, NeverAgain, NotConnected, Receipt, TryAgain
from bot.platforms.matrix.account import MatrixAccount
from bot.platforms.matrix.apart import NotOpened, RoomsApart
from bot.platforms.matrix.checks import findings
from bot.platforms.matrix.directs import DirectRooms
from bot.platforms.matrix.errors import ConnectionLost, Refused
from bot.platforms.matrix.hearing import Hearing
from bot.platforms.matrix.listening import Listening
from bot.platforms.matrix.media import bring
from bot.platforms.matrix.patience import OUT_OF_REACH
from bot.platforms.matrix.recent import Recent
from bot.platforms.matrix.rooms import Rooms
from bot.platforms.matrix.sending import Sending
from bot.platforms.matrix.session import Session, open_session
from bot.platforms.matrix.unread import Unread
from bot.platforms.matrix.upgrades import Upgrades

log = logging.getLogger(__name__)

READY_SECONDS = 10.0
"""How long a message waits for the connection before it goes back to the outbox."""

_SEND_SECONDS = 60.0


class _Connection:
    """What one run is made of."""

    def __init__(self, session: Session, failures: dict[str, int]) -> None:
        self.session = session
        self.rooms = Rooms(session)
        self.directs = DirectRooms(session, self.rooms)
        self.upgrades = Upgrades(session, self.rooms, self.directs)
        self.apart = RoomsApart(session, self.rooms)
        recent = Recent()
        hearing = Hearing(session, self.rooms, self.directs, self.apart, self.upgrades, recent)
        self.sending = Sending(session, self.rooms, recent)
        unread = Unread(session, hearing, self.sending)
        self.listening = Listening(
            session=session,
            rooms=self.rooms,
            directs=self.directs,
            upgrades=self.upgrades,
            apart=self.apart,
            hearing=hearing,
            unread=unread,
            failures=failures,
        )
        self.ended = asyncio.Event()
        """Set once the token is dead or the platform was closed."""


class MatrixPlatform:
    """The bot on one homeserver (implements `bot.core.platform.Platform`)."""

    name = "matrix"
    sends = True
    at_once = 12
    recognises = timedelta(hours=24)
    """Synapse forgets transaction ids after this."""

    def __init__(self, account: MatrixAccount, hub: Hub) -> None:
        self.account_key = account.user_id
        self._account = account
        self._hub = hub
        self._connection: _Connection | None = None
        self._closed = False
        self._failures: dict[str, int] = {}
        self.ready = asyncio.Event()
        """Set while the bot is connected and knows the state of its rooms."""

    @property
    def is_connected(self) -> bool:
        """Whether it hears people at this moment."""
        return self.ready.is_set()

    async def run(self) -> None:
        """Connect and hear until cancelled.

        Raises `LoginRefused` where an operator must act, and `ConnectionLost` where running again may help. An event
        that a handler has not taken when the run ends comes again in the next one.
        """
        session = await open_session(self._account, self._hub)
        connection = _Connection(session, self._failures)
        self._connection = connection
        listening = asyncio.create_task(connection.listening.listen(self.ready), name="matrix listening")
        ending = asyncio.create_task(connection.ended.wait(), name="matrix end")
        try:
            await asyncio.wait({listening, ending}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                listening.result()
            if not self._closed:
                raise ConnectionLost("the homeserver has taken the access token back")
        finally:
            self.ready.clear()
            self._connection = None
            listening.cancel()
            ending.cancel()
            await asyncio.gather(listening, ending, return_exceptions=True)
            await session.client.close()

    async def send(self, to: Address, content: Content, key: str, *, retried: bool, urgent: bool) -> Receipt:
        """Say the rendered `content`; the homeserver compares keys itself, `retried` or not, for 24 hours.

        Matrix has no private threads in a room: a person who cannot be invited is `Unreachable`, whatever the
        address's fallback. A message of several pieces is known by its last, which has the choices.
        """
        connection = await self._connected()
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                if content.fetch is not None:
                    return Receipt("", file=await bring(connection.session.client, content.fetch))
                if content.apart is not None:
                    return await self._send_apart(connection, to.id, content, content.apart, key, urgent=urgent)
                if content.upon is not None and content.upon.act in {"dismiss", "close", "erase"}:
                    return await self._change_room(connection, to.id, content, content.upon)
                if to.kind == "direct":
                    return Receipt(await self._send_direct(connection, to.id, content, key, urgent=urgent))
                return Receipt(await self._send_to_place(connection, to.id, content, key))
        except Refused as refused:
            if refused.token_is_dead:
                connection.ended.set()
            raise refused.as_send_error() from refused
        except (*OUT_OF_REACH, nio.ProtocolError) as trouble:
            raise TryAgain(f"no answer from the homeserver: {type(trouble).__name__}") from trouble

    async def people(self, words: str, places: Sequence[str]) -> Sequence[Acquaintance]:
        """Who is in these rooms with that account, or a name that begins so. Raises `SendError`."""
        if (connection := self._connection) is None or not self.is_connected:
            raise NotConnected("the bot is not connected to the homeserver")
        rooms = [await connection.upgrades.room_of(place) for place in places]
        return connection.rooms.people(words, rooms)

    async def check(self) -> list[Finding]:
        """What is right and wrong with the homeserver, the login, the device and the key store."""
        return await findings(self._account, self._hub)

    async def close(self) -> None:
        """Let go of everything; a `run` that was not cancelled returns."""
        self._closed = True
        connection, self._connection = self._connection, None
        self.ready.clear()
        if connection is not None:
            connection.ended.set()
            await connection.session.client.close()

    async def _connected(self) -> _Connection:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(READY_SECONDS):
                await self.ready.wait()
        if self._connection is None or not self.ready.is_set():
            raise NotConnected("Matrix is not connected")
        return self._connection

    async def _send_direct(
        self, connection: _Connection, account: str, content: Content, key: str, *, urgent: bool
    ) -> str:
        room_id = await connection.directs.room_for(account, urgent=urgent)
        try:
            return await connection.sending.say(room_id, content, key)
        except Refused as refused:
            # What is refused may be to blame itself, such as a sign on a message of an earlier room: only what the bot
            # was put out of is forgotten, or somebody would be written to, and heard, there no more.
            anew = content.anew
            if refused.may_pass or anew is None or await connection.rooms.has_bot(room_id):
                raise
            connection.rooms.forget(room_id)
        # One more is made, and what it answers is final.
        return await connection.sending.say(await connection.directs.room_for(account, urgent=urgent), anew, key)

    async def _send_apart(
        self, connection: _Connection, account: str, content: Content, apart: Apart, key: str, *, urgent: bool
    ) -> Receipt:
        """Say it in a room of its own, the facts pinned before it; where there is none, in the direct room.

        The facts are said once in a room, whoever comes first; who comes later cannot read them, and is told them.
        """
        pinned = None
        try:
            room_id, comes_later = await connection.apart.room_for(apart, account)
            if content.pinned is not None:
                pinned = await connection.sending.say(room_id, content.pinned, f"{apart.key}:{room_id}:facts")
                await connection.apart.pin(room_id, pinned)
            told = content.together if comes_later else replace(content, apart=None)
            said = await connection.sending.say(room_id, told, key)
        except (NotOpened, Refused) as trouble:
            if isinstance(trouble, Refused) and trouble.may_pass:
                raise
            together = content.together
            said = await self._send_direct(connection, account, together, f"{key}:directly", urgent=urgent)
            return Receipt(said, unopened="trouble")
        return Receipt(said, place=room_id, pinned=pinned)

    async def _change_room(self, connection: _Connection, place: str, content: Content, upon: Upon) -> Receipt:
        room_id = await connection.upgrades.room_of(place)
        if upon.act == "dismiss":
            await connection.apart.let_out(room_id, str(content.text))
        else:
            await connection.apart.close(room_id)
        return Receipt("")

    async def _send_to_place(self, connection: _Connection, place: str, content: Content, key: str) -> str:
        room_id = await connection.upgrades.room_of(place)
        if connection.apart.is_deserted(room_id):
            raise NeverAgain("nobody is left in that room")
        try:
            return await connection.sending.say(room_id, content, key)
        except Refused as refused:
            if refused.may_pass:
                raise
            successor = await connection.upgrades.find_successor(room_id)
            if successor is None or successor == room_id:
                raise NeverAgain(f"the homeserver answered {refused}") from refused
        return await connection.sending.say(successor, content, key)
