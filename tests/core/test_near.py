"""Frames: a rule that asks for what is near, in any order."""

import pytest

from bot.core.crisis import Detector, parse_lexicon

FRAME = """
language = "en"
[[rule]]
id = "hit"
category = "abuse"
severity = "urgent"
pattern = ["(hit|slapped) me"]
near = ["my (wife|husband)", "(again|tonight)"]
hears = ["tonight my husband hit me"]
ignores = ["my husband hit me"]

[[lower]]
id = "never"
reason = "negation"
to = "nothing"
where = "before"
pattern = ["never"]
hears = ["my husband never hit me again"]
ignores = ["my husband hit me again"]
"""

EAR = Detector([parse_lexicon(FRAME, name="frame")])
FILLED = "so and so and so and so and so and so and so and"
"""Fourteen words, with "she" behind them fifteen."""


def marked(text: str) -> list[str]:
    signal = EAR.detect(text)
    return [text[span.start : span.end] for span in signal.spans] if signal else []


@pytest.mark.parametrize(
    "text",
    ["tonight my husband hit me", "my wife slapped me again", "he hit me again, my husband", "hit me my wife again"],
)
def test_what_is_near_may_stand_in_any_order(text: str) -> None:
    assert EAR.detect(text) is not None


@pytest.mark.parametrize("text", ["my husband hit me", "he hit me again", "my wife is here again"])
def test_each_of_what_is_near_is_needed(text: str) -> None:
    assert EAR.detect(text) is None


def test_what_is_near_stands_in_the_same_sentence_or_the_next() -> None:
    assert EAR.detect("My husband is here. He hit me again.") is not None
    assert EAR.detect("My husband is here. It is late. He hit me again.") is None


def test_at_most_fifteen_words_stand_between() -> None:
    assert EAR.detect(f"my wife {FILLED} she hit me again") is not None
    assert EAR.detect(f"my wife {FILLED} and she hit me again") is None


def test_where_words_are_not_separated_it_is_twice_as_far() -> None:
    ear = Detector(
        [parse_lexicon(FRAME.replace("(hit|slapped) me", "打我").replace("my (wife|husband)", "老公"), name="frame")]
    )
    assert ear.detect(f"老公{'天' * 30}打我 again") is not None
    assert ear.detect(f"老公{'天' * 31}打我 again") is None


def test_the_words_that_are_shown_reach_from_the_first_to_the_last() -> None:
    assert marked("well, tonight my husband hit me, ok") == ["tonight my husband hit me"]


def test_of_several_the_nearest_counts() -> None:
    assert marked("my wife and my husband and he hit me again and again") == ["my husband and he hit me again"]


def test_what_lowers_must_stand_before_the_words_themselves() -> None:
    assert EAR.detect("my husband never hit me again") is None
    assert EAR.detect("he hit me again, my husband, never mind") is not None


def test_what_is_near_is_known_to_the_reading_of_hidden_words() -> None:
    assert EAR.detect("my husband h1t me t0night") is not None


@pytest.mark.parametrize(("words", "is_heard"), [(24, False), (25, False), (26, True)])
def test_what_lowers_a_whole_sentence_holds_for_what_is_near_it_there(words: int, is_heard: bool) -> None:
    ear = Detector([parse_lexicon(FRAME.replace('where = "before"', 'where = "sentence"'), name="frame")])
    assert (ear.detect(f"never {'so ' * words}hit me again my husband") is not None) is is_heard
