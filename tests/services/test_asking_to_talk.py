"""Who asks for somebody to talk to and says nothing else: a concern, and nobody claims to know what it is about."""

import pytest
from harness import World


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("can I talk to someone", "I'm a bot"),
        ("i need someone to talk to", "I'm a bot"),
        ("quiero hablar con alguien", "Soy un bot"),
    ],
)
async def test_who_only_asks_to_talk_is_a_concern_and_nobody_is_told_of_suicide(
    world: World, words: str, answer: str
) -> None:
    await world.alice.says(words, "lobby")
    world.alice.sees(answer, "988")
    told = world.room("peers").sees("Concern", "About: somebody to talk to; they have not said why").text
    assert "suicide" not in told.casefold()
    await world.sam.clicks("I'm on it")
    assert "step by step" not in world.sam.sees("You are with them now").text
    for box in world.mailboxes:
        box.unseen.clear()


@pytest.mark.parametrize("before", ["I had a long day at work", "nice weather", "hello there"])
async def test_harmless_words_before_it_do_not_change_what_it_is_about(world: World, before: str) -> None:
    await world.alice.says(before, "lobby")
    await world.alice.says("I need someone to talk to", "lobby")
    told = world.room("peers").sees("Concern", "About: somebody to talk to; they have not said why").text
    assert "suicide" not in told.casefold()
    for box in world.mailboxes:
        box.unseen.clear()


async def test_a_call_to_talk_that_becomes_graver_is_about_what_they_say_then(world: World) -> None:
    await world.alice.says("can I talk to someone", "lobby")
    await world.alice.says("i want to kill myself", "lobby")
    world.room("peers").sees("Urgent", "About: suicide")
    for box in world.mailboxes:
        box.unseen.clear()


@pytest.mark.parametrize(
    "words",
    ["hlep me", "plz help", "can you help me", "suicide", "Overdose", "kms", "crisis", "🆘", "dying?", "emergency!!"],
)
async def test_a_short_word_of_need_in_private_is_answered_with_numbers_and_the_offer_of_a_person(
    world: World, words: str
) -> None:
    await world.alice.says(words)
    world.alice.sees("I'm here", "please call 911", "988", "Shall I call a person for you?", "I'm in another country")
    world.room("peers").sees_nothing()
    await world.alice.says("yes")
    world.room("peers").sees("Urgent", "they asked for a person")
    for box in world.mailboxes:
        box.unseen.clear()


@pytest.mark.parametrize(
    ("words", "truth"),
    [
        ("will you call the police", "I call no ambulance and no police"),
        ("i dont want police", "I call no ambulance and no police"),
        ("is this private?", "only if it sounds as if somebody were in danger"),
        ("who are the peers", "who has agreed to be there for others"),
        ("is it free", "It costs nothing"),
        ("who did you tell?", "nobody else reads"),
        ("is help coming?", "Nobody is called yet"),
        ("are you a bot", "I'm a bot"),
    ],
)
async def test_what_somebody_asks_before_a_person_is_called_is_answered_truly(
    world: World, words: str, truth: str
) -> None:
    await world.alice.says(words)
    world.alice.sees(truth, "Shall I call a person for you?", "I need a person")
    await world.alice.says("no")
    world.alice.sees("All right, I call nobody")


@pytest.mark.parametrize("words", ["actually yes", "yeah i think so", "call", "yes i think so please", "call them"])
async def test_who_says_yes_in_other_words_or_after_a_no_gets_a_person(world: World, words: str) -> None:
    await world.alice.says("sad today")
    world.alice.sees("shall I call one?")
    await world.alice.says("no")
    world.alice.sees("All right, I call nobody")
    await world.alice.says(words)
    world.room("peers").sees("Urgent", "they asked for a person")
    for box in world.mailboxes:
        box.unseen.clear()


async def test_who_is_paused_is_offered_no_person_with_the_numbers(world: World) -> None:
    await world.mo.says("pause alice 24h", "moderators")
    world.mo.unseen.clear()
    await world.alice.says("is this private?")
    answer = world.alice.sees("in danger")
    assert "Shall I call" not in answer.text
    assert "I need a person" not in {str(choice.label) for choice in answer.choices}


@pytest.mark.parametrize("words", ["no", "no dont call anyone", "please dont tell anyone", "don't, please", "go away"])
async def test_who_wants_nobody_while_somebody_is_looked_for_reads_how_to_end_it(world: World, words: str) -> None:
    await world.alice.says("i relapsed", "lobby")
    world.alice.sees("so that a person can write to you here")
    await world.alice.says(words)
    world.alice.sees("If you need nobody any more", "I'm safe")
    world.room("peers").sees("Concern")


@pytest.mark.parametrize("words", ["suicide", "pills", "hlep me", "I might die", "🆘"])
async def test_a_word_of_danger_of_who_waits_with_a_concern_is_not_merely_kept(world: World, words: str) -> None:
    await world.alice.says("i relapsed", "lobby")
    world.alice.sees("so that a person can write to you here")
    await world.alice.says(words)
    world.alice.sees("These people answer now", "please call 911", "988", "I need a person")
    world.room("peers").sees("Concern")
    await world.alice.says("yes")
    world.room("peers").sees("Urgent")
    for box in world.mailboxes:
        box.unseen.clear()


async def test_a_voice_message_to_the_bot_alone_is_said_to_be_heard_by_nobody(world: World) -> None:
    await world.alice.sends_pictures(b"", kind="audio/ogg")
    world.alice.sees("I hear no voice messages", "nobody else got this", "Or shall I call a person?")
    await world.alice.says("yes")
    world.room("peers").sees("Urgent", "they asked for a person")
    for box in world.mailboxes:
        box.unseen.clear()


async def test_that_words_are_kept_promises_nothing_about_the_picture_that_came_with_them(world: World) -> None:
    await world.alice.says("i want to die")
    world.alice.unseen.clear()
    await world.alice.sends_pictures(b"", text="look at my arm")
    world.alice.sees("I keep this for the person who comes", "I can't pass on pictures or files")
    world.room("peers").unseen.clear()
