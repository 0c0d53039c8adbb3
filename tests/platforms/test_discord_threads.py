"""The Discord adapter: people whose direct messages are closed."""

import discord_scene
import pytest
from discord_scene import Scene
from loopback_discord import FORUM, STAGE, VOICE, LoopbackDiscord, permissions

from bot.core.content import Content
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


@pytest.mark.parametrize("kind", [VOICE, STAGE, FORUM])
async def test_where_no_private_thread_can_be_the_lobby_holds_it(scene: Scene, kind: int) -> None:
    scene.ana.dm_closed = True
    to = scene.to(scene.ana, fallback=scene.guild.add_text_channel("vent", kind=kind))
    with pytest.raises(Unreachable):
        await scene.send(to, "are you there", "one")
    scene.hub.lobby = [str(scene.channel.id)]
    await scene.send(to, "are you there", "two")
    await scene.send(to, "still there", "three")
    thread = next(iter(scene.guild.threads.values()))
    assert (len(scene.guild.threads), thread.parent) == (1, scene.channel)
    assert [message.content for message in scene.discord.messages(thread)] == ["are you there", "still there"]


async def test_a_private_thread_that_a_moderator_has_locked_is_replaced(scene: Scene) -> None:
    scene.ana.dm_closed = True
    scene.channel.forbid(permissions.MANAGE_THREADS)
    to = scene.to(scene.ana, fallback=scene.channel)
    await scene.send(to, "one", "one")
    locked = next(iter(scene.guild.threads.values()))
    locked.locked = True
    for text in ("two", "three"):
        await scene.send(to, text, text)
    (other,) = (thread for thread in scene.guild.threads.values() if thread is not locked)
    assert [message.content for message in scene.discord.messages(other)] == ["two", "three"]


@pytest.mark.parametrize("urgent", [True, False])
async def test_only_what_is_urgent_takes_the_thread_while_discord_lets_the_bot_open_no_chat(
    scene: Scene, urgent: bool
) -> None:
    scene.discord.fail_next("POST", "/users/@me/channels", status=400, code=40003)
    to, content = scene.to(scene.ana, fallback=scene.channel), Content(text="are you there")
    if urgent:
        await scene.platform.send(to, content, "key", retried=False, urgent=True)
    else:
        with pytest.raises(TryAgain):
            await scene.platform.send(to, content, "key", retried=False, urgent=False)
    assert len(scene.guild.threads) == urgent


async def test_what_is_urgent_is_tried_again_where_neither_a_chat_nor_a_thread_can_be_opened_now(scene: Scene) -> None:
    scene.discord.fail_next("POST", "/users/@me/channels", status=400, code=40003)
    scene.channel.forbid(permissions.CREATE_PRIVATE_THREADS)
    to = scene.to(scene.ana, fallback=scene.channel)
    with pytest.raises(TryAgain):
        await scene.platform.send(to, Content(text="are you there"), "key", retried=False, urgent=True)


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
