"""People at the console."""

import asyncio

from bot.platforms.console import ConsolePlatform, Shown
from bot.platforms.console.lines import Changes, Clicks, Says
from scenarios.people import Person, Seen, typed


class Console:
    """One terminal, and everything that it has shown."""

    def __init__(self) -> None:
        self.shown: list[Shown] = []
        self.changed = asyncio.Event()
        self.platform: ConsolePlatform | None = None

    def show(self, shown: Shown) -> None:
        self.shown.append(shown)
        self.changed.set()

    @property
    def on(self) -> ConsolePlatform:
        assert self.platform is not None
        return self.platform


class ConsolePerson(Person):
    """Somebody at the terminal; `rooms` are the places they see."""

    def __init__(self, name: str, console: Console, rooms: tuple[str, ...]) -> None:
        super().__init__(name)
        self._console = console
        self._rooms = rooms

    @property
    def account(self) -> str:
        return self.name

    async def says(self, text: str, place: str = "dm") -> None:
        await self._console.on.say(Says(self.name, place, text))

    async def runs(self, command: str, **options: str) -> None:
        await self.says(typed(command, options))

    async def presses(self, label: str) -> None:
        await self._console.on.click(Clicks(self.name, label))

    async def asks_for_a_peer_for(self, other: Person, place: str = "lobby") -> None:
        await self._console.on.say(Says(self.name, place, "!escalate", about=other.name))

    async def edits(self, text: str) -> None:
        await self._console.on.change(Changes(self.name, "dm", "edits", text))

    async def deletes(self) -> None:
        await self._console.on.change(Changes(self.name, "dm", "deletes"))

    async def replies(self, to: str, text: str) -> None:
        await self._console.on.say(Says(self.name, "dm", text, about="bot"))

    async def reacts(self, to: str, emoji: str) -> None:
        await self._console.on.change(Changes(self.name, "dm", "reacts", emoji))

    async def reads_an_answer(self, to: str, text: str) -> None:
        await self.reads(f"to “{to}”", text)

    async def has_under_their_last(self, emoji: str, text: str | None = None) -> None:
        if text is not None:
            await self.reads(emoji, text)

    async def sees_it_go(self, text: str) -> None:
        await self.reads("has taken a message back")

    def seen(self) -> list[Seen]:
        mine = (s for s in self._console.shown if (s.to == self.name if s.private else s.place in self._rooms))
        return [Seen(str(id(shown)), shown.place, shown.text) for shown in mine]

    async def files(self) -> list[str]:
        return [seen.text for seen in self.seen()]

    async def something_new(self) -> None:
        self._console.changed.clear()
        await self._console.changed.wait()
