"""What a month of check-ins looks like."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.checkins import MOODS, CheckIn, Mood, draw_month, summarise

FIRST = date(2026, 11, 1)
moods = st.none() | st.sampled_from(Mood)


def month(*chosen: Mood | None) -> list[CheckIn]:
    """One check-in a day from the first on."""
    return [CheckIn(day=FIRST + timedelta(days=n), mood=mood) for n, mood in enumerate(chosen)]


def test_every_mood_has_its_words() -> None:
    assert set(MOODS) == set(Mood)


def test_the_best_mood_is_offered_first() -> None:
    assert list(MOODS) == sorted(Mood, reverse=True)


def test_a_month_is_drawn_one_sign_a_day_with_dots_for_days_without_an_answer() -> None:
    drawn = draw_month(month(Mood.HARD, None, Mood.GREAT), until=date(2026, 11, 4))
    assert drawn == "▁·█·"


@given(st.lists(moods, max_size=30), st.integers(1, 30))
def test_a_drawn_month_has_as_many_signs_as_days(chosen: list[Mood | None], until: int) -> None:
    assert len(draw_month(month(*chosen), until=FIRST.replace(day=until))) == until


def test_a_better_mood_is_drawn_higher() -> None:
    assert list(draw_month(month(*sorted(Mood)), until=date(2026, 11, 5))) == sorted("▁▃▄▆█")


def test_the_summary_counts_each_mood_from_best_to_hardest() -> None:
    said = str(summarise(month(Mood.LOW, Mood.GREAT, Mood.LOW, None)))
    assert said == "You checked in 3 times: 😄 Great × 1, 🙁 Low × 2"


def test_one_check_in_is_said_in_the_singular() -> None:
    assert str(summarise(month(Mood.OKAY))) == "You checked in once: 😐 Okay × 1"


@pytest.mark.parametrize("chosen", [(), (None, None)])
def test_no_answers_are_no_reproach(chosen: tuple[None, ...]) -> None:
    assert str(summarise(month(*chosen))) == "No check-ins yet this month. Whenever you like."
