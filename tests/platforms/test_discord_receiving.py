"""Messages that could not be handled, how far each channel is heard, and the channels of direct messages."""

import asyncio
from collections.abc import Mapping

import discord_scene
import pytest
from discord_scene import Scene
from loopback_discord import LoopbackDiscord
from recording_hub import RecordingHub

from bot.core.platform import NeverAgain, Unreachable
from bot.platforms.discord import receiving
from bot.platforms.discord.progress import Progress

discord, scene = discord_scene.discord, discord_scene.scene


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(receiving, "_LONGEST_PAUSE", 0.02)


def times(scene: Scene, text: str) -> int:
    return [one.text for one in scene.hub.received].count(text)


# Messages that could not be handled


@pytest.mark.usefixtures("impatient")
async def test_a_message_that_could_not_be_handled_is_handed_in_until_it_is(
    discord: LoopbackDiscord, caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene(discord)
    async with scene.running():
        scene.hub.failure = OSError("no space left on device")
        message = await scene.ana.says(scene.channel, "I want to die")
        await scene.hub.hears(lambda _one: times(scene, "I want to die") >= 4)
        scene.hub.failure = None
        await scene.hub.until_handled(str(message.id))
        await scene.ana.says(scene.channel, "later")
        await scene.hub.hears("later")
    assert scene.hub.handled.count(str(message.id)) == 1
    assert scene.hub.memory[f"discord:last:{scene.channel.id}"] == str(scene.discord.messages(scene.channel)[-1].id)
    assert caplog.text.count("could not be handled: OSError") == 1
    assert "no space" not in caplog.text


@pytest.mark.usefixtures("impatient")
async def test_one_that_fails_for_ever_holds_up_no_other_and_is_read_again_after_a_restart(
    discord: LoopbackDiscord,
) -> None:
    scene = Scene(discord)
    scene.hub.poison = "broken"
    async with scene.running():
        await scene.ana.says(scene.channel, "before")
        await scene.hub.hears("before")
        await scene.ana.says(scene.channel, "broken")
        await scene.ana.says(scene.channel, "after")
        await scene.hub.hears("after")
        await scene.hub.hears(lambda _one: times(scene, "broken") >= 3)
    assert scene.hub.memory[f"discord:last:{scene.channel.id}"] == str(scene.discord.messages(scene.channel)[0].id)
    scene.hub.poison = None
    scene.hub.received.clear()
    async with scene.running():
        assert (await scene.hub.hears("broken")).read_back
        await scene.reads_back()
    assert times(scene, "broken") == 1


@pytest.mark.usefixtures("impatient")
async def test_of_too_many_that_fail_the_oldest_waits_for_the_next_start(
    discord: LoopbackDiscord, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(receiving, "_FAILED_LIMIT", 2)
    scene = Scene(discord)
    async with scene.running():
        await scene.ana.says(scene.channel, "fine")
        await scene.hub.hears("fine")
        scene.hub.failure = OSError()
        for number in range(3):
            await scene.ana.says(scene.channel, f"message {number}")
        await scene.hub.hears(lambda _one: times(scene, "message 2") >= 2)
    assert "waits no longer" in caplog.text
    scene.hub.failure = None
    scene.hub.received.clear()
    async with scene.running():
        await scene.hub.hears("message 2")
    assert [one.text for one in scene.hub.received] == ["message 0", "message 1", "message 2"]


@pytest.mark.usefixtures("impatient")
async def test_one_that_waits_no_longer_is_read_back_in_the_next_session_already(
    discord: LoopbackDiscord, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(receiving, "_FAILED_LIMIT", 1)
    monkeypatch.setattr("discord.backoff.ExponentialBackoff.delay", lambda _self: 0.01)
    scene = Scene(discord)
    scene.hub.poison = "broken"
    async with scene.running():
        await scene.reads_back()
        await scene.ana.says(scene.channel, "fine")
        await scene.hub.hears("fine")
        dropped = await scene.ana.says(scene.channel, "broken")
        await scene.hub.hears("broken")
        other = scene.guild.add_text_channel("other")
        await scene.ana.says(other, "broken")
        await scene.hub.hears(lambda one: one.text == "broken" and one.place == str(other.id))
        await discord.wait_until(lambda: "waits no longer" in caplog.text)
        scene.hub.poison = None
        await discord.drop_gateway(resumable=False)
        await scene.hub.until_handled(str(dropped.id))


# How far each channel is heard


@pytest.fixture
def hub() -> RecordingHub:
    return RecordingHub()


async def test_a_channel_moves_on_up_to_the_first_message_that_is_not_done(hub: RecordingHub) -> None:
    progress = Progress(hub)
    for message in (10, 20, 30):
        progress.begin(1, message)
    for message in (30, 10):
        progress.done(1, message)
    await progress.write()
    assert hub.memory["discord:last:1"] == "10"
    progress.done(1, 20)
    await progress.write()
    assert hub.memory["discord:last:1"] == "30"


async def test_a_message_that_comes_out_of_order_does_not_move_a_channel_back(hub: RecordingHub) -> None:
    progress = Progress(hub)
    progress.done(1, 30)
    await progress.write()
    progress.done(1, 20)
    await progress.write()
    assert hub.memory["discord:last:1"] == "30"


async def test_a_held_channel_stays_until_it_is_released(hub: RecordingHub) -> None:
    progress = Progress(hub)
    progress.hold()
    progress.done(1, 30)
    progress.done(2, 30)
    progress.release(2)
    await progress.write()
    assert "discord:last:1" not in hub.memory
    assert hub.memory["discord:last:2"] == "30"
    progress.settle({}, 30)
    await progress.write()
    assert hub.memory["discord:last:1"] == "30"


async def test_a_channel_that_could_not_be_read_stays_where_it_is(hub: RecordingHub) -> None:
    progress = Progress(hub)
    progress.hold()
    progress.settle({1: 5}, 30)
    progress.done(1, 40)
    await progress.write()
    assert hub.memory == {"discord:last:1": "5", "discord:alive": "30"}


async def test_thousands_that_wait_behind_one_do_not_pass_it(hub: RecordingHub) -> None:
    progress = Progress(hub)
    progress.begin(1, 1)
    for message in range(2, 5000):
        progress.done(1, message)
    await progress.write()
    assert "discord:last:1" not in hub.memory
    progress.done(1, 1)
    await progress.write()
    assert hub.memory["discord:last:1"] == "4999"


async def test_the_bot_was_alive_only_up_to_what_is_not_done(hub: RecordingHub) -> None:
    progress = Progress(hub)
    progress.hold()
    progress.begin(1, 20)
    progress.settle({}, 30)
    await progress.write()
    assert hub.memory["discord:alive"] == "19"


async def test_a_new_run_does_not_count_what_the_last_one_left_unfinished_as_heard(hub: RecordingHub) -> None:
    progress = Progress(hub)
    progress.hold()
    progress.begin(1, 20)
    progress.settle({}, 30)
    await progress.write()
    progress.start_anew()
    await progress.write()
    progress.hold()
    await progress.write()
    assert hub.memory == {"discord:alive": "19"}


async def test_a_new_run_forgets_places_that_another_process_may_have_passed_since(hub: RecordingHub) -> None:
    progress = Progress(hub)
    progress.settle({}, 20)
    progress.done(1, 20)
    progress.start_anew()
    hub.memory.update({"discord:last:1": "90", "discord:alive": "90"})
    await progress.write()
    assert hub.memory == {"discord:last:1": "90", "discord:alive": "90"}
    progress.settle({}, 95)
    await progress.write()
    assert hub.memory["discord:alive"] == "95"


async def test_two_writes_at_a_time_leave_the_later_place(hub: RecordingHub, monkeypatch: pytest.MonkeyPatch) -> None:
    progress = Progress(hub)
    remember, slow = hub.remember_all, asyncio.Event()

    async def remember_all(platform: str, values: Mapping[str, str]) -> None:
        if values == {"last:1": "20"}:
            await slow.wait()
        await remember(platform, values)

    monkeypatch.setattr(hub, "remember_all", remember_all)
    progress.done(1, 20)
    first = asyncio.create_task(progress.write())
    await asyncio.sleep(0)
    progress.done(1, 30)
    second = asyncio.create_task(progress.write())
    await asyncio.sleep(0)
    slow.set()
    await asyncio.gather(first, second)
    assert hub.memory["discord:last:1"] == "30"


async def test_many_channels_are_all_written(hub: RecordingHub) -> None:
    progress = Progress(hub)
    for channel in range(1000):
        progress.done(channel, 30)
    await progress.write()
    assert len(hub.memory) == 1000


async def test_a_store_that_fails_is_written_again(hub: RecordingHub, monkeypatch: pytest.MonkeyPatch) -> None:
    progress = Progress(hub)
    progress.done(1, 30)
    with monkeypatch.context() as patch:
        patch.setattr(hub, "remember_all", hub.refuse)
        with pytest.raises(OSError, match="disk"):
            await progress.write()
    await progress.write()
    assert hub.memory["discord:last:1"] == "30"


# The channels of direct messages


def opened(scene: Scene) -> int:
    return sum(one.path == "/users/@me/channels" for one in scene.discord.requests)


async def test_a_message_to_a_known_person_costs_one_request_also_after_a_restart(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    for start in range(2):
        async with scene.running():
            for number in range(2):
                await scene.send(scene.to(scene.ana), "hello", f"{start} {number}")
    assert opened(scene) == 1
    assert len(scene.discord.messages(scene.ana.dm)) == 4


async def test_who_has_written_to_the_bot_is_known(scene: Scene) -> None:
    await scene.ana.says(scene.ana.dm, "hello")
    await scene.hub.hears("hello")
    await scene.send(scene.to(scene.ana), "hello")
    assert opened(scene) == 0


async def test_a_channel_that_is_gone_is_opened_anew_once(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    scene.hub.memory[f"discord:dm:{scene.ana.id}"] = "12345"
    async with scene.running():
        await scene.send(scene.to(scene.ana), "hello")
        discord.fail_next("POST", "/messages", status=404, code=10004, times=9)
        with pytest.raises(NeverAgain):
            await scene.send(scene.to(scene.ana), "hello again", "other")
    assert opened(scene) == 1
    assert scene.hub.memory[f"discord:dm:{scene.ana.id}"] == str(scene.ana.dm.id)


async def test_a_known_person_who_has_closed_their_chat_is_unreachable(scene: Scene) -> None:
    await scene.send(scene.to(scene.ana), "hello")
    scene.ana.dm_closed = True
    with pytest.raises(Unreachable):
        await scene.send(scene.to(scene.ana), "hello again", "other")


async def test_a_store_that_fails_does_not_keep_a_message_from_going_out(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scene.hub, "remembered", scene.hub.refuse)
    await scene.send(scene.to(scene.ana), "hello")
    assert len(scene.discord.messages(scene.ana.dm)) == 1


@pytest.mark.parametrize(
    ("before", "behind"), [("<@{}> ", ""), ("<@!{}>, ", ""), ("<@{}>", ""), ("", " <@{}>")], ids=str
)
async def test_who_mentions_the_bot_in_a_room_is_heard_as_if_without(
    discord: LoopbackDiscord, before: str, behind: str
) -> None:
    scene = Scene(discord)
    me = discord.world.bot.id
    async with scene.running():
        await scene.ana.says(scene.channel, f"{before.format(me)}help me{behind.format(me)}")
        await scene.hub.hears("help me")
        await scene.ana.says(scene.channel, f"<@{me}>")
        await scene.hub.hears(f"<@{me}>")
        await scene.ana.says(scene.channel, f"{scene.ana.mention} help me")
        await scene.hub.hears(f"{scene.ana.mention} help me")
