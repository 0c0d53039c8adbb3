"""The Matrix adapter: rooms of their own, such as one for each case, on a real homeserver."""

import matrix_scene
import pytest
from matrix_scene import RunningBot, direct_room_with, left, room_with, with_id
from real_matrix.fixtures import MatrixPersonFactory

from bot.core.content import Apart, Content, Field, Upon
from bot.core.platform import NeverAgain

bot = matrix_scene.bot

FACTS = (Field(name="How grave", value="Urgent"),)


def case(text: str, *, pin: bool = True) -> Content:
    """What a peer is told who takes case 7."""
    return Content(text=text, apart=Apart(key="case:7", name="Case 7", facts=FACTS, pin=pin))


async def test_a_case_has_an_encrypted_room_that_outlives_a_restart_and_a_direct_room_stays_another(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    sam, robin = await matrix_person("sam"), await matrix_person("robin")
    first = await bot.send("direct", sam.user_id, case("You have it"), "have")
    assert first.place is not None
    facts = await sam.wait_for_message(first.place, with_id(str(first.pinned)))
    assert "Urgent" in facts.body
    assert await sam.pinned(first.place) == [first.pinned]
    assert sam.client.rooms[first.place].encrypted
    assert sam.client.rooms[first.place].name == "Case 7"
    await bot.stop()
    del bot.hub.memory[f"apart:{first.place}"]  # killed before it wrote that down
    await bot.start()
    again = await bot.send("direct", sam.user_id, case("You have it"), "have")
    assert (again.place, again.message_id) == (first.place, first.message_id)
    private = await bot.send("direct", sam.user_id, "hello", "dm")
    assert (await sam.wait_for_message(None, with_id(private.message_id))).room_id != first.place

    joined = await bot.send("direct", robin.user_id, case("You too"), "too")
    assert (joined.place, joined.pinned) == (first.place, first.pinned), "the facts stand there once"
    told = await robin.wait_for_message(first.place, with_id(joined.message_id))
    assert "Urgent" in told.body, "who comes later cannot read what was said before"
    await sam.says(first.place, "both of us")
    heard = await bot.hub.hears_text("both of us")
    assert (heard.apart, heard.private, heard.place) == ("case:7", True, first.place)

    await bot.send("place", first.place, Content(text=sam.user_id, upon=Upon(act="dismiss")), "out")
    await left(robin, first.place, sam.user_id)
    await bot.send("place", first.place, Content(upon=Upon(act="close")), "close")
    await left(robin, first.place, bot.user_id)


async def test_a_leave_that_is_read_late_is_nobodys_who_is_back_by_then(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    sam, robin, mo = await matrix_person("sam"), await matrix_person("robin"), await matrix_person("mo")
    peers = await room_with(bot, mo)
    for peer in (sam, robin):
        await mo.client.room_invite(peers, peer.user_id)
        await mo.members_joined(peers, [peer.user_id])
    await mo.says(peers, "all here")
    await bot.hub.hears_text("all here")
    await bot.stop()
    for peer in (sam, robin):
        await peer.client.room_leave(peers)
        await left(mo, peers, peer.user_id)
    await mo.client.room_invite(peers, sam.user_id)
    await mo.members_joined(peers, [sam.user_id])
    await mo.says(peers, "sam is back")
    await bot.start()
    await bot.hub.hears_text("sam is back")
    assert bot.hub.departed == [(robin.user_id, peers)]


async def test_a_room_that_its_peer_has_left_takes_nothing_more_and_leaving_is_heard(
    bot: RunningBot, matrix_person: MatrixPersonFactory
) -> None:
    sam = await matrix_person("sam")
    receipt = await bot.send("direct", sam.user_id, case("You have it"), "have")
    assert receipt.place is not None
    await sam.wait_for_message(receipt.place, with_id(receipt.message_id))
    peers = await room_with(bot, sam)
    await sam.says(peers, "bye")
    await bot.hub.hears_text("bye")
    for room in (receipt.place, peers):
        await sam.client.room_leave(room)
    await sam.says(await direct_room_with(bot, sam, encrypted=False), "I left")
    await bot.hub.hears_text("I left")
    assert (sam.user_id, peers) in bot.hub.departed
    with pytest.raises(NeverAgain):
        await bot.send("place", receipt.place, "are you there", "lost")
