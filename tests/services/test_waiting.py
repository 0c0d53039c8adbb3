"""What a member reads who writes while nobody has come yet."""

import pytest
from harness import World

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
