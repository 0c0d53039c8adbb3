"""What many small signs say together, where no rule is met."""

import os
import subprocess
import sys

import pytest
from harness.lexicons import HEAD, RIVER_RULE

from bench import signs as learnt
from bench.learning import read
from bot.core.crisis import Category, Context, Detector, Lexicon, Severity, parse_lexicon
from bot.core.crisis.tokens import tokenise
from bot.core.crisis.weighing import WINDOW, parse_signs, word_of
from bot.operations.lexicon import built_in

RULES = f"""{HEAD}{RIVER_RULE}
[[rule]]
id = "bank"
category = "withdrawal"
severity = "concern"
pattern = ["on the bank"]
hears = ["on the bank"]
ignores = ["the bank"]
[[lower]]
id = "swim"
reason = "hyperbole"
to = "nothing"
where = "sentence"
pattern = ["swim"]
hears = ["going down to the river for a swim"]
ignores = ["going down to the river"]
"""
BOUNDS = {"first": 0, "concern": 1, "joined": 1, "urgent": 1, "graver": 3, "emergency": 1}
TABLE = {"kinds": {"MATE": "wife husband"}, "bounds": BOUNDS}
WEIGHTS = "\n".join(
    [
        "# phrase, alone, danger, page, life, category, lean",
        "*\t-1.00\t-1.00\t-1.00\t-1.00\t\t",
        "car\t1.00\t1.00\t0.00\t0.00\trelapse\t0.50",
        "park\t1.00\t1.50\t0.00\t0.00\trelapse\t0.50",
        "car park\t\t0.50\t0.00\t0.00\t\t",
        "my MATE\t\t0.50\t2.50\t0.00\tabuse\t3.00",
        "<number> boxes\t\t0.50\t2.50\t2.50\toverdose\t3.00",
        "lovely\t-2.00\t-4.00\t0.00\t0.00\t\t",
    ]
)


def ear(*more: str) -> Detector:
    """An ear that knows one rule, and a few signs."""
    signs = parse_signs(TABLE, WEIGHTS)
    lexicon = parse_lexicon(RULES, name="en")
    own = (parse_lexicon(text, name="community") for text in more)
    return Detector([Lexicon(**{name: getattr(lexicon, name) for name in lexicon.__slots__} | {"signs": signs}), *own])


def test_where_no_rule_is_met_words_that_weigh_enough_together_are_heard() -> None:
    signal = ear().detect("Sat in the CAR park, engine off")
    assert signal is not None
    assert (signal.severity, signal.category, signal.rules) == (Severity.CONCERN, Category.RELAPSE, ("en/signs",))


def test_words_that_weigh_too_little_and_words_that_weigh_against_it_are_not_heard() -> None:
    assert ear().detect("sat in the park") is None
    assert ear().detect("sat in the car park, lovely day") is None


def test_the_heaviest_phrases_are_shown_where_they_stand() -> None:
    text = "well… sat in the car  park"
    signal = ear().detect(text)
    assert signal is not None
    assert {text[span.start : span.end] for span in signal.spans} == {"car", "park", "car  park"}


@pytest.mark.parametrize(
    ("text", "severity", "category"),
    [
        ("my wife is in the car park", Severity.URGENT, Category.ABUSE),
        ("16 boxes in the car park", Severity.EMERGENCY, Category.OVERDOSE),
    ],
)
def test_kinds_and_numbers_have_their_weights_and_some_words_page(
    text: str, severity: Severity, category: Category
) -> None:
    signal = ear().detect(text)
    assert signal is not None
    assert (signal.severity, signal.category) == (severity, category)


def test_what_a_rule_pages_for_is_not_weighed_and_neither_is_a_sentence_of_which_something_was_taken_back() -> None:
    signal = ear().detect("from the car park going down to the river")
    assert signal is not None
    assert signal.rules == ("en/river",)
    assert ear().detect("from the car park going down to the river for a swim") is None


def test_a_joke_that_is_taken_back_takes_nothing_else_with_it() -> None:
    signal = ear().detect("sat in the car park. yesterday i was going down to the river for a swim")
    assert signal is not None
    assert signal.rules == ("en/signs",)


def test_what_rules_hear_as_a_concern_is_urgent_where_signs_are_sure_that_peers_must_know() -> None:
    unsure, sure = (ear().detect(f"{who} on the bank, 2 boxes in the car park") for who in ("alone", "my wife"))
    assert unsure is not None
    assert unsure.severity is Severity.CONCERN
    assert sure is not None
    assert sure.severity is Severity.EMERGENCY
    assert sure.rules == ("en/signs", "en/bank")


def test_somebody_elses_words_in_a_quotation_are_not_weighed_for_it_nor_against_it() -> None:
    assert ear().detect("> sat in the car park\nhow are you?") is None
    assert ear().detect("> lovely day, lovely people\nsat in the car park") is not None


def test_disguised_words_weigh_as_what_they_are() -> None:
    assert ear().detect("sat in the cár p\u200bark") is not None


def test_of_a_long_message_the_words_near_each_other_are_weighed_together() -> None:
    between = "and then we talked about the weather "
    assert ear().detect(between * WINDOW + "sat in the car park") is not None
    assert ear().detect("the car " + between * WINDOW + "the park") is None


def test_what_somebody_wrote_just_before_is_weighed_with_it_but_not_a_second_time() -> None:
    signal = ear().detect("park", Context(earlier=("in the car",)))
    assert signal is not None
    assert [(span.start, span.end) for span in signal.spans] == [(0, 4)]
    assert signal.before == len("car\n")
    assert ear().detect("so", Context(earlier=("in the car park",))) is None


def test_with_earlier_messages_it_takes_more_for_any_talk_has_more_of_everything() -> None:
    signs = parse_signs(TABLE | {"bounds": BOUNDS | {"joined": 2.5}}, WEIGHTS)
    said = ["sat", "in", "the", "car", "park"]
    assert signs.weigh(said) is not None
    assert signs.weigh(said, joined=True) is None


def test_a_community_mutes_them_like_a_rule() -> None:
    assert ear('language = "en"\nmute = ["en/signs"]').detect("sat in the car park") is None


@pytest.mark.parametrize("seed", ["1", "2"])
def test_a_sum_at_the_very_bound_is_the_same_in_every_process(seed: str) -> None:
    # Sums of fractions depend on their order, and that of a set on the process.
    weights = "*\t0\t0\t0\t0\t\t\n" + "\n".join(f"w{n}\t0.1\t0.1\t0\t0\t\t" for n in range(10))
    code = f"""
from bot.core.crisis.weighing import parse_signs
bounds = dict(first=1, concern=1, joined=1, urgent=1, graver=1, emergency=1)
signs = parse_signs(dict(kinds={{}}, bounds=bounds), {weights!r})
words = [f"w{{n}}" for n in range(10)]
print(signs.may_say(words, set(words)), signs.weigh(words))
"""
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    ran = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "False None\n"


def test_od_d_is_no_odd_word() -> None:
    assert [word_of(token) for token in tokenise("he od'd, odd")][1:-1] == ["he", "odded", "odd"]


def test_the_table_that_comes_with_the_bot_was_learnt_from_the_messages_as_they_are() -> None:
    kept = (learnt.FOLDER / f"{learnt.LANGUAGE}.tsv").read_text("utf-8")
    assert kept.startswith(learnt.first_line()), "to renew it: make signs"


def test_of_messages_that_nothing_was_learnt_from_most_are_heard_and_some_by_signs_alone() -> None:
    unseen = read("en")["unseen"]
    rows = {row.what: row.value for row in learnt.heard("", unseen, Detector(built_in()))}
    muted = parse_lexicon('language = "en"\nmute = ["en/signs"]', name="community")
    without = {row.what: row.value for row in learnt.heard("", unseen, Detector([*built_in(), muted]))}
    assert rows[": dangers heard"] >= 80
    assert rows[": dangers heard"] >= without[": dangers heard"] + 8
    assert rows[": emergencies heard"] >= 90
    assert rows[": false alerts"] <= without[": false alerts"] + 1 <= 9
    assert rows[": false pages"] <= 6


def test_what_the_documents_say_that_signs_hear_is_heard() -> None:
    signal = Detector(built_in()).detect("my sister is in the bath and her arm is all red, what do i do")
    assert signal is not None
    assert signal.rules == ("en/signs",)
