"""What platforms keep with the bot."""

from dataclasses import replace

from harness import World
from harness.fixtures import on_both_databases
from sqlalchemy import select

from bot.core.content import Content
from bot.core.inbound import Inbound
from bot.storage import tables


@on_both_databases
async def test_names_are_found_by_how_they_begin_page_by_page(world: World) -> None:
    hub = world.app.hub
    await hub.remember_all("discord", {"dm:3": "c", "dm:1": "a", "dm:2": "b", "last:1": "9", "dm": "x"})
    await hub.remember("matrix", "dm:4", "d")
    assert await hub.remembered_names("discord", "dm:") == ["dm:1", "dm:2", "dm:3"]
    assert await hub.remembered_names("discord", "dm:", limit=2) == ["dm:1", "dm:2"]
    assert await hub.remembered_names("discord", "dm:", "dm:2") == ["dm:3"]
    assert await hub.remembered("discord", "dm:2") == "b"


@on_both_databases
async def test_a_prefix_is_taken_as_it_is_written(world: World) -> None:
    hub = world.app.hub
    await hub.remember_all("discord", {"a%b": "1", "axb": "2", "a_b": "3", "A%B": "4", "a\\b": "5"})
    assert await hub.remembered_names("discord", "a%") == ["a%b"]
    assert await hub.remembered_names("discord", "a_") == ["a_b"]
    assert await hub.remembered_names("discord", "a\\") == ["a\\b"]


async def test_values_are_stored_all_or_none_and_over_older_ones(world: World) -> None:
    hub = world.app.hub
    await hub.remember_all("discord", {"one": "1", "two": "2"})
    await hub.remember_all("discord", {"one": "11"})
    assert [await hub.remembered("discord", name) for name in ("one", "two", "three")] == ["11", "2", None]


@on_both_databases
async def test_an_account_is_seen_once_it_has_written_and_not_because_a_file_names_it(world: World) -> None:
    sam = ("console", "sam")
    assert not await world.app.hub.has_seen(*sam)
    await world.sam.says("help")
    world.sam.sees()
    world.sam.sees()
    assert await world.app.hub.has_seen(*sam)


@on_both_databases
async def test_the_servers_of_communities_are_found(world: World) -> None:
    places = [("discord", "11", "server"), ("discord", "12", "peers"), ("matrix", "13", "server")]
    places += [("discord", "9", "server"), ("discord", "8", "server")]
    async with world.app.database.begin() as tx:
        community = await tx.session.scalar(select(tables.Community.id).limit(1))
        for platform, address, kind in places:
            row = tables.Place(community_id=community, platform=platform, address=address, kinds=[kind])
            tx.session.add(row)
            await tx.session.flush()
    assert await world.app.hub.known_servers("discord", 2) == ["11", "9"]


@on_both_databases
async def test_the_lobbies_of_a_community_are_found_by_any_of_its_places(world: World) -> None:
    places = [("discord", "11", ["server"]), ("discord", "12", ["lobby", "meetings"]), ("discord", "13", ["lobby"])]
    async with world.app.database.begin() as tx:
        community = await tx.session.scalar(select(tables.Community.id).limit(1))
        for platform, address, kinds in places:
            tx.session.add(tables.Place(community_id=community, platform=platform, address=address, kinds=kinds))
            await tx.session.flush()
    assert await world.app.hub.lobbies("discord", ["99", "11"]) == ["12", "13"]
    assert await world.app.hub.lobbies("discord", ["99"]) == []


async def test_an_answer_that_could_not_be_given_goes_out_once_and_privately(world: World) -> None:
    await world.alice.says("help")
    world.alice.unseen.clear()
    inbound = Inbound(event_id="9", platform="console", account="alice", place="lobby", private=False, at=world.now)
    for _attempt in range(2):
        await world.app.hub.answer_later(inbound, Content(text="Sam is being called."), "answer:9")
    await world.app.settle()
    world.alice.sees("Sam is being called.")
    world.room("lobby").sees_nothing()


@on_both_databases
async def test_words_of_nobody_that_sound_like_danger_are_told_to_the_peers_once_and_their_place_is_shown_a_way(
    world: World,
) -> None:
    said = Inbound(
        event_id="9", platform="console", account="webhook:1", place="lobby", private=False, at=world.now, unnamed=True
    )
    for text, event in (("good morning", "8"), ("i want to kill myself", "9"), ("i want to kill myself", "9")):
        await world.app.hub.receive(replace(said, text=text, event_id=event, link="https://example.org/9"))
    await world.app.settle()
    world.room("peers").sees("I do not know who", "https://example.org/9")
    world.room("lobby").sees("If you need a person")
    assert await world.rows(select(tables.CaseRow)) == []
