"""The values our TOML files hold: each says what it takes, refuses anything else, and guesses what was meant."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import time
from functools import cache
from pathlib import PurePosixPath
from typing import Annotated, Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from pydantic import Field
from rapidfuzz import fuzz, process

from bot.core.commands import BadValue
from bot.core.text import NAME_LIMIT, clean_name
from bot.core.tomlfile import Takes
from bot.core.words import _

_TYPED_LIMIT = 80
"""Characters of a wrong value that are compared with the right ones."""

_LINK_LIMIT = 500
_DAY = 24 * 60
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY_NAMES: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")

_NOT_COUNTRIES = frozenset("AC CP CQ DG EA EU EZ IC QO TA UN XA XB ZZ".split())
"""Two-letter codes in CLDR that are no ISO 3166-1 countries (Kosovo's XK is kept: people live there)."""

_NOT_ZONES = frozenset({"Factory", "localtime", "posixrules"})


def guess(typed: str, options: Iterable[str], *, limit: int = 3) -> tuple[str, ...]:
    """The `options` nearest to what was `typed`, best first."""

    def folded(text: str) -> str:
        return text.casefold().replace("_", " ")

    found = process.extract(
        typed[:_TYPED_LIMIT], options, scorer=fuzz.WRatio, processor=folded, limit=limit, score_cutoff=70
    )
    return tuple(option for option, _score, _index in found)


def one_of(options: Iterable[str]) -> Takes:
    """One of a few words."""
    by_word = {str(option): option for option in options}
    expected = _("one of {options}", options=", ".join(by_word))

    def parse(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError
        found = by_word.get(value)
        if found is None:
            raise BadValue(expected, guess(value, by_word, limit=1))
        return found

    return Takes(expected, parse)


def _one_line(limit: int) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if not isinstance(value, str) or len(value) > limit:
            raise ValueError
        # Without its control characters a text may compose further: only then is reading it again a no-op.
        line = unicodedata.normalize("NFC", clean_line(value, limit))
        if not line or len(line) > limit:
            raise ValueError
        return line

    return parse


def clean_line(text: str, limit: int) -> str:
    """`text` on one line, without control and direction characters, at most `limit` characters."""
    return " ".join(clean(text, limit).split())


def _slug(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,30})[a-z0-9]", value):
        raise ValueError
    return value


@cache
def _zones() -> dict[str, str]:
    """IANA's names of zones, by their lower-case form."""
    return {name.casefold(): name for name in sorted(available_timezones() - _NOT_ZONES)}


def _zone(value: Any) -> ZoneInfo:
    if isinstance(value, ZoneInfo):
        return value
    if not isinstance(value, str):
        raise ValueError
    name = _zones().get(value.strip().casefold())
    if name is None:
        raise BadValue(ZONE_EXPECTED, guess(value, _zones().values()))
    return ZoneInfo(name)


@cache
def _countries() -> dict[str, str]:
    """English names of countries, by ISO 3166-1 code."""
    territories = Locale("en").territories
    return {code: name for code, name in territories.items() if len(code) == 2 and code not in _NOT_COUNTRIES}  # noqa: PLR2004


def _country(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    code = value.strip().upper()
    if code in _countries():
        return code
    by_name = {name: code for code, name in _countries().items()}
    # What people write for two countries is no ISO code, and near to none.
    usual = {"UK": ("GB",), "USA": ("US",)}.get(code)
    raise BadValue(COUNTRY_EXPECTED, usual or tuple(by_name[name] for name in guess(value, by_name)))


@cache
def _languages() -> dict[str, str]:
    """English names of languages, by ISO 639-1 code."""
    return {code: name for code, name in Locale("en").languages.items() if len(code) == 2}  # noqa: PLR2004


def _language(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    code = value.strip().lower()
    if code in _languages():
        return code
    by_name = {name: code for code, name in _languages().items()}
    raise BadValue(LANGUAGE_EXPECTED, tuple(by_name[name] for name in guess(value, by_name, limit=2)))


def _clock(value: Any) -> time:
    if isinstance(value, time):  # TOML has times too: 19:30:00, without quotation marks
        if value.second or value.microsecond or value.tzinfo:
            raise ValueError
        return value
    found = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is not None:
        return time(int(found[1]), int(found[2]))
    guesses = _clock_guesses(value) if isinstance(value, str) else ()
    raise BadValue(CLOCK_EXPECTED, guesses)


def _clock_guesses(typed: str) -> tuple[str, ...]:
    """What "7:30 pm", "19.30" or "1930" would be."""
    found = re.fullmatch(r"([0-9]{1,2})[.:h ]?([0-9]{2})? ?([ap])?\.?m?\.?", typed[:_TYPED_LIMIT].strip().lower())
    if found is None:
        return ()
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    if half is not None:
        hour = hour % 12 + (12 if half == "p" else 0)
    return (f"{hour:02}:{minute:02}",) if hour < 24 and minute < 60 else ()  # noqa: PLR2004


def _weekdays(value: Any) -> tuple[int, ...]:
    if isinstance(value, str):
        value = [word for word in re.split(r"[,;&\s]+|\band\b", value[:_LINK_LIMIT].lower()) if word]
    if not isinstance(value, list | tuple) or not value:
        raise ValueError
    return tuple(sorted({_weekday(word) for word in value}))


def _weekday(word: Any) -> int:
    if isinstance(word, int) and not isinstance(word, bool) and 0 <= word < len(WEEKDAYS):
        return word
    if not isinstance(word, str):
        raise ValueError
    short = word.strip().lower()
    for number, name in enumerate(_WEEKDAY_NAMES):
        if len(short) >= len(WEEKDAYS[number]) and name.startswith(short.rstrip("s")):
            return number
    raise BadValue(WEEKDAYS_EXPECTED, guess(short, _WEEKDAY_NAMES, limit=1))
