"""A bot whose servers Discord divides into shards, over one process or several."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import discord_scene
import pytest
from discord_scene import Cog, Scene
from loopback_discord import Channel, Guild, LoopbackDiscord
from loopback_discord.notifier import PATIENCE
from recording_hub import RecordingHub, private

from bot.core.content import Content
from bot.core.platform import Address
from bot.platforms.discord import DiscordAccount, DiscordPlatform
from bot.platforms.discord.account import usual_share
from bot.platforms.discord.errors import ShardsRefused

COUNT = 2

AWAY = 0.3
"""Seconds that a gateway may be away, in tests."""

discord = discord_scene.discord


def guild_on(discord: LoopbackDiscord, shard: int) -> Guild:
    """A server that Discord counts to this shard."""
    while ((guild := discord.add_guild(f"on {shard}")).id >> 22) % COUNT != shard:
        del discord.world.guilds[guild.id]
    return guild


class Process:
    """One process with some of the shards: what it hears, and its platform."""

    def __init__(self, account: DiscordAccount, memory: dict[str, str]) -> None:
        self.hub = RecordingHub(Cog())
        self.hub.memory = memory
        self.platform = DiscordPlatform(account, self.hub)

    @property
    def texts(self) -> list[str]:
        return [one.text for one in self.hub.received]

    async def is_ready(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.platform.ready.wait()

    async def reads_back(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.platform.caught_up.wait()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        run = asyncio.create_task(self.platform.run())
        try:
            await self.is_ready()
            yield
        finally:
            await self.platform.close()
            await asyncio.gather(run, return_exceptions=True)


class Fleet:
    """A bot in two servers, one on each of two shards, with a person who is in both."""

    def __init__(self, discord: LoopbackDiscord) -> None:
        self.discord = discord
        self.scene = Scene(discord)
        del discord.world.guilds[self.scene.guild.id]
        self.guilds = [guild_on(discord, shard) for shard in range(COUNT)]
        self.channels: list[Channel] = [guild.add_text_channel("general") for guild in self.guilds]
        self.ana = discord.add_user("ana", self.guilds[0])
        self.ana.joins(self.guilds[1])
        self.memory: dict[str, str] = {}

    def process(self, *shards: int, count: int | None = COUNT) -> Process:
        """What one process has; all have the same database."""
        account = replace(self.scene.account, shard_count=count, shard_ids=shards)
        return Process(account, self.memory)

    async def lose(self, shard: int, *, resumable: bool) -> None:
        """End the connection of one shard."""
        session = next(one for one in self.discord.gateway.sessions.values() if one.shard == (shard, COUNT))
        if not resumable:
            del self.discord.gateway.sessions[session.id]
        connection, session.connection = session.connection, None
        assert connection is not None
        await connection.close(1001)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is true that nobody tells."""
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110  nothing tells of it
                await asyncio.sleep(0.001)

    def reads(self, channel: Channel) -> int:
        """How often the history of a channel was asked for."""
        asked = "GET", f"/channels/{channel.id}/messages"
        return sum((one.method, one.path) == asked for one in self.discord.requests)


@pytest.fixture
def fleet(discord: LoopbackDiscord, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """With a library that does not wait 5 s between two shards."""
    fleet = Fleet(discord)
    monkeypatch.setattr("asyncio.sleep", fleet.scene.no_pause)
    return fleet


# Who hears what


async def test_each_process_hears_only_the_servers_of_its_shards(fleet: Fleet) -> None:
    first, second = fleet.process(0), fleet.process(1)
    async with first.running(), second.running():
        for shard, process in enumerate((first, second)):
            await fleet.ana.says(fleet.channels[shard], f"on {shard}")
            await process.hub.hears(f"on {shard}")
        await asyncio.gather(first.reads_back(), second.reads_back())
    assert (first.texts, second.texts) == (["on 0"], ["on 1"])


async def test_direct_messages_are_heard_by_who_has_shard_0(fleet: Fleet) -> None:
    first, second = fleet.process(0), fleet.process(1)
    async with first.running(), second.running():
        await fleet.ana.says(fleet.ana.dm, "in private")
        assert (await first.hub.hears("in private")).private
        await fleet.ana.says(fleet.channels[1], "on 1")
        await second.hub.hears("on 1")
    assert second.texts == ["on 1"]


async def test_one_process_with_all_shards_hears_everything(fleet: Fleet) -> None:
    whole = fleet.process()
    said = [(fleet.channels[0], "on 0"), (fleet.channels[1], "on 1"), (fleet.ana.dm, "in private")]
    async with whole.running():
        for place, text in said:
            await fleet.ana.says(place, text)
            await whole.hub.hears(text)
    assert sorted(whole.texts) == ["in private", "on 0", "on 1"]
    assert fleet.discord.gateway.identifies == COUNT


async def test_a_command_is_answered_by_the_process_that_heard_it(fleet: Fleet) -> None:
    first, second = fleet.process(0), fleet.process(1)
    second.hub.replies["help"] = private("What I can do")
    async with first.running(), second.running():
        answer = await fleet.ana.runs("help", fleet.channels[1])
        assert answer.text == "What I can do"
    assert first.hub.received == []


async def test_a_stranger_who_writes_in_private_is_known_to_be_in_a_server_of_another_process(fleet: Fleet) -> None:
    first = fleet.process(0)
    first.hub.servers = [str(guild.id) for guild in fleet.guilds]
    bob = fleet.discord.add_user("bob", fleet.guilds[1])
    async with first.running():
        await bob.says(bob.dm, "I need somebody")
        heard = await first.hub.hears("I need somebody")
    assert heard.shared_spaces == (str(fleet.guilds[1].id),)


# Who sends


async def test_who_has_shard_0_writes_into_the_servers_of_the_others_too(fleet: Fleet) -> None:
    first = fleet.process(0)
    closed = fleet.discord.add_user("bob", fleet.guilds[1], dm_closed=True)
    place = str(fleet.channels[1].id)
    to_person = Address(platform="discord", kind="direct", id=str(closed.id), fallback=place)
    async with first.running():
        for to in (Address(platform="discord", kind="place", id=place), to_person):
            await first.platform.send(to, Content(text="hello"), to.kind, retried=False, urgent=False)
    assert [one.channel.guild for one in fleet.discord.bot_messages] == [fleet.guilds[1]] * 2


async def test_a_private_thread_that_another_process_opens_is_private_as_soon_as_that_is_known(fleet: Fleet) -> None:
    first, second = fleet.process(0), fleet.process(1)
    bob = fleet.discord.add_user("bob", fleet.guilds[1], dm_closed=True)
    to = Address(platform="discord", kind="direct", id=str(bob.id), fallback=str(fleet.channels[1].id))
    async with first.running(), second.running():
        await first.platform.send(to, Content(text="hello"), "key", retried=False, urgent=False)
        thread = fleet.discord.bot_messages[-1].channel
        owner = fleet.memory.pop(f"discord:thread:{thread.id}")
        await bob.says(thread, "too early")
        assert not (await second.hub.hears("too early")).private
        fleet.memory[f"discord:thread:{thread.id}"] = owner
        await bob.says(thread, "thank you")
        assert (await second.hub.hears("thank you")).private


@pytest.mark.parametrize(
    ("shards", "count", "sends"), [((), None, True), ((), 4, True), ((0, 1), 4, True), ((2, 3), 4, False)]
)
def test_only_one_part_of_an_account_sends(
    fleet: Fleet, shards: tuple[int, ...], count: int | None, sends: bool
) -> None:
    assert fleet.process(*shards, count=count).platform.sends is sends


def test_each_part_of_an_account_has_an_owner_of_its_own(fleet: Fleet) -> None:
    parts = [((), None), ((), 4), ((0, 1), 4), ((2, 3), 4), ((0, 1), 8)]
    keys = [fleet.process(*shards, count=count).platform.account_key for shards, count in parts]
    assert len(set(keys)) == len(parts)
    assert fleet.process(0, 1, 2, 3, count=4).platform.account_key == keys[1]


@pytest.mark.parametrize(
    ("count", "shards", "share"),
    [(None, (), 50), (4, (), 50), (4, (0, 1), 45), (4, (2, 3), 5), (3, (0, 1), 45), (64, (0,), 25), (1, (0,), 50)],
)
def test_together_the_processes_keep_to_discords_limit(count: int | None, shards: tuple[int, ...], share: int) -> None:
    assert usual_share(count, shards) == share


# Losing a connection


@pytest.mark.parametrize("resumable", [True, False])
async def test_it_is_ready_while_all_its_shards_are_connected_and_hears_on_the_others_for_however_long_one_is_away(
    fleet: Fleet, resumable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.discord.adapter._AWAY_SECONDS", AWAY)
    whole, gateway = fleet.process(), fleet.discord.gateway
    async with whole.running():
        await whole.reads_back()
        fleet.discord.outages.begin(hang=False)
        await fleet.lose(1, resumable=resumable)
        await fleet.until(lambda: not whole.platform.ready.is_set())
        clock = asyncio.get_running_loop().time
        end = clock() + 2 * AWAY
        while clock() < end:
            message = await fleet.ana.says(fleet.channels[0], "on the other")
            await whole.hub.until_handled(str(message.id))
        assert not whole.platform.ready.is_set()
        assert whole.platform.is_connected
        fleet.discord.outages.end()
        await whole.is_ready()
        assert len(gateway.connections) == COUNT
    assert not whole.platform.is_connected


async def test_a_lost_shard_tries_again_at_least_every_15_seconds(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library has one queue for all shards: others that are lost wait, too."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await fleet.scene.no_pause(seconds)

    whole = fleet.process()
    async with whole.running():
        await whole.reads_back()  # what cannot be read in an outage waits longer
        fleet.discord.outages.begin(hang=False)
        monkeypatch.setattr("asyncio.sleep", sleep)
        await fleet.lose(1, resumable=True)
        await fleet.until(lambda: pauses.count(15.0) >= 5)
        fleet.discord.outages.end()
        await whole.is_ready()
    assert max(pauses) == 15.0


@pytest.mark.parametrize("count", [None, COUNT])
async def test_too_many_servers_on_one_connection_are_explained(fleet: Fleet, count: int | None) -> None:
    fleet.discord.gateway.guilds_per_shard = 1
    with pytest.raises(ShardsRefused, match="Set shard_count"):
        await asyncio.wait_for(fleet.process(count=count).platform.run(), PATIENCE)


async def test_a_shard_with_a_new_session_is_read_back_and_no_other(fleet: Fleet) -> None:
    whole = fleet.process()
    async with whole.running():
        await whole.reads_back()
        whole.hub.poison = "in the gap on 0"  # so that this channel has something to be read back
        await fleet.lose(1, resumable=False)
        for shard, channel in enumerate(fleet.channels):
            await fleet.ana.says(channel, f"in the gap on {shard}")
        assert not (await whole.hub.hears("in the gap on 0")).read_back
        assert (await whole.hub.hears("in the gap on 1")).read_back
        await whole.reads_back()
    assert (fleet.reads(fleet.channels[0]), fleet.reads(fleet.channels[1])) == (0, 1)


async def test_a_shard_that_resumes_needs_no_reading_back(fleet: Fleet) -> None:
    whole = fleet.process()
    async with whole.running():
        await whole.reads_back()
        await fleet.lose(1, resumable=True)
        await fleet.ana.says(fleet.channels[1], "in the gap")
        assert not (await whole.hub.hears("in the gap")).read_back
    assert fleet.reads(fleet.channels[1]) == 0


async def test_closing_while_shards_connect_ends_the_run(
    discord: LoopbackDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one waits for its turn: here it never comes."""
    sleep = asyncio.sleep

    async def for_ever(seconds: float) -> None:
        await (asyncio.Event().wait() if seconds >= 1 else sleep(seconds))

    monkeypatch.setattr("asyncio.sleep", for_ever)
    fleet = Fleet(discord)
    platform = fleet.process().platform
    async with asyncio.timeout(PATIENCE):
        run = asyncio.create_task(platform.run())
        await discord.wait_until(lambda: discord.gateway.identifies > 0)
        await platform.close()
        await run
    assert not platform.ready.is_set()
    assert discord.gateway.connections == set()


@pytest.mark.parametrize("steps", range(1, 8))
async def test_closing_in_the_first_moments_ends_the_run(fleet: Fleet, steps: int) -> None:
    account = replace(fleet.scene.account, shard_count=COUNT, message_content=False)
    platform = DiscordPlatform(account, RecordingHub(Cog()))
    run = asyncio.create_task(platform.run())
    for _step in range(steps):
        await asyncio.sleep(0)
    await platform.close()
    await asyncio.wait_for(run, PATIENCE)


# Reading back


async def test_each_process_reads_back_what_was_missed_on_its_shards(fleet: Fleet) -> None:
    async with AsyncExitStack() as stack:
        for process in (fleet.process(0), fleet.process(1)):
            await stack.enter_async_context(process.running())
            await process.reads_back()
            if process.platform.sends:
                await fleet.ana.says(fleet.ana.dm, "hello")
                await process.hub.hears("hello")
    for place, text in zip((*fleet.channels, fleet.ana.dm), ("on 0", "on 1", "in private"), strict=True):
        await fleet.ana.says(place, f"missed {text}")
    first, second = fleet.process(0), fleet.process(1)
    async with second.running():
        await second.reads_back()
        async with first.running():
            await first.reads_back()
    assert (sorted(first.texts), second.texts) == (["missed in private", "missed on 0"], ["missed on 1"])
    assert all(one.read_back for one in (*first.hub.received, *second.hub.received))


async def test_what_one_process_hears_hides_nothing_that_another_missed(fleet: Fleet) -> None:
    """Also where nobody wrote before: how far such channels were heard is remembered for each shard."""
    first, second = fleet.process(0), fleet.process(1)
    async with first.running():
        async with second.running():
            await asyncio.gather(first.reads_back(), second.reads_back())
        await fleet.ana.says(fleet.channels[1], "missed")
        await fleet.ana.says(fleet.channels[0], "live")
        await first.hub.hears("live")
    async with first.running():
        await first.reads_back()
    async with second.running():
        assert (await second.hub.hears("missed")).read_back


@pytest.mark.parametrize(("before", "after"), [(None, COUNT), (COUNT, None), (1, COUNT)])
async def test_nothing_is_missed_when_the_servers_are_divided_anew(
    fleet: Fleet, before: int | None, after: int | None
) -> None:
    async with (old := fleet.process(count=before)).running():
        await old.reads_back()
    for shard, channel in enumerate(fleet.channels):
        await fleet.ana.says(channel, f"missed on {shard}")
    async with (new := fleet.process(count=after)).running():
        await new.reads_back()
    assert sorted(new.texts) == ["missed on 0", "missed on 1"]
