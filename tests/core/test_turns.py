"""Raised hands: who speaks, who is next."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.turns import MOST, Hand, Turns, warned_before

STEPS = st.lists(st.tuples(st.sampled_from(["raise", "lower", "next", "skip"]), st.integers(1, 6), st.booleans()))


def step(turns: Turns, what: str, member: int, named: bool) -> Turns:
    match what:
        case "raise":
            return turns.raised(Hand(member, named))
        case "lower":
            return turns.lowered(member)
        case "next":
            return turns.next()
    return turns.skipped()


@given(STEPS)
def test_nobody_is_ever_there_twice_and_nobody_gets_lost_but_by_lowering_or_having_spoken(
    steps: list[tuple[str, int, bool]],
) -> None:
    turns = Turns()
    for what, member, named in steps:
        before, turns = turns, step(turns, what, member, named)
        there = [hand.member for hand in (turns.speaking, *turns.waiting) if hand is not None]
        was = {hand.member for hand in (before.speaking, *before.waiting) if hand is not None}
        assert len(there) == len(set(there))
        gone = {"lower": {member}, "next": {before.speaking.member} if before.speaking else set()}.get(what, set())
        assert set(there) == (was - gone) | ({member} if what == "raise" else set())
        if what == "raise":
            assert turns.place_of(member) is not None
            assert before.place_of(member) in {None, turns.place_of(member)}


def test_hands_are_called_in_the_order_in_which_they_went_up_and_who_is_skipped_waits_at_the_end() -> None:
    turns = Turns()
    for member in (1, 2, 3):
        turns = turns.raised(Hand(member, named=True))
    turns = turns.next()
    assert (turns.place_of(1), turns.place_of(2), turns.place_of(9)) == (0, 1, None)
    turns = turns.skipped()
    assert [turns.place_of(member) for member in (2, 3, 1)] == [0, 1, 2]
    alone = Turns(Hand(1, named=True)).skipped()
    assert (alone.speaking, alone.place_of(1)) == (None, 1)
    assert alone.next().place_of(1) == 0


def test_a_queue_that_is_full_takes_nobody_else() -> None:
    turns = Turns(waiting=tuple(Hand(member, named=False) for member in range(MOST)))
    with pytest.raises(OverflowError):
        turns.raised(Hand(999, named=True))
    assert turns.raised(Hand(0, named=True)).waiting[0].named


@given(st.integers(1, 1800))
def test_the_end_of_a_turn_is_told_in_its_last_half_minute(seconds: int) -> None:
    turn = timedelta(seconds=seconds)
    assert timedelta() < warned_before(turn) <= min(timedelta(seconds=30), turn / 4)
