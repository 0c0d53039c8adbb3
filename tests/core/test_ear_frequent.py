"""Patterns of a key that talk is full of are looked for together: they match where each of them would."""

import random

import pytest

from bot.core.crisis.automaton import Automaton
from bot.core.crisis.frequent import FrequentKeys
from bot.core.crisis.pattern import Pattern, compile_pattern
from bot.core.crisis.together import Together
from bot.core.crisis.tokens import EDGE

SEED = 20261124
WORDS = ("i", "need", "help", "someone", "please", "me", "now", EDGE, "cake")
PATTERNS = (
    "someone help me [please|now] $",
    "^ (please|someone) [please] help",
    "need .. help",
    "(i|someone) (need|help) [me .. now]",
    "help [help] [help] me",
)


def automata() -> dict[int, Automaton]:
    return {number: compile_pattern(source).automaton for number, source in enumerate(PATTERNS, start=7)}


def test_together_they_match_what_each_of_them_matches() -> None:
    chance = random.Random(SEED)
    each = automata()
    together = Together(each)
    for _ in range(3_000):
        words = [EDGE, *chance.choices(WORDS, k=chance.randint(0, 12)), EDGE]
        expected = frozenset(number for number, automaton in each.items() if automaton.meets(words))
        assert together.matching(words) == expected, f"seed {SEED}"


def test_what_leads_further_than_is_remembered_is_left_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.core.crisis.together.REMEMBERED", 3)
    together = Together(automata())
    assert together.matching([EDGE, "cake", EDGE]) == frozenset()
    assert together.matching([EDGE, "i", "need", "someone", "please", EDGE]) is None
    assert together.matching([EDGE, "cake", EDGE]) == frozenset()


def patterns(sources: tuple[str, ...] = PATTERNS) -> list[Pattern]:
    return [compile_pattern(source) for source in sources]


def test_a_key_that_is_met_again_and_again_has_its_patterns_looked_for_together() -> None:
    keys, numbers = FrequentKeys(patterns()), tuple(range(len(PATTERNS)))
    met = [keys.met("help", numbers) for _ in range(50)]
    assert met[0] is None
    joined = met[-1]
    assert joined is not None
    assert set(joined.matching([[EDGE, "someone", "help", "me", EDGE]]) or ()) == {0, 1, 3, 4}


def test_patterns_that_know_beginnings_or_numbers_are_always_left_to_be_asked_one_by_one() -> None:
    keys = FrequentKeys(patterns((*PATTERNS, "help overdos*", "help # times")))
    numbers = tuple(range(len(PATTERNS) + 2))
    joined = [keys.met("help", numbers) for _ in range(50)][-1]
    assert joined is not None
    assert set(joined.matching([[EDGE, "cake", EDGE]]) or ()) == {5, 6}


def test_few_patterns_are_asked_one_by_one() -> None:
    keys = FrequentKeys(patterns())
    assert [keys.met("help", (0, 1)) for _ in range(50)] == [None] * 50
