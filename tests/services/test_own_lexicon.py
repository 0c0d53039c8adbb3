"""A community's own rules: heard there and nowhere else, beside the built-in ones, which stay on whatever happens."""

import asyncio
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

import pytest
from harness import World
from harness.communities import HARBOUR, NORTH
from harness.fixtures import on_both_databases
from harness.lexicons import RIVER, unreadable
from sqlalchemy import delete, select, update

from bot.app import load_detector
from bot.core.community import CommunityFile
from bot.core.crisis import Detector
from bot.core.inbound import Inbound, Invocation
from bot.platforms.console.lines import Says
from bot.services import dispatcher, hearing, lexicons
from bot.services.lexicons import Lexicons
from bot.storage.tables import CaseRow, Community, CommunityLexicon, InboundEvent
from services.test_at_once import REFUSE, TROUBLE, broken

DANGER = "I want to kill myself"
OWN_DANGER = "I'm going down to the river tonight"
CONCERN = "I relapsed last night"


_made: dict[bytes, Detector | None] = {}


@pytest.fixture(autouse=True)
def made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """To make a detector takes over a second: what was made for one test is there for the next."""
    make = Lexicons._made

    def made(self: Lexicons, toml: bytes, digest: str) -> Detector | None:
        if toml not in _made:
            _made[toml] = make(self, toml, digest)
        return _made[toml]

    monkeypatch.setattr(Lexicons, "_made", made)


def with_lexicon(community: CommunityFile) -> CommunityFile:
    return community.model_copy(update={"lexicon": PurePosixPath("rules.toml")})


async def applies(world: World, toml: str, community: CommunityFile = HARBOUR) -> None:
    """The community's file is applied with a lexicon of its own."""
    await world.apply(with_lexicon(community), None, toml)


def muting(text: str) -> str:
    """A lexicon that mutes every built-in rule which hears the text."""
    return f'language = "en"\nmute = {list(load_detector().explain(text).heard)}'.replace("'", '"')


def paged(world: World, who: str = "alice", room: str = "peers") -> None:
    """Somebody is answered, and the peers are paged."""
    world.person(who).sees("I'm a bot, and I'm getting a person")
    world.room(room).sees("I'm on it")


async def cases(world: World) -> int:
    """How many cases there are."""
    return len(await world.rows(select(CaseRow.id)))


# What it changes


@on_both_databases
@pytest.mark.parametrize("place", ["lobby", "dm"])
async def test_a_communitys_own_rule_is_heard_there(world: World, place: str) -> None:
    await applies(world, RIVER)
    await world.alice.says(OWN_DANGER, place)
    paged(world)
    assert await world.rows(select(CaseRow.rules)) == [["community/river"]]


async def test_without_it_nothing_is_heard(world: World) -> None:
    await world.alice.says(OWN_DANGER, "lobby")
    assert await cases(world) == 0


async def test_the_built_in_rules_stay_on(world: World) -> None:
    await applies(world, RIVER)
    await world.alice.says(DANGER, "lobby")
    paged(world)


@on_both_databases
async def test_another_community_does_not_hear_it(world: World) -> None:
    await applies(world, RIVER)
    await world.apply(NORTH)
    await world.nell.joins("north")
    await world.nell.says(OWN_DANGER, "north")
    await world.nell.says(OWN_DANGER)
    world.nell.sees("cannot answer that")
    assert await cases(world) == 0
    await world.nell.says(DANGER)
    paged(world, "nell", "north-peers")


@pytest.mark.parametrize("place", ["lobby", "dm"])
async def test_what_a_community_mutes_is_not_heard_there_and_is_heard_elsewhere(world: World, place: str) -> None:
    await applies(world, muting(CONCERN))
    await world.apply(NORTH)
    await world.nell.joins("north")
    await world.alice.says(CONCERN, place)
    if place == "dm":
        world.alice.sees("cannot answer that")
    assert await cases(world) == 0
    await world.nell.says(CONCERN, "north" if place == "lobby" else "dm")
    world.nell.sees("I'm a bot")
    world.room("north-peers").sees("I'm on it")


async def test_a_rule_that_is_refused_does_not_stop_the_others(world: World) -> None:
    await applies(world, RIVER + unreadable("bad"))
    await world.alice.says(OWN_DANGER, "lobby")
    paged(world)


async def test_its_rules_are_heard_in_several_messages_too(world: World) -> None:
    await applies(world, RIVER)
    await world.alice.says("I'm going down", "lobby")
    await world.alice.says("to the river", "lobby")
    world.alice.sees("I'm a bot, and I'm getting a person")
    world.room("peers").sees("I'm going down\nto the river")


async def test_somebody_of_no_community_is_heard_by_the_built_in_rules(world: World) -> None:
    await applies(world, RIVER + muting(DANGER).replace('language = "en"', ""))
    await world.apply(NORTH)
    await world.zoe.says(OWN_DANGER)
    world.zoe.sees("I don't know which community you belong to")
    await world.zoe.says(DANGER)
    world.zoe.sees("I cannot reach a person for you here")


# Applied while the bot runs


@on_both_databases
async def test_a_running_bot_goes_by_what_was_applied_last(world: World) -> None:
    await applies(world, RIVER)
    await applies(world, RIVER.replace("river", "bridge"))
    await world.alice.says(OWN_DANGER, "lobby")
    assert await cases(world) == 0
    await world.apply(HARBOUR)
    await world.alice.says(OWN_DANGER.replace("river", "bridge"), "lobby")
    assert await cases(world) == 0
    assert await world.rows(select(CommunityLexicon.id)) == []


async def test_two_communities_with_the_same_rules_share_a_detector_and_an_unchanged_one_is_made_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Detector] = []

    class Counted(Detector):
        def __init__(self, *arguments: Any, **values: Any) -> None:
            super().__init__(*arguments, **values)
            made.append(self)

    monkeypatch.setattr(lexicons, "Detector", Counted)
    rules = f"{RIVER}# nobody else's"
    await applies(world, rules)
    await applies(world, rules, NORTH)
    for _tick in range(3):
        await world.app.tick()
        await world.app.lexicons.settled()
    assert len(made) == 1
    await world.nell.says(OWN_DANGER, "north")
    paged(world, "nell", "north-peers")


async def test_while_rules_are_made_ready_others_are_served_and_whom_only_they_hear_waits(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, gate = asyncio.Event(), asyncio.Event()
    to_thread = asyncio.to_thread

    async def slowly(*arguments: Any) -> Any:
        begun.set()
        await gate.wait()
        return await to_thread(*arguments)

    monkeypatch.setattr(asyncio, "to_thread", slowly)
    async with world.database.begin() as tx:
        await world.app.communities.apply(tx, with_lexicon(HARBOUR), None, RIVER, now=world.now)
    world.app.lexicons.look()
    await begun.wait()

    def event(number: int, account: str, text: str) -> Inbound:
        return Inbound(
            event_id=f"{number}",
            platform="console",
            account=account,
            place="lobby",
            private=False,
            at=world.now,
            text=text,
        )

    waiting = asyncio.create_task(world.app.hub.receive(event(1, "alice", OWN_DANGER)))
    await world.app.hub.receive(event(2, "bob", DANGER))
    assert not waiting.done()
    assert await cases(world) == 1
    gate.set()
    await waiting
    await world.app.settle()
    paged(world, "bob")
    paged(world, "alice")


async def test_nobody_waits_for_ever(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicons, "READY_WITHIN", timedelta(milliseconds=20))
    world.app.lexicons._ready.clear()
    await world.alice.says("!help", "lobby")
    world.alice.sees("What I can do")


async def test_who_calls_for_a_person_or_presses_a_button_does_not_wait_at_all(world: World) -> None:
    world.app.lexicons._ready.clear()
    async with asyncio.timeout(lexicons.READY_WITHIN.total_seconds() / 2):
        await world.app.hub.receive(
            Inbound(
                event_id="1",
                platform="console",
                account="bob",
                place="lobby",
                private=False,
                at=world.now,
                text="note",
                invocation=Invocation(command="help"),
                answered_directly=True,
            )
        )
        await world.console.say(Says("alice", "lobby", "I need a person", None))
        world.app.lexicons._ready.set()
        await world.app.settle()
    world.alice.sees("I'm getting a person for you")
    world.alice.unseen.clear()
    world.bob.unseen.clear()
    world.room("peers").sees("they asked for a person")


# Trouble


async def test_a_stored_lexicon_that_cannot_be_used_leaves_the_built_in_rules_on(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await applies(world, RIVER)
    async with world.database.begin() as tx:
        await tx.session.execute(update(CommunityLexicon).values(toml=b"\xff zebra = ", digest="0" * 64))
    await world.app.settle()
    await world.alice.says(DANGER, "lobby")
    paged(world)
    assert "lexicon 00000000: cannot be used" in caplog.text
    assert "zebra" not in caplog.text


async def test_what_is_known_is_heard_on_while_the_database_cannot_be_read(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "PAUSES", (0.0, 0.0))
    await applies(world, RIVER)
    event = Inbound(
        event_id="1",
        platform="console",
        account="alice",
        place="lobby",
        private=False,
        at=world.now,
        text=OWN_DANGER,
    )
    async with broken(world, REFUSE):
        with pytest.raises(Exception, match=r"."):
            await world.app.hub.receive(event)
    world.alice.sees(TROUBLE)

    def unreadable() -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(world.database, "read", unreadable)
        for _time in range(2):
            world.app.lexicons.look()
            await world.app.lexicons.settled()
    assert caplog.text.count("communities' own rules cannot be read") == 1
    await world.app.hub.receive(event)
    await world.app.settle()
    paged(world)


async def test_more_lexicons_than_fit_leave_the_others_to_the_built_in_rules(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(lexicons, "MOST_OWN", 1)
    await applies(world, RIVER)
    await applies(world, RIVER.replace("river", "bridge"), NORTH)
    await world.nell.says("I'm going down to the bridge", "north")
    assert await cases(world) == 0
    await world.nell.says(DANGER, "north")
    paged(world, "nell", "north-peers")
    assert "1 communities have more rules" in caplog.text


async def test_after_a_crash_an_event_is_handled_by_its_communitys_rules(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await applies(world, RIVER)

    async def dies(*_arguments: object) -> None:
        raise KeyboardInterrupt

    event = Inbound(
        event_id="1",
        platform="console",
        account="alice",
        place="alice",
        private=True,
        at=world.now,
        text=OWN_DANGER,
    )
    with monkeypatch.context() as patch:
        patch.setattr(dispatcher.Dispatcher, "_answer", dies)
        with pytest.raises(KeyboardInterrupt):
            await world.app.hub._dispatcher.receive(event)
    await world.advance(minutes=1)
    paged(world)
    world.alice.sees_nothing()
    assert set(await world.rows(select(InboundEvent.state))) == {"handled"}


async def test_with_its_community_a_lexicon_goes(world: World) -> None:
    await applies(world, RIVER, NORTH)
    async with world.database.begin() as tx:
        await tx.session.execute(delete(Community).where(Community.slug == "north"))
    assert await world.rows(select(CommunityLexicon.id)) == []
