"""Floods, and members who are paused."""

import pytest
from harness import World
from harness.communities import NORTH
from harness.fixtures import on_both_databases
from sqlalchemy import func, select

from bot.operations import audit
from bot.operations.stopping import Stop
from bot.services.escalations.paging import FLOOD_CASES
from bot.storage.tables import CaseRow, Identity


def clear(world: World) -> None:
    """What was said so far has been looked at."""
    for box in world.mailboxes:
        box.unseen.clear()


@on_both_databases
async def test_a_flood_is_one_page_with_a_number_while_each_member_has_their_answer(world: World) -> None:
    crowd = [world.person(f"bot{n}") for n in range(FLOOD_CASES + 4)]
    for one in crowd:
        await one.says("I need a person", "lobby")
    for one in crowd:
        one.sees("I'm getting a person")
    room = world.room("peers")
    alone = [shown for shown in room.unseen if "I'm on it" in [str(choice.label) for choice in shown.choices]]
    assert len(alone) == FLOOD_CASES - 1
    told = room.sees(f"{FLOOD_CASES} people are waiting", "Show the cases")
    assert not [shown for shown in room.unseen if shown not in alone], "one page for all of the flood"
    assert not told.private
    assert await world.rows(select(func.count(CaseRow.next_at))) == [len(crowd)]
    clear(world)


async def test_an_emergency_in_a_flood_of_lesser_calls_is_paged_at_once_and_alone(world: World) -> None:
    for number in range(FLOOD_CASES):
        await world.person(f"bot{number}").says("I need a person", "lobby")
    clear(world)
    await world.alice.says("I took all the pills, I am dying", "lobby")
    world.room("peers").sees("Emergency", "I took all the pills", "I'm on it")
    clear(world)


async def test_of_a_flood_of_emergencies_each_is_named_at_once_in_one_page_that_is_renewed(world: World) -> None:
    for number in range(FLOOD_CASES - 1):
        await world.person(f"bot{number}").says("I took all the pills", "lobby")
    clear(world)
    pages = []
    for number, name in enumerate(("alice", "bob", "cat"), start=FLOOD_CASES):
        await world.person(name).says("I took all the pills", "lobby")
        pages.append(world.room("peers").sees(f"{number} emergencies", f"cases {number}, {number - 1}"))
        world.room("peers").sees_nothing()
    assert len({page.id for page in pages}) == 1, "the page is edited in place"
    clear(world)


@pytest.mark.parametrize("overseer", ["mo", "olive"])
async def test_a_paused_member_calls_nobody_by_hand_and_has_the_numbers(
    world: World, caplog: pytest.LogCaptureFixture, overseer: str
) -> None:
    caplog.set_level("INFO", logger="bot")
    await world.person(overseer).says("pause 24 alice")
    world.person(overseer).sees("For 24 h their asking by hand calls nobody")
    (alice,), (by,) = [
        await world.rows(select(Identity.member_id).where(Identity.account == name)) for name in ("alice", overseer)
    ]
    assert f"member {alice}: pages paused by member {by}" in caplog.text
    await world.alice.says("peer")
    world.alice.sees("I cannot call a peer for you by this button just now", "988")
    assert await world.rows(select(CaseRow.id)) == []
    await world.advance(hours=24, minutes=1)
    await world.alice.says("peer")
    world.alice.sees("I'm getting a person for you")
    clear(world)


async def test_the_audit_log_has_who_paused_whom_and_when_also_of_who_has_had_no_case(world: World) -> None:
    await world.mo.says("pause 24 alice")
    world.mo.sees("For 24 h")
    paused_at = world.now
    await world.advance(hours=1)
    await world.robin.says("I need a person")
    await world.olive.says("pause 0 alice")
    world.olive.sees("Their asking calls peers again")
    found = {row.account: row.member_id for row in await world.rows(select(Identity))}
    log = await audit.lines(world.database, "harbour")
    assert log[0] == (paused_at, None, "pages paused", found["mo"], found["alice"])
    assert ("Opened", 1) in [(what, case) for _at, case, what, _actor, _member in log[1:-1]]
    assert log[-1] == (world.now, None, "pages resumed", found["olive"], found["alice"])
    clear(world)


async def test_who_a_number_of_the_audit_log_is_can_be_asked_and_that_is_in_the_log_and_in_no_other(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.mo.says("pause 24 alice")
    await world.alice.says("settings name Alice of Harbour")
    found = {row.account: row.member_id for row in await world.rows(select(Identity))}
    told = await audit.who(world.database, "harbour", found["alice"], now=world.now)
    assert told == [f"{found['alice']}: Alice of Harbour", "  console: alice"]
    log = await audit.lines(world.database, "harbour")
    assert log[-1] == (world.now, None, "name looked up", None, found["alice"])
    assert "alice" not in caplog.text.casefold()
    clear(world)


async def test_who_stands_in_no_audit_log_of_a_community_is_not_told_of_by_their_number(world: World) -> None:
    await world.mo.says("pause 24 alice")
    await world.bob.says("hello")
    found = {row.account: row.member_id for row in await world.rows(select(Identity))}
    await world.apply(NORTH)
    for community, number in (("harbour", found["bob"]), ("north", found["alice"]), ("harbour", 10**9)):
        with pytest.raises(Stop, match="No member here has the number"):
            await audit.who(world.database, community, number, now=world.now)
    assert [line[2] for line in await audit.lines(world.database, "harbour")] == ["pages paused"]
    clear(world)


async def test_danger_in_the_words_of_a_paused_member_calls_as_ever(world: World) -> None:
    await world.mo.says("pause 24 alice")
    world.mo.sees("For 24 h")
    await world.alice.says("I took all the pills")
    world.alice.sees("911")
    world.room("peers").sees("Emergency")


async def test_only_moderators_and_organizers_pause(world: World) -> None:
    await world.sam.says("pause 24 alice")
    world.sam.sees("This is for moderators and organizers of your community")


@pytest.mark.parametrize("words", ["!resolve 1 false-alarm", "!resolve 1", "!hand over 1 to Robin"])
async def test_a_moderator_neither_ends_nor_hands_over_the_case_that_is_about_them(world: World, words: str) -> None:
    await world.mo.says("I want to kill myself")
    await world.sam.clicks("I'm on it")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.mo.says(words)
    world.mo.sees("I did nothing: this case is about you", "I'm safe")
    assert await world.rows(select(CaseRow.outcome)) == [None]
