"""How long something shall be so, from an hour to weeks."""

import re
from datetime import timedelta

from bot.core.commands import Reader
from bot.core.kinds.reading import not_understood, plain, read
from bot.core.words import Say, _

_HOUR, _DAY, _WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)

_UNITS = {
    **dict.fromkeys(("", "h", "hr", "hrs", "hour", "hours", "hora", "horas"), _HOUR),
    **dict.fromkeys(("d", "day", "days", "día", "días", "dia", "dias"), _DAY),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks", "semana", "semanas"), _WEEK),
}
_COUNTS = {"a": 1, "an": 1, "one": 1, "un": 1, "una": 1, "two": 2, "dos": 2, "three": 3, "tres": 3}
_LENGTH = re.compile(r"(?:(?:for|por|durante)\s+)?(?:(\d{1,4})\s?([^\W\d_]*)|([^\W\d_]+)\s+([^\W\d_]+))\.?")
_OVER = frozenset({"off", "none", "end", "ended", "over", "stop", "fin", "no"})
_USUAL = ("24 hours", "1 hour", "2 days", "1 week", "off")


class Length:
    """How long: "24", "24h", "24 hours", "a day", "2 days", "1 week" → `timedelta`; a bare number is hours.

    "off" or 0 is no time at all.
    """

    name = "length"
    expected = _("Please write how long, such as 24 hours, or 2 days.")

    def parse(self, text: str, reader: Reader) -> timedelta:
        """The length meant."""
        typed = read(text, self.expected)
        if typed in _OVER:
            return timedelta()
        match = _LENGTH.fullmatch(typed)
        if match is not None:
            count = int(match[1]) if match[1] else _COUNTS.get(match[3])
            unit = _UNITS.get(match[2] if match[1] else match[4])
            if count is not None and unit is not None:
                return count * unit
        raise not_understood(text, self.expected)

    def suggest(self, typed: str, reader: Reader) -> list[tuple[str, Say]]:
        """Usual lengths that begin with what is typed."""
        wanted = plain(typed)
        return [(length, length) for length in _USUAL if length.startswith(wanted)]
