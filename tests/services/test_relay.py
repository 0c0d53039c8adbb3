"""The relay: what is changed, taken back, answered and reacted to between a member and a peer."""

import asyncio

import pytest
from harness import World
from harness.fixtures import on_both_databases
from sqlalchemy import func, select

from bot.core.content import Content
from bot.core.inbound import Inbound
from bot.core.platform import Address, Receipt, TryAgain, Unreachable
from bot.platforms.console.lines import Changes, read_line
from bot.services.escalations.relay import PIECE
from bot.storage.tables import CaseRow, Delivery, RelayMessage
from services.test_cases import taken_case


async def does(world: World, line: str) -> None:
    """Somebody changes, removes or reacts."""
    read = read_line(line)
    assert isinstance(read, Changes)
    await world.console.change(read)
    await world.app.settle()


async def talk(world: World) -> None:
    """Sam has Alice's case, and both have spoken."""
    await taken_case(world)
    await world.sam.says("hello Alice")
    world.alice.sees("Sam, peer", "hello Alice")
    await world.alice.says("are you a person")
    world.sam.sees("a member (case 1)", "are you a person")


@pytest.mark.parametrize(
    "words", ["help", "Mydata", "mydata erase", "checkin start 8:30", "Resources crisis", "guide overdose"]
)
async def test_a_command_without_its_mark_is_a_word_to_the_peer_and_the_member_is_told_once(
    world: World, words: str
) -> None:
    await talk(world)
    name = words.lower().removesuffix(" 8:30")
    for told in (True, False):
        await world.alice.says(words)
        world.sam.sees("a member (case 1)", words)
        if told:
            world.alice.sees(f"That went to Sam. For my own “{name}”, write “!{name}”.")
        world.all_was_seen()


async def test_who_tells_their_peer_that_they_are_safe_is_offered_to_end_the_talk_and_stop_names_what_it_would_stop(
    world: World,
) -> None:
    await talk(world)
    await world.alice.says("I'm safe")
    world.sam.sees("a member (case 1)", "I'm safe")
    world.alice.sees("That went to Sam. If you need nobody any more, press “I'm safe”")
    await world.alice.says("stop")
    world.sam.sees("a member (case 1)", "stop")
    world.alice.sees("That went to Sam. For my own “settings stop”, write “!settings stop”.")
    await world.alice.clicks("I'm safe")
    world.alice.sees("I'm glad. I have told the peers.")
    world.sam.sees("Case 1 has ended")
    for box in world.mailboxes:
        box.unseen.clear()


@pytest.mark.parametrize(
    "words",
    [
        "help me out",
        "break my heart",
        "my data is gone",
        "safe to say so",
        "note it",
        "resources are no use to me",
        "I need somebody",
    ],
)
async def test_words_that_only_begin_like_a_command_are_not_remarked_on(world: World, words: str) -> None:
    await talk(world)
    await world.alice.says(words)
    world.sam.sees(words)
    world.all_was_seen()


async def ended_talk(world: World) -> None:
    """Alice and Sam have spoken, and Sam has gone."""
    await talk(world)
    await world.sam.says("resolve 1 safe")
    for box in world.mailboxes:
        box.unseen.clear()


async def test_who_writes_after_the_talk_is_told_that_nobody_reads_it_and_can_call_a_person_again(world: World) -> None:
    await ended_talk(world)
    await world.alice.says("one more thing")
    world.alice.sees("Sam has gone, so this has reached nobody. Shall I call a person again?", "I need a person")
    await world.alice.says("it is about my brother")
    world.alice.sees("This has reached nobody. Shall I call a person?", "I need a person")
    await world.alice.clicks("I need a person")
    world.alice.sees("988")
    world.alice.sees("written to you privately")
    world.room("peers").sees("I'm on it")


async def test_danger_after_the_talk_is_heard_and_commands_are_done(world: World) -> None:
    await ended_talk(world)
    await world.alice.says("help")
    world.alice.sees("What I can do")
    await world.alice.says("i want to kill myself")
    world.alice.sees("988")
    world.room("peers").sees("I'm on it")


async def test_a_day_after_the_talk_words_are_to_the_bot_again(world: World) -> None:
    await ended_talk(world)
    await world.advance(hours=24)
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.says("one more thing")
    world.alice.sees("I'm only a bot, and cannot answer that")


async def test_what_is_changed_is_brought_again_and_kept_as_it_is_now(world: World) -> None:
    await talk(world)
    await does(world, "alice@dm edits: are you a real person")
    world.sam.sees("a member (case 1), changed", "are you a real person")
    await does(world, "alice@dm edits: are you a real person")
    world.all_was_seen()
    assert await world.rows(select(func.count(RelayMessage.id))) == [2]


async def test_danger_in_a_changed_message_is_heard_although_nobody_has_come_yet(world: World) -> None:
    await world.alice.says("hm")
    world.alice.sees("cannot answer that")
    await does(world, "alice@dm edits: i took all the pills")
    world.alice.sees("getting a person")
    world.room("peers").sees("Emergency", "took all the pills")


async def test_a_peers_changed_words_that_sound_like_danger_wait_for_the_peers_own_word(world: World) -> None:
    await talk(world)
    await world.sam.says("one moment")
    world.alice.sees("one moment")
    await does(world, "sam@dm edits: i want to kill myself")
    world.sam.sees("I have not passed this on yet")


async def test_what_is_taken_back_goes_and_its_words_are_nowhere_any_more(world: World) -> None:
    await talk(world)
    await does(world, "alice@dm deletes")
    world.sam.sees("a member (case 1) has taken a message back")
    await does(world, "alice@dm deletes")
    async with world.database.begin() as tx:
        kept = [tx.vault.open(row.text_sealed, "relay_messages.text") for row in await tx.session.scalars(_MESSAGES)]
    assert kept == ["hello Alice", ""]


_MESSAGES = select(RelayMessage).order_by(RelayMessage.id)


async def test_what_waits_for_a_peer_can_be_changed_and_taken_back_before_they_come(world: World) -> None:
    await world.alice.says("i want to kill myself")
    world.alice.sees("getting a person")
    world.room("peers").sees("I'm on it")
    for said in ("my name is Ann", "ask for Ann"):
        await world.alice.says(said)
        world.alice.sees("I keep this for the person")
    await does(world, "alice@dm deletes")
    await world.sam.clicks("I'm on it")
    world.sam.sees("You have it.")
    assert "ask for Ann" not in world.sam.sees("They wrote: “my name is Ann”").text
    world.alice.sees("Sam is here")
    world.room("peers").sees("Sam is on it")


async def test_what_has_not_left_yet_is_changed_on_the_way_and_never_leaves_when_taken_back(world: World) -> None:
    await talk(world)
    world.console.failures["sam"] = TryAgain("busy")
    await world.alice.says("first")
    await does(world, "alice@dm edits: second")
    await world.alice.says("third")
    await does(world, "alice@dm deletes")
    del world.console.failures["sam"]
    await world.advance(minutes=1)
    assert world.sam.sees("a member (case 1)", "second").text.startswith("a member (case 1)\n")
    world.sam.sees_nothing()


async def test_an_answer_and_a_reaction_show_what_they_are_about(world: World) -> None:
    await talk(world)
    await world.sam.says("yes, from Harbour", about="bot")
    world.alice.sees("Sam, peer, to “are you a person”", "yes, from Harbour")
    await does(world, "alice@dm reacts ❤️")
    world.sam.sees("a member (case 1): ❤️ to “yes, from Harbour”")
    await does(world, "alice@dm unreacts ❤️")
    world.all_was_seen()


async def test_nobody_changes_or_takes_back_what_is_anothers(world: World) -> None:
    await talk(world)
    (message_id,) = await world.rows(select(RelayMessage.message_id).where(RelayMessage.id == 2))
    await world.app.hub.taken_back("console", str(message_id), "sam")
    await world.app.settle()
    assert await world.rows(select(RelayMessage.removed_at)) == [None, None]


async def test_words_can_be_taken_back_after_the_case_has_ended(world: World) -> None:
    await talk(world)
    await world.alice.clicks("I'm safe")
    world.alice.sees("Your talk with Sam has ended")
    world.alice.sees("I'm glad")
    world.sam.sees("they say they are safe")
    world.room("peers").sees("Case 1 has ended")
    await does(world, "alice@dm deletes")
    world.sam.sees("has taken a message back")


async def test_a_long_message_goes_in_pieces_that_all_go_away(world: World) -> None:
    await talk(world)
    await world.alice.says("word " * (PIECE // 3))
    world.sam.sees("a member (case 1)", "word")
    world.sam.sees("word")
    await does(world, "alice@dm edits: short")
    world.sam.sees("a member (case 1), changed", "short")
    copies = select(Delivery.key).where(Delivery.relay_id == 3, Delivery.state == "sent")
    assert len(await world.rows(copies)) == 3


async def test_who_writes_is_told_when_it_does_not_arrive(world: World) -> None:
    await talk(world)
    world.console.failures["alice"] = Unreachable("closed")
    await world.sam.says("are you there")
    world.sam.sees("did not reach them")
    world.sam.sees("I cannot reach the person")
    world.room("peers").sees("I cannot reach the person")
    assert await world.rows(select(CaseRow.holder)) != [None]


async def test_a_picture_is_not_carried_and_both_are_told(world: World) -> None:
    await talk(world)
    picture = Inbound(
        event_id="p", platform="console", account="alice", place="alice", private=True, at=world.now, files=True
    )
    await world.app.hub.receive(picture)
    await world.app.settle()
    world.alice.sees("I can't pass on pictures")
    world.sam.sees("a member (case 1)", "They sent a picture or a file")


async def test_an_old_message_that_is_changed_into_danger_reaches_the_peer_who_is_there(world: World) -> None:
    await world.alice.says("!help")
    world.alice.unseen.clear()
    await taken_case(world)
    await does(world, "alice@dm edits: i took all the pills")
    world.alice.sees("please call 911")
    world.sam.sees("Emergency", "I heard this")
    world.sam.sees("a member (case 1)", "i took all the pills")
    world.room("peers").sees("Emergency", "Sam has this case, but has not written for a while")


@on_both_databases
async def test_a_number_typed_in_a_talk_is_a_word_of_it_and_presses_nothing(world: World) -> None:
    await talk(world)
    await world.robin.says("join 1")
    for box in world.mailboxes:
        box.unseen.clear()
    await world.alice.says("1")  # under "Robin is here" that would be "I'm safe"
    world.sam.sees("a member (case 1)", "1")
    world.robin.sees("a member (case 1)", "1")
    await world.sam.says("1", "case-1")
    world.alice.sees("Sam, peer", "1")
    assert await world.rows(select(CaseRow.outcome)) == [None]
    world.robin.unseen.clear()


async def test_what_is_taken_back_while_it_is_being_sent_is_not_tried_again(world: World) -> None:
    await talk(world)
    send, begun, gate = world.console.send, asyncio.Event(), asyncio.Event()
    tried = 0

    async def slow(to: Address, content: Content, key: str, *, retried: bool, urgent: bool) -> Receipt:
        nonlocal tried
        if content.text == "I regret this":
            tried += 1
            if not begun.is_set():
                begun.set()
                await gate.wait()
                raise TryAgain("busy")
        return await send(to, content, key, retried=retried, urgent=urgent)

    world.console.send = slow  # type: ignore[method-assign]  # a network that is slow, and then fails
    saying = asyncio.create_task(world.alice.says("I regret this"))
    await begun.wait()
    [message] = (await world.rows(select(RelayMessage.message_id).order_by(RelayMessage.id.desc())))[:1]
    await world.app.hub.taken_back("console", message, "alice")
    gate.set()
    await saying
    await world.advance(minutes=5)
    assert tried == 1
    world.sam.unseen.clear()


async def test_an_emoji_that_fails_takes_nobody_the_case(world: World) -> None:
    await talk(world)
    await world.alice.says("thank you")
    world.sam.sees("thank you")
    world.console.failures["sam"] = Unreachable("closed")
    await does(world, "alice@dm deletes")
    world.console.failures.clear()
    assert await world.rows(select(CaseRow.holder)) != [None]


async def test_a_hint_is_stored_under_no_word_of_theirs(world: World) -> None:
    await taken_case(world)
    await world.alice.says("resources detox near Oakland")
    world.alice.sees("That went to Sam")
    world.sam.sees("resources detox near Oakland")
    keys = await world.rows(select(Delivery.key))
    assert [key for key in keys if "oakland" in key.casefold() or "detox" in key] == []
