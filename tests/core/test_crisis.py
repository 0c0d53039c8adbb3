"""The detector's own promises, with a lexicon of a few rules."""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.app import load_detector
from bot.core.crisis import BadLexicon, Category, Context, Detector, Severity, Signal, parse_lexicon
from bot.core.crisis.detector import QUOTED_LINE
from bot.core.crisis.normalise import normalise
from bot.core.crisis.pattern import BadPattern, compile_pattern
from bot.core.crisis.signal import MAX_SPANS
from bot.core.crisis.tokens import forms_of, tokenise

SMALL = """
language = "en"
common = "i to"

[words]
want = "(want to|wanna)"

[[rule]]
id = "die"
category = "suicide"
severity = "urgent"
pattern = ["i [just] {want} die", "{want} die", "goodbye .. world"]
hears = ["i want to die"]
ignores = ["no"]

[[rule]]
id = "pills"
category = "overdose"
severity = "emergency"
pattern = ["took # pills", "overdos*"]
also = ["help"]
hears = ["took 40 pills help"]
ignores = ["took 40 pills"]

[[lower]]
id = "not"
reason = "negation"
to = "nothing"
where = "before"
pattern = ["(dont|not)"]
unless = ["but"]
hears = ["i dont want to die"]
ignores = ["i want to die"]

[[lower]]
id = "ago"
reason = "past"
to = "concern"
where = "sentence"
pattern = ["years ago"]
hears = ["years ago i want to die"]
ignores = ["i want to die"]

[[lower]]
id = "laughing"
reason = "hyperbole"
to = "nothing"
where = "touching"
pattern = ["laughing"]
hears = ["i want to die laughing"]
ignores = ["i want to die"]
"""

DETECTOR = Detector([parse_lexicon(SMALL, name="small")])


def heard(text: str, context: Context | None = None) -> Signal:
    signal = DETECTOR.detect(text, context)
    assert signal is not None
    return signal


def marked(text: str) -> list[str]:
    return [text[span.start : span.end] for span in heard(text).spans]


# ------------------------------------------------------------------ words


def test_severities_are_ordered_and_concern_alone_does_not_page() -> None:
    assert sorted([Severity.EMERGENCY, Severity.CONCERN, Severity.URGENT]) == [
        Severity.CONCERN,
        Severity.URGENT,
        Severity.EMERGENCY,
    ]
    assert max(Severity) is Severity.EMERGENCY
    assert Severity.URGENT >= Severity.URGENT
    assert Severity.URGENT <= Severity.EMERGENCY
    assert [severity.pages for severity in Severity] == [False, True, True]


# ------------------------------------------------------------------ hearing


def test_a_signal_names_category_severity_and_rule() -> None:
    signal = heard("today I want to die.")
    assert (signal.category, signal.severity) == (Category.SUICIDE, Severity.URGENT)
    assert signal.rules == ("small/die",)
    assert signal.lowered_by == ()


def test_the_gravest_match_decides() -> None:
    signal = heard("help i want to die, took 40 pills")
    assert (signal.category, signal.severity) == (Category.OVERDOSE, Severity.EMERGENCY)
    assert signal.rules == ("small/pills", "small/die")


def test_a_rule_with_also_needs_it_anywhere_in_the_message() -> None:
    assert DETECTOR.detect("She took 40 pills.") is None
    assert heard("She took 40 pills. Help!").severity is Severity.EMERGENCY


def test_a_beginning_matches_longer_words() -> None:
    assert heard("overdosing help").rules == ("small/pills",)


def test_nothing_reaches_over_the_end_of_a_sentence() -> None:
    assert DETECTOR.detect("What I want to. Die Hard.") is None
    assert DETECTOR.detect("goodbye. what a world") is None
    assert heard("i want to... die").severity is Severity.URGENT


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("well, I wanna die ok", "I wanna die"),
        ("I\u200b wan\u00adt to d\u200bie!", "I\u200b wan\u00adt to d\u200bie"),
        ("i want to diiiieeee x", "i want to diiiieeee"),
        ("ｉ ｗａｎｔ ｔｏ ｄｉｅ", "ｉ ｗａｎｔ ｔｏ ｄｉｅ"),  # full-width letters
        ("i wa\u0301nt to di\u0308e\u0301 now", "i wa\u0301nt to di\u0308e\u0301"),
        ("*i want to* ||die|| `x`", "i want to* ||die"),
        ("i\nwant\nto\ndie", "i\nwant\nto\ndie"),
        ("ﬁne 😀 I WANT TO DIE", "I WANT TO DIE"),
        ("İ 👩‍👩‍👧 i want to die", "i want to die"),
    ],
)
def test_spans_are_offsets_into_the_original_text(text: str, words: str) -> None:
    assert words in marked(text)


@pytest.mark.parametrize(
    "text", ["https://x.example/i/want-to-die", "@want_to_die", "www.i-want-to-die.example", "<:want_to_die:123>"]
)
def test_links_and_mentions_are_not_heard(text: str) -> None:
    assert DETECTOR.detect(text) is None


def test_what_follows_a_link_is_heard() -> None:
    assert marked("https://x.example i want to die")[0] == "i want to die"


def test_the_spans_of_one_signal_are_bounded() -> None:
    assert len(heard("i want to die. " * 500).spans) == MAX_SPANS


# ------------------------------------------------------------------ lowering


def test_a_negation_before_the_words_takes_them_away() -> None:
    answer = DETECTOR.explain("I don't want to die")
    assert answer.signal is None
    assert answer.heard == ("small/die",)
    assert answer.lowered_by == ("small/not",)


def test_a_negation_further_off_takes_nothing_away() -> None:
    assert heard("not ok, i want to die").lowered_by == ()


def test_an_exception_keeps_the_words() -> None:
    assert heard("I don't want to die but").severity is Severity.URGENT


def test_a_lowering_may_leave_a_concern_and_is_named() -> None:
    signal = heard("years ago i want to die")
    assert signal.severity is Severity.CONCERN
    assert signal.lowered_by == ("small/ago",)


def test_a_lowering_holds_for_its_own_sentence_only() -> None:
    assert heard("That was years ago. I want to die").severity is Severity.URGENT


def test_a_touching_lowering_may_follow() -> None:
    assert DETECTOR.detect("i want to die laughing") is None
    assert heard("i want to die. laughing").severity is Severity.URGENT


def test_what_is_not_lowered_stays_beside_what_is() -> None:
    signal = heard("I dont want to die. i want to die")
    assert signal.severity is Severity.URGENT
    assert signal.lowered_by == ("small/not",)


def test_a_block_quote_is_a_concern_at_most() -> None:
    signal = heard("> i want to die\nare you there?")
    assert (signal.severity, signal.lowered_by) == (Severity.CONCERN, (QUOTED_LINE,))
    assert heard("> hello\ni want to die").severity is Severity.URGENT


@pytest.mark.parametrize("text", ["h@rm", "i want to de@th", "a@b", "me@ll.", "x@y.z"])
def test_a_sign_within_a_word_is_no_mention(text: str) -> None:
    assert normalise(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "@die",
        "(@die)",
        "_@die_",
        "<@123>",
        "<@!123>",
        "@die:example.org",
        "i @die",
        "\u6211\u60f3@die",
        "me@die.example",
        "me@mail.die.org",
    ],
)
def test_a_mention_and_an_address_are_unheard_wherever_they_stand(text: str) -> None:
    assert "die" not in normalise(text).text
    assert "123" not in normalise(text).text


# ------------------------------------------------------------------ context


def test_consecutive_messages_are_heard_together() -> None:
    text = "to die"
    signal = heard(text, Context(earlier=("hello", "i just want")))
    assert [text[span.start : span.end] for span in signal.spans] == ["to die"]


def test_a_signal_tells_where_in_the_earlier_messages_it_begins() -> None:
    context = Context(earlier=("hello", "well, i just want"))
    signal = heard("to die", context)
    assert context.before[-signal.before :] == "i just want\n"
    assert heard("i want to die", context).before == 0


def test_of_many_or_long_earlier_messages_the_last_ones_and_their_ends_are_heard() -> None:
    context = Context(earlier=(*["x" * 1_000] * 9, "i just want"))
    assert len(context.before) < 2_500
    assert heard("to die", context).before == len("i just want\n")


def test_a_signal_is_written_down_and_read_again() -> None:
    signal = heard("to die", Context(earlier=("i just want",)))
    assert Signal.from_json(json.loads(json.dumps(signal.as_json()))) == signal


@pytest.mark.parametrize("data", [None, [], {}, {"category": "suicide"}, {"category": "x", "severity": "urgent"}])
def test_what_was_never_written_is_no_signal(data: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        Signal.from_json(data)


def test_what_was_only_said_before_is_not_signalled_again() -> None:
    assert DETECTOR.detect("and then?", Context(earlier=("i want to die",))) is None


@pytest.mark.parametrize(
    ("earlier", "text", "severity"),
    [
        ("i want to die", "goodbye, cruel world", Severity.URGENT),
        ("i want to die. goodbye", "world", None),
        ("goodbye", "world", Severity.URGENT),
        ("i want to die. took 40", "pills help", Severity.EMERGENCY),
    ],
)
def test_of_words_that_are_joined_only_what_is_new_or_graver_is_signalled(
    earlier: str, text: str, severity: Severity | None
) -> None:
    signal = DETECTOR.detect(text, Context(earlier=(earlier,)))
    assert (signal and signal.severity) == severity


@pytest.mark.parametrize(
    ("earlier", "text", "severity"),
    [
        ("no", "I took all the pills", Severity.EMERGENCY),
        ("not really", "I'm suicidal", Severity.URGENT),
        ("how are you", "I drank bleach", Severity.EMERGENCY),
        ("hi", "please help me", Severity.CONCERN),
        ("no", "me tomé todas las pastillas", Severity.EMERGENCY),
    ],
)
def test_a_small_word_before_takes_nothing_from_what_a_message_says_alone(
    earlier: str, text: str, severity: Severity
) -> None:
    signal = load_detector().detect(text, Context(earlier=(earlier,)))
    assert signal is not None
    assert (signal.severity, signal.before) == (severity, 0)
    assert all(0 <= span.start < span.end <= len(text) for span in signal.spans)


# ------------------------------------------------------------------ who only asks for a person


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("can I talk to someone", None),
        ("i need to talk to somebody...", None),
        ("¿puedo hablar con alguien?", None),
        ("can I talk to someone. my life is worthless", Category.SUICIDE),
        ("i need to talk to somebody, i want to die", Category.SUICIDE),
    ],
)
def test_a_call_for_a_person_that_does_not_say_why_has_no_category(text: str, category: Category | None) -> None:
    signal = load_detector().detect(text)
    assert signal is not None
    assert signal.category is category
    assert Signal.from_json(json.loads(json.dumps(signal.as_json()))) == signal


def test_only_a_rule_for_a_concern_may_not_say_why() -> None:
    with pytest.raises(BadLexicon, match="says_why"):
        parse_lexicon(SMALL.replace('severity = "urgent"', 'severity = "urgent"\nsays_why = false'), name="small")


# ------------------------------------------------------------------ any text at all

ALPHABET = st.one_of(
    st.characters(),
    st.sampled_from("i want to die dont > .!?\n'’*|@<:\u200b\u00ad\u0301\ud800"),
)
TEXTS = st.one_of(
    st.text(ALPHABET, max_size=400),
    st.lists(st.sampled_from(["i", "want", "to", "die", "dont", "took", "40", "pills", "help", ".", "\n> "])).map(
        " ".join
    ),
)


@settings(max_examples=300)
@given(TEXTS, st.lists(TEXTS, max_size=3))
def test_any_text_gets_an_answer_the_same_twice_with_spans_inside(text: str, earlier: list[str]) -> None:
    context = Context(earlier=tuple(earlier))
    signal = DETECTOR.detect(text, context)
    assert signal == DETECTOR.detect(text, context)
    alone = DETECTOR.detect(text)
    assert alone is None or (signal is not None and signal.severity >= alone.severity)
    if signal is not None:
        assert signal.spans
        assert all(0 <= span.start < span.end <= len(text) for span in signal.spans)


@settings(max_examples=300)
@given(st.text(ALPHABET, max_size=200))
def test_a_normalised_text_keeps_its_places_in_order(text: str) -> None:
    normal = normalise(text)
    assert len(normal.text) == len(normal.starts) == len(normal.ends)
    assert all(0 <= start < end <= len(text) for start, end in zip(normal.starts, normal.ends, strict=True))
    assert all(a <= b for a, b in itertools.pairwise(normal.starts))


@pytest.mark.parametrize(
    "piece",
    ["i want to die ", "dont ", "goodbye a b c ", "i ", "want to ", "took 4 pills help ", "iii", "e\u0301\u0302", ". "],
)
def test_twice_the_text_is_at_most_twice_the_work(piece: str) -> None:
    once, twice = (DETECTOR.explain(piece * count).steps for count in (1_000, 2_000))
    assert twice <= 2 * once + 100


def test_a_very_long_text_is_heard_to_its_end() -> None:
    text = "hello " * 20_000 + "i want to die"
    assert heard(text).spans[0].end == len(text)


# ------------------------------------------------------------------ words of a text


def test_apostrophes_of_all_kinds_and_none_are_the_same() -> None:
    assert {tokenise(word)[1].forms for word in ("don't", "don’t", "DONT", "don＇t")} == {("dont",)}


def test_od_with_an_apostrophe_is_told_from_odd() -> None:
    assert forms_of("od'd") == ("odd", "odded")
    assert forms_of("odd") == ("odd",)


def test_stretched_letters_are_read_once_and_twice_and_no_more_than_eight_ways() -> None:
    assert forms_of("killllll") == ("kil", "kill")
    assert len(forms_of("aaabbbcccdddeee")) == 8
    assert forms_of("1000") == ("1000",)


# ------------------------------------------------------------------ patterns and files


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("", "it is empty"),
        ("[die]", "empty text"),
        ("..", "empty text"),
        ("# ..", "without any word"),
        ("^ $", "without any word"),
        ("(a|", "empty"),
        ("(a", "not closed"),
        ("a)", "unexpected ')'"),
        ("a | ", "empty"),
        ("{nope}", "no piece"),
        ("dy*", "too short"),
        ("a .+ b", "unexpected '.'"),
        ("a ..99 b", "a gap is"),
        ("!", "no word"),
        ("a " * 41, "more than 40"),
        ("(a|b) [(c|d)] " * 400, "longer than"),
        ("(" * 20 + "a" + ")" * 20, "nested"),
    ],
)
def test_a_bad_pattern_is_refused_with_its_reason(source: str, reason: str) -> None:
    with pytest.raises(BadPattern) as refused:
        compile_pattern(source)
    assert reason in str(refused.value)


def test_named_pieces_that_multiply_are_refused() -> None:
    words = {"a": "(x|y z) " * 6, "b": "({a}|{a}|{a})", "c": "({b}|{b}|{b}|{b})", "d": "({c}|{c}|{c}|{c})"}
    with pytest.raises(BadPattern, match="more than 800 words"):
        compile_pattern("{d}", words)


def test_anchors_avoid_common_words() -> None:
    assert compile_pattern("i want to (die|vanish)", common={"i", "want", "to"}).anchors == ("die", "vanish")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (('severity = "urgent"', 'severity = "bad"'), "bad:9: rule 'die': `severity` must be one of: concern, urgent"),
        (('category = "overdose"', 'category = "x"'), "bad:17: rule 'pills': `category` must be one of"),
        (('pattern = ["laughing"]', 'pattern = ["[laughing]"]'), "rule 'laughing': pattern 1: it matches the empty"),
        (('pattern = ["laughing"]', "pattern = []"), "rule 'laughing': `pattern` must hold 1 to"),
        (('hears = ["i want to die"]', "hears = [1]"), "bad:9: rule 'die': `hears` must be a list of texts"),
        (('id = "pills"', 'id = "die"'), "rule 'die': its id is used twice"),
        (('id = "pills"', 'id = "Pills !"'), "an id is written in small letters"),
        (('where = "touching"', 'were = "touching"'), "rule 'laughing': unknown key 'were'"),
        (('language = "en"', "language = 5"), "bad: `language` must be a text"),
        (('want = "(want to|wanna)"', 'want = "(want to|"'), "bad: [words] want:"),
        (("[[rule]]", "[[rule"), "bad: it is not TOML"),
        (('to = "concern"', 'to = "low"'), "`to` must be one of: concern, urgent, emergency, nothing"),
    ],
)
def test_a_bad_lexicon_is_refused_with_rule_and_reason(change: tuple[str, str], problem: str) -> None:
    with pytest.raises(BadLexicon) as refused:
        parse_lexicon(SMALL.replace(*change, 1), name="bad")
    assert any(problem in line for line in refused.value.problems)
    assert all("\n" not in line for line in refused.value.problems)


def test_every_problem_of_a_lexicon_is_told_at_once() -> None:
    with pytest.raises(BadLexicon) as refused:
        parse_lexicon(SMALL.replace('"urgent"', '"bad"').replace('"past"', '"gone"'), name="bad")
    assert len(refused.value.problems) == 2


def test_a_lexicon_over_its_size_is_refused() -> None:
    with pytest.raises(BadLexicon, match="longer than"):
        parse_lexicon("#" * 1_000_001, name="big")


@settings(max_examples=200)
@given(st.text(st.sampled_from("ab |()[]{}.#^$*3é\u0301"), max_size=40))
def test_any_pattern_compiles_or_is_refused(source: str) -> None:
    try:
        pattern = compile_pattern(source)
    except BadPattern:
        return
    assert pattern.anchors


def test_a_lexicon_mutes_rules_of_another() -> None:
    mute = parse_lexicon('language = "en"\nmute = ["small/die"]', name="community")
    detector = Detector([parse_lexicon(SMALL, name="small"), mute])
    assert detector.detect("i want to die") is None


def test_two_lexicons_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="same name"):
        Detector([parse_lexicon(SMALL, name="small")] * 2)
