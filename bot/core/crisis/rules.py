"""What raises an alarm and what lowers it. How both are written is in `lexicon` and `pattern`."""

from dataclasses import dataclass
from enum import StrEnum

from bot.core.crisis.pattern import Pattern
from bot.core.crisis.signal import Category, Severity

NEAR = 15
"""Words that may stand between what a rule says and what it says must be near."""
NEAR_SIGNS = 2 * NEAR
"""The same where words are not separated, and each sign stands by itself: a word has two of them, more or less."""


class Reason(StrEnum):
    """Why words that sound like a crisis are none, or a lesser one."""

    NEGATION = "negation"
    PAST = "past"
    HYPERBOLE = "hyperbole"
    GAMING = "gaming"
    THIRD_PERSON = "third_person"
    QUOTE = "quote"
    RESOURCE = "resource"
    ACCIDENT = "accident"


class Where(StrEnum):
    """How near a lowering must be to what it lowers, always in the same sentence.

    - before: it begins before the match and reaches to it or into it, as "not" does; a "not" inside the match is
      part of what the rule says.
    - touching: it overlaps the match or stands next to it.
    - sentence: anywhere in the sentence.
    """

    BEFORE = "before"
    TOUCHING = "touching"
    SENTENCE = "sentence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Words that raise an alarm.

    It raises where one of `patterns` matches, if each of `near` matches in any order, with at
    most `NEAR` words between the two, and, when `also` has any, one of those matches anywhere in the message. `hears`
    and `ignores` are its examples: messages that give a signal of at least this severity with this rule in it, and
    messages that give none of this severity. `id` is "lexicon/rule".

    `says_why`: not where somebody only asks for a person: then its `category` tells what lowers it, and nothing more.
    """

    id: str
    category: Category
    severity: Severity
    says_why: bool = True
    patterns: tuple[Pattern, ...]
    near: tuple[Pattern, ...] = ()
    also: tuple[Pattern, ...] = ()
    hears: tuple[str, ...]
    ignores: tuple[str, ...]

    @property
    def beside(self) -> tuple[tuple[Pattern, ...], ...]:
        """The groups of patterns, of each of which one must match beside one of its own."""
        return (*((pattern,) for pattern in self.near), *([self.also] if self.also else []))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lowering:
    """Words that are evidence against an alarm.

    It takes matches of `categories` (all, when empty) down to `to` (None: to nothing), unless one of `unless`
    matches in the same sentence. `hears` are messages in which it lowers something, `ignores` messages in which
    it does not. `id` is "lexicon/lowering".
    """

    id: str
    reason: Reason
    to: Severity | None
    where: Where
    categories: frozenset[Category] = frozenset()
    patterns: tuple[Pattern, ...]
    unless: tuple[Pattern, ...] = ()
    hears: tuple[str, ...]
    ignores: tuple[str, ...]
