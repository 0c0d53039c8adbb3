"""Matrix: nothing is lost and nobody is stopped, whatever breaks."""

import asyncio
import json
from pathlib import Path
from uuid import uuid4

import matrix_scene
import pytest
from matrix_scene import RunningBot, direct_room_with, put_event, room_with, saying
from real_matrix.fixtures import MatrixPersonFactory
from real_matrix.homeserver import Homeserver

from bot.core.inbound import Inbound
from bot.core.platform import TryAgain

# pytest finds a fixture by its name in the module.
bot = matrix_scene.bot


async def test_after_a_restart_what_was_said_meanwhile_is_heard_once(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    room = await room_with(bot, anna, encrypted=True)
    before = await anna.says(room, "before")
    await bot.hub.hears_text("before")
    await bot.hub.is_past(before)
    device = bot.hub.memory["device_id"]
    await bot.stop()
    meanwhile = await anna.says(room, "meanwhile")
    await bot.start()
    await bot.hub.hears_text("meanwhile")
    after = await anna.says(room, "after")
    await bot.hub.hears_text("after")
    assert [bot.hub.times_heard(event_id) for event_id in (before, meanwhile, after)] == [1, 1, 1]
    assert bot.hub.memory["device_id"] == device


async def test_more_than_a_sync_holds_is_fetched_after_a_downtime(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    room = await room_with(bot, anna)
    await anna.says(room, "before")
    await bot.hub.hears_text("before")
    await bot.stop()
    for number in range(130):
        await anna.says(room, f"number {number}")
    await bot.start()
    await bot.hub.hears_text("number 129")
    texts = [inbound.text for inbound in bot.hub.heard if inbound.text.startswith("number")]
    assert texts == [f"number {number}" for number in range(130)]


async def test_an_event_whose_handler_fails_comes_again(bot: RunningBot, matrix_person: MatrixPersonFactory) -> None:
    class HandlerFailed(Exception):
        pass

    async def fail(_inbound: object) -> None:
        raise HandlerFailed

    anna = await matrix_person("anna")
    room = await room_with(bot, anna)
    bot.hub.on_receive = fail
    await anna.says(room, "help")
    assert isinstance(await bot.ends(), HandlerFailed)
    bot.hub.on_receive = None
    await bot.start()
    await bot.hub.hears_text("help")


async def test_an_event_whose_handler_is_cancelled_comes_again(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    handling = asyncio.Event()

    async def hang(_inbound: object) -> None:
        handling.set()
        await asyncio.Event().wait()

    anna = await matrix_person("anna")
    room = await room_with(bot, anna)
    bot.hub.on_receive = hang
    await anna.says(room, "help")
    await handling.wait()
    await bot.stop()
    bot.hub.on_receive = None
    await bot.start()
    await bot.hub.hears_text("help")


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_a_homeserver_restart_is_survived(
    bot: RunningBot, homeserver: Homeserver, matrix_person: MatrixPersonFactory, end: str
) -> None:
    anna = await matrix_person("anna")
    room = await direct_room_with(bot, anna)
    await anna.says(room, "before")
    await bot.hub.hears_text("before")
    first = await bot.send("direct", anna.user_id, "Same", "k1")
    await (homeserver.stop() if end == "stop" else homeserver.kill())
    with pytest.raises(TryAgain):
        await bot.send("direct", anna.user_id, "Same", "k1")
    await homeserver.start()
    await anna.says(room, "after")
    await bot.hub.hears_text("after")
    assert bot.is_running
    assert await bot.send("direct", anna.user_id, "Same", "k1") == first


async def test_messages_without_a_key_are_answered_once(bot: RunningBot, matrix_person: MatrixPersonFactory) -> None:
    anna = await matrix_person("anna")
    room = await direct_room_with(bot, anna)
    unreadable = {
        "algorithm": "m.megolm.v1.aes-sha2",
        "ciphertext": "AwgAEnACgAkLmt6qF84IK++J7UDH2Za1YVchHyprqTqsg",
        "device_id": anna.device_id,
        "sender_key": "IlRMeOPX2e0MurIyfWEucYBRVOEEUMrOHqn/8mLqMjA",
        "session_id": "X3lUlvLELLYxeTx4yOVu6UDpasGEVO0Jbu+QFnm0cKQ",
    }
    await put_event(anna, room, "m.room.encrypted", unreadable)
    await put_event(anna, room, "m.room.encrypted", unreadable)
    answer = await anna.wait_for_message(room, lambda message: "could not read" in message.body)
    assert answer.decrypted
    await bot.send("direct", anna.user_id, "after", "k1")
    await anna.wait_for_message(room, saying("after"))
    assert len(anna.messages(room)) == 2
    assert bot.hub.heard == []


async def test_a_malformed_encrypted_event_stops_nobody(bot: RunningBot, matrix_person: MatrixPersonFactory) -> None:
    anna, mallory = await matrix_person("anna"), await matrix_person("mallory")
    hostile = await room_with(bot, mallory)
    room = await room_with(bot, anna)
    malformed = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x", "sender_key": "", "session_id": ""}
    await put_event(mallory, hostile, "m.room.encrypted", malformed | {"device_id": ""})
    await anna.says(room, "still there?")
    await bot.hub.hears_text("still there?")
    await bot.stop()
    await bot.start()
    await anna.says(room, "and now?")
    await bot.hub.hears_text("and now?")


async def test_a_key_that_comes_late_makes_the_message_heard(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    room = await direct_room_with(bot, anna)
    async with anna.client.room_keys:
        client = anna.client
        await client.joined_members(room)
        if client.should_query_keys:
            await client.keys_query()
        await client.keys_claim(client.get_missing_sessions(room))
        shares = list(client.olm.share_group_session_parallel(room, [bot.user_id], True))
        client.olm.outbound_group_sessions[room].shared = True
        said = await client.room_send(room, "m.room.message", {"msgtype": "m.text", "body": "help me"})
    answer = await anna.wait_for_message(room, lambda message: "could not read" in message.body)
    assert answer.decrypted
    ((_devices, keys),) = shares
    await client.send(
        "PUT",
        f"/_matrix/client/v3/sendToDevice/m.room.encrypted/{uuid4().hex}",
        json.dumps(keys),
        {"Authorization": f"Bearer {client.access_token}"},
    )
    heard = await bot.hub.hears_text("help me")
    assert heard.event_id == said.event_id


async def test_nothing_is_sent_before_the_bot_is_connected(
    homeserver: Homeserver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.matrix.adapter.READY_SECONDS", 0.01)
    asleep = await RunningBot.registered(homeserver, tmp_path / "keys")
    with pytest.raises(TryAgain):
        await asleep.send("direct", "@anna:localhost", "hello", "k1")


async def test_an_event_whose_handler_always_fails_is_given_up_after_three_runs(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    async def fail(inbound: Inbound) -> None:
        if inbound.text == "poison":
            raise ValueError

    anna = await matrix_person("anna")
    room = await room_with(bot, anna)
    bot.hub.on_receive = fail
    await anna.says(room, "poison")
    await anna.says(room, "after")
    assert isinstance(await bot.ends(), ValueError)
    bot.run_again()
    assert isinstance(await bot.ends(), ValueError)
    bot.run_again()
    await bot.hub.hears_text("after")
