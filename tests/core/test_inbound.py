"""What came in, written down and read again; and how late it was seen."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.inbound import ARGUMENTS_LIMIT, PUNCTUAL, TEXT_LIMIT, Inbound, Invocation, Picture, Target

AT = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
PLAIN = Inbound(event_id="$1", platform="matrix", account="@a:b", place="!r", private=True, at=AT, text="hello")

texts = st.text(max_size=60)
maybe = st.none() | texts
inbounds = st.builds(
    Inbound,
    event_id=texts,
    platform=texts,
    account=texts,
    place=texts,
    private=st.booleans(),
    at=st.datetimes(timezones=st.just(UTC)),
    space=maybe,
    text=texts,
    edited=st.booleans(),
    invocation=st.none() | st.builds(Invocation, command=texts, arguments=st.dictionaries(texts, texts, max_size=5)),
    about=st.none() | st.builds(Target, message_id=texts, account=texts, text=texts, link=maybe),
    link=maybe,
    language=maybe,
    read_back=st.booleans(),
    pictures=st.lists(st.builds(Picture, source=texts, kind=texts, size=st.integers(0)), max_size=3).map(tuple),
)


def test_what_an_earlier_version_has_kept_is_still_read() -> None:
    kept = PLAIN.as_json()
    del kept["replaces"], kept["reaction"], kept["files"], kept["pictures"]
    assert Inbound.from_json(kept) == PLAIN


@given(inbounds)
def test_what_is_written_down_is_read_again(inbound: Inbound) -> None:
    assert Inbound.from_json(json.loads(json.dumps(inbound.as_json()))) == inbound


@given(st.recursive(st.none() | st.booleans() | texts, lambda inner: st.lists(inner) | st.dictionaries(texts, inner)))
def test_what_was_never_written_is_refused(data: Any) -> None:
    with pytest.raises(ValueError, match="kept"):
        Inbound.from_json(data)


@pytest.mark.parametrize(
    "change",
    [
        {"private": 1},
        {"text": None},
        {"at": "yesterday"},
        {"at": "2026-11-23T13:00:00"},
        {"about": {}},
        {"about": {"message_id": 1, "account": "", "text": "", "link": None}},
        {"invocation": {"command": "help", "arguments": {"a": 1}}},
        {"invocation": {"command": "help", "arguments": [], "more": ""}},
        {"more": 1},
    ],
)
def test_what_was_changed_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"kept|time zone|isoformat|argument"):
        Inbound.from_json(PLAIN.as_json() | change)


def test_a_missing_key_is_refused() -> None:
    data = PLAIN.as_json()
    del data["text"]
    with pytest.raises(ValueError, match="kept"):
        Inbound.from_json(data)


def test_what_is_written_down_is_never_larger_than_was_said() -> None:
    arguments = {str(number): "x" * 100_000 for number in range(100)}
    large = replace(PLAIN, text="x" * 1_000_000, invocation=Invocation(command="say", arguments=arguments))
    read = Inbound.from_json(large.as_json())
    assert len(read.text) == TEXT_LIMIT
    assert read.invocation is not None
    assert len(read.invocation.arguments) == ARGUMENTS_LIMIT
    assert {len(value) for value in read.invocation.arguments.values()} == {TEXT_LIMIT}


def test_half_a_character_is_written_down_as_a_question_mark() -> None:
    assert Inbound.from_json(replace(PLAIN, text="a\ud83d").as_json()).text == "a?"


def test_whoever_waited_for_an_answer_then_does_not_wait_any_more() -> None:
    direct = replace(PLAIN, answered_directly=True, shared_spaces=("!room",))
    assert Inbound.from_json(direct.as_json()) == PLAIN


@given(st.timedeltas(min_value=timedelta(days=-300), max_value=timedelta(days=300)))
def test_what_was_done_up_to_two_minutes_ago_or_in_the_future_is_seen_in_time(ago: timedelta) -> None:
    late = replace(PLAIN, at=AT - ago).seen_late(AT)
    assert late == (ago if ago > PUNCTUAL else timedelta())
