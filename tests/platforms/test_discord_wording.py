"""Words that Discord keeps beside the content of a message: what is forwarded, polls, the names of threads."""

import discord_scene
import pytest
from discord_scene import Scene
from loopback_discord import FORUM, LoopbackDiscord

discord, scene = discord_scene.discord, discord_scene.scene

DANGER = "i want to kill myself tonight"


@pytest.mark.parametrize("private", [True, False])
async def test_what_is_forwarded_counts_as_the_words_of_who_forwards_it(scene: Scene, private: bool) -> None:
    written = await scene.ben.says(scene.channel, DANGER)
    sent = await scene.ana.forwards(written, scene.ana.dm if private else scene.channel)
    heard = await scene.hub.hears(lambda one: one.event_id == str(sent.id))
    assert (heard.text, heard.account, heard.private, heard.about) == (DANGER, str(scene.ana.id), private, None)


async def test_a_polls_question_and_answers_are_heard(scene: Scene) -> None:
    await scene.ana.starts_poll(scene.channel, DANGER, "yes", "no")
    assert await scene.hub.hears(f"{DANGER}\nyes\nno")


async def test_a_private_message_without_any_words_comes_in_so_that_it_is_answered(scene: Scene) -> None:
    sent = await scene.ana.sends_without_content(scene.ana.dm)
    heard = await scene.hub.hears(lambda one: one.event_id == str(sent.id))
    assert (heard.text, heard.files, heard.pictures) == ("", True, ())


@pytest.mark.parametrize("kind", ["thread", "post in a forum"])
async def test_the_name_of_a_new_thread_counts_as_the_words_of_who_has_opened_it(scene: Scene, kind: str) -> None:
    channel = scene.channel if kind == "thread" else scene.guild.add_text_channel("vent", kind=FORUM)
    thread = await scene.ana.opens_thread(channel, DANGER, "sorry for the long silence everyone")
    heard = await scene.hub.hears(DANGER)
    assert (heard.account, heard.place, heard.event_id) == (str(scene.ana.id), str(channel.id), f"{thread.id}:title")
    assert (heard.space, heard.private, heard.read_back) == (str(scene.guild.id), False, False)
    assert heard.link is not None
    assert heard.link.endswith(str(thread.id))


async def test_a_threads_new_name_is_heard_and_another_change_is_not(scene: Scene) -> None:
    thread = await scene.ana.opens_thread(scene.channel, "a quiet evening")
    await scene.hub.hears("a quiet evening")
    scene.discord.world.update_thread(thread)
    await scene.ana.renames(thread, DANGER)
    heard = await scene.hub.hears(DANGER)
    assert heard.event_id.startswith(f"{thread.id}:title:")
    assert [one.text for one in scene.hub.received] == ["a quiet evening", DANGER]


async def test_a_name_that_was_given_while_the_bot_was_away_is_read_back_once(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    forum = scene.guild.add_text_channel("vent", kind=FORUM)
    async with scene.running():
        await scene.ana.says(scene.channel, "an earlier one")
        await scene.hub.hears("an earlier one")
        await scene.reads_back()
    thread = await scene.ana.opens_thread(forum, DANGER, "sorry")
    async with scene.running():
        heard = await scene.hub.hears(DANGER)
        await scene.reads_back()
    assert (heard.read_back, heard.event_id) == (True, f"{thread.id}:title")
    assert [one.text for one in scene.hub.received] == ["an earlier one", "sorry", DANGER]


async def test_the_bot_does_not_hear_how_it_has_named_a_thread_itself(scene: Scene) -> None:
    scene.ana.dm_closed = True
    await scene.send(scene.to(scene.ana, fallback=scene.channel), "are you there")
    await scene.ana.says(scene.channel, "behind it")
    await scene.hub.hears("behind it")
    assert [one.text for one in scene.hub.received] == ["behind it"]


@pytest.mark.parametrize("words", ["<@{me}> help", "<@!{me}>, help", "help <@{me}>"])
async def test_who_mentions_the_bot_says_what_they_say_beside_that(scene: Scene, words: str) -> None:
    sent = await scene.ana.says(scene.channel, words.format(me=scene.discord.world.bot.id))
    heard = await scene.hub.hears(lambda one: one.event_id == str(sent.id))
    assert (heard.text, heard.private) == ("help", False)
