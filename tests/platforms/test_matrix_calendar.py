"""A meeting's post in a Matrix room: one message with its calendar file, changed in place and taken away."""

from datetime import UTC, datetime, timedelta

import matrix_scene
import pytest
from matrix_scene import RunningBot, room_with, with_id
from real_matrix.fixtures import MatrixPersonFactory
from real_matrix.people import MatrixPerson

from bot.core.content import Attachment, Content, Entry, Upon

bot = matrix_scene.bot

START = datetime(2026, 11, 24, 18, 30, tzinfo=UTC)
ENTRY = Entry(
    name="Evening group", start=START, end=START + timedelta(hours=1), zone="UTC", where="The library", about="Tuesdays"
)


def post(when: str, file: str | None, upon: Upon | None = None) -> Content:
    attachment = None if file is None else Attachment(filename="meeting.ics", text=file)
    return Content(title="Evening group", text=when, attachment=attachment, entry=ENTRY, upon=upon)


def files(anna: MatrixPerson, room: str) -> list[str]:
    return [message.event_id for message in anna.messages(room) if message.msgtype == "m.file"]


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_post_is_changed_in_place_with_its_file_and_taken_away(
    bot: RunningBot, matrix_person: MatrixPersonFactory, encrypted: bool
) -> None:
    anna = await matrix_person("anna")
    room = await room_with(bot, anna, encrypted=encrypted)
    made = (await bot.send("place", room, post("Tuesday", "BEGIN:VCALENDAR one"), "one")).message_id
    await anna.wait_for_message(room, with_id(made))
    await anna.wait_for_message(room, lambda message: message.msgtype == "m.file")
    (first,) = files(anna, room)

    later = post("Wednesday", "BEGIN:VCALENDAR two", Upon(act="refresh", message=made))
    for _twice in range(2):  # as after a lost answer
        assert (await bot.send("place", room, later, "two")).message_id == made
    await anna.wait_for_redaction(first)
    await anna.wait_for_message(room, lambda message: message.msgtype == "m.file" and message.event_id != first)
    assert [message.edits for message in anna.messages(room) if "Wednesday" in message.body] == [made]
    (second,) = [file for file in files(anna, room) if file != first]

    plain = post("Thursday", None, Upon(act="refresh", message=made))
    await bot.send("place", room, plain, "three")
    await anna.wait_for_message(room, lambda message: "Thursday" in message.body)
    gone = Content(entry=ENTRY, upon=Upon(act="remove", message=made))
    assert (await bot.send("place", room, gone, "four")).message_id == ""
    await anna.wait_for_redaction(second)
    await anna.wait_for_redaction(made)
