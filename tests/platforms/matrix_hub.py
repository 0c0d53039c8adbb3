"""A hub in memory, for the tests of the Matrix adapter."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from real_matrix.device import PATIENCE

from bot.core.commands import Reader, Registry
from bot.core.content import Choice, Content, Reply
from bot.core.inbound import Inbound
from bot.core.platform import Address
from bot.core.words import ENGLISH, Words


class RecordingHub:
    """Remembers what it is told and keeps what it hears (implements `bot.core.platform.Hub`)."""

    def __init__(self) -> None:
        self.registry = Registry()
        self.heard: list[Inbound] = []
        self.gone: list[str] = []
        self.unreadable: list[str] = []
        self.taken: list[tuple[str, str | None]] = []
        self.departed: list[tuple[str, str]] = []
        self.memory: dict[str, str] = {}
        self.choices_under: dict[str, tuple[Choice, ...]] = {}
        self.newest_choices: dict[str, tuple[Choice, ...]] = {}
        self.on_receive: Callable[[Inbound], Awaitable[None]] | None = None
        self.nobodys: set[str] = set()
        """Rooms that are no community's."""
        self.full = False
        """Whether nothing can be stored."""
        self._positions = 0
        self._position_when_heard: dict[str, int] = {}
        self._changed = asyncio.Condition()

    async def receive(self, inbound: Inbound) -> Reply | None:
        if self.on_receive is not None:
            await self.on_receive(inbound)
        async with self._changed:
            self.heard.append(inbound)
            self._position_when_heard[inbound.event_id] = self._positions
            self._changed.notify_all()
        return None

    async def answer_later(self, inbound: Inbound, content: Content, key: str) -> None:
        raise NotImplementedError

    def removed(self, platform: str, message_id: str) -> None:
        self.gone.append(message_id)

    async def taken_back(self, platform: str, message_id: str, account: str | None) -> None:
        self.taken.append((message_id, account))

    async def left(self, platform: str, account: str, place: str, *, found_out: bool = False) -> None:
        self.departed.append((account, place))

    async def who_is_called(self, platform: str) -> list[tuple[str, tuple[str, ...]]]:
        raise AssertionError("Matrix tells who has left")

    async def unread(self, inbound: Inbound) -> None:
        self.unreadable.append(inbound.event_id)

    async def reader(self, inbound: Inbound) -> tuple[Reader, Words]:
        return Reader(now=datetime.now(UTC), zone=ZoneInfo("UTC")), ENGLISH

    async def choices(self, platform: str, message_id: str) -> tuple[Choice, ...]:
        return self.choices_under.get(message_id, ())

    async def numbered(self, address: Address, number: int) -> Choice | None:
        return dict(enumerate(self.newest_choices.get(address.id, ()), start=1)).get(number)

    async def takes_numbers(self, address: Address) -> bool:
        return True

    async def remembered(self, platform: str, name: str) -> str | None:
        assert platform == "matrix"
        return self.memory.get(name)

    async def remembered_all(self, platform: str, names: Sequence[str]) -> dict[str, str]:
        return {name: self.memory[name] for name in names if name in self.memory}

    async def remember(self, platform: str, name: str, value: str) -> None:
        assert platform == "matrix"
        if self.full:
            raise OSError
        self.memory[name] = value
        self._positions += name == "sync_token"
        async with self._changed:
            self._changed.notify_all()

    async def remember_all(self, platform: str, values: Mapping[str, str]) -> None:
        for name, value in values.items():
            await self.remember(platform, name, value)

    async def remembered_names(self, platform: str, prefix: str, after: str = "", limit: int = 1000) -> list[str]:
        return sorted(name for name in self.memory if name.startswith(prefix) and name > after)[:limit]

    async def has_sent(self, platform: str, message_id: str) -> bool:
        return False

    async def has_seen(self, platform: str, account: str) -> bool:
        return False

    async def is_known_place(self, platform: str, place: str) -> bool:
        return place not in self.nobodys

    async def lobbies(self, platform: str, places: Sequence[str]) -> list[str]:
        return []

    async def known_servers(self, platform: str, limit: int) -> list[str]:
        return []

    async def until(self, holds: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
        """Wait until something heard or remembered makes `holds` true."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: bool(holds()))
        except TimeoutError:
            raise TimeoutError(f"waited for {what}; {len(self.heard)} things heard") from None

    async def hears(self, fits: Callable[[Inbound], bool], seconds: float = PATIENCE) -> Inbound:
        """The first thing heard, or still to be heard, that fits."""
        await self.until(lambda: any(map(fits, self.heard)), "something to hear", seconds)
        return next(filter(fits, self.heard))

    async def hears_text(self, text: str) -> Inbound:
        """The first message with these words."""
        return await self.hears(lambda inbound: inbound.text == text)

    async def is_past(self, event_id: str) -> None:
        """Wait until the position behind an event that was heard is stored: it will not come again."""
        await self.until(
            lambda: self._positions > self._position_when_heard.get(event_id, self._positions), "the next position"
        )

    def times_heard(self, event_id: str) -> int:
        """How often an event was heard."""
        return sum(inbound.event_id == event_id for inbound in self.heard)
