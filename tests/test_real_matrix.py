"""The real homeserver and the people on it do what the other tests rely on."""

import asyncio
from collections.abc import Callable

import pytest
from real_matrix import fixtures
from real_matrix.fixtures import MatrixPersonFactory
from real_matrix.homeserver import Homeserver
from real_matrix.people import MatrixError, MatrixPerson, Message

# pytest finds fixtures by their names in the module; not needed once conftest.py loads them for all.
homeserver_process = fixtures.homeserver_process
homeserver = fixtures.homeserver
matrix_person = fixtures.matrix_person


def saying(text: str) -> Callable[[Message], bool]:
    return lambda message: message.body == text


async def room_of(anna: MatrixPerson, *others: MatrixPerson, encrypted: bool = False, room_version: str = "11") -> str:
    guests = [other.user_id for other in others]
    room = await anna.create_room("Kitchen", invite=guests, encrypted=encrypted, room_version=room_version)
    await anna.members_joined(room, guests)
    return room


@pytest.mark.parametrize(("room_version", "encrypted"), [("11", False), ("12", True)])
async def test_two_people_talk_in_a_room(
    matrix_person: MatrixPersonFactory, room_version: str, encrypted: bool
) -> None:
    anna, ben = await matrix_person("anna"), await matrix_person("ben")
    room = await room_of(anna, ben, encrypted=encrypted, room_version=room_version)

    question = await anna.says(room, "How are you?")
    heard = await ben.wait_for_message(room, saying("How are you?"))
    await ben.says(room, "Better today", reply_to=question)
    answer = await anna.wait_for_message(None, saying("Better today"))
    await anna.says(room, "Tell me", thread=question)
    in_thread = await ben.wait_for_message(room, saying("Tell me"))

    assert (heard.event_id, heard.sender, heard.msgtype) == (question, anna.user_id, "m.text")
    assert (answer.room_id, answer.sender, answer.reply_to) == (room, ben.user_id, question)
    assert (in_thread.thread, in_thread.reply_to) == (question, None)
    for message in (heard, answer, in_thread):
        assert (message.encrypted, message.decrypted) == (encrypted, encrypted)
    assert (":" in room) == (room_version == "11")
    assert [message.body for message in ben.messages(room)] == ["How are you?", "Tell me"]


async def test_a_direct_room_is_made_once_and_both_know_it_as_direct(
    matrix_person: MatrixPersonFactory,
) -> None:
    anna, ben = await matrix_person("anna"), await matrix_person("ben")
    room = await anna.direct_room_with(ben.user_id)
    invitation = await ben.wait_for_invite()
    await anna.members_joined(room, [ben.user_id])
    await anna.says(room, "Only for you")
    heard = await ben.wait_for_message(room, saying("Only for you"))

    assert (invitation.room_id, invitation.sender, invitation.is_direct) == (room, anna.user_id, True)
    assert heard.decrypted
    assert await anna.direct_room_with(ben.user_id) == room
    assert await ben.direct_room_with(anna.user_id) == room
    assert await anna.direct_room_with(ben.user_id, encrypted=False) != room


async def test_an_invitation_can_be_left_open_and_accepted_later(
    matrix_person: MatrixPersonFactory,
) -> None:
    anna, ben = await matrix_person("anna"), await matrix_person("ben", accepts_invitations=False)
    room = await anna.create_room(invite=[ben.user_id], encrypted=True)
    invitation = await ben.wait_for_invite(room_id=room)
    assert room not in ben.client.rooms
    event_id = await anna.says(room, "Before you came in")
    await ben.join(invitation.room_id)
    early = await ben.wait_for_message(room, lambda message: message.event_id == event_id)
    assert early.body == "Before you came in"  # an invited person's devices get the keys already


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_message_is_reacted_to_edited_and_redacted(matrix_person: MatrixPersonFactory, encrypted: bool) -> None:
    anna, ben = await matrix_person("anna"), await matrix_person("ben")
    room = await room_of(anna, ben, encrypted=encrypted)
    said = await anna.says(room, "I am find")
    original = await ben.wait_for_message(room, saying("I am find"))

    reaction = await ben.reacts(room, said, "👍")
    assert (await anna.wait_for_reaction(room, said, "👍")).event_id == reaction
    with pytest.raises(MatrixError) as again:
        await ben.reacts(room, said, "👍")
    assert (again.value.status_code, again.value.http_status) == ("M_DUPLICATE_ANNOTATION", 400)

    await anna.edits(room, said, "I am fine")
    edit = await ben.wait_for_message(room, lambda message: message.edits == said)
    assert (edit.new_body, edit.decrypted) == ("I am fine", encrypted)

    assert not original.redacted
    await anna.redacts(room, said)
    await ben.wait_for_redaction(said)
    assert original.redacted


async def test_the_same_transaction_id_gives_one_event(matrix_person: MatrixPersonFactory) -> None:
    anna, ben = await matrix_person("anna"), await matrix_person("ben")
    room = await room_of(anna, ben, encrypted=True, room_version="12")
    event_ids = await asyncio.gather(*(anna.says(room, "Once", transaction_id="reminder-1") for _ in range(5)))
    await anna.says(room, "Last")
    await ben.wait_for_message(room, saying("Last"))
    assert len(set(event_ids)) == 1
    assert [message.body for message in ben.messages(room)] == ["Once", "Last"]


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_a_conversation_goes_on_after_the_homeserver_restarted(
    homeserver: Homeserver, matrix_person: MatrixPersonFactory, end: str
) -> None:
    anna, ben = await matrix_person("anna"), await matrix_person("ben")
    room = await room_of(anna, ben, encrypted=True, room_version="12")
    await anna.says(room, "Before")
    await ben.wait_for_message(room, saying("Before"))
    address = homeserver.base_url

    await (homeserver.kill() if end == "kill" else homeserver.stop())
    unsent = asyncio.create_task(anna.says(room, "In between"))
    await homeserver.restart()
    await unsent
    await ben.wait_for_message(room, saying("In between"))
    await ben.says(room, "After")
    await anna.wait_for_message(room, saying("After"))

    assert homeserver.base_url == address
    assert not [message for message in ben.messages(room) if message.undecryptable]


async def test_what_was_said_before_a_device_existed_is_recorded_as_undecryptable(
    matrix_person: MatrixPersonFactory,
) -> None:
    anna, ben = await matrix_person("anna"), await matrix_person("ben")
    room = await room_of(anna, ben, encrypted=True, room_version="12")
    early = await anna.says(room, "Too early for the phone")
    await ben.wait_for_message(room, saying("Too early for the phone"))

    async with await ben.another_device() as phone:
        seen = await phone.wait_for_message(room, lambda message: message.event_id == early)
        assert seen.undecryptable
        assert (seen.body, seen.msgtype, seen.sender) == ("", "", anna.user_id)
        await anna.knows_device(phone.user_id, phone.device_id)
        await anna.says(room, "Now it is there")
        assert (await phone.wait_for_message(room, saying("Now it is there"))).decrypted


async def test_whoever_joins_an_encrypted_room_later_reads_the_next_message(
    matrix_person: MatrixPersonFactory,
) -> None:
    anna, ben, cora = [await matrix_person(name) for name in ("anna", "ben", "cora")]
    room = await room_of(anna, ben, encrypted=True)
    early = await anna.says(room, "Only for Ben")
    await ben.wait_for_message(room, saying("Only for Ben"))
    async with asyncio.TaskGroup() as together:
        together.create_task(anna.client.room_invite(room, cora.user_id))
        together.create_task(anna.members_joined(room, [cora.user_id]))
    await anna.says(room, "Welcome, Cora")

    assert (await cora.wait_for_message(room, saying("Welcome, Cora"))).decrypted
    assert (await cora.wait_for_message(room, lambda message: message.event_id == early)).undecryptable


async def test_waiting_for_what_never_comes_says_what_was_missing(
    matrix_person: MatrixPersonFactory,
) -> None:
    anna = await matrix_person("anna")
    with pytest.raises(TimeoutError, match="a message in any room"):
        await anna.wait_for_message(None, saying("anything"), timeout=0.01)
    with pytest.raises(MatrixError) as refused:
        await anna.join("!nowhere:localhost")
    assert refused.value.http_status in {403, 404}
