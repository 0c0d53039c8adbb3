"""Reading back what was written while the bot was away."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import discord as library
import discord_scene
import pytest
from discord_scene import Scene
from loopback_discord import Channel, LoopbackDiscord, Message, Person, permissions

from bot.platforms.discord import DiscordPlatform, readback

discord = discord_scene.discord

_FOR_EVER = 10_000
"""Times: until the test takes the trouble away."""


@pytest.fixture
async def scene(discord: LoopbackDiscord) -> Scene:
    """A bot that has been there before, heard a message in each way, and is away now."""
    scene = Scene(discord)
    async with scene.running():
        await scene.ana.says(scene.channel, "an earlier one")
        await scene.hub.hears("an earlier one")
        await scene.reads_back()
    scene.hub.received.clear()
    discord.requests.clear()
    return scene


def texts(scene: Scene) -> list[str]:
    return [one.text for one in scene.hub.received]


def history_of(discord: LoopbackDiscord, channel: Channel) -> int:
    """How often the history of a channel was asked for."""
    return sum((one.method, one.path) == ("GET", f"/channels/{channel.id}/messages") for one in discord.requests)


async def says_earlier(person: Person, channel: Channel, text: str, *, ago: timedelta) -> Message:
    """Write something with an id of the past, while the bot is away."""
    message = await person.says(channel, text)
    del channel.messages[message.id]
    message.id = library.utils.time_snowflake(datetime.now(UTC) - ago)
    channel.messages[message.id] = message
    channel.messages = dict(sorted(channel.messages.items()))
    channel.last_message_id = max(channel.messages)
    return message


# What is read


async def test_what_was_written_while_the_bot_was_down_is_heard_afterwards(scene: Scene) -> None:
    message = await scene.ana.says(scene.channel, "I want to die")
    async with scene.running():
        heard = await scene.hub.hears("I want to die")
    assert heard.read_back
    assert (heard.event_id, heard.place) == (str(message.id), str(scene.channel.id))
    assert (heard.space, heard.private) == (str(scene.guild.id), False)
    assert heard.at.timestamp() == pytest.approx(message.created, abs=1)


async def test_what_is_heard_live_is_not_marked_as_read_back(scene: Scene) -> None:
    async with scene.running():
        await scene.ana.says(scene.channel, "live")
        assert not (await scene.hub.hears("live")).read_back


async def test_what_a_proxy_has_said_for_a_member_meanwhile_is_heard_as_nobodys(scene: Scene) -> None:
    said = await scene.ana.says_by_proxy(scene.channel, "I want to die")
    async with scene.running():
        heard = await scene.hub.hears("I want to die")
        assert (heard.unnamed, heard.read_back, heard.event_id) == (True, True, str(said.id))
        assert (heard.place, heard.space) == (str(scene.channel.id), str(scene.guild.id))
        await scene.ana.says_by_proxy(scene.channel, "I am still here")
        await scene.ana.says(scene.channel, "behind it")
        await scene.hub.hears("behind it")
    assert texts(scene) == ["I want to die", "L: I am still here", "behind it"]


async def test_a_channel_is_read_oldest_first(scene: Scene) -> None:
    said = [f"message {number}" for number in range(250)]
    for text in said:
        await scene.ana.says(scene.channel, text)
    async with scene.running():
        await scene.hub.hears(said[-1])
    assert texts(scene) == said


async def test_threads_and_direct_messages_are_read_too(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    thread = discord.world.add_thread(scene.channel, scene.ana.user, 11, {"name": "evening"}, discord.world.snowflake())
    async with scene.running():
        await scene.ana.says(scene.ana.dm, "hello")
        await scene.hub.hears("hello")
        await scene.reads_back()
    await scene.ben.says(thread, "in the thread")
    await scene.ana.says(scene.ana.dm, "in private")
    async with scene.running():
        in_thread, in_private = await scene.hub.hears("in the thread"), await scene.hub.hears("in private")
    assert (in_thread.read_back, in_thread.place) == (True, str(scene.channel.id))
    assert (in_private.read_back, in_private.private) == (True, True)
    assert in_private.shared_spaces == (str(scene.guild.id),)


async def test_somebody_the_bot_wrote_to_first_is_read_too(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    async with scene.running():
        await scene.send(scene.to(scene.ana), "How are you?")
        await scene.reads_back()
    await scene.ana.says(scene.ana.dm, "not well")
    async with scene.running():
        assert (await scene.hub.hears("not well")).read_back


async def test_a_channel_in_which_nobody_wrote_before_is_read_from_when_the_bot_was_last_there(scene: Scene) -> None:
    quiet = scene.guild.add_text_channel("quiet")
    await scene.ana.says(quiet, "is anybody here?")
    async with scene.running():
        await scene.hub.hears("is anybody here?")


async def test_a_new_session_after_a_long_gap_reads_back_as_a_start_does(
    discord: LoopbackDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(discord)
    monkeypatch.setattr("asyncio.sleep", scene.no_pause)
    async with scene.running():
        await scene.reads_back()
        await discord.drop_gateway(resumable=False)
        await scene.ana.says(scene.channel, "in the gap")
        assert (await scene.hub.hears("in the gap")).read_back
    assert texts(scene) == ["in the gap"]


async def test_a_resumed_session_needs_no_reading_back(scene: Scene) -> None:
    async with scene.running():
        await scene.reads_back()
        await scene.discord.drop_gateway()
        await scene.ana.says(scene.channel, "in the gap")
        assert not (await scene.hub.hears("in the gap")).read_back
    assert history_of(scene.discord, scene.channel) == 0


async def test_who_leaves_in_the_gap_before_a_resumed_session_is_told_to_the_hub_when_it_is_back(scene: Scene) -> None:
    async with scene.running():
        await scene.reads_back()
        await scene.discord.drop_gateway()
        scene.ben.leaves(scene.guild)
        await scene.discord.wait_until(lambda: bool(scene.hub.departed))
        assert scene.hub.departed == [(str(scene.ben.id), str(scene.guild.id))]


async def test_a_server_that_comes_late_is_read_too(scene: Scene) -> None:
    other = scene.discord.add_guild("Late")
    channel = other.add_text_channel("general")
    scene.ana.joins(other)
    await scene.ana.says(channel, "help us")
    del scene.discord.world.guilds[other.id]
    async with scene.running():
        await scene.reads_back()
        scene.discord.world.guilds[other.id] = other
        whole = other.json(members=[other.members[scene.discord.world.bot.id]])
        scene.discord.world.emit("GUILD_CREATE", whole)
        assert (await scene.hub.hears("help us")).read_back


# What is not read


async def test_the_very_first_start_reads_nothing(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    await scene.ana.says(scene.channel, "before the bot came")
    for _start in range(2):
        async with scene.running():
            await scene.reads_back()
    assert texts(scene) == []
    assert history_of(discord, scene.channel) == 0


async def test_a_channel_without_news_costs_no_request(scene: Scene) -> None:
    scene.guild.add_text_channel("empty")
    async with scene.running():
        await scene.reads_back()
    assert [one.path for one in scene.discord.requests if one.path.endswith("/messages")] == []


async def test_what_lies_outside_the_window_is_not_read(scene: Scene) -> None:
    old = scene.guild.add_text_channel("old")
    scene.hub.memory[f"discord:last:{old.id}"] = scene.hub.memory[f"discord:last:{scene.channel.id}"] = "1"
    await says_earlier(scene.ana, scene.channel, "too old", ago=timedelta(hours=25))
    await says_earlier(scene.ana, scene.channel, "old enough", ago=timedelta(hours=23))
    await says_earlier(scene.ana, old, "too old", ago=timedelta(hours=25))
    async with scene.running():
        await scene.hub.hears("old enough")
        await scene.reads_back()
    assert "too old" not in texts(scene)
    assert history_of(scene.discord, old) == 0


async def test_reading_back_can_be_switched_off(scene: Scene) -> None:
    scene.platform = DiscordPlatform(replace(scene.account, read_back=timedelta()), scene.hub)
    await scene.ana.says(scene.channel, "meanwhile")
    async with scene.running():
        await scene.ana.says(scene.channel, "now")
        await scene.hub.hears("now")
        await scene.reads_back()
    assert texts(scene) == ["now"]


async def test_a_channel_the_bot_does_not_see_is_left_alone(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    hidden = scene.guild.add_text_channel("hidden", bot_can_see=False)
    await scene.ana.says(hidden, "among ourselves")
    async with scene.running():
        await scene.reads_back()
    assert texts(scene) == []
    assert "Read Message History" not in caplog.text


@pytest.mark.parametrize("off", [timedelta(days=400), timedelta(days=-400)], ids=["ahead", "behind"])
async def test_a_clock_that_is_wrong_hides_nothing_and_is_told(
    scene: Scene, off: timedelta, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.platforms.discord.servertime._own_time", lambda: datetime.now(UTC) + off)
    await says_earlier(scene.ana, scene.guild.add_text_channel("old"), "too old", ago=timedelta(hours=25))
    message = await scene.ana.says(scene.channel, "missed")
    async with scene.running():
        await scene.hub.hears("missed")
        await scene.reads_back()
        await scene.ana.edits(message, "changed")
        await scene.hub.hears("changed")
    assert texts(scene) == ["missed", "changed"]
    assert caplog.text.count("off Discord's") == 1


# Nothing twice, nothing left out


async def test_nothing_is_heard_twice_over_many_starts(scene: Scene) -> None:
    said = []
    for start in range(4):
        for number in range(3):
            said.append(f"{start}.{number}")
            await scene.ana.says(scene.channel, said[-1])
        async with scene.running():
            await scene.hub.hears(said[-1])
            said.append(f"{start} live")
            await scene.ana.says(scene.channel, said[-1])
            await scene.hub.hears(said[-1])
            await scene.reads_back()
    assert texts(scene) == said


async def test_what_comes_live_while_the_history_is_read_is_heard_once_and_at_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readback, "_PAUSES", (0.01,))
    await scene.ana.says(scene.channel, "missed")
    scene.discord.fail_next("GET", f"/channels/{scene.channel.id}/messages", status=503, times=_FOR_EVER)
    async with scene.running():
        await scene.ana.says(scene.channel, "live")
        await scene.hub.hears("live")
        assert texts(scene) == ["live"]
        scene.discord.faults.clear()
        await scene.hub.hears("missed")
        await scene.reads_back()
    assert sorted(texts(scene)) == ["live", "missed"]


async def test_a_live_message_does_not_hide_what_was_not_read_yet(scene: Scene) -> None:
    place = f"discord:last:{scene.channel.id}"
    before = scene.hub.memory[place]
    await scene.ana.says(scene.channel, "missed")
    scene.discord.fail_next("GET", f"/channels/{scene.channel.id}/messages", hang=True)
    async with scene.running():
        await scene.ana.says(scene.channel, "live")
        await scene.hub.hears("live")
        await scene.discord.wait_until(lambda: not scene.discord.faults.waiting)
    assert scene.hub.memory[place] == before
    async with scene.running():
        await scene.hub.hears("missed")
        await scene.reads_back()
    assert scene.hub.memory[place] == str(scene.discord.messages(scene.channel)[-1].id)


async def test_a_start_cut_short_is_made_up_for_by_the_next(scene: Scene) -> None:
    said = [f"message {number}" for number in range(5)]
    for text in said:
        await scene.ana.says(scene.channel, text)
    scene.hub.gate.clear()
    async with scene.running():
        await scene.hub.hears(said[0])
    scene.hub.gate.set()
    scene.hub.received.clear()
    async with scene.running():
        await scene.hub.hears(said[-1])
    assert texts(scene) == said


async def test_a_message_that_was_deleted_is_not_looked_for_at_every_start(scene: Scene) -> None:
    message = await scene.ana.says(scene.channel, "never mind")
    scene.discord.world.delete(message)
    for _start in range(2):
        async with scene.running():
            await scene.reads_back()
    assert history_of(scene.discord, scene.channel) == 1


async def test_of_too_many_messages_the_newest_are_read_and_the_rest_is_said(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(readback, "_MESSAGES", 120)
    for number in range(150):
        await scene.ana.says(scene.channel, f"message {number}")
    async with scene.running():
        await scene.hub.hears("message 149")
        await scene.reads_back()
    assert texts(scene) == [f"message {number}" for number in range(30, 150)]
    assert f"More than 120 messages were written in channel {scene.channel.id}" in caplog.text


async def test_the_busiest_news_come_before_the_quiet_ones(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readback, "_AT_ONCE", 1)
    channels = [scene.guild.add_text_channel(f"c{number}") for number in range(5)]
    for channel in channels:
        await scene.ana.says(channel, channel.name)
    async with scene.running():
        await scene.reads_back()
    assert texts(scene) == ["c4", "c3", "c2", "c1", "c0"]


# Trouble


async def test_a_missing_permission_is_said_once_and_the_other_channels_are_read(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    closed = scene.guild.add_text_channel("closed")
    closed.forbid(permissions.READ_MESSAGE_HISTORY)
    for start in range(2):
        await scene.ana.says(closed, "unread")
        await scene.ana.says(scene.channel, f"read {start}")
        async with scene.running():
            await scene.hub.hears(f"read {start}")
            await scene.reads_back()
    assert texts(scene) == ["read 0", "read 1"]
    assert caplog.text.count("the permission Read Message History") == 1


async def test_a_channel_in_trouble_is_tried_again_and_stops_no_other(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readback, "_PAUSES", (0.01, 0.01))
    other = scene.guild.add_text_channel("other")
    await scene.ana.says(other, "in the other")
    await scene.ana.says(scene.channel, "in trouble")
    scene.discord.fail_next("GET", f"/channels/{scene.channel.id}/messages", status=503, times=_FOR_EVER)
    async with scene.running():
        await scene.hub.hears("in the other")
        scene.discord.faults.clear()
        await scene.hub.hears("in trouble")
    assert texts(scene) == ["in the other", "in trouble"]


@pytest.mark.parametrize("status", [403, 404])
async def test_a_proxys_page_in_place_of_a_history_loses_nothing(
    scene: Scene, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readback, "_PAUSES", (0.01,))
    await scene.ana.says(scene.channel, "missed")
    scene.discord.fail_next("GET", f"/channels/{scene.channel.id}/messages", status=status, html=True)
    async with scene.running():
        assert (await scene.hub.hears("missed")).read_back


async def test_a_channel_that_cannot_be_read_for_long_is_read_as_soon_as_it_can(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(readback, "_PAUSES", (0.01,))
    await scene.ana.says(scene.channel, "missed")
    scene.discord.fail_next("GET", f"/channels/{scene.channel.id}/messages", status=503, times=_FOR_EVER)
    async with scene.running():
        await scene.reads_back()
        await scene.ana.says(scene.channel, "live")
        await scene.hub.hears("live")
        scene.discord.faults.clear()
        assert (await scene.hub.hears("missed")).read_back
    assert texts(scene) == ["live", "missed"]
    assert "1 channels could not be read" in caplog.text
    assert scene.hub.memory[f"discord:last:{scene.channel.id}"] == str(scene.discord.messages(scene.channel)[-1].id)


async def test_a_server_that_comes_late_is_read_when_the_store_works_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readback, "_PAUSES", (0.01,))
    other = scene.discord.add_guild("Late")
    channel = other.add_text_channel("general")
    scene.ana.joins(other)
    await scene.ana.says(channel, "help us")
    del scene.discord.world.guilds[other.id]
    recall, failures = scene.hub.remembered, [OSError("disk"), OSError("disk")]

    async def remembered(platform: str, name: str) -> str | None:
        if name == f"last:{channel.id}" and failures:
            raise failures.pop()
        return await recall(platform, name)

    monkeypatch.setattr(scene.hub, "remembered", remembered)
    async with scene.running():
        await scene.reads_back()
        scene.discord.world.guilds[other.id] = other
        whole = other.json(members=[other.members[scene.discord.world.bot.id]])
        scene.discord.world.emit("GUILD_CREATE", whole)
        assert (await scene.hub.hears("help us")).read_back
    assert failures == []


async def test_a_bot_that_dies_right_after_its_first_start_knows_where_it_left_off(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    async with scene.running():
        await scene.reads_back()
        left_behind = dict(scene.hub.memory)  # as a kill leaves it: nothing is written at the end
    scene = Scene(discord)
    scene.hub.memory = left_behind
    channel = scene.guild.add_text_channel("quiet")
    scene.ana = discord.add_user("eve", scene.guild)
    await scene.ana.says(channel, "is anybody here?")
    async with scene.running():
        assert (await scene.hub.hears("is anybody here?")).read_back


async def test_a_channel_that_cannot_be_read_at_all_is_read_at_the_next_start(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(readback, "_PAUSES", (0.01, 300.0))
    monkeypatch.setattr("asyncio.sleep", scene.no_pause)
    fresh = scene.guild.add_text_channel("fresh")
    await scene.ana.says(fresh, "unread")
    scene.discord.fail_next("GET", f"/channels/{fresh.id}/messages", status=503, times=3)
    async with scene.running():
        await scene.reads_back()
        await scene.ana.says(fresh, "live")
        await scene.hub.hears("live")
    assert "1 channels could not be read" in caplog.text
    async with scene.running():
        assert (await scene.hub.hears("unread")).read_back


async def test_a_store_that_fails_is_tried_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readback, "_PAUSES", (0.01,))
    recall, failures = scene.hub.remembered, [OSError("disk"), OSError("disk")]

    async def remembered(platform: str, name: str) -> str | None:
        if name == "alive" and failures:
            raise failures.pop()
        return await recall(platform, name)

    monkeypatch.setattr(scene.hub, "remembered", remembered)
    await scene.ana.says(scene.channel, "missed")
    async with scene.running():
        await scene.hub.hears("missed")
    assert failures == []


async def test_a_run_may_be_cancelled_while_it_reads_back(scene: Scene) -> None:
    await scene.ana.says(scene.channel, "missed")
    scene.discord.fail_next("GET", f"/channels/{scene.channel.id}/messages", hang=True)
    before = asyncio.all_tasks()
    async with scene.running():
        await scene.discord.wait_until(lambda: not scene.discord.faults.waiting)
    left = {task for task in asyncio.all_tasks() - before if "bot.platforms" in repr(task) or "readback" in repr(task)}
    assert left == set()
