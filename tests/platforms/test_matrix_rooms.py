"""Invitations, direct rooms and upgrades, on a real homeserver."""

import asyncio
from pathlib import Path

import matrix_scene
import pytest
from matrix_scene import CHOICES, PERSON, RunningBot, direct_room_with, left, room_with, saying, upgrade, with_id
from real_matrix.fixtures import MatrixPersonFactory
from real_matrix.homeserver import Homeserver

from bot.core.content import Content, Upon
from bot.core.platform import NeverAgain, Unreachable

# pytest finds a fixture by its name in the module.
bot = matrix_scene.bot


async def test_an_invitation_from_a_foreign_server_is_refused(
    homeserver: Homeserver, matrix_person: MatrixPersonFactory, tmp_path: Path
) -> None:
    anna = await matrix_person("anna")
    closed = await RunningBot.registered(homeserver, tmp_path / "keys", allowed_servers=("elsewhere.example",))
    async with closed:
        room = await anna.create_room(invite=[closed.user_id])
        await left(anna, room, closed.user_id)


async def test_the_first_start_replays_no_history_and_answers_invitations(
    homeserver: Homeserver, matrix_person: MatrixPersonFactory, tmp_path: Path
) -> None:
    anna = await matrix_person("anna")
    newcomer = await RunningBot.registered(homeserver, tmp_path / "keys")
    room = await anna.create_room(invite=[newcomer.user_id])
    await anna.says(room, "long ago")
    async with newcomer:
        await anna.members_joined(room, [newcomer.user_id])
        await anna.says(room, "now")
        await newcomer.hub.hears_text("now")
        assert [inbound.text for inbound in newcomer.hub.heard] == ["now"]


@pytest.mark.parametrize(("old", "new"), [("11", "12"), ("11", "11"), ("12", "12")])
async def test_an_upgraded_room_stays_the_same_place(
    bot: RunningBot, matrix_person: MatrixPersonFactory, old: str, new: str
) -> None:
    anna = await matrix_person("anna")
    room = await room_with(bot, anna, version=old)
    upgraded = await upgrade(anna, room, new)
    await anna.client.room_invite(upgraded, bot.user_id)
    await anna.members_joined(upgraded, [bot.user_id])
    await anna.says(upgraded, "in the new room")
    assert (await bot.hub.hears_text("in the new room")).place == room
    await bot.send("place", room, "Meeting at eight", "k1")
    await anna.wait_for_message(upgraded, saying("Meeting at eight"))


async def test_what_is_written_together_with_a_direct_invitation_is_heard(
    homeserver: Homeserver, matrix_person: MatrixPersonFactory, tmp_path: Path
) -> None:
    anna = await matrix_person("anna")
    asleep = await RunningBot.registered(homeserver, tmp_path / "keys")
    async with asleep:
        pass
    room = await anna.direct_room_with(asleep.user_id)
    await anna.says(room, "I need somebody")
    async with asleep:
        heard = await asleep.hub.hears_text("I need somebody")
        assert heard.private


async def test_a_third_person_makes_a_direct_room_an_ordinary_one(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna, ben = await matrix_person("anna"), await matrix_person("ben")
    room = await direct_room_with(bot, anna)
    await anna.client.room_invite(room, ben.user_id)
    await ben.members_joined(room, [ben.user_id])
    await anna.says(room, "ben is here")
    assert not (await bot.hub.hears_text("ben is here")).private
    await bot.send("direct", anna.user_id, "Only for you", "k1")
    said = await anna.wait_for_message(None, saying("Only for you"))
    assert said.room_id != room
    assert ben.messages(said.room_id) == []


async def test_who_leaves_the_direct_room_twice_is_unreachable_until_they_write(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    common = await room_with(bot, anna)
    for key in ("k1", "k2"):
        await bot.send("direct", anna.user_id, key, key)
        said = await anna.wait_for_message(None, saying(key))
        await anna.client.room_leave(said.room_id)
        await anna.says(common, f"left {key}")
        await bot.hub.hears_text(f"left {key}")
    with pytest.raises(Unreachable):
        await bot.send("direct", anna.user_id, "k3", "k3")
    room = await anna.create_room(invite=[bot.user_id], encrypted=True, direct=True)
    await anna.members_joined(room, [bot.user_id])
    await anna.says(room, "hello again")
    await bot.hub.hears_text("hello again")
    await bot.send("direct", anna.user_id, "k4", "k4")
    await anna.wait_for_message(room, saying("k4"))


async def test_a_person_who_does_not_exist_is_unreachable(bot: RunningBot) -> None:
    with pytest.raises(Unreachable):
        await bot.send("direct", "not a user id", "hello", "k1")


async def test_a_room_the_bot_is_not_in_will_never_work(bot: RunningBot, matrix_person: MatrixPersonFactory) -> None:
    anna = await matrix_person("anna")
    room = await anna.create_room()
    with pytest.raises(NeverAgain):
        await bot.send("place", room, "hello", "k1")
    with pytest.raises(NeverAgain):
        await bot.send("place", "!nowhere:localhost", "hello", "k1")


async def test_a_room_the_bot_was_put_out_of_will_never_work(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    room, common = await room_with(bot, anna, encrypted=True), await room_with(bot, anna)
    await bot.send("place", room, "hello", "k1")
    await anna.client.room_kick(room, bot.user_id)
    await anna.says(common, "done")
    await bot.hub.hears_text("done")
    with pytest.raises(NeverAgain):
        await bot.send("place", room, "hello", "k2")


async def test_who_joins_later_and_a_new_device_can_read_what_is_said_then(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna, ben = await matrix_person("anna"), await matrix_person("ben")
    room = await room_with(bot, anna, encrypted=True)
    await bot.send("place", room, "one", "k1")
    await anna.client.room_invite(room, ben.user_id)
    await ben.members_joined(room, [ben.user_id])
    async with await anna.another_device() as phone:
        await ben.says(room, "hello")
        await bot.hub.hears_text("hello")
        await bot.send("place", room, "two", "k2")
        for reader in (anna, ben, phone):
            assert (await reader.wait_for_message(room, saying("two"))).decrypted


async def test_an_open_room_is_followed_through_its_upgrade_without_an_invitation(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    room = await room_with(bot, anna)
    await anna.client.room_put_state(room, "m.room.join_rules", {"join_rule": "public"})
    upgraded = await upgrade(anna, room, "12")
    await bot.hub.until(lambda: bot.hub.memory.get(f"successor:{room}") == upgraded, "the successor")
    await bot.send("place", room, "Meeting at eight", "k1")
    await anna.wait_for_message(upgraded, saying("Meeting at eight"))


async def test_a_room_cannot_pass_itself_off_as_anothers_successor(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna, mallory = await matrix_person("anna"), await matrix_person("mallory")
    theirs = await room_with(bot, anna)
    own = await room_with(bot, mallory)
    tombstone = {"body": "moved", "replacement_room": theirs}
    await mallory.client.room_put_state(own, "m.room.tombstone", tombstone)
    await mallory.says(own, "moved")
    await bot.hub.hears_text("moved")
    await anna.says(theirs, "hello")
    assert (await bot.hub.hears_text("hello")).place == theirs


async def test_an_upgraded_direct_room_stays_the_direct_room(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    room = await direct_room_with(bot, anna)
    upgraded = await upgrade(anna, room, "12")
    await anna.client.room_invite(upgraded, bot.user_id)
    await anna.members_joined(upgraded, [bot.user_id])
    await anna.says(upgraded, "moved")
    assert (await bot.hub.hears_text("moved")).private
    await bot.send("direct", anna.user_id, "hello", "k1")
    await anna.wait_for_message(upgraded, saying("hello"))


async def test_what_is_removed_and_pressed_in_a_direct_room_after_its_upgrade_counts_and_brings_it_not_back(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    room = await direct_room_with(bot, anna)
    bot.hub.nobodys.add(room)
    said = await anna.says(room, "I took all of them")
    await bot.hub.hears_text("I took all of them")
    receipt = await bot.send("direct", anna.user_id, Content(text="How are you?", choices=CHOICES), "ask")
    await anna.wait_for_message(room, with_id(receipt.message_id))
    upgraded = await upgrade(anna, room, "12")
    await anna.client.room_invite(upgraded, bot.user_id)
    await anna.members_joined(upgraded, [bot.user_id])
    await anna.says(upgraded, "moved")
    await bot.hub.hears_text("moved")
    await anna.redacts(room, said)
    await anna.reacts(room, receipt.message_id, "2️⃣")
    heard = await bot.hub.hears(lambda inbound: inbound.invocation == PERSON)
    assert heard.private
    assert bot.hub.taken == [(said, anna.user_id)]
    await bot.send("direct", anna.user_id, "somebody comes", "k2")
    await anna.wait_for_message(upgraded, saying("somebody comes"))


OPEN_TO_OTHERS = pytest.mark.parametrize(
    ("event_type", "content"),
    [
        ("m.room.join_rules", {"join_rule": "public"}),
        ("m.room.history_visibility", {"history_visibility": "world_readable"}),
    ],
)


@OPEN_TO_OTHERS
async def test_a_direct_room_that_is_opened_to_others_is_private_no_more(
    bot: RunningBot, matrix_person: MatrixPersonFactory, event_type: str, content: dict[str, str]
) -> None:
    anna = await matrix_person("anna")
    room = await direct_room_with(bot, anna)
    await anna.says(room, "only for you")
    assert (await bot.hub.hears_text("only for you")).private
    await anna.client.room_put_state(room, event_type, content)
    await anna.says(room, "who reads this?")
    assert not (await bot.hub.hears_text("who reads this?")).private
    receipt = await bot.send("direct", anna.user_id, "Ben is in danger", "page")
    assert (await anna.wait_for_message(None, with_id(receipt.message_id))).room_id != room


@OPEN_TO_OTHERS
async def test_a_room_of_two_that_others_may_join_or_read_is_not_private(
    bot: RunningBot, matrix_person: MatrixPersonFactory, event_type: str, content: dict[str, str]
) -> None:
    anna = await matrix_person("anna")
    room = await room_with(bot, anna)
    bot.hub.nobodys.add(room)
    await anna.client.room_put_state(room, event_type, content)
    await anna.says(room, "are you there?")
    assert not (await bot.hub.hears_text("are you there?")).private
    receipt = await bot.send("direct", anna.user_id, "Ben is in danger", "page")
    assert (await anna.wait_for_message(None, with_id(receipt.message_id))).room_id != room


async def test_who_has_a_direct_room_is_written_to_there_though_they_wrote_in_another_room_of_two(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    receipt = await bot.send("direct", anna.user_id, "Hello", "hello")
    direct = (await anna.wait_for_message(None, with_id(receipt.message_id))).room_id
    room = await room_with(bot, anna)
    bot.hub.nobodys.add(room)
    await anna.says(room, "are you there?")
    assert (await bot.hub.hears_text("are you there?")).private
    await bot.stop()
    await bot.start()
    receipt = await bot.send("direct", anna.user_id, "Ben is in danger", "page")
    assert (await anna.wait_for_message(None, with_id(receipt.message_id))).room_id == direct


async def test_what_is_refused_upon_a_message_costs_nobody_their_direct_room(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    receipt = await bot.send("direct", anna.user_id, "hello", "k1")
    room = (await anna.wait_for_message(None, with_id(receipt.message_id))).room_id
    for number, nowhere in enumerate(("$" + "a" * 43, "$" + "b" * 43)):
        sign = Content(text="📨", upon=Upon(act="react", message=nowhere))
        with pytest.raises(NeverAgain):
            await bot.send("direct", anna.user_id, sign, f"sign {number}")
        changed = Content(text=f"new words {number}", upon=Upon(act="replace", message=nowhere))
        await bot.send("direct", anna.user_id, changed, f"edit {number}")
        assert (await anna.wait_for_message(None, saying(f"new words {number}"))).room_id == room
    await anna.says(room, "only for you")
    assert (await bot.hub.hears_text("only for you")).private


async def test_who_has_left_the_successor_of_a_direct_room_is_not_written_to_in_the_replaced_one(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    receipt = await bot.send("direct", anna.user_id, "one", "k1")
    room = (await anna.wait_for_message(None, with_id(receipt.message_id))).room_id
    upgraded = await upgrade(anna, room, "12")
    await anna.client.room_invite(upgraded, bot.user_id)
    await anna.members_joined(upgraded, [bot.user_id])
    await anna.says(upgraded, "moved")
    await bot.hub.hears_text("moved")
    await anna.client.room_leave(upgraded)
    common = await room_with(bot, anna)
    await anna.says(common, "left")
    await bot.hub.hears_text("left")
    await bot.send("direct", anna.user_id, "two", "k2")
    assert (await anna.wait_for_message(None, saying("two"))).room_id not in {room, upgraded}


async def test_ten_pages_at_once_go_into_one_direct_room(bot: RunningBot, matrix_person: MatrixPersonFactory) -> None:
    anna = await matrix_person("anna")
    receipts = await asyncio.gather(*(bot.send("direct", anna.user_id, f"page {n}", f"k{n}") for n in range(10)))
    said = [await anna.wait_for_message(None, with_id(r.message_id)) for r in receipts]
    assert len({message.room_id for message in said}) == 1
    assert all(message.decrypted for message in said)


async def test_a_room_is_heard_with_the_space_that_lists_it(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    space = (await anna.client.room_create(space=True, invite=[bot.user_id])).room_id
    await anna.members_joined(space, [bot.user_id])
    room = await room_with(bot, anna)
    await anna.client.room_put_state(space, "m.space.child", {"via": ["localhost"]}, state_key=room)
    await anna.says(space, "listed")
    await bot.hub.hears_text("listed")
    await anna.says(room, "hello")
    assert (await bot.hub.hears_text("hello")).space == space


async def test_a_message_is_edited_in_place(bot: RunningBot, matrix_person: MatrixPersonFactory) -> None:
    anna = await matrix_person("anna")
    room = await room_with(bot, anna, encrypted=True)
    first = await bot.send("place", room, "one open case", "k1")
    upon = Upon(act="refresh", message=first.message_id)
    again = await bot.send("place", room, Content(text="two open cases", upon=upon), "k2")
    assert again == first
    edit = await anna.wait_for_message(room, saying("* two open cases"))
    assert edit.content["m.relates_to"] == {"rel_type": "m.replace", "event_id": first.message_id}
    assert edit.content["m.new_content"]["body"] == "two open cases"


@pytest.mark.parametrize("letter", ["a", "ä", "🙂", '"'])
async def test_a_text_that_is_too_long_to_be_said_twice_in_one_event_is_said_anew(
    bot: RunningBot, matrix_person: MatrixPersonFactory, letter: str
) -> None:
    anna = await matrix_person("anna")
    room = await room_with(bot, anna, encrypted=True)
    first = await bot.send("place", room, Content(title="The board", text="one open case"), "k1")
    long = Content(title="The board", text=letter * 15_000, upon=Upon(act="replace", message=first.message_id))
    await bot.send("place", room, long, "k2")
    await bot.send("place", room, "after", "k3")
    await anna.wait_for_message(room, saying("after"))
    said = [message for message in anna.messages(room) if letter * 100 in message.body]
    assert sum(message.body.count(letter) for message in said) >= 15_000
    assert all(message.decrypted and "m.new_content" not in message.content for message in said)


async def test_people_who_never_wrote_are_known_by_account_and_a_names_beginning_in_the_rooms_that_are_asked(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna, zoe = await matrix_person("anna"), await matrix_person("zoe")
    room = await room_with(bot, anna, version="11")
    await zoe.client.set_displayname("Zoe Quiet")
    await anna.client.room_invite(room, zoe.user_id)
    assert await bot.platform.people(zoe.user_id, [room]) == [], "who is only invited is not there"
    await zoe.client.join(room)
    await anna.members_joined(room, [zoe.user_id])
    await anna.says(room, "hello")
    await bot.hub.hears_text("hello")
    for words in (zoe.user_id, "zoe quiet", "Zo"):
        assert [one.account for one in await bot.platform.people(words, [room])] == [zoe.user_id]
    elsewhere = await room_with(bot, anna, version="11")
    assert await bot.platform.people(zoe.user_id, [elsewhere]) == []
