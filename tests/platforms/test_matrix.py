"""What people and the bot say to each other on Matrix, over a real homeserver."""

import matrix_scene
import pytest
from matrix_scene import CHOICES, PERSON, WELL, RunningBot, asked, direct_room_with, room_with, saying, with_id
from real_matrix.fixtures import MatrixPersonFactory

from bot.core.commands import Command, Registry
from bot.core.content import Content, Field, Reply
from bot.core.inbound import Invocation
from bot.core.roles import Action
from bot.core.words import _

# pytest finds a fixture by its name in the module.
bot = matrix_scene.bot


async def test_a_room_of_two_is_private_although_it_was_not_made_as_a_direct_one_unless_it_is_a_communitys(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    lobby, unmarked = await room_with(bot, anna), await room_with(bot, anna, encrypted=True)
    bot.hub.nobodys.add(unmarked)
    await anna.says(lobby, "hello all")
    heard = await bot.hub.hears_text("hello all")
    assert not heard.private
    assert set(heard.shared_spaces) == {lobby, unmarked}
    await anna.says(unmarked, "hello you")
    assert (await bot.hub.hears_text("hello you")).private
    await bot.send("direct", anna.user_id, "hello anna", "k1")
    await anna.wait_for_message(unmarked, saying("hello anna"))


@pytest.mark.parametrize(("encrypted", "version"), [(False, "11"), (True, "11"), (False, "12"), (True, "12")])
async def test_a_message_in_a_room_is_heard(
    bot: RunningBot, matrix_person: MatrixPersonFactory, encrypted: bool, version: str
) -> None:
    anna = await matrix_person("anna")
    room = await room_with(bot, anna, encrypted=encrypted, version=version)
    event_id = await anna.says(room, "!checkin start 08:00")
    heard = await bot.hub.hears_text("!checkin start 08:00")
    assert (heard.event_id, heard.account, heard.place) == (event_id, anna.user_id, room)
    assert (heard.private, heard.edited, heard.platform) == (False, False, "matrix")
    assert heard.at.utcoffset() is not None
    assert heard.link is not None


async def test_who_mentions_the_bot_in_a_room_is_heard_as_if_without(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    room = await room_with(bot, anna)
    me = bot.user_id
    link = f'<a href="https://matrix.to/#/{me}">Handrail &amp; co</a>'
    await anna.sends(
        room,
        "m.room.message",
        {
            "msgtype": "m.text",
            "body": "Handrail & co: help me",
            "format": "org.matrix.custom.html",
            "formatted_body": f"{link}: help me",
            "m.mentions": {"user_ids": [me]},
        },
    )
    await bot.hub.hears_text("help me")
    await anna.says(room, f"{me} I need a person")
    await bot.hub.hears_text("I need a person")


async def test_a_message_in_a_direct_room_is_private_and_tells_shared_rooms(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    common = await room_with(bot, anna)
    await anna.says(common, "hello all")
    await bot.hub.hears_text("hello all")
    direct = await direct_room_with(bot, anna)
    await anna.says(direct, "hello you")
    heard = await bot.hub.hears_text("hello you")
    assert heard.private
    assert set(heard.shared_spaces) == {common, direct}


async def test_the_bot_writes_to_a_person_in_an_encrypted_room_of_their_own(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    await bot.send("direct", anna.user_id, "How are you today?", "k1")
    said = await anna.wait_for_message(None, saying("How are you today?"))
    assert said.decrypted
    assert (await anna.wait_for_invite()).is_direct
    await anna.says(said.room_id, "fine")
    heard = await bot.hub.hears_text("fine")
    assert heard.private


async def test_the_same_key_gives_one_event(bot: RunningBot, matrix_person: MatrixPersonFactory) -> None:
    anna = await matrix_person("anna")
    first = await bot.send("direct", anna.user_id, "Once", "k1")
    again = await bot.send("direct", anna.user_id, "Once", "k1")
    assert first == again
    last = await bot.send("direct", anna.user_id, "Other", "k2")
    assert last != first
    other = await anna.wait_for_message(None, saying("Other"))
    assert [message.body for message in anna.messages(other.room_id)] == ["Once", "Other"]


async def test_choices_stand_in_the_text_and_can_be_pressed(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    room, event_id = await asked(bot, anna)
    message = await anna.wait_for_message(room, with_id(event_id))
    assert message.body == "How are you?\n\n1️⃣ I am well\n2️⃣ I need a person"
    assert (await anna.wait_for_reaction(room, event_id, "1️⃣")).sender == bot.user_id
    assert (await anna.wait_for_reaction(room, event_id, "2️⃣")).sender == bot.user_id


@pytest.mark.parametrize("key", ["2️⃣", "2⃣"])
async def test_a_reaction_presses_a_choice(bot: RunningBot, matrix_person: MatrixPersonFactory, key: str) -> None:
    anna = await matrix_person("anna")
    room, event_id = await asked(bot, anna)
    reaction = await anna.reacts(room, event_id, key)
    heard = await bot.hub.hears(lambda inbound: inbound.invocation == PERSON)
    assert (heard.event_id, heard.private, heard.text) == (reaction, True, "")


async def test_a_digit_in_a_direct_room_presses_the_newest_choices(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    room, _event_id = await asked(bot, anna)
    await anna.says(room, "1")
    assert (await bot.hub.hears_text("1")).invocation is None
    bot.hub.newest_choices[anna.user_id] = CHOICES
    await anna.says(room, " 1 ")
    assert (await bot.hub.hears_text(" 1 ")).invocation == WELL
    await anna.says(room, "3")
    assert (await bot.hub.hears_text("3")).invocation is None


async def test_other_reactions_press_nothing(bot: RunningBot, matrix_person: MatrixPersonFactory) -> None:
    anna = await matrix_person("anna")
    room, event_id = await asked(bot, anna)
    await anna.reacts(room, event_id, "👍")
    await anna.reacts(room, event_id, "9️⃣")
    await anna.says(room, "after")
    await bot.hub.hears_text("after")
    assert [inbound.invocation for inbound in bot.hub.heard] == [None] * len(bot.hub.heard)


@pytest.mark.parametrize("encrypted", [False, True])
async def test_an_sos_reaction_asks_for_help_for_the_writer(
    bot: RunningBot, matrix_person: MatrixPersonFactory, encrypted: bool
) -> None:
    anna, ben = await matrix_person("anna"), await matrix_person("ben")
    room = await room_with(bot, anna, encrypted=encrypted)
    await anna.client.room_invite(room, ben.user_id)
    await ben.members_joined(room, [ben.user_id])
    said = await ben.says(room, "I cannot go on")
    await bot.hub.hears_text("I cannot go on")
    await anna.reacts(room, said, "🆘")
    heard = await bot.hub.hears(lambda inbound: inbound.invocation is not None)
    assert heard.invocation == Invocation(command="escalate")
    assert heard.about is not None
    assert (heard.account, heard.about.account, heard.about.message_id) == (anna.user_id, ben.user_id, said)
    assert heard.about.text == "I cannot go on"


async def test_an_edit_is_heard_as_an_edit(bot: RunningBot, matrix_person: MatrixPersonFactory) -> None:
    anna = await matrix_person("anna")
    room = await direct_room_with(bot, anna)
    said = await anna.says(room, "I am find")
    edit = await anna.edits(room, said, "I am fine")
    heard = await bot.hub.hears_text("I am fine")
    assert (heard.event_id, heard.edited, heard.replaces) == (edit, True, said)
    first = await bot.hub.hears_text("I am find")
    assert (first.edited, first.replaces) == (False, None)


async def test_the_bot_is_told_of_a_message_that_is_removed(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    room = await room_with(bot, anna)
    said = await anna.says(room, "take this back")
    await anna.redacts(room, said)
    await anna.says(room, "behind it")
    await bot.hub.hears_text("behind it")
    assert said in bot.hub.gone


async def test_a_reply_tells_what_it_answers(bot: RunningBot, matrix_person: MatrixPersonFactory) -> None:
    anna = await matrix_person("anna")
    room = await direct_room_with(bot, anna)
    said = await anna.says(room, "first")
    await anna.says(room, "second", reply_to=said)
    heard = await bot.hub.hears_text("second")
    assert heard.about is not None
    assert (heard.about.message_id, heard.about.account, heard.about.text) == (said, anna.user_id, "first")


async def test_a_reply_to_something_from_before_a_restart_is_looked_up(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    room = await direct_room_with(bot, anna)
    said = await anna.says(room, "first")
    await bot.hub.hears_text("first")
    await bot.stop()
    await bot.start()
    await anna.says(room, "second", reply_to=said)
    heard = await bot.hub.hears_text("second")
    assert heard.about is not None
    assert heard.about.text == "first"


async def test_a_message_in_a_thread_is_heard_and_answers_nothing(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    room = await room_with(bot, anna)
    root = await anna.says(room, "root")
    await anna.says(room, "in the thread", thread=root)
    assert (await bot.hub.hears_text("in the thread")).about is None


async def test_a_poll_is_heard_and_to_the_bot_alone_what_has_no_words_is_as_a_file(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    anna = await matrix_person("anna")
    direct, common = await direct_room_with(bot, anna), await room_with(bot, anna)
    old_text, old_poll = "org.matrix.msc1767.text", "org.matrix.msc3381.poll.start"
    question, answer = {old_text: "shall I go on"}, {"id": "1", old_text: "no"}
    await anna.sends(direct, old_poll, {old_poll: {"question": question, "answers": [answer]}})
    await bot.hub.hears_text("shall I go on\nno")
    stable = {"question": {"m.text": [{"body": "why"}]}, "answers": [{"m.id": "1", "m.text": [{"body": "so"}]}]}
    await anna.sends(common, "m.poll.start", {"m.poll": stable})
    await bot.hub.hears_text("why\nso")
    for room in (common, direct):
        await anna.sends(room, "m.sticker", {"body": "a heart", "url": "mxc://example.org/heart", "info": {}})
    heard = await bot.hub.hears(lambda inbound: inbound.files)
    assert (heard.place, heard.text) == (direct, "")
    assert len(bot.hub.heard) == 3


async def test_markup_and_mentions_are_harmless(bot: RunningBot, matrix_person: MatrixPersonFactory) -> None:
    anna = await matrix_person("anna")
    room = await room_with(bot, anna)
    text = f"@room <b>hi</b> {anna.user_id}\n<img src=x>"
    content = Content(title="<i>", text=text, fields=(Field(name="a&b", value="<u>"),))
    receipt = await bot.send("place", room, content, "k1")
    message = await anna.wait_for_message(room, with_id(receipt.message_id))
    assert message.body == f"<i>\n\n{text}\n\na&b: <u>"
    assert message.content["m.mentions"] == {}
    assert message.content["formatted_body"] == (
        f"<strong>&lt;i&gt;</strong><br><br>@room &lt;b&gt;hi&lt;/b&gt; {anna.user_id}<br>&lt;img src=x&gt;"
        "<br><br><strong>a&amp;b</strong>: &lt;u&gt;"
    )


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_long_text_arrives_in_pieces_and_its_choices_are_under_the_last(
    bot: RunningBot, matrix_person: MatrixPersonFactory, encrypted: bool
) -> None:
    anna = await matrix_person("anna")
    room = await room_with(bot, anna, encrypted=encrypted)
    text = "🙂🙂🙂 " * 12_000
    receipt = await bot.send("place", room, Content(text=text, choices=CHOICES), "k1")
    await anna.wait_for_message(room, with_id(receipt.message_id))
    pieces = anna.messages(room)
    assert pieces[-1].event_id == receipt.message_id
    assert " ".join(piece.body for piece in pieces).split()[:12_000] == text.split()
    await anna.wait_for_reaction(room, receipt.message_id, "2️⃣")


async def test_an_sos_reaction_on_ones_own_or_the_bots_message_asks_for_oneself(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    async def run(*_arguments: object) -> Reply:
        raise NotImplementedError

    bot.hub.registry = Registry({"peer": Command(name="peer", summary=_("A person"), may=Action.USE, run=run)})
    anna = await matrix_person("anna")
    room, asked_event = await asked(bot, anna)
    said = await anna.says(room, "I cannot go on")
    await anna.reacts(room, asked_event, "🆘")
    on_question = await bot.hub.hears(lambda inbound: inbound.invocation is not None)
    own = await anna.reacts(room, said, "🆘")
    on_own = await bot.hub.hears(lambda inbound: inbound.event_id == own)
    assert on_question.invocation == on_own.invocation == Invocation(command="peer")
    assert on_question.about is None
    assert on_own.about is not None
    assert on_own.about.text == "I cannot go on"
