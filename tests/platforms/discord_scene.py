"""A small Discord for the adapter's tests: a server, a channel, two people, the bot's hub and its platform."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from loopback_discord import Channel, Guild, LoopbackDiscord, Person
from loopback_discord.notifier import PATIENCE
from recording_hub import RecordingHub

from bot.core.commands import Parameter, Reader, command
from bot.core.content import Choice, Content, Reply
from bot.core.platform import Address, Receipt
from bot.core.words import Say, _
from bot.platforms.discord import DiscordAccount, DiscordPlatform

_sleep = asyncio.sleep

TAKE = Choice(label="Take it", command="case take", arguments={"case": "7", "note": "-"}, style="danger")
TAKE_WITH_NOTE = Choice(label="Take it", command="case take", arguments={"case": "7"})


class Words:
    name = "words"

    def parse(self, text: str, reader: Reader) -> str:
        return text

    def suggest(self, typed: str, reader: Reader) -> list[tuple[str, Say]]:
        return []


class Zone(Words):
    name = "zone"

    def suggest(self, typed: str, reader: Reader) -> list[tuple[str, Say]]:
        if typed == "!":
            raise LookupError(typed)
        zones = [f"Europe/City{number}" for number in range(40)]
        return [(zone, _("{zone} time", zone=zone)) for zone in zones if typed.lower() in zone.lower()]


NOTE = Parameter(name="note", ask=_("What would you like the peer to know before they write?"), kind=Words(), rest=True)


STEPS = tuple(Parameter(name=f"step{n}", ask=_("Step {n}?", n=n), kind=Words()) for n in range(7))


class Cog:
    @command("checkin start", _("Say how you are"), replace(NOTE, required=False))
    async def checkin(self) -> Reply:
        raise NotImplementedError

    @command("meetings", _("See what is on"))
    async def meetings(self) -> Reply:
        raise NotImplementedError

    @command(
        "meetings add",
        _("Add a meeting"),
        replace(NOTE, required=False),
        Parameter(name="zone", ask=_("Which time zone?"), kind=Zone()),
    )
    async def add(self) -> Reply:
        raise NotImplementedError

    @command("help", _("What I can do " + "for you " * 20))
    async def help(self) -> Reply:
        raise NotImplementedError

    @command(
        "case take", _("Take a case"), Parameter(name="case", ask=_("Which case?"), kind=Words()), NOTE, hidden=True
    )
    async def take(self) -> Reply:
        raise NotImplementedError

    @command("plan", _("Make a plan"), *STEPS, hidden=True)
    async def plan(self) -> Reply:
        raise NotImplementedError

    @command("peer", _("Ask for a peer"), on_message=_("Ask for a peer"), hidden=True)
    async def peer(self) -> Reply:
        raise NotImplementedError

    @command("report", _("Tell the moderators"), NOTE, on_message=_("Tell the moderators"), hidden=True)
    async def report(self) -> Reply:
        raise NotImplementedError


class Scene:
    """A server with one channel, two people, the bot's hub and its platform."""

    def __init__(self, discord: LoopbackDiscord, *, answer_within: float = 5.0, message_content: bool = True) -> None:
        self.discord = discord
        self.hub = RecordingHub(Cog())
        self.guild: Guild = discord.add_guild("Harbour")
        self.channel: Channel = self.guild.add_text_channel("general")
        self.ana: Person = discord.add_user("ana", self.guild)
        self.ben: Person = discord.add_user("ben", self.guild)
        self.account = DiscordAccount(
            token=discord.token,
            api_base=discord.api_base,
            gateway_url=discord.gateway_url,
            message_content=message_content,
            answer_within=answer_within,
            guild_ready_timeout=0.01,
        )
        self.platform = DiscordPlatform(self.account, self.hub)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        run = asyncio.create_task(self.platform.run())
        ready = asyncio.create_task(self.platform.ready.wait())
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.wait({run, ready}, return_when=asyncio.FIRST_COMPLETED)
            if run.done():
                await run
            yield
        finally:
            ready.cancel()
            run.cancel()
            await asyncio.gather(run, ready, return_exceptions=True)

    def to(self, person: Person, *, fallback: Channel | None = None) -> Address:
        place = None if fallback is None else str(fallback.id)
        return Address(platform="discord", kind="direct", id=str(person.id), fallback=place)

    @property
    def place(self) -> Address:
        return Address(platform="discord", kind="place", id=str(self.channel.id))

    async def reads_back(self) -> None:
        """Wait until what was missed before this session has been read."""
        async with asyncio.timeout(PATIENCE):
            await self.platform.caught_up.wait()

    async def no_pause(self, seconds: float) -> None:
        """In place of `asyncio.sleep`, with which the library waits for seconds."""
        await _sleep(min(seconds, 0.01))

    async def send(self, to: Address, content: Content | str, key: str = "key", *, retried: bool = False) -> Receipt:
        whole = Content(text=content) if isinstance(content, str) else content
        return await self.platform.send(to, whole, key, retried=retried, urgent=False)


@pytest.fixture
async def discord() -> AsyncIterator[LoopbackDiscord]:
    server = LoopbackDiscord()
    await server.start()
    yield server
    await server.stop()
    assert server.violations == []
    assert server.unknown_requests == []


@pytest.fixture
async def scene(discord: LoopbackDiscord) -> AsyncIterator[Scene]:
    scene = Scene(discord)
    async with scene.running():
        yield scene
