"""The built-in lexicons: every rule's own examples, and what they promise together."""

from functools import cache
from importlib.resources import files

import pytest

from bot.core.crisis import Detector, Lexicon, Lowering, Rule, failed_examples, parse_lexicon
from bot.core.crisis.examples import holds

LANGUAGES = ("de", "en", "es", "fr", "pt")


@cache
def lexicons() -> tuple[Lexicon, ...]:
    folder = files("bot.core.crisis.lexicons")
    return tuple(parse_lexicon((folder / f"{name}.toml").read_text(encoding="utf-8"), name=name) for name in LANGUAGES)


@cache
def detector() -> Detector:
    return Detector(lexicons())


ENTRIES: list[Rule | Lowering] = []
for each in lexicons():
    ENTRIES += [*each.rules, *each.lowerings]

HEARS = [
    pytest.param(entry, text, id=f"{entry.id}-{number}")
    for entry in ENTRIES
    for number, text in enumerate(entry.hears, start=1)
]
IGNORES = [
    pytest.param(entry, text, id=f"{entry.id}-{number}")
    for entry in ENTRIES
    for number, text in enumerate(entry.ignores, start=1)
]


@pytest.mark.parametrize(("entry", "text"), HEARS)
def test_an_example_that_must_be_heard_is_heard(entry: Rule | Lowering, text: str) -> None:
    assert holds(detector(), entry, text)


@pytest.mark.parametrize(("entry", "text"), IGNORES)
def test_an_example_that_must_be_ignored_is_ignored(entry: Rule | Lowering, text: str) -> None:
    assert not holds(detector(), entry, text)


@pytest.mark.parametrize("lexicon", lexicons(), ids=LANGUAGES)
def test_a_built_in_lexicon_has_no_failed_examples(lexicon: Lexicon) -> None:
    assert failed_examples(detector(), lexicon) == ()


def test_a_failed_example_is_named_by_number_and_not_by_its_words() -> None:
    wrong = parse_lexicon(
        """
        language = "en"
        [[rule]]
        id = "apples"
        category = "relapse"
        severity = "concern"
        pattern = ["apples"]
        hears = ["apples", "pears"]
        ignores = ["two apples"]
        """,
        name="wrong",
    )
    assert failed_examples(Detector([wrong]), wrong) == (
        "wrong/apples: example 2 of hears does not hold",
        "wrong/apples: example 1 of ignores does not hold",
    )


@pytest.mark.parametrize(
    "text",
    ["suicide", "Relapse.", "overdose", "self-harm", "withdrawal", "naloxone", "abuse", "Suicidal", "suicidio"],
)
def test_a_bare_word_of_the_field_says_nothing(text: str) -> None:
    assert detector().detect(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "call the suicide hotline 988",
        "how does naloxone work?",
        "this homework is killing me",
        "Suicide Squad was on last night",
        "five years ago I wanted to die",
        "we read the chapter on relapse prevention",
        "I'm dying of laughter",
    ],
)
def test_ordinary_talk_about_hard_things_is_left_alone(text: str) -> None:
    assert detector().detect(text) is None
