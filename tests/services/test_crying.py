"""A mere "help" in a room: who writes it is asked privately whether they want a person, and the room reads nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from harness import World
from sqlalchemy import select

from bot.app import load_languages
from bot.core.inbound import Inbound
from bot.core.platform import NeverAgain
from bot.services.writing import crying
from bot.storage.tables import CaseRow
from services.test_at_work import clear

QUESTION = "Shall I call a person?"


@pytest.mark.parametrize("words", ["HELP", "HEEELPPP please", "hlep me", "ayuda"])
async def test_who_writes_help_in_the_lobby_is_asked_privately_whether_they_want_a_person(
    world: World, words: str
) -> None:
    await world.alice.says(words, "lobby")
    asked = world.alice.sees("peer", "I need a person" if words != "ayuda" else "Necesito a una persona")
    assert asked.private
    world.room("lobby").sees_nothing()
    assert await world.rows(select(CaseRow.id)) == []
    await world.alice.says("yes" if words != "ayuda" else "sí")
    world.room("peers").sees("they asked for a person")
    clear(world)


_CRIES = """help; help me; Help!!!; help me please im scared; so scared, help; someone help me please; emergency; SOS
hlep; hlep me; i need halp; h e l p; h e l p please; he lp; hekp; is anyone there; is anyone there please?
anyone, please; somebody please
ayuda por favor tengo miedo; ayda; emergencia; alguien por favor; hay alguien ahí por favor"""

_EVERYDAY = """help yourself; !; can help; helpful; help is on its way; me; anyone?; anyone here?; hello; hello someone
hell; he'll; helo; held; kelp; welp; helps; emergency exit; im scared; please; please someone tell me the time; hola
alguien; ayudo; ayudar; aguda; hurry up; emergency is closed; scared of help; heal me; no help"""


def _each(words: str) -> list[str]:
    return words.replace("\n", "; ").split("; ")


def test_each_mere_cry_in_a_room_is_one_in_spite_of_a_slip_and_everyday_words_are_none() -> None:
    languages = load_languages().values()

    def is_cry(words: str) -> bool:
        at = datetime.now(UTC)
        said = Inbound(event_id="1", platform="p", account="a", place="r", private=False, at=at, text=words)
        return crying.is_cry(said, languages)

    assert [words for words in _each(_CRIES) if not is_cry(words)] == []
    assert [words for words in _each(_EVERYDAY) if is_cry(words)] == []


@pytest.mark.parametrize("words", ["help yourself", "anyone?"])
async def test_other_words_with_help_in_the_lobby_are_between_people(world: World, words: str) -> None:
    await world.alice.says(words, "lobby")
    world.all_was_seen()


async def test_who_does_not_answer_is_asked_once_in_some_hours(world: World) -> None:
    for words in ("help", "HELP", "help me"):
        await world.alice.says(words, "lobby")
        await world.advance(hours=1)
    world.alice.sees(QUESTION)
    world.alice.sees_nothing()
    await world.advance(hours=4)
    await world.alice.says("help", "lobby")
    world.alice.sees(QUESTION)
    await world.alice.says("no")
    world.alice.sees("All right, I call nobody")
    await world.alice.says("help", "lobby")
    world.alice.sees(QUESTION)
    world.room("lobby").sees_nothing()


async def test_who_waits_or_has_somebody_reads_so(world: World) -> None:
    await world.alice.says("help", "lobby")
    await world.alice.clicks("I need a person")
    clear(world)
    await world.alice.says("help", "lobby")
    world.alice.sees("I'm calling somebody for you", "988")
    await world.sam.clicks("I'm on it")
    await world.alice.says("!help")
    clear(world)
    await world.alice.says("help", "lobby")
    world.alice.sees("Somebody is with you already")
    world.room("lobby").sees_nothing()
    world.sam.sees_nothing()


async def test_a_paused_member_is_promised_nobody_and_helpers_in_their_own_room_are_not_asked(world: World) -> None:
    await world.mo.says("pause alice 24h")
    clear(world)
    await world.alice.says("help", "lobby")
    told = world.alice.sees("resources crisis", "in your own words")
    assert "call a person" not in told.text
    await world.sam.says("help", "peers")
    world.all_was_seen()


@pytest.mark.parametrize(("hours", "asked"), [(1, True), (7, False)])
async def test_a_cry_of_the_last_hours_that_is_read_back_is_answered_too(world: World, hours: int, asked: bool) -> None:
    cry = Inbound(
        event_id="late", platform="console", account="alice", place="lobby", private=False,
        at=world.now - timedelta(hours=hours), text="help", read_back=True,
    )  # fmt: skip
    await world.app.hub.receive(cry)
    await world.app.settle()
    if asked:
        world.alice.sees(QUESTION)
    world.all_was_seen()


async def test_whoever_cannot_be_asked_privately_is_somebody_whom_the_peers_know_of(world: World) -> None:
    world.console.failures["alice"] = NeverAgain("closed")
    await world.alice.says("help", "lobby")
    room = world.room("peers")
    room.sees("heard by the bot", "I'm on it")
    room.sees("I cannot reach the person of case 1", "console: alice")
    assert await world.rows(select(CaseRow.severity)) == ["concern"]
    await world.alice.says("help", "lobby")  # their case is open: nobody is called anew
    world.room("lobby").sees_nothing()
    del world.console.failures["alice"]
    await world.alice.says("help", "lobby")
    world.alice.sees("I have heard you", "988")
    clear(world)


async def test_who_was_not_reached_is_asked_when_they_write_it_again(world: World) -> None:
    await world.mo.says("pause alice 24h")
    clear(world)
    world.console.failures["alice"] = NeverAgain("closed")
    await world.alice.says("help", "lobby")
    world.all_was_seen()  # of who is paused nobody is told for a mere word
    del world.console.failures["alice"]
    await world.alice.says("help", "lobby")
    world.alice.sees("in your own words")


@pytest.mark.parametrize(("answer", "called"), [("yes", True), ("no", False)])
async def test_the_answer_of_somebody_who_is_with_a_member_is_no_word_to_the_member(
    world: World, answer: str, called: bool
) -> None:
    await world.alice.says("peer")
    await world.sam.clicks("I'm on it")
    await world.sam.says("help", "lobby")
    world.sam.sees(QUESTION)
    clear(world)
    await world.sam.says(answer)
    if called:
        world.sam.sees("I'm getting a person")
        world.alice.sees("Sam cannot go on just now")
        clear(world)
    else:
        world.sam.sees("Nothing")
    world.alice.sees_nothing()
