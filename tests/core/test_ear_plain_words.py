"""What a text says is the same with words that say nothing, in shorthand, and with a slip of the fingers."""

import random
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from bot.app import load_detector
from bot.core.crisis import BadLexicon, Detector, Severity, parse_lexicon

ENGLISH = Path(__file__).parent / "functional" / "en.toml"
SEED = 20261123

LEXICON = """
language = "en"
fillers = "honestly lol"
[shorthand]
2 = "to"
"^want" = "i want"
[[rule]]
id = "want-to-die"
category = "suicide"
severity = "urgent"
pattern = ["^ i want to die $"]
hears = ["I want to die"]
ignores = ["I want to dye my hair"]
[[rule]]
id = "gone"
category = "suicide"
severity = "urgent"
pattern = ["i am gone"]
hears = ["i am gone"]
ignores = ["i am here"]
[[lower]]
id = "to-work"
reason = "hyperbole"
to = "nothing"
where = "touching"
pattern = ["gone to work"]
hears = ["i am gone to work"]
ignores = ["i am gone"]
"""


@cache
def small() -> Detector:
    return Detector([parse_lexicon(LEXICON, name="small")])


@pytest.mark.parametrize(
    "text",
    [
        "i want to die",
        "I honestly want to die",
        "lol, i want to honestly die lol",
        "i honestly want 2 die lol",
        "Hard day. Want to die",
        "I wnat to die",
        "i wantt to die",
    ],
)
def test_fillers_shorthand_and_slips_change_nothing(text: str) -> None:
    assert small().detect(text) is not None


def test_the_span_holds_what_was_left_out() -> None:
    text = "so... i honestly am gone"
    signal = small().detect(text)
    assert signal is not None
    assert [text[span.start : span.end] for span in signal.spans] == ["i honestly am gone"]


@pytest.mark.parametrize("text", ["i am gone to work", "i am gone honestly to work", "i honestly am gone to work lol"])
def test_what_lowers_is_heard_through_fillers_too(text: str) -> None:
    assert small().detect(text) is None


@pytest.mark.parametrize(
    "shorthand", ['2 = ""', '"to o" = "to"', '2 = "TO"', "2 = 2", f'2 = "{"to " * 20}"', '"é" = "to"']
)
def test_shorthand_that_stands_for_nothing_is_refused(shorthand: str) -> None:
    with pytest.raises(BadLexicon, match="shorthand"):
        parse_lexicon(LEXICON.replace('2 = "to"\n"^want" = "i want"', shorthand), name="small")


@pytest.mark.parametrize(
    "text",
    [
        "i took the pills lol",
        "i honestly have the gun",
        "juts od'd",
        "ive got the rpoe ready",
        "i tried 2 end it a week ago and no one even knows",
        "i dotn wanna be alive anymroe",
        "im on the ledeg",
        "im cuttin myself rn",
        "took all my pills",
    ],
)
def test_danger_is_heard_as_people_type_it(text: str) -> None:
    assert load_detector().detect(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "lol this homework is honestly killing me",
        "i literally died laughing lol",
        "fucking dead 💀 so funny lol",
        "2 pills left in my vitamin box, need 2 buy more",
        "the form on the froum is 4 new members",
    ],
)
def test_hyperbole_and_errands_stay_what_they_are(text: str) -> None:
    assert load_detector().detect(text) is None


def _with(filler: str) -> Callable[[str, random.Random], str]:
    """Between two words, any of them."""

    def written(text: str, seeded: random.Random) -> str:
        words = text.split()
        at = seeded.randrange(len(words)) if len(words) > 1 else 0
        return " ".join([*words[: at + 1], filler, *words[at + 1 :]])

    return written


def _changed_about(text: str, seeded: random.Random) -> str:
    """Two letters within one word of four or more."""
    words = text.split()
    long = [at for at, word in enumerate(words) if len(word) > 3 and word.isalpha()]
    for at in seeded.sample(long, min(1, len(long))):
        word, here = words[at], seeded.randrange(1, len(words[at]) - 1)
        words[at] = word[:here] + word[here + 1] + word[here] + word[here + 2 :]
    return " ".join(words)


def _heard_in_english() -> Iterator[str]:
    """Every other case of the functional suite that is to be heard, and is."""
    cases = tomllib.loads(ENGLISH.read_text("utf-8"))["cases"][::2]
    for case in cases:
        if case.get("severity", "none") in set(Severity) and load_detector().detect(case["text"]) is not None:
            yield case["text"]


@pytest.mark.parametrize(
    ("written", "least"),
    [(_with("honestly"), 0.97), (_with("fucking"), 0.97), (_with("just"), 0.97), (_changed_about, 0.94)],
    ids=["honestly", "fucking", "just", "letters changed about"],
)
def test_nearly_all_that_is_heard_is_heard_so_too(written: Callable[[str, random.Random], str], least: float) -> None:
    seeded = random.Random(SEED)
    texts = [written(text, seeded) for text in _heard_in_english()]
    heard = sum(load_detector().detect(text) is not None for text in texts)
    assert heard / len(texts) >= least, f"{heard} of {len(texts)}, seed {SEED}"
