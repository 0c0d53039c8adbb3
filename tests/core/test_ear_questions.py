"""What a text is asked before a pattern is tried on it: most ordinary messages are let go by these questions alone."""

from bot.core.crisis.asked import Questions
from bot.core.crisis.pattern import compile_pattern

KNOCKING = compile_pattern("(kicking|banging) [on] .. (door|doors)")
CRYING = compile_pattern("(sobbing|crying)")


def test_beside_a_key_the_other_words_that_its_pattern_needs_are_asked_for() -> None:
    questions = Questions([KNOCKING], [()])
    assert questions.companions(["door"], [0]) == frozenset({"kicking", "banging"})


def test_of_several_patterns_with_one_key_the_words_of_any_will_do() -> None:
    questions = Questions([KNOCKING, compile_pattern("door .. (gunshot|screaming)")], [(), ()])
    assert questions.companions(["door"], [0, 1]) == frozenset({"kicking", "banging", "gunshot", "screaming"})


def test_a_pattern_beside_it_is_asked_for_where_its_own_words_are_all_there() -> None:
    questions = Questions([CRYING], [[[compile_pattern("bathroom floor")]]])
    companions = questions.companions(["crying"], [0])
    assert companions
    assert companions <= {"bathroom", "floor"}


def test_nothing_is_asked_beside_a_key_that_is_all_its_pattern_needs() -> None:
    assert Questions([CRYING], [()]).companions(["crying"], [0]) is None


def test_a_pattern_goes_on_where_a_way_of_it_is_among_the_words() -> None:
    questions = Questions([KNOCKING, CRYING], [(), ()])
    assert questions.going([0, 1], {"somebody", "banging", "door"}) == [0]
