"""What somebody looks for, in their own words: "online women tonight", "tuesday near Boston", "next 2 hours"."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.core.distance import find_point
from bot.core.kinds.dates import DAYS, day_of_name
from bot.core.matching import fold
from bot.core.meetings import types
from bot.core.meetings.type_names import LANGUAGES
from bot.core.occurrences import instant, local_date

LONGEST: Final = timedelta(days=7)
"""Further ahead than a week all comes again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was understood. `text` are the words that name a meeting; `near` those that name a place, or coordinates.

    `begin` and `end` are instants; `language` is ISO 639; `types` are codes of `programme`.
    """

    text: str
    near: str
    programme: str | None
    types: tuple[str, ...]
    language: str | None
    online: bool
    in_person: bool
    begin: datetime
    end: datetime


_NEXT: Final = re.compile(
    r"\b(?:in |within |en )?(?:the )?(?:next |pr[óo]xim[ao]s )?"
    r"(\d{1,3}) ?(hours?|hrs?|h|horas?|minutes?|mins?|minutos?)\b"
)
_NOW: Final = re.compile(r"\b(?:right now|now|ahora|soon)\b")
_TODAY: Final = re.compile(r"\b(?:today|tonight|hoy|esta noche)\b")
_TOMORROW: Final = re.compile(r"\b(?:tomorrow|mañana|manana)\b")
_PART: Final = re.compile(
    r"\b(this|today|tomorrow|mon(?:day)?|tue(?:sday)?|wed(?:nesday)?|thu(?:rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)"
    r" (morning|afternoon|evening|night)\b"
)
"""A part of a day that is named: "morning" alone is in the names of many groups."""
_PARTS: Final = {
    "morning": (time(4), time(12)),
    "afternoon": (time(12), time(17)),
    "evening": (time(17), time(23, 59)),
    "night": (time(17), time(23, 59)),
}
TIME_WORDS: Final = ("today", "tonight", "tomorrow", *DAYS, *_PARTS)
"""The words for a time of which a slip can be told."""
_ONLINE: Final = re.compile(r"\b(?:online|on line|virtual|zoom|en línea|en linea)\b")
_IN_PERSON: Final = re.compile(r"\b(?:in[ -]person|face to face|presencial(?:es)?)\b")
_NEAR: Final = re.compile(r"\b(?:near(?:by)?|close to|around|in|at|cerca de|en)\s+(?:the\s+)?([^\d,;]{2,60})")
_NEAR_CODE: Final = re.compile(
    r"\b(?:near(?:by)?|close to|around|in|cerca de|en)\s+((?=[a-z]*\d)[a-z\d]{3,8}(?: \d[a-z\d]{2})?)\b"
)
"""A postcode."""
_NEAR_WORD: Final = re.compile(r"\b(?:near(?:by)?|close to|around|in|at|cerca de|en)\s*$")
_EMPTY: Final = frozenset(
    [
        "a",
        "an",
        "the",
        "meeting",
        "meetings",
        "group",
        "groups",
        "of",
        "for",
        "on",
        "with",
        "only",
        "any",
        "all",
        "me",
        "here",
        "mi",
        "is",
        "are",
        "there",
        "this",
        "next",
        "reunion",
        "reuniones",
        "un",
        "una",
        "el",
        "la",
        "los",
        "las",
        "de",
        "para",
        "please",
        "find",
        "show",
        "who",
        "what",
    ]
)
_EVENING: Final = time(17)
_LANGUAGE_CODES: Final = frozenset(LANGUAGES)


def read(words: str, programme: str | None, *, now: datetime, zone: ZoneInfo) -> Asked:
    """What is looked for, by the clock and calendar of `zone`."""
    rest = words.casefold()[:200]
    exactly, rest = _coordinates(rest)
    part = ""
    if found := _PART.search(rest):
        part = found[2]
        rest = f"{rest[: found.start()]}{'today' if found[1] == 'this' else found[1]}{rest[found.end() :]}"
    begin, end, rest = _window(rest, now, zone)
    online, in_person = _ONLINE.search(rest) is not None, _IN_PERSON.search(rest) is not None
    rest = _IN_PERSON.sub(" ", _ONLINE.sub(" ", rest))
    near = ""
    if found := _NEAR_CODE.search(rest) or _NEAR.search(rest):
        near, rest = found[1], _without(rest, found)
    codes: dict[str, None] = {}
    language: str | None = None
    text: list[str] = []
    by_day = False
    near_words = [word for word in near.split() if not _day(word)]
    for word in [*rest.split(), *(word for word in near.split() if _day(word))]:
        bare = word.strip(".,;:!?¿¡\"'")
        day = _day(bare)
        named = types.known_programme(bare)
        code = types.code_by_name(programme or named, bare)
        if day and not by_day:
            by_day = True
            begin, end = _day_ahead(now, zone, day)
        elif named and programme is None:
            programme = named
        elif code in _LANGUAGE_CODES:
            language = LANGUAGES[code or ""]
        elif code:
            codes[code] = None
        elif bare and bare not in _EMPTY:
            text.append(bare)
    begin, end = _within_part(begin, end, part, zone) if part else (begin, end)
    return Asked(
        text=" ".join(text),
        near=exactly or fold(" ".join(word for word in near_words if word not in _EMPTY)),
        programme=programme,
        types=tuple(codes),
        language=language,
        online=online,
        in_person=in_person,
        begin=begin,
        end=min(end, now + LONGEST),
    )


def _window(rest: str, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime, str]:
    """From when to when, and what is left of the words; a weekday's name is still in it."""
    begin, end = now, now + LONGEST
    if found := _NEXT.search(rest):
        ahead = int(found[1])
        end = now + (timedelta(hours=ahead) if found[2].startswith(("h", "H")) else timedelta(minutes=ahead))
        rest = _without(rest, found)
    elif found := _NOW.search(rest):
        end, rest = now + timedelta(hours=2), _without(rest, found)
    elif found := _TODAY.search(rest):
        end, rest = _end_of_day(now, zone, 0), _without(rest, found)
        if found[0] in {"tonight", "esta noche"}:
            begin = max(now, instant(local_date(now, zone), _EVENING, zone))
    elif found := _TOMORROW.search(rest):
        begin, end, rest = _end_of_day(now, zone, 0), _end_of_day(now, zone, 1), _without(rest, found)
    return begin, end, rest


def _within_part(begin: datetime, end: datetime, part: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Of a day, or what is left of it, a part; all of it where that part is over."""
    first, last = (instant(local_date(begin, zone), wall, zone) for wall in _PARTS[part])
    return (max(begin, first), min(end, last)) if last > begin else (begin, end)


def _coordinates(text: str) -> tuple[str, str]:
    """The coordinates in the text ("" if there are none), and the text without them."""
    at = find_point(text)
    if at is None:
        return "", text
    first, last = at[1]
    return text[first:last], f"{_NEAR_WORD.sub('', text[:first])} {text[last:]}"


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"


def _day(word: str) -> int | None:
    return day_of_name(word) if len(word) > 2 else None  # noqa: PLR2004  "we" and "mo" are words of their own


def _end_of_day(now: datetime, zone: ZoneInfo, days: int) -> datetime:
    return instant(local_date(now, zone) + timedelta(days=days + 1), time.min, zone)


def _day_ahead(now: datetime, zone: ZoneInfo, weekday: int) -> tuple[datetime, datetime]:
    today = local_date(now, zone)
    day = today + timedelta(days=(weekday - today.isoweekday()) % 7)
    return max(now, instant(day, time.min, zone)), instant(day + timedelta(days=1), time.min, zone)
