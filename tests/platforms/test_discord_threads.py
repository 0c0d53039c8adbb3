"""The Discord adapter: people whose direct messages are closed."""

import discord_scene
import pytest
from discord_scene import Scene
from loopback_discord import LoopbackDiscord, permissions

from bot.core.platform import TryAgain, Unreachable

discord, scene = discord_scene.discord, discord_scene.scene


# Closed direct messages


async def test_closed_direct_messages_lead_to_a_private_thread(scene: Scene) -> None:
    scene.ana.dm_closed = True
    await scene.send(scene.to(scene.ana, fallback=scene.channel), "are you there")
    thread = next(iter(scene.guild.threads.values()))
    assert (thread.is_private_thread, thread.invitable, thread.parent) == (True, False, scene.channel)
    assert scene.ana.sees(thread)
    assert not scene.ben.sees(thread)
    assert [message.content for message in scene.discord.messages(thread)] == ["are you there"]


async def test_a_private_thread_is_used_again_after_a_restart(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    scene.ana.dm_closed = True
    for key in ("one", "two"):
        async with scene.running():
            await scene.send(scene.to(scene.ana, fallback=scene.channel), "are you there", key)
    assert len(scene.guild.threads) == 1


async def test_a_new_private_thread_is_opened_when_the_old_one_is_gone(scene: Scene) -> None:
    scene.ana.dm_closed = True
    to = scene.to(scene.ana, fallback=scene.channel)
    await scene.send(to, "one", "one")
    next(iter(scene.guild.threads.values())).delete()
    await scene.send(to, "two", "two")
    thread = next(iter(scene.guild.threads.values()))
    assert [message.content for message in scene.discord.messages(thread)] == ["two"]


async def test_another_channel_gets_a_thread_of_its_own(scene: Scene) -> None:
    scene.ana.dm_closed = True
    other = scene.guild.add_text_channel("other")
    await scene.send(scene.to(scene.ana, fallback=scene.channel), "one", "one")
    await scene.send(scene.to(scene.ana, fallback=other), "two", "two")
    assert {thread.parent for thread in scene.guild.threads.values()} == {scene.channel, other}


async def test_a_reply_in_a_private_thread_comes_in_as_private(scene: Scene) -> None:
    scene.ana.dm_closed = True
    await scene.send(scene.to(scene.ana, fallback=scene.channel), "are you there")
    thread = next(iter(scene.guild.threads.values()))
    await scene.ana.says(thread, "yes")
    heard = await scene.hub.hears("yes")
    assert (heard.private, heard.place, heard.space) == (True, str(thread.id), None)
    assert heard.shared_spaces == (str(scene.guild.id),)


async def test_words_in_a_private_thread_are_heard_although_the_database_does_not_tell_whose_it_is(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scene.ana.dm_closed = True
    await scene.send(scene.to(scene.ana, fallback=scene.channel), "are you there")
    thread = next(iter(scene.guild.threads.values()))
    scene.platform._threads._owners.clear()
    monkeypatch.setattr(scene.hub, "remembered", scene.hub.refuse)
    await scene.ana.says(thread, "I want to die")
    assert (await scene.hub.hears("I want to die")).place == str(scene.channel.id)
    assert f"whether thread {thread.id} is one of the bot's own is not known" in caplog.text


async def test_somebody_elses_words_in_a_private_thread_are_not_private(scene: Scene) -> None:
    scene.ana.dm_closed = True
    await scene.send(scene.to(scene.ana, fallback=scene.channel), "are you there")
    thread = next(iter(scene.guild.threads.values()))
    moderator = scene.discord.add_user("mod", scene.guild)
    moderator.gains(scene.guild.add_role("Moderators", permissions.MANAGE_THREADS))
    await moderator.says(thread, "I am here too")
    heard = await scene.hub.hears("I am here too")
    assert (heard.private, heard.place) == (False, str(scene.channel.id))


async def test_closed_direct_messages_without_a_fallback_are_unreachable(scene: Scene) -> None:
    scene.ana.dm_closed = True
    with pytest.raises(Unreachable):
        await scene.send(scene.to(scene.ana), "are you there")


async def test_somebody_who_has_left_is_unreachable(scene: Scene) -> None:
    scene.ana.leaves(scene.guild)
    with pytest.raises(Unreachable):
        await scene.send(scene.to(scene.ana, fallback=scene.channel), "are you there")
    assert scene.guild.threads == {}


async def test_a_fallback_without_permission_is_unreachable(scene: Scene) -> None:
    scene.ana.dm_closed = True
    scene.channel.forbid(permissions.CREATE_PRIVATE_THREADS)
    with pytest.raises(Unreachable):
        await scene.send(scene.to(scene.ana, fallback=scene.channel), "are you there")


async def test_discords_trouble_while_opening_a_thread_is_worth_another_try(scene: Scene) -> None:
    scene.ana.dm_closed = True
    scene.discord.fail_next("POST", "/threads", status=503)
    with pytest.raises(TryAgain):
        await scene.send(scene.to(scene.ana, fallback=scene.channel), "are you there")


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/thread-members/"), ("POST", "/threads$"), ("POST", "/messages$")], ids=str
)
async def test_a_proxys_page_on_the_way_to_a_private_thread_is_worth_another_try(
    scene: Scene, method: str, path: str, status: int
) -> None:
    scene.ana.dm_closed = True
    to = scene.to(scene.ana, fallback=scene.channel)
    if path != "/threads$":
        await scene.send(to, "earlier", "earlier")
    thread = next(iter(scene.guild.threads.values()), None)
    if path == "/messages$" and thread is not None:
        path = f"/channels/{thread.id}/messages$"
    scene.discord.fail_next(method, path, status=status, html=True)
    with pytest.raises(TryAgain):
        await scene.send(to, "are you there", "answer")
    await scene.send(to, "are you there", "answer", retried=True)
    written = [message.content for one in scene.guild.threads.values() for message in scene.discord.messages(one)]
    assert written.count("are you there") == 1
