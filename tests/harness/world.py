"""One community, its people and their private chats, as tests speak of them.

Whatever the bot says must be looked at: `Mailbox.sees` takes one message, and what is left at the end of a test
fails it (`World.all_was_seen`). Failures name places and counts, never anybody's words.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.app import App, build
from bot.core.commands import commands_of
from bot.core.community import CommunityFile
from bot.core.content import Content
from bot.core.inbound import Inbound, Picture, Target
from bot.core.pictures import Still
from bot.core.platform import Acquaintance, Address, Hub, Receipt, SendError, Unopened
from bot.operations.demo import Demo
from bot.platforms.console import ConsolePlatform, Shown
from bot.platforms.console.lines import Clicks, Says
from bot.scheduling.clock import VirtualClock
from bot.storage.database import Database
from bot.storage.opening import open_database
from bot.storage.resource_tables import ResourceReview
from bot.storage.vault import Vault, load_key
from harness.communities import HARBOUR
from harness.statements import shared_engine

START = datetime(2026, 11, 23, 8, 0, tzinfo=ZoneInfo("America/New_York"))
"""A Monday morning, in the zone of the community."""

_sessions = itertools.count(1)


class Console(ConsolePlatform):
    """The console, where a test may close somebody's door: `failures` by address are raised instead of showing.

    `files`: what people have attached, by its source; `stills`: the pictures that were shown, with to whom.
    """

    failures: dict[str, SendError]
    files: dict[str, bytes | SendError]
    stills: list[tuple[str, Still]]
    acquaintances: dict[str, list[Acquaintance]]
    """Who is in a room, by the room's name, though they never wrote to the bot."""
    unopened: Unopened | None = None
    """Why no conversation apart can be opened, if none can."""

    async def people(self, words: str, places: Sequence[str]) -> Sequence[Acquaintance]:
        """All who are in these rooms: which of them is meant, the bot finds out."""
        return [one for place in places for one in self.acquaintances.get(place, ())]

    async def send(self, to: Address, content: Content, key: str, *, retried: bool, urgent: bool) -> Receipt:
        """Show the message, unless the receiver cannot be reached."""
        if content.fetch is not None:
            file = self.files[content.fetch.source]
            if isinstance(file, SendError):
                raise file
            return Receipt("", file=file)
        conversation = self._apart.get(to.id)
        readers = [to.id, *(conversation.people if conversation else ())]
        failure = next((self.failures[one] for one in readers if one in self.failures), None)
        if failure is not None:
            raise failure
        if content.picture is not None and content.picture.still is not None:
            self.stills.append((to.id, content.picture.still))
        if content.apart is not None and self.unopened is not None:
            receipt = await super().send(to, content.together, key, retried=retried, urgent=urgent)
            return replace(receipt, unopened=self.unopened)
        return await super().send(to, content, key, retried=retried, urgent=urgent)


class Mailbox:
    """What the bot has said in one place, and which of it no test has looked at yet."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.shown: list[Shown] = []
        self.unseen: list[Shown] = []

    def receive(self, shown: Shown) -> None:
        """A message has come."""
        self.shown.append(shown)
        self.unseen.append(shown)

    def sees(self, *parts: str) -> Shown:
        """The first message not looked at yet that holds all `parts`, in its text or on its buttons."""
        for shown in self.unseen:
            everything = "\n".join([shown.text, *(str(choice.label) for choice in shown.choices)])
            if all(part in everything for part in parts):
                self.unseen.remove(shown)
                return shown
        raise AssertionError(f"{self.name} does not see {parts!r}; there are {len(self.unseen)} other messages")

    def sees_nothing(self) -> None:
        """Nothing has come that was not looked at."""
        assert not self.unseen, f"{len(self.unseen)} unexpected messages for {self.name}"


class Person(Mailbox):
    """Somebody at the console; their mailbox is their private chat."""

    def __init__(self, name: str, world: "World") -> None:
        super().__init__(name)
        self._world = world

    async def says(self, text: str, place: str = "dm", *, about: str | None = None) -> None:
        """Write something; `about`: in answer to that person's last message there."""
        await self._world.console.say(Says(self.name, place, text, about))
        await self._world.app.settle()

    async def sends_pictures(
        self, *files: bytes | SendError, text: str = "", kind: str = "image/png", size: int = 40_000, about: str = ""
    ) -> str:
        """Send files privately, each said to be of that kind and size; the id of the message."""
        console, id_ = self._world.console, f"picture-{next(_sessions)}"
        pictures = [Picture(source=f"{id_}/{number}", kind=kind, size=size) for number in range(len(files))]
        console.files |= {picture.source: file for picture, file in zip(pictures, files, strict=True)}
        sent = Inbound(
            event_id=id_,
            platform=console.name,
            account=self.name,
            place=self.name,
            private=True,
            at=self._world.now,
            text=text,
            files=True,
            pictures=tuple(pictures),
            about=Target(message_id=about, account="", text="") if about else None,
        )
        await self._world.app.hub.receive(sent)
        await self._world.app.settle()
        return id_

    async def clicks(self, label: str) -> None:
        """Press a button under the newest message that has it."""
        await self._world.console.click(Clicks(self.name, label))
        await self._world.app.settle()

    async def joins(self, place: str = "lobby") -> None:
        """Be known to the bot: the first contact, and its welcome."""
        await self.says("!help", place)
        self.sees("What I can do")
        self.sees("Hello, I'm the bot of")


class World:
    """The bot, its people and its rooms. `world.alice` is a person, `world.room("peers")` a room."""

    def __init__(self, app: App, console: Console, clock: VirtualClock, mailboxes: dict[str, Mailbox]) -> None:
        self.app = app
        self.console = console
        self.clock = clock
        self.database: Database = app.database
        self._mailboxes = mailboxes
        self._demo = Demo(app, console, clock)

    def __getattr__(self, name: str) -> Person:
        return self.person(name)

    def person(self, name: str) -> Person:
        """Somebody, by the name of their account."""
        if name.startswith("_"):
            raise AttributeError(name)
        found = self._mailboxes.get(name)
        if found is None:
            found = self._mailboxes[name] = Person(name, self)
        assert isinstance(found, Person)
        return found

    def room(self, name: str) -> Mailbox:
        """What is said in a room."""
        return self._mailboxes.setdefault(f"#{name}", Mailbox(f"#{name}"))

    @property
    def mailboxes(self) -> list[Mailbox]:
        """Everybody's and every room's."""
        return list(self._mailboxes.values())

    @property
    def now(self) -> datetime:
        """What the clock shows, in UTC."""
        return self.clock()

    async def advance(self, **by: float) -> None:
        """Move the clock, such as `hours=8`, stopping wherever something is due."""
        await self._demo.advance(timedelta(**by))
        await self.app.settle()

    async def until(self, wall: str, zone: str = "America/New_York") -> None:
        """Move the clock to a local time, such as "2026-11-24 09:00"."""
        at = datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        assert at >= self.now, "the clock does not go back"
        await self._demo.advance(at - self.now)
        await self.app.settle()

    async def at_once(self, *presses: tuple[Person, str]) -> None:
        """Several people press at the same moment."""
        doing: Iterable[Awaitable[None]] = (self.console.click(Clicks(person.name, label)) for person, label in presses)
        await asyncio.gather(*doing)
        await self.app.settle()

    async def apply(
        self, community: CommunityFile, resources_csv: str | None = None, lexicon_toml: str | None = None
    ) -> None:
        """Apply a community's file."""
        async with self.database.begin() as tx:
            applied = await self.app.communities.apply(tx, community, resources_csv, lexicon_toml, now=self.now)
            # Nobody is asked about old resources, which would come into every test that moves the clock by weeks.
            await tx.insert_new(ResourceReview, community_id=applied.id, asked_at=self.now, off=True)
        await self.app.settle()

    def add_commands(self, cog: object) -> None:
        """Give the bot a cog of the test's own."""
        by_name = self.app.registry.by_name
        assert isinstance(by_name, dict)
        by_name |= {command.name: command for command in commands_of(cog)}

    async def rows(self, statement: Any) -> list[Any]:
        """The scalars of a query."""
        async with self.database.begin() as tx:
            return list(await tx.session.scalars(statement))

    def all_was_seen(self) -> None:
        """Nothing was said that the test did not look at; says where and how much, not what."""
        left = {box.name: len(box.unseen) for box in self._mailboxes.values() if box.unseen}
        assert not left, f"messages that nobody expected: {left}"


@asynccontextmanager
async def open_world(url: str, key_file: Path, community: CommunityFile | None = HARBOUR) -> AsyncIterator[World]:
    """The bot on the database at `url`, with the community applied; None: it is there already."""
    clock = VirtualClock(START)
    mailboxes: dict[str, Mailbox] = {}
    consoles: list[Console] = []
    worlds: list[World] = []

    def show(shown: Shown) -> None:
        world = worlds[0]
        (world.person(shown.to) if shown.private else world.room(shown.place)).receive(shown)

    def platforms(hub: Hub) -> list[Console]:
        console = Console(hub, show, clock, f"test{next(_sessions)}")
        console.failures, console.files, console.stills, console.acquaintances = {}, {}, [], {}
        consoles.append(console)
        return consoles

    # What is there already was opened and migrated as it was made.
    database = await open_database(url, key_file) if community else Database(shared_engine(url), _vault(key_file))
    try:
        app = build(database, clock, platforms)
        worlds.append(World(app, consoles[0], clock, mailboxes))
        if community is not None:
            await worlds[0].apply(community)
        yield worlds[0]
    finally:
        await database.close()


def _vault(key_file: Path) -> Vault:
    key = load_key(key_file)
    assert key is not None
    return Vault(key)
