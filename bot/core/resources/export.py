"""Resources as services of HSDS 3.0, in full, as its JSON Schema has them. What HSDS has no place for is an attribute.

Ids are UUIDs that are the same at every export; a source's own ids stay where they are UUIDs.
"""

from collections.abc import Iterator
from datetime import time
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from bot.core.resources.ages import identity_of
from bot.core.resources.hours import DAYS, ROUND_THE_CLOCK, spans
from bot.core.resources.languages import language_name
from bot.core.resources.model import Resource
from bot.core.resources.topics import TOPICS

TAXONOMY = "handrail-topics"
"""The vocabulary of the topics' ids, in which an import finds them again."""
SOURCE, CHECKED = "source", "checked"
"""Kinds of attributes (`link_type`): who says so, and how exactly the day of its check is known."""

_IDS = uuid5(NAMESPACE_URL, "https://docs.openreferral.org/handrail")
_BYDAY = tuple(day[:2].upper() for day in DAYS)
_DAY_IN_MINUTES = 24 * 60
_CLOSED = "Temporarily closed."


def to_hsds(resource: Resource) -> dict[str, Any]:
    """`resource` as a service of HSDS 3.0."""
    id_ = _uuid_of(resource)
    service: dict[str, Any] = {
        "id": id_,
        "name": resource.name,
        "description": resource.note,
        "url": resource.link,
        "email": resource.email,
        "status": "temporarily closed" if resource.alert.startswith(_CLOSED) else "active",
        "fees_description": resource.cost,
        "eligibility_description": resource.eligibility,
        "alert": resource.alert,
        "assured_date": resource.checked.isoformat() if resource.checked else "",
        "phones": list(_phones(resource, id_)),
        "schedules": list(_schedules(resource, id_)),
        "service_areas": [{"id": _id(id_, "area"), "name": resource.region}] if resource.region else [],
        "languages": [
            {"id": _id(id_, "language", code), "code": code, "name": language_name(code)} for code in resource.languages
        ],
        "organization": _organization(resource),
        "service_at_locations": list(_places(resource, id_)),
        "attributes": list(_attributes(resource, id_)),
    }
    return {key: value for key, value in service.items() if value not in ("", [])}


def _uuid_of(resource: Resource) -> str:
    key = resource.key or identity_of(resource)
    try:
        return str(UUID(key)) if "-" in key else _id("service", resource.source, key)
    except ValueError:
        return _id("service", resource.source, key)


def _id(*parts: str) -> str:
    return str(uuid5(_IDS, "\n".join(parts)))


def _organization(resource: Resource) -> dict[str, Any]:
    name = resource.organization or resource.name
    return {"id": _id("organization", resource.country, name), "name": name, "description": name}


def _phones(resource: Resource, id_: str) -> Iterator[dict[str, Any]]:
    main = ((resource.phone, "voice", ""), (resource.text_to, "text", ""))
    others = ((phone.number, phone.kind, phone.note) for phone in resource.more_phones)
    for number, kind, note in (*main, *others):
        if number:
            told = {"id": _id(id_, "phone", kind, number), "number": number, "type": kind, "description": note}
            yield {key: value for key, value in told.items() if value}


def _schedules(resource: Resource, id_: str) -> Iterator[dict[str, Any]]:
    """Weekly ones where the hours tell; else their words."""
    hours = resource.hours
    whole = tuple((day, 0, _DAY_IN_MINUTES) for day in range(len(DAYS)))
    found = whole if hours == ROUND_THE_CLOCK else spans(hours)
    if found is None:
        if hours:
            yield {"id": _id(id_, "schedule", hours), "description": hours}
        return
    by_times: dict[tuple[int, int], list[int]] = {}
    for day, opens, closes in found:
        by_times.setdefault((opens, closes), []).append(day)
    for (opens, closes), days in by_times.items():
        yield {
            "id": _id(id_, "schedule", str(opens), str(closes)),
            "freq": "WEEKLY",
            "byday": ",".join(_BYDAY[day] for day in sorted(set(days))),
            "opens_at": _clock(opens),
            "closes_at": _clock(closes),
            "description": hours,
        }


def _clock(minutes: int) -> str:
    hour, minute = divmod(minutes % _DAY_IN_MINUTES, 60)
    return time(hour, minute).isoformat()


def _places(resource: Resource, id_: str) -> Iterator[dict[str, Any]]:
    if resource.address or resource.city or resource.postcode or resource.country or resource.latitude is not None:
        location: dict[str, Any] = {"id": _id(id_, "location"), "location_type": "physical", "name": resource.name}
        if resource.latitude is not None and resource.longitude is not None:
            location |= {"latitude": resource.latitude, "longitude": resource.longitude}
        location["addresses"] = [
            {
                "id": _id(id_, "address"),
                "address_1": resource.address,
                "city": resource.city,
                "state_province": resource.state,
                "postal_code": resource.postcode,
                "country": resource.country,
                "address_type": "physical",
            }
        ]
        yield {"id": _id(id_, "at"), "location": location}
    if resource.chat_url:
        virtual = {"id": _id(id_, "online"), "location_type": "virtual", "url": resource.chat_url}
        yield {"id": _id(id_, "at online"), "location": virtual}


def _attributes(resource: Resource, id_: str) -> Iterator[dict[str, Any]]:
    for topic in resource.topics:
        known = TOPICS.get(topic)
        label = str(known.label) if known else topic
        term = {"id": _id(TAXONOMY, topic), "code": topic, "name": label, "description": label, "taxonomy": TAXONOMY}
        yield {"id": _id(id_, "topic", topic), "link_id": id_, "link_entity": "service", "taxonomy_term": term}
    said = {SOURCE: resource.source, CHECKED: resource.checked_precision if resource.checked else ""}
    for kind, value in said.items():
        if value:
            yield {
                "id": _id(id_, kind),
                "link_id": id_,
                "link_entity": "service",
                "link_type": kind,
                "value": value,
            }
