"""The days on which something recurs."""

import re

from bot.core import recurrence
from bot.core.commands import Reader
from bot.core.kinds.dates import DAYS, day_of_name
from bot.core.kinds.reading import GUESS_LIMIT, SUGGESTION_LIMIT, not_understood, plain, read
from bot.core.matching import nearest
from bot.core.occurrences import local_date
from bot.core.words import Say, _

_WEEKEND = frozenset({6, 7})
_SETS = {
    **dict.fromkeys(("daily", "everyday", "diario"), recurrence.ALL_DAYS),
    **dict.fromkeys(("weekday", "weekdays", "workday", "workdays", "laborables"), recurrence.WORKING_DAYS),
    **dict.fromkeys(("weekend", "weekends"), _WEEKEND),
}
"""Sets of days with a name of one word, which may stand in a list."""
_NAMED = {
    **_SETS,
    **dict.fromkeys(("every day", "each day", "any day", "all days", "all week"), recurrence.ALL_DAYS),
    **dict.fromkeys(("7 days a week", "every night", "nightly", "todos los días", "cada día"), recurrence.ALL_DAYS),
    **dict.fromkeys(("every weekday", "week days", "working days", "work days"), recurrence.WORKING_DAYS),
    **dict.fromkeys(("business days", "m-f", "días laborables", "entre semana"), recurrence.WORKING_DAYS),
    **dict.fromkeys(("every weekend", "fin de semana", "fines de semana"), _WEEKEND),
}
_ORDINALS = {
    "first": 1,
    "1st": 1,
    "second": 2,
    "2nd": 2,
    "third": 3,
    "3rd": 3,
    "fourth": 4,
    "4th": 4,
    "fifth": 5,
    "5th": 5,
    "last": -1,
}
_MONTHLY = re.compile(r"(?:every )?(?:the )?(.+?) (\w+)(?: (?:of|in) (?:the|each|every) month| monthly)?")
_EVERY_OTHER = re.compile(r"(?:every other|every 2(?:nd)? weeks?,?(?: on)?|every two weeks,?(?: on)?) (.+)")
_RANGE = re.compile(r"(\w+)\s?(?:-|to|until|through|bis)\s?(\w+)")
_SEPARATORS = re.compile(r"\s?(?:[,;/&+]|\band\b|\bund\b|\s)\s?")


class Weekdays:
    """Days that recur: "tue,thu", "mon-fri", "daily", "every other Monday", "first Tuesday" → an RRULE text."""

    name = "days"
    expected = _("Please write the days, such as Tuesday and Thursday, weekdays, daily or first Monday.")

    def parse(self, text: str, reader: Reader) -> str:
        """The RFC 5545 rule meant, such as "FREQ=WEEKLY;BYDAY=TU,TH"."""
        typed = read(text, self.expected)
        rule = _read_rule(typed)
        if rule is None:
            raise not_understood(text, self.expected, _guesses(typed))
        return rule

    def suggest(self, typed: str, reader: Reader) -> list[tuple[str, Say]]:
        """What is typed in our words, if it is understood, and what begins like it."""
        wanted = plain(typed)
        options = [wanted, *_guesses(wanted)] if wanted else [*DAYS, "daily", "weekdays", "weekends"]
        rules: dict[str, str] = {}
        for option in options:
            rule = _read_rule(option)
            if rule is not None:
                rules.setdefault(rule, option)
        today = local_date(reader.now, reader.zone)
        found = [(option, recurrence.describe(recurrence.parse(rule), today)) for rule, option in rules.items()]
        return found[:SUGGESTION_LIMIT]


def _guesses(typed: str) -> list[str]:
    """Days and sets of days that are like a part of what is typed."""
    names = [(name, name) for name in (*DAYS, "daily", "weekdays", "weekends")]
    whole = nearest(typed, names, GUESS_LIMIT)
    parts = [best for part in _SEPARATORS.split(typed)[: len(DAYS)] for best in nearest(part, names, 1)]
    days = [part for part in dict.fromkeys(parts) if part in DAYS]
    together = [",".join(days)] if len(days) > 1 else []
    return [*together, *whole, *(part for part in parts if part not in whole)][:GUESS_LIMIT]


def _read_rule(typed: str) -> str | None:
    if typed in _NAMED:
        return recurrence.weekly(_NAMED[typed])
    monthly = _MONTHLY.fullmatch(typed)
    ordinals = [_ORDINALS.get(word) for word in _SEPARATORS.split(monthly[1])] if monthly else []
    if monthly and all(ordinals):
        day = day_of_name(monthly[2])
        codes = [f"{ordinal}{recurrence.DAY_CODES[day - 1]}" for ordinal in ordinals] if day else []
        return "FREQ=MONTHLY;BYDAY=" + ",".join(dict.fromkeys(codes)) if codes else None
    other = _EVERY_OTHER.fullmatch(typed)
    days = _read_days(other[1] if other else typed.removeprefix("every ").removeprefix("on ").removeprefix("the "))
    if not days:
        return None
    if other:
        return "FREQ=WEEKLY;INTERVAL=2;BYDAY=" + ",".join(recurrence.DAY_CODES[day - 1] for day in sorted(days))
    return recurrence.weekly(days)


def _read_days(typed: str) -> set[int]:
    """The ISO weekdays of a list or a range; none at all if a part of it is not understood."""
    ends = _RANGE.fullmatch(typed)
    if ends:
        first, last = day_of_name(ends[1]), day_of_name(ends[2])
        if first and last:
            return {(first - 1 + step) % 7 + 1 for step in range((last - first) % 7 + 1)}
    words = [word for word in _SEPARATORS.split(typed) if word]
    found = [_SETS.get(word) or {day for day in (day_of_name(word),) if day} for word in words]
    return set().union(*found) if all(found) else set()
