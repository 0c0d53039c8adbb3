"""The outbox: what goes first, what waits, what is given up, and that nothing is lost or said twice."""

from datetime import timedelta

import pytest
from harness.fixtures import on_both_databases

from bot.core.content import Content
from bot.core.platform import Address, NeverAgain, SendError, TryAgain, Unreachable
from bot.delivery import outbox
from bot.delivery.outbox import LEASE, MAX_ATTEMPTS, Message, Priority
from bot.delivery.sender import LOST_LOOK
from delivery.post import NOON, SECOND, Post


@on_both_databases
async def test_what_is_put_in_is_sent_and_its_message_id_is_kept(post: Post) -> None:
    await post.put("a")
    assert await post.drain() == ["a"]
    row = await post.row("a")
    assert (row.state, row.message_id, row.sent_at) == ("sent", "message-1", NOON)


async def test_the_same_key_is_said_once(post: Post) -> None:
    assert await post.put("a")
    assert not await post.put("a", to="bob")
    await post.drain()
    assert not await post.put("a")
    assert await post.drain() == []


async def test_a_page_overtakes_a_thousand_check_ins(post: Post) -> None:
    async with post.database.begin() as tx:
        for number in range(1000):
            to = Address(platform="console", kind="direct", id=f"member{number}")
            content = Content(text="How are you today?")
            message = Message(
                key=f"checkin:{number}", to=to, content=content, priority=Priority.CHECK_IN, due_at=NOON - SECOND
            )
            await outbox.enqueue(tx, message, now=NOON)
    await post.put("page", "sam", priority=Priority.CRISIS)
    claimed = await post.claim()
    assert claimed is not None
    assert claimed.key == "page"


async def test_priorities_go_before_the_order_in_which_things_were_decided(post: Post) -> None:
    for priority in reversed(Priority):
        await post.put(priority.name, to=priority.name, priority=priority)
    assert await post.drain() == ["CRISIS", "REPLY", "MEETING", "CHECK_IN"]


async def test_messages_to_one_address_keep_their_order(post: Post) -> None:
    for number in range(10):
        await post.put(f"a{number}", "alice")
        await post.put(f"b{number}", "bob")
    sent = await post.drain()
    assert [key for key in sent if key.startswith("a")] == [f"a{n}" for n in range(10)]
    assert [key for key in sent if key.startswith("b")] == [f"b{n}" for n in range(10)]


async def test_an_address_that_is_being_written_to_waits(post: Post) -> None:
    await post.put("a", "alice")
    assert await post.claim(busy={"alice"}) is None


async def test_what_is_due_later_waits(post: Post) -> None:
    await post.put("later", due_in=timedelta(hours=1))
    assert await post.drain(timedelta(minutes=59)) == []
    assert await post.drain(timedelta(minutes=1)) == ["later"]


async def test_another_platforms_messages_are_left_alone(post: Post) -> None:
    await post.put("a")
    assert await post.claim("matrix") is None


@on_both_databases
async def test_when_a_sender_dies_its_message_is_sent_again_under_the_same_key(post: Post) -> None:
    await post.put("a")
    assert await post.claim() is not None
    assert await post.drain(LEASE) == []
    assert await post.drain(LOST_LOOK) == ["a"]
    assert post.letterbox.sent == [("alice", "a", True)]


async def test_a_first_attempt_is_not_called_a_retry(post: Post) -> None:
    await post.put("a")
    await post.drain()
    assert post.letterbox.sent == [("alice", "a", False)]


async def test_a_server_that_says_how_long_to_wait_is_obeyed(post: Post) -> None:
    await post.put("a")
    post.letterbox.problems = [TryAgain("busy", timedelta(seconds=17))]
    assert await post.drain() == []
    assert await post.drain(16 * SECOND) == []
    assert await post.drain(SECOND) == ["a"]
    assert post.letterbox.sent == [("alice", "a", True)]


async def test_without_a_servers_word_the_waits_double(post: Post) -> None:
    await post.put("a")
    post.letterbox.problems = [TryAgain("busy"), TryAgain("busy"), TryAgain("busy")]
    await post.drain()
    for seconds in (2, 4, 8):
        assert (await post.row("a")).due_at == post.clock() + timedelta(seconds=seconds)
        await post.drain(timedelta(seconds=seconds))
    assert post.letterbox.keys == ["a"]


async def test_after_many_attempts_it_is_given_up_with_the_reason(post: Post) -> None:
    await post.put("a")
    post.letterbox.problems = [TryAgain("busy") for _attempt in range(MAX_ATTEMPTS)]
    for _attempt in range(MAX_ATTEMPTS):
        await post.drain(timedelta(minutes=5))
    row = await post.row("a")
    assert (row.state, row.reason, row.attempts) == ("failed", "busy", MAX_ATTEMPTS)
    assert len(post.failed) == 1


async def test_a_crisis_message_is_not_given_up(post: Post) -> None:
    await post.put("page", priority=Priority.CRISIS)
    post.letterbox.problems = [TryAgain("busy") for _attempt in range(MAX_ATTEMPTS + 5)]
    for _attempt in range(MAX_ATTEMPTS + 5):
        await post.drain(timedelta(minutes=5))
    assert await post.drain(timedelta(minutes=5)) == ["page"]


@pytest.mark.parametrize("error", [NeverAgain("gone"), Unreachable("closed")])
async def test_what_can_never_arrive_is_kept_with_its_reason(post: Post, error: SendError) -> None:
    await post.put("a")
    post.letterbox.problems = [error]
    await post.drain()
    row = await post.row("a")
    assert (row.state, row.reason) == ("failed", str(error))
    assert [(failed.key, why) for failed, why in post.failed] == [("a", error)]
    assert await post.drain(timedelta(days=1)) == []


async def test_an_adapters_own_mistake_is_tried_again_and_its_words_stay_out_of_log_and_table(
    post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    await post.put("a")
    post.letterbox.problems = [ValueError("zebra-marker")]
    await post.drain()
    assert (await post.row("a")).reason == "ValueError"
    assert "zebra-marker" not in caplog.text
    assert await post.drain(2 * SECOND) == ["a"]


@on_both_databases
async def test_what_comes_too_late_is_given_up_and_counted(post: Post) -> None:
    await post.put("a", useless_in=timedelta(hours=2))
    await post.put("b", useless_in=timedelta(hours=2))
    await post.put("c")
    post.clock.move_to(NOON + timedelta(hours=2))
    assert await post.expire() == 2
    row = await post.row("a")
    assert (row.state, row.reason) == ("expired", "too late to be of use")
    assert await post.drain() == ["c"]


async def test_what_is_stale_is_not_sent_even_before_it_was_given_up(post: Post) -> None:
    await post.put("stale", useless_in=timedelta(hours=2))
    await post.put("fresh")
    assert await post.drain(timedelta(hours=5)) == ["fresh"]


async def test_a_stale_message_of_a_sender_that_died_is_given_up(post: Post) -> None:
    await post.put("stale", useless_in=timedelta(hours=2))
    assert await post.claim() is not None
    assert await post.drain(timedelta(hours=5)) == []
    assert await post.expire() == 1
    assert (await post.row("stale")).state == "expired"


async def test_what_waits_for_a_member_is_dropped_by_the_beginning_of_its_key(post: Post) -> None:
    alice, bob = await post.member(), await post.member()
    await post.put("checkin:1:monday", member_id=alice)
    await post.put("checkin:12:monday", "bob", member_id=bob)
    async with post.database.begin() as tx:
        await outbox.drop(tx, alice, "checkin:1", reason="stopped")
    assert await post.drain() == ["checkin:12:monday"]


async def test_content_is_sealed_in_the_table(post: Post) -> None:
    await post.put("a")
    assert b"hello" not in ((await post.row("a")).content_sealed or b"")


async def test_a_stopping_sender_says_what_is_due(post: Post) -> None:
    await post.put("a")
    await post.sender.stop(patience=SECOND)
    assert post.letterbox.keys == ["a"]
