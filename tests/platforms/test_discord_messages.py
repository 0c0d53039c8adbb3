"""The Discord adapter: what it hears, and what it sends."""

import asyncio
import contextlib

import discord_scene
import pytest
from discord_scene import TAKE, Scene
from loopback_discord import LoopbackDiscord, permissions

from bot.core.content import Choice, Content, Field, Upon
from bot.core.platform import Address, NeverAgain, TryAgain

discord, scene = discord_scene.discord, discord_scene.scene


# Messages


async def test_a_message_in_a_channel_comes_in(scene: Scene) -> None:
    message = await scene.ana.says(scene.channel, "a *hard* day <@1>")
    heard = await scene.hub.hears("a *hard* day <@1>")
    assert (heard.event_id, heard.account) == (str(message.id), str(scene.ana.id))
    assert (heard.place, heard.space, heard.private) == (str(scene.channel.id), str(scene.guild.id), False)
    assert heard.link == f"https://discord.com/channels/{scene.guild.id}/{scene.channel.id}/{message.id}"
    assert heard.at.timestamp() == pytest.approx(message.created, abs=1)
    assert (heard.invocation, heard.answered_directly) == (None, False)


async def test_a_message_in_a_thread_counts_for_its_channel(scene: Scene) -> None:
    thread = scene.discord.world.add_thread(
        scene.channel, scene.ana.user, 11, {"name": "evening"}, scene.discord.world.snowflake()
    )
    await scene.ben.says(thread, "in a thread")
    heard = await scene.hub.hears("in a thread")
    assert (heard.place, heard.space, heard.private) == (str(scene.channel.id), str(scene.guild.id), False)
    assert heard.link is not None
    assert str(thread.id) in heard.link


async def test_a_direct_message_comes_in_as_private(scene: Scene) -> None:
    await scene.ana.says(scene.ana.dm, "can we talk")
    heard = await scene.hub.hears("can we talk")
    assert (heard.private, heard.space, heard.place) == (True, None, str(scene.ana.dm.id))
    assert heard.shared_spaces == (str(scene.guild.id),)


async def test_shared_servers_are_asked_for_once(scene: Scene) -> None:
    for text in ("one", "two"):
        await scene.ana.says(scene.ana.dm, text)
        await scene.hub.hears(text)
    path = f"/guilds/{scene.guild.id}/members/{scene.ana.id}"
    assert [one.path for one in scene.discord.requests].count(path) == 1


async def test_a_reply_names_the_message_it_answers(scene: Scene) -> None:
    first = await scene.ana.says(scene.channel, "I cannot sleep")
    await scene.ben.says(scene.channel, "me neither", reply_to=first)
    about = (await scene.hub.hears("me neither")).about
    assert about is not None
    assert (about.message_id, about.account, about.text) == (str(first.id), str(scene.ana.id), "I cannot sleep")


async def test_an_edit_comes_in_with_an_id_of_its_own(scene: Scene) -> None:
    message = await scene.ana.says(scene.channel, "fine")
    await scene.ana.edits(message, "not fine")
    heard = await scene.hub.hears("not fine")
    assert heard.edited
    assert heard.event_id.startswith(f"{message.id}:2")
    assert heard.replaces == str(message.id)


async def test_the_bot_is_told_of_a_message_that_is_removed(scene: Scene) -> None:
    for place in (scene.channel, scene.ana.dm):
        message = await scene.ana.says(place, "take this back")
        await scene.ana.deletes(message)
        await scene.ana.says(place, f"behind {message.id}")
        await scene.hub.hears(f"behind {message.id}")
        assert str(message.id) in scene.hub.gone


async def test_the_bot_does_not_hear_itself(scene: Scene) -> None:
    await scene.send(scene.place, "from the bot")
    await scene.ana.says(scene.channel, "from ana")
    await scene.hub.hears("from ana")
    assert [one.text for one in scene.hub.received] == ["from ana"]


async def test_the_last_handled_message_of_a_channel_is_remembered(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    async with scene.running():
        await scene.ana.says(scene.channel, "one")
        last = await scene.ana.says(scene.channel, "two")
        await scene.hub.hears("two")
    assert scene.hub.memory[f"discord:last:{scene.channel.id}"] == str(last.id)


async def test_a_message_that_could_not_be_handled_is_not_remembered_as_handled(
    discord: LoopbackDiscord, caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene(discord)
    async with scene.running():
        scene.hub.failure = RuntimeError("the secret words")
        await scene.ana.says(scene.channel, "the secret words")
        await scene.hub.hears("the secret words")
        scene.hub.failure = None
        await scene.ana.says(scene.channel, "two")
        await scene.hub.hears("two")
    assert f"discord:last:{scene.channel.id}" not in scene.hub.memory
    assert "could not be handled: RuntimeError" in caplog.text
    assert "secret" not in caplog.text


async def test_a_message_in_hand_is_finished_before_the_bot_stops(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    scene.hub.gate.clear()
    async with scene.running():
        message = await scene.ana.says(scene.channel, "help")
        await scene.hub.hears("help")
        asyncio.get_running_loop().call_later(0.05, scene.hub.gate.set)
    assert scene.hub.memory[f"discord:last:{scene.channel.id}"] == str(message.id)


async def test_a_server_that_does_not_tell_at_once_who_is_in_it_is_asked_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.platforms.discord.hearing._SPACES_PAUSES", (0.0, 0.01))
    scene.discord.fail_next("GET", "/members/", status=503)
    scene.discord.add_guild("Elsewhere")
    await scene.ana.says(scene.ana.dm, "I want to die")
    assert (await scene.hub.hears("I want to die")).shared_spaces == (str(scene.guild.id),)
    scene.discord.fail_next("GET", "/members/", status=403, html=True, times=9)
    message = await scene.ben.says(scene.ben.dm, "me too")
    assert (await scene.hub.hears("me too")).shared_spaces == ()
    assert f"in which server the author of message {message.id} is" in caplog.text


async def test_discord_is_not_asked_about_a_person_whom_the_bot_has_heard_before(scene: Scene) -> None:
    scene.hub.seen.add(str(scene.ana.id))
    await scene.ana.says(scene.ana.dm, "I want to die")
    assert (await scene.hub.hears("I want to die")).shared_spaces == ()
    assert not [one for one in scene.discord.requests if "/members/" in one.path]


async def test_words_are_heard_although_the_database_does_not_tell_who_is_known(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(scene.hub, "has_seen", scene.hub.refuse)
    message = await scene.ana.says(scene.ana.dm, "I want to die")
    assert (await scene.hub.hears("I want to die")).shared_spaces == ()
    assert f"in which server the author of message {message.id} is cannot be looked up (OSError" in caplog.text


# Sending


async def test_a_direct_message_is_sent(scene: Scene) -> None:
    receipt = await scene.send(scene.to(scene.ana), "hello")
    message = await scene.discord.wait_for_message(scene.ana, "hello")
    assert receipt.message_id == str(message.id)


async def test_a_title_fields_and_buttons_are_rendered(scene: Scene) -> None:
    content = Content(
        title="Tonight",
        text="Two meetings.",
        fields=(Field(name="18:00", value="Open circle"), Field(name="20:00", value="Steps")),
        choices=(TAKE,),
    )
    await scene.send(scene.place, content)
    message = await scene.discord.wait_for_message(scene.channel)
    assert message.content == "**Tonight**\n\nTwo meetings.\n\n**18:00**\nOpen circle\n\n**20:00**\nSteps"
    assert message.components[0]["components"][0] | {"id": None} == {
        "type": 2,
        "id": None,
        "style": 4,
        "label": "Take it",
        "custom_id": "case take?case=7&note=-",
        "disabled": False,
    }


async def test_mentions_in_a_content_ping_nobody(scene: Scene) -> None:
    await scene.send(scene.place, f"@everyone @here {scene.ana.mention} hello")
    message = await scene.discord.wait_for_message(scene.channel, "hello")
    assert not message.mention_everyone
    assert message.mentions == []
    assert "@everyone" not in message.content
    assert f"\\{scene.ana.mention}" in message.content


async def test_a_long_text_is_split_with_the_buttons_at_its_end(scene: Scene) -> None:
    text = "A sentence with * stars. " * 200
    receipt = await scene.send(scene.place, Content(text=text, choices=(TAKE,)))
    sent = scene.discord.messages(scene.channel)
    assert [bool(message.components) for message in sent] == [False, False, True]
    assert receipt.message_id == str(sent[-1].id)
    assert " ".join(message.content.replace("\\", "") for message in sent) == text.strip()


async def test_the_same_key_is_sent_once(scene: Scene) -> None:
    first = await scene.send(scene.place, "once")
    second = await scene.send(scene.place, "once")
    assert first == second
    assert len(scene.discord.messages(scene.channel)) == 1


async def test_the_same_key_at_two_places_is_sent_twice(scene: Scene) -> None:
    assert await scene.send(scene.to(scene.ana), "hi") != await scene.send(scene.to(scene.ben), "hi")


async def test_a_message_that_got_through_without_an_answer_is_not_sent_again(scene: Scene) -> None:
    scene.discord.fail_next("POST", f"/channels/{scene.channel.id}/messages", drop=True, after_commit=True)
    with pytest.raises(TryAgain):
        await scene.send(scene.place, "once")
    await scene.send(scene.place, "once", retried=True)
    assert len(scene.discord.messages(scene.channel)) == 1


@pytest.mark.parametrize("kept", [True, False])
async def test_beyond_discords_window_the_history_tells(kept: bool) -> None:
    discord = LoopbackDiscord(nonce_window=-1.0)
    await discord.start()
    scene = Scene(discord)
    async with scene.running():
        discord.fail_next("POST", f"/channels/{scene.channel.id}/messages", drop=True, after_commit=True)
        with pytest.raises(TryAgain):
            await scene.send(scene.place, Content(text="once", choices=(TAKE,)))
        sent = discord.messages(scene.channel)[0]
        if not kept:
            sent.nonce = None
        receipt = await scene.send(scene.place, Content(text="once", choices=(TAKE,)), retried=True)
        assert receipt.message_id == str(sent.id)
        assert len(discord.messages(scene.channel)) == 1
    await discord.stop()


@pytest.mark.parametrize("choices", [(TAKE,), ()], ids=len)
@pytest.mark.parametrize("restarted", [True, False])
async def test_the_same_words_of_another_delivery_do_not_count_as_sent(
    restarted: bool, choices: tuple[Choice, ...]
) -> None:
    discord = LoopbackDiscord()
    await discord.start()
    scene = Scene(discord)
    page = Content(text="Somebody needs you", choices=choices)
    async with scene.running():
        first = await scene.send(scene.place, page, "page 1")
        discord.messages(scene.channel)[0].nonce = None
        if restarted:
            scene.platform._sending._sent.clear()
            scene.hub.sent.add(first.message_id)
        assert await scene.send(scene.place, page, "page 2", retried=True) != first
    await discord.stop()


@pytest.mark.parametrize(
    ("urgent", "window", "copies"), [(False, -1.0, 1), (True, -1.0, 2), (False, 120.0, 1)], ids=str
)
async def test_where_nothing_tells_what_has_arrived_only_what_is_urgent_goes_out_twice(
    urgent: bool, window: float, copies: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.discord.sending._NONCE_WINDOW", window)
    discord = LoopbackDiscord(nonce_window=window)
    await discord.start()
    scene = Scene(discord)
    scene.channel.forbid(permissions.READ_MESSAGE_HISTORY)
    async with scene.running():
        discord.fail_next("POST", f"/channels/{scene.channel.id}/messages", drop=True, after_commit=True)
        with pytest.raises(TryAgain):
            await scene.platform.send(scene.place, Content(text="once"), "key", retried=False, urgent=urgent)
        lost = contextlib.nullcontext() if urgent or window > 0 else pytest.raises(NeverAgain, match="may have arrived")
        with lost:
            await scene.platform.send(scene.place, Content(text="once"), "key", retried=True, urgent=urgent)
        assert len(discord.messages(scene.channel)) == copies
    await discord.stop()


async def test_after_a_restart_an_empty_channel_tells_that_nothing_has_arrived(scene: Scene) -> None:
    await scene.send(scene.place, "once", retried=True)
    assert len(scene.discord.messages(scene.channel)) == 1


async def test_what_certainly_has_not_left_is_sent_without_a_look_into_the_history(scene: Scene) -> None:
    scene.channel.forbid(permissions.READ_MESSAGE_HISTORY)
    scene.platform._sending.note_first("key")
    await scene.send(scene.place, "late", retried=True)
    assert len(scene.discord.messages(scene.channel)) == 1
    assert not [one for one in scene.discord.requests if one.method == "GET" and one.path.endswith("/messages")]


async def test_a_sent_and_deleted_message_counts_as_sent(scene: Scene) -> None:
    await scene.send(scene.place, "once")
    scene.discord.world.delete(scene.discord.messages(scene.channel)[0])
    await scene.send(scene.place, "once", retried=True)
    assert scene.discord.messages(scene.channel) == []


@pytest.mark.parametrize("status", [503, 401])
async def test_discords_trouble_is_worth_another_try(scene: Scene, status: int) -> None:
    scene.discord.fail_next("POST", "/messages", status=status)
    with pytest.raises(TryAgain):
        await scene.send(scene.place, "hello")


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_a_refused_message_is_not_tried_again(scene: Scene, status: int) -> None:
    scene.discord.fail_next("POST", "/messages", status=status, code=50000)
    with pytest.raises(NeverAgain):
        await scene.send(scene.place, "hello")


async def test_a_rate_limit_is_waited_for(scene: Scene) -> None:
    scene.discord.fail_next("POST", "/messages", status=429, retry_after=0.01)
    await scene.send(scene.place, "hello")
    assert len(scene.discord.messages(scene.channel)) == 1


async def test_a_place_that_is_gone_is_not_tried_again(scene: Scene) -> None:
    scene.channel.delete()
    with pytest.raises(NeverAgain):
        await scene.send(scene.place, "hello")


async def test_an_address_that_is_no_id_is_refused(scene: Scene) -> None:
    with pytest.raises(NeverAgain):
        await scene.send(Address(platform="discord", kind="place", id="../users/@me"), "hello")


async def test_nothing_is_sent_before_the_login(discord: LoopbackDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.platforms.discord.adapter._LOGIN_PATIENCE", 0.0)
    scene = Scene(discord)
    with pytest.raises(TryAgain):
        await scene.send(scene.place, "hello")


async def test_messages_go_out_while_the_gateway_is_lost(scene: Scene) -> None:
    scene.platform.ready.clear()
    await scene.send(scene.place, "still here")


async def test_a_message_is_edited_in_place_and_one_that_is_gone_is_said_anew(scene: Scene) -> None:
    def in_place_of(message_id: str, text: str) -> Content:
        return Content(text=text, choices=(TAKE,), upon=Upon(act="refresh", message=message_id))

    first = await scene.send(scene.place, "one open case")
    again = await scene.send(scene.place, in_place_of(first.message_id, "two open cases"), "key 2")
    assert again == first
    assert scene.discord.messages(scene.channel)[0].labels
    over = Content(text="two open cases", upon=Upon(act="refresh", message=first.message_id))
    await scene.send(scene.place, over, "key of the end")
    assert not scene.discord.messages(scene.channel)[0].labels, "its buttons are those that it has now"
    await scene.send(scene.place, in_place_of("1", "three"), "key 3")
    assert [message.content for message in scene.discord.messages(scene.channel)] == ["two open cases", "three"]
