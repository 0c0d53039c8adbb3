"""The bot as the platforms see it: `bot.core.platform.Hub`."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select

from bot.core.commands import Reader, Registry
from bot.core.content import Choice, Content, Reply
from bot.core.inbound import Inbound
from bot.core.platform import Address
from bot.core.words import Words
from bot.delivery import contents
from bot.services import members, offered, unread
from bot.services.departures import Departures
from bot.services.dispatcher import Dispatcher
from bot.services.escalations.talking import is_talk
from bot.services.recently import Recently
from bot.services.voice import Voice
from bot.storage.database import Database, Transaction
from bot.storage.tables import Delivery, Remembered

T = TypeVar("T")

REMEMBERED = "remembered.value"

NAMES = 1000
"""Names of remembered values that are read at a time."""


class BotHub:
    """What adapters may ask; everything that they hear goes to the dispatcher."""

    def __init__(
        self,
        *,
        database: Database,
        registry: Registry,
        dispatcher: Dispatcher,
        recently: Recently,
        voice: Voice,
        departures: Departures,
        now: Callable[[], datetime],
    ) -> None:
        self._departures = departures
        self.registry = registry
        self._database = database
        self._dispatcher = dispatcher
        self._recently = recently
        self._voice = voice
        self._now = now
        self._under_way: set[asyncio.Task[Any]] = set()

    async def receive(self, inbound: Inbound) -> Reply | None:
        """Hear one thing."""
        return await self._unharmed(self._dispatcher.receive(inbound))

    async def answer_later(self, inbound: Inbound, content: Content, key: str) -> None:
        """Put it into the outbox."""
        await self._unharmed(self._answer_later(inbound, content, key))

    async def _answer_later(self, inbound: Inbound, content: Content, key: str) -> None:
        now = self._now()
        async with self._database.begin() as tx:
            member = await members.find(tx, inbound)
            await self._voice.answer(tx, inbound, content, private=True, key=key, member=member, now=now)

    def removed(self, platform: str, message_id: str) -> None:
        """Forget a message."""
        self._recently.forget_message(platform, message_id)

    async def taken_back(self, platform: str, message_id: str, account: str | None) -> None:
        """Take it away from those who read it."""
        await self._unharmed(self._dispatcher.taken_back(platform, message_id, account))

    async def left(self, platform: str, account: str, place: str, *, found_out: bool = False) -> None:
        """See what follows for a peer."""
        await self._unharmed(self._departures.left(platform, account, place, found_out=found_out))

    async def who_is_called(self, platform: str) -> list[tuple[str, tuple[str, ...]]]:
        """Those of whom it is worth while to know whether they are still there."""
        return await self._read(lambda tx: members.who_is_called(tx, platform))

    async def unread(self, inbound: Inbound) -> None:
        """Tell the peers."""
        await self._unharmed(self._tell_unread(inbound))

    async def _tell_unread(self, inbound: Inbound) -> None:
        async with self._database.begin() as tx:
            await unread.tell_peers(tx, self._voice, inbound, now=self._now())

    def forget_old(self) -> None:
        """Forget the words that are kept in memory no longer."""
        self._recently.forget_old()

    async def finish(self) -> None:
        """Wait for what is still under way for adapters that do not wait any more."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def _unharmed(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it as a task of its own: an adapter that is stopped must not cut a transaction in two.

        A connection of SQLite whose task was cancelled can keep its lock on the file for a long time.
        """
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # was looked at, also where nobody waits for it any more

    async def _read(self, look: Callable[[Transaction], Awaitable[T]]) -> T:
        return await self._unharmed(self._looked(look))

    async def _looked(self, look: Callable[[Transaction], Awaitable[T]]) -> T:
        async with self._database.read() as tx:
            return await look(tx)

    async def reader(self, inbound: Inbound) -> tuple[Reader, Words]:
        """Who is typing; nobody is made a member by typing."""
        member = await self._read(lambda tx: members.find(tx, inbound))
        if member is None:
            return Reader(now=self._now(), zone=ZoneInfo("UTC")), self._voice.words(inbound.language)
        return member.reads(self._now()), self._voice.words(member.language)

    async def choices(self, platform: str, message_id: str) -> tuple[Choice, ...]:
        """The choices under a message that was sent."""
        query = select(Delivery).where(Delivery.platform == platform, Delivery.message_id == message_id)
        query = query.order_by(Delivery.id.desc())  # an edit has the choices that are under the message now
        return await self._read(lambda tx: _choices(tx, query))

    async def numbered(self, address: Address, number: int) -> Choice | None:
        """The choice that a typed number presses.

        "How many have you taken?" is answered by a number, too: in a talk only a button or a reaction presses.
        """

        async def look(tx: Transaction) -> Choice | None:
            if await is_talk(tx, address):
                return None
            messages = await offered.lately(tx, address, at_once=True)
            return offered.pressed(messages, number, now=self._now())

        return await self._read(look)

    async def takes_numbers(self, address: Address) -> bool:
        """Whether nobody talks there."""
        return not await self._read(lambda tx: is_talk(tx, address))

    async def has_sent(self, platform: str, message_id: str) -> bool:
        """Whether some delivery has become this message."""
        query = select(Delivery.id).where(Delivery.platform == platform, Delivery.message_id == message_id)
        return await self._read(lambda tx: tx.session.scalar(query.limit(1))) is not None

    async def remembered(self, platform: str, name: str) -> str | None:
        """A value that the platform stored."""
        return (await self.remembered_all(platform, [name])).get(name)

    async def remembered_all(self, platform: str, names: Sequence[str]) -> dict[str, str]:
        """Several values that the platform stored."""
        query = select(Remembered.name, Remembered.value_sealed)
        query = query.where(Remembered.platform == platform, Remembered.name.in_(names))

        async def look(tx: Transaction) -> dict[str, str]:
            rows = (await tx.session.execute(query)).all()
            return {row.name: tx.vault.open(row.value_sealed, REMEMBERED) for row in rows}

        return await self._read(look)

    async def remember(self, platform: str, name: str, value: str) -> None:
        """Store a value."""
        await self.remember_all(platform, {name: value})

    async def remember_all(self, platform: str, values: Mapping[str, str]) -> None:
        """Store several values in one transaction."""
        await self._unharmed(self._remember_all(platform, values))

    async def _remember_all(self, platform: str, values: Mapping[str, str]) -> None:
        # In the order of their names: two processes that store the same ones must not wait for each other. Sealed
        # before the transaction begins: on SQLite nobody else writes while it lasts.
        rows = [
            {"platform": platform, "name": name, "value_sealed": self._database.vault.seal(value, REMEMBERED)}
            for name, value in sorted(values.items())
        ]
        async with self._database.begin() as tx:
            await tx.insert_or_write(Remembered, rows, key=("platform", "name"))

    async def remembered_names(self, platform: str, prefix: str, after: str = "", limit: int = 1000) -> list[str]:
        """The names that begin with `prefix`; LIKE is blind to capitals in SQLite, so a page may hold fewer."""
        query = (
            select(Remembered.name)
            .where(Remembered.platform == platform, Remembered.name.startswith(prefix, autoescape=True))
            .where(Remembered.name > after)
            .order_by(Remembered.name)
            .limit(max(1, min(limit, NAMES)))
        )
        names = await self._read(lambda tx: tx.session.scalars(query))
        return [name for name in names if name.startswith(prefix)]

    async def has_seen(self, platform: str, account: str) -> bool:
        """Whether the account was heard before."""
        return await self._read(lambda tx: members.was_seen(tx, platform, account))

    async def is_known_place(self, platform: str, place: str) -> bool:
        """Whether some community has this place."""
        return await self._read(lambda tx: members.known_place(tx, platform, place))

    async def known_servers(self, platform: str, limit: int) -> list[str]:
        """Servers of communities, in the order in which they were added."""
        return await self._read(lambda tx: members.known_servers(tx, platform, limit))

    async def lobbies(self, platform: str, places: Sequence[str]) -> list[str]:
        """The lobbies of the community that has one of these places."""
        return await self._read(lambda tx: members.lobbies(tx, platform, places))


async def _choices(tx: Transaction, query: Select[Delivery]) -> tuple[Choice, ...]:
    row = await tx.session.scalar(query.limit(1))
    if row is None or not row.has_choices:
        return ()
    return (await contents.unseal(tx, row.content_sealed, row.shared_id)).choices
