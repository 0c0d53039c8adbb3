"""After a case: the alert is judged, the peer can talk it over, and the member is asked again if they want it."""

import pytest
from harness import World
from sqlalchemy import select

from bot.core.inbound import Inbound, Invocation
from bot.services import precision
from bot.services.precision import Judged
from bot.storage.tables import FollowUp
from services.test_cases import DANGER, taken_case


async def ended_case(world: World) -> None:
    """Sam was with Alice, who is safe for now."""
    await taken_case(world)
    await world.sam.clicks("Resolve")
    world.sam.sees("How did it end?")
    await world.sam.clicks("They are safe for now")
    world.sam.sees("has ended", "The alert was right", "I'd like to talk it over")
    world.alice.sees("Your talk with Sam has ended", "Ask me again how I am")
    world.room("peers").sees("Case 1 has ended")


async def presses(world: World, who: str, command: str, **arguments: str) -> None:
    """Somebody presses a button that is not theirs."""
    await world.app.hub.receive(
        Inbound(
            event_id=f"{who} {command}",
            platform="console",
            account=who,
            place=who,
            private=True,
            at=world.now,
            invocation=Invocation(command=command, arguments=arguments),
        )
    )
    await world.app.settle()


async def test_what_the_peer_says_of_the_alert_counts_before_the_outcome(world: World) -> None:
    await ended_case(world)
    async with world.database.begin() as tx:
        rules = await precision.by_rule(tx, 1)
    assert set(rules.values()) == {Judged(right=1, false_alarms=0)}
    await world.sam.clicks("It was a false alarm")
    world.sam.sees("Thank you")
    async with world.database.begin() as tx:
        assert await precision.by_rule(tx, 1) == dict.fromkeys(rules, Judged(right=0, false_alarms=1))


async def test_a_peer_who_wants_to_talk_it_over_is_looked_after(world: World) -> None:
    await ended_case(world)
    await world.sam.clicks("I'd like to talk it over")
    world.sam.sees("I have told your moderators")
    world.room("moderators").sees("Sam would like to talk over case 1")


@pytest.mark.parametrize(
    ("lines", "who"),
    [
        ([("robin", "join 1"), ("sam", "resolve 1 safe")], "robin"),
        ([("sam", "hand over 1 to Robin"), ("robin", "resolve 1 services")], "sam"),
    ],
    ids=["a helper", "who handed it over"],
)
async def test_whoever_was_in_the_case_can_talk_it_over(world: World, lines: list[tuple[str, str]], who: str) -> None:
    await taken_case(world)
    for name, line in lines:
        await world.person(name).says(line)
    await presses(world, who, "debrief", case="1")
    world.person(who).sees("I have told your moderators")
    world.room("moderators").sees("would like to talk over case 1")
    for box in world.mailboxes:
        box.unseen.clear()


async def test_only_those_of_the_case_may_judge_it(world: World) -> None:
    await ended_case(world)
    await presses(world, "robin", "verdict", case="1", verdict="right")
    world.robin.sees("There is no such case")


async def test_a_member_is_asked_after_a_day_three_and_seven_and_then_no_more(world: World) -> None:
    await ended_case(world)
    await world.alice.clicks("Ask me again how I am")
    world.alice.sees("after one day, three days and a week")
    await world.advance(hours=25)
    world.alice.sees("how are you now?", "Don't ask again")
    await world.alice.clicks("Better")
    world.alice.sees("I'm glad")
    await world.advance(hours=48)
    world.alice.sees("how are you now?")
    await world.alice.says("so so")
    world.alice.sees("Thank you for telling me", "I need a person")
    await world.advance(days=4)
    world.alice.sees("the last time I ask")
    await world.advance(days=30)
    world.all_was_seen()
    assert await world.rows(select(FollowUp.id)) == []


async def test_one_press_ends_the_asking(world: World) -> None:
    await ended_case(world)
    await world.alice.clicks("Ask me again how I am")
    world.alice.sees("after one day")
    await world.advance(hours=25)
    world.alice.sees("how are you now?")
    await world.alice.clicks("Don't ask again")
    world.alice.sees("I won't ask again")
    await world.advance(days=9)
    world.all_was_seen()


async def test_an_answer_that_signals_calls_the_same_peer_first(world: World) -> None:
    await ended_case(world)
    await world.alice.clicks("Ask me again how I am")
    world.alice.sees("after one day")
    await world.advance(hours=25)
    world.alice.sees("how are you now?")
    await world.alice.says(DANGER)
    world.alice.sees("getting a person")
    world.sam.sees("You were with them last time (case 2)", "I'm on it")
    world.room("peers").sees("Urgent")


async def test_nobody_is_asked_about_anothers_case_or_while_one_of_theirs_is_open(world: World) -> None:
    await ended_case(world)
    await presses(world, "ben", "followup start", case="1")
    world.ben.sees("too long ago")
    world.ben.sees("Hello, I'm the bot of")
    await world.alice.clicks("Ask me again how I am")
    world.alice.sees("after one day")
    await world.advance(hours=23.9)
    await world.alice.says("I need a person")
    world.alice.sees("getting a person", "988")
    world.alice.sees("I'm getting a person for you")
    world.sam.sees("You were with them last time")
    world.room("peers").sees("they asked for a person")
    await world.sam.clicks("I'm on it")
    await world.advance(minutes=9)
    assert not [shown for shown in world.alice.unseen if "how are you now" in shown.text]
    world.alice.unseen.clear()
    world.sam.unseen.clear()
    world.room("peers").unseen.clear()


async def asked_after(world: World) -> None:
    """Alice wanted to be asked again, and a day later is."""
    await ended_case(world)
    await world.alice.clicks("Ask me again how I am")
    world.alice.sees("after one day")
    await world.advance(hours=25)
    world.alice.sees("how are you now?")


async def test_who_asks_for_a_person_where_they_are_asked_how_they_are_gets_one(world: World) -> None:
    await asked_after(world)
    await world.alice.says("get me a person")
    world.alice.sees("I'm getting a person")
    world.room("peers").sees("they asked for a person")
    for box in world.mailboxes:
        box.unseen.clear()


async def test_a_word_to_how_they_are_offers_a_person_and_yes_calls_one(world: World) -> None:
    await asked_after(world)
    await world.alice.says("not so good to be honest")
    world.alice.sees("Thank you for telling me", "shall I?")
    await world.alice.says("yes please")
    world.alice.sees("I'm getting a person")
    for box in world.mailboxes:
        box.unseen.clear()


async def test_once_answered_how_they_are_takes_no_more_words(world: World) -> None:
    await asked_after(world)
    await world.alice.says("so so")
    world.alice.sees("Thank you for telling me")
    await world.alice.says("blue curtains")
    world.alice.sees("I'm only a bot")


@pytest.mark.parametrize("said", ["stop", "STOP", "stop asking", "dont ask me again", "!stop"])
async def test_a_plain_stop_ends_the_asking(world: World, said: str) -> None:
    await asked_after(world)
    await world.alice.says(said)
    world.alice.sees("I have stopped questions after a talk")
    await world.advance(days=9)
    world.all_was_seen()
    assert await world.rows(select(FollowUp.id)) == []


@pytest.mark.parametrize("said", ["mydata", "check in", "chekin stop"])
async def test_a_command_is_no_answer_to_how_somebody_is(world: World, said: str) -> None:
    await asked_after(world)
    await world.alice.says(said)
    assert len(world.alice.unseen) == 1
    assert "Thank you for telling me" not in world.alice.unseen.pop().text
