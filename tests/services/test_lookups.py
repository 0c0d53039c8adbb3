"""Resources: found in people's own words."""

from harness import World
from harness.communities import HARBOUR

from bot.app import load_resources

CSV = """name,topics,country,phone,note
Harbour detox house,detox,US,+1 555 0100,Ring the blue bell
"""


async def test_a_helpline_is_found_in_spite_of_a_typo(world: World) -> None:
    await world.alice.says("resources alcohl")
    world.alice.sees("For United States:", "Call: ")


async def test_a_country_at_the_end_is_understood(world: World) -> None:
    await world.alice.says("resources suicide in Canada")
    world.alice.sees("For Canada:", "Call: ")


async def test_the_members_own_country_goes_before_the_communitys(world: World) -> None:
    await world.alice.says("settings country Ireland")
    world.alice.sees("Ireland")
    await world.alice.says("resources suicide")
    world.alice.sees("For Ireland:")


async def test_what_needs_confirmation_says_so(world: World) -> None:
    unconfirmed = next(
        line for line in load_resources().helplines if not line.confirmed and line.country and line.topics
    )
    await world.alice.says(f"resources {unconfirmed.name} in {unconfirmed.country}")
    world.alice.sees(f"1. {unconfirmed.name}", "To be confirmed.")
    await world.alice.clicks("More about 1")
    world.alice.sees(unconfirmed.name, "To be confirmed: please check the number with the service.")


async def test_a_topic_is_looked_up(world: World) -> None:
    await world.alice.says("resources topic crisis")
    world.alice.sees("988")


async def test_the_topics_are_listed(world: World) -> None:
    await world.alice.says("resources topics")
    world.alice.sees("Topics")


async def test_the_communitys_own_list_is_looked_up_too(world: World) -> None:
    await world.apply(HARBOUR, CSV)
    await world.alice.says("resources detox")
    world.alice.sees("Harbour detox house", "Ring the blue bell")


async def test_a_town_that_no_list_knows_is_said_kindly_with_who_answers_from_anywhere(world: World) -> None:
    await world.alice.says("resources narcan near Springfield")
    world.alice.sees("no list of what there is in or near “Springfield”", "from anywhere in United States", "Call: ")
    await world.alice.says("resources xyzzyplugh near Springfield")
    shown = world.alice.sees("I found nothing for that in or near “Springfield”", "SAMHSA National Helpline")
    assert "organizer" not in shown.text
    await world.olive.says("resources detox near Springfield")
    world.olive.sees("no list", "handrail resources import FILE")
    world.olive.sees("Hello, I'm the bot of")
    await world.alice.says("resources xyzzyplugh near Springfield in Iceland")
    world.alice.sees("findahelpline.com")


async def test_a_words_plural_is_said_back_as_it_is_written(world: World) -> None:
    await world.alice.says("resources crisis")
    world.alice.sees("It says “crisis”.")


async def test_nothing_found_says_where_else_to_look(world: World) -> None:
    await world.alice.says("resources xyzzyplugh")
    world.alice.sees("I found nothing for that in United States", "I need a person")
