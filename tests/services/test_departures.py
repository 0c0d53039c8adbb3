"""A peer who leaves the server or the peers' room is not waited for."""

from functools import partial

from harness import World
from harness.communities import HARBOUR
from sqlalchemy import select

from bot.core.community import Escalation, EscalationStep, Place, PlaceKind
from bot.core.policy import Whom
from bot.storage.duty_tables import RosterRow
from bot.storage.tables import CaseRow
from services.test_cases import taken_case


async def leaves(world: World, account: str, place: str = "peers") -> None:
    await world.app.hub.left("console", account, place)
    await world.app.settle()


async def test_others_are_called_for_the_case_of_a_peer_who_has_left_and_organizers_know(world: World) -> None:
    await taken_case(world)
    await leaves(world, "sam")
    assert await world.rows(select(CaseRow.holder)) == [None]
    world.room("peers").sees("I'm on it")
    world.alice.sees("Sam cannot go on just now")
    world.olive.sees("Sam has left on Console", "off the rota")
    assert await world.rows(select(RosterRow.break_since)) != [None]
    world.sam.unseen.clear()  # in a terminal nobody is out of reach
    world.room("peers").unseen.clear()


async def test_what_is_found_out_again_at_each_start_is_told_once_until_they_were_there_again(world: World) -> None:
    found_out = partial(world.app.hub.left, "console", "robin", "peers", found_out=True)
    await found_out()
    await world.app.settle()
    world.olive.sees("Robin has left on Console")
    await world.advance(minutes=5)
    await found_out()
    await world.app.settle()
    world.olive.sees_nothing()
    await world.advance(minutes=30)
    await world.robin.says("back")
    world.robin.sees("Welcome back")
    await world.advance(minutes=5)
    await found_out()
    await world.app.settle()
    world.olive.sees("Robin has left on Console")
    world.robin.unseen.clear()
    world.room("peers").unseen.clear()


async def test_only_of_peers_who_were_there_once_it_is_looked_up_whether_they_still_are(world: World) -> None:
    halls = [Place(platform="console", kinds=(PlaceKind.SERVER,), address=hall) for hall in ("hall", "yard")]
    await world.apply(HARBOUR.model_copy(update={"places": (*HARBOUR.places, *halls)}))
    await world.sam.says("help")
    world.sam.unseen.clear()
    called = await world.app.hub.who_is_called("console")
    assert called == [("sam", ("hall", "yard"))]


async def test_the_next_step_is_due_at_once_if_only_they_were_called(world: World) -> None:
    steps = (EscalationStep(whom=Whom.PEER, peer="Sam", wait_minutes=30), EscalationStep(whom=Whom.MODERATORS))
    await world.apply(HARBOUR.model_copy(update={"escalation": Escalation(steps=steps)}))
    await world.alice.says("i want to kill myself")
    world.sam.sees("Urgent")
    world.mo.sees_nothing()
    await leaves(world, "sam")
    world.mo.sees("Urgent", "I'm on it")
    for mailbox in world.mailboxes:
        mailbox.unseen.clear()


async def test_nothing_follows_for_a_member_for_a_stranger_or_for_another_room(world: World) -> None:
    await taken_case(world)
    for account, place in (("alice", "peers"), ("nobody", "peers"), ("sam", "lobby"), ("sam", "elsewhere")):
        await leaves(world, account, place)
    assert await world.rows(select(CaseRow.holder)) != [None]


async def test_only_who_was_heard_is_asked_about_once_for_all_servers_of_the_community(world: World) -> None:
    place = HARBOUR.places[0]
    servers = [place.model_copy(update={"kinds": (PlaceKind.SERVER,), "address": name}) for name in ("one", "two")]
    await world.apply(HARBOUR.model_copy(update={"places": (*HARBOUR.places, *servers)}))
    await world.sam.says("cases")
    world.sam.unseen.clear()
    # Robin has not come yet, so he cannot have left.
    assert await world.app.hub.who_is_called("console") == [("sam", ("one", "two"))]
