"""The way in: hostile words, half commands, faults; nobody in danger is left without an answer."""

import logging
import re
import time
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from harness import World
from harness.communities import NORTH
from harness.fixtures import on_both_databases
from sqlalchemy import select

from bot.core.commands import Parameter, Reader, command
from bot.core.community import Place
from bot.core.content import Reply
from bot.core.inbound import TEXT_LIMIT, Inbound, Invocation
from bot.core.kinds import Words
from bot.core.words import _
from bot.services import typed
from bot.services.call import Call
from bot.storage.tables import CaseRow, InboundEvent, Member

DANGER = "I want to kill myself"

GIVEN_UP = 75
"""Seconds after which a handler that always fails is given up: after waits of 2, 10 and 60 seconds."""


class BrokenCog:
    """A cog with a mistake in it."""

    @command("break", _("Break"), Parameter(name="words", ask=_("What?"), kind=Words(), rest=True))
    async def run(self, call: Call, words: str) -> Reply:
        """Fail with the person's words in the message, as careless code does."""
        raise RuntimeError(words)


def incident(text: str) -> str:
    """The number a person can read out."""
    found = re.search(r"\(number ([0-9a-f]{8})\)", text)
    assert found
    return found[1]


@on_both_databases
async def test_a_failing_handler_is_answered_and_logged_by_number_without_words(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    world.add_commands(BrokenCog())
    await world.alice.says("!break zebra-marker", "lobby")
    await world.advance(seconds=GIVEN_UP)
    number = incident(world.alice.sees("something went wrong on my side", "I need a person").text)
    assert f"incident {number}: a handler failed: RuntimeError at test_dispatcher.py" in caplog.text
    assert "zebra-marker" not in caplog.text
    (error,) = await world.rows(select(InboundEvent.error).where(InboundEvent.state == "parked"))
    assert error.startswith(f"{number} RuntimeError at test_dispatcher.py")
    assert "zebra-marker" not in error


@on_both_databases
async def test_when_the_handler_of_a_crisis_message_fails_a_person_is_called_all_the_same(world: World) -> None:
    world.add_commands(BrokenCog())
    await world.alice.says(f"!break {DANGER}", "lobby")
    world.alice.sees("I'm getting a person", "988")
    world.room("peers").sees("I'm on it", DANGER)
    await world.advance(seconds=GIVEN_UP)
    world.alice.sees("something went wrong on my side")


async def test_what_a_failing_handler_had_stored_is_taken_back(world: World) -> None:
    class Half:
        @command("half", _("Half"))
        async def run(self, call: Call) -> Reply:
            """Store something, then fail."""
            (await call.tx.session.get_one(Member, call.member.id)).country = "FR"
            raise RuntimeError

    world.add_commands(Half())
    await world.alice.says("!half")
    await world.advance(seconds=GIVEN_UP)
    world.alice.sees("something went wrong")
    assert await world.rows(select(Member.country).where(Member.country.is_not(None))) == []


async def test_the_same_event_is_answered_once(world: World) -> None:
    event = Inbound(
        event_id="twice", platform="console", account="alice", place="alice", private=True, at=world.now, text="help"
    )
    for _time in range(2):
        await world.app.hub.receive(event)
        await world.app.settle()
    world.alice.sees("What I can do")


async def test_an_event_that_was_seen_but_not_handled_is_handled_after_a_restart(world: World) -> None:
    event = Inbound(
        event_id="cut", platform="console", account="alice", place="alice", private=True, at=world.now, text="help"
    )
    async with world.database.begin() as tx:
        await tx.insert_new(InboundEvent, platform="console", event_id="cut", seen_at=world.now, state="seen")
    await world.app.hub.receive(event)
    await world.app.settle()
    world.alice.sees("What I can do")


async def test_an_adapter_that_answers_itself_is_given_the_rendered_reply(world: World) -> None:
    reply = await world.app.hub.receive(
        Inbound(
            event_id="slash",
            platform="console",
            account="alice",
            place="lobby",
            private=False,
            at=world.now,
            invocation=Invocation(command="settings"),
            answered_directly=True,
        )
    )
    assert reply is not None
    assert reply.private
    assert reply.content.title == "Your settings"
    await world.app.settle()


async def test_ordinary_talk_in_a_room_is_neither_answered_nor_stored(world: World) -> None:
    before = len(await world.rows(select(InboundEvent.event_id)))
    await world.alice.says("good morning everybody", "lobby")
    await world.carol.says("hello", "lobby")
    assert len(await world.rows(select(InboundEvent.event_id))) == before


async def test_an_unknown_command_in_a_room_is_another_bots_business(world: World) -> None:
    await world.alice.says("!weather", "lobby")


async def test_an_unknown_command_in_private_is_answered(world: World) -> None:
    await world.alice.says("!weather")
    world.alice.sees("I don't know that command", "What can you do?")


async def test_an_answer_to_a_command_in_a_room_is_private(world: World) -> None:
    await world.alice.says("!settings", "lobby")
    assert world.alice.sees("Your settings").private


async def test_words_after_a_command_that_fit_nothing_are_said_back_harmlessly(world: World) -> None:
    await world.alice.says("!help \u202eplum\x07 tart")
    assert "“plum tart”" in world.alice.sees("I did not understand").text


async def test_somebody_whose_community_is_unknown_is_told_how_to_be_known(world: World) -> None:
    await world.apply(NORTH)
    await world.zoe.says("help")
    world.zoe.sees("I don't know which community you belong to")


async def test_somebody_in_danger_whose_community_is_unknown_is_answered(world: World) -> None:
    await world.apply(NORTH)
    await world.zoe.says(DANGER)
    world.zoe.sees("I cannot reach a person for you here", "112 or 911")
    assert await world.rows(select(CaseRow.id)) == []


async def test_somebody_in_danger_whom_nobody_knows_reaches_the_only_community_on_their_platform(world: World) -> None:
    matrix = Place(platform="matrix", kinds=("peers",), address="!peers:example.org")
    elsewhere = NORTH.model_copy(update={"places": (matrix,), "people": (), "meetings": ()})
    await world.apply(elsewhere)
    await world.zoe.says(DANGER)
    world.zoe.sees("the peers of Harbour have been told")
    world.room("peers").sees("I'm on it")


async def test_a_private_chat_belongs_to_the_community_somebody_was_in_last(world: World) -> None:
    await world.apply(NORTH)
    await world.advance(minutes=1)
    await world.alice.says("!settings", "north")
    world.alice.sees("Your settings")
    world.alice.sees("Hello, I'm the bot of North")
    await world.advance(minutes=1)
    await world.alice.says("!settings", "lobby")
    world.alice.sees("Your settings")
    await world.alice.says(DANGER)
    world.alice.sees("the peers of Harbour have been told")
    world.room("peers").sees("I'm on it")


async def test_the_first_contact_says_once_what_is_stored(world: World) -> None:
    await world.carol.says("hello")
    world.carol.sees("Hello, I'm the bot of Harbour", "encrypted", "mydata erase", "I need a person")
    world.carol.sees_nothing()
    await world.carol.says("help")
    world.carol.sees("What I can do")


async def test_i_need_a_person_counts_in_a_room_too(world: World) -> None:
    await world.alice.says("I need a person please", "lobby")
    world.alice.sees("I'm getting a person for you")
    world.alice.sees("the peers of Harbour have been told")
    world.room("peers").sees("they asked for a person")


async def test_while_nobody_has_come_a_whole_command_is_still_a_command(world: World) -> None:
    await world.alice.says(DANGER, "lobby")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.says("safe")
    world.alice.sees("Whenever you need a person again")
    world.alice.sees("I'm glad")
    world.room("peers").sees("Case 1 has ended")


async def test_a_peer_who_was_called_and_writes_before_taking_the_case_is_shown_how(world: World) -> None:
    await world.alice.says(DANGER, "lobby")
    await world.advance(minutes=30)
    for box in world.mailboxes:
        box.unseen.clear()
    await world.sam.says("hi, how can I help")
    world.sam.sees("nobody reads you yet")
    await world.sam.clicks("I'm on case 1")
    world.alice.sees("Sam is here")
    for box in world.mailboxes:
        box.unseen.clear()


async def test_the_alert_shows_the_words_around_what_was_heard(world: World) -> None:
    await world.alice.says("word " * 300 + DANGER, "lobby")
    assert "…" in world.room("peers").sees("Their words", DANGER[-15:]).text
    for box in world.mailboxes:
        box.unseen.clear()


async def test_a_long_message_is_carried_whole(world: World) -> None:
    await world.alice.says(DANGER, "lobby")
    await world.sam.clicks("I'm on it")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.sam.says("yes " * 1000 + "the end")
    pieces = [world.alice.sees("yes").text for _piece in range(3)]
    assert "\n".join(pieces).split().count("yes") == 1000
    assert pieces[-1].endswith("the end")


# Hostile words


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Al\x00ex\x07", "Alex"),
        ("\u202eevil\u202c", "evil"),
        ("  two\twords ", "two words"),
        ("x" * 60, "x" * 40),
        ("@everyone", "@everyone"),
        ("**bold**", "**bold**"),
    ],
)
async def test_a_chosen_name_is_one_harmless_line(world: World, typed: str, kept: str) -> None:
    await world.alice.says(f"settings name {typed}")
    world.alice.sees(f"Others see you as {kept}.")


async def test_a_text_over_its_limit_is_asked_again_and_never_cut(world: World) -> None:
    await world.alice.says("checkin now")
    world.alice.sees("How are you today?")
    await world.alice.clicks("Good")
    world.alice.sees("Add a note")
    await world.alice.says(f"checkin note {'a' * 1001}")
    world.alice.sees("a little too long: up to 1000 characters")
    await world.alice.says("short")
    world.alice.sees("Noted, for you alone.")


async def test_a_note_without_anything_readable_is_asked_again(world: World) -> None:
    await world.alice.says("checkin note \u200b\u2066\x01")
    world.alice.sees("Please write a few words")


async def test_words_in_the_relay_are_carried_without_control_characters(world: World) -> None:
    await world.alice.says(DANGER, "lobby")
    world.alice.sees("I'm getting a person")
    world.room("peers").sees("I'm on it")
    await world.sam.clicks("I'm on it")
    world.sam.unseen.clear()
    world.alice.unseen.clear()
    world.room("peers").unseen.clear()
    await world.alice.says("a\u202eb\x00c @everyone")
    assert world.sam.sees("@everyone").text.endswith("abc @everyone")


async def test_a_signal_in_a_very_long_message_is_heard_and_its_excerpt_is_short(world: World) -> None:
    await world.alice.says(f"{DANGER}. {'and so on ' * 900}", "lobby")
    world.alice.sees("I'm getting a person")
    assert len(world.room("peers").sees("I'm on it").text) < 600


@pytest.mark.parametrize("arguments", [{"case": "x"}, {"case": "99999999999999999999"}, {"case": "-1"}, {"case": "0"}])
async def test_a_forged_button_asks_again_instead_of_failing(world: World, arguments: dict[str, str]) -> None:
    await world.app.hub.receive(
        Inbound(
            event_id="forged",
            platform="console",
            account="sam",
            place="sam",
            private=True,
            at=world.now,
            invocation=Invocation(command="take", arguments=arguments),
        )
    )
    await world.app.settle()
    world.sam.sees("Please write a number from 1 to")


async def test_a_forged_answer_is_refused(world: World) -> None:
    for number, question in enumerate(("", "x", "9" * 30, "-1", "²")):
        await world.app.hub.receive(
            Inbound(
                event_id=f"forged{number}",
                platform="console",
                account="alice",
                place="alice",
                private=True,
                at=world.now + timedelta(seconds=number),
                invocation=Invocation(command="answer", arguments={"question": question, "value": "x"}),
            )
        )
        await world.app.settle()
        world.alice.sees("That question is not open any more")


# Settings


async def test_settings_show_what_is_the_communitys(world: World) -> None:
    await world.alice.says("settings")
    world.alice.sees("America/New_York (your community's)", "United States (your community's)", "Quiet hours: not set")


async def test_settings_are_kept(world: World) -> None:
    for words in ("settings zone Europe/Berlin", "settings country DE", "settings language de"):
        await world.alice.says(words)
    await world.alice.says("settings quiet 22:00 07:00")
    world.alice.unseen.clear()
    await world.alice.says("settings")
    text = world.alice.sees("Europe/Berlin", "22:00 to 07:00").text
    assert "your community's" not in text


async def test_a_member_in_danger_in_a_room_that_is_no_communitys_gets_a_peer_of_the_one_they_share(
    world: World,
) -> None:
    stranger = Inbound(
        event_id="1",
        platform="console",
        account="nobody",
        place="a garden",
        private=False,
        at=world.now,
        text=DANGER,
    )
    await world.app.hub.receive(stranger)
    await world.app.settle()
    world.room("peers").sees_nothing()
    await world.app.hub.receive(replace(stranger, event_id="2", account="alice", shared_spaces=("lobby",)))
    await world.app.settle()
    world.room("peers").sees("Urgent")
    for box in world.mailboxes:
        box.unseen.clear()


@pytest.mark.parametrize("words", ["“ ", "and ", "9-5 ", '" '])
async def test_a_command_of_words_without_end_holds_nobody_up(world: World, words: str) -> None:
    reader = Reader(now=world.now, zone=ZoneInfo("UTC"))
    began = time.process_time()
    for name in ("swap", "roster hours", "snippet", "checkin note"):
        typed.read(f"!{name} {words * 40_000}"[:TEXT_LIMIT], world.app.registry, reader)
    assert time.process_time() - began < 2


async def test_a_note_of_very_many_words_is_kept_to_its_last_one(world: World) -> None:
    reader = Reader(now=world.now, zone=ZoneInfo("UTC"))
    note = "so “many” words " * 60 + "end"
    found = typed.read(f"!checkin note {note}", world.app.registry, reader)
    assert found is not None
    assert (found.arguments["note"], found.left) == (note, "")
