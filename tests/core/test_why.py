"""What was heard, told in plain words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.crisis import Category, Severity
from bot.core.crisis.rules import Rule
from bot.core.crisis.why import HINTS_SHOWN, reasons
from bot.operations.lexicon import built_in

RULES = [rule for lexicon in built_in() for rule in lexicon.rules]


@pytest.mark.parametrize("category", Category)
@pytest.mark.parametrize("severity", Severity)
def test_every_category_means_something_at_every_severity(category: Category, severity: Severity) -> None:
    assert str(reasons(category, severity, ["en/x"])[0]).startswith("Their words sound")


@given(st.lists(st.sampled_from(RULES), min_size=1, max_size=9), st.sampled_from(Severity))
def test_whatever_rules_were_raised_a_peer_reads_a_few_sentences_and_no_id(
    rules: list[Rule], severity: Severity
) -> None:
    told = [str(one) for one in reasons(rules[0].category, severity, [rule.id for rule in rules])]
    assert 1 <= len(told) <= 1 + HINTS_SHOWN
    assert not any(rule.id in one for rule in rules for one in told)


def test_hints_come_from_what_the_rule_is_about_and_a_communitys_own_rule_is_named() -> None:
    told = " ".join(map(str, reasons("suicide", Severity.URGENT, ["en/goodbye", "community/river"])))
    assert "end their life" in told
    assert "say goodbye" in told
    assert "your community's own" in told


def test_of_who_only_asks_to_talk_it_is_told_that_they_have_not_said_why() -> None:
    assert "have not said why" in str(reasons(None, Severity.CONCERN, ["en/asks-to-talk"])[0])


def test_who_asked_by_hand_was_not_heard_by_any_rule() -> None:
    assert reasons(None, Severity.URGENT, ()) == ()


def test_of_signs_alone_it_is_told_that_no_single_phrase_says_so_and_not_where_a_rule_was_met() -> None:
    together = "No single phrase says so"
    assert together in " ".join(map(str, reasons("suicide", Severity.URGENT, ["en/signs"])))
    for met in (["en/signs", "en/goodbye"], ["community/signs"]):
        assert together not in " ".join(map(str, reasons("suicide", Severity.URGENT, met)))
