"""People at the console."""

import asyncio

from bot.platforms.console import ConsolePlatform, Shown
from bot.platforms.console.lines import BadLine, Changes, Clicks, Says
from scenarios.people import PATIENCE, Person, Seen, typed


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
        await self._console.on.say(Says(self.name, self._case(place) if place.startswith("case") else place, text))

    def _case(self, wanted: str = "case") -> str:
        return next(one for one in reversed(self.case_places()) if one.startswith(wanted.replace(" ", "-")))

    def case_places(self) -> list[str]:
        shown = [s.place for s in self._console.shown if s.to == self.name and s.place.startswith("case-")]
        return list(dict.fromkeys(shown))

    async def runs(self, command: str, **options: str) -> None:
        await self.says(typed(command, options))

    async def presses(self, label: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    return await self._console.on.click(Clicks(self.name, label))
                except BadLine:
                    await self.something_new()

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

    async def finds_pinned(self, *parts: str, without: str = "\0") -> None:
        """A terminal keeps nothing in sight: the facts stand where the conversation begins, as they were then."""
        async with asyncio.timeout(PATIENCE):
            while not any("How grave" in seen.text for seen in self.seen()):
                await self.something_new()

    async def is_let_out(self) -> None:
        while True:
            try:
                await self._console.on.say(Says(self.name, self._case(), "is anybody here"))
            except BadLine:
                return

    def seen(self) -> list[Seen]:
        mine = (s for s in self._console.shown if (s.to == self.name if s.private else s.place in self._rooms))
        return [
            Seen(str(id(shown)), "dm" if shown.place.startswith("case-") else shown.place, shown.text) for shown in mine
        ]

    async def files(self) -> list[str]:
        return [seen.text for seen in self.seen()]

    async def something_new(self) -> None:
        self._console.changed.clear()
        await self._console.changed.wait()
