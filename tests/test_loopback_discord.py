"""An unmodified discord.py against the loopback server, over real sockets."""

import asyncio
import contextlib
import io
import warnings
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
import yarl
from loopback_discord import LoopbackDiscord

with warnings.catch_warnings():
    # discord.py imports audioop, which Python 3.11 already calls deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    import discord
    from discord import app_commands

Interaction = discord.Interaction["Bot"]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Listening:
    """What the bots of these tests do: keep what they hear."""

    user: discord.ClientUser | None

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Identify at once: five seconds between two times are Discord's wish, not this server's."""

    def keep(self, setup: "Setup | None") -> None:
        self.heard: asyncio.Queue[discord.Message] = asyncio.Queue()
        self.events: asyncio.Queue[object] = asyncio.Queue()
        self.is_up = asyncio.Event()
        self.setup = setup

    async def on_ready(self) -> None:
        self.is_up.set()

    async def on_message(self, message: discord.Message) -> None:
        if message.author != self.user:
            self.heard.put_nowait(message)

    async def on_resumed(self) -> None:
        self.events.put_nowait("resumed")

    async def on_raw_reaction_add(self, reaction: discord.RawReactionActionEvent) -> None:
        self.events.put_nowait(reaction)


class Bot(Listening, discord.Client):
    def __init__(self, intents: discord.Intents, setup: "Setup | None" = None) -> None:
        super().__init__(intents=intents, guild_ready_timeout=0.05)
        self.tree = app_commands.CommandTree(self)
        self.keep(setup)

    async def setup_hook(self) -> None:
        if self.setup is not None:
            self.setup(self)
            await self.tree.sync()


class ShardedBot(Listening, discord.AutoShardedClient):
    def __init__(self, intents: discord.Intents) -> None:
        super().__init__(intents=intents, guild_ready_timeout=0.05)
        self.keep(None)


Setup = Callable[[Bot], None]


@contextlib.asynccontextmanager
async def serving(monkeypatch: pytest.MonkeyPatch, **options: Any) -> AsyncIterator[LoopbackDiscord]:
    server = LoopbackDiscord(heartbeat_interval=600, **options)
    await server.start()
    monkeypatch.setattr(discord.http.Route, "BASE", server.api_base)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway_url))
    try:
        yield server
    finally:
        await server.stop()
    assert server.unknown_requests == []
    assert server.violations == []


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LoopbackDiscord]:
    async with serving(monkeypatch) as one:
        yield one


@contextlib.asynccontextmanager
async def run(server: LoopbackDiscord, bot: Bot | ShardedBot) -> AsyncIterator[None]:
    """Keep a bot running from its being ready to its clean end."""
    working = asyncio.create_task(bot.start(server.token))
    ready = asyncio.create_task(bot.is_up.wait())
    try:
        await asyncio.wait({working, ready}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await working
        assert bot.is_up.is_set(), "the bot was not ready in time"
        yield
    finally:
        ready.cancel()
        await bot.close()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(working, 5)


@contextlib.asynccontextmanager
async def running(
    server: LoopbackDiscord, setup: Setup | None = None, intents: discord.Intents | None = None
) -> AsyncIterator[Bot]:
    bot = Bot(intents or discord.Intents.all(), setup)
    async with run(server, bot):
        yield bot


async def heard(bot: Bot | ShardedBot) -> discord.Message:
    return await asyncio.wait_for(bot.heard.get(), 5)


def room(bot: Bot, channel_id: int) -> discord.TextChannel:
    found = bot.get_channel(channel_id)
    assert isinstance(found, discord.TextChannel)
    return found


async def test_the_bot_logs_in_and_knows_guild_channels_and_members(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice = server.add_user("alice", guild)
    async with running(server) as bot:
        known = bot.get_guild(guild.id)
        assert known is not None
        assert [channel.name for channel in known.text_channels] == ["lobby"]
        member = known.get_member(alice.id)
        assert member is not None
        assert member.name == "alice"
        assert room(bot, lobby.id).permissions_for(known.me).send_messages


async def test_without_the_members_intent_only_the_bot_is_in_the_cache(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    server.add_user("alice", guild)
    async with running(server, intents=discord.Intents.default()) as bot:
        known = bot.get_guild(guild.id)
        assert known is not None
        assert [member.id for member in known.members] == [known.me.id]


async def test_a_wrong_token_is_refused_at_login(server: LoopbackDiscord) -> None:
    bot = Bot(discord.Intents.default())
    with pytest.raises(discord.LoginFailure):
        await bot.start("wrong")
    await bot.close()


async def test_a_wrong_token_closes_the_gateway_with_4004(server: LoopbackDiscord) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(server.gateway_url) as socket:
        hello = await socket.receive_json()
        assert hello["op"] == 10
        await socket.send_json({"op": 2, "d": {"token": "wrong", "intents": 0, "properties": {}}})
        await socket.receive()
        assert socket.close_code == 4004


async def test_disallowed_intents_close_the_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(monkeypatch, privileged_intents=False) as server:
        bot = Bot(discord.Intents.all())
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await bot.start(server.token)
        await bot.close()


async def test_the_application_says_before_connecting_whether_it_may_read_contents(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for allowed in (True, False):
        async with serving(monkeypatch, message_content=allowed) as server:
            bot = Bot(discord.Intents.default())
            await bot.login(server.token)
            assert bot.application_flags.gateway_message_content_limited is allowed
            await bot.close()


async def test_an_auto_sharded_bot_hears_direct_messages_and_each_guild(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving(monkeypatch, shards=2) as server:
        guilds = [server.add_guild(f"guild {number}") for number in range(4)]
        channels = [guild.add_text_channel("lobby") for guild in guilds]
        alice = server.add_user("alice")
        for guild in guilds:
            alice.joins(guild)
        bot = ShardedBot(discord.Intents.all())
        async with run(server, bot):
            assert server.gateway.identifies == 2
            assert {guild.id for guild in bot.guilds} == {guild.id for guild in guilds}
            for channel in [*channels, alice.dm]:
                await alice.says(channel, "hello")
                assert (await heard(bot)).channel.id == channel.id


# Messages


async def test_messages_go_both_ways(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice = server.add_user("alice", guild)
    async with running(server) as bot:
        said = await alice.says(lobby, "good morning")
        message = await heard(bot)
        assert (message.id, message.content, message.author.name) == (said.id, "good morning", "alice")
        await message.reply("good morning, alice")
        answer = await server.wait_for_message(lobby, "good morning, alice")
        assert answer.replied_to is said
        assert [message.content for message in server.messages(lobby)] == ["good morning", "good morning, alice"]


async def test_edits_deletions_and_reactions_reach_the_bot(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice = server.add_user("alice", guild)
    async with running(server) as bot:
        said = await alice.says(lobby, "helo")
        await heard(bot)
        edit = asyncio.create_task(bot.wait_for("message_edit", timeout=5))
        gone = asyncio.create_task(bot.wait_for("message_delete", timeout=5))
        await asyncio.sleep(0)
        await alice.edits(said, "hello")
        await alice.reacts(said, "🆘")
        await alice.deletes(said)
        assert (await edit)[1].content == "hello"
        reaction = await asyncio.wait_for(bot.events.get(), 5)
        assert isinstance(reaction, discord.RawReactionActionEvent)
        assert (reaction.emoji.name, reaction.user_id) == ("🆘", alice.id)
        assert (await gone).id == said.id


async def test_the_bot_edits_reacts_to_and_deletes_messages(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    async with running(server) as bot:
        message = await room(bot, lobby.id).send("one")
        await message.edit(content="two")
        await message.add_reaction("✅")
        stored = server.messages(lobby)[0]
        assert (stored.content, list(stored.reactions)) == ("two", ["✅"])
        await message.delete()
        assert server.messages(lobby) == []
        with pytest.raises(discord.NotFound) as refused:
            await message.edit(content="three")
        assert refused.value.code == 10008


async def test_history_is_read_backwards_and_after_a_message(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice = server.add_user("alice", guild)
    said = [await alice.says(lobby, str(number)) for number in range(120)]
    async with running(server) as bot:
        channel = room(bot, lobby.id)
        latest = [message.content async for message in channel.history(limit=3)]
        assert latest == ["119", "118", "117"]
        after = [message.content async for message in channel.history(after=discord.Object(said[9].id), limit=None)]
        assert after == [str(number) for number in range(10, 120)]
        around = [message.content async for message in channel.history(around=discord.Object(said[50].id), limit=3)]
        assert sorted(around) == ["49", "50", "51"]


async def test_a_file_arrives_with_its_name_and_size(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    async with running(server) as bot:
        await room(bot, lobby.id).send("export", file=discord.File(io.BytesIO(b"a,b\n"), "export.csv"))
        [attachment] = server.messages(lobby)[0].attachments
        assert (attachment["filename"], attachment["size"]) == ("export.csv", 4)


async def test_a_direct_message_is_answered_in_the_same_channel(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    alice = server.add_user("alice", guild)
    async with running(server) as bot:
        await alice.says(alice.dm, "hello?")
        message = await heard(bot)
        assert isinstance(message.channel, discord.DMChannel)
        await message.channel.send("I am here")
        await bot.get_partial_messageable(alice.dm.id).send("still")
        user = await bot.fetch_user(alice.id)
        await user.send("and here")
        await server.wait_for_message(alice, "and here")
        texts = [message.content for message in server.messages(alice.dm)]
        assert texts == ["hello?", "I am here", "still", "and here"]


async def test_a_closed_door_refuses_direct_messages(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    alice = server.add_user("alice", guild, dm_closed=True)
    stranger = server.add_user("stranger")
    async with running(server) as bot:
        for person in (alice, stranger):
            user = await bot.fetch_user(person.id)
            with pytest.raises(discord.Forbidden) as refused:
                await user.send("hello")
            assert refused.value.code == 50007
        assert server.bot_messages == []


async def test_content_over_2000_characters_is_refused(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    async with running(server) as bot:
        await room(bot, lobby.id).send("x" * 2000)
        with pytest.raises(discord.HTTPException) as refused:
            await room(bot, lobby.id).send("x" * 2001)
        assert (refused.value.status, refused.value.code) == (400, 50035)


async def test_missing_permissions_hidden_and_deleted_channels_have_their_own_errors(
    server: LoopbackDiscord,
) -> None:
    guild = server.add_guild("Recovery")
    silent, hidden = guild.add_text_channel("silent"), guild.add_text_channel("hidden", bot_can_see=False)
    gone = guild.add_text_channel("gone")
    silent.forbid(discord.Permissions(send_messages=True).value)
    gone.delete()
    async with running(server) as bot:
        codes = []
        for channel in (silent, hidden, gone):
            with pytest.raises(discord.HTTPException) as refused:
                await bot.get_partial_messageable(channel.id).send("hello")
            codes.append(refused.value.code)
        assert codes == [50013, 50001, 10003]


async def test_a_private_channel_is_seen_only_by_those_named(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    peers = guild.add_role("peers")
    alice, bob, carol = (server.add_user(name, guild) for name in ("alice", "bob", "carol"))
    bob.gains(peers)
    private = guild.add_text_channel("private", private_to=[alice, peers])
    assert [person.sees(private) for person in (alice, bob, carol)] == [True, True, False]
    bob.loses(peers)
    assert not bob.sees(private)
    with pytest.raises(AssertionError):
        await carol.says(private, "hello")
    async with running(server) as bot:
        await room(bot, private.id).send("hello")


async def test_without_the_content_intent_only_addressed_messages_have_content(
    server: LoopbackDiscord,
) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice = server.add_user("alice", guild)
    intents = discord.Intents.default()
    async with running(server, intents=intents) as bot:
        assert bot.user is not None
        own = await room(bot, lobby.id).send("own")
        own_stored = await server.wait_for_message(lobby, "own")
        assert own.content == "own"
        await alice.says(lobby, "overheard")
        await alice.says(lobby, f"{bot.user.mention} mentioned")
        await alice.says(lobby, "replied", reply_to=own_stored)
        await alice.says(alice.dm, "direct")
        contents = [(await heard(bot)).content for _ in range(4)]
        assert contents == ["", f"{bot.user.mention} mentioned", "replied", "direct"]


async def test_mentions_obey_allowed_mentions(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice, bob = server.add_user("alice", guild), server.add_user("bob", guild)
    role = guild.add_role("peers")
    async with running(server) as bot:
        text = f"@everyone {alice.mention} {bob.mention} <@&{role.id}>"
        only_alice = discord.AllowedMentions(everyone=False, roles=False, users=[discord.Object(alice.id)])
        await room(bot, lobby.id).send(text, allowed_mentions=only_alice)
        await room(bot, lobby.id).send(text)
        quiet, loud = server.messages(lobby)
        assert (quiet.mentions, quiet.mention_roles, quiet.mention_everyone) == ([alice.user], [], False)
        assert (loud.mentions, loud.mention_roles, loud.mention_everyone) == ([alice.user, bob.user], [role], True)


# Sending once


async def test_the_same_nonce_sends_once_within_its_window(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    async with serving(monkeypatch, clock=clock) as server:
        lobby = server.add_guild("Recovery").add_text_channel("lobby")
        async with running(server) as bot:
            channel = room(bot, lobby.id)
            first = await channel.send("due", nonce="occurrence-1")
            again = await channel.send("due", nonce="occurrence-1")
            assert again.id == first.id
            clock.now += 301
            late = await channel.send("due", nonce="occurrence-1")
            assert late.id != first.id
            assert [sent.message.nonce for sent in server.bot_messages] == ["occurrence-1"] * 2


async def test_the_nonce_of_a_deleted_message_is_not_found(server: LoopbackDiscord) -> None:
    lobby = server.add_guild("Recovery").add_text_channel("lobby")
    async with running(server) as bot:
        await (await room(bot, lobby.id).send("due", nonce="occurrence-1")).delete()
        with pytest.raises(discord.NotFound) as refused:
            await room(bot, lobby.id).send("due", nonce="occurrence-1")
        assert refused.value.code == 10008


async def test_an_error_after_the_message_was_stored_does_not_double_it(server: LoopbackDiscord) -> None:
    lobby = server.add_guild("Recovery").add_text_channel("lobby")
    async with running(server) as bot:
        server.fail_next("POST", r"/channels/\d+/messages$", status=500, after_commit=True)
        message = await room(bot, lobby.id).send("due")
        assert [stored.id for stored in server.messages(lobby)] == [message.id]
        tries = [one.status for one in server.requests if one.path.endswith("/messages")]
        assert tries == [500, 200]


async def test_a_connection_dropped_after_the_message_was_stored_raises_and_a_resend_finds_it(
    server: LoopbackDiscord,
) -> None:
    lobby = server.add_guild("Recovery").add_text_channel("lobby")
    async with running(server) as bot:
        server.fail_next("POST", "/messages$", after_commit=True, drop=True)
        with pytest.raises(aiohttp.ClientError):
            await room(bot, lobby.id).send("due", nonce="occurrence-1")
        message = await room(bot, lobby.id).send("due", nonce="occurrence-1")
        assert [stored.id for stored in server.messages(lobby)] == [message.id]


async def test_an_error_before_the_message_was_stored_leaves_nothing(server: LoopbackDiscord) -> None:
    lobby = server.add_guild("Recovery").add_text_channel("lobby")
    async with running(server) as bot:
        server.fail_next("POST", "/messages$", status=503)
        with pytest.raises(discord.DiscordServerError):
            await room(bot, lobby.id).send("due")
        assert server.messages(lobby) == []


# Limits


async def test_a_429_is_waited_out(server: LoopbackDiscord) -> None:
    lobby = server.add_guild("Recovery").add_text_channel("lobby")
    async with running(server) as bot:
        server.limits.global_limit = 2
        await asyncio.gather(*(room(bot, lobby.id).send(str(number)) for number in range(4)))
        assert server.rate_limited > 0
        assert sorted(message.content for message in server.messages(lobby)) == ["0", "1", "2", "3"]


async def test_discord_py_keeps_within_a_bucket_it_was_told_about(server: LoopbackDiscord) -> None:
    lobby = server.add_guild("Recovery").add_text_channel("lobby")
    server.limit("POST", "/messages$", 2, 0.3)
    async with running(server) as bot:
        for number in range(5):
            await room(bot, lobby.id).send(str(number))
        assert server.rate_limited == 0
        assert len(server.messages(lobby)) == 5


async def test_one_429_from_a_fault_is_retried(server: LoopbackDiscord) -> None:
    lobby = server.add_guild("Recovery").add_text_channel("lobby")
    async with running(server) as bot:
        server.fail_next("POST", "/messages$", status=429, retry_after=0.05)
        await room(bot, lobby.id).send("due")
        assert len(server.messages(lobby)) == 1


# Connections


async def test_after_a_dropped_gateway_a_resume_brings_what_was_missed(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice = server.add_user("alice", guild)
    async with running(server) as bot:
        server.drop_gateway()
        await alice.says(lobby, "missed")
        assert (await heard(bot)).content == "missed"
        assert await asyncio.wait_for(bot.events.get(), 5) == "resumed"
        assert (server.gateway.identifies, server.gateway.resumes) == (1, 1)


async def test_a_forgotten_session_is_identified_anew_and_what_was_missed_is_lost(
    server: LoopbackDiscord,
) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice = server.add_user("alice", guild)
    async with running(server) as bot:
        server.drop_gateway(resumable=False)
        await alice.says(lobby, "lost")
        await server.wait_until(lambda: server.gateway.identifies == 2)
        await alice.says(lobby, "heard")
        assert (await heard(bot)).content == "heard"


async def test_the_server_comes_back_on_the_same_port_with_everything_it_had(
    server: LoopbackDiscord,
) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice = server.add_user("alice", guild)
    async with running(server) as bot:
        await room(bot, lobby.id).send("before")
        address = server.api_base
        await server.stop()
        await server.start()
        assert server.api_base == address
        await alice.says(lobby, "after")
        assert (await heard(bot)).content == "after"
        assert [message.content for message in server.messages(lobby)] == ["before", "after"]


async def test_new_guilds_channels_and_members_reach_a_running_bot(server: LoopbackDiscord) -> None:
    async with running(server) as bot:
        joined = asyncio.create_task(bot.wait_for("guild_join", timeout=5))
        arrived = asyncio.create_task(bot.wait_for("member_join", timeout=5))
        left = asyncio.create_task(bot.wait_for("raw_member_remove", timeout=5))
        kicked = asyncio.create_task(bot.wait_for("guild_remove", timeout=5))
        await asyncio.sleep(0)
        guild = server.add_guild("Second")
        assert (await joined).id == guild.id
        channel = guild.add_text_channel("new")
        alice = server.add_user("alice", guild)
        assert (await arrived).id == alice.id
        assert room(bot, channel.id).name == "new"
        alice.leaves(guild)
        assert (await left).user.id == alice.id
        server.remove_bot(guild)
        assert (await kicked).id == guild.id


async def test_a_sharded_bot_resumes_on_each_shard(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(monkeypatch, shards=2) as server:
        guild = server.add_guild("Recovery")
        lobby = guild.add_text_channel("lobby")
        alice = server.add_user("alice", guild)
        bot = ShardedBot(discord.Intents.all())
        async with run(server, bot):
            server.drop_gateway()
            await alice.says(lobby, "missed in the guild")
            await alice.says(alice.dm, "missed in private")
            contents = {(await heard(bot)).content for _ in range(2)}
            assert contents == {"missed in the guild", "missed in private"}
            await server.wait_until(lambda: server.gateway.resumes == 2)


# Threads


async def test_a_private_thread_is_opened_and_people_are_added(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice, bob = server.add_user("alice", guild), server.add_user("bob", guild)
    async with running(server) as bot:
        made = await room(bot, lobby.id).create_thread(
            name="alice and a peer", type=discord.ChannelType.private_thread, invitable=False
        )
        await made.add_user(discord.Object(alice.id))
        await made.send("hello alice")
        thread = server.world.channels[made.id]
        assert (thread.type, thread.parent, alice.sees(thread), bob.sees(thread)) == (12, lobby, True, False)
        await alice.says(thread, "hello")
        message = await heard(bot)
        assert message.channel == made
        await made.send(f"{bob.mention} joins", allowed_mentions=discord.AllowedMentions(users=True))
        assert bob.sees(thread)
        await made.edit(archived=True, locked=True)
        assert (thread.archived, thread.locked) == (True, True)


async def test_a_thread_from_a_message_has_its_id(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice = server.add_user("alice", guild)
    async with running(server) as bot:
        said = await alice.says(lobby, "let us talk")
        thread = await (await heard(bot)).create_thread(name="talk")
        assert thread.id == said.id
        assert alice.sees(server.world.channels[thread.id])


# Interactions


def checkin_commands(bot: Bot) -> None:
    group = app_commands.Group(name="checkin", description="Check-ins")

    @group.command(name="start", description="Start")
    @app_commands.describe(time="When")
    async def start(interaction: Interaction, time: str, zone: str = "UTC", days: int = 7) -> None:
        await interaction.response.defer(ephemeral=True)
        await interaction.followup.send(f"every day at {time} in {zone}, {days} days")
        await interaction.followup.send("you can stop at any time", ephemeral=True)

    @start.autocomplete("zone")
    async def zones(interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        offered = ["Europe/Berlin", "Europe/Paris"]
        return [app_commands.Choice(name=one, value=one) for one in offered if current.lower() in one.lower()]

    @group.command(name="who", description="Who")
    async def who(interaction: Interaction, person: discord.Member) -> None:
        await interaction.response.send_message(f"{person.name} in {interaction.locale.value}")

    bot.tree.add_command(group)


async def test_a_slash_command_is_deferred_and_followed_up(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice = server.add_user("alice", guild)
    async with running(server, checkin_commands):
        answer = await alice.runs("checkin start", lobby, time="08:00")
        assert answer.kind == "deferred"
        await answer.settled()
        assert answer.ephemeral
        await server.wait_until(lambda: len(answer.messages) == 2)
        assert answer.text == "every day at 08:00 in UTC, 7 days\nyou can stop at any time"
        assert server.messages(lobby) == []
        assert alice.answers == [answer]
        assert len(server.bot_messages) == 2


async def test_commands_are_checked_against_what_was_registered(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice = server.add_user("alice", guild)
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("checkout", {}),
        ("checkin", {}),
        ("checkin stop", {}),
        ("checkin start", {}),
        ("checkin start", {"time": 8}),
        ("checkin start", {"time": "08:00", "days": "seven"}),
        ("checkin start", {"time": "08:00", "colour": "blue"}),
    ]
    async with running(server, checkin_commands):
        assert [command["name"] for command in server.commands_of()] == ["checkin"]
        for command, options in wrong:
            with pytest.raises(AssertionError):
                await alice.runs(command, lobby, **options)
        assert alice.answers == []


async def test_a_person_given_to_a_command_is_resolved(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice, bob = server.add_user("alice", guild), server.add_user("bob", guild)
    alice.locale = "de"
    async with running(server, checkin_commands):
        answer = await alice.runs("checkin who", lobby, person=bob)
        assert (answer.kind, answer.text, answer.ephemeral) == ("message", "bob in de", False)
        assert server.messages(lobby) == answer.messages


async def test_autocomplete_gives_choices(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice = server.add_user("alice", guild)
    async with running(server, checkin_commands):
        choices = await alice.completes("checkin start", lobby, option="zone", typed="berl")
        assert [choice.value for choice in choices] == ["Europe/Berlin"]


class NoteForm(discord.ui.Modal, title="A note"):
    note: discord.ui.TextInput["NoteForm"] = discord.ui.TextInput(label="Note", max_length=20)
    mood: discord.ui.Label["NoteForm"] = discord.ui.Label(
        text="Mood",
        component=discord.ui.Select(
            options=[discord.SelectOption(label="Good", value="3"), discord.SelectOption(label="Bad", value="1")],
            required=False,
        ),
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        chosen = self.mood.component
        assert isinstance(chosen, discord.ui.Select)
        await interaction.response.send_message(f"{self.note.value}: {chosen.values}", ephemeral=True)


def note_command(bot: Bot) -> None:
    @bot.tree.command(name="note", description="Write a note")
    async def note(interaction: Interaction) -> None:
        await interaction.response.send_modal(NoteForm())


async def test_a_modal_is_filled_in_and_submitted(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice = server.add_user("alice", guild)
    async with running(server, note_command):
        form = await alice.runs("note", alice.dm)
        assert form.kind == "modal"
        with pytest.raises(AssertionError):
            await alice.submits(form)
        with pytest.raises(AssertionError):
            await alice.submits(form, Note="x" * 21)
        answer = await alice.submits(form, Note="slept well", Mood="Good")
        assert answer.text == "slept well: ['3']"
        form = await alice.runs("note", lobby)
        answer = await alice.submits(form, note="alone")
        assert answer.text == "alone: []"


class PeerView(discord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="I'm on it", custom_id="claim")
    async def claim(self, interaction: discord.Interaction, _: discord.ui.Button["PeerView"]) -> None:
        await interaction.response.edit_message(content=f"{interaction.user.name} is on it", view=None)

    @discord.ui.button(label="Tell me more", custom_id="more")
    async def more(self, interaction: discord.Interaction, _: discord.ui.Button["PeerView"]) -> None:
        await interaction.response.defer()
        await interaction.followup.send("more", ephemeral=True)

    @discord.ui.select(
        custom_id="when",
        options=[discord.SelectOption(label="Now", value="0"), discord.SelectOption(label="Later", value="1")],
    )
    async def when(self, interaction: discord.Interaction, select: discord.ui.Select["PeerView"]) -> None:
        await interaction.response.send_message(f"value {select.values[0]}", ephemeral=True)


async def test_a_button_still_works_after_the_bot_was_restarted(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice = server.add_user("alice", guild)
    async with running(server) as bot:
        await room(bot, lobby.id).send("Someone asks for a peer", view=PeerView())
    [asked] = server.messages(lobby)
    async with running(server, lambda bot: bot.add_view(PeerView())):
        more = await alice.presses(asked, "Tell me more")
        assert (more.kind, (await more.settled()).text) == ("deferred_update", "Someone asks for a peer\nmore")
        later = await alice.presses(asked, "Later")
        assert later.text == "value 1"
        answer = await alice.presses(asked, "I'm on it")
        assert (answer.kind, asked.content, answer.labels) == ("update", "alice is on it", [])
        with pytest.raises(AssertionError):
            await alice.presses(asked, "I'm on it")


async def test_a_command_in_the_message_menu_gets_the_message(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice, bob = server.add_user("alice", guild), server.add_user("bob", guild)

    def setup(bot: Bot) -> None:
        @bot.tree.context_menu(name="Get a peer")
        async def get_a_peer(interaction: Interaction, message: discord.Message) -> None:
            await interaction.response.send_message(f"for {message.author.name}: {message.content}", ephemeral=True)

    async with running(server, setup):
        said = await bob.says(lobby, "I cannot any more")
        answer = await alice.uses_message_menu("Get a peer", said)
        assert answer.text == "for bob: I cannot any more"


async def test_an_interaction_answered_too_late_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(monkeypatch, interaction_timeout=0.2) as server:
        guild = server.add_guild("Recovery")
        lobby = guild.add_text_channel("lobby")
        alice = server.add_user("alice", guild)
        go = asyncio.Event()
        results: asyncio.Queue[int] = asyncio.Queue()

        def setup(bot: Bot) -> None:
            @bot.tree.command(name="slow", description="Slow")
            async def slow(interaction: Interaction) -> None:
                await go.wait()
                try:
                    await interaction.response.send_message("at last")
                except discord.NotFound as error:
                    results.put_nowait(error.code)

        async with running(server, setup):
            with pytest.raises(AssertionError, match="did not respond"):
                await alice.runs("slow", lobby)
            go.set()
            assert await asyncio.wait_for(results.get(), 5) == 10062
        assert server.bot_messages == []


async def test_a_second_answer_to_an_interaction_is_refused(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice = server.add_user("alice", guild)
    results: asyncio.Queue[int] = asyncio.Queue()

    def setup(bot: Bot) -> None:
        @bot.tree.command(name="twice", description="Twice")
        async def twice(interaction: Interaction) -> None:
            await interaction.response.send_message("once")
            # Another process would not know that this one has answered already.
            other = discord.InteractionResponse(interaction)
            try:
                await other.send_message("twice")
            except discord.HTTPException as error:
                results.put_nowait(error.code)
            original = await interaction.original_response()
            await original.edit(content="edited")

    async with running(server, setup):
        answer = await alice.runs("twice", lobby)
        assert await asyncio.wait_for(results.get(), 5) == 40060
        await server.wait_for_message(lobby, "edited")
        assert answer.text == "edited"


async def test_a_modal_opened_by_a_command_can_be_answered_later(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice = server.add_user("alice", guild)

    class Form(discord.ui.Modal, title="Form"):
        why: discord.ui.TextInput["Form"] = discord.ui.TextInput(label="Why now", custom_id="reason")

        async def on_submit(self, interaction: discord.Interaction) -> None:
            await interaction.response.defer()
            await interaction.followup.send(self.why.value, ephemeral=True)

    def setup(bot: Bot) -> None:
        @bot.tree.command(name="form", description="Form")
        async def form(interaction: Interaction) -> None:
            await interaction.response.send_modal(Form())

    async with running(server, setup):
        for fields in ({"reason": "a"}, {"why_now": "b"}, {"Why now": "c"}):
            opened = await alice.runs("form", lobby)
            answer = await alice.submits(opened, fields)
            assert (await answer.settled()).text == next(iter(fields.values()))
        assert server.messages(lobby) == []


async def test_the_words_of_layouts_and_embeds_are_text(server: LoopbackDiscord) -> None:
    lobby = server.add_guild("Recovery").add_text_channel("lobby")
    async with running(server) as bot:
        view = discord.ui.LayoutView()
        view.add_item(discord.ui.Container(discord.ui.TextDisplay("in a layout")))
        await room(bot, lobby.id).send(view=view)
        await room(bot, lobby.id).send(embed=discord.Embed(title="in an", description="embed"))
        laid_out = await server.wait_for_message(lobby, "in a layout")
        embedded = await server.wait_for_message(lobby, after=laid_out)
        assert embedded.text == "in an\nembed"


async def test_two_components_of_one_custom_id_are_refused(server: LoopbackDiscord) -> None:
    lobby = server.add_guild("Recovery").add_text_channel("lobby")
    async with running(server) as bot:
        view = discord.ui.View()
        for label in ("Yes", "No"):
            view.add_item(discord.ui.Button(label=label, custom_id="same"))
        with pytest.raises(discord.HTTPException) as refused:
            await room(bot, lobby.id).send("?", view=view)
        assert refused.value.code == 50035


# The published document


async def test_a_misspelt_key_is_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    server = LoopbackDiscord()
    if not server.schema.available:
        pytest.skip("Discord's published document is not here")
    await server.start()
    lobby = server.add_guild("Recovery").add_text_channel("lobby")
    headers = {"Authorization": f"Bot {server.token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        url = f"{server.api_base}/channels/{lobby.id}/messages"
        async with session.post(url, json={"content": "hello", "noonce": "1"}) as answer:
            assert answer.status == 400
            assert (await answer.json())["code"] == 50035
        async with session.get(f"{server.api_base}/nowhere") as answer:
            assert answer.status == 404
    await server.stop()
    assert len(server.violations) == 1
    assert "noonce" in server.violations[0]
    assert server.unknown_requests == [("GET", "/nowhere")]
