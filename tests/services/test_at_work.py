"""What those who look after others write, and is not for the member: their work, their slips, and their own need."""

import time

import pytest
from harness import World

from bot.services.writing import overwhelmed
from services.test_seen_late import hears_later


def clear(world: World) -> None:
    for box in world.mailboxes:
        box.unseen.clear()


async def with_alice(world: World, *helpers: str) -> None:
    """Alice has asked for a person, Sam has the case, and these have joined; nobody has looked at it since."""
    await world.alice.says("peer")
    await world.sam.clicks("I'm on it")
    for helper in helpers:
        await world.person(helper).says("join 1")
    clear(world)


@pytest.mark.parametrize("place", ["dm", "case-1"])
@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("pause 3 alice", "“pause” is for"),
        ("pause alice 1 day", "“pause” is for"),
        ("pause alice", "“pause” is for"),
        ("escalete alice", "This looks like “escalate”"),
        ("rota remove Nights", "“rota remove” is for organizers"),
        ("rota put Robin tonight", "“rota put” is for organizers"),
        ("rota sunday", "This looks like “rota”"),
        ("snippets add hello", "“snippets add” is for"),
        ("checkin note i drank", "This looks like “checkin note”"),
        ("audit", "I know no command “audit” here"),
        ("audit export", "I know no command “audit” here"),
        ("i need a break", "This looks like “break”"),
        ("break 2h", "This looks like “break”"),
        ("give this to robin", "This looks like “hand over”"),
        ("please hand the case over to Mo", "This looks like “hand over”"),
        ("Break for an hour", "This looks like “break”"),
        ("break until 18:00 please", "This looks like “break”"),
        ("Can I take a break please?", "This looks like “break”"),
        ("can someone swap with me tonight", "This looks like “swap”"),
        ("debrief", "This looks like “debrief”"),
    ],
)
async def test_what_a_peer_writes_for_the_bot_goes_to_nobody_before_they_have_said_so(
    world: World, words: str, told: str, place: str
) -> None:
    await with_alice(world)
    await world.sam.says(words, place)
    assert world.sam.sees(told, "so it went to nobody", "Is it for them?").place == place
    world.alice.sees_nothing()
    await world.sam.clicks("Send it")
    world.sam.sees("I have passed it on")
    world.alice.sees(words)


@pytest.mark.parametrize("place", ["dm", "case-1"])
@pytest.mark.parametrize(
    "words",
    [
        "i cant do this, im shaking",
        "hi alice i cant do this im shaking",
        "Sorry, I'm so out of my depth right now!",
        "ok. this is too much for me",
        "I don't know what to do... my hands are shaking",
        "no puedo con esto, me tiemblan las manos",
        "perdón, estoy temblando",
    ],
)
async def test_what_a_peer_writes_of_being_overwhelmed_goes_to_nobody_and_somebody_else_can_take_over(
    world: World, words: str, place: str
) -> None:
    await with_alice(world)
    await world.sam.says(words, place)
    told = world.sam.sees("about yourself", "(“hand over”): no reason needed. Or shall it go to them?", "Send it")
    assert told.place == place
    world.alice.sees_nothing()
    if place == "case-1":
        await world.sam.clicks("Send it")
        world.alice.sees(words)
    else:
        await world.sam.clicks("Hand over")
        await world.sam.clicks("Yes, hand over")
        world.alice.sees("Sam cannot go on just now")
    world.alice.sees_nothing()
    clear(world)


async def test_a_helper_who_is_overwhelmed_can_leave_the_talk(world: World) -> None:
    await with_alice(world, "robin")
    await world.robin.says("im panicking")
    world.robin.sees("about yourself", "Leave the talk")
    await world.robin.clicks("Leave the talk")
    world.alice.sees("Robin has left the talk")
    assert not any("panicking" in shown.text for shown in (*world.alice.shown, *world.sam.shown))
    clear(world)


@pytest.mark.parametrize(
    "words",
    [
        "take care of yourself",
        "i was shaking too, the first night",
        "im scared for you, and i am not going away",
        "i cant do this for you, but i can be with you",
        "you say “i cant do this”, and you are still here",
        "when it is too much, breathe with me",
        "no puedo imaginar cuánto duele",
        "take a break, and breathe with me",
        "call me when you are home",
        "pause for a moment and breathe",
        "pause 3 seconds and breathe with me",
        "pause and breathe",
        "escalate is what my brother always did to me",
        "swap it for a glass of water",
        "back then it was the same for me",
        "who is with you now?",
        "meetings helped me a lot",
        "meetings and sponsors helped me",
        "host a friend tonight, perhaps",
        "help is on its way",
        "i need a break from drinking, that is how i began",
        "leave the house if you can",
        "status quo is not good enough",
        "give it to god",
        "hand it over to your doctor",
    ],
)
async def test_a_sentence_that_only_begins_like_a_command_goes_to_the_member(world: World, words: str) -> None:
    await with_alice(world)
    await world.sam.says(words)
    world.alice.sees("Sam, peer", words)
    clear(world)  # only what was said stands in the case's own place


async def test_a_peer_who_needs_a_break_from_a_talk_is_off_with_one_press(world: World) -> None:
    await with_alice(world)
    await world.sam.says("i need a break")
    world.sam.sees("Is it for them?", "break")
    await world.sam.clicks("break")
    world.sam.sees("You are off from now on")
    clear(world)


@pytest.mark.parametrize(
    ("words", "done"),
    [
        ("settings name Sky", "Others see you as Sky"),
        ("rota sunday", "There is no rota"),
        ("reslove", "How did it end?"),
        ("handover to robin", "Robin has case 1 now"),
    ],
)
@pytest.mark.parametrize("how", ["clicks", "says"])
async def test_what_looks_like_a_command_is_done_with_one_press_or_word(
    world: World, words: str, done: str, how: str
) -> None:
    await with_alice(world)
    await world.sam.says(words)
    world.sam.sees("so it went to nobody", "Is it for them?", "Do it")
    await (world.sam.clicks if how == "clicks" else world.sam.says)("do it")
    world.sam.sees(done)
    clear(world)


async def test_a_command_that_they_may_not_use_is_not_offered(world: World) -> None:
    await with_alice(world)
    await world.sam.says("rota put Robin tonight")
    assert [choice.command for choice in world.sam.sees("is for organizers").choices] == ["answer"]


async def test_where_others_read_too_nobody_is_offered_a_break_that_another_needs(world: World) -> None:
    await with_alice(world, "robin")
    await world.sam.says("i need a break", "case-1")
    for helper in (world.sam, world.robin):
        assert "break" not in [choice.command for choice in helper.sees("so it went to nobody").choices]


@pytest.mark.parametrize("place", ["dm", "case-1"])
async def test_a_moderators_command_is_done_and_no_word_to_the_member_they_are_with(world: World, place: str) -> None:
    await with_alice(world, "mo")
    await world.mo.says("pause 3 alice", place)
    world.mo.sees("alice is paused for 3 hours")
    await world.mo.says("escalate alice", place)
    world.mo.sees("Somebody has been called for them already")
    world.alice.sees_nothing()
    clear(world)  # those in the case read that somebody was called for again


async def test_a_moderator_is_asked_whether_pause_and_a_word_is_a_command(world: World) -> None:
    await with_alice(world, "mo")
    await world.mo.says("pause bob")
    world.mo.sees("This looks like “pause”", "Is it for them?", "Do it")
    world.alice.sees_nothing()
    await world.mo.says("pause and breathe")
    world.alice.sees("pause and breathe")
    clear(world)


@pytest.mark.parametrize(
    ("words", "done"),
    [
        ("pause bob for 2 days", "bob is paused for 2 days"),
        ("stop pausing bob", "bob is not paused"),
        ("end the pause for bob", "bob is not paused"),
    ],
)
async def test_who_is_paused_is_not_told_to_the_member_a_moderator_is_with(world: World, words: str, done: str) -> None:
    await world.bob.says("hello")
    await with_alice(world, "mo")
    await world.mo.says(words)
    world.mo.sees("so it went to nobody", "Is it for them?", "Do it")
    world.alice.sees_nothing()
    await world.mo.clicks("Do it")
    world.mo.sees(done)


async def test_an_organizers_command_is_done_and_no_word_to_the_member_they_are_with(world: World) -> None:
    await with_alice(world, "olive")
    await world.olive.says("rota add Nights daily 20:00 08:00 Sam, Robin")
    clear(world)
    await world.olive.says("rota remove Nights")
    world.olive.sees("The rota Nights is removed")
    await world.olive.says("escalate alice")
    world.olive.sees("Somebody has been called for them already")
    world.alice.sees_nothing()
    clear(world)


OWN_NEED = ["i cant do this", "this is too much for me", "im so tired of this", "what do i do", "I can't handle this"]
KIND = "you need not carry it alone"


async def waits(world: World, minutes: int = 0) -> None:
    """Alice has asked for a person `minutes` ago, and nobody has come."""
    await world.alice.says("peer")
    await world.advance(minutes=minutes)
    clear(world)


@pytest.mark.parametrize("words", [*OWN_NEED, "hello?"])
async def test_who_is_on_a_break_is_offered_a_person_and_never_told_to_work(world: World, words: str) -> None:
    await waits(world, minutes=30)
    await world.sam.says("break")
    clear(world)
    await world.sam.says(words)
    told = world.sam.sees(KIND, "I need a person")
    assert [choice.command for choice in told.choices] == ["peer"]
    world.sam.sees_nothing()


@pytest.mark.parametrize("words", [*OWN_NEED, "hello?"])
async def test_a_peer_who_was_not_called_and_writes_of_their_own_need_is_offered_a_person(
    world: World, words: str
) -> None:
    await waits(world)
    await world.robin.says(words)
    world.robin.sees(KIND, "I need a person", "I need a break")


@pytest.mark.parametrize("words", OWN_NEED)
async def test_a_peer_who_was_called_and_writes_of_their_own_need_is_offered_a_person(world: World, words: str) -> None:
    await waits(world, minutes=30)
    await world.robin.says(words)
    told = world.robin.sees(KIND, "I need a person")
    assert "take the case" not in told.text


async def test_a_peer_who_was_called_privately_and_answers_is_shown_how_to_come_and_how_to_get_a_person(
    world: World,
) -> None:
    await waits(world, minutes=30)
    await world.sam.says("hello?")
    world.sam.sees("take the case first", "I'm on case 1", "I need a person")


async def test_words_of_a_peer_who_was_called_for_nobody_are_answered_with_who_waits_and_a_person(world: World) -> None:
    await waits(world)
    await world.sam.says("the weather is fine")
    world.sam.sees("Case 1 is waiting", "about yourself", "I need a person")
    world.sam.sees("Hello, I'm the bot of")


@pytest.mark.parametrize(
    ("words", "command"),
    [("take a break", "break"), ("I'd like a break now", "break"), ("can someone swap with me tonight", "swap")],
)
async def test_a_peer_is_shown_the_command_for_what_they_wish(world: World, words: str, command: str) -> None:
    await world.sam.says(words)
    told = world.sam.sees("Did you mean", "I need a person")
    assert told.choices[0].command == command


async def test_the_name_of_a_button_presses_it_where_the_case_has_ended(world: World) -> None:
    await with_alice(world)
    await world.alice.says("!safe")
    clear(world)
    await world.sam.says("I'd like to talk it over", "case-1")
    world.sam.sees("I have told your moderators")
    world.room("moderators").sees("Sam would like to talk over case 1")


@pytest.mark.parametrize("words", ["debrief", "I'd like to talk it over", "Can we talk it over?"])
async def test_a_peer_who_would_talk_a_case_over_does_so_with_one_press(world: World, words: str) -> None:
    await with_alice(world)
    await world.alice.says("!safe")
    clear(world)
    await world.sam.says(words)
    world.sam.sees("talk over case 1", "I need a person")
    await world.sam.clicks("I'd like to talk it over")
    world.sam.sees("I have told your moderators")
    world.room("moderators").sees("Sam would like to talk over case 1")


async def test_a_peer_who_had_no_case_and_would_talk_is_offered_a_person(world: World) -> None:
    await world.robin.says("debrief")
    world.robin.sees("I know of no case of yours", "I need a person")


@pytest.mark.parametrize("words", ["take a break", "debrief", "can someone swap with me tonight"])
async def test_a_member_is_not_told_of_peers_commands(world: World, words: str) -> None:
    await world.alice.says(words)
    world.alice.sees("cannot answer that", "I need a person")


async def test_what_is_too_long_for_a_choice_is_not_offered_without_its_values(world: World) -> None:
    await with_alice(world)
    await world.sam.says("hand ovr robin please call at seven, and tell them that the spare key lies under the pot")
    seen = world.sam.sees("This looks like “hand over”, so it went to nobody", "Is it for them?")
    assert [choice.command for choice in seen.choices] == ["answer"]  # "hand over" alone gives the case to nobody
    world.alice.sees_nothing()


async def test_a_number_sends_no_held_words_in_any_case(world: World) -> None:
    await world.bob.says("I want to kill myself", "lobby")
    await world.bob.says("I'm safe")
    await world.alice.says("I want to kill myself", "lobby")
    await world.sam.says("I'm on it")
    clear(world)
    await world.sam.says("handover to robin")
    assert [str(choice.label) for choice in world.sam.sees("Is it for them?").choices] == ["Send it", "Do it"]
    await world.sam.says("2")
    world.sam.sees("this went to nobody")
    world.alice.sees_nothing()


@pytest.mark.parametrize(
    ("words", "why", "choice"),
    [
        ("i cant do this im shaking", "about yourself", "Hand over"),
        ("someone take over", "This looks like “hand over”", "hand over"),
        ("escalate bob", "This looks like “escalate”", "Do it"),
    ],
)
async def test_what_a_peer_wrote_for_the_bot_while_it_was_away_is_held_with_a_word_to_them(
    world: World, words: str, why: str, choice: str
) -> None:
    await with_alice(world)
    await hears_later(world, "sam", words, "dm")
    world.sam.sees(why, "it went to nobody", choice)
    world.alice.sees_nothing()
    await world.sam.clicks("Send it")
    world.sam.sees("I have passed it on")
    world.alice.sees(words)


async def test_words_that_were_held_are_asked_about_no_more_once_the_peer_is_with_nobody(world: World) -> None:
    await with_alice(world)
    await world.sam.says("i cant do this im shaking")
    await world.sam.clicks("Hand over")
    await world.sam.says("yes")
    world.sam.sees("I'm calling somebody else for case 1")
    clear(world)
    await world.sam.says("hello")
    world.sam.sees("I'm a bot, and I'm here")
    clear(world)


def test_a_peers_words_without_end_about_themselves_are_read_at_once() -> None:
    """Each "sorry" belongs to what is before it, or to what is behind it: tried both ways it would take for ever."""
    began = time.process_time()
    for words in ("im scared sorry sorry ", "estoy fatal ya no puedo mas ya "):
        assert not overwhelmed.is_own((words * 14)[:290] + " you")
    assert time.process_time() - began < 0.2


@pytest.mark.parametrize(
    "text", ["im scared sorry i cant do this", "estoy fatal ya no puedo más", "i'm shaking so bad"]
)
def test_a_sorry_between_two_of_them_is_read_either_way(text: str) -> None:
    assert overwhelmed.is_own(text)
