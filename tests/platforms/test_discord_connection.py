"""The Discord adapter: connecting, losing the connection, closing, checking."""

import asyncio
import contextlib
import logging
from dataclasses import replace

import discord_scene
import pytest
from discord_scene import Scene
from loopback_discord import LoopbackDiscord, permissions

from bot.core.platform import Platform
from bot.platforms.discord import DiscordPlatform, LoginRefused, adapter
from bot.platforms.discord.errors import GatewayLost

discord, scene = discord_scene.discord, discord_scene.scene


# Connecting


@pytest.mark.parametrize("wanted", [True, False])
async def test_without_the_content_intent_the_rest_works_and_it_is_said_once(
    wanted: bool, caplog: pytest.LogCaptureFixture
) -> None:
    discord = LoopbackDiscord(message_content=not wanted)
    await discord.start()
    scene = Scene(discord, message_content=wanted)
    for run in range(2):
        async with scene.running():
            await scene.ana.says(scene.channel, "unheard")
            await scene.ana.says(scene.ana.dm, f"in private {run}")
            await scene.hub.hears(f"in private {run}")
    await discord.stop()
    assert "unheard" not in [one.text for one in scene.hub.received]
    assert caplog.text.count("Message Content Intent") == 1


async def test_an_intent_taken_away_at_the_last_moment_is_done_without(
    discord: LoopbackDiscord, caplog: pytest.LogCaptureFixture
) -> None:
    discord.gateway.allowed_intents = 0
    scene = Scene(discord)
    async with scene.running():
        await scene.ana.says(scene.ana.dm, "hello")
        await scene.hub.hears("hello")
    assert caplog.text.count("Message Content Intent") == 1


async def test_a_wrong_token_is_named(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    scene.platform = DiscordPlatform(replace(scene.account, token="wrong-token"), scene.hub)
    with pytest.raises(LoginRefused, match="Reset Token") as refused:
        await scene.platform.run()
    assert "wrong-token" not in f"{refused.value!r} {scene.account!r}"


async def test_a_login_without_an_answer_ends_the_run(
    discord: LoopbackDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.discord.connection.LOGIN_PATIENCE", 0.05)
    for content in (True, False):
        discord.fail_next("GET", "/users/@me$", hang=True)
        with pytest.raises(TimeoutError):
            await Scene(discord, message_content=content).platform.run()


async def test_people_are_heard_while_discord_does_not_answer_to_the_commands(
    discord: LoopbackDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.discord.registering._AHEAD", 0.01)
    discord.fail_next("PUT", "/commands$", hang=True)
    scene = Scene(discord)
    async with scene.running():
        await scene.ana.says(scene.channel, "hello")
        await scene.hub.hears("hello")
    assert discord.commands_of() == []


async def test_commands_that_could_not_be_registered_are_tried_again(
    discord: LoopbackDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.discord.registering._PAUSES", (0.01,))
    discord.fail_next("PUT", "/commands$", status=503, times=2)
    async with Scene(discord).running():
        await discord.wait_until(lambda: bool(discord.commands_of()))


async def test_a_lost_gateway_is_found_again(scene: Scene) -> None:
    await scene.discord.drop_gateway()
    await scene.ana.says(scene.channel, "after the gap")
    await scene.hub.hears("after the gap")


async def test_the_platform_can_run_again(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    for text in ("one", "two"):
        async with scene.running():
            await scene.ana.says(scene.channel, text)
            await scene.hub.hears(text)


async def test_closing_ends_the_run_and_may_be_done_twice(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    run = asyncio.create_task(scene.platform.run())
    await scene.platform.ready.wait()
    await scene.platform.close()
    await scene.platform.close()
    assert run.done()
    assert not scene.platform.ready.is_set()


async def test_the_librarys_debug_log_does_not_write_down_messages(
    discord: LoopbackDiscord, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    scene = Scene(discord)
    async with scene.running():
        await scene.ana.says(scene.channel, "the secret words")
        await scene.hub.hears("the secret words")
        await scene.send(scene.place, "the secret answer")
    assert "secret" not in caplog.text


# Checking


async def test_a_good_setup_is_found_good(discord: LoopbackDiscord) -> None:
    findings = await Scene(discord).platform.check()
    assert {finding.level for finding in findings} == {"ok"}
    assert len(findings) == 3


async def test_a_wrong_token_is_found_broken_and_not_shown(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    platform = DiscordPlatform(replace(scene.account, token="wrong-token"), scene.hub)
    findings = await platform.check()
    assert [finding.level for finding in findings] == ["broken"]
    assert "Reset Token" in findings[0].mend
    assert "wrong-token" not in repr(findings)


async def test_an_unreachable_address_is_found_broken(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    platform = DiscordPlatform(replace(scene.account, api_base="http://127.0.0.1:9/api/v10"), scene.hub)
    findings = await platform.check()
    assert [finding.level for finding in findings] == ["broken"]
    assert findings[0].mend


async def test_a_missing_intent_is_found(tmp_path: object) -> None:
    discord = LoopbackDiscord(message_content=False)
    await discord.start()
    findings = await Scene(discord).platform.check()
    await discord.stop()
    assert [finding.mend for finding in findings if finding.level == "warning"] == [
        "Switch on Message Content Intent in the developer portal, under Bot."
    ]


async def test_missing_permissions_are_found_by_name(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    bare = discord.add_guild("Bare", bot_permissions=permissions.VIEW_CHANNEL)
    bare.roles[bare.id].permissions = permissions.SEND_MESSAGES
    warnings_found = [finding for finding in await scene.platform.check() if finding.level == "warning"]
    assert len(warnings_found) == 1
    for name in ("Send Messages in Threads", "Create Private Threads", "Read Message History"):
        assert name in warnings_found[0].what


async def test_a_server_with_automod_needs_one_permission_more(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    scene.guild.features.append("AUTO_MODERATION")
    (finding,) = (one for one in await scene.platform.check() if one.level == "warning")
    assert ("what AutoMod blocks" in finding.what, "Manage Server" in finding.mend) == (True, True)
    scene.guild.roles[scene.guild.id].permissions |= permissions.MANAGE_GUILD
    assert all(one.level == "ok" for one in await scene.platform.check())


async def test_a_bot_in_no_server_is_told_how_to_get_into_one(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    discord.remove_bot(scene.guild)
    findings = await scene.platform.check()
    assert any("Invite it" in finding.mend for finding in findings)


async def test_a_token_refused_by_the_gateway_is_named(scene: Scene) -> None:
    await scene.platform.close()
    run = asyncio.create_task(scene.platform.run())
    await scene.platform.ready.wait()
    await scene.discord.drop_gateway(4004, resumable=False)
    with pytest.raises(LoginRefused):
        await run


async def test_an_event_the_library_cannot_read_ends_the_run(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    run = asyncio.create_task(scene.platform.run())
    await scene.platform.ready.wait()
    discord.world.emit("MESSAGE_CREATE", {"nonsense": True})
    with pytest.raises(KeyError):
        await run
    async with scene.running():
        await scene.ana.says(scene.channel, "again")
        await scene.hub.hears("again")


async def test_an_unreachable_gateway_ends_the_run(discord: LoopbackDiscord) -> None:
    scene = Scene(discord)
    account = replace(scene.account, gateway_url="ws://127.0.0.1:9/")
    with pytest.raises(AttributeError):
        await DiscordPlatform(account, scene.hub).run()


@pytest.mark.parametrize("steps", [0, 1, 5, 20, 40, 60, 80, 100, 150])
async def test_a_run_may_be_cancelled_at_any_moment(discord: LoopbackDiscord, steps: int) -> None:
    scene = Scene(discord)
    before = asyncio.all_tasks()
    run = asyncio.create_task(scene.platform.run())
    for _step in range(steps):
        await asyncio.sleep(0.0005)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    own = {
        task for task in asyncio.all_tasks() - before if "loopback" not in repr(task) and "aiohttp" not in repr(task)
    }
    assert own == set()


async def test_a_second_run_at_the_same_time_is_refused(scene: Scene) -> None:
    with pytest.raises(RuntimeError, match="running already"):
        await scene.platform.run()


def test_it_is_a_platform(scene: Scene) -> None:
    platform: Platform = scene.platform
    assert platform.name == "discord"


async def test_a_cancellation_that_the_library_swallows_is_repeated(
    discord: LoopbackDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def start(self: object, token: str) -> None:
        begun.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    monkeypatch.setattr("discord.Client.start", start)
    run = asyncio.create_task(Scene(discord).platform.run())
    await begun.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run


async def test_a_gateway_that_is_away_for_long_ends_the_run_so_that_it_begins_anew(
    discord: LoopbackDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "_AWAY_SECONDS", 0.2)
    scene = Scene(discord)
    run = asyncio.create_task(scene.platform.run())
    await scene.platform.ready.wait()
    discord.partition()
    with pytest.raises(GatewayLost):
        await run
    discord.heal()
    async with scene.running():
        await scene.ana.says(scene.ana.dm, "hello")
        await scene.hub.hears("hello")
