"""Wall times and lengths, as feeds write them."""

import re
from datetime import time
from functools import lru_cache
from typing import Any, Final

_CLOCK: Final = re.compile(
    r"(?P<iso>\d{4}-\d\d-\d\d[T ])?(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2}))?(?::\d{2}(?:\.\d+)?)?"
    r"\s*(?:(?P<half>[ap])\.?\s?m?\.?)?"
    r"(?(iso)(?:Z|[+-]\d\d:?\d\d)?)",
    re.IGNORECASE | re.ASCII,
)
_BARE: Final = re.compile(r"([01]\d|2[0-3])([0-5]\d)(?:\s?h(?:rs?)?)?", re.ASCII)
_NAMED: Final = {
    "noon": time(12), "12 noon": time(12), "12:00 noon": time(12), "midday": time(12),
    "midnight": time(0), "12 midnight": time(0), "12:00 midnight": time(0),
}  # fmt: skip
_LENGTH: Final = re.compile(r"(\d{1,2}):([0-5]\d)(?::[0-5]\d)?", re.ASCII)
_DASH: Final = re.compile(r"\s+(?:to|until|-|–|—)\s+|(?<=[\dmM.])[-–—](?=\d)", re.IGNORECASE)
_HALF, _HOURS, _SIXTY, _DAY = 12, 24, 60, 1440
_LONGEST: Final = 40

OVERNIGHT_LIMIT: Final = 6 * _SIXTY
"""Minutes: an end before the start that is at most this long after it, past midnight, is one; else a typing error."""


def read_time(value: Any) -> time | None:
    """The wall time of a feed's field, to the minute; None if it is empty; raises ValueError if it means nothing.

    "19:30", "19:30:00", "7:30 PM", "7 p.m.", "1930", "noon", a spreadsheet's part of a day (0.8125), or the time of
    an ISO 8601 instant as it stands (sheets give 1899-12-30T19:30:00). A bare hour is not taken for either half.
    """
    if value is None or isinstance(value, time):
        return value and value.replace(second=0, microsecond=0, tzinfo=None)
    if isinstance(value, float) and 0 <= value < 1:
        minutes = round(value * _DAY) % _DAY
        return time(minutes // _SIXTY, minutes % _SIXTY)
    if isinstance(value, int) and not isinstance(value, bool):
        value = f"{value:04d}"
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise ValueError("not a time")
    return _read_text(value)


@lru_cache(maxsize=2048)
def _read_text(value: str) -> time | None:
    text = value.strip().casefold()
    if not text or text in _NAMED:
        return _NAMED.get(text)
    hour, minute = _hour_and_minute(text)
    return time(hour, minute)


def _hour_and_minute(text: str) -> tuple[int, int]:
    if bare := _BARE.fullmatch(text):
        return int(bare[1]), int(bare[2])
    found = _CLOCK.fullmatch(text)
    if found is None or not (found["minute"] or found["half"]):
        raise ValueError("not a time")
    hour, minute, half = int(found["hour"]), int(found["minute"] or 0), found["half"]
    if half and 1 <= hour <= _HALF:
        hour = hour % _HALF + (_HALF if half == "p" else 0)
    elif hour == _HOURS and minute == 0:
        hour = 0
    if hour >= _HOURS or minute >= _SIXTY:
        raise ValueError("not a time")
    return hour, minute


def split_range(value: str) -> tuple[str, str]:
    """Start and end of "7:00 - 8:00 PM"; the end is "" if there is none. One half of the day counts for both."""
    start, dash, end = _DASH.sub("-", value).partition("-")
    if not dash or not any(char.isdigit() for char in start) or not any(char.isdigit() for char in end):
        return value, ""
    half = re.search(r"[ap]\.?\s?m", end, re.IGNORECASE)
    if half and not re.search(r"[ap]\.?\s?m|noon|midnight", start, re.IGNORECASE):
        start = f"{start.strip()} {half[0]}"
    return start, end


def length(start: time, end: time) -> tuple[int | None, str | None]:
    """Minutes from start to end, and what is doubtful about them.

    "overnight": the end is the next day, at most six hours on. "end_before_start": it can only be a typing error, and
    the length is not known.
    """
    begun, over = start.hour * _SIXTY + start.minute, end.hour * _SIXTY + end.minute
    if over > begun:
        return over - begun, None
    minutes = over - begun + _DAY
    if minutes <= OVERNIGHT_LIMIT:
        return minutes, "overnight"
    return None, "end_before_start"


def read_length(value: Any) -> int | None:
    """A length in minutes from "01:30:00", "1:30", "90" or 90; None if there is none; raises ValueError.

    Nothing lasts longer than a day.
    """
    if value is None or value in {"", "00:00:00", "0", 0}:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError("not a length")  # noqa: TRY004  whatever is no length is one kind of refusal
    text = str(value).strip()
    if found := _LENGTH.fullmatch(text):
        minutes = int(found[1]) * _SIXTY + int(found[2])
    elif re.fullmatch(r"\d{1,4}(?:\.0+)?", text, re.ASCII):
        minutes = int(float(text))
    else:
        raise ValueError("not a length")
    if not 1 <= minutes <= _DAY:
        raise ValueError("not a length")
    return minutes
