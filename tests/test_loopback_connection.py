"""The loopback server speaks the gateway as Discord does, to an unmodified discord.py."""

import asyncio

import aiohttp
import discord
import pytest
from loopback_bots import Bot, ShardedBot, heard, room, run, running, serving
from loopback_discord import LoopbackDiscord
from loopback_discord.notifier import PATIENCE

Interaction = discord.Interaction["Bot"]


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


# Connections


async def test_after_a_dropped_gateway_a_resume_brings_what_was_missed(server: LoopbackDiscord) -> None:
    guild = server.add_guild("Recovery")
    lobby = guild.add_text_channel("lobby")
    alice = server.add_user("alice", guild)
    async with running(server) as bot:
        server.drop_gateway()
        await alice.says(lobby, "missed")
        assert (await heard(bot)).content == "missed"
        assert await asyncio.wait_for(bot.events.get(), PATIENCE) == "resumed"
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
        joined = asyncio.create_task(bot.wait_for("guild_join", timeout=PATIENCE))
        arrived = asyncio.create_task(bot.wait_for("member_join", timeout=PATIENCE))
        left = asyncio.create_task(bot.wait_for("raw_member_remove", timeout=PATIENCE))
        kicked = asyncio.create_task(bot.wait_for("guild_remove", timeout=PATIENCE))
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
