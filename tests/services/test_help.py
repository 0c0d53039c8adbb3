"""Help in a few lines, and commands that are nearly right: what tired people with a phone write."""

from zoneinfo import ZoneInfo

import pytest
from harness import World
from sqlalchemy import select

from bot.core.commands import Reader
from bot.core.usage import examples
from bot.services.help_topics import GROUPS
from bot.services.typed import read
from bot.storage.tables import CaseRow


async def test_help_lists_only_what_the_asker_may_use(world: World) -> None:
    await world.alice.says("help")
    for_alice = world.alice.sees("What I can do").text
    await world.olive.says("!help")
    for_olive = world.olive.sees("What I can do").text
    world.olive.sees("Hello, I'm the bot of")
    assert "planning: " not in for_alice
    assert "planning: " in for_olive
    for said in (for_alice, for_olive):
        _title, first, *_others = (line for line in said.splitlines() if line)
        assert "peer" in first
        assert "resources crisis" in first
        assert "slash commands" in said
    assert len([line for line in for_alice.splitlines() if line]) <= 10
    await world.alice.says("help planning")
    world.alice.sees("I know nothing about that")


@pytest.mark.parametrize("topic", ["pause", "escalate", "snippets add"])
async def test_an_organizer_reads_of_what_moderators_do(world: World, topic: str) -> None:
    await world.olive.says(f"help {topic}")
    world.olive.sees(topic, "For example")
    world.olive.sees("Hello, I'm the bot of")


def test_every_command_that_can_be_typed_is_told_of_in_one_group_of_help(world: World) -> None:
    typed = [command.name for command in world.app.registry if not command.hidden and command.name != "help"]
    assert sorted(typed) == sorted(name for group in GROUPS for name in group.names)


async def test_help_tells_more_about_a_group_a_family_and_a_command_with_examples(world: World) -> None:
    await world.alice.says("help Check-ins")
    listed = world.alice.sees("checkin start: Be asked once a day", "help checkin month").text
    assert "meetings" not in listed
    await world.alice.says("!help meetings follow", "lobby")
    world.alice.sees("meetings follow <meeting> [minutes]", 'meetings follow "Morning circle" 45')
    await world.olive.says("help rota")
    world.olive.sees("rota add", "rota calendar")
    world.olive.sees("Hello, I'm the bot of")


def test_the_examples_of_help_are_whole_commands(world: World) -> None:
    reader = Reader(now=world.now, zone=ZoneInfo("America/New_York"))
    wrong = []
    for each in (command for command in world.app.registry if not command.hidden):
        for line in examples(each):
            found = read(line, world.app.registry, reader)
            if found is None or found.command is not each or found.left:
                wrong.append(line)
                continue
            for parameter in each.parameters:
                if parameter.name in found.arguments:
                    parameter.kind.parse(found.arguments[parameter.name], reader)
    assert wrong == []


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("meeting", "The next meetings"),
        ("Meeting show Evening group", "Evening group"),
        ("!meetings list", "The next meetings"),
        ("setting", "Your settings"),
        ("check in", "Which of these?"),
        ("Check-in", "Which of these?"),
        ("check-ins", "Which of these?"),
        ("my data", "Which of these?"),
        ("resource", "What do you need?"),
    ],
)
async def test_a_command_is_understood_in_the_singular_and_plural_apart_and_with_a_hyphen(
    world: World, said: str, answer: str
) -> None:
    await world.alice.says(said)
    world.alice.sees(answer)


async def test_a_typo_in_a_command_is_asked_about_privately_and_passed_over_where_people_talk(world: World) -> None:
    await world.alice.says("metings")
    assert "meetings" in [str(choice.label) for choice in world.alice.sees("Did you mean").choices]
    await world.alice.says("!chekin start")
    await world.alice.clicks("checkin start")
    world.alice.sees("Did you mean")
    world.alice.sees("every day at")
    for words in ("metings", "!metings", "check in with you later?"):
        await world.alice.says(words, "lobby")
    world.alice.sees_nothing()


@pytest.mark.parametrize(
    "said",
    [
        *("help me find myself", "leaves", "peers", "same", "met me there at noon"),
        *("leave me", "take me", "take", "case", "pause 24 bob", "resolve 1 of my troubles", "join us"),
    ],
)
async def test_words_that_only_begin_like_a_command_offer_a_person_and_do_nothing(world: World, said: str) -> None:
    await world.alice.says(said)
    world.alice.sees("cannot answer that", "I need a person")
    world.alice.sees_nothing()
    assert await world.rows(select(CaseRow.id)) == []


async def test_a_member_does_not_learn_of_peers_commands_with_a_mark_either(world: World) -> None:
    for words in ("!resolve", "!escalate bob", "!snippets add a b"):
        await world.alice.says(words)
        world.alice.sees("I don't know that command")
        await world.alice.says(words, "lobby")
        world.alice.sees_nothing()
    await world.alice.says("help cases")
    world.alice.sees("I know nothing about that")


async def test_a_group_of_commands_says_how_to_see_the_way_one_is_typed(world: World) -> None:
    await world.alice.says("help meetings")
    world.alice.sees("To see how one of them is typed, write “help” before it: “help meetings wrong”")
    await world.alice.says("help meetings wrong")
    world.alice.sees("For example")


@pytest.mark.parametrize("said", ["help me", "please help", "I need help!"])
async def test_who_asks_for_help_is_shown_how_to_get_it(world: World, said: str) -> None:
    await world.alice.says(said)
    world.alice.sees("I can call a person for you right now: shall I?", "I need a person")


@pytest.mark.parametrize("said", ["hi", "Hello!", "hola"])
async def test_a_first_greeting_is_answered_by_the_welcome_alone(world: World, said: str) -> None:
    await world.nell.says(said)
    world.nell.sees("bot", "Harbour")
    world.nell.sees_nothing()
    await world.nell.says(said)
    world.nell.sees("bot", "person" if said != "hola" else "persona")


@pytest.mark.parametrize(
    ("said", "answer"), [("thanks", "You're welcome"), ("ok", "All right"), ("im ok", "All right")]
)
async def test_small_words_get_a_kind_one(world: World, said: str, answer: str) -> None:
    await world.alice.says(said)
    world.alice.sees(answer, "I need a person")


@pytest.mark.parametrize("said", ["i feel like shit", "everything hurts", "it was a hard day"])
async def test_what_the_bot_cannot_answer_gets_a_kind_word_and_a_person(world: World, said: str) -> None:
    await world.alice.says("checkin now")
    world.alice.sees("How are you")
    await world.alice.says(said)
    told = world.alice.sees("If it is hard just now, a person can listen", "I need a person")
    assert "understand" not in told.text


@pytest.mark.parametrize("said", ["yes", "ok", "Yes please!", "please", "yes call someone", "sí"])
@pytest.mark.parametrize("before", ["everything hurts", "help me"])
async def test_a_yes_to_shall_i_call_a_person_calls_one(world: World, before: str, said: str) -> None:
    await world.alice.says(before)
    world.alice.sees("shall I", "I need a person")
    await world.alice.says(said)
    world.room("peers").sees("I'm on it")
    for box in world.mailboxes:
        box.unseen.clear()


async def test_a_no_to_shall_i_call_a_person_calls_nobody(world: World) -> None:
    await world.alice.says("everything hurts")
    world.alice.sees("shall I call one?")
    await world.alice.says("no thanks")
    world.alice.sees("I call nobody", "I need a person")
    world.room("peers").sees_nothing()
