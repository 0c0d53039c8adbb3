"""People who write to the bot whether it is there or not, and wait for it however long it takes."""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import uuid4

import aiohttp
import nio
from loopback_discord import Channel, LoopbackDiscord
from loopback_discord import Message as DiscordMessage
from loopback_discord import Person as DiscordUser
from real_matrix.people import MatrixError, MatrixPerson
from real_matrix.records import message_from

from crash.ledger import Place

T = TypeVar("T")

FOR_EVER = 24 * 3600.0
AGAIN = 0.2
"""Seconds after which somebody's client tries again by itself while its server is away."""

PRESS_PATIENCE = 3.0
THE_FIRST = "1️⃣"
THE_THIRD = "3️⃣"
_PAGE = 100


class Someone(ABC):
    """A person; `member_id` is who they are to the bot."""

    platform: str
    name: str

    def __init__(self, name: str) -> None:
        self.name = name
        self.member_id = 0

    @property
    @abstractmethod
    def account(self) -> str:
        """The platform's id of them."""

    @property
    @abstractmethod
    def private(self) -> Place:
        """Where the bot writes to them privately."""

    @abstractmethod
    async def writes(self, text: str, place: Place | None = None) -> None:
        """Write a message, privately to the bot or in a place, once."""

    @abstractmethod
    async def reads(self, place: Place, *parts: str) -> str:
        """The first message of the bot there, past or coming, that holds all these parts."""

    @abstractmethod
    async def takes(self, place: Place, *parts: str, until: Callable[[], bool]) -> None:
        """Choose the first choice under that message; where a press may fail, until `until` says it has worked."""


class OnDiscord(Someone):
    """Somebody on the loopback Discord, which is always there."""

    platform = "discord"

    def __init__(self, name: str, server: LoopbackDiscord, user: DiscordUser) -> None:
        super().__init__(name)
        self._server = server
        self._user = user

    @property
    def account(self) -> str:
        return str(self._user.id)

    @property
    def private(self) -> Place:
        return f"discord:{self._user.dm.id}"

    def _channel(self, place: Place | None) -> Channel:
        return self._user.dm if place is None else self._server.world.channels[int(place.partition(":")[2])]

    async def writes(self, text: str, place: Place | None = None) -> None:
        await self._user.says(self._channel(place), text)

    async def reads(self, place: Place, *parts: str) -> str:
        return (await self._message(place, *parts)).text

    def is_theirs(self, channel: Channel) -> bool:
        """Whether the bot writes to them privately there: in their chat, or in the thread of a case of theirs."""
        return channel is self._user.dm or (channel.is_private_thread and self._user.id in channel.thread_members)

    async def _message(self, place: Place, *parts: str) -> DiscordMessage:
        def fits(message: DiscordMessage) -> bool:
            here = self.is_theirs(message.channel) if place == self.private else True
            return here and all(part in message.text for part in parts)

        channel = None if place == self.private else self._channel(place)
        return await self._server.wait_for_message(channel, fits, timeout=FOR_EVER)

    async def takes(self, place: Place, *parts: str, until: Callable[[], bool]) -> None:
        message = await self._message(place, *parts)
        while not until():
            # An interaction is gone when the bot is not there, or is killed with it: people see that, and press again.
            with contextlib.suppress(AssertionError):
                answer = await self._user.presses(message, message.labels[0])
                await answer.settled(PRESS_PATIENCE)
            with contextlib.suppress(AssertionError):
                await self._server.wait_until(until, timeout=PRESS_PATIENCE)


class OnMatrix(Someone):
    """Somebody with a client of their own on the real homeserver. `room` is their direct room, if they made one."""

    platform = "matrix"

    def __init__(self, name: str, person: MatrixPerson, bot: str) -> None:
        super().__init__(name)
        self.person = person
        self.room: str | None = None
        self.rooms: tuple[Place, ...] = ()
        """The rooms that are not private."""
        self._bot = bot

    @property
    def account(self) -> str:
        return self.person.user_id

    @property
    def private(self) -> Place:
        return f"matrix:{self.person.user_id}"

    async def writes(self, text: str, place: Place | None = None) -> None:
        room = await self._private_room() if place is None else place.partition(":")[2]
        transaction = uuid4().hex
        await self._surely(lambda: self.person.says(room, text, transaction_id=transaction))

    async def reads(self, place: Place, *parts: str) -> str:
        return str((await self._message(place, *parts)).body)

    async def takes(self, place: Place, *parts: str, until: Callable[[], bool]) -> None:
        await self.reacts(THE_FIRST, place, *parts)

    async def reacts(self, key: str, place: Place, *parts: str) -> None:
        """React to that message, once."""
        message = await self._message(place, *parts)
        content = {"m.relates_to": {"rel_type": "m.annotation", "event_id": message.event_id, "key": key}}
        transaction = uuid4().hex
        await self._surely(
            lambda: self.person.sends(message.room_id, "m.reaction", content, transaction_id=transaction)
        )

    async def _message(self, place: Place, *parts: str) -> Any:
        rooms = {room.partition(":")[2] for room in self.rooms}
        only = None if place == self.private else place.partition(":")[2]

        def fits(message: Any) -> bool:
            here = message.room_id not in rooms if only is None else message.room_id == only
            return here and message.sender == self._bot and all(part in message.body for part in parts)

        return await self.person.wait_for_message(None, fits, timeout=FOR_EVER)

    async def _private_room(self) -> str:
        """The room they made, else the one in which the bot has written to them."""
        return self.room or str((await self._message(self.private)).room_id)

    async def _surely(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Do it as a person's client does: again, under the same transaction id, until the homeserver has it."""
        while True:
            try:
                return await attempt()
            except (aiohttp.ClientError, OSError, TimeoutError, MatrixError, nio.ProtocolError):
                # nio leaves this behind when claiming keys fails, and would refuse to share a room's key ever after.
                self.person.client.sharing_session.clear()
                await asyncio.sleep(AGAIN)

    async def accepts_all(self) -> None:
        """Go into every room they are invited to: one attempt of their client may have met a server that was away."""
        for room in list(self.person.client.invited_rooms):
            await self._surely(lambda room=room: self.person.join(room))  # type: ignore[misc]  # mypy: lambda=

    async def stored(self) -> dict[Place, list[str]]:
        """What the bot has said in all rooms they are in, read back from the homeserver; "" what they cannot read."""
        found: dict[Place, list[str]] = {}
        client = self.person.client
        for room in (await self._surely(client.joined_rooms)).rooms:
            place = f"matrix:{room}" if f"matrix:{room}" in self.rooms else self.private
            found.setdefault(place, []).extend(await self._said_in(room))
        return found

    async def _said_in(self, room: str) -> list[str]:
        texts: list[str] = []
        start: str | None = None
        while True:
            page = await self._surely(lambda start=start: self.person.client.room_messages(room, start, limit=_PAGE))  # type: ignore[misc]  # mypy: lambda=
            for event in page.chunk:
                message = message_from(room, event)
                if message is not None and message.sender == self._bot:
                    texts.append(message.body)
            start = page.end
            if not page.chunk or start is None:
                return texts
