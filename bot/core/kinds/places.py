"""A time zone, and a country."""

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import cache
from zoneinfo import ZoneInfo

from bot.core.commands import BadValue, Reader
from bot.core.countries import (
    country_codes,
    country_name,
    country_of_name,
    country_of_zone,
    current_name,
    guess_countries,
    well_known_zones,
    zone_names,
    zones_of_country,
)
from bot.core.kinds.reading import GUESS_LIMIT, SUGGESTION_LIMIT, not_understood, perhaps, plain, read
from bot.core.matching import fold, nearest
from bot.core.words import Say, _

_ABBREVIATED = {
    "acst acdt": "Australia/Adelaide Australia/Darwin",
    "aest aedt": "Australia/Sydney Australia/Melbourne Australia/Brisbane",
    "akst akdt": "America/Anchorage",
    "ast adt": "America/Halifax America/Puerto_Rico Asia/Riyadh",
    "awst": "Australia/Perth",
    "brt": "America/Sao_Paulo",
    "bst": "Europe/London Asia/Dhaka",
    "cat": "Africa/Harare Africa/Maputo",
    "cet cest met mest mez mesz": "Europe/Berlin Europe/Paris Europe/Madrid Europe/Rome Europe/Warsaw",
    "cst cdt ct central": "America/Chicago America/Mexico_City America/Winnipeg Asia/Shanghai",
    "eat": "Africa/Nairobi",
    "eet eest": "Europe/Athens Europe/Bucharest Europe/Helsinki Europe/Kyiv Africa/Cairo",
    "est edt et eastern": "America/New_York America/Toronto America/Detroit",
    "gmt": "Europe/London Africa/Accra Atlantic/Reykjavik UTC",
    "hkt": "Asia/Hong_Kong",
    "hst": "Pacific/Honolulu",
    "ist": "Asia/Kolkata Europe/Dublin Asia/Jerusalem",
    "jst": "Asia/Tokyo",
    "kst": "Asia/Seoul",
    "msk": "Europe/Moscow",
    "mst mdt mt mountain": "America/Denver America/Phoenix America/Edmonton",
    "nst ndt": "America/St_Johns",
    "nzst nzdt": "Pacific/Auckland",
    "pht": "Asia/Manila",
    "pst pdt pt pacific": "America/Los_Angeles America/Vancouver America/Tijuana Asia/Manila",
    "sast": "Africa/Johannesburg",
    "sgt": "Asia/Singapore",
    "trt": "Europe/Istanbul",
    "wat": "Africa/Lagos",
    "wet west": "Europe/Lisbon Atlantic/Canary",
    "wib": "Asia/Jakarta",
}
"""Abbreviations people use, and places they may mean by them.

They are asked, not obeyed: an abbreviation means several places, and often a clock that never changes, whereas
people mean the clock on their wall.
"""

_CITIES = {
    "munich hamburg cologne frankfurt stuttgart leipzig": "Europe/Berlin",
    "manchester birmingham glasgow edinburgh cardiff liverpool leeds belfast": "Europe/London",
    "cork galway": "Europe/Dublin",
    "barcelona valencia sevilla": "Europe/Madrid",
    "milan naples turin": "Europe/Rome",
    "lyon marseille": "Europe/Paris",
    "geneva basel bern": "Europe/Zurich",
    "boston washington miami atlanta philadelphia": "America/New_York",
    "houston dallas austin minneapolis": "America/Chicago",
    "seattle portland san_francisco san_diego las_vegas": "America/Los_Angeles",
    "montreal ottawa": "America/Toronto",
    "calgary": "America/Edmonton",
    "san_juan": "America/Puerto_Rico",
    "rio_de_janeiro brasilia": "America/Sao_Paulo",
    "delhi new_delhi mumbai bangalore chennai": "Asia/Kolkata",
    "beijing shenzhen": "Asia/Shanghai",
    "osaka kyoto": "Asia/Tokyo",
    "canberra": "Australia/Sydney",
    "wellington": "Pacific/Auckland",
    "cape_town": "Africa/Johannesburg",
}
"""Large cities that no zone is named after."""

_NO_CITIES = "acre act casey center davis east easter general north south troll virgin wake west"
"""Last parts of zones' names that are words, or names of people."""

_OFFSET = re.compile(r"(?:utc|gmt)?\s?([+-])\s?(\d{1,2})(?::?([0-5]\d))?", re.ASCII)


class Zone:
    """A time zone: its IANA name or a city it is named after → `ZoneInfo`."""

    name = "zone"
    expected = _("Please write a time zone by a big city, such as Europe/Berlin or New York.")

    def parse(self, text: str, reader: Reader) -> ZoneInfo:
        """The zone meant; abbreviations, countries and offsets are answered with guesses."""
        typed = read(text, self.expected)
        named = _by_name().get(typed.replace(" ", "_"))
        if named:
            return ZoneInfo(named)
        guesses = _by_abbreviation().get(typed) or _by_offset(typed, reader)
        if not guesses:
            cities = _by_city().get(fold(typed), ())
            if len(cities) == 1 and typed in _NO_CITIES.split():
                raise BadValue(perhaps(typed, cities[0], self.expected), cities)
            if len(cities) == 1:
                return ZoneInfo(cities[0])
            guesses = cities or zones_of_country(country_of_name(typed) or "") or _alike(typed)
        raise not_understood(text, self.expected, _at_home_first(guesses, reader))

    def suggest(self, typed: str, reader: Reader) -> list[tuple[str, Say]]:
        """Zones like what is typed; before anything is typed the reader's own and those of their country."""
        wanted = plain(typed)
        found: Iterable[str]
        if wanted:
            exact = _by_name().get(wanted.replace(" ", "_"))
            given = _by_abbreviation().get(wanted) or _by_offset(wanted, reader) or _alike(wanted, SUGGESTION_LIMIT)
            found = [*([exact] if exact else []), *_at_home_first(given, reader)]
        else:
            home = reader.country or country_of_zone(reader.zone.key) or ""
            own = _by_name().get(reader.zone.key.casefold())
            found = [*([own] if own else []), *zones_of_country(home), *well_known_zones()]
        return [(name, _label(name, reader)) for name in dict.fromkeys(found)][:SUGGESTION_LIMIT]


def _label(name: str, reader: Reader) -> Say:
    now = reader.now.astimezone(ZoneInfo(name))
    return _("{zone} (now {time})", zone=name, time=now.time())


@cache
def _by_name() -> dict[str, str]:
    """Zones under their names in lower case; a renamed one under its old name too."""
    known = zone_names()
    current = {name: current_name(name) for name in known}
    return {name.casefold(): new if new in known else name for name, new in current.items()}


@cache
def _by_city() -> dict[str, tuple[str, ...]]:
    """Zones under the city in their name, such as "new york"."""
    cities: dict[str, dict[str, None]] = {}
    for name in sorted(zone_names()):
        cities.setdefault(fold(name.rpartition("/")[2]), {})[_by_name()[name.casefold()]] = None
    for others, zone in _CITIES.items():
        for city in others.split():
            cities.setdefault(fold(city), {})[current_name(zone)] = None
    return {city: tuple(zones) for city, zones in cities.items()}


def zones_of_city(name: str) -> tuple[str, ...]:
    """The zones of large cities of that name; () if none is known."""
    return _by_city().get(fold(name), ())


@cache
def _by_abbreviation() -> dict[str, tuple[str, ...]]:
    known = zone_names()
    return {
        short: tuple(zone for zone in zones.split() if zone in known)
        for shorts, zones in _ABBREVIATED.items()
        for short in shorts.split()
    }


def _by_offset(typed: str, reader: Reader) -> tuple[str, ...]:
    """Well-known zones whose clocks are now as far from UTC as "UTC+1" says."""
    match = _OFFSET.fullmatch(typed)
    if match is None:
        return ()
    offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0)) * (-1 if match[1] == "-" else 1)
    own = zones_of_country(reader.country or "")
    large = sorted({zone for zones in _by_abbreviation().values() for zone in zones})
    names = (*own, *large, *well_known_zones())
    return tuple(name for name in names if reader.now.astimezone(ZoneInfo(name)).utcoffset() == offset)


@cache
def _folded() -> tuple[tuple[str, str], ...]:
    """Everything a zone may be typed as, and the zone."""
    cities = [(city, zone) for city, zones in _by_city().items() for zone in zones]
    names = [(fold(name), zone) for name, zone in _by_name().items()]
    return (*sorted(cities), *sorted(names))


def _alike(typed: str, limit: int = GUESS_LIMIT) -> tuple[str, ...]:
    """Zones whose name or city is like `typed`, then those of the country most like it."""
    countries = guess_countries(typed, limit=1)
    return (*nearest(typed, _folded(), limit), *(zone for code in countries for zone in zones_of_country(code)))


def _at_home_first(zones: Iterable[str], reader: Reader) -> Iterator[str]:
    """The same zones, those of the reader's country first."""
    return iter(sorted(zones, key=lambda name: reader.country is None or country_of_zone(name) != reader.country))


_SAID_LIMIT = 80
"""Characters of a message that may be nothing but this."""

_THERE = re.compile(
    r"^\s*(?:(?:i['’]?m|i am|im|we are|i live|living|estoy|vivo)\s+)?(?:in|from|en|de)\s+(?:the\s+)?(?=\w{2})",
    re.IGNORECASE,
)
"""What people say before the name of where they are: "im in germany"."""

_WORDS = (
    "am as at be by do fm gg hm id im in is it la ma me mm mu my na ne no pa pm pr ps re se si so st tf to tv va ye"
)
"""Codes of countries that are words to many people, such as "no" and "me"; in capitals they are the country."""


_SAYS_WHERE = re.compile(
    r"(?:(?:no|sorry|actually|oh|well|but|wait|and|hey|btw|perdon|pero|y) )*"
    r"(?:im|i am|we are|were|i live|estoy|vivo|ahora estoy)(?: (?:now|actually|currently))? (?:in|en) (?:the )?"
    r"(?P<country>.+?)(?: (?:now|right now|actually|at the moment|today|sorry|btw|by the way|ahora|hoy))*"
)
"""A whole message by which somebody says in which country they are, folded."""

_SHORT = 2
"""Letters of a code: it may be any word, unless it is in capitals."""


def country_said(text: str) -> str | None:
    """The code of the country in which somebody says that they are, who was not asked: "no, im in spain"; else None."""
    found = _SAYS_WHERE.fullmatch(fold(text[:_SAID_LIMIT]))
    said = "" if found is None else found["country"]
    if len(said) <= _SHORT and said != "uk" and said.upper() not in text.split():
        return None
    return country_of_name(said)


class Country:
    """A country: its code, or a name people have for it → its ISO 3166 alpha-2 code.

    `of_person`: it is somebody's answer, in which "no" may mean no: what may be another word is asked about, unless it
    is written in capitals, as codes are.
    """

    name = "country"
    expected = _("Please write a country, such as Ireland, or its two-letter code, such as IE.")

    def __init__(self, *, of_person: bool = False) -> None:
        self._of_person = of_person

    def parse(self, text: str, reader: Reader) -> str:
        """The code of the country meant."""
        said = (_THERE.sub("", text) if self._of_person else text).strip()
        typed = read(said, self.expected)
        code = country_of_name(typed)
        if code is not None and self._is_word(typed) and said != code:
            raise BadValue(perhaps(typed, country_name(code), self.expected), (country_name(code),))
        if code is None:
            raise not_understood(text, self.expected, [country_name(guess) for guess in guess_countries(typed)])
        return code

    def suggest(self, typed: str, reader: Reader) -> list[tuple[str, Say]]:
        """Countries like what is typed; before anything is typed the reader's own, then all by name."""
        wanted = plain(typed)
        if wanted:
            codes = guess_countries(wanted, SUGGESTION_LIMIT)
        else:
            own = reader.country or country_of_zone(reader.zone.key) or ""
            by_name = sorted(country_codes(), key=country_name)
            codes = [*([own] if own in country_codes() else []), *by_name]
        names = [(code, country_name(code)) for code in dict.fromkeys(codes)]
        found: list[tuple[str, Say]] = [
            (name if self._is_word(code.casefold()) else code, name) for code, name in names
        ]
        return found[:SUGGESTION_LIMIT]

    def _is_word(self, typed: str) -> bool:
        return self._of_person and typed in _WORDS.split()
