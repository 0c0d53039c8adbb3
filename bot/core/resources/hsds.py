"""HSDS 3.0, Open Referral's exchange format (https://docs.openreferral.org): its services as resources.

Taken are a service, a service at a location, and an organization with its services, as the API of HSDS writes them in
full. What is wrong in a field costs that field only; what has no name, no way to reach it or is no longer offered is
refused with the reason.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, time
from itertools import chain
from typing import Any

from bot.core.countries import country_of_name
from bot.core.resources.fields import (
    ENTRIES_LIMIT,
    NAME_LIMIT,
    Unusable,
    child,
    degrees,
    entries,
    line,
    link_in,
    name_of,
    note,
    number_in,
)
from bot.core.resources.hours import DAYS, write_hours
from bot.core.resources.languages import language_code
from bot.core.resources.model import Phone, Precision, Resource
from bot.core.resources.told import topics_told
from bot.core.resources.topics import TOPICS
from bot.core.words import _

Raw = Mapping[str, Any]

_ENDED = frozenset({"inactive", "defunct"})
_PHONES_LIMIT = 6
_OPENINGS_LIMIT = 14
_BYDAY = {day[:2].upper(): number for number, day in enumerate(DAYS)}
"""RFC 5545's letters."""
_CLOCK = re.compile(r"T?(\d{1,2}):(\d{2})")
_PRECISIONS: dict[str, Precision] = {"day": "day", "month": "month", "year": "year"}
_TEXTED = frozenset({"text", "sms"})


def looks_like_hsds(raw: Raw) -> bool:
    """Whether a record has the shape of a service, a service at a location or an organization of HSDS."""
    if "service" in raw and ("location" in raw or "phones" in raw):
        return True
    return "id" in raw and "name" in raw and not _SHAPE.isdisjoint(raw)


_SHAPE = frozenset({"status", "organization", "organization_id", "service_at_locations", "services", "assured_date"})


def services_in(raw: Raw) -> Iterator[Raw]:
    """The services of a record, each with its organization and its places beside it."""
    if isinstance(raw.get("service"), Mapping):
        service = dict(child(raw, "service"))
        here = {key: value for key, value in raw.items() if key != "service"}
        places = service.get("service_at_locations")
        service["service_at_locations"] = [here, *(places if isinstance(places, list) else ())]
        service["id"] = f"{line(service, 'id')}@{line(raw, 'id')}"
        yield service
    elif isinstance(raw.get("services"), list):
        organization = {key: value for key, value in raw.items() if key not in {"services", "programs"}}
        for service in raw["services"]:
            yield {"organization": organization, **service} if isinstance(service, Mapping) else {}
    else:
        yield raw


def read_hsds(raw: Raw, *, today: date, country: str = "") -> Resource:
    """One service as a resource; `country` is what to take where it names none. Raises `Unusable`."""
    name = name_of(raw, "name", "alternate_name")
    status = line(raw, "status").casefold()
    if status in _ENDED:
        raise Unusable(_("Its source says that it is no longer offered ({status}).", status=status))
    organization = child(raw, "organization")
    at = tuple(entries(raw, "service_at_locations"))
    located = [child(place, "location") for place in at] + list(entries(organization, "locations"))
    address = _address(located)
    calls, texts, others = _phones(raw, at, located, organization)
    chat = next(
        (link for p in located if line(p, "location_type") == "virtual" if (link := link_in(line(p, "url")))), ""
    )
    link = link_in(line(raw, "url")) or link_in(line(organization, "website"))
    email = line(raw, "email") or line(organization, "email")
    where = line(address, "address_1")
    if not (calls or texts or link or chat or email or where):
        raise Unusable(_("It says no phone, link, address or email."))
    point = next((p for p in located if degrees(p, "latitude", 90) is not None), {})
    described = note(raw, "description")
    checked = _day(raw, "assured_date") or _day(raw, "last_modified")
    return Resource(
        name=name,
        organization=line(organization, "name", limit=NAME_LIMIT),
        key=line(raw, "id"),
        country=country_of_name(line(address, "country")) or country,
        region="; ".join(filter(None, (line(area, "name") for area in entries(raw, "service_areas"))))[:NAME_LIMIT],
        phone=calls[0] if calls else "",
        text_to=texts[0] if texts else "",
        more_phones=others,
        email=email,
        address=", ".join(part for part in (where, line(address, "address_2")) if part),
        city=line(address, "city"),
        state=line(address, "state_province"),
        postcode=line(address, "postal_code"),
        latitude=degrees(point, "latitude", 90),
        longitude=degrees(point, "longitude", 180),
        chat_url=chat,
        link=link,
        hours=_hours(raw, at, located, today),
        languages=_languages(raw, located),
        topics=_topics(raw, name, described),
        eligibility=_eligibility(raw),
        cost=_cost(raw),
        alert=_alert(raw, status),
        source=_attribute(raw, "source"),
        checked=checked,
        checked_precision=_PRECISIONS.get(_attribute(raw, "checked"), "day"),
        confirmed=checked is not None,
        note=described,
    )


def _address(located: list[Raw]) -> Raw:
    found = [address for place in located for address in entries(place, "addresses")]
    return next((a for a in found if line(a, "address_type") == "physical"), found[0] if found else {})


def _phones(raw: Raw, at: tuple[Raw, ...], located: list[Raw], organization: Raw) -> tuple[Any, Any, tuple[Phone, ...]]:
    """Numbers to call and to text, the service's own first; and all but the first of each, with their kinds."""
    holders: list[Raw] = [raw, *at, *located]
    holders += [contact for holder in (raw, *at) for contact in entries(holder, "contacts")]
    own = [phone for holder in holders for phone in entries(holder, "phones")]
    every: dict[tuple[str, str], Phone] = {}
    for phone in own or entries(organization, "phones"):
        number = number_in(line(phone, "number"))
        extension = line(phone, "extension")
        kind = line(phone, "type").casefold()
        if number:
            dialled = f"{number} x{extension}" if extension else number
            every.setdefault((dialled, kind), Phone(number=dialled, kind=kind, note=line(phone, "description")))
    calls = [p.number for p in every.values() if p.kind not in _TEXTED | {"fax", "tty", "pager"}]
    texts = [p.number for p in every.values() if p.kind in _TEXTED]
    first = {*calls[:1], *texts[:1]}
    others = tuple(p for p in every.values() if p.number not in first)
    return calls, texts, others[:_PHONES_LIMIT]


def _hours(raw: Raw, at: tuple[Raw, ...], located: list[Raw], today: date) -> str:
    """The opening hours, of the service rather than of its place; in its own words where they are of no week."""
    for holders in ([raw], at, located):
        found = [s for holder in holders for s in entries(holder, "schedules") if not _is_over(s, today)]
        weekly = [opening for schedule in found[:_OPENINGS_LIMIT] if (opening := _opening(schedule))]
        if weekly and len(weekly) == len(found):
            return write_hours(weekly)
        words = next((line(schedule, "description") for schedule in found if line(schedule, "description")), "")
        if words:
            return words
    return ""


def _is_over(schedule: Raw, today: date) -> bool:
    return any(day is not None and day < today for day in (_day(schedule, "valid_to"), _day(schedule, "until")))


def _opening(schedule: Raw) -> tuple[list[int], time, time] | None:
    opens, closes = _time(line(schedule, "opens_at")), _time(line(schedule, "closes_at"))
    days = [_BYDAY.get(part.strip().upper()) for part in line(schedule, "byday").split(",")]
    known = [day for day in days if day is not None]
    weekly = line(schedule, "freq").upper() in {"", "WEEKLY"} and line(schedule, "interval") in {"", "1"}
    if not weekly or opens is None or closes is None or not known or len(known) < len(days):
        return None
    return known, opens, closes


def _time(text: str) -> time | None:
    match = _CLOCK.match(text)
    if match is None:
        return None
    hour, minute = int(match[1]), int(match[2])
    return time(hour % 24, minute) if hour <= 24 and minute < 60 else None  # noqa: PLR2004  24:00 is midnight


def _languages(raw: Raw, located: list[Raw]) -> tuple[str, ...]:
    holders = chain([raw], entries(raw, "phones"), located)
    found = (
        language_code(line(language, "code")) or language_code(line(language, "name"))
        for holder in holders
        for language in entries(holder, "languages")
    )
    return tuple(dict.fromkeys(code for code in found if code))[:ENTRIES_LIMIT]


def _attribute(raw: Raw, kind: str) -> str:
    """An attribute as our own export writes it."""
    found = (line(attribute, "value") for attribute in entries(raw, "attributes") if attribute.get("link_type") == kind)
    return next(found, "")


def _topics(raw: Raw, name: str, described: str) -> tuple[str, ...]:
    terms = [child(attribute, "taxonomy_term") for attribute in entries(raw, "attributes")]
    coded = [code for term in terms if (code := line(term, "code")) in TOPICS]
    if coded:  # our own, or in our terms: nobody needs to guess
        return tuple(dict.fromkeys(coded))
    named = [line(term, "name", limit=NAME_LIMIT) for term in terms]
    return topics_told([name, line(raw, "alternate_name"), *named], described)


def _eligibility(raw: Raw) -> str:
    said = line(raw, "eligibility_description")
    ages = tuple(line(raw, name).removesuffix(".0") for name in ("minimum_age", "maximum_age"))
    return said or (f"{ages[0] or '0'}–{ages[1]}" if ages[1] else f"{ages[0]}+" if ages[0] else "")


def _cost(raw: Raw) -> str:
    said = line(raw, "fees_description", "fees")
    options = ("; ".join(filter(None, (_option(option) for option in entries(raw, "cost_options")))))[:NAME_LIMIT]
    return said or options


def _option(option: Raw) -> str:
    amount = " ".join(filter(None, (line(option, "amount"), line(option, "currency").upper())))
    return ": ".join(filter(None, (line(option, "option"), amount or line(option, "amount_description"))))


def _alert(raw: Raw, status: str) -> str:
    said = line(raw, "alert")
    return said or ("Temporarily closed." if status == "temporarily closed" else "")


def _day(raw: Raw, name: str) -> date | None:
    try:
        return date.fromisoformat(line(raw, name)[:10])
    except ValueError:
        return None
