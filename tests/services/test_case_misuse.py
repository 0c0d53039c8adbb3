"""Floods, and members who are paused."""

import pytest
from harness import World
from harness.communities import NORTH
from harness.fixtures import on_both_databases
from sqlalchemy import func, select

from bot.operations import audit
from bot.operations.stopping import Stop
from bot.services.escalations.paging import FLOOD_CASES
from bot.storage.tables import CaseRow, Identity


def clear(world: World) -> None:
    """What was said so far has been looked at."""
    for box in world.mailboxes:
        box.unseen.clear()


@on_both_databases
async def test_a_flood_is_one_page_with_a_number_while_each_member_has_their_answer(world: World) -> None:
    crowd = [world.person(f"bot{n}") for n in range(FLOOD_CASES + 4)]
    for one in crowd:
        await one.says("I need a person", "lobby")
    for one in crowd:
        one.sees("I'm getting a person")
    room = world.room("peers")
    alone = [shown for shown in room.unseen if "I'm on it" in [str(choice.label) for choice in shown.choices]]
    assert len(alone) == FLOOD_CASES - 1
    told = room.sees(f"{FLOOD_CASES} people are waiting", "Show the cases")
    assert not [shown for shown in room.unseen if shown not in alone], "one page for all of the flood"
    assert not told.private
    assert await world.rows(select(func.count(CaseRow.next_at))) == [len(crowd)]
    clear(world)


async def test_an_emergency_in_a_flood_of_lesser_calls_is_paged_at_once_and_alone(world: World) -> None:
    for number in range(FLOOD_CASES):
        await world.person(f"bot{number}").says("I need a person", "lobby")
    clear(world)
    await world.alice.says("I took all the pills, I am dying", "lobby")
    world.room("peers").sees("Emergency", "I took all the pills", "I'm on it")
    clear(world)


async def test_of_a_flood_of_emergencies_each_is_named_at_once_in_one_page_that_is_renewed(world: World) -> None:
    for number in range(FLOOD_CASES - 1):
        await world.person(f"bot{number}").says("I took all the pills", "lobby")
    clear(world)
    pages = []
    for number, name in enumerate(("alice", "bob", "cat"), start=FLOOD_CASES):
        await world.person(name).says("I took all the pills", "lobby")
        pages.append(world.room("peers").sees(f"{number} emergencies", f"cases {number}, {number - 1}"))
        world.room("peers").sees_nothing()
    assert len({page.id for page in pages}) == 1, "the page is edited in place"
    clear(world)


@pytest.mark.parametrize("overseer", ["mo", "olive"])
async def test_a_paused_member_calls_nobody_by_hand_and_has_the_numbers(
    world: World, caplog: pytest.LogCaptureFixture, overseer: str
) -> None:
    caplog.set_level("INFO", logger="bot")
    await world.person(overseer).says("pause 24 alice")
    world.person(overseer).sees("alice is paused for 24 hours", "until Tue", "their asking by hand calls nobody")
    (alice,), (by,) = [
        await world.rows(select(Identity.member_id).where(Identity.account == name)) for name in ("alice", overseer)
    ]
    assert f"member {alice}: pages paused by member {by}" in caplog.text
    await world.alice.says("peer")
    world.alice.sees("I cannot call a peer for you by this button just now", "988")
    assert await world.rows(select(CaseRow.id)) == []
    await world.advance(hours=24, minutes=1)
    await world.alice.says("peer")
    world.alice.sees("I'm getting a person for you")
    clear(world)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        *(
            (f"pause {typed}", "24 hours")
            for typed in ("alice", "alice 24h", "24h alice", "alice 24 hours", "@alice 1d")
        ),
        *((f"!pause {typed}", "24 hours") for typed in ("24 hours alice", "alice for 1 day", "for a day alice")),
        *(
            (f"pause {typed}", "2 days")
            for typed in ("alice 2 days", "2 days alice", "alice 48", "alice durante 2 días")
        ),
        ("pause alice 1 week", "7 days"),
        ("pause 90 days alice", "30 days"),
    ],
)
async def test_a_pause_is_understood_in_whatever_order_it_is_written_and_says_whom_it_is_for(
    world: World, typed: str, told: str
) -> None:
    await world.alice.says("settings name Skye")
    world.alice.sees("Skye")
    await world.mo.says(typed)
    world.mo.sees(f"Skye is paused for {told}", "End the pause")
    await world.alice.says("I need a person")
    assert await world.rows(select(CaseRow.id)) == []
    clear(world)


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "unpause alice",
            "!unpause @alice",
            "un-pause alice",
            "resume alice",
            "stop pausing alice",
            "end pause alice",
        ),
        *("lift the pause for alice", "pause off alice", "pause alice off", "pause 0 alice", "pause end alice"),
    ],
)
async def test_a_pause_is_ended_by_whatever_people_call_that(world: World, typed: str) -> None:
    await world.mo.says("pause alice 2 days")
    clear(world)
    await world.mo.says(typed)
    world.mo.sees("alice is not paused: their asking calls peers as before")
    await world.alice.says("I need a person")
    assert await world.rows(select(CaseRow.id)) == [1]
    clear(world)


async def test_a_pause_is_ended_by_its_button_and_without_a_name_it_is_asked_whom_it_is_for(world: World) -> None:
    await world.mo.says("pause 2 days")
    world.mo.sees("Whom?")
    await world.mo.says("alice")
    world.mo.sees("alice is paused for 2 days")
    await world.mo.clicks("End the pause")
    world.mo.sees("alice is not paused")


@pytest.mark.parametrize("first", ["pause alcie 24h", "escalate alcie", "pause"])
@pytest.mark.parametrize(
    ("then", "told"),
    [
        ("unpause alice", "alice is not paused"),
        ("pause alice 2 days", "alice is paused for 2 days"),
        ("escalate alice", "The peers have been called"),
    ],
)
async def test_after_a_name_that_nobody_has_the_next_command_is_done_and_is_no_name(
    world: World, first: str, then: str, told: str
) -> None:
    await world.alice.says("hello")
    await world.mo.says(first)
    clear(world)
    await world.mo.says(then)
    world.mo.sees(told)
    clear(world)


@pytest.mark.parametrize(
    "said", ["esclate alice", "alice is in danger please get someone", "get a peer for alice", "she needs help"]
)
async def test_a_moderator_who_writes_that_another_needs_somebody_reads_that_nobody_is_called_and_how(
    world: World, said: str
) -> None:
    await world.alice.says("hello")
    await world.mo.says(said)
    world.mo.sees("I have called nobody yet", "“escalate” and their name", "Get a peer for somebody")
    clear(world)


@pytest.mark.parametrize("more", ["she looks bad", "took pills please hurry and get her somebody"])
async def test_words_behind_a_name_are_asked_about_and_one_press_calls_for_them(world: World, more: str) -> None:
    await world.alice.says("hello")
    await world.mo.says(f"escalate alice {more}")
    world.mo.sees("Whom do you mean?", "alice")
    clear(world)
    await world.mo.clicks("alice")
    world.mo.sees("The peers have been called")
    world.alice.sees("is worried about you")
    clear(world)


async def test_the_audit_log_has_who_paused_whom_and_when_also_of_who_has_had_no_case(world: World) -> None:
    await world.mo.says("pause 24 alice")
    world.mo.sees("alice is paused for 24 hours")
    paused_at = world.now
    await world.advance(hours=1)
    await world.robin.says("I need a person")
    await world.olive.says("pause 0 alice")
    world.olive.sees("alice is not paused")
    found = {row.account: row.member_id for row in await world.rows(select(Identity))}
    log = await audit.lines(world.database, "harbour")
    assert log[0] == (paused_at, None, "pages paused", found["mo"], found["alice"])
    assert ("Opened", 1) in [(what, case) for _at, case, what, _actor, _member in log[1:-1]]
    assert log[-1] == (world.now, None, "pages resumed", found["olive"], found["alice"])
    clear(world)


OWN_WORDS = "If you are in danger, write it to me in your own words: then I call somebody at once"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("what is the meaning of life", "I'm only a bot, and cannot answer that."),
        ("thanks", "You're welcome. I'm here whenever you need something."),
        ("help me", "Yes. I'm a bot; helplines"),
        ("help", "What I can do"),
        ("settings", "Your settings"),
        ("resources crisis", "988"),
    ],
)
async def test_a_paused_member_is_promised_no_person_by_hand_and_reads_what_calls_one(
    world: World, typed: str, told: str
) -> None:
    await world.alice.says("settings")
    await world.mo.says("pause alice")
    clear(world)
    await world.alice.says(typed)
    shown = world.alice.sees(told, OWN_WORDS)
    assert "I need a person" not in [str(choice.label) for choice in shown.choices]
    assert not any(words in shown.text for words in ("shall I", "a person comes", "press “I need a person”"))


@pytest.mark.parametrize(
    "words", ["my life is in danger", "help help help im dying", "I need an ambulance!", "es una emergencia"]
)
async def test_what_a_paused_member_was_told_to_write_calls_a_person_in_whatever_words(
    world: World, words: str
) -> None:
    await world.mo.says("pause alice")
    await world.alice.says("peer")
    world.alice.sees("If your life is in danger, write it to me in your own words")
    await world.alice.says(words)
    world.alice.sees("I'm getting a person: the peers of Harbour have been told")
    world.room("peers").sees("Case: 1", words)
    clear(world)


async def test_a_paused_member_who_says_that_it_is_hard_is_promised_no_company(world: World) -> None:
    await world.alice.says("checkin now")
    await world.mo.says("pause alice")
    await world.alice.clicks("Hard")
    shown = world.alice.sees("Thank you for saying so.", OWN_WORDS)
    assert "company" not in shown.text
    clear(world)


async def test_the_question_of_the_day_has_the_button_for_all_but_whom_it_calls_nobody_for(world: World) -> None:
    for person in (world.alice, world.bob):
        await person.says("checkin start 09:00")
    await world.mo.says("pause alice 2 days")
    clear(world)
    await world.advance(hours=2)
    world.bob.sees("How are you today?", "I need a person")
    asked = world.alice.sees("How are you today?", "Hard")
    assert "I need a person" not in [str(choice.label) for choice in asked.choices]


async def test_a_paused_member_reads_once_that_asking_calls_nobody_and_finds_no_button_for_it(world: World) -> None:
    await world.mo.says("pause alice")
    await world.alice.says("I need a person")
    shown = world.alice.sees("I cannot call a peer for you by this button just now", "in your own words")
    assert shown.text.count("in your own words") == 1
    assert "I need a person" not in [str(choice.label) for choice in shown.choices]
    clear(world)


async def test_a_paused_member_with_an_open_case_keeps_the_button_for_it_calls(world: World) -> None:
    await world.mo.says("pause alice")
    await world.alice.says("I feel hopeless")
    clear(world)
    await world.alice.says("it is so hard")
    world.alice.sees("If it cannot wait, press the button", "I need a person")
    await world.alice.clicks("I need a person")
    world.room("peers").sees("I'm on it")
    clear(world)


async def test_a_paused_member_whose_talk_has_ended_is_not_told_to_press_the_button(world: World) -> None:
    await world.alice.says("I want to die")
    await world.sam.clicks("I'm on it")
    await world.mo.says("pause alice")
    clear(world)
    await world.sam.says("resolve 1 safe")
    shown = world.alice.sees("Your talk with Sam has ended here.", OWN_WORDS, "Ask me again how I am")
    assert "Whenever you need a person" not in shown.text
    await world.alice.says("are you still there?")
    assert "Shall I" not in world.alice.sees("Sam has gone, so this has reached nobody.", OWN_WORDS).text
    clear(world)


async def test_once_the_pause_is_over_the_button_is_there_again(world: World) -> None:
    await world.alice.says("settings")
    await world.mo.says("pause alice 1h")
    await world.advance(hours=1)
    clear(world)
    await world.alice.says("settings")
    assert "own words" not in world.alice.sees("Your settings", "I need a person").text


async def test_without_an_id_the_audit_log_is_of_the_only_community_and_of_several_the_ids_are_said(
    world: World,
) -> None:
    await world.mo.says("pause 24 alice")
    assert await audit.lines(world.database, None) == await audit.lines(world.database, "harbour") != []
    await world.apply(NORTH)
    with pytest.raises(Stop, match="There are: harbour, north"):
        await audit.lines(world.database, None)
    clear(world)


async def test_who_a_number_of_the_audit_log_is_can_be_asked_and_that_is_in_the_log_and_in_no_other(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.mo.says("pause 24 alice")
    await world.alice.says("settings name Alice of Harbour")
    found = {row.account: row.member_id for row in await world.rows(select(Identity))}
    told = await audit.who(world.database, "harbour", found["alice"], now=world.now)
    assert told == [f"{found['alice']}: Alice of Harbour", "  console: alice"]
    log = await audit.lines(world.database, "harbour")
    assert log[-1] == (world.now, None, "name looked up", None, found["alice"])
    assert "alice" not in caplog.text.casefold()
    clear(world)


async def test_who_stands_in_no_audit_log_of_a_community_is_not_told_of_by_their_number(world: World) -> None:
    await world.mo.says("pause 24 alice")
    await world.bob.says("hello")
    found = {row.account: row.member_id for row in await world.rows(select(Identity))}
    await world.apply(NORTH)
    for community, number in (("harbour", found["bob"]), ("north", found["alice"]), ("harbour", 10**30)):
        with pytest.raises(Stop, match="No member here has the number"):
            await audit.who(world.database, community, number, now=world.now)
    assert [line[2] for line in await audit.lines(world.database, "harbour")] == ["pages paused"]
    clear(world)


async def test_danger_in_the_words_of_a_paused_member_calls_as_ever(world: World) -> None:
    await world.mo.says("pause 24 alice")
    world.mo.sees("alice is paused for 24 hours")
    await world.alice.says("I took all the pills")
    world.alice.sees("911")
    world.room("peers").sees("Emergency")


async def test_only_moderators_and_organizers_pause(world: World) -> None:
    await world.sam.says("pause 24 alice")
    world.sam.sees("This is for moderators and organizers of your community")


@pytest.mark.parametrize("words", ["!resolve 1 false-alarm", "!resolve 1", "!hand over 1 to Robin"])
async def test_a_moderator_neither_ends_nor_hands_over_the_case_that_is_about_them(world: World, words: str) -> None:
    await world.mo.says("I want to kill myself")
    await world.sam.clicks("I'm on it")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.mo.says(words)
    world.mo.sees("I did nothing: this case is about you", "I'm safe")
    assert await world.rows(select(CaseRow.outcome)) == [None]
