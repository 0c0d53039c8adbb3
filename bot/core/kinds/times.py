"""A time of day, and a length of time."""

import re
from datetime import time

from bot.core.commands import BadValue, Reader
from bot.core.kinds.reading import SUGGESTION_LIMIT, mended, not_understood, plain, read
from bot.core.matching import nearest
from bot.core.words import Say, _, _n

_CLOCK = re.compile(
    r"(?P<hour>\d{1,2})(?:[:.h ]?(?P<minute>\d{2}))?(?::00)?\s?(?:h|o'?clock|uhr)?"
    r"\s?(?:(?P<half>[ap])\.?\s?m?\.?)?",
    re.ASCII,
)
_NAMED = {"noon": time(12), "midday": time(12), "midnight": time(0)}
_CLOCK_WORDS = (*_NAMED, "oclock", "o'clock")
_HOURS, _HALF, _SIXTY = 24, 12, 60
_USUAL = (8, 9, 12, 18, 19, 20, 21, 7, 10, 17, 22)
"""Hours at which people like to be asked, offered before anything is typed."""


_MIDNIGHT = re.compile(r"24(?:[:.h ]?00)?(?::00)?\s?h?", re.ASCII)
_DAY_IS_OVER = time(fold=1)  # equal to 00:00, as the clock shows it


def half_of(typed: str) -> str:
    """Whether a time was typed with am ("a") or pm ("p"), or is of its half by its name; "" where nothing tells."""
    if typed in _NAMED:
        return "p" if _NAMED[typed] else "a"
    match = _CLOCK.fullmatch(typed)
    return "" if match is None else match["half"] or ""


def is_end_of_day(end: time) -> bool:
    """Whether it was typed as 24:00: of a day that is named it is the end, where 00:00 is the beginning."""
    return end == time() and bool(end.fold)


class Time:
    """A local time of day, to the minute: "8", "08:00", "8:30 pm", "20h", "noon" → `datetime.time`.

    `is_end`: something lasts until then; 24:00 is the midnight after it.
    """

    name = "time"
    expected = _("Please write a time of day, such as 08:00 or 8:30 pm.")

    def __init__(self, *, is_end: bool = False) -> None:
        self._is_end = is_end

    def parse(self, text: str, reader: Reader) -> time:
        """The time meant; a bare number up to 24 is an hour of the day."""
        typed = read(text, self.expected)
        if typed in _NAMED:
            return _NAMED[typed]
        if self._is_end and _MIDNIGHT.fullmatch(typed):
            return _DAY_IS_OVER
        match = _CLOCK.fullmatch(typed)
        if match is None:
            raise not_understood(text, self.expected, self._guesses(typed, reader))
        hour, minute, half = int(match["hour"]), int(match["minute"] or 0), match["half"]
        if half and not 1 <= hour <= _HALF:
            # 20 pm can only be 20 o'clock; 20 am may be a slip for 8 or 10.
            raise not_understood(text, self.expected, _near(hour, minute))
        if half:
            hour = hour % _HALF + (_HALF if half == "p" else 0)
        if hour >= _HOURS or minute >= _SIXTY:
            raise not_understood(text, self.expected, _near(hour, minute))
        return time(hour, minute)

    def _guesses(self, typed: str, reader: Reader) -> list[str]:
        """Names of times that are nearly what was typed, or the time where its words were mended."""
        better = mended(typed, _CLOCK_WORDS)
        if better is not None and _CLOCK.fullmatch(better):
            try:
                return [_say(self.parse(better, reader))]
            except BadValue as unread:
                return list(unread.guesses)
        return nearest(typed, [(word, word) for word in _NAMED])

    def suggest(self, typed: str, reader: Reader) -> list[tuple[str, Say]]:
        """Full and half hours that go on from what is typed."""
        wanted = plain(typed).rstrip(":.")
        match = _CLOCK.fullmatch(wanted)
        if wanted and match is None:
            return [(_say(value), _say(value)) for word, value in _NAMED.items() if word.startswith(wanted)]
        if match is None:
            return [(_say(time(hour)), _say(time(hour))) for hour in _USUAL]
        hour, minute, half = int(match["hour"]), int(match["minute"] or 0), match["half"]
        hours = {hour, hour % _HALF + _HALF} if 1 <= hour <= _HALF else {hour}
        if half and 1 <= hour <= _HALF:
            hours = {hour % _HALF + (_HALF if half == "p" else 0)}
        minutes = (minute,) if match["minute"] else (0, 30, 15, 45)
        times = [time(h, m) for m in minutes for h in sorted(hours) if h < _HOURS and m < _SIXTY]
        return [(_say(value), _say(value)) for value in times]


def _near(hour: int, minute: int) -> list[str]:
    """Times a slip away from one that does not exist."""
    hours = [hour] if hour < _HOURS else [hour % _HOURS, hour % 10, 10 + hour % 10]
    minutes = [minute] if minute < _SIXTY else [0, minute % 10, 10 * (minute % 6)]
    return [_say(time(h % _HOURS, m)) for m in minutes for h in hours]


def _say(value: time) -> str:
    return value.isoformat("minutes")


_LENGTH = re.compile(
    r"(?:(?P<hours>\d{1,4})(?:[.,](?P<tenths>\d))?\s?(?:h|hrs?|hours?|std)\.?)?"
    r"(?:\s?(?:and\s)?(?P<minutes>\d{1,6})\s?(?:m|mins?|minutes?|min\.|')?)?",
    re.ASCII,
)
_COLON = re.compile(r"(\d{1,2}):([0-5]\d)", re.ASCII)
_NAMED_LENGTHS = {
    "half an hour": 30,
    "half hour": 30,
    "an hour": 60,
    "one hour": 60,
    "an hour and a half": 90,
    "two hours": 120,
}
_LENGTH_WORDS = ("half", "hour", "hours", "minute", "minutes", "two", "one", "and")
_DAY = 1440


class Minutes:
    """A length of time from one minute to a day: "60", "90 min", "1h30", "1:30" → minutes as `int`."""

    name = "minutes"
    expected = _("Please write how long, from 1 minute to 24 hours, such as 90 or 1h30.")

    def parse(self, text: str, reader: Reader) -> int:
        """The number of minutes meant; a bare number is minutes."""
        typed = read(text, self.expected)
        minutes = _read_length(typed)
        if minutes is None:
            better = _read_length(mended(typed, _LENGTH_WORDS) or typed)
            near = [str(n) for words, n in _NAMED_LENGTHS.items() if words.startswith(typed[:3])]
            raise not_understood(text, self.expected, near if better is None else [str(better)])
        if not 1 <= minutes <= _DAY:
            raise not_understood(text, self.expected, [str(min(max(minutes, 1), _DAY))])
        return minutes

    def suggest(self, typed: str, reader: Reader) -> list[tuple[str, Say]]:
        """What is typed, if it is a length, and lengths that begin like it."""
        wanted = plain(typed)
        typed_length = _read_length(wanted)
        usual = [n for n in (30, 45, 60, 75, 90, 120, 15) if str(n).startswith(wanted)]
        lengths = [n for n in dict.fromkeys([typed_length, *usual]) if n is not None and 1 <= n <= _DAY]
        return [(str(n), _n("{n} minute", "{n} minutes", n=n)) for n in lengths[:SUGGESTION_LIMIT]]


def _read_length(typed: str) -> int | None:
    if typed in _NAMED_LENGTHS:
        return _NAMED_LENGTHS[typed]
    colon = _COLON.fullmatch(typed)
    if colon:
        return int(colon[1]) * _SIXTY + int(colon[2])
    match = _LENGTH.fullmatch(typed)
    if not typed or match is None:
        return None
    hours, tenths, minutes = (int(match[part] or 0) for part in ("hours", "tenths", "minutes"))
    return hours * _SIXTY + tenths * 6 + minutes
