"""Hours of the day from one time until another."""

import re
from datetime import time

from bot.core.commands import BadValue, Reader
from bot.core.kinds.reading import not_understood, plain, read
from bot.core.kinds.times import Time
from bot.core.words import Say, _

_UNTIL = re.compile(r"\s*-\s*|\s+(?:to|till?|until|and|a|hasta|y)\s+", re.ASCII)
_FROM = re.compile(r"^(?:from|between|de|desde|entre)\s+(?:las\s+)?", re.ASCII)
_NONE = frozenset({"none", "off", "no", "never", "ninguna", "nunca"})
_MOST_WORDS = 6

Span = tuple[time, time]


class Hours:
    """Hours of the day: "22:00-07:00", "10pm to 7am", "from 22 until 7", "22:00 07:00" → both times.

    "none", or the same time twice, is both times alike.
    """

    name = "hours"
    expected = _("Please write from when until when, such as 22:00-07:00 or 10 pm to 7 am.")

    def __init__(self) -> None:
        self._time = Time()

    def parse(self, text: str, reader: Reader) -> Span:
        """The first and the last moment meant."""
        typed = read(text, self.expected)
        if typed in _NONE:
            return time(), time()
        for start, end in _halves(_FROM.sub("", typed)):
            try:
                return self._time.parse(start, reader), self._time.parse(end, reader)
            except BadValue:
                continue
        raise not_understood(text, self.expected)

    def suggest(self, typed: str, reader: Reader) -> list[tuple[str, Say]]:
        """What is typed, if it can be read, and hours at which many people sleep."""
        usual = ["22:00-07:00", "21:00-07:00", "22:00-08:00", "23:00-07:00", "00:00-08:00", "none"]
        wanted = plain(typed)
        return [(hours, hours) for hours in usual if hours.startswith(wanted)]


def _halves(typed: str) -> list[tuple[str, str]]:
    """Where it may be cut in two: at a word or a dash between two times, else between any of its words."""
    marks = [(typed[: match.start()], typed[match.end() :]) for match in _UNTIL.finditer(typed)]
    words = typed.split()
    if marks or not 1 < len(words) <= _MOST_WORDS:
        return [(start, end.removeprefix("las ")) for start, end in marks]
    return [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]
