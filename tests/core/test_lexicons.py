"""The built-in lexicons: every rule's own examples, and what they promise together."""

import pytest

from bot.app import load_detector
from bot.core.crisis import Detector, Severity, failed_examples, parse_lexicon
from bot.operations.kept_lexicons import FOLDER, renewed

LANGUAGES = ("ar", "de", "en", "en-frames", "es", "fr", "hi", "ja", "pt", "ru", "zh")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_kept_beside_a_lexicon_is_of_that_lexicon(language: str) -> None:
    lexicon = FOLDER / f"{language}.toml"
    kept = lexicon.with_suffix(".jsonl").read_text("utf-8")
    assert kept == renewed(lexicon), "to renew it: make lexicons"


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
    assert load_detector().detect(text) is None


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
    assert load_detector().detect(text) is None


def test_what_was_kept_of_another_text_is_not_taken() -> None:
    text = (FOLDER / "en.toml").read_text("utf-8").replace("kill", "tickle")
    kept = (FOLDER / "en.jsonl").read_bytes()
    tickled = Detector([parse_lexicon(text, name="en", kept=kept)])
    assert tickled.detect("I want to kill myself") is None
    assert tickled.detect("I want to tickle myself") is not None


@pytest.mark.parametrize("text", ["no, me quiero morir", "no, no, no, me quiero morir", "no,me quiero morir"])
def test_a_no_with_a_comma_behind_it_is_an_answer_and_negates_nothing(text: str) -> None:
    signal = load_detector().detect(text)
    assert signal is not None
    assert signal.severity is Severity.URGENT


@pytest.mark.parametrize("text", ["no me quiero morir", "no, no me quiero morir"])
def test_a_no_without_a_comma_negates(text: str) -> None:
    assert load_detector().detect(text) is None
