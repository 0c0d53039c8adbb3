"""Countries, as ISO 3166 alpha-2 codes, with their names and time zones from Unicode's CLDR (through Babel)."""

import re
import zoneinfo
from collections.abc import Mapping
from functools import cache

from babel import Locale
from babel.core import UnknownLocaleError, get_global

from bot.core.matching import fold, nearest

_NOT_COUNTRIES = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})
"""Two-letter codes in CLDR that ISO 3166 does not assign to a country; XK, Kosovo, is in use and stays."""

_TYPED_LIMIT = 100
"""Characters of what was typed that are looked at; no name is longer."""

_KNOWN_AS = {
    "AE": ("UAE", "Emirates"),
    "AL": ("Shqipëria",),
    "AM": ("Hayastan",),
    "AT": ("Österreich",),
    "BA": ("Bosna i Hercegovina", "Bosnia"),
    "BE": ("België", "Belgique", "Belgien"),
    "BG": ("България", "Bulgariya"),
    "BR": ("Brasil",),
    "CD": ("DRC", "DR Congo", "Democratic Republic of the Congo", "Congo Kinshasa"),
    "CG": ("Republic of the Congo", "Congo Brazzaville", "Congo"),
    "CH": ("Schweiz", "Suisse", "Svizzera"),
    "CI": ("Ivory Coast",),
    "CN": ("PRC", "中国", "Zhongguo"),
    "CV": ("Cabo Verde",),
    "CZ": ("Czech Republic", "Česko"),
    "DE": ("Deutschland", "Allemagne", "Alemania"),
    "DK": ("Danmark",),
    "DZ": ("Algérie",),
    "EE": ("Eesti",),
    "EG": ("Misr", "مصر"),
    "ES": ("España",),
    "FI": ("Suomi",),
    "GB": ("UK", "Great Britain", "Britain", "England", "Scotland", "Wales", "Northern Ireland"),
    "GE": ("Sakartvelo",),
    "GR": ("Hellas", "Ελλάδα"),
    "HK": ("Hong Kong",),
    "HR": ("Hrvatska",),
    "HU": ("Magyarország",),
    "IE": ("Éire", "Republic of Ireland"),
    "IN": ("Bharat", "भारत"),
    "IR": ("Persia",),
    "IS": ("Ísland",),
    "IT": ("Italia",),
    "JP": ("Nippon", "日本"),
    "KP": ("DPRK",),
    "KR": ("Korea", "Republic of Korea", "한국"),
    "LT": ("Lietuva",),
    "LV": ("Latvija",),
    "MA": ("Maroc",),
    "MK": ("Macedonia",),
    "MM": ("Burma", "Myanmar"),
    "MO": ("Macao", "Macau"),
    "MX": ("México",),
    "NL": ("Holland", "Nederland"),
    "NO": ("Norge",),
    "NZ": ("Aotearoa",),
    "PH": ("Pilipinas",),
    "PL": ("Polska",),
    "PS": ("Palestine",),
    "RO": ("România",),
    "RS": ("Srbija",),
    "RU": ("Россия", "Russian Federation"),
    "SE": ("Sverige",),
    "SI": ("Slovenija",),
    "SK": ("Slovensko",),
    "SZ": ("Swaziland",),
    "TH": ("ประเทศไทย",),
    "TL": ("East Timor",),
    "TR": ("Turkey",),
    "TW": ("ROC", "台灣"),
    "UA": ("Україна", "Ukraina"),
    "US": ("USA", "US", "America", "United States of America"),
    "VA": ("Vatican", "Holy See"),
    "VN": ("Viet Nam", "Việt Nam"),
}
"""What people call a country besides its English name."""

_LARGEST_FIRST = {
    "AU": "Australia/Sydney Australia/Melbourne Australia/Brisbane Australia/Perth Australia/Adelaide",
    "BR": "America/Sao_Paulo America/Bahia America/Fortaleza America/Recife America/Manaus",
    "CA": "America/Toronto America/Vancouver America/Edmonton America/Winnipeg America/Halifax",
    "ES": "Europe/Madrid Atlantic/Canary",
    "ID": "Asia/Jakarta Asia/Makassar Asia/Jayapura",
    "MX": "America/Mexico_City America/Monterrey America/Tijuana America/Cancun America/Hermosillo",
    "PT": "Europe/Lisbon",
    "RU": "Europe/Moscow Asia/Yekaterinburg Asia/Novosibirsk Asia/Krasnoyarsk Asia/Vladivostok",
    "US": "America/New_York America/Chicago America/Denver America/Los_Angeles America/Phoenix",
}
"""For the countries of many zones, those that most people there live in (or would recognise), first."""


@cache
def zone_names() -> frozenset[str]:
    """The IANA names of places' time zones, old names among them, and UTC.

    Left out are names that are no place and do not say which rules they mean ("EST", "localtime", "Etc/GMT+5").
    """
    available = zoneinfo.available_timezones()
    return frozenset(name for name in available if "/" in name and not name.startswith("Etc/")) | {"UTC"}


def current_name(zone_name: str) -> str:
    """Today's name of a zone that has been renamed: "Asia/Calcutta" is "Asia/Kolkata"."""
    renamed: Mapping[str, str] = get_global("zone_aliases")
    return renamed.get(zone_name, zone_name)


@cache
def well_known_zones() -> tuple[str, ...]:
    """One zone for each set of rules that is in wide use: those that Windows offers, in alphabetical order."""
    offered: Mapping[str, str] = get_global("windows_zone_mapping")
    return tuple(sorted({current_name(name) for name in offered.values()} & zone_names()))


def country_of_zone(zone_name: str) -> str | None:
    """The code of the country a zone lies in; None for a zone that is unknown or nobody's."""
    territories: Mapping[str, str] = get_global("zone_territories")
    code = territories.get(current_name(zone_name))
    return code if code in country_codes() else None


def zones_of_country(code: str) -> tuple[str, ...]:
    """The IANA names of a country's zones, those of most people first; () for an unknown code."""
    return _zones_by_country().get(code.upper(), ())


@cache
def _zones_by_country() -> dict[str, tuple[str, ...]]:
    by_country: dict[str, list[str]] = {}
    for name in get_global("zone_territories"):
        code = country_of_zone(name)
        if code is not None and name in zone_names():
            by_country.setdefault(code, []).append(name)
    known = well_known_zones()
    for code, names in by_country.items():
        largest = _LARGEST_FIRST.get(code, "").split()
        names.sort(key=lambda name: (largest.index(name) if name in largest else len(largest), name not in known, name))
    return {code: tuple(names) for code, names in by_country.items()}


@cache
def country_codes() -> frozenset[str]:
    """All ISO 3166 alpha-2 codes."""
    codes = (str(code) for code in Locale("en").territories)
    return frozenset(code for code in codes if re.fullmatch("[A-Z]{2}", code)) - _NOT_COUNTRIES


def country_name(code: str, language: str = "en") -> str:
    """A country's name in a language (an ISO 639-1 code).

    In English where CLDR lacks that language or name; an unknown code is its own name.
    """
    try:
        names = Locale.parse(language).territories
    except (UnknownLocaleError, ValueError):
        names = Locale("en").territories
    return str(names.get(code) or Locale("en").territories.get(code) or code)


@cache
def _names() -> tuple[tuple[str, str], ...]:
    """Folded names and their codes; the names in use before the others."""
    english = [(fold(country_name(code)), code) for code in sorted(country_codes())]
    others = [(fold(name), code) for code, names in _KNOWN_AS.items() for name in names]
    return (*english, *others)


def country_of_name(text: str) -> str | None:
    """The code meant by a code or by a name, written exactly but for capitals and accents; else None."""
    typed = text[:_TYPED_LIMIT].strip()
    if typed.upper() in country_codes():
        return typed.upper()
    return dict(_names()).get(fold(typed).removeprefix("the "))


def guess_countries(text: str, limit: int = 5) -> list[str]:
    """The codes of the countries whose names are most like `text`, best first; typos are forgiven."""
    exact = country_of_name(text)
    found = nearest(text, _names(), limit)
    return found if exact is None else [exact, *(code for code in found if code != exact)][:limit]
