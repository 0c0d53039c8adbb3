"""What the columns of people's sheets and CSV files are called, brought to the Meeting Guide's names."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from bot.core.matching import fold

_NAMES: Final = {
    "name": "name|meeting|meeting name|title|meeting title|committeename|summary|event",
    "slug": "slug|id|meeting id|uid|record id|bmlt id|key",
    "day": "day|days|weekday|weekdays|day of week|day of the week|meeting day|dia",
    "time": "time|start|start time|starts|begins|meeting time|time formatted|hora",
    "end_time": "end time|end|ends|finish",
    "duration": "duration|length|minutes|duration minutes",
    "timezone": "timezone|time zone|tz|zone",
    "location": "location|location name|place|venue|building",
    "address": "address|street|street address|address 1",
    "formatted_address": "formatted address|full address",
    "city": "city|town|municipality",
    "state": "state|province|state province",
    "postal_code": "postal code|zip|zip code|postcode",
    "country": "country|nation",
    "region": "region|area|neighborhood|locborough",
    "sub_region": "sub region|subregion",
    "location_notes": "location notes|directions|room",
    "notes": "notes|description|comments|details|info|additional info",
    "types": "types|type|format|formats|codes|meeting type|meeting types",
    "group": "group|group name",
    "group_notes": "group notes",
    "conference_url": "conference url|online url|zoom|zoom url|zoom link|url online|meeting link|join link|link|"
    "virtual link|virtualmeetinglink|online link|join url|online",
    "conference_url_notes": "conference url notes|passcode|password|zoom password|virtualmeetinginfo",
    "conference_phone": "conference phone|dial in|dialin|phone number|phonemeetingnumber",
    "conference_phone_notes": "conference phone notes",
    "url": "url|website|web page|page",
    "updated": "updated|last updated|lastchanged|modified",
    "latitude": "latitude|lat",
    "longitude": "longitude|lng|lon|long",
    "approximate": "approximate",
    "attendance_option": "attendance option|attendance",
    "languages": "language|languages",
    "status": "status",
    "feedback_emails": "feedback emails|feedback email",
    "entity_email": "entity email",
}
_BY_HEADING: Final = {heading: name for name, headings in _NAMES.items() for heading in headings.split("|")}
_BY_HEADING.update({heading.replace(" ", ""): name for heading, name in list(_BY_HEADING.items())})
_KEPT: Final = 200
"""Columns of a sheet that are read."""


@lru_cache(maxsize=4096)
def name_of(heading: str) -> str:
    """Our name of a column with that heading; the heading itself if it is no usual one."""
    return _BY_HEADING.get(fold(heading[:100]), heading.strip())


def headings(row: Sequence[Any]) -> list[str]:
    """Our names of a sheet's columns; of two that mean the same, the first counts."""
    given = [cell.strip() if isinstance(cell, str) else "" for cell in row[:_KEPT]]
    if "weekday_tinyint" in given:  # BMLT's own names are kept
        return given
    names: list[str] = []
    for heading in given:
        name = name_of(heading)
        names.append("" if name in names else name)
    return names


def renamed(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record whose keys are headings, with our names; one that has our names already stays as it is."""
    if "name" in record or "weekday_tinyint" in record or "key_string" in record:
        return record
    found: dict[str, Any] = {}
    for key, value in record.items():
        found.setdefault(name_of(key), value)
    return found


def as_record(names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    """One row as a record; empty cells are left out."""
    return {name: cell for name, cell in zip(names, row, strict=False) if name and cell not in {"", None}}
