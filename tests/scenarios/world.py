"""The whole bot, as it runs for people: real platforms, a real database, and a clock that can be moved on."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from loopback_discord import LoopbackDiscord
from real_matrix.homeserver import Homeserver
from real_matrix.people import MatrixPerson

from bot.app import App, build
from bot.core.community import CommunityFile, parse_community
from bot.core.platform import Hub, Platform
from bot.platforms.console import ConsolePlatform
from bot.platforms.discord import DiscordAccount, DiscordPlatform
from bot.platforms.matrix import MatrixAccount, MatrixPlatform
from bot.storage.database import Database
from bot.storage.opening import open_database
from scenarios.on_console import Console, ConsolePerson
from scenarios.on_discord import DiscordPerson
from scenarios.on_matrix import MatrixMember
from scenarios.people import PATIENCE, Person

MONDAY_MORNING = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
"""08:00 in the community's zone, America/New_York."""

CAST = {"alice": (), "ben": (), "sam": ("peer",), "robin": ("peer",), "mo": ("moderator",), "olive": ("organizer",)}
"""Who plays, and with which roles."""

TICK = timedelta(seconds=0.2)


class MovedClock:
    """Real time, from a Monday morning on, which can be moved on by hours."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._moved = timedelta()
        self._stands_at: datetime | None = None

    def __call__(self) -> datetime:
        if self._stands_at is not None:
            return self._stands_at
        return MONDAY_MORNING + self._moved + timedelta(seconds=time.monotonic() - self._began)

    def stand_still(self) -> None:
        """From now on it goes on only when it is moved: for what depends on seconds."""
        self._stands_at = self()

    def move_to(self, at: datetime) -> None:
        """Let it be `at` now, if that is later."""
        if self._stands_at is not None:
            self._stands_at = max(at, self._stands_at)
        self._moved += max(timedelta(), at - self())


class World:
    """A community whose people may be on different platforms; `where` names each one's, of those who play."""

    def __init__(self, folder: Path, where: dict[str, str]) -> None:
        self.where = where
        self.clock = MovedClock()
        self.people: dict[str, Person] = {}
        self.places: list[str] = []
        self.console = Console()
        self.discord: LoopbackDiscord | None = None
        self.matrix: MatrixAccount | None = None
        self._folder = folder
        self._until = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self.app: App | None = None
        self.database: Database | None = None

    def __getattr__(self, name: str) -> Person:
        try:
            return self.people[name]
        except KeyError:
            raise AttributeError(name) from None

    async def reads_along(self, person: Person, text: str) -> None:
        """Somebody else in a case sees this, too: in a terminal as a line of their own, elsewhere the same one."""
        if self.where[person.name] == "console":
            await person.reads(text)
        else:
            await person.sees_it_become(text)

    # Time

    async def advance(self, **by: float) -> None:
        """Move the clock on, stopping wherever something is due."""
        assert self.app is not None
        end = self.clock() + timedelta(**by)
        while True:
            await self.app.settle()
            due = await self.app.due.next_at()
            if due is None or due > end:
                break
            self.clock.move_to(due)
        self.clock.move_to(end)

    # The bot

    async def start(self) -> None:
        """Start the bot, as after a restart of its process: only database and key are kept."""
        self.database = await open_database(f"sqlite+aiosqlite:///{self._folder}/bot.db", self._folder / "bot.key")
        self.app = build(self.database, self.clock, self._platforms)
        async with self.database.begin() as tx:
            await self.app.communities.apply(tx, self._community(), None, now=self.clock())
        self._until = asyncio.Event()
        self._running = asyncio.create_task(self.app.run(tick=TICK, until=self._until))
        async with asyncio.timeout(PATIENCE):
            for platform in self.app.platforms.values():
                if isinstance(platform, DiscordPlatform | MatrixPlatform):
                    await platform.ready.wait()

    async def stop(self) -> None:
        """Stop the bot in order."""
        self._until.set()
        if self._running is not None:
            await self._running
        if self.database is not None:
            await self.database.close()

    def _platforms(self, hub: Hub) -> list[Platform]:
        made: list[Platform] = []
        if "console" in self.where.values():
            self.console.platform = ConsolePlatform(hub, self.console.show, self.clock, uuid4().hex[:6])
            made.append(self.console.platform)
        if self.discord is not None:
            account = DiscordAccount(
                token=self.discord.token,
                api_base=self.discord.api_base,
                gateway_url=self.discord.gateway_url,
                guild_ready_timeout=0.05,
            )
            made.append(DiscordPlatform(account, hub))
        if self.matrix is not None:
            made.append(MatrixPlatform(self.matrix, hub))
        return made

    def _community(self) -> CommunityFile:
        people = []
        for name, roles in CAST.items():
            if roles and name in self.where:
                listed = ", ".join(f'"{role}"' for role in roles)
                account = f'{self.where[name]} = "{self.people[name].account}"'
                people.append(f'[[people]]\nname = "{name.title()}"\nroles = [{listed}]\n{account}\n')
        head = 'id = "here"\nname = "Harbour"\ncountry = "US"\nzone = "America/New_York"\npictures = true\n'
        return parse_community(head + "\n".join(self.places) + "\n".join(people), name="here.toml")

    # The platforms' side

    def add_place(self, platform: str, kinds: str, address: str) -> None:
        """A place of the community, for its file."""
        listed = ", ".join(f'"{kind}"' for kind in kinds.split())
        self.places.append(f'[[places]]\nplatform = "{platform}"\nkinds = [{listed}]\naddress = "{address}"\n')

    def on(self, platform: str) -> list[str]:
        """Who is on that platform."""
        return [name for name in CAST if self.where.get(name) == platform]

    def prepare_console(self) -> None:
        """The terminal's rooms and people."""
        self.add_place("console", "lobby meetings", "lobby")
        self.add_place("console", "peers", "peers")
        for name in self.on("console"):
            rooms = ("lobby", "peers") if CAST[name] else ("lobby",)
            self.people[name] = ConsolePerson(name, self.console, rooms)

    def prepare_discord(self, server: LoopbackDiscord) -> None:
        """A server with a lobby and a private channel for peers."""
        self.discord = server
        server.calendar_now = self.clock
        guild = server.add_guild("Harbour")
        users = {name: server.add_user(name, guild) for name in self.on("discord")}
        lobby = guild.add_text_channel("lobby")
        trusted = [user for name, user in users.items() if CAST[name]]
        peers = guild.add_text_channel("peers", private_to=trusted)
        self.add_place("discord", "server", str(guild.id))
        self.add_place("discord", "lobby meetings", str(lobby.id))
        self.add_place("discord", "peers", str(peers.id))
        for name, user in users.items():
            rooms = {"lobby": lobby, "peers": peers} if CAST[name] else {"lobby": lobby}
            self.people[name] = DiscordPerson(name, server, user, rooms)

    async def prepare_matrix(self, homeserver: Homeserver, stack: AsyncExitStack) -> None:
        """An open lobby and an encrypted room for peers; the bot is invited into both."""
        password = uuid4().hex
        bot = await homeserver.register(f"handrail-{uuid4().hex[:8]}", password)
        self.matrix = MatrixAccount(
            homeserver=homeserver.base_url, user_id=bot, password=password, store_path=self._folder / "matrix"
        )
        people: dict[str, MatrixPerson] = {}
        for name in self.on("matrix"):
            person = await MatrixPerson.join_server(homeserver, f"{name}-{uuid4().hex[:8]}")
            people[name] = await stack.enter_async_context(person)
        everybody = [person.user_id for person in people.values()]
        trusted = [person.user_id for name, person in people.items() if CAST[name]]
        maker = next((people[name] for name in people if CAST[name]), next(iter(people.values())))
        lobby = await maker.create_room("lobby", invite=[*set(everybody) - {maker.user_id}, bot])
        self.add_place("matrix", "lobby meetings", lobby)
        rooms = {"lobby": lobby}
        if trusted:
            invited = [*set(trusted) - {maker.user_id}, bot]
            rooms["peers"] = await maker.create_room("peers", invite=invited, encrypted=True, room_version="12")
            self.add_place("matrix", "peers", rooms["peers"])
        for name, person in people.items():
            mine = rooms if CAST[name] else {"lobby": lobby}
            self.people[name] = MatrixMember(name, person, bot, mine)

    async def everybody_is_in(self) -> None:
        """Wait until the bot and everybody else have joined the rooms on Matrix."""
        for name in self.on("matrix"):
            member = self.people[name]
            assert isinstance(member, MatrixMember)
            await member.is_in_rooms_with_the_bot()

    async def nothing_more(self) -> None:
        """Nobody has been told anything that the scenario did not expect, privately or in a room."""
        assert self.app is not None
        await self.app.settle()
        for person in self.people.values():
            await person.is_up_to_date()
        # What stands in the place of a case is the same for all who are in it.
        known = {id_ for person in self.people.values() for id_ in person.ids_read}
        for person in self.people.values():
            left = [seen.text for seen in person.unread() if seen.place == "dm" and seen.id not in known]
            assert left == [], f"{person.name} was told something that nobody expected: {left}"
        read = {seen.id for person in self.people.values() for seen in person.seen() if seen not in person.unread()}
        rooms = {s.id: s for p in self.people.values() for s in p.seen() if s.place != "dm"}
        left = [seen.text for id_, seen in rooms.items() if id_ not in read]
        assert left == [], f"a room was told something that nobody expected: {left}"


@asynccontextmanager
async def open_world(folder: Path, where: dict[str, str], homeserver: Homeserver | None) -> AsyncIterator[World]:
    """The bot and its people, running; at the end nobody may have been told anything unexpected."""
    async with AsyncExitStack() as stack:
        world = World(folder, where)
        if "console" in where.values():
            world.prepare_console()
        if "discord" in where.values():
            server = LoopbackDiscord()
            await server.start()
            stack.push_async_callback(server.stop)
            world.prepare_discord(server)
        if "matrix" in where.values():
            assert homeserver is not None
            await world.prepare_matrix(homeserver, stack)
        await world.start()
        stack.push_async_callback(world.stop)
        await world.everybody_is_in()
        yield world
        await world.nothing_more()
        if world.discord is not None:
            assert world.discord.violations == []
            assert world.discord.unknown_requests == []
