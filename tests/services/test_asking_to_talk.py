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
