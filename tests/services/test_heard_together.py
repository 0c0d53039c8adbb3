"""One sentence in several messages is heard by the running bot, and others' alarm; none of their words is stored."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from harness import World
from harness.fixtures import on_both_databases
from sqlalchemy import select

from bot.core.inbound import Inbound
from bot.platforms.console.lines import Says
from bot.services import hearing
from bot.storage.tables import CaseEvent, CaseRow, InboundEvent
from services.test_at_once import REFUSE, TROUBLE, broken

FRAGMENTS = ("i want", "to kill", "myself")
PASSIVE = "i wish i was never born"


async def says(world: World, texts: Sequence[str], place: str = "lobby") -> None:
    """Alice writes several messages, a second apart."""
    for text in texts:
        await world.alice.says(text, place)
        await world.advance(seconds=1)


def heard(world: World, event_id: str, text: str, **values: Any) -> Inbound:
    """A message of alice in the lobby."""
    values = {"account": "alice", "place": "lobby", "private": False, "at": world.now, **values}
    return Inbound(event_id=event_id, platform="console", text=text, **values)


def answered(world: World) -> str:
    """Alice is answered and the peers are paged; the alert's words."""
    world.alice.sees("I'm a bot, and I'm getting a person")
    return world.room("peers").sees("About: suicide", "I'm on it").text


async def cases(world: World) -> int:
    """How many cases there are."""
    return len(await world.rows(select(CaseRow.id)))


# One sentence in several messages


@on_both_databases
@pytest.mark.parametrize("place", ["lobby", "dm"])
async def test_a_sentence_in_several_messages_is_heard_and_peers_read_all_of_it(world: World, place: str) -> None:
    await says(world, FRAGMENTS, place)
    if place == "dm":
        world.alice.sees("cannot answer that")
        world.alice.sees("Shall I call a person for you?")  # "to kill" names danger
        world.alice.unseen[:] = [shown for shown in world.alice.unseen if "Hello" not in shown.text]
    assert "“i want\nto kill\nmyself”" in answered(world)


async def test_peers_read_only_the_messages_that_have_part_in_it(world: World) -> None:
    await says(world, ["my dentist is called Zebra", *FRAGMENTS])
    text = answered(world)
    assert "Zebra" not in text
    assert "i want" in text


async def test_of_long_messages_peers_read_the_words_around_what_was_heard(world: World) -> None:
    await says(world, ["word " * 200 + "i want", "to kill myself " + "word " * 200])
    text = answered(world)
    assert "i want\nto kill myself" in text
    assert len(text) < 600


async def test_others_may_write_in_between(world: World) -> None:
    await world.alice.says("i want", "lobby")
    await world.bob.says("good morning everybody", "lobby")
    await world.alice.says("to kill myself", "lobby")
    assert "good morning" not in answered(world)


async def test_words_that_were_written_longer_ago_are_not_joined(world: World) -> None:
    await world.alice.says("i want to kill", "lobby")
    await world.advance(minutes=2, seconds=1)
    await world.alice.says("myself", "lobby")
    assert await cases(world) == 0


@pytest.mark.parametrize(("who", "where"), [("bob", "lobby"), ("alice", "meeting-room")])
async def test_words_of_others_and_in_other_rooms_are_not_joined(world: World, who: str, where: str) -> None:
    await world.app.hub.receive(heard(world, "1", "i want to kill", account=who, place=where))
    await world.alice.says("myself", "lobby")
    assert await cases(world) == 0


async def test_what_was_heard_is_not_heard_again_with_what_follows(world: World) -> None:
    await says(world, FRAGMENTS)
    answered(world)
    await says(world, ["sorry", "i don't know"])
    assert await world.rows(select(CaseEvent.what).where(CaseEvent.what == "Heard")) == []


@pytest.mark.parametrize("more", ["now", "i don't know what to do now", "tonight", "so much"])
async def test_who_was_heard_is_not_heard_again_for_a_word_that_says_nothing_by_itself(world: World, more: str) -> None:
    await says(world, ["i want to die", more])
    answered(world)
    world.alice.sees_nothing()


async def test_danger_in_the_next_message_is_heard_again(world: World) -> None:
    await says(world, ["i want to die", "i took the pills"])
    answered(world)
    world.alice.sees("still looking for a person")


@pytest.mark.parametrize("texts", [["i want to die", "i'm going to", "do it now"], ["i want to kill", "myself", "now"]])
async def test_a_word_that_makes_what_was_heard_graver_raises_the_case(world: World, texts: list[str]) -> None:
    await says(world, texts)
    answered(world)
    world.alice.unseen.clear()
    world.room("peers").sees("Emergency")
    assert await world.rows(select(CaseRow.severity)) == ["emergency"]


async def test_an_edit_is_not_joined_with_the_words_that_it_replaces(world: World) -> None:
    await world.app.hub.receive(heard(world, "1", "i want to kill"))
    await world.app.hub.receive(heard(world, "1:edit", "myself", edited=True, replaces="1"))
    await world.app.settle()
    assert await cases(world) == 0


async def test_an_edit_is_heard_with_what_was_said_before(world: World) -> None:
    await world.app.hub.receive(heard(world, "1", "i want"))
    await world.app.hub.receive(heard(world, "2", "to k"))
    edit = heard(world, "2:edit", "to kill myself", edited=True, replaces="2", at=world.now + timedelta(minutes=30))
    await world.app.hub.receive(edit)
    await world.app.settle()
    assert "i want" in answered(world)


@pytest.mark.parametrize("command", ["checkin month", "Check-in month", "chekin stop", "settings", "reuniones"])
async def test_a_command_without_its_mark_is_joined_with_nothing(world: World, command: str) -> None:
    await says(world, [command, "i want to die"], "dm")
    world.alice.sees("I'm a bot, and I'm getting a person")
    world.alice.unseen.clear()
    assert "“i want to die”" in world.room("peers").sees("About: suicide").text


@pytest.mark.parametrize("words", [("i want to", "leave", "this life"), ("i will", "take", "all my pills")])
async def test_an_everyday_word_that_is_a_command_too_is_heard_with_the_others(
    world: World, words: tuple[str, ...]
) -> None:
    await says(world, words, "dm")
    world.alice.unseen.clear()
    assert "\n".join(words) in world.room("peers").sees("I'm on it").text


async def test_words_from_before_a_case_ended_make_no_new_one(world: World) -> None:
    await world.alice.says("I need a person")
    await says(world, ["kms", "I'm safe", "leave me alone"], "dm")
    assert await cases(world) == 1
    for mailbox in world.mailboxes:
        mailbox.unseen.clear()


async def test_new_words_of_danger_after_a_case_make_one(world: World) -> None:
    await world.alice.says("I want to die")
    await says(world, ["I'm safe", "i want", "to kill", "myself"], "dm")
    assert await cases(world) == 2
    for mailbox in world.mailboxes:
        mailbox.unseen.clear()


async def test_words_in_a_form_or_a_command_are_not_joined(world: World) -> None:
    await world.alice.says("!checkin note i want", "lobby")
    world.alice.unseen.clear()
    await world.alice.says("to kill a mockingbird", "lobby")
    assert await cases(world) == 0


# Others' alarm


async def test_others_alarm_makes_a_concern_urgent(world: World) -> None:
    await world.bob.says("alice, are you ok??", "lobby")
    await world.alice.says(PASSIVE, "lobby")
    world.alice.sees("I'm a bot")
    assert "ok??" not in world.room("peers").sees("Urgent").text


async def test_without_it_or_in_another_room_it_stays_a_concern(world: World) -> None:
    await world.bob.says("are you ok??", "moderators")
    await world.alice.says(PASSIVE, "lobby")
    world.alice.unseen.clear()
    assert "Urgent" not in world.room("peers").sees("I'm on it").text


# Read back


async def test_what_was_written_while_the_bot_was_away_is_joined_by_the_time_it_was_written(world: World) -> None:
    ago = world.now - timedelta(minutes=47)
    for number, text in enumerate(FRAGMENTS):
        at = ago + timedelta(seconds=20 * number)
        await world.app.hub.receive(heard(world, f"{number}", text, at=at, read_back=True))
    await world.app.settle()
    world.alice.sees("You wrote this 46 minutes ago")
    world.room("peers").sees("i want\nto kill\nmyself")


async def test_what_was_written_hours_apart_is_not_joined_when_it_is_read_back_at_once(world: World) -> None:
    for number, text in enumerate(["i want", "to kill a mockingbird"]):
        at = world.now - timedelta(hours=5 - number)
        await world.app.hub.receive(heard(world, f"{number}", text, at=at, read_back=True))
    await world.app.settle()
    assert await cases(world) == 0


# Heard twice, faults, crashes


async def test_an_event_that_comes_twice_is_not_its_own_earlier_one(world: World) -> None:
    for _time in range(3):
        await world.app.hub.receive(heard(world, "1", "i want to kill"))
        await world.app.settle()
    assert await cases(world) == 0


@on_both_databases
async def test_the_last_part_that_comes_twice_opens_one_case(world: World) -> None:
    await world.app.hub.receive(heard(world, "1", "i want to kill"))
    for _time in range(2):
        await world.app.hub.receive(heard(world, "2", "myself"))
        await world.app.settle()
    answered(world)
    assert await cases(world) == 1


@on_both_databases
async def test_without_the_database_it_is_answered_and_the_case_opens_when_it_works_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "PAUSES", (0.0, 0.0))
    await world.app.hub.receive(heard(world, "1", "i want to kill"))
    last = heard(world, "2", "myself")
    async with broken(world, REFUSE):
        with pytest.raises(Exception, match=r"."):
            await world.app.hub.receive(last)
    world.alice.sees(TROUBLE)
    await world.advance(minutes=20)
    await world.app.hub.receive(last)
    await world.app.settle()
    world.alice.sees("I'm getting a person")
    world.room("peers").sees("i want to kill\nmyself")


@on_both_databases
async def test_a_crash_between_the_case_and_the_handler_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The words before it are gone with the process; that it was an alarm is stored with the event."""
    await world.app.hub.receive(heard(world, "1", "i want to kill", place="alice", private=True))
    await world.app.settle()
    world.alice.unseen.clear()

    async def dies(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(world.app.hub._dispatcher, "_answer", dies)
        with pytest.raises(KeyboardInterrupt):
            await world.app.hub._dispatcher.receive(heard(world, "2", "myself", place="alice", private=True))
    await world.advance(minutes=3)
    answered(world)
    world.room("peers").unseen.clear()
    world.alice.sees_nothing()  # not that it cannot answer that
    assert set(await world.rows(select(InboundEvent.state))) == {"handled"}


async def test_no_ordinary_words_are_stored_not_even_for_a_moment(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies: list[str] = []
    seal = type(world.database.vault).seal

    def note(vault: Any, text: str, purpose: str) -> bytes:
        if purpose == "inbound_events.body":
            bodies.append(text)
        return seal(vault, text, purpose)

    monkeypatch.setattr(type(world.database.vault), "seal", note)
    await says(world, FRAGMENTS)
    answered(world)
    assert bodies
    assert not any("i want" in body or "to kill" in body for body in bodies)


# Forgetting


async def test_after_an_erasure_nothing_is_joined_with_what_was_said_before(world: World) -> None:
    await world.alice.says("i want", "lobby")
    await world.alice.says("mydata erase")
    await world.alice.clicks("Yes, erase everything")
    world.alice.unseen.clear()
    await world.alice.says("to kill a mockingbird", "lobby")
    assert await cases(world) == 0
    assert not [said for said in world.app.hub._recently._said.values() if said.text == "i want"]


async def test_a_removed_message_is_not_joined(world: World) -> None:
    first = heard(world, "1", "i want to kill")
    await world.app.hub.receive(first)
    world.app.hub.removed("console", "1")
    await world.app.hub.receive(replace(first, event_id="2", text="myself"))
    await world.app.settle()
    assert await cases(world) == 0


async def test_words_are_forgotten_by_the_tick_also_where_nobody_writes_any_more(world: World) -> None:
    await world.console.say(Says("alice", "lobby", "i want", None))
    assert len(world.app.hub._recently)
    await world.advance(minutes=3)
    await world.app.tick()
    assert len(world.app.hub._recently) == 0
