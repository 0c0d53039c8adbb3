"""Who is called first: who speaks the member's language; and nobody is left out."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.core.crisis import Category, Severity
from bot.core.duty.fit import HEAD_START, TOPICS, Fit, in_order

MINUTE = timedelta(minutes=1)
fits = st.lists(
    st.builds(
        Fit,
        member=st.integers(1, 50),
        languages=st.lists(st.sampled_from(["en", "es", "pt-BR", "DE"]), max_size=3),
        topics=st.lists(st.sampled_from(["Suicide", "alcohol", "grief"]), max_size=2),
    ),
    max_size=8,
    unique_by=lambda one: one.member,
)
severities = st.sampled_from(Severity)
categories = st.none() | st.sampled_from(Category)


@given(fits, st.sampled_from(["en", "es", "pt", "fr"]), categories, severities, st.integers(1, 1440))
def test_everybody_is_called_once_and_soon(
    people: list[Fit], language: str, category: Category | None, severity: Severity, wait: int
) -> None:
    order = in_order(people, language=language, category=category, severity=severity, wait=wait * MINUTE)
    assert sorted((*order.first, *order.others)) == sorted(one.member for one in people)
    assert bool(order.first) == bool(people), "the first page of a step is never to nobody"
    assert timedelta() <= order.pause <= min(HEAD_START, wait * MINUTE / 2)
    assert bool(order.pause) == bool(order.others)
    assert severity is not Severity.EMERGENCY or not order.others


@given(fits, categories, severities)
def test_who_knows_the_topic_comes_first_among_those_who_speak_alike(
    people: list[Fit], category: Category | None, severity: Severity
) -> None:
    order = in_order(people, language="en", category=category, severity=severity, wait=MINUTE)
    by_member = {one.member: one for one in people}
    ranks = [
        ("en" not in one.languages, not TOPICS.get(category or "", frozenset()) & {t.casefold() for t in one.topics})
        for one in map(by_member.__getitem__, (*order.first, *order.others))
    ]
    assert ranks == sorted(ranks)


def test_where_all_are_alike_the_order_of_the_rota_stays() -> None:
    people = [Fit(member=number, languages=("en",)) for number in (3, 1, 2)]
    assert in_order(people, language="en", category=None, severity=Severity.URGENT, wait=MINUTE).first == (3, 1, 2)
