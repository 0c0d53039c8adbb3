"""What was said just now: in memory, for two minutes, and never more than a bounded lot of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.crisis import MAX_EARLIER, MAX_EARLIER_CHARACTERS, Context
from bot.core.inbound import Inbound, Invocation
from bot.services import recently
from bot.services.recently import HELD_FOR, MESSAGES_IN_PLACE, MESSAGES_OF_AUTHOR, TOGETHER, Recently

START = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def recent(clock: Clock) -> Recently:
    return Recently(clock)


def said(event_id: str, text: str, account: str = "alice", place: str = "lobby", after: float = 0) -> Inbound:
    """A message `after` seconds."""
    at = START + timedelta(seconds=after)
    return Inbound(event_id=event_id, platform="console", account=account, place=place, private=False, at=at, text=text)


def test_what_the_author_and_what_others_wrote_there_before_are_told_apart(recent: Recently) -> None:
    recent.hear(said("1", "one"))
    recent.hear(said("2", "are you ok", "bob", after=1))
    assert recent.hear(said("3", "two", after=2)) == Context(earlier=("one",), around=("are you ok",))


def test_another_place_another_platform_and_what_is_longer_ago_do_not_count(recent: Recently) -> None:
    recent.hear(said("1", "old", after=-121))
    recent.hear(said("2", "elsewhere", place="other"))
    recent.hear(replace(said("3", "on another platform"), platform="matrix"))
    recent.hear(said("4", "just in time", after=-120))
    assert recent.hear(said("5", "now")) == Context(earlier=("just in time",))


def test_the_same_event_gets_the_same_answer_whatever_came_after_it(recent: Recently) -> None:
    recent.hear(said("1", "one"))
    first = recent.hear(said("2", "two"))
    recent.hear(said("3", "three"))
    assert recent.hear(said("2", "two")) == first == Context(earlier=("one",))


def test_what_is_read_back_out_of_order_is_heard_in_the_order_in_which_it_was_written(recent: Recently) -> None:
    recent.hear(said("2", "two", after=2))
    recent.hear(said("1", "one", after=1))
    assert recent.hear(said("3", "three", after=3)) == Context(earlier=("one", "two"))


def test_an_edit_takes_the_place_of_what_it_replaces(recent: Recently) -> None:
    recent.hear(said("1", "one"))
    recent.hear(said("2", "tow", after=1))
    edit = replace(said("2:edit", "two", after=30), edited=True, replaces="2")
    assert recent.hear(edit) == Context(earlier=("one",))
    assert recent.hear(said("3", "three", after=31)) == Context(earlier=("one", "two"))


def test_an_edit_of_what_is_forgotten_or_somebody_elses_stands_alone_and_changes_nothing(recent: Recently) -> None:
    recent.hear(said("1", "one"))
    for replaced, account in (("0", "alice"), ("1", "bob")):
        edit = replace(said("edit", "other words", account, after=1), edited=True, replaces=replaced)
        assert recent.hear(edit) == Context()
    assert recent.hear(said("2", "two", after=2)) == Context(earlier=("one",))


@pytest.mark.parametrize("text", ["!checkin note one", "/help", "", "  "])
def test_commands_are_neither_kept_nor_heard_with_anything(recent: Recently, text: str) -> None:
    recent.hear(said("1", "one"))
    assert recent.hear(said("2", text)) == Context()
    assert recent.hear(said("3", "three")) == Context(earlier=("one",))


def test_what_is_typed_into_a_form_is_neither_kept_nor_heard_with_anything(recent: Recently) -> None:
    recent.hear(said("1", "one"))
    form = replace(said("2", "a note of my own"), invocation=Invocation(command="checkin note"))
    assert recent.hear(form) == Context()
    assert recent.hear(said("3", "three")) == Context(earlier=("one",))


# Forgetting


@pytest.mark.parametrize("by", [TOGETHER + timedelta(seconds=1), -timedelta(seconds=1)])
def test_words_are_forgotten_by_our_clock_also_where_it_is_set_back(
    recent: Recently, clock: Clock, by: timedelta
) -> None:
    recent.hear(said("1", "one"))
    clock.now += by
    recent.forget_old()
    assert len(recent) == 0


def test_a_removed_message_is_forgotten(recent: Recently) -> None:
    recent.hear(said("1", "one"))
    recent.forget_message("matrix", "1")
    assert len(recent) == 1
    recent.forget_message("console", "1")
    assert len(recent) == 0


def test_whoever_erases_their_data_is_forgotten_and_nobody_else(recent: Recently) -> None:
    recent.hear(said("1", "one"))
    recent.hear(said("2", "elsewhere", place="other"))
    recent.hear(said("3", "bob's", "bob"))
    recent.hold(said("4", "an alarm"), Context(earlier=("one",)))
    recent.forget_account("console", "alice")
    assert len(recent) == 1
    assert recent.hear(said("5", "hello")) == Context(around=("bob's",))


# An alarm that cannot be stored


def test_what_stood_around_an_alarm_is_kept_until_it_is_stored(recent: Recently, clock: Clock) -> None:
    alarm = said("2", "two")
    recent.hear(said("1", "one"))
    recent.hold(alarm, recent.hear(alarm))
    clock.now += timedelta(minutes=30)
    assert recent.hear(alarm) == recent.held(alarm) == Context(earlier=("one",))
    recent.release(alarm)
    assert recent.held(alarm) == Context()
    assert len(recent) == 0


def test_it_is_not_kept_for_ever(recent: Recently, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recently, "MOST_HELD", 2)
    for number in range(3):
        recent.hold(said(f"{number}", "alarm"), Context(earlier=("one",)))
    assert len(recent) == 2
    clock.now += HELD_FOR + timedelta(seconds=1)
    recent.forget_old()
    assert len(recent) == 0


# Bounds


def test_of_a_long_message_the_end_is_kept(recent: Recently) -> None:
    recent.hear(said("1", "x" * 100_000 + "end"))
    (earlier,) = recent.hear(said("2", "two")).earlier
    assert len(earlier) == MAX_EARLIER_CHARACTERS
    assert earlier.endswith("xend")


def test_one_author_keeps_a_few_messages_and_drives_out_nobody_elses(recent: Recently) -> None:
    recent.hear(said("1", "bob's", "bob"))
    for number in range(2 * MESSAGES_IN_PLACE):
        recent.hear(said(f"a{number}", f"{number}"))
    assert len(recent) == 1 + MESSAGES_OF_AUTHOR
    assert recent.hear(said("2", "bob again", "bob")).earlier == ("bob's",)


def test_a_place_keeps_its_last_messages(recent: Recently) -> None:
    for number in range(2 * MESSAGES_IN_PLACE):
        recent.hear(said(f"{number}", "hello", f"author{number}"))
    assert len(recent) == MESSAGES_IN_PLACE


def test_all_places_together_keep_a_bounded_number(recent: Recently, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recently, "MESSAGES", 50)
    for number in range(200):
        recent.hear(said(f"{number}", "hello", place=f"place{number}"))
    assert len(recent) == 50
    assert recent.hear(said("200", "again", place="place199")).earlier == ("hello",)


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcdefgh"),
            st.sampled_from(["alice", "bob"]),
            st.sampled_from(["lobby", "other"]),
            st.integers(-200, 200),
            st.sampled_from(["hear", "edit", "remove", "wait"]),
        ),
        max_size=60,
    )
)
def test_whatever_comes_in_whatever_order_the_context_is_small_and_nothing_fails(
    doings: list[tuple[str, str, str, int, str]],
) -> None:
    clock = Clock()
    recent = Recently(clock)
    for event_id, account, place, after, doing in doings:
        inbound = said(event_id, event_id, account, place, after)
        match doing:
            case "remove":
                recent.forget_message("console", event_id)
                continue
            case "wait":
                clock.now += timedelta(seconds=after)
            case "edit":
                inbound = replace(inbound, event_id=f"{event_id}:edit", edited=True, replaces=event_id)
        context = recent.hear(inbound)
        assert max(len(context.earlier), len(context.around)) <= MAX_EARLIER
        assert recent.hear(inbound) == context
    clock.now += timedelta(days=1)
    recent.forget_old()
    assert len(recent) == 0
