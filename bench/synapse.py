"""Sending through a real Synapse: the bot's whole way out, against nio's client in a bare loop."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from time import perf_counter
from typing import Any
from uuid import uuid4

import nio
from real_matrix.homeserver import Homeserver
from real_matrix.people import MatrixPerson

from bench.databases import fresh, scratch
from bench.due import waiting
from bench.report import Row, at_least, progress, told
from bot.app import App, build
from bot.core.content import Content
from bot.core.platform import Address, Hub, Platform
from bot.core.words import ENGLISH
from bot.delivery import outbox
from bot.delivery.outbox import Message, Priority
from bot.platforms.matrix import MatrixAccount, MatrixPlatform
from bot.scheduling.clock import system_now
from bot.services.asking import prompt

OF_A_BARE_LOOP = 80
"""Per cent of its sends/s."""

ROOMS = 16
ROUNDS = 4
"""In turn, so that a machine that slows down slows both."""

MESSAGES = 80
"""In each round, for each way."""

EVENTS = 7
"""Of a check-in: the question and a reaction for each of its six choices."""

_TEXT = "Evening group begins in half an hour. Whoever comes is welcome."
_PATIENCE = 120
_numbers = count(1)


@dataclass(slots=True)
class Tally:
    """What one way has sent, and how long that took."""

    sent: int = 0
    seconds: float = 0.0

    def add(self, sent: int, seconds: float) -> None:
        """One more round."""
        self.sent += sent
        self.seconds += seconds

    @property
    def rate(self) -> float:
        """Sends per second."""
        return self.sent / self.seconds


async def measure(messages: int = MESSAGES, rounds: int = ROUNDS) -> list[Row]:
    """Plain rooms, encrypted rooms, and check-ins with their reactions, on a homeserver of its own."""
    progress(f"Synapse: starting it, with {ROOMS} plain rooms and {ROOMS} encrypted ones")
    homeserver = Homeserver()
    try:
        await homeserver.start()
        return await measure_on(homeserver, messages, rounds)
    finally:
        await asyncio.to_thread(homeserver.close)


async def measure_on(homeserver: Homeserver, messages: int, rounds: int, number_of_rooms: int = ROOMS) -> list[Row]:
    """The same on a homeserver that is running."""
    rows: list[Row] = []
    async with our_bot(homeserver) as (app, our_name), bare_client(homeserver) as bare:
        for encrypted in (False, True):
            rooms = await _rooms(homeserver, our_name, bare, number_of_rooms, encrypted=encrypted)
            rows += await _compare(app, bare, rooms, messages, rounds, encrypted=encrypted)
            if not encrypted:
                checkins = await _ours(app, rooms, max(1, messages // 2), prompt().rendered(ENGLISH))
                rows.append(told("Synapse: check-ins/s, each with six reactions", checkins.rate, "/s"))
                rows.append(told("Synapse: events/s of these check-ins", EVENTS * checkins.rate, "/s"))
    return rows


async def _compare(
    app: App, bare: nio.AsyncClient, rooms: list[str], messages: int, rounds: int, *, encrypted: bool
) -> list[Row]:
    kind = "encrypted" if encrypted else "plain"
    progress(f"Synapse: {rounds} times {messages} messages in {kind} rooms, bare and through the outbox")
    ours, one_by_one, at_once = Tally(), Tally(), Tally()
    width = min(app.platforms["matrix"].at_once, len(rooms))
    # What is done once for each room, such as sharing its key, is done before.
    await _loop(bare, rooms, len(rooms), 1)
    await _ours(app, rooms, len(rooms), Content(text=_TEXT))
    for _round in range(rounds):
        one_by_one.add(messages, await _loop(bare, rooms, messages, 1))
        mine = await _ours(app, rooms, messages, Content(text=_TEXT))
        ours.add(mine.sent, mine.seconds)
        at_once.add(messages, await _loop(bare, rooms, messages, width))
    return [
        at_least(
            f"Synapse, {kind}: sends/s, of a bare nio loop's",
            100 * ours.rate / one_by_one.rate,
            "%",
            OF_A_BARE_LOOP,
        ),
        told(f"Synapse, {kind}: the same, of {width} bare loops at once", 100 * ours.rate / at_once.rate, "%"),
        told(f"Synapse, {kind}: sends/s through the outbox", ours.rate, "/s"),
        told(f"Synapse, {kind}: sends/s of a bare nio loop", one_by_one.rate, "/s"),
    ]


async def _ours(app: App, rooms: list[str], messages: int, content: Content) -> Tally:
    """Put so many into the outbox, and wait until all are sent and that is stored."""
    now = system_now()
    async with app.database.begin() as tx:
        for number in range(messages):
            message = Message(
                key=f"bench:{next(_numbers)}",
                to=Address(platform="matrix", kind="place", id=rooms[number % len(rooms)]),
                content=content,
                priority=Priority.MEETING,
                due_at=now,
            )
            await outbox.enqueue(tx, message, now=now)
    began = perf_counter()
    app.wake()
    async with asyncio.timeout(_PATIENCE):
        while await waiting(app.database) or await _under_way(app):
            await asyncio.sleep(0.02)
    return Tally(messages, perf_counter() - began)


async def _under_way(app: App) -> int:
    return await waiting(app.database, state="sending")


async def _loop(bare: nio.AsyncClient, rooms: list[str], messages: int, width: int) -> float:
    """Seconds that nio alone takes, with `width` loops, each in rooms of its own."""

    async def send(numbers: Iterable[int]) -> None:
        for number in numbers:
            content = {"msgtype": "m.text", "body": _TEXT}
            room = rooms[number % len(rooms)]
            answer = await bare.room_send(room, "m.room.message", content, ignore_unverified_devices=True)
            if not isinstance(answer, nio.RoomSendResponse):
                raise TypeError("the homeserver did not take a message")

    began = perf_counter()
    await asyncio.gather(*(send(range(first, messages, width)) for first in range(width)))
    return perf_counter() - began


@asynccontextmanager
async def our_bot(homeserver: Homeserver) -> AsyncIterator[tuple[App, str]]:
    """The whole bot with Matrix as its platform, and the name of its account."""
    password = uuid4().hex
    user_id = await homeserver.register(f"handrail-{uuid4().hex[:8]}", password)
    made: list[MatrixPlatform] = []

    def platforms(hub: Hub) -> list[Platform]:
        made.append(MatrixPlatform(account, hub))
        return [*made]

    with scratch() as store:
        account = MatrixAccount(homeserver=homeserver.base_url, user_id=user_id, password=password, store_path=store)
        async with fresh("SQLite") as database:
            app = build(database, system_now, platforms)
            stop = asyncio.Event()
            running = asyncio.create_task(app.run(tick=timedelta(seconds=5), until=stop), name="the bot")
            try:
                async with asyncio.timeout(30):
                    await made[0].ready.wait()
                yield app, user_id
            finally:
                stop.set()
                await running


@asynccontextmanager
async def bare_client(homeserver: Homeserver) -> AsyncIterator[nio.AsyncClient]:
    """Nio alone, logged in, with an account of its own."""
    password = uuid4().hex
    user_id = await homeserver.register(f"bare-{uuid4().hex[:8]}", password)
    config = nio.AsyncClientConfig(encryption_enabled=True)
    with scratch() as store:
        client = nio.AsyncClient(homeserver.base_url, user_id, store_path=str(store), config=config)
        try:
            await client.login(password)
            if client.should_upload_keys:
                await client.keys_upload()
            yield client
        finally:
            await client.close()
            if client.store is not None:
                client.store.database.close()


async def _rooms(
    homeserver: Homeserver, ours: str, bare: nio.AsyncClient, number: int, *, encrypted: bool
) -> list[str]:
    """New rooms with a person, the bot and the bare client; the person does not listen afterwards."""
    person: Any = await MatrixPerson.join_server(homeserver, f"anna-{uuid4().hex[:8]}")
    async with person:
        rooms = []
        for _room in range(number):
            room = await person.create_room(invite=[ours, bare.user_id], encrypted=encrypted)
            await bare.join(room)
            await person.members_joined(room, [ours, bare.user_id])
            rooms.append(room)
    await bare.sync(timeout=0, full_state=True)
    for room in rooms:
        await bare.joined_members(room)
    if bare.should_query_keys:
        await bare.keys_query()
    return rooms
