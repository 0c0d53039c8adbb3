"""The values our TOML files hold: each says what it takes, refuses anything else, and guesses what was meant."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator

from bot.core import kinds
from bot.core.commands import BadValue, Kind, Reader
from bot.core.matching import nearest
from bot.core.text import NAME_LIMIT, clean
from bot.core.tomlfile import Takes
from bot.core.words import Text, _

_GUESS_LIMIT = 3
_LINK_LIMIT = 500
_PATH_LIMIT = 200
_NOBODY = Reader(now=datetime(2000, 1, 1, tzinfo=UTC), zone=ZoneInfo("UTC"))
"""A file's values mean the same whoever reads it, and whenever."""


def of_kind(expected: Text, kind: Kind) -> Takes:
    """What people may type for a command's parameter of this `kind`; TOML's own times are taken too."""

    def parse(value: Any) -> object:
        typed = str(value) if isinstance(value, time | ZoneInfo) else _text(value)
        try:
            return kind.parse(typed, _NOBODY)
        except BadValue as bad:
            raise BadValue(expected, bad.guesses[:_GUESS_LIMIT]) from None

    return Takes(expected, parse)


def one_of(options: Iterable[str]) -> Takes:
    """One of a few words, such as the members of a `StrEnum`."""
    by_word = {str(option): option for option in options}
    expected = _("one of {options}", options=", ".join(by_word))

    def parse(value: Any) -> str:
        found = by_word.get(_text(value))
        if found is None:
            raise BadValue(expected, tuple(nearest(value, [(word, word) for word in by_word], 1)))
        return found

    return Takes(expected, parse)


def number(least: int, most: int) -> Takes:
    """A whole number."""
    expected = _("a whole number from {least} to {most}", least=least, most=most)

    def parse(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError
        return value

    return Takes(expected, parse)


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError  # noqa: TRY004  as every value here that is not as expected
    return value


def at_most(limit: int) -> BeforeValidator:
    """A list of so many entries; a longer one is refused before its entries are looked at."""

    def check(value: Any) -> Any:
        if isinstance(value, list | tuple) and len(value) > limit:
            raise BadValue(_("a list of at most {limit} entries", limit=limit))
        return value

    return BeforeValidator(check)


def line(expected: Text, limit: int, *, private: bool = False) -> Takes:
    """Words on one line, without control and direction characters."""

    def parse(value: Any) -> str:
        one_line = " ".join(clean(_text(value, limit), limit).split())
        # Where a control character stood, two others may compose now; reading it again must change nothing.
        composed = unicodedata.normalize("NFC", one_line)
        if not 0 < len(composed) <= limit:
            raise ValueError
        return composed

    return Takes(expected, parse, private=private)


def text(expected: Text, limit: int) -> Takes:
    """Words on several lines, without control and direction characters."""

    def parse(value: Any) -> str:
        cleaned = clean(_text(value, limit), limit)
        if not cleaned:
            raise ValueError
        return cleaned

    return Takes(expected, parse)


def day(value: Any) -> str:
    """A date of TOML's own, or as text: 2026-11-22."""
    return date.fromisoformat(value.isoformat() if isinstance(value, date) else _text(value)).isoformat()


def matching(expected: Text, pattern: str, *, private: bool = False) -> Takes:
    """Text that is a full match of a regular expression; a whole number counts as its digits."""
    compiled = re.compile(pattern, re.ASCII)

    def parse(value: Any) -> str:
        if isinstance(value, int) and 0 <= value < 2**64:
            value = str(value)
        if compiled.fullmatch(_text(value).strip()) is None:
            raise ValueError
        return str(value).strip()

    return Takes(expected, parse, private=private)


def _text(value: Any, limit: int = _LINK_LIMIT) -> str:
    if not isinstance(value, str) or len(value) > limit:
        raise ValueError
    return value


def _weekdays(value: Any) -> str:
    """The days as they are written, once the kind has understood them."""
    days = ", ".join(map(_text, value)) if isinstance(value, list) else _text(value)
    one_line = " ".join(clean(days).split())
    rule_of(one_line)
    return one_line


def rule_of(days: str) -> str:
    """The RFC 5545 rule that `days` in words mean, such as "FREQ=WEEKLY;BYDAY=TU,TH"; raises `BadValue`."""
    try:
        return kinds.WEEKDAYS.parse(days, _NOBODY)
    except BadValue as bad:
        raise BadValue(WEEKDAYS.expected, bad.guesses[:_GUESS_LIMIT]) from None


def _link(schemes: tuple[str, ...]) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        # Printable ASCII: a browser shows other characters as something else, or not at all.
        link = _text(value).strip()
        parts = urlsplit(link)
        fits = parts.scheme in schemes and parts.hostname and "@" not in parts.netloc
        if not fits or not re.fullmatch(r"[!-~]+", link) or (parts.port is not None and parts.port < 1):
            raise ValueError
        return link

    return parse


def link(expected: Text, *schemes: str) -> Takes:
    """A network address of one of these schemes, without a password in it."""
    return Takes(expected, _link(schemes))


def _path(suffix: str) -> Callable[[Any], PurePosixPath]:
    def parse(value: Any) -> PurePosixPath:
        path = PurePosixPath(_text(str(value) if isinstance(value, PurePosixPath) else value, _PATH_LIMIT))
        outside = path.is_absolute() or ".." in path.parts or re.search(r"[\\:\x00-\x1f]", str(path))
        if outside or path.suffix.lower() != suffix:
            raise ValueError
        return path

    return parse


ZONE = of_kind(_("a time zone such as America/New_York"), kinds.ZONE)
COUNTRY = of_kind(_("a country's two letters, such as US"), kinds.COUNTRY)
LANGUAGE = of_kind(_("a language's two letters, such as en"), kinds.LANGUAGE)
CLOCK = of_kind(_("a time of day such as 19:30"), kinds.TIME)
END_CLOCK = of_kind(_("a time of day such as 19:30"), kinds.END_TIME)
YES_OR_NO = Takes(_("true or false"), _yes_or_no)
WEEKDAYS = Takes(_("days such as tue, thu"), _weekdays)
WEB_LINK = link(_("a link that starts with https:// or http://"), "https", "http")
DAY = Takes(_("a date such as 2026-11-22"), day)
CSV_PATH = Takes(_("the name of a .csv file beside this one, or in a folder beside it"), _path(".csv"))
TOML_PATH = Takes(_("the name of a .toml file beside this one, or in a folder beside it"), _path(".toml"))
SLUG = matching(_("2 to 32 characters of a-z, 0-9 and -, such as riverside"), r"[a-z0-9][a-z0-9-]{0,30}[a-z0-9]")
PERSON_NAME = line(_("a name of 1 to {n} characters on one line", n=NAME_LIMIT), NAME_LIMIT, private=True)

DISCORD_ID = matching(_("a Discord id: 17 to 20 digits"), r"[1-9][0-9]{16,19}", private=True)
_SERVER_NAME = r"[A-Za-z0-9.\-:\[\]]{1,200}"
MATRIX_USER = matching(
    _("a Matrix account such as @name:example.org"), rf"@[!-9;-~]{{1,200}}:{_SERVER_NAME}", private=True
)
SERVER_NAME = matching(_("a server's name such as example.org"), _SERVER_NAME)
MATRIX_ROOM = matching(
    # A room of version 12 has an id without a server's name (MSC4291). Not an address (#…): whoever may change
    # where it leads could put a room of theirs in the place of the community's.
    _("a Matrix room's id, which begins with ! (in Element: the room's settings, Advanced)"),
    r"![!-~]{1,254}",
)
_CONSOLE = _("1 to 32 characters of a-z, 0-9, _ and -"), r"[a-z0-9_-]{1,32}"
CONSOLE_NAME = matching(*_CONSOLE)
CONSOLE_USER = matching(*_CONSOLE, private=True)
