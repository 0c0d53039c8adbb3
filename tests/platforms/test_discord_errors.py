"""Discord's refusals in three kinds: try again, never again, tell a human."""

import asyncio
import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import discord as library
import discord_scene
import pytest
from discord_scene import Scene
from loopback_discord import LoopbackDiscord, permissions

from bot.core.platform import NeverAgain, TryAgain, Unreachable
from bot.platforms.discord.errors import advice, send_error

discord, scene = discord_scene.discord, discord_scene.scene

JSON = "application/json"
HTML = "text/html; charset=UTF-8"


def refusal(status: int, code: int = 0, content_type: str = JSON, **headers: str) -> library.HTTPException:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response: Any = SimpleNamespace(status=status, reason="", headers={"Content-Type": content_type} | named)
    said: dict[str, Any] | str = {"code": code, "message": "the secret words"}
    if content_type == HTML:
        said = "<html>the secret words</html>"
    kinds = {403: library.Forbidden, 404: library.NotFound}
    kind = library.DiscordServerError if status >= 500 else kinds.get(status, library.HTTPException)
    return kind(response, cast("dict[str, Any]", said))


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, 50035),  # invalid form body
        (400, 50006),  # an empty message
        (400, 50083),  # the thread is archived
        (400, 200000),  # blocked by automatic moderation
        (403, 50001),  # missing access
        (403, 50007),  # cannot write to this user
        (403, 50013),  # missing permissions
        (403, 40002),  # the account must be verified
        (404, 10003),  # unknown channel
    ],
)
def test_what_discord_refuses_for_good_is_never_tried_again(status: int, code: int) -> None:
    assert isinstance(send_error(refusal(status, code)), NeverAgain)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, 0),  # the token: the operator mends it, and what waits is sent
        *((status, 0) for status in (400, 403, 404)),  # nothing says that it is about this message
        (403, 40004),  # sending is switched off for now
        (403, 40006),  # the feature is switched off for now
        (403, 40333),  # an internal network error
        (400, 40003),  # direct messages are opened too fast
        (408, 0),
        (429, 40062),  # the resource is limited
        *((status, 0) for status in (500, 501, 502, 503, 504, 520, 521, 522, 523, 524, 599)),
        (503, 130000),  # overloaded
    ],
)
def test_what_passes_is_tried_again(status: int, code: int) -> None:
    assert isinstance(send_error(refusal(status, code)), TryAgain)


@pytest.mark.parametrize("status", [400, 403, 404, 429, 502, 503, 522])
def test_a_proxys_page_says_nothing_about_the_message(status: int) -> None:
    error = refusal(status, content_type=HTML)
    assert isinstance(send_error(error), TryAgain)
    assert advice(error) is None


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError(),
        ConnectionResetError(104, "the secret words"),
        aiohttp.ServerDisconnectedError(),
        aiohttp.ClientPayloadError("the secret words"),
        json.JSONDecodeError("the secret words", "{", 1),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "the secret words"),
        RuntimeError("Session is closed"),
        KeyError("retry_after"),
        TypeError("string indices must be integers"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_lost_connection_and_a_broken_answer_are_tried_again(error: Exception) -> None:
    assert isinstance(send_error(error), TryAgain)


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (refusal(429, Retry_After="7"), timedelta(seconds=7)),
        (refusal(429, Retry_After="1.5"), timedelta(seconds=1.5)),
        (refusal(503, Retry_After="30"), timedelta(seconds=30)),
        (refusal(429, content_type=HTML, Retry_After="3600"), timedelta(hours=1)),
        (library.RateLimited(61.5), timedelta(seconds=61.5)),
        (refusal(429, Retry_After="99999999"), timedelta(days=1)),
        (library.RateLimited(1e30), timedelta(days=1)),
        (refusal(429, Retry_After="-1"), None),
        (refusal(429, Retry_After="nan"), None),
        (refusal(429, Retry_After="Wed, 21 Oct 2026 07:28:00 GMT"), None),
        (refusal(429), None),
    ],
    ids=str,
)
def test_the_servers_own_wait_is_honoured_within_a_day(error: Exception, wait: timedelta | None) -> None:
    sorted_out = send_error(error)
    assert isinstance(sorted_out, TryAgain)
    assert sorted_out.after == wait


@pytest.mark.parametrize(
    "error", [refusal(400, 50035), refusal(502, content_type=HTML), ValueError("the secret words"), KeyError("secret")]
)
def test_no_reason_quotes_what_was_said(error: Exception) -> None:
    assert "secret" not in str(send_error(error))


def test_what_is_known_already_stays_what_it_is() -> None:
    known = Unreachable("their chat is closed")
    assert send_error(known) is known


async def test_a_refused_token_is_told_once_with_what_to_do(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.discord.fail_next("POST", "/messages", status=401, times=3)
    for _try in range(3):
        with pytest.raises(TryAgain):
            await scene.send(scene.place, "hello")
    assert caplog.text.count("Reset Token") == 1


async def test_a_missing_permission_is_told_once_for_each_channel(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.channel.forbid(permissions.SEND_MESSAGES)
    for _try in range(2):
        with pytest.raises(NeverAgain):
            await scene.send(scene.place, "hello")
    assert caplog.text.count(f"could be sent to {scene.channel.id}") == 1
    assert "Send Messages" in caplog.text


@pytest.mark.parametrize("status", [200, 403, 404, 429, 502, 520])
async def test_a_page_in_html_is_tried_again_and_nothing_comes_twice(
    scene: Scene, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asyncio.sleep", scene.no_pause)
    scene.discord.fail_next("POST", "/messages", status=status, html=True, after_commit=True, times=5)
    with pytest.raises(TryAgain):
        await scene.send(scene.place, "once")
    scene.discord.faults.clear()
    await scene.send(scene.place, "once", retried=True)
    assert len(scene.discord.messages(scene.channel)) == 1


async def test_a_discord_that_never_answers_is_tried_again_and_nothing_comes_twice(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.discord.fail_next("POST", "/messages", hang=True, after_commit=True)
    with monkeypatch.context() as patched:
        patched.setattr("bot.platforms.discord.adapter._SEND_PATIENCE", 1.0)
        with pytest.raises(TryAgain, match="in time"):
            await scene.send(scene.place, "once")
    await scene.send(scene.place, "once", retried=True)
    assert len(scene.discord.messages(scene.channel)) == 1


async def test_a_storm_of_refusals_is_waited_out(scene: Scene) -> None:
    scene.discord.storm(60, retry_after=0.1)
    sending = asyncio.create_task(scene.send(scene.place, "hello"))
    await scene.discord.wait_until(lambda: scene.discord.rate_limited > 0)
    scene.discord.storm(0)
    await sending
    assert len(scene.discord.messages(scene.channel)) == 1


@pytest.mark.parametrize("hang", [False, True])
async def test_after_a_partition_what_was_written_meanwhile_is_heard_once(
    discord: LoopbackDiscord, hang: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("discord.backoff.ExponentialBackoff.delay", lambda _self: 0.01)
    scene = Scene(discord)
    async with scene.running():
        await scene.ana.says(scene.channel, "before")
        await scene.hub.hears("before")
        discord.partition(hang=hang)
        await scene.ana.says(scene.channel, "meanwhile")
        discord.heal()
        await scene.hub.hears("meanwhile")
        await scene.ana.says(scene.channel, "after")
        await scene.hub.hears("after")
    assert [one.text for one in scene.hub.received] == ["before", "meanwhile", "after"]
