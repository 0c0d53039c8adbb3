"""Meetings in a room: opened and closed by a host, raised hands in one message, notes that somebody was there."""

import json
import re
from pathlib import Path

import pytest
from harness import World
from harness.fixtures import Story, met, on_both_databases
from harness.world import open_world
from sqlalchemy import select

from bot.core.attendance import read
from bot.core.inbound import Inbound, Invocation
from bot.delivery import contents
from bot.services.hosting.attendance import keys
from bot.storage.hosting_tables import AttendanceRequest, HostedMeeting, RaisedHand
from bot.storage.tables import Delivery, InboundEvent


async def known(world: World) -> None:
    """Alice has a name, bob has none; olive, who is an organizer, may host."""
    await met(world)
    await world.alice.says("settings name Alice")
    world.alice.sees("Alice")
    await world.olive.joins()


@pytest.fixture
def story() -> Story:
    return known


async def opened(world: World, words: str = "!host open Evening group") -> None:
    """Olive opens the meeting in the lobby."""
    await world.olive.says(words, "lobby")
    world.olive.sees("Evening group is open", "Close the meeting")
    world.room("lobby").sees("Welcome to Evening group")
    world.room("lobby").sees("Now: nobody", "Next: nobody yet", "Raise my hand")


@on_both_databases
async def test_hands_are_called_in_order_in_one_message_and_closing_forgets_them(world: World) -> None:
    await opened(world)
    room = world.room("lobby")
    await world.alice.clicks("Raise my hand")
    world.alice.sees("Your hand is up, as Alice. You are number 1")
    first = room.sees("Next: 1. Alice")
    await world.bob.clicks("Raise my hand")
    world.bob.sees("as somebody. You are number 2", "settings name")
    second = room.sees("1. Alice\n2. somebody")
    assert first.id == second.id == room.shown[1].id

    await world.bob.clicks("Next, please (for the host)")
    world.bob.sees("This is for the host of the meeting")
    await world.olive.clicks("Next")
    world.olive.sees("It is the turn of Alice")
    world.alice.sees("It is your turn in Evening group")
    room.sees("Now: Alice\nNext: 1. somebody")
    await world.olive.clicks("Skip: they are not there")
    world.olive.sees("It is the turn of somebody")
    world.bob.sees("It is your turn in Evening group")
    room.sees("Now: somebody\nNext: 1. Alice")
    await world.alice.says("lower hand")
    world.alice.sees("Your hand is down")
    room.sees("Next: nobody yet")
    await world.alice.says("raise hand somebody")
    world.alice.sees("as somebody")
    assert "Alice" not in room.sees("Next: 1. somebody").text

    await world.olive.says("!host close", "lobby")
    world.olive.sees("Evening group is closed", "forgotten")
    assert room.sees("This meeting is closed").choices == ()
    room.sees("Evening group is over", "A note that I was here", "I need a person")
    assert await world.rows(select(RaisedHand.member_id)) == []
    await world.alice.says("raise hand")
    world.alice.sees("No meeting is open here just now")


async def test_the_timer_says_kindly_that_a_turn_is_nearly_over_and_not_when_it_has_ended_before(world: World) -> None:
    await opened(world, "!host open Evening group 3")
    room = world.room("lobby")
    for person in (world.alice, world.bob):
        await person.clicks("Raise my hand")
        person.sees("Your hand is up")
        assert "A turn has 3 min" in room.sees("1. Alice").text
    await world.olive.clicks("Next")
    world.olive.sees("Alice")
    world.alice.sees("You have 3 min")
    room.sees("Now: Alice")
    await world.advance(minutes=2, seconds=29)
    room.sees_nothing()
    await world.advance(seconds=1)
    room.sees("Alice, your time is nearly up")
    await world.olive.says("!turn next", "lobby")
    world.olive.sees("somebody")
    world.bob.sees("You have 3 min")
    room.sees("Now: somebody")
    await world.advance(minutes=1)
    await world.olive.says("!turn timer 0", "lobby")
    world.olive.sees("There is no timer")
    room.sees("To speak, raise your hand.")
    await world.advance(minutes=10)
    room.sees_nothing()
    assert "expired" in await world.rows(select(Delivery.state).where(Delivery.key.contains(":turn:2:late")))


async def test_only_organizers_and_whom_they_named_may_open_and_only_in_a_room_that_is_free(world: World) -> None:
    await world.alice.says("!host open Evening group", "lobby")
    world.alice.sees("Hosts of Evening group open it")
    await world.olive.says("host add alice Evening group")
    world.olive.sees("Alice can open Evening group now")
    await world.alice.says("host open Evening group")
    world.alice.sees("Please say that in the room")
    await world.alice.says("!host open Evening group", "lobby")
    world.alice.sees("Evening group is open")
    world.room("lobby").sees("Welcome")
    world.room("lobby").sees("Now: nobody")
    await opened_twice(world)
    await world.advance(hours=13)
    await opened(world)
    await world.olive.says("host remove Alice Evening group")
    world.olive.sees("Alice hosts Evening group no more")


@on_both_databases
async def test_who_is_removed_as_host_leads_the_meeting_no_more_and_the_organizer_does(world: World) -> None:
    await world.olive.says("host add alice Evening group")
    world.olive.sees("Alice can open")
    await world.alice.says("!host open Evening group", "lobby")
    world.alice.sees("Evening group is open")
    room = world.room("lobby")
    room.sees("Welcome")
    room.sees("Now: nobody")
    await world.bob.clicks("Raise my hand")
    world.bob.sees("Your hand is up")
    room.sees("1. somebody")
    await world.olive.says("host remove Alice Evening group")
    world.olive.sees("Alice hosts Evening group no more", "it is yours from now on")
    for words in ("turn next", "host close", "turn timer 2"):
        await world.alice.says(words)
        world.alice.sees("This is for the host of the meeting")
    await world.alice.clicks("Close the meeting")
    world.alice.sees("This is for the host of the meeting")
    assert await world.rows(select(HostedMeeting.open_in)) == ["console:lobby"]
    await world.olive.says("turn next")
    world.olive.sees("It is the turn of somebody")
    world.bob.sees("It is your turn")
    room.sees("Now: somebody")


async def test_a_meeting_in_a_closed_room_does_not_exist_for_whoever_asks_from_elsewhere(world: World) -> None:
    await world.sam.joins("peers")
    world.room("peers").unseen.clear()
    await world.olive.says("!host open Evening group", "peers")
    world.olive.sees("Evening group is open")
    room = world.room("peers")
    room.sees("Welcome to Evening group")
    room.sees("Raise my hand")
    (number,) = await world.rows(select(HostedMeeting.id))
    for words in (f"turn queue {number}", "turn queue", f"raise hand {number}", f"turn queue {number}-0123456789ab"):
        await world.alice.says(words)
        world.alice.sees("No meeting is open here just now")
        await world.alice.says(f"!{words}", "lobby")
        world.alice.sees("No meeting is open here just now")
    await world.alice.says(f"!turn queue {number}-", "lobby")
    world.alice.sees("No meeting is open here just now")
    await world.alice.says(f"attendance Alice {number}")
    world.alice.sees("No meeting was held here")

    await world.sam.clicks("Raise my hand")
    world.sam.sees("Your hand is up")
    room.sees("1. ")
    await world.sam.says(f"turn queue {number}")  # who waits in it may look from wherever they are
    world.sam.sees("Now: nobody")
    await world.sam.clicks("Lower my hand")
    world.sam.sees("Your hand is down")
    room.sees("nobody yet")
    await world.olive.says(f"turn queue {number}")
    world.olive.sees("Now: nobody")


async def opened_twice(world: World) -> None:
    await world.olive.says("!host open Evening group", "lobby")
    world.olive.sees("A meeting is open here already")


async def test_an_organizer_writes_what_is_said_for_one_meeting_or_for_all(world: World) -> None:
    await world.olive.says('host opening all "Be kind to each other."')
    world.olive.sees("Every meeting", "Be kind to each other.")
    await world.olive.says('host closing "Evening group" "Keep *coming* back."')
    world.olive.sees("Evening group", "Keep *coming* back.")
    await world.olive.says("!host open Evening group", "lobby")
    world.olive.sees("is open")
    world.room("lobby").sees("Evening group\n\nBe kind to each other.")
    world.room("lobby").sees("Now: nobody")
    await world.olive.says("!host close", "lobby")
    world.olive.sees("is closed")
    world.room("lobby").sees("This meeting is closed")
    world.room("lobby").sees("Keep *coming* back.")
    await world.olive.says("host opening all default")
    world.olive.sees("Welcome to")


async def test_a_meeting_goes_on_after_a_restart(world: World, world_url: str, key_file: Path) -> None:
    await opened(world)
    await world.alice.clicks("Raise my hand")
    world.alice.sees("Your hand is up")
    world.room("lobby").sees("1. Alice")
    number = (await world.rows(select(HostedMeeting.id)))[0]
    async with open_world(world_url, key_file, community=None) as again:
        await again.olive.says(f"turn next {number}")
        again.olive.sees("It is the turn of Alice")
        again.alice.sees("It is your turn")
        again.room("lobby").sees("Now: Alice")


async def asked(world: World, name: str = "Alice B. Carver") -> None:
    await world.alice.clicks("A note that I was here")
    world.alice.sees("Which name shall stand on the note?")
    await world.alice.says(name)
    world.alice.sees("I have asked the host of Evening group")


async def presses_somehow(world: World, who: str, command: str, **arguments: str) -> None:
    """A press of a button that was never shown to them."""
    invocation = Invocation(command=command, arguments=arguments)
    await world.app.hub.receive(
        Inbound(
            event_id=f"forged-{who}",
            platform="console",
            account=who,
            place=who,
            private=True,
            at=world.now,
            invocation=invocation,
        )
    )
    await world.app.settle()


@on_both_databases
async def test_a_member_gets_a_signed_note_privately_and_nothing_of_it_is_kept(world: World) -> None:
    await opened(world)
    await world.olive.says("!host close", "lobby")
    world.olive.sees("is closed")
    world.room("lobby").sees("This meeting is closed")
    world.room("lobby").sees("is over")
    await asked(world)
    world.olive.sees("Somebody asks for a note", "Alice B. Carver", "Yes, they were there")
    await world.alice.says("mydata export")
    export = world.alice.sees("attendance_requests").text
    assert "Alice B. Carver" in json.loads(export[export.index("{") :])["attendance_requests"][0]["name"]

    await world.olive.clicks("Yes, they were there")
    world.olive.sees("They have their note")
    shown = world.alice.sees("Here is your note for Evening group")
    assert shown.private
    note = read(shown.text[shown.text.index("-----BEGIN") :])
    assert re.search(r"Meeting: Evening group\nCommunity: Harbour\nDate: 2026-11-23, begun at 08:00", note.body)
    assert "given it: Alice B. Carver" in note.body
    assert note.key == keys(world.database.vault, ["harbour"])["harbour"]
    assert note.key != keys(world.database.vault, ["north"])["north"]
    assert await world.rows(select(AttendanceRequest.id)) == []
    await world.olive.clicks("Yes, they were there")
    world.olive.sees("That was answered already")


async def test_a_host_may_refuse_and_nobody_else_can_answer_or_ask_later(world: World) -> None:
    await opened(world)
    await world.olive.says("!host close", "lobby")
    world.olive.sees("is closed")
    for _message in range(2):
        world.room("lobby").sees("Evening group")
    await asked(world)
    old = (await world.rows(select(AttendanceRequest.id)))[0]
    await asked(world, "Another Name")
    world.olive.sees("Alice B. Carver")
    world.olive.sees("Another Name", "I can't say that")
    await presses_somehow(world, "olive", "attendance confirm", request=str(old))
    world.olive.sees("That was answered already")  # what is signed is the name that the host has read
    request = (await world.rows(select(AttendanceRequest.id)))[0]
    await presses_somehow(world, "bob", "attendance confirm", request=str(request))
    world.bob.sees("That was answered already")
    assert await world.rows(select(AttendanceRequest.id)) == [request]
    await world.olive.clicks("I can't say that")
    world.olive.sees("told them that you could not confirm it")
    world.alice.sees("could not confirm that you were there")
    await world.advance(hours=49)
    for words in ("attendance Alice", "attendance"):  # nor is anybody asked for a name for nothing
        await world.alice.says(words)
        world.alice.sees("No meeting was held here in the last two days")
    await world.advance(hours=30)
    assert await world.rows(select(HostedMeeting.id)) == []


async def test_who_erases_their_data_leaves_no_hand_and_no_request(world: World) -> None:
    await opened(world)
    await world.alice.clicks("Raise my hand")
    world.alice.sees("Your hand is up")
    world.room("lobby").sees("1. Alice")
    await world.alice.says("attendance Alice Carver")
    world.alice.sees("I have asked the host")
    world.olive.sees("Alice Carver")
    await world.alice.says("mydata erase")
    world.alice.unseen.clear()
    await world.alice.clicks("Yes, erase everything")
    world.alice.unseen.clear()
    assert "Alice" not in world.room("lobby").sees("nobody yet").text
    said = await world.rows(select(Delivery.content_sealed).where(Delivery.address == "lobby"))
    assert not [each for each in said if "Alice" in world.database.vault.open(each, contents.PURPOSE)]
    assert await world.rows(select(RaisedHand.member_id)) == []
    assert await world.rows(select(AttendanceRequest.id)) == []
    assert await world.rows(select(InboundEvent.error).where(InboundEvent.error.is_not(None))) == []
    await world.olive.clicks("Next")
    world.olive.sees("Nobody else has a hand up")


async def test_a_host_who_erases_their_data_leaves_a_closed_meeting_and_no_name(world: World) -> None:
    await world.olive.says("host add alice Evening group")
    world.olive.sees("Alice can open")
    await world.alice.says("!host open Evening group 3", "lobby")
    world.alice.sees("Evening group is open")
    room = world.room("lobby")
    room.sees("Welcome")
    room.sees("Now: nobody")
    await world.alice.clicks("Raise my hand")
    world.alice.sees("Your hand is up")
    room.sees("1. Alice")
    await world.alice.clicks("Next")
    world.alice.sees("It is the turn of Alice")
    world.alice.sees("It is your turn")
    room.sees("Now: Alice")
    await world.alice.says("mydata erase")
    world.alice.sees("This deletes")
    await world.alice.clicks("Yes, erase everything")
    world.alice.sees("Everything is deleted")
    room.sees("This meeting is closed")
    await world.advance(minutes=5)
    room.sees_nothing()
    await opened(world)
