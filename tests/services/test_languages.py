"""Somebody who writes in a language that they have not chosen: they are answered in it, and it is offered."""

import pytest
from harness import World
from sqlalchemy import select

from bot.core.community import EscalationStep
from bot.core.policy import Whom
from bot.storage.tables import Member
from services.test_paging import harbour

SPANISH = "quiero suicidarme"


async def languages_stored(world: World) -> set[str | None]:
    """What anybody's language is said to be."""
    return set(await world.rows(select(Member.language)))


async def in_danger(world: World) -> None:
    """Alice was heard in Spanish, and answered."""
    await world.alice.says(SPANISH)
    world.alice.sees("Soy un bot", "¿Seguimos en español?", "Estoy a salvo")
    world.room("peers").sees("I'm on it", "US, es")


@pytest.mark.parametrize("said", ["quiero morir", SPANISH, "no quiero vivir", "mi amigo no respira y está azul"])
async def test_who_is_heard_in_spanish_is_answered_in_spanish_and_peers_read_that_it_is_so(
    world: World, said: str
) -> None:
    await world.alice.says(said)
    world.alice.sees("Soy un bot", "¿Seguimos en español?", "Estoy a salvo")
    world.room("peers").sees("Who can be with them?", "US, es")
    assert await languages_stored(world) == {None}


@pytest.mark.parametrize(
    ("said", "grave"), [("I want to kill myself", "Urgent"), ("I just took 40 pills", "Emergency")]
)
async def test_what_is_read_first_is_short_enough_for_a_phone(world: World, said: str, grave: str) -> None:
    for words in (said, SPANISH):
        person = world.alice if words == said else world.bob
        await person.says(words)
        answer = person.sees("988", "741741").text
        assert len(answer.partition("988 Suicide")[0]) <= 300
        assert len(answer) <= 650
    page = world.room("peers").sees(grave).text
    assert page.index(grave) < page.index("About: ") < page.index(f"“{said}”") < 300
    await world.sam.clicks("I'm on it")
    case = world.sam.sees("You are with them now").text
    assert case.index("How grave") < case.index("What I heard, and why") < 300
    for box in world.mailboxes:
        box.unseen.clear()


async def test_all_of_the_case_is_in_spanish_to_the_member_and_in_english_to_the_peer(world: World) -> None:
    await in_danger(world)
    await world.alice.says("por favor")
    world.alice.sees("Guardo esto para la persona")
    await world.sam.clicks("I'm on it")
    world.sam.sees("You have it")
    world.sam.sees("You are with them now", "US, es")
    world.room("peers").sees("Sam is on it")
    world.alice.sees("Sam está aquí")
    await world.sam.says("hola")
    world.alice.sees("Sam, persona de apoyo", "hola")
    await world.alice.says("!safe")
    world.alice.sees("Me alegro")
    world.alice.sees("Tu conversación con Sam ha terminado")
    world.sam.sees("has ended")
    world.room("peers").sees("has ended")


async def test_who_was_heard_in_spanish_is_answered_in_spanish_after_the_case_too_and_for_a_day(world: World) -> None:
    await in_danger(world)
    await world.sam.clicks("I'm on it")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.says("help")
    world.alice.sees("Eso le ha llegado a Sam")
    await world.alice.says("!safe")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.says("sigues ahí todavía, compañera?")
    world.alice.sees("Sam se ha ido")
    await world.alice.says("settings")
    world.alice.sees("Idioma")
    assert await languages_stored(world) == {None}
    await world.advance(hours=25)
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.says("settings")
    world.alice.sees("Your settings")


async def test_safe_is_answered_in_the_language_in_which_it_is_said(world: World) -> None:
    await world.alice.says("Estoy a salvo")
    world.alice.sees("Me alegro")


@pytest.mark.parametrize(
    "said",
    [
        "Necesito a una persona",
        "necesito una persona",
        "quiero una persona",
        "hablar con una persona",
        "quiero hablar con una persona",
        "llama a alguien",
    ],
)
async def test_a_person_asked_for_in_spanish_comes_with_spanish_words(world: World, said: str) -> None:
    await world.alice.says(said)
    world.alice.sees("Soy un bot", "¿Seguimos en español?")
    world.alice.sees("Estoy buscando")
    world.room("peers").sees("US, es")


async def test_who_asked_for_a_person_in_another_language_is_heard_on_in_it(world: World) -> None:
    await world.alice.says("Necesito a una persona")
    world.alice.unseen.clear()
    world.room("peers").unseen.clear()
    await world.alice.says("quiero morir")
    world.alice.sees("Sigo aquí")


async def test_one_press_makes_it_the_members_own_and_says_so_in_it(world: World) -> None:
    await in_danger(world)
    await world.alice.clicks("¿Seguimos en español?")
    world.alice.sees("De acuerdo")
    assert await languages_stored(world) == {None, "es"}


async def test_a_language_is_confirmed_in_it(world: World) -> None:
    await world.alice.says("settings language Spanish")
    world.alice.sees("De acuerdo")


async def test_who_has_chosen_a_language_is_answered_in_that(world: World) -> None:
    await world.alice.says("settings language English")
    world.alice.sees("All right")
    await world.alice.says(SPANISH)
    answer = world.alice.sees("I'm a bot, and I'm getting a person")
    assert "¿Seguimos en español?" not in [str(choice.label) for choice in answer.choices]
    world.room("peers").sees("US, en")


async def test_where_there_are_no_words_in_it_the_answer_is_in_the_communitys_and_peers_know_the_language(
    world: World,
) -> None:
    await world.alice.says("quero me matar")
    world.alice.sees("I'm a bot, and I'm getting a person")
    world.room("peers").sees("US, pt")


async def test_who_speaks_the_language_in_which_somebody_was_heard_is_called_first(world: World) -> None:
    await world.apply(harbour(EscalationStep(whom=Whom.PEERS, wait_minutes=5), EscalationStep(whom=Whom.MODERATORS)))
    await world.robin.says("!roster languages es")
    world.robin.unseen.clear()
    await world.alice.says(SPANISH)
    world.alice.sees("Soy un bot")
    world.robin.sees("Urgent", "US, es")
    world.sam.sees_nothing()
    await world.advance(minutes=1)
    world.sam.sees("Urgent", "US, es")


# Commands and small words


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("ayuda", "Lo que puedo hacer"),
        ("¿Qué puedes hacer?", "Lo que puedo hacer"),
        ("Ayuda reuniones", "Reuniones"),
        ("recursos alcohol", "SAMHSA"),
        ("reuniones", "Las próximas reuniones"),
        ("ajustes", "Tu configuración"),
        ("líneas de ayuda", "988"),
        ("parar", "nada que parar"),
        ("!reuniones", "Las próximas reuniones"),
    ],
)
async def test_commands_are_known_by_the_words_of_the_language_and_answered_in_it(
    world: World, said: str, answer: str
) -> None:
    await world.alice.says(said)
    world.alice.sees(answer)
    await world.alice.says("settings language Spanish")
    world.alice.sees("De acuerdo")
    await world.alice.says(said)
    world.alice.sees(answer)


@pytest.mark.parametrize("said", ["español", "Spanish", "no entiendo ingles", "¿Hablas español?"])
async def test_who_names_their_language_is_offered_it_in_it(world: World, said: str) -> None:
    await world.alice.says(said)
    world.alice.sees("También hablo español")
    await world.alice.clicks("¿Seguimos en español?")
    world.alice.sees("De acuerdo")
    assert await languages_stored(world) == {None, "es"}


async def test_a_greeting_in_another_language_offers_it(world: World) -> None:
    await world.nell.says("hola")
    world.nell.sees("soy el bot de", "¿Seguimos en español?")
    world.nell.sees_nothing()
    await world.nell.says("gracias")
    world.nell.sees("De nada", "Necesito a una persona", "¿Seguimos en español?")


async def test_a_topic_in_another_language_is_looked_up_as_that_topic(world: World) -> None:
    await world.alice.says("resources housing")
    english = world.alice.sees("United States").choices
    await world.alice.says("recursos vivienda")
    assert [c.arguments for c in world.alice.sees("United States").choices][: len(english)] == [
        c.arguments for c in english
    ]


async def test_other_sentences_that_begin_with_a_word_for_a_command_do_nothing(world: World) -> None:
    await world.alice.says("reuniones son difíciles")
    world.alice.sees("I'm only a bot, and cannot answer that")
