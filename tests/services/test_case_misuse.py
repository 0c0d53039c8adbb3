"""Floods, and members who are paused."""

import pytest
from harness import World
from harness.communities import NORTH
from harness.fixtures import on_both_databases
from sqlalchemy import func, select

from bot.core.platform import Acquaintance
from bot.operations import audit
from bot.operations.stopping import Stop
from bot.services.escalations.paging import FLOOD_CASES
from bot.storage.tables import CaseRow, Identity, Member


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
