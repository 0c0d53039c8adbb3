"""What a member reads who writes while nobody has come yet."""

import pytest
from harness import World
from sqlalchemy import select

from bot.storage.tables import CaseRow, Member
from services.test_at_work import clear
from services.test_cases import open_case


@pytest.mark.parametrize("said", ["988", "helpline", "Crisis line number?", "hotline"])
async def test_who_waits_and_asks_for_a_number_reads_it_and_their_words_are_kept(world: World, said: str) -> None:
    await open_case(world)
    await world.alice.says(said)
    world.alice.sees("These are the numbers", "988", "I'm safe")
    await world.sam.clicks("I'm on it")
    world.sam.sees("You have it.")
    world.sam.sees(f"They wrote: “{said}”")
    for mailbox in world.mailboxes:
        mailbox.unseen.clear()


@pytest.mark.parametrize("said", ["help", "HELP!!!", "can you help me", "ayuda"])
async def test_who_waits_and_cries_for_help_reads_that_somebody_is_called_and_the_numbers(
    world: World, said: str
) -> None:
    await open_case(world)
    await world.alice.says(said)
    if said == "ayuda":
        world.alice.sees("estoy llamando a alguien para ti", "911", "“menu” o “!help”")
    else:
        world.alice.sees("I'm calling somebody for you", "please call 911", "988", "“menu”, or “!help”", "I'm safe")
    assert await world.rows(select(CaseRow.id)) == [1]
    await world.sam.clicks("I'm on it")
    world.sam.sees("You have it.")
    world.sam.sees(f"They wrote: “{said}”")
    for box in world.mailboxes:
        box.unseen.clear()


@pytest.mark.parametrize("said", ["menu", "!help", "menú", "help meetings"])
async def test_who_waits_gets_the_menu_by_its_name(world: World, said: str) -> None:
    await open_case(world)
    await world.alice.says(said)
    (shown,) = world.alice.unseen
    assert "calling somebody" not in shown.text
    assert "I keep this" not in shown.text
    world.alice.unseen.clear()


async def test_who_waits_with_a_concern_and_cries_for_help_is_offered_to_be_called_for(world: World) -> None:
    await world.alice.says("I feel hopeless")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.says("help")
    told = world.alice.sees("The peers can read that you would like somebody", "please call 911", "I need a person")
    assert "calling somebody" not in told.text


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("who will come?", "Somebody of Harbour who has agreed to be there for others"),
        ("and who is coming", "a peer, or a moderator"),
        ("How long?", "I don't know how long it takes, and promise no time"),
        ("when will someone come", "I go on calling until somebody is here"),
        ("is it free?", "It costs nothing, now or later: the peers are volunteers"),
        ("Do I have to pay", "It costs nothing"),
        ("is it private", "read by the person who comes, and by whoever helps them"),
        ("Who can read this??", "erase it 30 days after"),
        ("¿es gratis?", "No cuesta nada"),
        ("cuánto tarda", "No sé cuánto tarda"),
        ("hello??", "I'm a bot, and I'm here. I'm calling a person for you"),
        ("is anybody there", "nobody is here yet"),
        ("are you a bot?", "I'm a bot"),
        ("will you call the police", "I call no ambulance and no police"),
        ("is an ambulance coming", "please call it yourself"),
        ("¿viene la ambulancia?", "no llamo a ninguna ambulancia"),
    ],
)
async def test_who_waits_and_asks_what_comes_reads_what_is_true_of_it(world: World, said: str, told: str) -> None:
    await open_case(world)
    await world.alice.says(said)
    world.alice.sees(told, "I'm safe" if said[0] not in "¿c" else "Estoy a salvo")
    await world.sam.clicks("I'm on it")
    world.sam.sees("You have it.")
    world.sam.sees(f"They wrote: “{said}”")
    for box in world.mailboxes:
        box.unseen.clear()


@pytest.mark.parametrize("said", ["ive done it", "i took pills", "its too late"])
async def test_who_says_that_it_is_done_is_called_for_anew_as_in_an_emergency(world: World, said: str) -> None:
    await world.alice.says("i want to kill myself")
    await world.advance(minutes=1)
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.says(said)
    world.alice.sees("911")
    world.alice.sees("please do not wait until a person is here")
    await world.advance(minutes=2)
    world.room("peers").sees("Emergency", f"“{said}”")
    for box in world.mailboxes:
        box.unseen.clear()


async def test_who_asked_for_a_person_without_a_word_is_not_taken_to_have_done_something(world: World) -> None:
    await world.alice.says("peer")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.says("i did it")
    world.alice.sees("please do not wait until a person is here", "911")
    assert await world.rows(select(CaseRow.severity)) == ["urgent"]
    for box in world.mailboxes:
        box.unseen.clear()


@pytest.mark.parametrize("said", ["its done", "ive done it", "its too late"])
async def test_who_asked_for_a_person_says_what_they_took_and_then_that_it_is_done_is_in_an_emergency(
    world: World, said: str
) -> None:
    await world.alice.says("peer")
    await world.alice.says("i took pills")
    assert await world.rows(select(CaseRow.severity)) == ["urgent"]
    clear(world)
    await world.alice.says(said)
    world.alice.sees("911")
    world.alice.sees("please do not wait until a person is here")
    world.room("peers").sees("Emergency", "overdose", f"“{said}”")
    clear(world)


@pytest.mark.parametrize(("heard", "deed"), [("I feel hopeless", "ive done it"), ("i relapsed", "i took pills")])
async def test_who_waits_with_a_concern_and_says_it_is_done_is_called_for_and_then_as_in_an_emergency(
    world: World, heard: str, deed: str
) -> None:
    await world.alice.says(heard)
    clear(world)
    await world.alice.says(deed)
    told = world.alice.sees("please do not wait until a person is here", "I'm safe")
    assert [str(choice.label) for choice in told.choices] == ["I'm safe"]
    world.room("peers").sees("Urgent", f"“{deed}”")
    clear(world)
    await world.alice.says("its done")
    world.room("peers").sees("Emergency", "“its done”")
    clear(world)


async def test_in_an_emergency_nobody_is_asked_to_wait_without_the_number_that_is_there_at_once(world: World) -> None:
    await world.alice.says("I took all my pills")
    for box in world.mailboxes:
        box.unseen.clear()
    for said in ("how long", "did you call 911"):
        await world.alice.says(said)
        world.alice.sees("please call 911", "988", "I'm safe")
    await world.advance(minutes=1)
    await world.alice.says("I took all my pills, really")
    world.alice.sees("still looking for a person", "please call 911")
    await world.alice.says("my hands are shaking")
    world.alice.sees("I keep this for the person who comes", "please call 911", "I'm safe")


async def test_who_waits_with_a_concern_is_not_told_that_somebody_is_called(world: World) -> None:
    await world.alice.says("I feel hopeless")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.says("how long?")
    told = world.alice.sees("I promise no time", "I need a person")
    assert "go on calling" not in told.text


async def test_who_waits_with_a_concern_and_is_heard_again_is_offered_to_be_called_for(world: World) -> None:
    await world.alice.says("I feel hopeless")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.says("i relapsed")
    told = world.alice.sees("The peers can read that you would like somebody", "I need a person", "I'm safe")
    assert "looking for" not in told.text


@pytest.mark.parametrize("said", ["yes", "yes please", "its me", "it's about me"])
async def test_who_waits_with_a_concern_and_takes_up_the_offer_or_says_it_is_them_is_called_for(
    world: World, said: str
) -> None:
    await world.alice.says("my friend says he wants to kill himself")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.says(said)
    world.alice.sees("I'm getting a person", "I'm safe")
    world.room("peers").sees("Urgent", "I'm on it")
    for box in world.mailboxes:
        box.unseen.clear()


@pytest.mark.parametrize("said", ["nvm", "I changed my mind", "cancel", "never mind", "im fine", "leave me alone"])
async def test_who_waits_and_wants_nobody_any_more_reads_how_to_end_it(world: World, said: str) -> None:
    await open_case(world)
    await world.alice.says(said)
    world.alice.sees("write “I'm safe”, or press", "I go on calling")


@pytest.mark.parametrize(("no", "yes", "ending"), [("no", "yes", "I'm safe"), ("no", "sí", "Estoy a salvo")])
async def test_a_yes_to_how_a_concern_ends_calls_nobody_and_ends_nothing_by_itself(
    world: World, no: str, yes: str, ending: str
) -> None:
    if yes != "yes":
        await world.alice.says("settings language es")
    await world.alice.says("I feel hopeless")
    clear(world)
    for said in (no, yes, yes):
        await world.alice.says(said)
        told = world.alice.sees(ending)
        assert "?" not in told.text
    world.all_was_seen()
    assert await world.rows(select(CaseRow.severity).where(CaseRow.ended_at.is_(None))) == ["concern"]
    await world.alice.says("yes, it's me")
    world.room("peers").sees("Urgent")
    clear(world)


@pytest.mark.parametrize(
    "words", ["safe place to sleep tonight?", "Safe is not what I am", "1", "!safe from what? I don't know"]
)
async def test_only_i_am_safe_ends_a_case_and_no_number_does(world: World, words: str) -> None:
    await world.alice.says("I want to kill myself")
    await world.alice.says(words)
    assert await world.rows(select(CaseRow.ended_at)) == [None]
    for box in world.mailboxes:
        box.unseen.clear()


@pytest.mark.parametrize("words", ["resources are no use to me, i just want it to stop", "Guide me please"])
async def test_a_sentence_that_begins_like_a_command_is_kept_for_the_person_who_comes(world: World, words: str) -> None:
    await open_case(world)
    await world.alice.says(words)
    name = words.split(maxsplit=1)[0].strip(".").lower()
    world.alice.sees(f"I keep this for the person who comes. I'm still calling. For my own “{name}”, write “!{name}”.")
    await world.sam.clicks("I'm on it")
    world.sam.sees("You have it.")
    world.sam.sees(f"They wrote: “{words}”")
    for box in world.mailboxes:
        box.unseen.clear()


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("resources crisis", "988"),
        ("resources detox in Canada", "Canada"),
        ("guide overdose", "naloxone"),
        ("settings", "Time zone"),
    ],
)
async def test_a_command_itself_is_done_also_for_who_waits(world: World, words: str, answer: str) -> None:
    await open_case(world)
    await world.alice.says(words)
    world.alice.sees(answer)


async def test_danger_in_words_that_begin_like_a_command_ends_nothing(world: World) -> None:
    await world.alice.says("safe means nothing, I took all the pills")
    world.room("peers").sees("Emergency")
    assert await world.rows(select(CaseRow.ended_at)) == [None]
    for box in world.mailboxes:
        box.unseen.clear()


async def test_a_country_that_was_asked_for_is_taken_late_too_while_nobody_has_come(world: World) -> None:
    await open_case(world)
    await world.alice.clicks("I'm in another country")
    world.alice.sees("Which country")
    await world.advance(minutes=25)
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.says("it hurts so much")
    world.alice.sees("I keep this for the person who comes")
    await world.alice.says("Ireland")
    world.alice.sees("These are the numbers for", "116 123")
    assert await world.rows(select(Member.country).where(Member.country == "IE")) == ["IE"]


async def test_a_city_is_no_country_but_the_country_after_it_is_taken(world: World) -> None:
    await open_case(world)
    await world.alice.says("i'm in another country")
    world.alice.sees("Which country")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.says("im in london")
    world.alice.sees("I keep this for the person who comes")
    await world.alice.says("im in england")
    world.alice.sees("These are the numbers for", "116 123")


async def test_a_country_that_is_named_late_to_a_peer_is_a_word_to_them(world: World) -> None:
    await open_case(world)
    await world.alice.clicks("I'm in another country")
    await world.sam.clicks("I'm on it")
    await world.advance(minutes=12)
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.says("Ireland")
    world.sam.sees("Ireland")


async def test_no_in_capitals_is_norway_to_who_was_just_asked_for_their_country(world: World) -> None:
    await open_case(world)
    await world.alice.clicks("I'm in another country")
    world.alice.sees("Which country")
    await world.alice.says("NO")
    world.alice.sees("These are the numbers for Norway", "113")
    assert await world.rows(select(Member.country).where(Member.country == "NO")) == ["NO"]
    await world.alice.says("im in pain")
    world.alice.sees("I keep this for the person who comes")
    await world.alice.says("im in spain")
    world.alice.sees("These are the numbers for Spain", "112")
    await world.sam.clicks("I'm on it")
    world.alice.sees("Sam is here")
    await world.alice.says("sorry, i am in Ireland now")
    world.sam.sees("sorry, i am in Ireland now")
    world.alice.sees("These are the numbers for Ireland", "116 123")
    await world.alice.says("i am in a bad place")
    world.sam.sees("i am in a bad place")
    world.alice.sees_nothing()
    world.sam.unseen.clear()
    world.room("peers").unseen.clear()


@pytest.mark.parametrize("typed", ["country NO", "settings country NO", "!settings country NO"])
async def test_no_in_capitals_is_norway_behind_the_command(world: World, typed: str) -> None:
    await world.alice.says(typed)
    world.alice.sees("Helplines are for Norway from now on")


async def test_no_in_capitals_is_a_no_to_whether_a_person_shall_come(world: World) -> None:
    await world.alice.says("settings country IE")
    await world.alice.says("what is the meaning of life")
    world.alice.sees("shall I call one?")
    await world.alice.says("NO")
    world.alice.sees("All right, I call nobody")
    world.alice.sees("Helplines are for Ireland")
    assert await world.rows(select(Member.country).where(Member.country == "NO")) == []


async def test_no_in_capitals_is_a_no_to_the_peer_who_is_there(world: World) -> None:
    await open_case(world)
    await world.alice.clicks("I'm in another country")
    await world.sam.clicks("I'm on it")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.says("NO")
    world.sam.sees("NO")
    assert await world.rows(select(Member.country).where(Member.country == "NO")) == []


async def test_no_in_capitals_is_a_no_long_after_the_country_was_asked_for(world: World) -> None:
    await open_case(world)
    await world.alice.clicks("I'm in another country")
    await world.advance(minutes=25)
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.says("NO")
    world.alice.sees("If you need nobody any more")
    assert await world.rows(select(Member.country).where(Member.country == "NO")) == []


async def test_no_is_no_country(world: World) -> None:
    await world.alice.says("settings country no")
    world.alice.sees("Norway")
    assert await world.rows(select(Member.country).where(Member.country == "NO")) == []


async def test_who_asked_without_a_word_and_then_says_why_is_called_for_with_these_words(world: World) -> None:
    await world.alice.says("I need a person")
    await world.alice.says("i want to die")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.advance(minutes=4)
    world.room("peers").sees("Urgent", "i want to die")
    for box in world.mailboxes:
        box.unseen.clear()


async def test_what_gets_worse_late_is_said_to_the_peers_too_who_were_called_in_vain(world: World) -> None:
    await open_case(world)
    await world.advance(minutes=40)
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.says("i took all my pills")
    world.room("peers").sees("Emergency", "i took all my pills")
    for box in world.mailboxes:
        box.unseen.clear()
