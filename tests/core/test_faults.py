"""A fault is told by type and place, and one that lasts not all the time."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.faults import AGAIN, KEYS, Told, where

NOW = datetime(2026, 5, 1, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def int_of(words: str) -> int:
    try:
        return int(words)
    except ValueError as error:
        raise ValueError(words) from error


def test_an_error_is_told_by_type_and_place_and_without_its_words() -> None:
    with pytest.raises(ValueError, match="words") as raised:
        int_of("somebody's words")
    told = where(raised.value)
    assert told.startswith("ValueError (from ValueError) at test_faults.py:")
    assert "words" not in told


def test_a_trouble_is_news_once() -> None:
    told = Told()
    assert [told.is_news("disk", NOW + n * SECOND) for n in range(3)] == [True, False, False]


def test_a_trouble_that_lasts_is_news_again_every_hour() -> None:
    told = Told()
    minutes = [n for n in range(150) if told.is_news("disk", NOW + timedelta(minutes=n))]
    assert minutes == [0, 60, 120]


def test_each_trouble_is_news_of_its_own() -> None:
    told = Told()
    assert told.is_news("disk", NOW)
    assert told.is_news("network", NOW)


def test_a_trouble_is_over_once_and_only_if_it_was_told() -> None:
    told = Told()
    assert not told.is_over("disk")
    told.is_news("disk", NOW)
    assert [told.is_over("disk"), told.is_over("disk")] == [True, False]


def test_a_trouble_that_comes_back_is_news() -> None:
    told = Told()
    told.is_news("disk", NOW)
    told.is_over("disk")
    assert told.is_news("disk", NOW + SECOND)


def test_a_clock_that_goes_back_does_not_silence_a_trouble() -> None:
    told = Told()
    told.is_news("disk", NOW + timedelta(days=365))
    assert told.is_news("disk", NOW)
    assert not told.is_news("disk", NOW + AGAIN - SECOND)


def test_beyond_a_thousand_troubles_the_one_that_came_up_longest_ago_is_forgotten() -> None:
    told = Told()
    for n in range(KEYS):
        told.is_news(f"row {n}", NOW)
    told.is_news("row 0", NOW)
    told.is_news("one more", NOW)
    assert not told.is_news("row 0", NOW)
    assert not told.is_over("row 1")
    assert told.is_over("row 2")
