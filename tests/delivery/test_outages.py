"""What is said of a case when something goes wrong: pages nobody needs, a torn conversation, rows that do not open."""

from datetime import datetime, timedelta

import pytest
from harness.fixtures import on_both_databases
from sqlalchemy import insert, update
from sqlalchemy.exc import OperationalError

from bot.core.content import Content
from bot.core.platform import NeverAgain, NotConnected, SendError, TryAgain
from bot.delivery import contents, outbox
from bot.delivery.outbox import GIVEN_UP_AT_ONCE, LEASE, Claimed, Priority, Room
from bot.delivery.sender import LOST_LOOK, TELL_AFTER, UNCONNECTED, Sender
from bot.storage.database import Transaction
from bot.storage.tables import Delivery, SharedContent
from delivery.post import NOON, SECOND, Post

ANSWERED = "the case needs nobody any more"
NEWER = "a newer page says more"

MINUTE = 60 * SECOND


async def page(post: Post, case_id: int, number: int, to: str = "pat") -> str:
    """Page somebody; the key of the page."""
    key = f"page:{case_id}:{number}:{to}"
    await post.put(key, to, priority=Priority.CRISIS, case_id=case_id)
    return key


async def relay(post: Post, case_id: int, event: str, to: str = "pat") -> str:
    """Carry a message of the case's conversation; its key."""
    key = f"case:{case_id}:relay:{event}"
    await post.put(key, to, priority=Priority.CRISIS, case_id=case_id)
    return key


async def in_flight(post: Post) -> Claimed:
    """The message that is being sent."""
    claimed = await post.claim()
    assert claimed is not None
    return claimed


async def outcome(post: Post, key: str) -> tuple[str, str | None]:
    """State and reason of a row."""
    row = await post.row(key)
    return row.state, row.reason


# Rows that cannot be opened


@on_both_databases
async def test_a_row_that_cannot_be_opened_fails_and_the_next_is_sent(post: Post) -> None:
    await post.put("damaged")
    await post.put("sound")
    await post.damage("damaged")
    assert await post.drain() == ["sound"]
    assert await outcome(post, "damaged") == ("failed", "unreadable")


@pytest.mark.parametrize("value", [None, 7, [], {}, {"text": "zebra"}, "zebra"])
async def test_content_of_another_shape_is_unreadable_too(post: Post, value: object) -> None:
    await post.put("damaged")
    await post.damage("damaged", post.database.vault.seal_json(value, contents.PURPOSE))
    await post.put("sound")
    assert await post.drain() == ["sound"]


async def test_of_an_unreadable_row_it_is_told_and_logged_by_its_number(
    post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    case_id = await post.open_case()
    key = await page(post, case_id, 1)
    await post.damage(key)
    await post.drain()
    [(failed, error)] = post.failed
    assert (failed.key, failed.case_id, failed.content) == (key, case_id, Content())
    assert isinstance(error, NeverAgain)
    assert str(error) == "unreadable"
    assert f"delivery {failed.id}:" in caplog.text


@on_both_databases
async def test_an_unreadable_row_stops_nobody_even_if_telling_of_it_fails(post: Post) -> None:
    async def confused(tx: Transaction, failed: Claimed, error: SendError, *, now: datetime) -> None:
        await outbox.mark_failed(tx, failed, "undone with all else that was begun here")
        raise RuntimeError

    await post.put("damaged")
    await post.put("sound", "bob")
    await post.damage("damaged")
    await Sender(post.database, post.letterbox, post.clock, confused).drain()
    assert post.letterbox.keys == ["sound"]
    assert await outcome(post, "damaged") == ("failed", "unreadable")


# Pages that nobody needs


@on_both_databases
async def test_a_page_that_waits_is_not_sent_once_somebody_has_the_case(post: Post) -> None:
    case_id = await post.open_case()
    key = await page(post, case_id, 1)
    await post.take_case(case_id)
    assert await post.drain() == []
    assert await outcome(post, key) == ("expired", ANSWERED)


async def test_a_page_that_waits_is_not_sent_once_the_case_has_ended(post: Post) -> None:
    case_id = await post.open_case()
    key = await page(post, case_id, 1)
    await post.end_case(case_id)
    assert await post.drain() == []
    assert await outcome(post, key) == ("expired", ANSWERED)


@on_both_databases
async def test_a_page_in_flight_is_not_put_back_once_somebody_has_the_case(post: Post) -> None:
    case_id = await post.open_case()
    key = await page(post, case_id, 1)
    flying = await in_flight(post)
    await post.take_case(case_id)
    async with post.database.begin() as tx:
        assert not await outbox.put_back(tx, flying, "busy", due_at=NOON)
    assert await outcome(post, key) == ("expired", ANSWERED)


async def test_a_page_of_a_case_that_nobody_has_is_put_back(post: Post) -> None:
    key = await page(post, await post.open_case(), 1)
    flying = await in_flight(post)
    async with post.database.begin() as tx:
        assert await outbox.put_back(tx, flying, "busy", due_at=NOON)
    assert await post.drain() == [key]


async def test_other_messages_of_a_case_are_sent_though_somebody_has_it(post: Post) -> None:
    case_id = await post.open_case()
    key = await relay(post, case_id, "a")
    await post.take_case(case_id)
    assert await post.drain() == [key]


@on_both_databases
async def test_after_an_outage_a_peer_gets_the_newest_page_of_a_case_only(post: Post) -> None:
    case_id = await post.open_case()
    post.letterbox.shut["pat"] = TryAgain("not connected")
    keys = []
    for number in range(12):
        keys.append(await page(post, case_id, number))
        await post.drain(MINUTE)
    post.letterbox.shut.clear()
    assert await post.drain(MINUTE) == keys[-1:]
    assert [await outcome(post, key) for key in keys[:-1]] == [("expired", NEWER)] * 11


async def test_a_page_in_flight_is_not_put_back_once_there_is_a_newer_one(post: Post) -> None:
    case_id = await post.open_case()
    await page(post, case_id, 1)
    flying = await in_flight(post)
    newer = await page(post, case_id, 2)
    async with post.database.begin() as tx:
        assert not await outbox.put_back(tx, flying, "busy", due_at=NOON)
    assert await post.drain() == [newer]


async def test_pages_of_other_cases_and_to_others_are_all_sent(post: Post) -> None:
    one, two = await post.open_case(), await post.open_case()
    keys = {await page(post, one, 1), await page(post, one, 2, "quinn"), await page(post, two, 2)}
    assert set(await post.drain()) == keys


# A conversation


@on_both_databases
async def test_a_message_that_is_tried_again_is_not_overtaken_in_its_conversation(post: Post) -> None:
    case_id = await post.open_case()
    first = await relay(post, case_id, "a")
    post.letterbox.problems = [TryAgain("busy", 20 * SECOND)]
    await post.drain()
    second = await relay(post, case_id, "b")
    assert await post.drain(19 * SECOND) == []
    assert await post.drain(SECOND) == [first, second]


async def test_a_message_that_fails_for_long_holds_a_conversation_for_two_minutes(post: Post) -> None:
    case_id = await post.open_case()
    await relay(post, case_id, "a")
    post.letterbox.problems = [TryAgain("busy", timedelta(minutes=10))]
    await post.drain()
    second = await relay(post, case_id, "b")
    assert await post.drain(2 * MINUTE - SECOND) == []
    assert await post.drain(SECOND) == [second]


async def test_a_message_that_failed_for_good_holds_nothing(post: Post) -> None:
    case_id = await post.open_case()
    await relay(post, case_id, "a")
    second = await relay(post, case_id, "b")
    post.letterbox.problems = [NeverAgain("refused")]
    assert await post.drain() == [second]


async def test_other_cases_other_people_and_other_messages_overtake_what_is_tried_again(post: Post) -> None:
    one, two = await post.open_case(), await post.open_case()
    await relay(post, one, "a")
    post.letterbox.problems = [TryAgain("busy", MINUTE)]
    await post.drain()
    keys = {await relay(post, two, "b"), await relay(post, one, "c", "morgan"), await page(post, one, 3)}
    assert set(await post.drain()) == keys


# Crisis deliveries that keep failing


async def test_in_a_crisis_the_waits_double_up_to_half_a_minute(post: Post) -> None:
    await post.put("page", priority=Priority.CRISIS)
    post.letterbox.problems = [TryAgain("busy") for _attempt in range(6)]
    await post.drain()
    for seconds in (2, 4, 8, 16, 30, 30):
        assert (await post.row("page")).due_at == post.clock() + seconds * SECOND
        await post.drain(seconds * SECOND)
    assert post.letterbox.keys == ["page"]


async def test_a_crisis_delivery_that_keeps_failing_is_told_once_and_still_tried(post: Post) -> None:
    await post.put("page", priority=Priority.CRISIS)
    post.letterbox.shut["alice"] = TryAgain("busy")
    for _attempt in range(TELL_AFTER - 1):
        await post.drain(MINUTE)
    assert post.failed == []
    for _attempt in range(10):
        await post.drain(MINUTE)
    assert [(failed.key, error) for failed, error in post.failed] == [("page", post.letterbox.shut["alice"])]
    post.letterbox.shut.clear()
    assert await post.drain(MINUTE) == ["page"]


@on_both_databases
async def test_it_is_told_later_where_the_process_died_in_that_attempt_or_telling_failed(post: Post) -> None:
    await post.put("answer", priority=Priority.CRISIS)
    post.letterbox.shut["alice"] = TryAgain("down")
    for _attempt in range(TELL_AFTER - 1):
        await post.drain(MINUTE)
    post.clock.move_to(post.clock() + MINUTE)
    await in_flight(post)
    post.clock.move_to(post.clock() + LEASE)
    broken, told = [RuntimeError()], post.on_failure

    async def on_failure(tx: Transaction, failed: Claimed, error: SendError, *, now: datetime) -> None:
        if broken:
            raise broken.pop()
        await told(tx, failed, error, now=now)

    post.sender = Sender(post.database, post.letterbox, post.clock, on_failure)
    for _attempt in range(4):
        await post.drain(MINUTE)
    assert not broken
    assert [failed.attempts for failed, _error in post.failed] == [TELL_AFTER + 2]


async def test_other_deliveries_are_told_only_when_they_are_given_up(post: Post) -> None:
    await post.put("reply")
    post.letterbox.shut["alice"] = TryAgain("busy")
    for _attempt in range(outbox.MAX_ATTEMPTS - 1):
        await post.drain(5 * MINUTE)
    assert post.failed == []


@on_both_databases
async def test_when_the_platform_is_back_what_waits_in_a_crisis_is_sent_at_once(post: Post) -> None:
    post.letterbox.problems = [TryAgain("not connected"), TryAgain("not connected")]
    await post.put("page", priority=Priority.CRISIS)
    await post.put("reply", "bob")
    await post.drain()
    post.sender.hurry()
    assert await post.drain() == ["page"]


async def test_what_never_left_for_want_of_a_connection_is_not_given_up_however_often(post: Post) -> None:
    post.letterbox.shut["alice"] = NotConnected("not connected")
    await post.put("a")
    for _look in range(2 * outbox.MAX_ATTEMPTS):
        assert await post.drain(UNCONNECTED) == []
    del post.letterbox.shut["alice"]
    assert await post.drain(UNCONNECTED) == ["a"]
    assert post.letterbox.sent == [("alice", "a", False)]


# What was under way when the bot died


@pytest.mark.parametrize(
    ("priority", "expected"),
    [(Priority.CRISIS, ("sent", None)), (Priority.REPLY, ("failed", "it may have arrived: its sender died long ago"))],
)
async def test_what_may_have_arrived_long_ago_is_said_again_only_in_a_crisis(
    post: Post, priority: Priority, expected: tuple[str, str | None]
) -> None:
    post.letterbox.recognises = timedelta(hours=1)
    await post.put("a", priority=priority)
    assert await post.claim() is not None
    await post.drain(timedelta(hours=1, seconds=1))
    await post.drain()
    assert await outcome(post, "a") == expected


async def test_what_may_have_arrived_is_sent_again_while_the_platform_would_know_it(post: Post) -> None:
    post.letterbox.recognises = timedelta(hours=1)
    await post.put("a")
    assert await post.claim() is not None
    assert await post.drain(timedelta(minutes=59)) == ["a"]


async def test_an_outcome_that_could_not_be_stored_is_stored_later_and_nothing_is_sent_again(
    post: Post, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await post.put("a")
    stored = outbox.mark_sent
    monkeypatch.setattr(outbox, "mark_sent", full_disk)
    with pytest.raises(OperationalError):
        await post.sender.drain()
    monkeypatch.setattr(outbox, "mark_sent", stored)
    await post.sender.drain()
    assert post.letterbox.keys == ["a"]
    assert (await post.row("a")).state == "sent"


async def full_disk(tx: Transaction, arrived: object, *, now: datetime) -> None:
    """What SQLite says when there is no room left."""
    if arrived:
        raise OperationalError("UPDATE", None, Exception("database or disk is full"))


async def test_a_sender_that_was_overtaken_by_another_one_undoes_nothing_of_its_work(post: Post) -> None:
    await post.put("a")
    late = await in_flight(post)
    assert await post.drain(LEASE + LOST_LOOK) == ["a"]
    async with post.database.begin() as tx:
        await outbox.put_back(tx, late, "busy", due_at=NOON)
        await outbox.mark_failed(tx, late, "gone")
    assert await outcome(post, "a") == ("sent", None)


# What many share


@on_both_databases
async def test_a_damaged_content_that_many_share_fails_for_all_at_once_and_stops_nobody(
    post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    many = 300
    async with post.database.begin() as tx:
        shared = await contents.share(tx, Content(text="How are you today?"), now=NOON)
        await tx.session.execute(update(SharedContent).values(content_sealed=b"zebra"))
        rows = [
            {
                "key": f"checkin:{number}:", "platform": "console", "kind": "direct", "address": f"m{number}",
                "priority": 3, "shared_id": shared, "has_choices": False, "due_at": NOON, "state": "pending",
                "attempts": 0, "created_at": NOON,
            }
            for number in range(many)
        ]  # fmt: skip
        await tx.session.execute(insert(Delivery), rows)
    await post.put("sound", "bob", priority=Priority.CHECK_IN)
    assert await post.drain() == ["sound"]
    async with post.database.begin() as tx:
        anew = await contents.share(tx, Content(text="How are you today?"), now=NOON)
        assert (await contents.unseal(tx, None, anew)).text == "How are you today?"
    assert caplog.text.count("cannot be opened") < many


@on_both_databases
async def test_many_pages_that_nobody_needs_are_given_up_a_few_at_a_time(post: Post) -> None:
    case_id = await post.open_case()
    for number in range(GIVEN_UP_AT_ONCE + 20):
        await page(post, case_id, number, to=f"peer{number}")
    await post.end_case(case_id)
    await post.put("sound", "bob")
    async with post.database.begin() as tx:
        look = await outbox.claim(tx, "console", Room(), now=NOON)
        assert (look.claimed, look.unfinished) == ([], True)
    assert await post.drain() == ["sound"]


async def test_a_key_that_is_too_long_for_its_column_is_still_unlike_any_other(post: Post) -> None:
    long = "reply:matrix:$" + "x" * 255
    assert await post.put(long + "1")
    assert await post.put(long + "2", "bob")
    assert not await post.put(long + "1")
    assert len(await post.drain()) == 2
