"""A peer in a talk is asked whether their words of danger are about themselves: what they type then."""

import pytest
from harness import World
from sqlalchemy import select

from bot.core.inbound import Inbound, Invocation
from bot.platforms.console import Shown
from bot.storage.tables import CaseRow
from services.test_at_work import clear, with_alice

PILLS = "I took all the pills"


async def in_danger(world: World, words: str = PILLS) -> None:
    """Sam, who is with Alice, is asked about these words."""
    await with_alice(world)
    await world.sam.says(words)
    world.sam.sees("I have not passed this on", "Case 1")
    clear(world)


async def members_of_cases(world: World) -> int:
    """How many cases there are."""
    return len(await world.rows(select(CaseRow.id)))


@pytest.mark.parametrize(
    "words",
    ["it's me", "Me", "about me", "yes", "yes its about me", "yes it's me", "I need help", "I need a person"],
)
@pytest.mark.parametrize("place", ["dm", "case-1"])
async def test_who_says_that_it_is_about_themselves_gets_a_person_for_what_was_heard(
    world: World, words: str, place: str
) -> None:
    await in_danger(world)
    await world.sam.says(words, place)
    assert PILLS not in world.room("peers").sees("Emergency", "Case: 2", "overdose").text
    world.sam.sees("please call 911")
    world.alice.sees("Sam cannot go on just now")
    clear(world)
    await world.robin.says("take 2")
    world.robin.sees("You are with them now", f"They wrote: “{PILLS}”")
    clear(world)
    await world.advance(minutes=1)
    world.sam.sees_nothing()
    assert await members_of_cases(world) == 2
    clear(world)


@pytest.mark.parametrize("words", ["1", "no", "hello?", "sorry, that was the wrong window"])
async def test_other_words_are_held_and_it_is_asked_again(world: World, words: str) -> None:
    await in_danger(world)
    await world.sam.says(words)
    world.sam.sees("You have not said yet", "went to nobody", "I need a person", "Case 1")
    world.alice.sees_nothing()
    await world.advance(minutes=3)
    assert await members_of_cases(world) == 2
    world.alice.sees("Sam cannot go on just now")
    world.alice.sees_nothing()
    clear(world)


@pytest.mark.parametrize("typed", [True, False])
async def test_what_was_held_goes_to_the_member_with_the_button_and_calls_nobody(world: World, typed: bool) -> None:
    await in_danger(world)
    await world.sam.says("is that what you said?")
    await (world.sam.says if typed else world.sam.clicks)("Case 1")
    world.alice.sees(f"{PILLS}\nis that what you said?")
    await world.advance(minutes=3)
    assert await members_of_cases(world) == 1
    clear(world)
    await world.sam.says("I am here")
    world.alice.sees("I am here")
    clear(world)


@pytest.mark.parametrize(
    ("words", "told"), [("I'm safe", "I'm glad. I call nobody for you."), ("cancel", "I call nobody for you")]
)
@pytest.mark.parametrize("asked_again", [False, True])
async def test_who_says_that_they_are_safe_or_takes_it_back_has_nobody_called_for_them(
    world: World, words: str, told: str, asked_again: bool
) -> None:
    await in_danger(world)
    if asked_again:
        await world.sam.says("hello?")
        world.sam.sees("You have not said yet")
    await world.sam.says(words)
    world.sam.sees(told)
    await world.advance(minutes=3)
    assert await members_of_cases(world) == 1
    world.alice.sees_nothing()
    clear(world)
    await world.sam.says("I am here")
    world.alice.sees("I am here")
    clear(world)


@pytest.mark.parametrize("typed", [True, False])
async def test_words_of_concern_that_are_about_themselves_get_a_person_who_reads_them(
    world: World, typed: bool
) -> None:
    await in_danger(world, "hi alice. I feel hopeless")
    await (world.sam.says("it's me") if typed else world.sam.clicks("I need a person"))
    assert "alice" not in world.room("peers").sees("Case: 2", "they asked for a person").text
    await world.robin.says("take 2")
    world.robin.sees("They wrote: “hi alice. I feel hopeless”")
    assert await members_of_cases(world) == 2
    world.alice.sees("Sam cannot go on just now")
    clear(world)


@pytest.mark.parametrize("more", ["I feel hopeless and worthless", "that was about today"])
async def test_all_words_of_concern_that_wait_are_for_the_person_who_comes(world: World, more: str) -> None:
    await in_danger(world, "I feel hopeless")
    await world.sam.says(more)
    clear(world)
    await world.sam.says("it's me")
    await world.robin.says("take 2")
    world.robin.sees(f"They wrote: “I feel hopeless\n{more}”")
    world.alice.unseen.clear()
    clear(world)


async def test_who_says_it_once_more_is_not_asked_for_which_case_it_was(world: World) -> None:
    await in_danger(world)
    await world.sam.says("its me")
    clear(world)
    await world.sam.says("yes its about me")
    world.sam.sees("I keep this for the person who comes")
    world.alice.sees_nothing()
    clear(world)


async def test_the_gravest_of_all_that_waits_is_called_for_at_once_and_nothing_waits_any_more(world: World) -> None:
    await in_danger(world)
    await world.sam.says("I want to die")
    clear(world)
    await world.sam.clicks("I need a person")
    world.room("peers").sees("Emergency", "overdose")
    clear(world)
    await world.advance(minutes=1, seconds=59)
    world.sam.sees_nothing()


async def test_who_takes_one_message_back_takes_back_all_that_waits(world: World) -> None:
    await in_danger(world)
    await world.sam.says("I want to die")
    clear(world)
    await world.sam.says("cancel")
    world.sam.sees("I call nobody for you")
    await world.advance(minutes=3)
    assert await members_of_cases(world) == 1
    world.alice.sees_nothing()
    clear(world)


async def test_the_case_of_who_is_in_danger_themselves_goes_to_others_from_the_first_step_on(world: World) -> None:
    await with_alice(world)
    await world.sam.says("I want to kill myself", "lobby")
    world.alice.sees("Sam cannot go on just now")
    world.sam.sees("Case 1 is not with you any more")
    world.room("peers").sees("Case: 1", "I'm on it")
    clear(world)
    await world.advance(minutes=30)
    assert not any("Case: 1" in shown.text for shown in world.sam.unseen)
    clear(world)
    await world.robin.says("take 1")
    world.alice.sees("Robin is here")
    clear(world)


async def test_who_is_heard_with_a_mere_concern_keeps_the_case_that_they_have(world: World) -> None:
    await with_alice(world)
    await world.sam.says("I feel hopeless", "lobby")
    assert await members_of_cases(world) == 2
    world.alice.sees_nothing()
    clear(world)
    await world.sam.says("say 1 I am here")
    world.alice.sees("I am here")
    clear(world)


async def test_what_is_said_of_one_message_is_said_of_no_other(world: World) -> None:
    await in_danger(world)
    await world.sam.says("I want to die")
    clear(world)
    await world.sam.clicks("Case 1")
    world.alice.sees("I want to die")
    await world.advance(minutes=3)
    world.sam.sees("You have not said whom your words were about")
    assert await members_of_cases(world) == 2
    clear(world)


async def presses_an_old_one(world: World, shown: Shown, label: str) -> None:
    """Sam presses a button under an earlier message."""
    (choice,) = [choice for choice in shown.choices if choice.label == label]
    await world.app.hub.receive(
        Inbound(
            event_id=f"press after {len(world.sam.shown)}",
            platform="console",
            account="sam",
            place="sam",
            private=True,
            at=world.now,
            invocation=Invocation(command=choice.command, arguments=choice.arguments),
        )
    )
    await world.app.settle()


@pytest.mark.parametrize(("first", "second"), [(PILLS, "I want to die"), ("I feel hopeless", "I relapsed last night")])
async def test_the_button_under_an_earlier_question_brings_its_words_and_the_newer_stays_open(
    world: World, first: str, second: str
) -> None:
    await with_alice(world)
    await world.sam.says(first)
    earlier = world.sam.sees("Case 1")
    await world.sam.says(second)
    clear(world)
    await presses_an_old_one(world, earlier, "Case 1")
    world.sam.sees("I have passed it on")
    assert world.alice.sees(first).text.count(second) == 0
    await world.sam.clicks("Case 1")
    world.alice.sees(second)
    clear(world)
    await presses_an_old_one(world, earlier, "Case 1")
    world.sam.sees("not open any more")
    await world.advance(minutes=3)
    assert await members_of_cases(world) == 1
    world.sam.sees_nothing()
    world.alice.sees_nothing()


async def test_an_earlier_question_is_answered_after_the_newer_one(world: World) -> None:
    await with_alice(world)
    await world.sam.says(PILLS)
    earlier = world.sam.sees("Case 1")
    await world.sam.says("I want to die")
    await world.sam.clicks("Case 1")
    clear(world)
    await presses_an_old_one(world, earlier, "Case 1")
    world.alice.sees(PILLS)
    await world.advance(minutes=3)
    assert await members_of_cases(world) == 1
    clear(world)


async def test_the_button_under_a_question_that_was_asked_anew_leads_to_the_newer_one(world: World) -> None:
    await with_alice(world)
    await world.sam.says(PILLS)
    earlier = world.sam.sees("Case 1")
    await world.sam.says("is that what you said?")
    clear(world)
    await presses_an_old_one(world, earlier, "Case 1")
    world.sam.sees("choose under my newest question")
    world.alice.sees_nothing()
    await world.sam.clicks("Case 1")
    world.alice.sees(f"{PILLS}\nis that what you said?")
    clear(world)


@pytest.mark.parametrize("words", [PILLS, "I feel hopeless"])
async def test_a_peer_who_is_paused_can_say_that_their_words_are_about_themselves(world: World, words: str) -> None:
    await world.mo.says("pause sam 24h")
    await with_alice(world)
    await world.sam.says(words)
    told = world.sam.sees("I have not passed this on", "a person can come for you, too", "I need a person")
    assert "in your own words" not in told.text
    await world.sam.clicks("I need a person")
    world.room("peers").sees("Case: 2")
    world.sam.sees("please call 911") if words == PILLS else world.sam.sees("I'm getting a person")
    clear(world)
