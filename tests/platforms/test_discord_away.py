"""What changed while the bot was away, of which Discord does not tell by itself: archived threads, and who has left."""

import time

import discord_scene
import pytest
from discord_scene import Scene
from loopback_discord import LoopbackDiscord

from bot.platforms.discord import readback

discord = discord_scene.discord


async def test_a_thread_that_was_archived_since_is_read_too_and_so_is_its_name(
    discord: LoopbackDiscord,
) -> None:
    scene = Scene(discord)
    async with scene.running():
        await scene.reads_back()
    made = {"name": "nobody hears me"}
    world = discord.world
    thread = world.add_thread(scene.channel, scene.ana.user, 11, made, world.snowflake())
    await scene.ben.says(thread, "I want to die")
    thread.archived, thread.archived_at = True, time.time()
    old = world.add_thread(scene.channel, scene.ana.user, 11, {"name": "long ago"}, world.snowflake())
    await scene.ben.says(old, "said long ago")
    old.archived, old.archived_at = True, time.time() - 3600
    async with scene.running():
        heard = await scene.hub.hears("I want to die")
        await scene.reads_back()
    assert (heard.read_back, heard.place) == (True, str(scene.channel.id))
    assert [one.text for one in scene.hub.received] == ["I want to die", "nobody hears me"]


async def test_archived_threads_that_discord_did_not_list_are_asked_for_again(
    discord: LoopbackDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readback, "_PAUSES", (0.01, 0.01))
    scene = Scene(discord)
    async with scene.running():
        await scene.reads_back()
    world = discord.world
    thread = world.add_thread(scene.channel, scene.ana.user, 11, {"name": "nobody hears me"}, world.snowflake())
    await scene.ben.says(thread, "I want to die")
    thread.archived, thread.archived_at = True, time.time()
    before = scene.hub.memory["discord:alive"]
    listing = f"/channels/{scene.channel.id}/threads/archived"
    discord.fail_next("GET", listing, status=403, html=True, times=10**6)
    async with scene.running():
        await scene.ana.says(scene.channel, "live")
        await scene.hub.hears("live")
        await scene.reads_back()
        assert scene.hub.memory["discord:alive"] == before
        assert "I want to die" not in [one.text for one in scene.hub.received]
        discord.faults.clear()
        await scene.hub.hears("I want to die")


async def test_which_peers_left_before_a_new_session_is_looked_up_and_of_others_it_is_told_by_nobody(
    discord: LoopbackDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(discord)
    cleo = discord.add_user("cleo", scene.guild)
    scene.hub.called = [(str(person.id), (str(scene.guild.id),)) for person in (scene.ana, scene.ben)]
    monkeypatch.setattr("asyncio.sleep", scene.no_pause)
    async with scene.running():
        await scene.reads_back()
        await discord.drop_gateway(resumable=False)
        scene.ben.leaves(scene.guild)
        cleo.leaves(scene.guild)
        await scene.ana.says(scene.channel, "in the gap")
        await scene.hub.hears("in the gap")
        await scene.reads_back()
    assert scene.hub.departed == [(str(scene.ben.id), str(scene.guild.id))]


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, 50001), (404, 10004), (403, 40002), (400, 50035), (404, 0), (429, 0), (500, 0)],
)
async def test_a_refusal_that_is_not_about_the_person_takes_nobody_as_gone(
    discord: LoopbackDiscord, monkeypatch: pytest.MonkeyPatch, status: int, code: int
) -> None:
    scene = Scene(discord)
    scene.hub.called = [(str(person.id), (str(scene.guild.id),)) for person in (scene.ana, scene.ben)]
    monkeypatch.setattr("asyncio.sleep", scene.no_pause)
    discord.fail_next("GET", r"/guilds/\d+/members/\d+", status=status, code=code, times=1000)
    async with scene.running():
        await scene.reads_back()
    assert scene.hub.departed == []


async def test_who_is_in_one_of_a_communitys_two_servers_is_not_gone(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    other = discord.add_guild("Second")
    scene.hub.called = [(str(scene.ana.id), (str(other.id), str(scene.guild.id)))]
    async with scene.running():
        await scene.reads_back()
    assert scene.hub.departed == []


@pytest.mark.parametrize("asked", [r"/threads/archived", r"/guilds/\d+/members/\d+"])
async def test_what_somebody_writes_is_heard_and_answered_at_once_while_discord_is_still_asked_what_changed(
    discord: LoopbackDiscord, asked: str
) -> None:
    scene = Scene(discord)
    scene.hub.called = [(str(scene.ben.id), (str(scene.guild.id),))]
    async with scene.running():
        await scene.reads_back()
    discord.fail_next("GET", asked, hang=True)
    async with scene.running():
        await discord.wait_until(lambda: not discord.faults.waiting)
        await scene.ana.says(scene.channel, "I want to die")
        assert not (await scene.hub.hears("I want to die")).read_back
        await scene.send(scene.to(scene.ben), "somebody is in danger")
        await discord.wait_for_message(scene.ben, "somebody is in danger")
        assert not scene.platform.caught_up.is_set()


async def test_a_server_that_comes_late_is_read_while_it_is_still_looked_up_who_has_left(
    discord: LoopbackDiscord,
) -> None:
    scene = Scene(discord)
    scene.hub.called = [(str(scene.ben.id), (str(scene.guild.id),))]
    other = discord.add_guild("Late")
    channel = other.add_text_channel("general")
    scene.ana.joins(other)
    async with scene.running():
        await scene.reads_back()
    await scene.ana.says(channel, "help us")
    del discord.world.guilds[other.id]
    discord.fail_next("GET", r"/guilds/\d+/members/\d+", hang=True)
    async with scene.running():
        await discord.wait_until(lambda: not discord.faults.waiting)
        discord.world.guilds[other.id] = other
        discord.world.emit("GUILD_CREATE", other.json(members=[other.members[discord.world.bot.id]]))
        assert (await scene.hub.hears("help us")).read_back


async def test_channels_of_which_discord_does_not_tell_the_archived_threads_keep_no_others_waiting(
    discord: LoopbackDiscord,
) -> None:
    scene = Scene(discord)
    for number in range(5):
        scene.guild.add_text_channel(f"room-{number}")
    async with scene.running():
        await scene.reads_back()
    discord.requests.clear()
    discord.fail_next("GET", r"/threads/archived", times=2, hang=True)
    async with scene.running():
        await discord.wait_until(lambda: sum("/threads/archived" in one.path for one in discord.requests) == 4)
        assert not discord.faults.waiting
