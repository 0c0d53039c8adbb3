"""What those who look after others write about somebody: in their room, with a slip in a name; and who is paused."""

import pytest
from harness import World
from harness.communities import NORTH
from sqlalchemy import func, select

from bot.core.platform import Acquaintance
from bot.storage.tables import CaseRow, Member
from services.test_case_misuse import clear


@pytest.mark.parametrize("place", ["moderators", "peers"])
async def test_what_a_moderator_writes_in_their_room_about_somebody_is_done_without_a_mark(
    world: World, place: str
) -> None:
    await world.alice.says("hello")
    await world.bob.says("hello")
    clear(world)
    await world.mo.says("Pause alice 24h, please", place)
    world.mo.sees("alice is paused for 24 hours")
    await world.mo.says("stop pausing alice", place)
    world.mo.sees("alice is not paused")
    await world.mo.says("escalate alice please", place)
    world.mo.sees("The peers have been called")
    world.alice.sees("is worried about you")
    await world.olive.says("please escalate bob!", place, about="mo")
    world.olive.sees("The peers have been called")
    world.bob.sees("is worried about you")
    clear(world)


@pytest.mark.parametrize(
    ("who", "place", "words"),
    [
        *(("mo", "moderators", words) for words in ("pause", "pause for a second", "pause everything")),
        ("mo", "moderators", "escalate this to the admins please"),
        *(("mo", "lobby", words) for words in ("pause bob", "escalate bob", "escalate bbo")),
        *(("bob", "peers", words) for words in ("pause alice 24h", "escalate alice")),
        *(("sam", "peers", words) for words in ("pause alice 24h", "unpause alice")),
    ],
)
async def test_other_words_other_people_and_other_rooms_escalate_and_pause_nobody(
    world: World, who: str, place: str, words: str
) -> None:
    await world.alice.says("hello")
    clear(world)
    await world.person(who).says(words, place)
    assert await world.rows(select(CaseRow.id)) == []
    assert await world.rows(select(func.count(Member.paused_until))) == [0]
    for box in world.mailboxes:
        box.sees_nothing()


@pytest.mark.parametrize("words", ["escalate alice she looks really bad", "please escalate alice, i fear for her life"])
async def test_who_writes_in_their_room_why_somebody_needs_a_person_is_asked_whom_they_mean(
    world: World, words: str
) -> None:
    await world.alice.says("hello")
    clear(world)
    await world.mo.says(words, "moderators")
    assert world.mo.sees("Whom do you mean?").private
    world.alice.sees_nothing()
    await world.mo.clicks("alice")
    world.mo.sees("The peers have been called")
    clear(world)


async def test_a_slip_in_a_name_in_their_room_calls_nobody_and_says_so_and_takes_no_next_word_for_the_answer(
    world: World,
) -> None:
    await world.alice.says("hello")
    clear(world)
    await world.mo.says("escalate alcie", "moderators")
    world.mo.sees("I know nobody called “alcie” here, and have done nothing. Did you mean alice?")
    await world.mo.says("settings")
    world.mo.sees("Your settings")
    await world.mo.says("escalate", "moderators")
    world.mo.sees("For whom?")
    await world.mo.says("escalate nobody-like-that", "moderators")
    world.mo.sees("I know nobody of that name here")
    assert await world.rows(select(CaseRow.id)) == []
    await world.mo.clicks("alice")
    world.mo.sees("The peers have been called")
    clear(world)


async def test_whom_a_reply_names_is_meant_and_not_whose_message_it_answers(world: World) -> None:
    await world.alice.says("hello", "lobby")
    await world.bob.says("alice looks bad", "lobby")
    await world.mo.says("!escalate alcie", "lobby", about="bob")
    world.mo.sees("Did you mean alice?")
    await world.mo.says("!escalate alice", "lobby", about="bob")
    world.alice.sees("is worried about you")
    assert await world.rows(select(CaseRow.excerpt_sealed)) == [None], "another's words are not theirs"
    await world.mo.says("!escalate he sounds so tired", "lobby", about="bob")
    world.bob.sees("is worried about you")
    clear(world)


async def test_a_name_that_two_have_is_asked_about_also_in_a_reply_to_a_third(world: World) -> None:
    for person in (world.alice, world.person("cat")):
        await person.says("settings name Alex")
    await world.bob.says("alex looks bad", "lobby")
    await world.mo.says("!escalate Alex", "lobby", about="bob")
    world.mo.sees("Several people here have that name")
    assert await world.rows(select(CaseRow.id)) == []
    clear(world)


async def test_overseers_read_who_is_paused_and_until_when_by_their_own_clock_and_nobody_else_learns_of_it(
    world: World,
) -> None:
    await world.bob.says("settings name Plum")
    await world.mo.says("who")
    world.mo.sees("Paused: nobody")
    await world.mo.says("pause alice")
    world.mo.sees("“who” shows who is paused")
    await world.mo.says("pause bob 2 days")
    await world.olive.says("settings zone Europe/Berlin")
    clear(world)
    await world.mo.says("who is paused?")
    world.mo.sees("alice, until Tue 24 Nov, 08:00", "Plum, until Wed 25 Nov, 08:00", "“unpause” and a name")
    await world.olive.says("!who", "peers")
    world.olive.sees("alice, until Tue 24 Nov, 14:00")
    world.room("peers").sees_nothing()
    await world.sam.says("who is paused?")
    assert "aused" not in world.sam.sees("Who is on").text
    await world.alice.says("who is paused?")
    assert "until" not in world.alice.sees("I'm only a bot").text
    await world.advance(hours=25)
    clear(world)
    await world.mo.says("who")
    assert "alice" not in world.mo.sees("Plum, until").text


async def test_who_is_paused_and_has_a_number_for_an_account_is_named_as_their_platform_shows_them(
    world: World,
) -> None:
    number, other = "700000000000000001", "700000000000000002"
    for account in (number, other):
        await world.person(account).says("!help", "lobby")
    world.console.acquaintances["lobby"] = [Acquaintance(account=number, names=("Robertina",))]
    await world.mo.says(f"pause {number} 1 day")
    await world.mo.says(f"pause {other} 2 days")
    clear(world)
    await world.mo.says("who")
    world.mo.sees("Robertina, until Tue 24 Nov, 08:00", f"{other}, until Wed 25 Nov, 08:00")


async def test_in_the_place_of_a_case_who_tells_nothing_of_the_paused_for_others_read_along(world: World) -> None:
    await world.mo.says("pause bob")
    await world.alice.says("I want to die")
    await world.sam.clicks("I'm on it")
    await world.mo.says("join 1")
    clear(world)
    await world.mo.says("who", "case-1")
    shown = [shown for box in world.mailboxes for shown in box.unseen]
    assert any("Who is on" in one.text for one in shown)
    assert not any("aused" in one.text for one in shown)
    clear(world)


async def test_what_an_overseer_asks_about_others_in_a_talk_does_not_reach_whom_they_are_with(world: World) -> None:
    await world.bob.says("hello")
    await world.alice.says("I want to die")
    await world.mo.clicks("I'm on it")
    clear(world)
    await world.mo.says("who is paused?")
    world.mo.sees("so it went to nobody", "Do it")
    await world.mo.says("escalate bob please")
    world.mo.sees("The peers have been called")
    world.bob.sees("is worried about you")
    world.alice.sees_nothing()
    clear(world)


@pytest.mark.parametrize("command", ["escalate", "pause", "unpause"])
async def test_names_that_are_nearly_right_are_offered_to_those_who_may_see_them(world: World, command: str) -> None:
    await world.apply(NORTH)
    await world.person("nala").says("!help", "north")
    clear(world)
    await world.mo.says(f"{command} Alcie")
    world.mo.sees("Did you mean alice?")
    await world.mo.says(f"{command} nlaa")
    world.mo.sees("I know nobody of that name here")
    world.console.acquaintances["lobby"] = [Acquaintance(account="77", names=("Robertina",))]
    world.console.acquaintances["moderators"] = [Acquaintance(account="78", names=("Roberta",))]
    await world.mo.says(f"{command} Robertna")
    world.mo.sees("Robertina", "Roberta?")
    if command == "escalate":
        await world.sam.says("escalate Robertna")
        world.sam.sees("Did you mean Robertina?")
        await world.sam.says("escalate alcie")
        world.sam.sees("I know nobody of that name here")
