"""Who of those who can be called fits a member best: first who speaks their language, then who knows the topic."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.core.crisis.signal import Category, Severity

HEAD_START = timedelta(minutes=1)
"""How long those who speak the member's language are called alone, if it is no emergency; half the step's wait, if that
is shorter. Nobody is left out: the others are called as well, unless the case was taken meanwhile."""

TOPICS: dict[str, frozenset[str]] = {
    Category.SUICIDE: frozenset({"suicide", "suicidality", "suicidio", "crisis"}),
    Category.SELF_HARM: frozenset({"self-harm", "self harm", "selfharm", "cutting", "autolesiones", "autolesión"}),
    Category.OVERDOSE: frozenset({"overdose", "naloxone", "opioids", "harm reduction", "sobredosis", "naloxona"}),
    Category.WITHDRAWAL: frozenset({"withdrawal", "detox", "alcohol", "benzos", "abstinencia", "desintoxicación"}),
    Category.ABUSE: frozenset({"abuse", "domestic violence", "violence", "trauma", "abuso", "violencia", "maltrato"}),
    Category.VIOLENCE: frozenset({"violence", "anger", "violencia", "ira"}),
    Category.RELAPSE: frozenset({"relapse", "return to use", "recaída", "recovery", "recuperación"}),
}
"""What peers call on the roster what a case can be about; they choose the words themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A peer who can be called: their languages (ISO 639-1) and topics, as far as they have told them."""

    member: int
    languages: Collection[str] = ()
    topics: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """Whom to call: those who are `first`, then all others after `pause`."""

    first: tuple[int, ...]
    others: tuple[int, ...] = ()
    pause: timedelta = timedelta()


def in_order(
    people: Sequence[Fit], *, language: str, category: str | None, severity: Severity, wait: timedelta
) -> Order:
    """Everybody of `people`, each once: who speaks the language before who does not, in both who knows the topic first.

    Among equals the order stays. Where it makes no difference, or a life may be in danger now, all are called at once.
    """
    words = TOPICS.get(category or "", frozenset())
    spoken = language.split("-", maxsplit=1)[0].casefold()

    def speaks(one: Fit) -> bool:
        return spoken in {each.split("-")[0].casefold() for each in one.languages}

    def knows(one: Fit) -> bool:
        return bool(words & {topic.strip().casefold() for topic in one.topics})

    ordered = sorted(people, key=lambda one: (not speaks(one), not knows(one)))
    first = tuple(one.member for one in ordered if speaks(one))
    others = tuple(one.member for one in ordered if not speaks(one))
    if not first or not others or severity is Severity.EMERGENCY:
        return Order((*first, *others))
    return Order(first, others, min(HEAD_START, wait / 2))
