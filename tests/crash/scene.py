"""The scene: a community on both platforms, whose work becomes due second by second."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from uuid import uuid4
from zoneinfo import ZoneInfo

from loopback_discord import Channel, Guild, LoopbackDiscord
from real_matrix.homeserver import Homeserver, scratch_directory
from real_matrix.people import MatrixPerson

from bot.services.hub import REMEMBERED
from bot.storage import tables
from bot.storage.database import Transaction
from bot.storage.opening import open_database
from crash.ledger import Ledger, Place, merged
from crash.people import OnDiscord, OnMatrix, Someone
from crash.process import BotProcess

LEAD = 120
"""Minutes between a reminder and its meeting: more than any run takes, so none expires, and what is missing is lost."""

TICK_SECONDS = 0.25
JOIN_SECONDS = 180.0
PRESS_SECONDS = 6.0
"""How long somebody waits for an answer to a press: twice as long as Discord, for a machine that is slow."""
LOOK_SECONDS = 0.2
NO_SECOND_PAGE = 3600.0
"""Seconds between a case's pages: none is repeated within a run, so that each counts once."""

CONFIGURATION = """
[console]
enabled = false
[clock]
tick_seconds = {tick}
[database]
{database}
[discord]
token = "{token}"
api_base = "{api_base}"
gateway_url = "{gateway_url}"
[matrix]
homeserver = "{homeserver}"
user_id = "{bot}"
password = "{password}"
"""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much there is to do: people on either platform, meetings with the followers of each, and how many cases."""

    on_discord: int
    on_matrix: int
    meetings: int
    followers: int
    cases: int


@dataclass(kw_only=True)
class Scene:
    """Servers, people, the bot, and what must arrive."""

    folder: Path
    discord: LoopbackDiscord
    homeserver: Homeserver
    bot: BotProcess
    size: Size
    database_url: str
    guild: Guild
    lobby: Channel
    peers: Channel
    matrix_lobby: str = ""
    matrix_peers: str = ""
    members: list[Someone] = field(default_factory=list)
    sam: OnMatrix = field(init=False)
    robin: OnDiscord = field(init=False)
    ledger: Ledger = field(default_factory=Ledger)
    begins: datetime = field(init=False)

    @property
    def lobbies(self) -> dict[str, Place]:
        """The open room on each platform."""
        return {"discord": f"discord:{self.lobby.id}", "matrix": f"matrix:{self.matrix_lobby}"}

    @property
    def peer_rooms(self) -> dict[str, Place]:
        """The peers' room on each platform."""
        return {"discord": f"discord:{self.peers.id}", "matrix": f"matrix:{self.matrix_peers}"}

    @property
    def on_matrix(self) -> list[OnMatrix]:
        """Everybody with a client there; Sam is in all rooms."""
        return [self.sam, *(one for one in self.members if isinstance(one, OnMatrix))]

    async def stored(self) -> dict[Place, list[str]]:
        """All that the bot has said, as the servers have stored it, by place."""
        matrix = await asyncio.gather(*(one.stored() for one in self.on_matrix))
        rooms = {*self.lobbies.values(), *self.peer_rooms.values()}
        # Everybody reads the shared rooms; they are counted once, as Sam reads them.
        private = [{place: texts for place, texts in one.items() if place not in rooms} for one in matrix[1:]]
        return merged([self.stored_on_discord(), matrix[0], *private])

    def stored_on_discord(self) -> dict[Place, list[str]]:
        """What the bot has said in all channels of Discord; in a case's thread it is said to its peer privately."""
        channels = list(self.discord.world.channels.values())
        said = [
            [m.text.replace("\\", "") for m in self.discord.messages(channel) if m.author.bot] for channel in channels
        ]
        return merged({self._place_of(channel): texts} for channel, texts in zip(channels, said, strict=True))

    def _place_of(self, channel: Channel) -> Place:
        is_of_a_case = channel.is_private_thread and self.robin.is_theirs(channel)
        return self.robin.private if is_of_a_case else f"discord:{channel.id}"

    async def plan(self, *, seconds: float, random: Random) -> None:
        """Let check-ins and reminders become due all over the next `seconds`; the bot must not be running."""
        database = await open_database(self.database_url, self.folder / "handrail.key")
        try:
            async with database.begin() as tx:
                self.begins = datetime.now(UTC).replace(microsecond=0)
                community = await self._put_community(tx)
                await self._put_work(tx, community, seconds, random)
        finally:
            await database.close()

    async def _put_community(self, tx: Transaction) -> int:
        now = self.begins
        community = tables.Community(
            slug="harbour",
            name="Harbour",
            country="US",
            zone="Etc/UTC",
            languages=["en"],
            checkin_time=time(9),
            policy=[["room", NO_SECOND_PAGE]],
            retention_days=30,
            resources_file=None,
        )
        tx.session.add(community)
        await tx.session.flush()
        for platform, address, kinds in (
            ("discord", str(self.guild.id), ["server"]),
            ("discord", str(self.lobby.id), ["lobby", "meetings"]),
            ("discord", str(self.peers.id), ["peers"]),
            ("matrix", self.matrix_lobby, ["lobby", "meetings"]),
            ("matrix", self.matrix_peers, ["peers"]),
        ):
            tx.session.add(tables.Place(community_id=community.id, platform=platform, address=address, kinds=kinds))
        for person in [self.sam, self.robin, *self.members]:
            member = tables.Member(community_id=community.id, welcomed_at=now, from_file=False)
            tx.session.add(member)
            await tx.session.flush()
            person.member_id = member.id
            if isinstance(person, OnDiscord):
                await _known_chat(tx, person)
            tx.session.add(
                tables.Identity(
                    community_id=community.id,
                    member_id=member.id,
                    platform=person.platform,
                    account=person.account,
                    last_seen_at=now,
                )
            )
        for peer in (self.sam, self.robin):
            tx.session.add(tables.RoleGiven(member_id=peer.member_id, role="peer"))
        return community.id

    async def _put_work(self, tx: Transaction, community: int, seconds: float, random: Random) -> None:
        zone = _where_it_is_noon(self.begins)

        def some_time() -> datetime:
            return self.begins + timedelta(seconds=random.randrange(1, max(2, round(seconds))))

        for person in self.members:
            at = some_time()
            local = at.astimezone(zone)
            tx.session.add(
                tables.CheckInSchedule(
                    member_id=person.member_id, wall=local.time(), zone=zone.key, next_at=at, next_day=local.date()
                )
            )
            self.ledger.expect("check-in", f"of member {person.member_id}", person.private, "How are you today?")
        for number in range(self.size.meetings):
            await self._put_meeting(tx, community, number, some_time() + timedelta(minutes=LEAD), zone, random)

    async def _put_meeting(
        self, tx: Transaction, community: int, number: int, start: datetime, zone: ZoneInfo, random: Random
    ) -> None:
        local = start.astimezone(zone)
        name = f"Circle{number:05}"
        meeting = tables.MeetingRow(
            community_id=community,
            name=name,
            rule="FREQ=DAILY",
            starts_on=local.date(),
            wall=local.time(),
            zone=zone.key,
            minutes=60,
            room_lead=LEAD,
        )
        tx.session.add(meeting)
        await tx.session.flush()
        followers = random.sample(self.members, min(self.size.followers, len(self.members)))
        for person in (None, *followers):
            tx.session.add(_reminder(meeting.id, None if person is None else person.member_id, start, local.date()))
        says = f"{name} starts soon"
        for place in self.lobbies.values():
            self.ledger.expect("reminder to a room", f"of meeting {meeting.id}", place, says)
        for person in followers:
            self.ledger.expect(
                "reminder to a member", f"of meeting {meeting.id} for {person.member_id}", person.private, says
            )


async def _has_heard_discord(scene: Scene) -> None:
    """Wait until the bot has stored up to where it has heard Discord: what comes later it looks for after a gap."""
    database = await open_database(scene.database_url, scene.folder / "handrail.key")
    try:
        async with asyncio.timeout(JOIN_SECONDS):
            while True:
                async with database.begin() as tx:
                    if await tx.session.get(tables.Remembered, ("discord", "alive")) is not None:
                        return
                await asyncio.sleep(LOOK_SECONDS)
    finally:
        await database.close()


async def _known_chat(tx: Transaction, person: OnDiscord) -> None:
    """They have talked with the bot before: Discord does not tell a bot of private chats it has never seen."""
    chat = person.private.partition(":")[2]
    sealed = tx.vault.seal(chat, REMEMBERED)
    tx.session.add(tables.Remembered(platform="discord", name=f"dm:{person.account}", value_sealed=sealed))


def _reminder(meeting: int, member: int | None, start: datetime, day: date) -> tables.Reminder:
    return tables.Reminder(
        meeting_id=meeting,
        member_id=member,
        lead=LEAD,
        next_at=start - timedelta(minutes=LEAD),
        next_day=day,
        next_start=start,
    )


def _where_it_is_noon(now: datetime) -> ZoneInfo:
    """A zone in which no midnight comes within the run: each member's day has one check-in."""
    ahead = 12 - now.hour
    return ZoneInfo(f"Etc/GMT{-ahead:+d}")


@asynccontextmanager
async def opened(
    homeserver: Homeserver, size: Size, *, matrix_url: str | None = None, database_url: str | None = None
) -> AsyncIterator[Scene]:
    """The scene, with the bot in all rooms, and not running. `matrix_url` is where the bot finds the homeserver."""
    folder = scratch_directory("handrail-crash-")
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        discord = LoopbackDiscord(interaction_timeout=PRESS_SECONDS)
        await discord.start()
        stack.push_async_callback(discord.stop)
        guild = discord.add_guild("Harbour")
        robin = discord.add_user("robin", guild)
        bot = BotProcess(folder)
        stack.push_async_callback(bot.close)
        scene = Scene(
            folder=folder,
            discord=discord,
            homeserver=homeserver,
            bot=bot,
            size=size,
            database_url=database_url or f"sqlite+aiosqlite:///{folder}/handrail.db",
            guild=guild,
            lobby=guild.add_text_channel("lobby"),
            peers=guild.add_text_channel("peers", private_to=[robin]),
        )
        scene.robin = OnDiscord("robin", discord, robin)
        password = uuid4().hex
        bot_id = await homeserver.register(f"handrail-{uuid4().hex[:8]}", password)
        configuration = folder / "config.toml"
        configuration.touch(mode=0o600)
        configuration.write_text(
            CONFIGURATION.format(
                tick=TICK_SECONDS,
                database="" if database_url is None else f'url = "{database_url}"',
                token=discord.token,
                api_base=discord.api_base,
                gateway_url=discord.gateway_url,
                homeserver=matrix_url or homeserver.base_url,
                bot=bot_id,
                password=password,
            ),
            "utf-8",
        )
        await _gather_people(scene, bot_id, stack)
        yield scene


async def _gather_people(scene: Scene, bot: str, stack: AsyncExitStack) -> None:
    """Everybody, in their rooms with the bot: on Matrix some in a room they made for it, plain or encrypted."""

    async def join(name: str) -> OnMatrix:
        person = await MatrixPerson.join_server(scene.homeserver, f"{name}-{uuid4().hex[:8]}")
        return OnMatrix(name, await stack.enter_async_context(person), bot)

    for number in range(scene.size.on_discord):
        name = f"dana{number}"
        scene.members.append(OnDiscord(name, scene.discord, scene.discord.add_user(name, scene.guild)))
    scene.sam = await join("sam")
    matrix = [await join(f"mika{number}") for number in range(scene.size.on_matrix)]
    everybody: Sequence[OnMatrix] = [scene.sam, *matrix]
    scene.matrix_lobby = await scene.sam.person.create_room("lobby", invite=[bot, *(one.account for one in matrix)])
    scene.matrix_peers = await scene.sam.person.create_room("peers", encrypted=True, invite=[bot])
    for number, one in enumerate(everybody):
        one.rooms = (f"matrix:{scene.matrix_lobby}", f"matrix:{scene.matrix_peers}")
        if number % 3 < 2:
            one.room = await one.person.direct_room_with(bot, encrypted=number % 3 == 0)
    scene.members.extend(matrix)
    await scene.bot.start()
    for one in everybody:
        await one.accepts_all()
        for room in [scene.matrix_lobby, *([one.room] if one.room else [])]:
            await one.person.members_joined(room, [one.account, bot], timeout=JOIN_SECONDS)
    await scene.sam.person.members_joined(scene.matrix_peers, [bot], timeout=JOIN_SECONDS)
    await _has_heard_discord(scene)
    await scene.bot.stop()
