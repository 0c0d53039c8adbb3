"""A text that says the same over and over is heard as if each time were looked at."""

from functools import cache

import pytest

from bot.core.crisis import Detector, Explanation, repeats
from bot.operations.lexicon import built_in


@cache
def detector() -> Detector:
    return Detector([lexicon for lexicon in built_in() if lexicon.name in {"en", "zh"}])


def heard(text: str) -> tuple[object, ...]:
    answer: Explanation = detector().explain(text)
    return answer.signal, answer.heard, answer.lowered_by


@pytest.mark.parametrize(
    "piece",
    [
        "i want to die ",
        "i want to die. ",
        "I don't want to kill myself but i took all my pills tonight, ",
        "i want to kill myself\n> she said she wants to kill herself\n\n",
        "k1ll mys3lf ",
        "k i l l m y s e l f !\n",
        "killmyself ",
        "killmyself",
        "die",
        "i",
        "e\u0301\u0302",
        "https://x.example/i i want to die ",
        "five years ago. ",
        "\U0001f52b i have a gun ",
        "我想自杀",
        "我不想自杀",
        "今天好累，我想死。",
        "我 i want to die ",
    ],
)
@pytest.mark.parametrize(("before", "after"), [("", ""), ("hello. i want to ", " to die"), ("i took my pills. ", "!")])
def test_a_repeat_is_heard_as_often_as_it_stands_there(
    piece: str, before: str, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = before + piece * (6_000 // len(piece)) + after
    assert repeats.cuts_of(text)
    short = heard(text)
    monkeypatch.setattr(repeats, "LONG", len(text) + 1)
    assert short == heard(text)


def test_two_stretches_are_both_shortened_and_their_places_told() -> None:
    text = (
        "hello there. " + "i am fine. " * 1_000 + "i want to die tonight. " + "all is well, " * 1_000 + "i want to die."
    )
    cuts = repeats.cuts_of(text)
    assert len(cuts) == 2
    assert len(repeats.without(text, cuts)) < len(text) / 4
    signal = detector().detect(text)
    assert signal is not None
    starts = {span.start for span in signal.spans}
    assert {text.index("i want to die tonight"), text.rindex("i want to die")} <= starts


def test_what_does_not_repeat_is_left_as_it_is() -> None:
    text = " ".join(str(number) for number in range(5_000))
    assert repeats.cuts_of(text) == ()
    assert repeats.cuts_of("i want to die " * 20) == ()
