"""The words of a typed command one by one, and two times that were written as one: "18:00-24:00", "9 to 5"."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from bot.core.commands import Command
from bot.core.kinds.hours import full, is_clear, span_in

_BARE_HOUR = re.compile("[1-9]|1[0-2]", re.ASCII)
_HALVES = re.compile(r"[ap]\.?m?\.?|o'?clock|h", re.IGNORECASE)
_UNTIL = frozenset({"to", "till", "until", "-"})

_TOKEN = re.compile(r'"([^"]{0,4000})"|“([^”]{0,4000})”|(\S+)')

MOST_TOKENS = 100
"""Words that are looked at one by one. Nobody types a command of more; all behind them is one word."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word, or what stands in quotes, and where it begins in what was typed."""

    text: str
    start: int
    quoted: bool


def tokens_of(text: str) -> list[Token]:
    """The words of a text, in order, up to `MOST_TOKENS`; what is behind them is one word more."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        if len(found) == MOST_TOKENS:
            found.append(Token(text[match.start() :], match.start(), quoted=False))
            break
        quoted = match[1] if match[1] is not None else match[2]
        found.append(Token(match[3] if quoted is None else quoted, match.start(), quoted is not None))
    return found


def with_both_times(command: Command, arguments: Mapping[str, str]) -> dict[str, str]:
    """The arguments, where one time was given as two, such as "10:00-19:00", which the next one waits for."""
    found = dict(arguments)
    for one, two in pairwise(command.parameters):
        if one.kind.name == two.kind.name == "time" and two.name not in found:
            span = span_in(found.get(one.name, ""))
            if span is not None and is_clear(span):
                found[one.name], found[two.name] = full(span)
    return found


def two_times(tokens: Sequence[Token], *, has_dates: bool) -> list[Token]:
    """What is written as one span of hours, such as "18:00-24:00", as its two times; "11-24" may be a date.

    Bare hours, such as "9 to 5", stay one value: it is asked which half of the day is meant.
    """
    found: list[Token] = []
    waiting = list(tokens)
    while waiting:
        token, *waiting = waiting
        if _are_bare_hours(token, waiting):
            token, waiting = replace(token, text=f"{token.text}-{waiting[1].text}"), waiting[2:]
        span = None if token.quoted else span_in(token.text)
        is_date = has_dates and token.text.replace("-", "").isdecimal()
        if span is None or is_date or not is_clear(span):
            found.append(token)
        else:
            at = max(token.text.casefold().rfind(span[1]), 0)  # it may be written in other digits than it is read
            for start, said in zip((0, at), full(span), strict=True):
                found.append(Token(said, token.start + start, quoted=False))
    return found


def _are_bare_hours(token: Token, behind: Sequence[Token]) -> bool:
    """Whether "9 to 5" begins here, and nothing says which half of the day it is of."""
    if len(behind) <= 1 or behind[0].text.casefold() not in _UNTIL:
        return False
    says_half = len(behind) > 2 and _HALVES.fullmatch(behind[2].text) is not None  # noqa: PLR2004  the word behind both
    bare = [_BARE_HOUR.fullmatch(one.text) is not None and not one.quoted for one in (token, behind[1])]
    return all(bare) and not says_half
