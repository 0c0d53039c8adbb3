"""The Discord adapter: private threads of their own, such as one for each case."""

import asyncio

import discord_scene
import pytest
from discord_scene import Scene
from loopback_discord import Channel, LoopbackDiscord, permissions

from bot.core.content import Apart, Choice, Content, Field, Upon
from bot.core.platform import Address, Receipt

discord, scene = discord_scene.discord, discord_scene.scene

FACTS = (Field(name="How grave", value="Urgent"),)
RESOLVE = Choice(label="Resolve", command="case take", arguments={"case": "7"})


def case(scene: Scene, text: str = "You have it", *, pin: bool = True) -> Content:
    """What a peer is told who takes case 7."""
    apart = Apart(key="case:7", name="Case 7", under=str(scene.channel.id), facts=FACTS, pin=pin)
    return Content(text=text, choices=(RESOLVE,), apart=apart)


def threads(scene: Scene) -> list[Channel]:
    return list(scene.guild.threads.values())


async def opened(scene: Scene) -> tuple[Channel, Receipt]:
    receipt = await scene.send(scene.to(scene.ana), case(scene), "have")
    (thread,) = threads(scene)
    return thread, receipt


def at(thread: Channel) -> Address:
    return Address(platform="discord", kind="place", id=str(thread.id))


async def test_a_case_gets_a_private_thread_with_its_facts_pinned(scene: Scene) -> None:
    thread, receipt = await opened(scene)
    facts, told = scene.discord.messages(thread)
    assert (thread.name, thread.is_private_thread, thread.invitable, thread.parent) == (
        "Case 7",
        True,
        False,
        scene.channel,
    )
    assert (receipt.place, receipt.pinned, receipt.message_id) == (str(thread.id), str(facts.id), str(told.id))
    assert (facts.pinned, "Urgent" in facts.text, told.pinned, "Urgent" in told.text) == (True, True, False, False)
    assert told.labels == ["Resolve"]
    assert (scene.ana.sees(thread), scene.ben.sees(thread)) == (True, False)


async def test_who_joins_comes_into_the_same_thread_and_who_leaves_sees_it_no_more(scene: Scene) -> None:
    thread, _receipt = await opened(scene)
    await scene.send(scene.to(scene.ben), case(scene, "You too", pin=False), "too")
    assert threads(scene) == [thread]
    assert scene.ben.sees(thread)
    for _again in range(2):
        await scene.send(at(thread), Content(text=str(scene.ana.id), upon=Upon(act="dismiss")), "out")
    assert not scene.ana.sees(thread)


async def test_of_two_who_come_before_either_has_arrived_both_find_the_facts_and_they_stand_there_once(
    scene: Scene,
) -> None:
    first, second = await asyncio.gather(
        scene.send(scene.to(scene.ana), case(scene), "have"), scene.send(scene.to(scene.ben), case(scene), "too")
    )
    third = await scene.send(scene.to(scene.ben), case(scene), "later")
    (thread,) = threads(scene)
    said = scene.discord.messages(thread)
    assert [message.pinned for message in said] == [True, False, False, False]
    assert {receipt.pinned for receipt in (first, second, third)} == {str(said[0].id)}


async def test_a_thread_in_which_somebody_talks_stays_though_the_next_cannot_be_told_there(scene: Scene) -> None:
    thread, _receipt = await opened(scene)
    await scene.ana.says(thread, "hello")
    scene.channel.forbid(permissions.SEND_MESSAGES_IN_THREADS)
    receipt = await scene.send(scene.to(scene.ben), case(scene), "too")
    assert (receipt.unopened, threads(scene)) == ("forbidden", [thread])
    assert len(scene.discord.messages(scene.ben.dm)) == 1


async def test_after_a_restart_it_is_the_same_thread_and_nothing_is_said_twice(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    for retried in (False, True):
        async with scene.running():
            await scene.send(scene.to(scene.ana), case(scene), "have", retried=retried)
    (thread,) = threads(scene)
    assert len(discord.messages(thread)) == 2


async def test_a_bot_that_died_before_it_wrote_the_thread_down_finds_it_again(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    async with scene.running():
        await scene.send(scene.to(scene.ana), case(scene), "have")
    scene.hub.memory.clear()
    async with scene.running():
        await scene.send(scene.to(scene.ana), case(scene), "have", retried=True)
    assert len(threads(scene)) == 1


async def test_a_thread_that_somebody_deleted_is_opened_anew(scene: Scene) -> None:
    thread, _receipt = await opened(scene)
    thread.delete()
    await scene.send(scene.to(scene.ben), case(scene), "too")
    (anew,) = threads(scene)
    assert anew is not thread


@pytest.mark.parametrize("lacking", [permissions.CREATE_PRIVATE_THREADS, permissions.SEND_MESSAGES_IN_THREADS])
async def test_without_a_permission_all_of_it_is_said_privately_and_the_reason_is_known(
    scene: Scene, lacking: int
) -> None:
    scene.channel.forbid(lacking)
    receipt = await scene.send(scene.to(scene.ana), case(scene), "have")
    (told,) = scene.discord.messages(scene.ana.dm)
    assert ("You have it" in told.text, "Urgent" in told.text) == (True, True)
    assert (receipt.place, receipt.unopened, threads(scene)) == (None, "forbidden", [])


async def test_who_may_not_see_the_peers_channel_is_told_privately(scene: Scene) -> None:
    scene.channel.forbid(permissions.VIEW_CHANNEL, scene.ana)
    receipt = await scene.send(scene.to(scene.ana), case(scene), "have")
    assert (receipt.unopened, threads(scene)) == ("forbidden", [])


async def test_facts_that_may_not_be_pinned_are_said_all_the_same(scene: Scene) -> None:
    scene.channel.forbid(permissions.PIN_MESSAGES)
    thread, _receipt = await opened(scene)
    assert [message.pinned for message in scene.discord.messages(thread)] == [False, False]


async def test_where_discord_is_in_trouble_nobody_waits_for_a_thread(scene: Scene) -> None:
    scene.discord.fail_next("POST", "/channels/.*/threads", status=503)
    receipt = await scene.send(scene.to(scene.ana), case(scene), "have")
    assert (receipt.unopened, len(scene.discord.messages(scene.ana.dm))) == ("trouble", 1)


async def test_a_bot_that_may_not_read_there_opens_none(discord: LoopbackDiscord) -> None:
    scene = Scene(discord, message_content=False)
    async with scene.running():
        receipt = await scene.send(scene.to(scene.ana), case(scene), "have")
    assert (receipt.unopened, threads(scene)) == ("unreadable", [])


async def test_without_a_channel_for_peers_there_is_none(scene: Scene) -> None:
    content = Content(text="You have it", apart=Apart(key="case:7", name="Case 7", facts=FACTS))
    receipt = await scene.send(scene.to(scene.ana), content, "have")
    assert (receipt.unopened, len(scene.discord.messages(scene.ana.dm))) == ("nowhere", 1)


async def test_what_is_written_and_done_in_a_thread_is_heard_as_private_also_after_a_restart(
    discord: LoopbackDiscord,
) -> None:
    scene = Scene(discord)
    async with scene.running():
        thread, _receipt = await opened(scene)
    async with scene.running():
        told = scene.discord.messages(thread)[-1]
        said = await scene.ana.says(thread, "hello", reply_to=told)
        heard = await scene.hub.hears("hello")
        assert (heard.apart, heard.case, heard.private, heard.place) == ("case:7", 7, True, str(thread.id))
        assert heard.about is not None
        await scene.ana.edits(said, "hello there")
        assert (await scene.hub.hears("hello there")).replaces == str(said.id)
        await scene.ana.reacts(told, "❤️")
        assert (await scene.hub.hears(lambda one: one.reaction is not None)).apart == "case:7"
        await scene.ana.unreacts(told, "❤️")
        await scene.ana.deletes(said)
        await scene.discord.wait_until(lambda: len(scene.hub.taken) >= 2)
        assert {id_.split(":")[0] for id_, _account in scene.hub.taken} == {str(told.id), str(said.id)}


async def test_an_emoji_anywhere_else_in_the_server_is_nobodys_word(scene: Scene) -> None:
    await opened(scene)
    said = await scene.ben.says(scene.channel, "hello all")
    await scene.ana.reacts(said, "❤️")
    await scene.ana.says(scene.channel, "and then")
    await scene.hub.hears("and then")
    assert not any(one.reaction for one in scene.hub.received)


async def test_facts_are_edited_in_place_with_their_buttons(scene: Scene) -> None:
    thread, receipt = await opened(scene)
    upon = Upon(act="refresh", message=receipt.pinned)
    worse = Content(title="Case 7", fields=(Field(name="How grave", value="Emergency"),), choices=(RESOLVE,), upon=upon)
    assert (await scene.send(at(thread), worse, "facts")).message_id == receipt.pinned
    facts = scene.discord.messages(thread)[0]
    assert ("Emergency" in facts.text, facts.labels, facts.pinned) == (True, ["Resolve"], True)


async def test_the_end_locks_the_thread_and_erasing_takes_it_away(scene: Scene) -> None:
    thread, _receipt = await opened(scene)
    await scene.send(at(thread), Content(upon=Upon(act="close")), "close")
    assert (thread.archived, thread.locked) == (True, True)
    for _again in range(2):
        await scene.send(at(thread), Content(upon=Upon(act="erase")), "erase")
    assert threads(scene) == []


async def test_without_manage_threads_the_end_archives_it(scene: Scene) -> None:
    thread, _receipt = await opened(scene)
    scene.channel.forbid(permissions.MANAGE_THREADS)
    for act in ("close", "erase"):
        await scene.send(at(thread), Content(upon=Upon(act=act)), act)
    assert (thread.archived, thread.locked) == (True, False)


async def test_who_leaves_the_server_is_told_to_the_hub_where_the_bot_was_granted_to_hear_it(scene: Scene) -> None:
    scene.ben.leaves(scene.guild)
    await scene.discord.wait_until(lambda: bool(scene.hub.departed))
    assert scene.hub.departed == [(str(scene.ben.id), str(scene.guild.id))]
