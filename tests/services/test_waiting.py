"""What a member reads who writes while nobody has come yet."""

import pytest
from harness import World
from sqlalchemy import select

from bot.storage.tables import CaseRow, Member
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


@pytest.mark.parametrize("said", ["nvm", "I changed my mind", "cancel", "never mind"])
async def test_who_waits_and_wants_nobody_any_more_reads_how_to_end_it(world: World, said: str) -> None:
    await open_case(world)
    await world.alice.says(said)
    world.alice.sees("write “I'm safe”, or press", "I go on calling")


@pytest.mark.parametrize(
    "words", ["safe place to sleep tonight?", "Safe is not what I am", "1", "!safe from what? I don't know"]
)
async def test_only_i_am_safe_ends_a_case_and_no_number_does(world: World, words: str) -> None:
    await world.alice.says("I want to kill myself")
    await world.alice.says(words)
    assert await world.rows(select(CaseRow.ended_at)) == [None]
    for box in world.mailboxes:
        box.unseen.clear()


async def test_danger_in_words_that_begin_like_a_command_ends_nothing(world: World) -> None:
    await world.alice.says("safe means nothing, I took all the pills")
    world.room("peers").sees("Emergency")
    assert await world.rows(select(CaseRow.ended_at)) == [None]
    for box in world.mailboxes:
        box.unseen.clear()


async def test_no_is_no_country(world: World) -> None:
    await world.alice.says("settings country no")
    world.alice.sees("Norway")
    assert await world.rows(select(Member.country).where(Member.country == "NO")) == []
