"""Pictures in a talk: nobody is shown one who has not asked for it, and none outlives its talk."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from harness import World, open_world
from harness.communities import HARBOUR
from harness.fixtures import on_both_databases
from PIL import Image
from sqlalchemy import func, select, update

from bot.app import load_languages, load_resources
from bot.core.inbound import Inbound, Invocation
from bot.core.pictures import MIB
from bot.core.platform import NeverAgain, TryAgain
from bot.delivery import outbox
from bot.delivery.contents import TAKEN_BACK
from bot.services.escalations import Escalations
from bot.services.escalations.effects import Effects
from bot.services.escalations.pictures import MOST
from bot.services.escalations.relay_rows import forget_pictures
from bot.services.merging import merge
from bot.services.voice import Voice
from bot.storage.relay_tables import CasePicture, CasePlace, PictureWish
from bot.storage.tables import CaseRow, Delivery, Identity, RelayMessage
from services.test_case_helpers import clear
from services.test_cases import taken_case

WITH_PICTURES = HARBOUR.model_copy(update={"pictures": True, "picture_mib": 1})


def photograph() -> bytes:
    into = BytesIO()
    Image.new("RGB", (60, 40), "navy").save(into, "PNG")
    return into.getvalue()


@pytest.fixture(name="talk")
async def _talk(world: World) -> World:
    """Sam is with Alice, in a community with pictures."""
    await world.apply(WITH_PICTURES)
    await taken_case(world)
    return world


def shown_to(world: World) -> list[str]:
    return [to for to, _still in world.console.stills]


async def stored(world: World) -> list[CasePicture]:
    return await world.rows(select(CasePicture))


async def offered(world: World, *files: bytes, text: str = "") -> str:
    """Alice sends pictures, and Sam is asked."""
    id_ = await world.alice.sends_pictures(*(files or (photograph(),)), text=text)
    world.sam.sees("a member (case 1)", "from them", "Show it", "Show all in this talk", "No pictures in this talk")
    world.alice.sees("I've asked whether they want to see it")
    return id_


@on_both_databases
async def test_a_picture_is_brought_only_once_somebody_wants_to_see_it(world: World) -> None:
    await world.apply(WITH_PICTURES)
    await taken_case(world)
    await offered(world)
    (row,) = await stored(world)
    assert row.data_sealed is None
    assert await world.rows(select(Delivery.id).where(Delivery.key.contains(":fetch:"))) == []

    await world.sam.clicks("Show it")
    world.sam.sees("I'm getting it")
    world.sam.sees("a member (case 1)", "A picture: PNG")
    ((to, still),) = world.console.stills
    assert (to, still.width, still.height) == ("sam", 60, 40), "and not in the place of the case"
    (row,) = await stored(world)
    assert row.data_sealed is not None
    assert b"PNG" not in row.data_sealed
    assert b"picture" not in row.source_sealed


async def test_where_a_community_has_no_pictures_none_is_carried(world: World) -> None:
    await taken_case(world)
    await world.alice.sends_pictures(photograph())
    world.alice.sees("I can't pass on pictures")
    world.sam.sees("a member (case 1)", "They sent a picture or a file")
    assert await stored(world) == []


async def test_words_with_a_picture_are_carried_at_once(talk: World) -> None:
    await offered(talk, text="this is my door")
    talk.sam.sees("a member (case 1)", "this is my door")


async def test_who_wants_to_see_none_is_offered_none_and_its_sender_is_told(talk: World) -> None:
    await offered(talk)
    await talk.sam.clicks("No pictures in this talk")
    talk.sam.sees("All right, no pictures in this talk")
    await talk.alice.sends_pictures(photograph())
    talk.alice.sees("They would rather see no pictures", "in words")
    talk.sam.sees_nothing()
    await talk.sam.clicks("Ask me each time")
    talk.sam.sees("I ask you about each picture first")
    await offered(talk)
    assert shown_to(talk) == []


async def test_who_wants_to_see_all_is_not_asked_again_until_they_say_so(talk: World) -> None:
    await offered(talk)
    await talk.sam.clicks("Show all in this talk")
    talk.sam.sees("I'm getting it")
    talk.sam.sees("A picture: PNG", "Ask me each time")
    await talk.alice.sends_pictures(photograph(), photograph())
    talk.sam.sees("A picture: PNG")
    talk.sam.sees("A picture: PNG")
    await talk.sam.clicks("Ask me each time")
    talk.sam.sees("I ask you about each picture first")
    await offered(talk)
    assert shown_to(talk) == ["sam"] * 3


async def test_a_wish_holds_for_one_side_and_one_talk(talk: World) -> None:
    await offered(talk)
    await talk.sam.clicks("Show all in this talk")
    talk.sam.unseen.clear()
    await talk.sam.sends_pictures(photograph())
    talk.alice.sees("Sam, peer", "There is a picture from them", "Show it")
    talk.sam.sees("I've asked whether they want to see it")
    assert await talk.rows(select(PictureWish.case_id)) == [1]


async def test_who_is_not_in_the_talk_does_not_learn_that_there_is_a_picture(talk: World) -> None:
    await offered(talk)
    (message,) = await talk.rows(select(RelayMessage.id).where(RelayMessage.kind == "picture"))
    for person in (talk.robin, talk.mo, talk.alice):
        await forges_a_press(talk, person.name, "pictures show", of=str(message))
        person.sees("There is no picture for you to see any more")
    await forges_a_press(talk, "robin", "pictures all", of=str(message))
    talk.robin.sees("You are not in a talk")
    clear(talk)  # the bot's welcome
    assert talk.console.stills == []


async def forges_a_press(world: World, account: str, command: str, **arguments: str) -> None:
    """Somebody's client presses a button that they were never shown."""
    invocation = Invocation(command=command, arguments=arguments)
    event = f"{account} {command}"
    at: dict[str, Any] = {"platform": "console", "account": account, "place": account, "private": True}
    await world.app.hub.receive(Inbound(event_id=event, at=world.now, invocation=invocation, **at))
    await world.app.settle()


async def test_of_two_who_read_in_one_place_only_the_one_who_asked_is_shown_it(talk: World) -> None:
    await talk.robin.says("join 1")
    clear(talk)
    await talk.alice.sends_pictures(photograph())
    talk.sam.sees("There is a picture from them")
    talk.robin.sees("There is a picture from them")
    await talk.robin.clicks("Show it")
    assert shown_to(talk) == ["robin"]
    talk.robin.sees("A picture: PNG")
    clear(talk)


async def test_who_comes_later_is_asked_about_what_was_sent_before(world: World) -> None:
    await world.apply(WITH_PICTURES)
    await world.alice.says("peer")
    clear(world)
    await world.alice.sends_pictures(photograph(), text="look")
    world.alice.sees("I keep this for the person who comes, and ask them whether they want to see it")
    world.alice.sees_nothing()
    await world.sam.clicks("I'm on it")
    world.sam.sees("They wrote: “look”")
    world.sam.sees("There is a picture from them", "Show it")
    await world.sam.clicks("Show it")
    world.sam.sees("A picture: PNG")
    clear(world)


async def test_a_picture_that_was_taken_back_is_gone_everywhere(talk: World) -> None:
    id_ = await offered(talk)
    await talk.app.hub.taken_back("console", id_, "alice")
    await talk.app.settle()
    talk.sam.sees("has taken a message back")
    assert await stored(talk) == []
    await talk.sam.clicks("Show it")
    talk.sam.sees("There is no picture for you to see any more")

    id_ = await offered(talk)
    await talk.sam.clicks("Show it")
    talk.sam.sees("I'm getting it")
    talk.sam.sees("A picture: PNG")
    await talk.app.hub.taken_back("console", id_, "alice")
    await talk.app.settle()
    talk.sam.sees("has taken a message back")
    assert await stored(talk) == []


async def on_its_way(talk: World) -> None:
    """Sam has asked to see a picture, and the platform has not taken it yet."""
    await offered(talk)
    talk.console.failures["sam"] = TryAgain("the store is down")
    await talk.sam.clicks("Show it")
    del talk.console.failures["sam"]
    clear(talk)


async def test_a_picture_taken_back_while_it_is_sent_is_not_sent_and_nothing_else_happens(talk: World) -> None:
    await on_its_way(talk)
    async with talk.database.begin() as tx:
        (picture,) = await tx.session.scalars(select(CasePicture))
        await forget_pictures(tx, picture.relay_id)
    await talk.advance(seconds=10)
    talk.sam.sees("I'm getting it")
    (shown,) = await talk.rows(select(Delivery).where(Delivery.key.contains(":relay:picture:")))
    assert (shown.state, shown.reason) == ("expired", TAKEN_BACK)
    assert await talk.rows(select(CaseRow.holder)) != [None]
    assert len(await talk.rows(select(CasePlace))) == 1
    assert talk.console.stills == []


@pytest.mark.parametrize("kind", ["refused", "damaged"])
async def test_a_picture_that_cannot_be_shown_costs_nobody_the_case_or_its_place(talk: World, kind: str) -> None:
    await on_its_way(talk)
    if kind == "refused":
        talk.console.failures["sam"] = NeverAgain("the file is refused")
    else:
        async with talk.database.begin() as tx:
            await tx.session.execute(update(CasePicture).values(data_sealed=b"zebra"))
    await talk.advance(seconds=10)
    talk.alice.sees("Your message did not reach them")
    talk.alice.sees_nothing()
    talk.sam.unseen.clear()  # "I'm getting it", where that could be said
    talk.room("peers").sees_nothing()
    assert await talk.rows(select(CaseRow.holder)) != [None]
    assert len(await talk.rows(select(CasePlace))) == 1


async def test_a_file_that_is_no_picture_is_shown_to_nobody_and_both_are_told(talk: World) -> None:
    await offered(talk, b"MZ\x90\x00 a program with a picture's name")
    await talk.sam.clicks("Show it")
    talk.sam.sees("I'm getting it")
    assert not talk.sam.sees("The picture could not be brought to you").choices
    talk.alice.sees("Your picture could not be shown to them", "JPEG or PNG")
    assert talk.console.stills == []
    assert await stored(talk) == []
    await talk.sam.clicks("Show it")
    talk.sam.sees("There is no picture for you to see any more")


async def test_who_comes_later_is_not_asked_about_what_could_not_be_brought(talk: World) -> None:
    await offered(talk, b"MZ\x90\x00 a program with a picture's name")
    await talk.sam.clicks("Show it")
    clear(talk)
    await talk.robin.says("join 1")
    assert not any("from them" in shown.text for shown in talk.robin.unseen)
    clear(talk)


async def test_a_picture_larger_than_its_sender_said_is_not_shown(talk: World) -> None:
    await talk.alice.sends_pictures(photograph() + bytes(MIB), size=100)
    talk.alice.sees("I've asked")
    talk.sam.sees("There is a picture from them")
    await talk.sam.clicks("Show it")
    talk.sam.sees("I'm getting it")
    talk.sam.sees("could not be brought")
    talk.alice.sees("could not be shown")


async def test_a_picture_comes_when_its_platform_is_well_again(talk: World) -> None:
    id_ = await talk.alice.sends_pictures(TryAgain("the store is down"))
    talk.alice.sees("I've asked")
    talk.sam.sees("There is a picture from them")
    await talk.sam.clicks("Show it")
    talk.sam.sees("I'm getting it")
    talk.sam.sees_nothing()
    talk.console.files[f"{id_}/0"] = photograph()
    await talk.advance(seconds=10)
    talk.sam.sees("A picture: PNG")


async def test_a_picture_that_was_asked_for_comes_after_a_restart(talk: World, world_url: str, key_file: Path) -> None:
    id_ = await talk.alice.sends_pictures(TryAgain("the store is down"))
    await talk.sam.clicks("Show it")
    clear(talk)
    async with open_world(world_url, key_file, community=None) as restarted:
        restarted.console.files[f"{id_}/0"] = photograph()
        await restarted.advance(seconds=10)
        restarted.sam.sees("A picture: PNG")
        assert shown_to(restarted) == ["sam"]
        clear(restarted)


async def test_a_picture_whose_bringing_was_cut_off_twice_is_given_up_and_both_are_told(talk: World) -> None:
    await talk.alice.sends_pictures(TryAgain("the store is down"))
    await talk.sam.clicks("Show it")
    clear(talk)
    await cut_off(talk)
    async with talk.database.begin() as tx:
        assert not await outbox.release_lost(tx, "console", recognised=timedelta(), now=talk.now)
    await cut_off(talk)
    await talk.advance(minutes=1)
    talk.sam.sees("could not be brought")
    talk.alice.sees("Your picture could not be shown to them")
    assert await stored(talk) == []


async def cut_off(talk: World) -> None:
    """The process that brings a picture has died, long ago."""
    begun = {"state": "sending", "lease_until": talk.now - timedelta(days=1)}
    async with talk.database.begin() as tx:
        await tx.session.execute(update(Delivery).where(Delivery.key.contains(":fetch:")).values(begun))


async def test_a_picture_that_its_platform_has_lost_can_be_said_in_words(talk: World) -> None:
    await talk.alice.sends_pictures(NeverAgain("its message is gone"))
    talk.alice.sees("I've asked")
    talk.sam.sees("There is a picture from them")
    await talk.sam.clicks("Show it")
    talk.sam.sees("I'm getting it")
    talk.sam.sees("could not be brought")
    talk.alice.sees("in words")


async def test_what_is_too_large_too_many_or_no_picture_is_refused_at_once(talk: World) -> None:
    await talk.alice.sends_pictures(photograph(), size=MIB + 1)
    talk.alice.sees("too large for me", "1 MB is the most")
    await talk.alice.sends_pictures(*[photograph()] * 5)
    talk.alice.sees("4 pictures at once")
    await talk.alice.sends_pictures()
    talk.alice.sees("I can only pass on pictures (JPEG, PNG, GIF, WebP)")
    talk.sam.sees("They sent a picture or a file")
    assert await stored(talk) == []


async def test_a_talk_holds_so_many_pictures_and_no_more(talk: World) -> None:
    async with talk.database.begin() as tx:
        relay = RelayMessage(case_id=1, author=1, at=talk.now, kind="picture", text_sealed=b"")
        tx.session.add(relay)
        await tx.session.flush()
        for _number in range(MOST):
            one = CasePicture(relay_id=relay.id, case_id=1, author=1, source_sealed=b"", size=1, wanted_by=[])
            tx.session.add(one)
    await talk.alice.sends_pictures(photograph())
    talk.alice.sees("as many pictures as one talk can hold")
    talk.sam.sees_nothing()


async def test_of_somebody_in_several_talks_a_picture_goes_where_it_is_an_answer_or_nowhere(talk: World) -> None:
    await talk.ben.says("peer")
    await talk.sam.says("take 2")
    await talk.ben.says("hello from Ben")
    clear(talk)
    await talk.sam.sends_pictures(photograph())
    talk.sam.sees("You are in several talks", "as a reply")
    query = select(Delivery.message_id).where(Delivery.case_id == 2, Delivery.relay_id.is_not(None))
    (there,) = await talk.rows(query.where(Delivery.key.contains(":relay:")))
    await talk.sam.sends_pictures(photograph(), about=there)
    talk.ben.sees("Sam, peer", "There is a picture from them")
    talk.sam.sees("I've asked")


async def test_pictures_go_with_their_author_and_with_the_community_s_time(talk: World) -> None:
    await offered(talk)
    await talk.sam.clicks("Show all in this talk")
    await talk.alice.clicks("I'm safe")
    clear(talk)
    counts = (select(func.count(CasePicture.id)), select(func.count(PictureWish.case_id)))
    await talk.advance(days=29)
    assert [await talk.rows(count) for count in counts] == [[1], [1]]
    await talk.advance(days=2)
    assert [await talk.rows(count) for count in counts] == [[0], [0]]
    clear(talk)


async def test_when_two_members_turn_out_to_be_one_their_pictures_and_wishes_are_in_the_case_that_stays(
    talk: World,
) -> None:
    await talk.ben.says("peer")
    await talk.sam.says("take 2")
    await talk.ben.says("hello from Ben")
    clear(talk)
    await talk.ben.sends_pictures(photograph())
    await talk.sam.clicks("No pictures in this talk")
    clear(talk)
    assert await talk.rows(select(PictureWish.case_id)) == [2]
    escalations = Escalations(Effects(Voice(load_languages(), lambda: None), load_resources()))
    async with talk.database.begin() as tx:
        ids = {one.account: one.member_id for one in await tx.session.scalars(select(Identity))}
        await merge(tx, ids["ben"], into=ids["alice"], escalations=escalations, now=talk.now)
    assert await talk.rows(select(RelayMessage.case_id).where(RelayMessage.kind == "picture")) == [1]
    assert await talk.rows(select(CasePicture.case_id)) == [1]
    assert await talk.rows(select(PictureWish.case_id)) == [1]
    await talk.app.settle()
    clear(talk)


async def test_after_the_talk_has_ended_no_picture_is_shown(talk: World) -> None:
    await offered(talk)
    await talk.alice.clicks("I'm safe")
    await talk.sam.clicks("Show it")
    talk.sam.sees("There is no picture for you to see any more")
    assert talk.console.stills == []
    clear(talk)


async def test_who_erases_their_data_erases_the_pictures_of_their_talk(talk: World) -> None:
    await offered(talk)
    await talk.sam.clicks("Show it")
    await talk.sam.sends_pictures(photograph())
    assert await talk.rows(select(func.count(CasePicture.id))) == [2]
    await talk.alice.says("!mydata erase")
    await talk.alice.clicks("Yes, erase everything")
    clear(talk)
    assert await stored(talk) == []
