"""In which zone a record's wall time is: its own word, else the feed's setting, the place, or the community."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from bot.core.countries import (
    country_codes,
    country_of_name,
    country_of_zone,
    current_name,
    well_known_zones,
    zone_names,
    zones_of_country,
)
from bot.core.kinds.places import zones_of_city
from bot.core.meetings.model import Place, ZoneFrom

ZoneAt = Callable[[float, float], str | None]
"""Longitude and latitude in degrees (WGS 84) to the IANA zone there."""

_STATES: Final = {
    "America/New_York": "CT DC DE GA MA MD ME NC NH NJ NY OH PA RI SC VA VT WV",
    "America/Chicago": "AL AR IA IL LA MN MO MS OK WI",
    "America/Denver": "CO MT NM UT WY",
    "America/Phoenix": "AZ",
    "America/Los_Angeles": "CA NV WA",
    "Pacific/Honolulu": "HI",
}
"""US states (USPS) that have, but for a few villages, one zone. Of the others, such as Texas, the community's or
the feed's setting is the better guess; where there are coordinates, these decide anyway."""
_OF_STATE: Final = {state: zone for zone, states in _STATES.items() for state in states.split()}
_UNITED_STATES: Final = frozenset({"", "US", "USA", "UNITED STATES", "UNITED STATES OF AMERICA"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Zones:
    """What else is known of zones: the feed's setting and the community's zone (IANA names), and a map."""

    feed: str | None = None
    community: str | None = None
    at: ZoneAt | None = None

    def of(self, own: str, place: Place) -> tuple[str | None, ZoneFrom]:
        """The zone, and who says so. What a record says and is no zone counts as nothing."""
        if own and (named := known_zone(own)):
            return named, ZoneFrom.RECORD
        if self.feed:
            return self.feed, ZoneFrom.FEED
        if found := self._there(place):
            return found, ZoneFrom.PLACE
        if self.community:
            return self.community, ZoneFrom.COMMUNITY
        return None, ZoneFrom.UNKNOWN

    def _there(self, place: Place) -> str | None:
        if self.at is not None and place.latitude is not None and place.longitude is not None:
            country = _code_of(place.country)
            # Many records in America lack the minus of their longitude, and would lie in Africa or China.
            for east in (place.longitude, -place.longitude):
                found = self.at(east, place.latitude)
                at_sea = not found or found.startswith("Etc/")
                if not at_sea and country in {None, country_of_zone(found or "")}:
                    return found
        return _of_names(place.city, place.state, place.country)


@lru_cache(maxsize=4096)
def known_zone(name: str) -> str | None:
    """Today's IANA name of a zone, also under an old name, in any case or with a vendor's prefix; None if unknown."""
    wanted = name.strip().strip("\"'/")
    parts = wanted.split("/")
    for start in range(min(len(parts), 5)):
        tail = "/".join(parts[start:])
        for known in (tail, tail.replace(" ", "_")):
            if known in zone_names():
                return current_name(known) if current_name(known) in zone_names() else known
            folded = _folded().get(known.casefold())
            if folded:
                return folded
    return None


@lru_cache(maxsize=1)
def _folded() -> dict[str, str]:
    return {name.casefold(): name for name in zone_names()}


@lru_cache(maxsize=1024)
def _code_of(country: str) -> str | None:
    """The ISO 3166-1 code of a country's code or name; None if it is unknown or not given."""
    if not country:
        return None
    if country.strip(". ").upper() in _UNITED_STATES:
        return "US"
    return country.upper() if country.upper() in country_codes() else country_of_name(country)


@lru_cache(maxsize=8192)
def _of_names(city: str, state: str, country: str) -> str | None:
    if country.strip(". ").upper() in _UNITED_STATES and state.strip(". ").upper() in _OF_STATE:
        return _OF_STATE[state.strip(". ").upper()]
    if country:
        code = _code_of(country)
        zones = zones_of_country(code) if code else ()
        # Of Germany's two, one is a village's.
        known = [zone for zone in zones if zone in well_known_zones()]
        return zones[0] if len(zones) == 1 else known[0] if len(known) == 1 else None
    cities = zones_of_city(city) if city and not state else ()
    return cities[0] if len(cities) == 1 else None
