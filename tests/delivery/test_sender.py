"""The sender: who has room, what takes too long, and how it stops."""

import asyncio
from datetime import datetime
from typing import Any

import pytest
from harness.fixtures import on_both_databases
from sqlalchemy import text

from bot.core.platform import TryAgain
from bot.delivery import outbox, sender
from bot.delivery.outbox import LEASE, Priority
from bot.delivery.sender import GATHERED, RESERVED, SEND_LIMIT, Sender
from bot.storage.database import Transaction
from delivery.post import NOON, SECOND, Letterbox, Post

LONG = 20 * SECOND
"""Longer than anything here takes."""


class Running:
    """A sender that runs beside the test."""

    def __init__(self, post: Post) -> None:
        self.post = post

    async def __aenter__(self) -> "Running":
        self._task = asyncio.create_task(self.post.sender.run())
        return self

    async def __aexit__(self, *_problem: object) -> None:
        await self.post.sender.stop(patience=0 * SECOND)
        await self._task

    async def until_sent(self, key: str) -> None:
        """Wait until something has been said; the test's own time limit ends a wait in vain."""
        self.post.sender.wake()
        await self.post.letterbox.arrived[key].wait()

    async def until_begun(self, key: str) -> None:
        """Wait until the platform was asked to say something."""
        self.post.sender.wake()
        await self.post.letterbox.begun[key].wait()


async def never() -> bool:
    """No turn at all."""
    return False


async def claim_in_vain(post: Post) -> None:
    """In a transaction that is rolled back."""
    async with post.database.begin() as tx:
        await post.sender.claim_with(tx)
        raise OSError("the disk is full")


async def refused(tx: Transaction, *_look: object, **_when: object) -> None:
    """A statement of the claim that the database does not take."""
    await tx.session.execute(text("SELECT nothing FROM nowhere"))


async def _settled() -> None:
    """Everybody who could go on has done so."""
    for _turn in range(20):
        await asyncio.sleep(0)


async def test_slow_check_ins_leave_room_for_a_page(post: Post) -> None:
    for number in range(Letterbox.at_once):
        post.letterbox.slow[f"member{number}"] = asyncio.Event()
        await post.put(f"checkin:{number}", f"member{number}", priority=Priority.CHECK_IN)
    await post.put("quick", "bob", priority=Priority.REPLY)
    async with Running(post) as running:
        await running.until_sent("quick")
        await post.put("page", "pat", priority=Priority.CRISIS)
        await running.until_sent("page")
        states = [(await post.row(f"checkin:{number}")).state for number in range(Letterbox.at_once)]
    assert states.count("sending") == Letterbox.at_once - RESERVED


async def test_a_page_does_not_wait_until_more_outcomes_have_come(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "GATHERING", LONG)
    post.letterbox.at_once = 3 * GATHERED
    post.letterbox.slow["slow"] = asyncio.Event()
    for key in ("slow", "quick"):
        await post.put(key, key)
    async with Running(post) as running:
        await running.until_sent("quick")
        await post.put("page", "pat", priority=Priority.CRISIS)
        async with asyncio.timeout(LONG.total_seconds() / 2):
            await running.until_sent("page")


async def test_what_is_said_in_a_crisis_goes_out_with_the_transaction_that_decided_it(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Running(post) as running:
        await post.put("first")
        await running.until_sent("first")
        await post.sender._turn()  # its outcome is stored
        monkeypatch.setattr(post.sender, "_turn", never)
        await post.put("page", "pat", priority=Priority.CRISIS, claimed=True)
        await post.letterbox.arrived["page"].wait()
        assert (await post.row("page")).state == "sending"
        monkeypatch.undo()


@on_both_databases
@pytest.mark.parametrize("claimed", [True, False])
async def test_what_is_said_in_a_crisis_waits_for_no_check_in_to_the_same_person_that_hangs(
    post: Post, claimed: bool
) -> None:
    post.letterbox.slow["alice"] = asyncio.Event()
    await post.put("check-in", priority=Priority.CHECK_IN)
    async with Running(post) as running:
        await running.until_begun("check-in")
        await post.put("answer", priority=Priority.CRISIS, claimed=claimed)
        await post.put("reply", priority=Priority.REPLY)
        await running.until_begun("answer")
        await post.put("more", priority=Priority.CRISIS)
        await post.sender._turn()
        begun = {key for key, event in post.letterbox.begun.items() if event.is_set()}
        assert begun == {"check-in", "answer"}  # in a crisis, too, one thing is said after the other
        post.letterbox.slow["alice"].set()
        for key in ("check-in", "answer", "more", "reply"):
            await running.until_sent(key)


async def test_of_a_transaction_that_fails_nothing_is_said_and_the_sender_goes_on(post: Post) -> None:
    async with Running(post) as running:
        await post.put("first")
        await running.until_sent("first")
        with pytest.raises(OSError, match="full"):
            await claim_in_vain(post)
        await post.put("page", "pat", priority=Priority.CRISIS, claimed=True)
        await running.until_sent("page")
    assert post.letterbox.keys == ["first", "page"]


@on_both_databases
async def test_a_claim_that_fails_is_never_the_reason_that_nothing_is_decided(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Running(post) as running:
        await post.put("first")
        await running.until_sent("first")
        await post.sender._turn()
        with monkeypatch.context() as patched:
            patched.setattr(outbox, "claim", refused)
            patched.setattr(outbox, "claim_new", refused)
            await post.put("page", "pat", priority=Priority.CRISIS, claimed=True)
        await running.until_sent("page")
    assert post.letterbox.keys == ["first", "page"]


@on_both_databases
async def test_what_was_claimed_when_the_claim_failed_goes_out_without_waiting_for_its_lease(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim_new = outbox.claim_new

    async def claim_and_fail(tx: Transaction, *which: Any, **when: Any) -> None:
        await claim_new(tx, *which, **when)
        raise ValueError("a fault of our own")

    async with Running(post) as running:
        await post.put("first")
        await running.until_sent("first")
        await post.sender._turn()
        with monkeypatch.context() as patched:
            patched.setattr(outbox, "claim_new", claim_and_fail)
            await post.put("page", "pat", priority=Priority.CRISIS, claimed=True)
        await running.until_sent("page")
    assert post.letterbox.keys == ["first", "page"]


@on_both_databases
async def test_of_two_that_one_transaction_says_to_the_same_person_the_second_waits_for_the_first(post: Post) -> None:
    post.letterbox.slow["pat"] = asyncio.Event()
    async with Running(post) as running:
        await post.put("hello")
        await running.until_sent("hello")
        await post.sender._turn()
        async with post.database.begin() as tx:
            tx.before_commit(post.sender.claim_with)
            for key in ("first", "second"):
                await outbox.enqueue(tx, post.message(key, "pat", priority=Priority.CRISIS), now=NOON)
        await running.until_begun("first")
        assert (await post.row("first")).state == "sending"
        assert (await post.row("second")).state == "pending"
        post.letterbox.slow["pat"].set()
        await running.until_sent("second")


async def test_a_sender_that_is_having_its_turn_takes_it_with_the_next(post: Post) -> None:
    async with Running(post) as running:
        await post.put("first")
        await running.until_sent("first")
        async with post.sender._turning:
            await post.put("page", "pat", priority=Priority.CRISIS, claimed=True)
            assert (await post.row("page")).state == "pending"
        await running.until_sent("page")


async def test_when_enough_outcomes_have_come_the_next_turn_begins_though_one_is_slow(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "GATHERING", LONG)
    post.letterbox.at_once = 3 * GATHERED
    post.letterbox.slow["member0"] = asyncio.Event()
    for number in range(5 * post.letterbox.at_once):
        await post.put(f"checkin:{number}", f"member{number}", priority=Priority.CHECK_IN)
    async with Running(post), asyncio.timeout(LONG.total_seconds() / 2):
        await post.letterbox.arrived[f"checkin:{number}"].wait()


async def test_what_was_slow_makes_room_when_it_is_sent(post: Post) -> None:
    for number in range(10):
        await post.put(f"checkin:{number}", f"member{number}", priority=Priority.CHECK_IN)
    assert len(await post.drain()) == 10


async def test_a_platform_that_hangs_is_tried_again(post: Post) -> None:
    post.letterbox.slow["alice"] = asyncio.Event()
    await post.put("a")
    await Sender(post.database, post.letterbox, post.clock, post.on_failure, send_limit=0 * SECOND).drain()
    row = await post.row("a")
    assert (row.state, row.reason) == ("pending", "timed out")


def test_the_outcome_of_the_slowest_send_is_stored_before_its_lease_runs_out() -> None:
    assert SEND_LIMIT < LEASE


def test_a_server_that_names_no_wait_at_all_is_left_in_peace_for_a_moment() -> None:
    for after in (0 * SECOND, -5 * SECOND):
        assert outbox.next_attempt(1, Priority.CRISIS, now=NOON, after=after) == NOON + SECOND


async def test_draining_ends_though_a_platform_asks_to_be_tried_again_in_the_past(post: Post) -> None:
    post.letterbox.shut["alice"] = TryAgain("busy", -5 * SECOND)
    await post.put("page", priority=Priority.CRISIS)
    assert await post.drain() == []


async def test_draining_ends_though_the_next_attempt_becomes_due_meanwhile(post: Post) -> None:
    def later() -> datetime:
        post.clock.move_to(post.clock() + 60 * SECOND)
        return post.clock()

    post.letterbox.shut["alice"] = TryAgain("busy")
    await post.put("page", priority=Priority.CRISIS)
    hasty = Sender(post.database, post.letterbox, later, post.on_failure)
    await hasty.drain()
    assert (await post.row("page")).attempts == 1


async def test_a_stopped_sender_starts_nothing(post: Post) -> None:
    await post.sender.stop(patience=SECOND)
    await post.put("a")
    await post.sender.drain()
    assert post.letterbox.keys == []
    assert (await post.row("a")).attempts == 0


async def test_what_is_under_way_when_the_bot_stops_waits_for_the_next_start(post: Post) -> None:
    post.letterbox.slow["alice"] = asyncio.Event()
    await post.put("a")
    await post.sender.stop(patience=0 * SECOND)
    assert post.letterbox.keys == []
    assert (await post.row("a")).state == "pending"


async def test_a_message_taken_at_the_moment_of_the_stop_is_given_back_unsent(post: Post) -> None:
    await post.put("a")
    async with post.database.begin():  # the look waits for this transaction, and the stop comes first
        looking = asyncio.create_task(post.sender.drain())
        await asyncio.sleep(0)
        stopping = asyncio.create_task(post.sender.stop(patience=0 * SECOND))
        await asyncio.sleep(0)
    await asyncio.gather(looking, stopping)
    assert post.letterbox.keys == []
    assert (await post.row("a")).state == "pending"


async def test_what_is_claimed_by_a_transaction_that_is_stored_after_the_last_words_is_given_back(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    drain, claimed, goes_on = post.sender.drain, asyncio.Event(), asyncio.Event()
    deciding: list[asyncio.Task[None]] = []

    async def decide() -> None:
        async with post.database.begin() as tx:
            tx.before_commit(post.sender.claim_with)
            tx.before_commit(hold)
            await outbox.enqueue(tx, post.message("page", priority=Priority.CRISIS), now=NOON)

    async def hold(_tx: Transaction) -> None:
        claimed.set()
        await goes_on.wait()

    async def drain_and_decide() -> None:
        await drain()
        if not deciding:
            deciding.append(asyncio.create_task(decide()))
            await claimed.wait()

    async with Running(post) as running:
        await post.put("first")
        await running.until_sent("first")
        await post.sender._turn()  # its outcome is stored
        monkeypatch.setattr(post.sender, "drain", drain_and_decide)
        stopping = asyncio.create_task(post.sender.stop(patience=LONG))
        await claimed.wait()
        await _settled()
        goes_on.set()
        await asyncio.gather(stopping, *deciding)
        assert (await post.row("page")).state == "pending"


async def test_what_was_under_way_when_a_bot_died_goes_out_as_soon_as_another_one_runs(post: Post) -> None:
    await post.put("a")
    assert await post.claim() is not None, "the one that dies has it"
    async with Running(post) as running:
        await running.until_sent("a")
    assert post.letterbox.sent == [("alice", "a", True)]


async def test_what_a_commit_without_an_answer_has_claimed_goes_out_without_waiting_for_its_lease(
    post: Post, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    commit = post.database._commit
    answers_are_lost = iter([True])

    async def commit_and_break(tx: Transaction) -> None:
        await commit(tx)
        if next(answers_are_lost, False):
            raise OSError("the connection is gone")

    monkeypatch.setattr("bot.delivery.sender.SLOWEST_LOOK", SECOND / 100)
    await post.put("a")
    monkeypatch.setattr(post.database, "_commit", commit_and_break)
    async with Running(post) as running:
        await running.until_sent("a")
    assert post.letterbox.keys == ["a"]
    assert "the database works again" in caplog.text


async def test_many_that_fail_for_one_reason_are_logged_once_and_again_when_it_is_over(
    post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(10):
        await post.put(f"a{number}", f"member{number}")
        post.letterbox.shut[f"member{number}"] = TryAgain("not connected")
    await post.drain()
    post.letterbox.shut.clear()
    await post.drain(60 * SECOND)
    lines = [record.getMessage() for record in caplog.records]
    assert sum("was not sent (not connected)" in line for line in lines) == 1
    assert sum("messages arrive again" in line for line in lines) == 1
