"""What a person in a scenario can do and see, whatever platform they are on."""

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass

PATIENCE = 60.0
"""Seconds of real time after which something that should have been said counts as not said, on a busy machine too."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A message of the bot that somebody sees: in a room, or privately ("dm")."""

    id: str
    place: str
    text: str


class Person(ABC):
    """Somebody with an account. `reads` consumes what it finds: at a scenario's end nothing may be left unread."""

    mark = "!"
    """What stands before a command that they type."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._read: set[str] = set()

    @property
    @abstractmethod
    def account(self) -> str:
        """The platform's id of them."""

    @abstractmethod
    async def says(self, text: str, place: str = "dm") -> None:
        """Write a message: to the bot ("dm"), in the place of a case ("case 1", "case": the newest), or in a room."""

    async def sends_picture(self, picture: bytes, caption: str = "", place: str = "dm") -> None:
        """Send a photograph, as their own client does; in a terminal nobody can."""
        raise NotImplementedError

    async def pictures(self) -> list[bytes]:
        """The pictures that the bot shows them, the oldest first, as their own client has them."""
        raise NotImplementedError

    async def sees_a_picture(self) -> bytes:
        """Wait until the bot shows them one; the newest."""
        async with asyncio.timeout(PATIENCE):
            while not (found := await self.pictures()):
                await self.something_changed()
        return found[-1]

    async def sees_the_picture_go(self) -> None:
        """The newest picture that the bot has shown them is not there any more."""
        raise NotImplementedError

    @abstractmethod
    async def runs(self, command: str, **options: str) -> None:
        """Run a command privately: a slash command on Discord, `!command` elsewhere."""

    @abstractmethod
    async def presses(self, label: str) -> None:
        """Press the choice of that label under the newest message that has it; waits for one."""

    async def answers(self, label: str, **fields: str) -> None:
        """Press a choice that asks for something, and answer: one question after the other, or a form on Discord."""
        await self.presses(label)
        for value in fields.values():
            await self.reads("(Or “cancel”.)")
            await self.says(value)

    @abstractmethod
    async def asks_for_a_peer_for(self, other: "Person", place: str = "lobby") -> None:
        """Ask for a peer on the other's last message: the message menu on Discord, a reply elsewhere."""

    # In a conversation

    @abstractmethod
    async def edits(self, text: str) -> None:
        """Change the last thing they wrote privately."""

    @abstractmethod
    async def deletes(self) -> None:
        """Take back the last thing they wrote privately."""

    @abstractmethod
    async def replies(self, to: str, text: str) -> None:
        """Answer the bot's newest private message that holds the words `to`."""

    @abstractmethod
    async def reacts(self, to: str, emoji: str) -> None:
        """Put an emoji under the bot's newest private message that holds the words `to`."""

    @abstractmethod
    async def reads_an_answer(self, to: str, text: str) -> None:
        """The bot brings `text` as an answer to what they wrote last, which was `to`."""

    @abstractmethod
    async def has_under_their_last(self, emoji: str, text: str | None = None) -> None:
        """The bot has put an emoji under what they wrote last; where it cannot, it says `text`, if that is given."""

    @abstractmethod
    async def sees_it_go(self, text: str) -> None:
        """The bot's message that held these words is gone; where it cannot go, the bot says so."""

    async def sees_it_become(self, *parts: str) -> None:
        """A private message of the bot, perhaps one read before, says all of this now."""
        async with asyncio.timeout(PATIENCE):
            while not (now := [s for s in self.seen() if all(part in s.text for part in parts)]):
                await self.something_changed()
        self._read.update(seen.id for seen in now)

    async def something_changed(self) -> None:
        """Wait until what they see may have changed."""
        await self.something_new()

    @abstractmethod
    async def finds_pinned(self, *parts: str, without: str = "\0") -> None:
        """In the place of a case its facts are kept in sight, and say all of this, and not that; waits for it."""

    @abstractmethod
    def case_places(self) -> list[str]:
        """The places of cases that they are in, by name."""

    @abstractmethod
    async def is_let_out(self) -> None:
        """They do not see the place of the case any more, or nobody writes there; waits for it."""

    @abstractmethod
    def seen(self) -> list[Seen]:
        """What the bot has said to them privately and in the rooms they are in, in order."""

    @abstractmethod
    async def files(self) -> list[str]:
        """The texts of the files that the bot has sent them, read as their own client does."""

    async def gets_a_file_with(self, *parts: str) -> None:
        """A file with all these parts is there, or comes."""
        async with asyncio.timeout(PATIENCE):
            while not any(all(part in text for part in parts) for text in await self.files()):
                await self.something_new()

    async def is_up_to_date(self) -> None:  # noqa: B027  true at once wherever all look at one place
        """Wait until they see all that was said; where each has a client of their own, it may lag behind."""

    @abstractmethod
    async def something_new(self) -> None:
        """Wait until there may be something new to see."""

    async def reads(self, *parts: str, place: str = "dm") -> str:
        """The first unread message there that holds all these parts; waits for it."""
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    for seen in self.seen():
                        if seen.id in self._read or seen.place != place:
                            continue
                        if all(part.casefold() in seen.text.casefold() for part in parts):
                            self._read.add(seen.id)
                            return seen.text
                    await self.something_new()
        except TimeoutError:
            waiting = [seen.text for seen in self.unread()]
            raise AssertionError(f"{self.name} waited for {parts} in {place}; unread: {waiting}") from None

    @property
    def ids_read(self) -> frozenset[str]:
        """The messages that they have read."""
        return frozenset(self._read)

    def unread(self) -> list[Seen]:
        """What nobody in the scenario expected."""
        return [seen for seen in self.seen() if seen.id not in self._read]


def typed(command: str, options: dict[str, str]) -> str:
    """A command as it is typed, its options in the order in which they are declared."""
    values = [f'"{value}"' if " " in value else value for value in options.values()]
    return " ".join([f"!{command}", *values])
