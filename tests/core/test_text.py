"""Text from people is made harmless and cut without loss, whatever it is."""

import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.text import NAME_LIMIT, clean, clean_name, normalize, split

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))
HARD_TEXT = st.text(st.sampled_from("ab .!?\n\r\t\u2028\u202e\u200b\u0301\ud800\ufffe\u3164é\U0001fae8"), max_size=60)
WRITTEN = st.text(st.sampled_from('ab .!?"\n。'), max_size=300)


@given(ANY_TEXT | HARD_TEXT, st.integers(1, 50))
def test_clean_text_has_no_control_or_direction_characters_and_fits(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    assert not [c for c in cleaned if c != "\n" and unicodedata.category(c) in {"Cc", "Cs", "Co"}]
    assert not set(cleaned) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u2028")


@given(ANY_TEXT | HARD_TEXT, st.integers(1, 50))
def test_cleaning_twice_changes_nothing(text: str, limit: int) -> None:
    assert clean(clean(text, limit), limit) == clean(text, limit)


@given(ANY_TEXT | HARD_TEXT)
def test_a_clean_name_is_one_short_line_and_stays_as_it_is(text: str) -> None:
    name = clean_name(text)
    assert len(name) <= NAME_LIMIT
    assert name == " ".join(name.split())
    assert clean_name(name) == name


@pytest.mark.parametrize("text", ["", " \n ", "\u200b", "\u3164", "\u2800\u2800", "\u0301", "\u202e"])
def test_a_name_that_nobody_can_see_is_no_name(text: str) -> None:
    assert clean_name(text) == ""


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\tb", "a b"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\n\n\n\nb", "a\n\nb"),
        ("e\u202e\u0301", "é"),
        ("\U0001fae8", "\U0001fae8"),
        ("👩\u200d👧", "👩\u200d👧"),
    ],
)
def test_words_lines_accents_and_new_emoji_survive_cleaning(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_a_cut_text_does_not_end_in_white_space() -> None:
    assert clean("ab cd", 3) == "ab"


@given(ANY_TEXT)
def test_ordinary_text_is_normalized_as_unicode_says(text: str) -> None:
    assert normalize("NFC", text) == unicodedata.normalize("NFC", text)


def test_a_message_of_combining_marks_costs_no_more_than_one_of_letters() -> None:
    marks = "a" + "\u0315" * 30_000 + "\u0300" * 30_000
    began = time.process_time()
    assert len(clean(marks, 100_000)) <= 31
    assert time.process_time() - began < 1


@given(WRITTEN | ANY_TEXT, st.integers(1, 40))
def test_pieces_fit_and_together_have_every_letter_in_order(text: str, limit: int) -> None:
    pieces = split(text, limit)
    assert all(len(piece) <= limit for piece in pieces)
    assert re.sub(r"\s", "", "".join(pieces)) == re.sub(r"\s", "", text)


@given(WRITTEN | ANY_TEXT, st.integers(1, 40))
def test_no_piece_is_empty_but_that_of_a_text_without_words(text: str, limit: int) -> None:
    pieces = split(text, limit)
    assert all(pieces) or pieces == [""]


@given(st.lists(st.text(st.sampled_from("abc"), min_size=1, max_size=10), min_size=1), st.integers(10, 30))
def test_words_that_fit_are_never_cut(words: list[str], limit: int) -> None:
    assert " ".join(split(" ".join(words), limit)).split() == words


def test_a_text_is_cut_at_a_paragraph_before_a_sentence_before_a_word() -> None:
    assert split("One two.\n\nThree. Four", 16) == ["One two.", "Three. Four"]
    assert split("One two. Three four", 15) == ["One two.", "Three four"]
    assert split("One two three", 9) == ["One two", "three"]


def test_a_long_row_of_dots_is_split_quickly() -> None:
    began = time.process_time()
    split("." * 40_000 + "x" * 20_000, 30_000)
    assert time.process_time() - began < 1


def test_a_piece_has_at_least_one_character() -> None:
    with pytest.raises(ValueError, match="at least one"):
        split("text", 0)
