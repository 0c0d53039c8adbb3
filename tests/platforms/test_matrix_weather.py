"""Matrix with a failing way to the homeserver: one room's, one server's or a proxy's trouble silences nobody."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from matrix_scene import RunningBot, direct_room_with, left, put_event, room_with, saying, upgrade, with_id
from real_matrix.device import PATIENCE
from real_matrix.fixtures import MatrixPersonFactory
from real_matrix.homeserver import Homeserver
from real_matrix.proxy import FaultProxy

from bot.core.platform import TryAgain
from bot.platforms.matrix.gaps import PAGE

_FOR_EVER = 10_000


@pytest.fixture
async def proxy(homeserver: Homeserver) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(homeserver.base_url) as between:
        yield between


@pytest.fixture
async def bot(homeserver: Homeserver, proxy: FaultProxy, tmp_path: Path) -> AsyncIterator[RunningBot]:
    """The bot, running, which reaches the homeserver through the proxy only."""
    registered = await RunningBot.registered(homeserver, tmp_path / "keys")
    async with RunningBot(replace(registered.account, homeserver=proxy.base_url)) as running:
        yield running


@pytest.fixture
def short_errands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.platforms.matrix.listening.ERRANDS_SECONDS", 1.5)
    monkeypatch.setattr("bot.platforms.matrix.patience.LONGEST_WAIT_SECONDS", 0.1)


@pytest.mark.parametrize("hang", [True, False])
@pytest.mark.usefixtures("short_errands")
async def test_an_invitation_that_cannot_be_followed_silences_nobody(
    bot: RunningBot, proxy: FaultProxy, matrix_person: MatrixPersonFactory, hang: bool
) -> None:
    anna = await matrix_person("anna")
    room = await room_with(bot, anna)
    proxy.fail_next("POST", "/join/", times=_FOR_EVER, hang=hang)
    await anna.create_room(invite=[bot.user_id])
    for number in range(3):
        await anna.says(room, f"help {number}")
        await bot.hub.hears_text(f"help {number}")
    assert proxy.failed
    assert bot.is_running


@pytest.mark.usefixtures("short_errands")
async def test_an_invitation_from_a_foreign_server_that_cannot_be_refused_silences_nobody(
    homeserver: Homeserver, proxy: FaultProxy, matrix_person: MatrixPersonFactory, tmp_path: Path
) -> None:
    anna = await matrix_person("anna")
    registered = await RunningBot.registered(homeserver, tmp_path / "keys", allowed_servers=("elsewhere.example",))
    proxy.fail_next("POST", "/leave", times=2, hang=True)
    async with RunningBot(replace(registered.account, homeserver=proxy.base_url)) as closed:
        room = await anna.create_room(invite=[closed.user_id])
        await left(anna, room, closed.user_id)
        assert closed.is_running
    assert proxy.failed == 2


@pytest.mark.usefixtures("short_errands")
async def test_a_join_that_was_done_without_an_answer_still_makes_the_direct_room(
    bot: RunningBot, proxy: FaultProxy, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    proxy.fail_next("POST", "/join/", times=1, after_commit=True, hang=True)
    room = await anna.create_room(invite=[bot.user_id], direct=True)
    await anna.says(room, "I need somebody")
    assert (await bot.hub.hears_text("I need somebody")).private
    await bot.send("direct", anna.user_id, "here", "k1")
    await anna.wait_for_message(room, saying("here"))


async def test_a_bot_that_was_stopped_while_it_joined_still_makes_the_direct_room(
    bot: RunningBot, proxy: FaultProxy, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    proxy.fail_next("POST", "/join/", times=1, after_commit=True, hang=True)
    room = await anna.create_room(invite=[bot.user_id], direct=True)
    await anna.members_joined(room, [bot.user_id])
    await bot.stop()
    await anna.says(room, "I need somebody")
    await bot.start()
    assert (await bot.hub.hears_text("I need somebody")).private
    await bot.send("direct", anna.user_id, "here", "k1")
    await anna.wait_for_message(room, saying("here"))


@pytest.mark.usefixtures("short_errands")
async def test_an_upgrade_that_cannot_be_followed_silences_nobody_and_is_followed_later(
    bot: RunningBot, proxy: FaultProxy, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    room, other = await room_with(bot, anna), await room_with(bot, anna)
    await anna.client.room_put_state(room, "m.room.join_rules", {"join_rule": "public"})
    proxy.fail_next("POST", "/join/", times=2, hang=True)
    upgraded = await upgrade(anna, room, "12")
    await anna.says(other, "help")
    await bot.hub.hears_text("help")
    await anna.members_joined(upgraded, [bot.user_id])
    await bot.hub.until(lambda: bot.hub.memory.get(f"successor:{room}") == upgraded, "the successor")
    await bot.send("place", room, "Meeting at eight", "k1")
    await anna.wait_for_message(upgraded, saying("Meeting at eight"))


@pytest.mark.parametrize("stopped", [False, True])
async def test_a_gap_that_cannot_be_fetched_is_filled_later_and_silences_nobody(
    bot: RunningBot,
    proxy: FaultProxy,
    matrix_person: MatrixPersonFactory,
    monkeypatch: pytest.MonkeyPatch,
    stopped: bool,
) -> None:
    monkeypatch.setattr("bot.platforms.matrix.patience.LONGEST_WAIT_SECONDS", 0.1)
    anna = await matrix_person("anna")
    busy, other = await room_with(bot, anna), await room_with(bot, anna)
    await anna.says(other, "before")
    await bot.hub.hears_text("before")
    await bot.stop()
    for number in range(105):
        await anna.says(busy, f"number {number}")
    await anna.says(other, "help")
    proxy.fail_next("GET", "/messages", times=_FOR_EVER if stopped else 3)
    await bot.start()
    await bot.hub.hears_text("help")
    last = await bot.hub.hears_text("number 104")
    if stopped:
        await bot.hub.is_past(last.event_id)
        await bot.stop()
        proxy.heal_requests()
        await bot.start()
    await bot.hub.hears_text("number 4")
    assert {f"number {number}" for number in range(105)} <= {inbound.text for inbound in bot.hub.heard}


@pytest.mark.parametrize("hang", [True, False])
async def test_a_reply_is_heard_although_what_it_is_to_cannot_be_fetched(
    bot: RunningBot,
    proxy: FaultProxy,
    matrix_person: MatrixPersonFactory,
    monkeypatch: pytest.MonkeyPatch,
    hang: bool,
) -> None:
    monkeypatch.setattr("bot.platforms.matrix.hearing._LOOK_UP_SECONDS", 0.3)
    anna = await matrix_person("anna")
    room = await room_with(bot, anna)
    old = await anna.says(room, "how is everybody?")
    await bot.hub.hears_text("how is everybody?")
    await bot.hub.is_past(old)
    await bot.stop()
    await bot.start()
    proxy.fail_next("GET", "/event/", times=_FOR_EVER, hang=hang)
    await anna.says(room, "I want to die", reply_to=old)
    assert (await bot.hub.hears_text("I want to die")).about is None
    assert proxy.failed


async def test_a_call_for_help_about_what_cannot_be_fetched_is_handed_in_at_last(
    bot: RunningBot, proxy: FaultProxy, matrix_person: MatrixPersonFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.matrix.unheard.ATTEMPTS", 2)
    anna = await matrix_person("anna")
    room = await room_with(bot, anna)
    old = await anna.says(room, "nobody would miss me")
    await bot.hub.hears_text("nobody would miss me")
    await bot.hub.is_past(old)
    await bot.stop()
    await bot.start()
    proxy.fail_next("GET", "/event/", times=_FOR_EVER)
    reaction = await anna.reacts(room, old, "🆘")
    heard = await bot.hub.hears(lambda inbound: inbound.invocation is not None)
    assert (heard.event_id, heard.about) == (reaction, None)


@pytest.mark.parametrize("status", [403, 404])
async def test_a_page_of_a_proxy_at_the_first_sync_keeps_the_position(
    bot: RunningBot, proxy: FaultProxy, matrix_person: MatrixPersonFactory, status: int
) -> None:
    anna = await matrix_person("anna")
    room = await room_with(bot, anna)
    await anna.says(room, "before")
    await bot.hub.hears_text("before")
    await bot.stop()
    await anna.says(room, "help")
    proxy.fail_next("GET", "/sync", status=status, html=True, times=2)
    await bot.start()
    assert not (await bot.hub.hears_text("help")).read_back


async def test_after_the_position_was_lost_what_was_said_lately_is_read_back(
    bot: RunningBot,
    matrix_person: MatrixPersonFactory,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    anna = await matrix_person("anna")
    room = await room_with(bot, anna)
    await anna.says(room, "before")
    await bot.hub.hears_text("before")
    await bot.stop()
    await anna.says(room, "help")
    bot.hub.memory["sync_token"] = "no position"
    # Another question than at the very first start: for two minutes Synapse would give the answer it gave then.
    monkeypatch.setattr("bot.platforms.matrix.listening._FILTER", {"room": {"timeline": {"limit": PAGE - 1}}})
    await bot.start()
    assert (await bot.hub.hears_text("help")).read_back
    await anna.says(room, "after")
    assert not (await bot.hub.hears_text("after")).read_back
    assert "does not know the last Matrix position" in caplog.text


@pytest.mark.parametrize("status", [403, 404])
async def test_a_page_of_a_proxy_makes_no_second_direct_room(
    bot: RunningBot, proxy: FaultProxy, matrix_person: MatrixPersonFactory, status: int
) -> None:
    anna = await matrix_person("anna")
    room = await direct_room_with(bot, anna)
    await anna.says(room, "hello")
    await bot.hub.hears_text("hello")
    proxy.fail_next("PUT", "/send/", status=status, html=True, after_commit=True)
    with pytest.raises(TryAgain):
        await bot.send("direct", anna.user_id, "once", "k1")
    receipt = await bot.send("direct", anna.user_id, "once", "k1")
    said = await anna.wait_for_message(None, with_id(receipt.message_id))
    assert (said.room_id, len(anna.all_messages())) == (room, 1)


@pytest.mark.parametrize("status", [403, 404])
async def test_a_page_of_a_proxy_gives_no_place_up(
    bot: RunningBot, proxy: FaultProxy, matrix_person: MatrixPersonFactory, status: int
) -> None:
    anna = await matrix_person("anna")
    room = await room_with(bot, anna)
    proxy.fail_next("PUT", "/send/", status=status, html=True)
    with pytest.raises(TryAgain):
        await bot.send("place", room, "Somebody needs you", "k1")
    await bot.send("place", room, "Somebody needs you", "k1")
    await anna.wait_for_message(room, saying("Somebody needs you"))


async def test_somebody_in_danger_is_answered_although_the_database_cannot_be_read(
    bot: RunningBot, matrix_person: MatrixPersonFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_anything: object) -> None:
        raise OSError

    tried = asyncio.Event()

    async def note(_inbound: object) -> None:
        tried.set()
        raise OSError

    anna = await matrix_person("anna")
    room = await direct_room_with(bot, anna)
    await anna.says(room, "hello")
    await bot.hub.hears_text("hello")
    await bot.stop()
    await bot.start()
    monkeypatch.setattr(bot.hub, "remembered", refuse)
    bot.hub.full, bot.hub.on_receive = True, note
    await anna.says(room, "I want to die")
    async with asyncio.timeout(PATIENCE):
        await tried.wait()
    await bot.send("direct", anna.user_id, "You are not alone", "k1")
    await anna.wait_for_message(room, saying("You are not alone"))


async def test_who_could_not_be_told_that_they_were_not_read_is_told_later(
    bot: RunningBot, proxy: FaultProxy, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    room = await direct_room_with(bot, anna)
    proxy.fail_next("PUT", "/send/m.room.encrypted", status=503)
    await put_event(anna, room, "m.room.encrypted", {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x"})
    await anna.wait_for_message(room, lambda message: "could not read" in message.body)
    assert proxy.failed == 1


@pytest.mark.parametrize("refusals", [1, 2])
async def test_a_homeserver_that_wants_the_password_for_the_bots_signature_gets_it_or_check_says_what_to_do(
    homeserver: Homeserver, proxy: FaultProxy, tmp_path: Path, refusals: int
) -> None:
    registered = await RunningBot.registered(homeserver, tmp_path / "keys")
    bot = RunningBot(replace(registered.account, homeserver=proxy.base_url))
    proxy.fail_next("POST", "/keys/device_signing/upload", status=401, times=refusals)
    async with bot:
        assert proxy.failed == refusals
        (told,) = (finding for finding in await bot.platform.check() if "signed" in finding.what)
        assert ("password" in told.mend) == (refusals == 2)
        await bot.stop()
        await bot.start()
        (told,) = (finding for finding in await bot.platform.check() if "signed" in finding.what)
        assert told.level == "ok"
