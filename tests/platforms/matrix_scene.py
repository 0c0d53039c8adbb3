"""The bot running on a real homeserver, and what a test does around it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote
from uuid import uuid4

import pytest
from matrix_hub import RecordingHub
from real_matrix.device import PATIENCE
from real_matrix.homeserver import Homeserver
from real_matrix.people import MatrixPerson, Message

from bot.core.content import Choice, Content
from bot.core.inbound import Invocation
from bot.core.platform import Address, Receipt
from bot.platforms.matrix import MatrixAccount, MatrixPlatform

CHOICES = (
    Choice(label="I am well", command="checkin answer", arguments={"mood": "5"}),
    Choice(label="I need a person", command="peer", style="danger"),
)
WELL, PERSON = (Invocation(command=choice.command, arguments=choice.arguments) for choice in CHOICES)


class RunningBot:
    """The bot's account with its adapter, which can be stopped and started like the real process."""

    def __init__(self, account: MatrixAccount) -> None:
        self.account = account
        self.hub = RecordingHub()
        self.platform = MatrixPlatform(account, self.hub)
        self._running: asyncio.Task[None] | None = None

    @classmethod
    async def registered(
        cls, homeserver: Homeserver, store: Path, *, allowed_servers: tuple[str, ...] = ()
    ) -> "RunningBot":
        """A bot with a new account, not yet started."""
        password = uuid4().hex
        user_id = await homeserver.register(f"handrail-{uuid4().hex[:8]}", password)
        account = MatrixAccount(
            homeserver=homeserver.base_url,
            user_id=user_id,
            password=password,
            allowed_servers=allowed_servers,
            store_path=store,
        )
        return cls(account)

    @property
    def user_id(self) -> str:
        return self.account.user_id

    async def start(self) -> Self:
        """Run the adapter, a new one as after a restart of the process, until it is ready."""
        self.platform = MatrixPlatform(self.account, self.hub)
        self._running = asyncio.create_task(self.platform.run())
        ready = asyncio.create_task(self.platform.ready.wait())
        await asyncio.wait({self._running, ready}, return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE)
        ready.cancel()
        if self._running.done():
            self._running.result()
        assert self.platform.ready.is_set()
        return self

    def run_again(self) -> None:
        """Run the same adapter once more, as the app does when a run has ended."""
        assert not self.is_running
        self._running = asyncio.create_task(self.platform.run())

    async def ends(self) -> BaseException | None:
        """Wait until the run ends by itself; what it raised."""
        assert self._running is not None
        async with asyncio.timeout(PATIENCE):
            (raised,) = await asyncio.gather(self._running, return_exceptions=True)
        return raised

    @property
    def is_running(self) -> bool:
        return self._running is not None and not self._running.done()

    async def stop(self) -> None:
        """End the run as a stopping process does."""
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._running
        await self.platform.close()

    async def send(self, kind: str, target: str, content: Content | str, key: str) -> Receipt:
        """Send as the outbox does."""
        assert kind in {"direct", "place"}
        address = Address(platform="matrix", kind="direct" if kind == "direct" else "place", id=target)
        what = content if isinstance(content, Content) else Content(text=content)
        return await self.platform.send(address, what, key, retried=False, urgent=False)

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


@pytest.fixture
async def bot(homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with await RunningBot.registered(homeserver, tmp_path / "keys") as running:
        yield running


def saying(text: str) -> Callable[[Message], bool]:
    """Whether a message has exactly these words."""
    return lambda message: message.body == text


def with_id(event_id: str) -> Callable[[Message], bool]:
    """Whether a message is this event."""
    return lambda message: message.event_id == event_id


async def room_with(bot: RunningBot, anna: MatrixPerson, *, encrypted: bool = False, version: str = "11") -> str:
    room = await anna.create_room(invite=[bot.user_id], encrypted=encrypted, room_version=version)
    await anna.members_joined(room, [bot.user_id])
    return room


async def direct_room_with(bot: RunningBot, anna: MatrixPerson, *, encrypted: bool = True) -> str:
    room = await anna.direct_room_with(bot.user_id, encrypted=encrypted)
    await anna.members_joined(room, [bot.user_id])
    return room


async def asked(bot: RunningBot, anna: MatrixPerson) -> tuple[str, str]:
    """Let the bot ask with choices; room and event."""
    receipt = await bot.send("direct", anna.user_id, Content(text="How are you?", choices=CHOICES), "ask")
    bot.hub.choices_under[receipt.message_id] = CHOICES
    message = await anna.wait_for_message(None, with_id(receipt.message_id))
    return message.room_id, message.event_id


async def left(anna: MatrixPerson, room: str, user_id: str) -> None:
    """Wait until an invited account is in the room no more, nor invited; its invitation was seen before."""
    async with asyncio.timeout(PATIENCE):
        while True:
            syncs = anna.syncs
            state = await anna.client.room_get_state_event(room, "m.room.member", user_id)
            membership = state.content["membership"]
            if membership != "invite":
                break
            await anna.next_sync(syncs)
    assert membership == "leave"


async def upgrade(anna: MatrixPerson, room: str, version: str) -> str:
    """Upgrade a room as its admin; the new room's id."""
    response = await anna.client.send(
        "POST",
        f"/_matrix/client/v3/rooms/{quote(room)}/upgrade",
        json.dumps({"new_version": version}),
        {"Authorization": f"Bearer {anna.client.access_token}"},
    )
    return str((await response.json())["replacement_room"])


async def put_event(person: MatrixPerson, room: str, event_type: str, content: Mapping[str, object]) -> None:
    """Send an event as it is, unencrypted and unchecked, as a hostile client can."""
    await person.client.send(
        "PUT",
        f"/_matrix/client/v3/rooms/{quote(room)}/send/{event_type}/{uuid4().hex}",
        json.dumps(dict(content)),
        {"Authorization": f"Bearer {person.client.access_token}"},
    )
