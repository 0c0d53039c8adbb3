"""A small `Hub` in memory: it notes what comes in, and answers as a test tells it to."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from loopback_discord.notifier import PATIENCE

from bot.core.commands import Reader, Registry
from bot.core.content import Choice, Content, Reply
from bot.core.inbound import Inbound
from bot.core.platform import Address
from bot.core.words import ENGLISH, Words


def private(text: str, *choices: Choice) -> Reply:
    """A reply for the asker only."""
    return Reply(content=Content(text=text, choices=choices))


def public(text: str) -> Reply:
    """A reply for everybody in the channel."""
    return Reply(content=Content(text=text), private=False)


class RecordingHub:
    """Everything a platform asks of the bot.

    `replies` holds the answer to each command; `gate` holds them back until it is set; `failure` is raised instead,
    and so is one for each message that says `poison`.
    """

    def __init__(self, *cogs: object) -> None:
        self.registry = Registry.of(*cogs)
        self.received: list[Inbound] = []
        self.memory: dict[str, str] = {}
        self.replies: dict[str, Reply | None] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self.failure: Exception | None = None
        self.poison: str | None = None
        self.handled: list[str] = []
        self.servers: list[str] = []
        self.lobby: list[str] = []
        self.seen: set[str] = set()
        self.sent: set[str] = set()
        self.gone: list[str] = []
        self.later: list[tuple[Inbound, Content, str]] = []
        self.taken: list[tuple[str, str | None]] = []
        self.called: list[tuple[str, tuple[str, ...]]] = []
        self.departed: list[tuple[str, str]] = []
        self.sent_choices: dict[str, tuple[Choice, ...]] = {}
        self._news = asyncio.Condition()

    async def receive(self, inbound: Inbound) -> Reply | None:
        async with self._news:
            self.received.append(inbound)
            self._news.notify_all()
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        if self.poison is not None and inbound.text == self.poison:
            raise ValueError(self.poison)
        async with self._news:
            self.handled.append(inbound.event_id)
            self._news.notify_all()
        if not inbound.answered_directly or inbound.invocation is None:
            return None
        return self.replies.get(inbound.invocation.command)

    async def answer_later(self, inbound: Inbound, content: Content, key: str) -> None:
        async with self._news:
            self.later.append((inbound, content, key))
            self._news.notify_all()

    def removed(self, platform: str, message_id: str) -> None:
        self.gone.append(message_id)

    async def taken_back(self, platform: str, message_id: str, account: str | None) -> None:
        self.taken.append((message_id, account))

    async def left(self, platform: str, account: str, place: str, *, found_out: bool = False) -> None:
        self.departed.append((account, place))

    async def who_is_called(self, platform: str) -> list[tuple[str, tuple[str, ...]]]:
        return self.called

    async def unread(self, inbound: Inbound) -> None:
        raise AssertionError("on Discord everything can be read")

    async def reader(self, inbound: Inbound) -> tuple[Reader, Words]:
        return Reader(now=datetime(2026, 3, 1, tzinfo=UTC), zone=ZoneInfo("UTC")), ENGLISH

    async def choices(self, platform: str, message_id: str) -> tuple[Choice, ...]:
        return self.sent_choices.get(message_id, ())

    async def numbered(self, address: Address, number: int) -> Choice | None:
        return None

    async def takes_numbers(self, address: Address) -> bool:
        return True

    async def remembered(self, platform: str, name: str) -> str | None:
        return self.memory.get(f"{platform}:{name}")

    async def remembered_all(self, platform: str, names: Sequence[str]) -> dict[str, str]:
        found = {name: await self.remembered(platform, name) for name in names}
        return {name: value for name, value in found.items() if value is not None}

    async def remember(self, platform: str, name: str, value: str) -> None:
        self.memory[f"{platform}:{name}"] = value

    async def remember_all(self, platform: str, values: Mapping[str, str]) -> None:
        for name, value in values.items():
            await self.remember(platform, name, value)

    async def remembered_names(self, platform: str, prefix: str, after: str = "", limit: int = 1000) -> list[str]:
        names = sorted(key.removeprefix(f"{platform}:") for key in self.memory if key.startswith(f"{platform}:"))
        return [name for name in names if name.startswith(prefix) and name > after][:limit]

    async def has_sent(self, platform: str, message_id: str) -> bool:
        return message_id in self.sent

    async def has_seen(self, platform: str, account: str) -> bool:
        return account in self.seen

    async def is_known_place(self, platform: str, place: str) -> bool:
        return True

    async def lobbies(self, platform: str, places: Sequence[str]) -> list[str]:
        return self.lobby

    async def known_servers(self, platform: str, limit: int) -> list[str]:
        return self.servers[:limit]

    async def refuse(self, *_arguments: object) -> None:
        """In place of a method: the database cannot be reached."""
        raise OSError("disk")

    async def until_handled(self, event_id: str) -> None:
        """Wait until a thing was received without a failure."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: event_id in self.handled)

    async def until_later(self) -> None:
        """Wait until an answer was left to the outbox."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: bool(self.later))

    async def hears(self, wanted: Callable[[Inbound], bool] | str) -> Inbound:
        """The first thing received that matches (a text, or a test), past or future."""

        def look() -> Inbound | None:
            match = wanted if callable(wanted) else lambda inbound: inbound.text == wanted
            return next((one for one in self.received if match(one)), None)

        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: look() is not None)
        found = look()
        assert found is not None
        return found
