"""The loopback server keeps messages, threads and limits as Discord does."""

import asyncio
import io

import aiohttp
import discord
import pytest
from loopback_bots import Clock, heard, room, running, serving
from loopback_discord import LoopbackDiscord
from loopback_discord.notifier import PATIENCE

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
        edit = asyncio.create_task(bot.wait_for("message_edit", timeout=PATIENCE))
        gone = asyncio.create_task(bot.wait_for("message_delete", timeout=PATIENCE))
        await asyncio.sleep(0)
        await alice.edits(said, "hello")
        await alice.reacts(said, "🆘")
        await alice.deletes(said)
        assert (await edit)[1].content == "hello"
        reaction = await asyncio.wait_for(bot.events.get(), PATIENCE)
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
