"""What is remembered of a private chat on Discord can be found, and forgotten, by whose it is."""

import asyncio
from collections.abc import Mapping, Sequence

import discord_scene
import pytest
from discord_scene import Scene
from loopback_discord import LoopbackDiscord

from bot.core.content import Content
from bot.core.platform import Unreachable
from bot.platforms.discord import directs

discord = discord_scene.discord


def of_chats(scene: Scene) -> set[str]:
    """The names of what is remembered of ana's chat."""
    names = {f"discord:dm:{scene.ana.id}", f"discord:last:{scene.ana.dm.id}"}
    return names & scene.hub.memory.keys()


async def test_what_the_bot_says_privately_leaves_no_place_behind_an_erasure(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    async with scene.running():
        await scene.ana.says(scene.ana.dm, "erase me")
        await scene.hub.hears("erase me")
    assert len(of_chats(scene)) == 2
    async with scene.running():
        await scene.reads_back()
        for name in of_chats(scene):
            del scene.hub.memory[name]
        await scene.send(scene.to(scene.ana), "Everything is deleted.")
        await scene.ben.says(scene.channel, "after")
        await scene.hub.hears("after")
    assert f"discord:last:{scene.ana.dm.id}" not in scene.hub.memory


async def test_a_place_is_never_written_without_whose_chat_it_is(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    async with scene.running():
        scene.hub.gate.clear()
        message = await scene.ana.says(scene.ana.dm, "erase me")
        await scene.hub.hears("erase me")
        await scene.platform._write()
        # The erasure takes both away while its own message is still being handled.
        for name in of_chats(scene):
            del scene.hub.memory[name]
        scene.hub.gate.set()
        await scene.hub.until_handled(str(message.id))
    assert len(of_chats(scene)) == 2


async def test_a_chat_that_the_bot_has_opened_is_remembered_before_anybody_can_answer_there(
    discord: LoopbackDiscord,
) -> None:
    scene = Scene(discord)
    async with scene.running():
        await scene.send(scene.to(scene.ben), "Hello.")
        assert scene.hub.memory[f"discord:dm:{scene.ben.id}"] == str(scene.ben.dm.id)


async def test_chats_that_are_written_to_at_the_same_moment_are_looked_up_and_stored_together(
    discord: LoopbackDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(discord)
    looks: list[int] = []
    writes: list[int] = []
    look, write = scene.hub.remembered_all, scene.hub.remember_all

    async def remembered_all(platform: str, names: Sequence[str]) -> dict[str, str]:
        looks.append(len(names))
        return await look(platform, names)

    async def remember_all(platform: str, values: Mapping[str, str]) -> None:
        writes.append(sum(name.startswith("dm:") for name in values))
        await write(platform, values)

    monkeypatch.setattr(directs, "_GATHERING", 1.0)
    monkeypatch.setattr(scene.hub, "remembered_all", remembered_all)
    monkeypatch.setattr(scene.hub, "remember_all", remember_all)
    async with scene.running():
        writes.clear()
        await asyncio.gather(*(scene.send(scene.to(one), "Hello.", key=one.name) for one in (scene.ana, scene.ben)))
        assert (looks, writes) == ([2], [2])


async def test_an_urgent_message_does_not_wait_for_other_chats_to_be_stored(
    discord: LoopbackDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(discord)
    monkeypatch.setattr(directs, "_GATHERING", 3600.0)
    async with scene.running():
        await scene.platform.send(scene.to(scene.ben), Content(text="Hello."), "key", retried=False, urgent=True)
        assert scene.hub.memory[f"discord:dm:{scene.ben.id}"] == str(scene.ben.dm.id)


async def test_a_chat_is_opened_anew_where_what_is_remembered_cannot_be_read(
    discord: LoopbackDiscord, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene(discord)
    monkeypatch.setattr(scene.hub, "remembered_all", scene.hub.refuse)
    async with scene.running():
        await scene.send(scene.to(scene.ben), "Hello.")
        assert [message.text for message in discord.messages(scene.ben.dm)] == ["Hello."]
    assert "direct message channels could not be looked up" in caplog.text


@pytest.mark.parametrize(("status", "code", "asked"), [(503, 0, True), (404, 10007, False)])
async def test_who_cannot_be_written_to_is_asked_where_they_wrote_unless_they_have_left(
    discord: LoopbackDiscord, monkeypatch: pytest.MonkeyPatch, status: int, code: int, asked: bool
) -> None:
    scene = Scene(discord)
    monkeypatch.setattr("asyncio.sleep", scene.no_pause)
    scene.ben.dm_closed = True
    async with scene.running():
        await scene.reads_back()
        discord.fail_next("GET", f"/members/{scene.ben.id}", status=status, code=code, times=10**6)
        discord.fail_next("POST", "/threads", status=403, code=50013, times=10**6)
        to = scene.to(scene.ben, fallback=scene.channel)
        with pytest.raises(Unreachable):
            await scene.platform.send(to, Content(text="Hello."), "key", retried=False, urgent=True)
        said = [message.content for message in scene.channel.messages.values()]
    assert any(f"<@{scene.ben.id}>" in text for text in said) is asked
