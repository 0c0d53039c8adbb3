"""What only Discord can do to people: a closed private chat, a form, a message menu that is for some."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from loopback_discord import FORUM, permissions

from scenarios.on_discord import DiscordPerson
from scenarios.world import CAST, World, open_world


@pytest_asyncio.fixture
async def discord(tmp_path: Path) -> AsyncIterator[World]:
    """Everybody is on Discord."""
    async with open_world(tmp_path, dict.fromkeys(CAST, "discord"), None) as opened:
        yield opened


async def test_whose_private_chat_is_closed_is_reached_in_a_private_thread(discord: World) -> None:
    alice = discord.alice
    assert isinstance(alice, DiscordPerson)
    alice.user.dm_closed = True
    await alice.says("i want to kill myself", "lobby")
    await alice.reads("Thank you for saying it", "988", place="thread")
    await discord.sam.reads("Urgent", place="peers")
    await discord.sam.presses("I'm on it")
    await alice.reads("Sam is here", place="thread")
    await discord.sam.finds_pinned("Case 1")
    await discord.sam.reads("Case 1")
    await discord.sam.reads("You have it")
    await discord.sam.reads("Sam is on it", place="peers")
    await alice.says("thank you", "thread")
    await discord.sam.reads("a member", "thank you")


async def test_who_cries_for_help_in_the_title_of_a_forum_post_is_reached_under_the_lobby(discord: World) -> None:
    alice = discord.alice
    assert isinstance(alice, DiscordPerson)
    lobby = alice.rooms["lobby"]
    assert lobby.guild is not None
    forum = lobby.guild.add_text_channel("vent", kind=FORUM)
    alice.user.dm_closed = True
    await alice.user.opens_thread(forum, "i want to kill myself tonight", "sorry for the long silence everyone")
    await alice.reads("Thank you for saying it", "988", place="thread")
    await discord.sam.reads("Urgent", "i want to kill myself tonight", place="peers")


async def test_whom_the_bot_cannot_reach_at_all_is_told_to_those_on_duty(discord: World) -> None:
    alice = discord.alice
    assert isinstance(alice, DiscordPerson)
    alice.user.dm_closed = True
    alice.rooms["lobby"].forbid(permissions.CREATE_PRIVATE_THREADS)
    await alice.says("i want to kill myself", "lobby")
    await discord.sam.reads("Urgent", place="peers")
    await discord.sam.reads("I cannot reach the person of case 1", place="peers")
    await alice.reads("I have written to you", place="lobby")
    await discord.sam.presses("Read it")
    await discord.sam.reads("This is for somebody else")
    await alice.presses("Read it")
    await alice.reads("Thank you for saying it", "988")


async def test_a_case_is_handed_to_the_name_that_the_server_shows(discord: World) -> None:
    robin = discord.robin
    assert isinstance(robin, DiscordPerson)
    await robin.says("settings name Sky")
    await robin.reads("Others see you as Sky")
    await robin.reads("I'm the bot of Harbour")
    await discord.alice.says("i want to kill myself", "lobby")
    await discord.alice.reads("Thank you for saying it", "988")
    await discord.sam.reads("Urgent", place="peers")
    await discord.sam.presses("I'm on it")
    await discord.sam.finds_pinned("Case 1")
    await discord.sam.reads("You have it")
    await discord.alice.reads("Sam is here")
    await discord.sam.reads("Sam is on it", place="peers")
    await discord.sam.says("hand over 1 nobody_of_that_name")
    await discord.sam.reads("I know nobody of that name here", "as it is shown here")
    await discord.sam.says("hand over 1 robin")
    await discord.sam.reads("Sky has case 1 now")
    await robin.reads("You are with them now")
    await robin.reads("You are with them now")
    await discord.alice.reads("Sky is here")
    await discord.sam.reads("Sky is on it", place="peers")


async def test_the_case_of_a_peer_who_left_the_server_while_the_bot_was_away_goes_to_others(discord: World) -> None:
    sam = discord.sam
    assert isinstance(sam, DiscordPerson)
    await discord.alice.says("i want to kill myself", "lobby")
    await discord.alice.reads("Thank you for saying it", "988")
    await sam.reads("Urgent", place="peers")
    await sam.presses("I'm on it")
    await sam.finds_pinned("Case 1")
    await sam.reads("You have it")
    await discord.alice.reads("Sam is here")
    await sam.reads("Sam is on it", place="peers")
    await discord.stop()
    lobby = sam.rooms["lobby"]
    assert lobby.guild is not None
    sam.user.leaves(lobby.guild)
    await discord.start()
    await discord.olive.reads("Sam has left on Discord", "off the rota")
    await discord.alice.reads("Sam cannot go on just now")
    await discord.robin.reads("Who can be with", place="peers")
    await discord.robin.reads("Nobody is with them yet", place="peers")


async def test_what_a_proxy_has_said_for_somebody_while_the_bot_was_away_is_told_to_those_on_duty(
    discord: World,
) -> None:
    alice = discord.alice
    assert isinstance(alice, DiscordPerson)
    await alice.says("good morning", "lobby")
    await discord.stop()
    said = await alice.user.says_by_proxy(alice.rooms["lobby"], "i want to kill myself")
    await discord.start()
    await discord.sam.reads("i want to kill myself", place="lobby")
    await discord.sam.reads("I do not know who", str(said.id), place="peers")
    await alice.reads("If you need a person", place="lobby")
    await alice.presses("I need a person")
    await alice.reads("I have written to you privately")
    await alice.reads("I'm getting a person", "988")
    await discord.sam.reads("Urgent", "they asked for a person", place="peers")
