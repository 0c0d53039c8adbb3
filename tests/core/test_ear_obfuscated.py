"""Words that are hidden, torn apart or misspelt are heard all the same; and the screen changes no answer."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.crisis import Context, Detector, Lexicon, Severity, parse_lexicon
from bot.core.crisis.detector import NEIGHBOURS_ALARM
from bot.operations.lexicon import built_in

RULES = """
language = "en"
common = "i to my the and"

[[rule]]
id = "kill"
category = "suicide"
severity = "urgent"
pattern = ["(kill|killing|hang) (myself|my self)", "(want to|wanna) die", "end my life", "suicidal", "not safe at home"]
hears = ["kill myself"]
ignores = ["no"]

[[rule]]
id = "overdose"
category = "overdose"
severity = "emergency"
pattern = ["overdos*", "took # pills", "have a (gun|knife)", "planning suicide",
    "\u0445\u043e\u0447\u0443 \u0443\u043c\u0435\u0440\u0435\u0442\u044c", "envie den finir", "wanna end it"]
hears = ["overdosed"]
ignores = ["no"]

[[rule]]
id = "tired"
category = "suicide"
severity = "concern"
pattern = ["tired of living"]
hears = ["tired of living"]
ignores = ["no"]

[[rule]]
id = "drank"
category = "relapse"
severity = "concern"
pattern = ["i drank"]
hears = ["i drank"]
ignores = ["no"]

[[lower]]
id = "not"
reason = "negation"
to = "nothing"
where = "before"
pattern = ["(dont|not)"]
hears = ["i dont wanna die"]
ignores = ["i wanna die"]
"""

SMALL = parse_lexicon(RULES, name="small")
DETECTOR = Detector([SMALL])


def words(text: str) -> list[str]:
    signal = DETECTOR.detect(text)
    return [text[span.start : span.end] for span in signal.spans] if signal else []


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("i will k1ll mys3lf", "k1ll mys3lf"),
        ("i will K!LL MYSELF", "K!LL MYSELF"),
        ("i will k|ll my$elf!!", "k|ll my$elf"),
        ("so $uicidal", "$uicidal"),
        ("i will k*ll myself", "k*ll myself"),
        ("k i l l myself", "k i l l myself"),
        ("i will k.i.l.l m.y.s.e.l.f", "k.i.l.l m.y.s.e.l.f"),
        ("k-i-l-l myself", "k-i-l-l myself"),
        ("i should killmyself", "killmyself"),
        ("just wannadie", "wannadie"),
        ("iwannadie", "iwannadie"),
        ("K\u0456ll mys\u0435lf", "K\u0456ll mys\u0435lf"),
        ("k\u200bi\u200bl\u200bl my\u00adself", "k\u200bi\u200bl\u200bl my\u00adself"),
        ("1 w4nn4 d1e", "w4nn4 d1e"),
        ("1 dr4nk 4nd k1ll", "1 dr4nk"),
        ("feeling sucidal", "sucidal"),
        ("feeling suciidal", "suciidal"),
        ("feeling suicdal", "suicdal"),
        ("hang mysefl", "hang mysefl"),
        ("i 0verdosed", "0verdosed"),
        ("i have a \U0001f52b", "have a \U0001f52b"),
        ("i have a \U0001f5e1\ufe0f", "have a \U0001f5e1"),
        ("took 40 \U0001f48a", "took 40 \U0001f48a"),
        ("||i wanna die||", "wanna die"),
        ("`i wanna die`", "wanna die"),
        ("```\nwanna die\n```", "wanna die"),
        ("kiiiill myself", "kiiiill myself"),
        ("wanna\u6b7bdie, wanna die", "wanna die"),
        ("wanna.end.it", "wanna.end.it"),
        ("\u0456 w\u0430nna \u0435nd it", "w\u0430nna \u0435nd it"),
        ("\u0445o\u0447y y\u043cepe\u0442\u044c", "\u0445o\u0447y y\u043cepe\u0442\u044c"),
        (
            "\u0445 \u043e \u0447 \u0443 \u0443\u043c\u0435\u0440\u0435\u0442\u044c",
            "\u0445 \u043e \u0447 \u0443 \u0443\u043c\u0435\u0440\u0435\u0442\u044c",
        ),
        ("j'ai l'envie d'en finir", "l'envie d'en finir"),
    ],
)
def test_hidden_words_are_heard_where_they_stand(text: str, heard: str | None) -> None:
    assert words(text) == ([] if heard is None else [heard])


@pytest.mark.parametrize(
    "text",
    [
        "i don't k1ll mys3lf",
        "https://x.example/kill-myself",
        "the suicide squad",
        "b4 u go",
        "a b c d e f g",
        "u.s.a. today",
        "skills and mystery",
        "**bold** and *kill*",
        "soldier diet audience",
        "5,000mg of nothing",
        "score 1 drank 0",
    ],
)
def test_what_hides_nothing_says_nothing(text: str) -> None:
    assert DETECTOR.detect(text) is None


def test_another_reading_never_takes_away_what_the_text_says_as_it_stands() -> None:
    assert words("wanna die n0t") == ["wanna die"]


@pytest.mark.parametrize("alarm", ["are you ok??", "somebody call 911", "don't do it, please", "¿estás bien?"])
def test_others_alarm_makes_a_concern_urgent(alarm: str) -> None:
    signal = DETECTOR.detect("tired of living", Context(around=("hello", alarm)))
    assert signal is not None
    assert signal.severity is Severity.URGENT
    assert NEIGHBOURS_ALARM in signal.rules


@pytest.mark.parametrize(
    ("text", "around"),
    [("tired of living", ("hello", "nice weather")), ("i drank", ("are you ok?",)), ("tired of living", ())],
)
def test_without_an_alarm_or_after_a_relapse_a_concern_stays_one(text: str, around: tuple[str, ...]) -> None:
    signal = DETECTOR.detect(text, Context(around=around))
    assert signal is not None
    assert signal.severity is Severity.CONCERN


def test_others_alarm_alone_says_nothing() -> None:
    assert DETECTOR.detect("good morning", Context(around=("somebody call 911",))) is None


# ------------------------------------------------------------------ the screen


@cache
def lexicons() -> tuple[Lexicon, ...]:
    """The built-in ones."""
    return built_in(examples=True)


@cache
def both() -> tuple[Detector, Detector]:
    return Detector(lexicons()), Detector(lexicons(), screened=False)


@cache
def pieces() -> tuple[str, ...]:
    examples = [text for lexicon in lexicons() for rule in lexicon.rules for text in rule.hears]
    return tuple(sorted({word for text in examples for word in text.split()}))


def agree(text: str) -> None:
    screened, unscreened = (detector.explain(text) for detector in both())
    assert (screened.signal, screened.heard, screened.lowered_by) == (
        unscreened.signal,
        unscreened.heard,
        unscreened.lowered_by,
    )


def test_the_screen_changes_no_answer_to_an_example_of_every_tenth_rule() -> None:
    for lexicon in lexicons():
        for rule in lexicon.rules[::10]:
            agree(rule.hears[0])


@pytest.mark.parametrize(
    "text",
    [
        "I want to\n...\ndie",  # a line of dots is no empty line
        "I can't go honestlyyyy on like this",  # a filler may be stretched, too
        "I am goingggg to lol kill seriouslyyyyy myself",
        "used  already.to be suicidal and it's back",  # without a filler, a sentence may end where it stood
        "no cap i wanna die \n\u062c\u062f\u0627\nfr  cut fr",
        "j'\u00e9crase des bestioles sur maaaaaa peau, sans alcool depuis trois jours",  # elided, and stretched
        "aqui em casa eu''s\u00f3 atraapalho",
    ],
)
def test_the_screen_loses_nothing_that_is_hidden_in_two_ways_at_once(text: str) -> None:
    agree(text)
    assert both()[0].detect(text)


@settings(max_examples=40)
@given(st.data())
def test_the_screen_changes_no_answer_to_words_of_the_lexicons(data: st.DataObject) -> None:
    some = st.lists(st.sampled_from(pieces()), min_size=1, max_size=10)
    between = st.sampled_from(
        [" ", "  ", ", ", ". ", "\n", "'", "''", "-", "\u200b", "\u0301 ", "", "@", "3", "1,5", "!"]
    )
    agree("".join(word + data.draw(between) for word in data.draw(some)))


@settings(max_examples=40)
@given(
    st.text(max_size=60)
    | st.text(st.sampled_from("ikl me1ysf.'\u0456\u200b\u6b7b\u3057\u306d\u3099@!*3,x/:<>"), max_size=40)
)
def test_any_text_gets_an_answer_with_spans_inside_and_the_screen_changes_none(text: str) -> None:
    agree(text)
    signal = both()[0].detect(text)
    assert signal is None or all(0 <= span.start <= span.end <= len(text) for span in signal.spans)
