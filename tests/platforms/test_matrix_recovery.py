"""Matrix: nothing is lost and nobody is stopped, whatever breaks."""

import asyncio
import json
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import matrix_scene
import pytest
from matrix_scene import CHOICES, PERSON, RunningBot, direct_room_with, put_event, room_with, with_id
from real_matrix.device import PATIENCE
from real_matrix.fixtures import MatrixPersonFactory
from real_matrix.homeserver import Homeserver
from real_matrix.people import MatrixPerson, Message

from bot.core.content import Content
from bot.core.inbound import Inbound, Invocation
from bot.core.platform import TryAgain
from bot.platforms.matrix import ConnectionLost

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


@pytest.mark.parametrize("direct", [True, False])
async def test_what_was_said_before_the_bot_was_put_out_of_the_room_meanwhile_is_heard(
    bot: RunningBot, matrix_person: MatrixPersonFactory, direct: bool
) -> None:
    anna = await matrix_person("anna")
    room = await (direct_room_with(bot, anna) if direct else room_with(bot, anna, encrypted=True))
    await anna.says(room, "hello")
    await bot.hub.is_past((await bot.hub.hears_text("hello")).event_id)
    await bot.stop()
    await anna.says(room, "I need somebody")
    await anna.client.room_kick(room, bot.user_id)
    await bot.start()
    assert (await bot.hub.hears_text("I need somebody")).private == direct


async def test_a_choice_is_understood_by_its_message_alone(bot: RunningBot, matrix_person: MatrixPersonFactory) -> None:
    anna = await matrix_person("anna")
    # The hub is never told under which id it was sent: so it is for a bot that is killed just then.
    receipt = await bot.send("direct", anna.user_id, Content(text="How are you?", choices=CHOICES), "ask")
    asked = await anna.wait_for_message(None, with_id(receipt.message_id))
    await bot.stop()
    reaction = await anna.reacts(asked.room_id, asked.event_id, "2️⃣")
    await bot.start()
    heard = await bot.hub.hears(lambda inbound: inbound.invocation == PERSON)
    assert heard.event_id == reaction


async def test_a_direct_room_of_which_a_killed_bot_kept_nothing_is_still_private(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    room = await _forgotten_room_with(bot, anna)
    await bot.start()
    await anna.says(room, "are you there?")
    assert (await bot.hub.hears_text("are you there?")).private


async def test_a_direct_room_of_which_a_killed_bot_kept_nothing_is_used_and_no_second_one_is_made(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    room = await _forgotten_room_with(bot, anna)
    await bot.start()
    receipt = await bot.send("direct", anna.user_id, "It is me again", "again")
    assert (await anna.wait_for_message(None, with_id(receipt.message_id))).room_id == room
    assert len(anna.invitations) == 1
    assert bot.hub.memory[f"direct:{anna.user_id}"] == room


async def test_a_room_for_two_that_nobody_marked_is_the_direct_room_after_a_restart_too(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    room = await room_with(bot, anna)
    bot.hub.nobodys.add(room)
    await anna.says(room, "are you there?")
    assert (await bot.hub.hears_text("are you there?")).private
    common = await room_with(bot, anna)
    for text in ("good morning", "good evening"):  # what is stored is behind what was said to the bot alone
        await anna.says(common, text)
        await bot.hub.hears_text(text)
    await bot.stop()
    await bot.start()
    receipt = await bot.send("direct", anna.user_id, "It is me", "again")
    assert (await anna.wait_for_message(None, with_id(receipt.message_id))).room_id == room
    await anna.says(room, "good")
    assert (await bot.hub.hears_text("good")).private


async def _forgotten_room_with(bot: RunningBot, anna: MatrixPerson) -> str:
    """As if the bot, which is not running, had been killed between making the room and writing down whose it is."""
    receipt = await bot.send("direct", anna.user_id, "Hello", "hello")
    room = (await anna.wait_for_message(None, with_id(receipt.message_id))).room_id
    token = bot.hub.memory["access_token"]
    await bot.stop()
    del bot.hub.memory[f"direct:{anna.user_id}"]
    address = f"/_matrix/client/v3/user/{quote(bot.user_id)}/account_data/m.direct"
    await anna.client.send("PUT", address, "{}", {"Authorization": f"Bearer {token}"})
    return room


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


async def test_an_event_whose_handler_fails_comes_again_in_the_next_run(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    failed = asyncio.Event()

    async def fail(_inbound: object) -> None:
        failed.set()
        raise OSError

    anna = await matrix_person("anna")
    room = await room_with(bot, anna)
    bot.hub.on_receive = fail
    await anna.says(room, "help")
    await failed.wait()
    await bot.stop()
    bot.hub.on_receive = None
    await bot.start()
    await bot.hub.hears_text("help")


async def test_an_event_whose_handler_fails_is_heard_again_in_the_same_run_and_stops_nobody(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    async def fail(inbound: Inbound) -> None:
        if inbound.text == "help":
            raise OSError

    anna = await matrix_person("anna")
    room = await room_with(bot, anna)
    bot.hub.on_receive = fail
    await anna.says(room, "help")
    await anna.says(room, "after")
    await bot.hub.hears_text("after")
    bot.hub.on_receive = None
    await bot.hub.hears_text("help")
    assert bot.is_running


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


async def _withholds(person: MatrixPerson, room: str) -> None:
    """She writes with a client that gives its keys to nobody."""
    unreadable = {
        "algorithm": "m.megolm.v1.aes-sha2",
        "ciphertext": "AwgAEnACgAkLmt6qF84IK++J7UDH2Za1YVchHyprqTqsg",
        "device_id": person.device_id,
        "sender_key": "IlRMeOPX2e0MurIyfWEucYBRVOEEUMrOHqn/8mLqMjA",
        "session_id": "X3lUlvLELLYxeTx4yOVu6UDpasGEVO0Jbu+QFnm0cKQ",
    }
    await put_event(person, room, "m.room.encrypted", unreadable)


def _is_unread(message: Message) -> bool:
    return "could not read" in message.body


async def test_messages_without_a_key_are_answered_once_with_a_way_that_needs_none(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    room = await direct_room_with(bot, anna)
    await _withholds(anna, room)
    await _withholds(anna, room)
    answer = await anna.wait_for_message(room, _is_unread)
    assert answer.decrypted
    await anna.wait_for_reaction(room, answer.event_id, "1️⃣")
    await anna.reacts(room, answer.event_id, "1️⃣")
    heard = await bot.hub.hears(lambda inbound: inbound.invocation is not None)
    await anna.is_up_to_date()
    assert len(anna.messages(room)) == 1
    assert bot.hub.heard == [heard]
    assert len(bot.hub.unreadable) == 1
    assert heard.invocation == Invocation(command="peer")
    assert heard.private


async def test_who_is_alone_with_the_bot_is_told_each_time_and_in_a_common_room_each_person(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna, ben = await matrix_person("anna"), await matrix_person("ben")
    alone = await direct_room_with(bot, anna)
    common = await anna.create_room(invite=[bot.user_id, ben.user_id], encrypted=True)
    for person in (anna, ben):
        await person.members_joined(common, [bot.user_id, ben.user_id])
    await _withholds(anna, common)
    await _withholds(anna, alone)
    first = await anna.wait_for_message(alone, _is_unread)
    await anna.wait_for_message(common, _is_unread)
    await _withholds(anna, common)
    await _withholds(ben, common)
    await _withholds(anna, alone)
    await anna.wait_for_message(alone, lambda message: _is_unread(message) and message.event_id != first.event_id)
    await bot.hub.until(lambda: len(bot.hub.unreadable) == 4, "ben's message and the second alone")
    assert sum(map(_is_unread, anna.messages(common))) == 2


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


async def test_an_event_that_is_never_taken_is_given_up_if_others_can_be_stored(
    bot: RunningBot,
    matrix_person: MatrixPersonFactory,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tried: list[str] = []

    async def fail(inbound: Inbound) -> None:
        tried.append(inbound.text)
        if inbound.text == "poison":
            raise ValueError

    monkeypatch.setattr("bot.platforms.matrix.unheard.ATTEMPTS", 2)
    anna = await matrix_person("anna")
    room = await room_with(bot, anna)
    bot.hub.on_receive = fail
    poison = await anna.says(room, "poison")
    after = await anna.says(room, "after")
    await bot.hub.hears_text("after")
    await bot.hub.is_past(after)
    # Twice, and at last its words alone.
    assert tried.count("poison") == 3
    assert f"Event {poison} was given up: ValueError" in caplog.text


async def test_while_nothing_can_be_stored_no_event_is_given_up_and_everybody_reaches_the_hub(
    bot: RunningBot, matrix_person: MatrixPersonFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    often = asyncio.Event()

    async def fail(inbound: Inbound) -> None:
        tried.append(inbound.text)
        if tried.count("!help") > 3 and "danger" in tried:
            often.set()
        raise OSError

    monkeypatch.setattr("bot.platforms.matrix.unheard.ATTEMPTS", 2)
    monkeypatch.setattr("bot.platforms.matrix.patience.LONGEST_WAIT_SECONDS", 0.1)
    anna = await matrix_person("anna")
    room = await room_with(bot, anna)
    bot.hub.on_receive, bot.hub.full = fail, True
    await anna.says(room, "!help")
    await anna.says(room, "danger")
    async with asyncio.timeout(PATIENCE):
        await often.wait()
    bot.hub.on_receive, bot.hub.full = None, False
    await bot.hub.hears_text("danger")
    assert [inbound.text for inbound in bot.hub.heard] == ["!help", "danger"]
    assert bot.is_running


async def test_nobody_waits_for_an_event_whose_handler_hangs(
    bot: RunningBot, matrix_person: MatrixPersonFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(inbound: Inbound) -> None:
        if inbound.text == "!help":
            await asyncio.Event().wait()

    monkeypatch.setattr("bot.platforms.matrix.unheard._IN_TURN_SECONDS", 0.1)
    anna = await matrix_person("anna")
    room = await room_with(bot, anna)
    bot.hub.on_receive = hang
    first = await anna.says(room, "!help")
    await anna.says(room, "danger")
    await bot.hub.hears_text("danger")
    await bot.stop()
    bot.hub.on_receive = None
    await bot.start()
    assert (await bot.hub.hears_text("!help")).event_id == first


async def test_events_that_could_not_all_be_kept_are_fetched_again(
    bot: RunningBot, matrix_person: MatrixPersonFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.matrix.unheard._MOST_KEPT", 1)
    monkeypatch.setattr("bot.platforms.matrix.patience.LONGEST_WAIT_SECONDS", 0.1)
    tried: set[str] = set()
    all_tried = asyncio.Event()

    async def fail(inbound: Inbound) -> None:
        tried.add(inbound.text)
        if tried >= {"one", "two"}:
            all_tried.set()
        raise OSError

    anna = await matrix_person("anna")
    room = await room_with(bot, anna)
    bot.hub.on_receive, bot.hub.full = fail, True
    await anna.says(room, "one")
    await anna.says(room, "two")
    async with asyncio.timeout(PATIENCE):
        await all_tried.wait()
    bot.hub.on_receive, bot.hub.full = None, False
    await bot.hub.hears_text("one")
    assert isinstance(await bot.ends(), ConnectionLost)
    bot.run_again()
    await bot.hub.hears_text("two")
