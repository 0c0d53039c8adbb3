"""Rows of anybody's spreadsheet as resources: the helplines file, a community's list, a directory's CSV.

Columns are known by what people call them. What is wrong in a field costs that field only; a row without a name, or
without anything to turn to, is refused with the reason.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import blake2b
from urllib.parse import urlsplit

from bot.core.countries import country_of_name
from bot.core.matching import fold
from bot.core.resources.fields import (
    LINE_LIMIT,
    NAME_LIMIT,
    Unusable,
    degrees,
    line,
    link_in,
    name_of,
    note,
    number_in,
)
from bot.core.resources.languages import language_code
from bot.core.resources.model import Precision, Resource
from bot.core.resources.parse import parse_checked
from bot.core.resources.told import topics_told
from bot.core.resources.topics import topic_id
from bot.core.words import _

_CALLED = {
    "name": "service, service name, title, program, programme, facility",
    "organization": "organisation, organization name, agency, provider",
    "key": "id, uuid",
    "phone": "tel, telephone, number, phone number, phones, hotline, main phone",
    "text": "text sms, sms, text to, texting",
    "chat": "chat url, chat, webchat",
    "link": "url, website, web, web site, site, homepage",
    "topics": "topic, category, categories, type, tags, needs",
    "place": "area, region, service area, county",
    "address": "street, street address, address 1, street1",
    "city": "town",
    "state": "state province, province",
    "postcode": "zip, zip code, postal code, zipcode",
    "country": "country code",
    "hours": "opening hours, open, schedule, days and hours",
    "languages": "language",
    "note": "notes, description, about, details, comments",
    "checked": "updated, last updated, last verified, verified, last checked, date checked",
    "confirmed": "",
    "cost": "fees, fee, price, costs, payment, insurance",
    "eligibility": "who, for whom, who can use it, population",
    "email": "e mail, mail",
    "source": "",
    "evidence": "",
    "pair": "",
    "former": "old number, formerly",
    "latitude": "lat",
    "longitude": "lng, lon, long",
}
"""Our columns, and what else they are called, folded."""

_COLUMN = {name: ours for ours, also in _CALLED.items() for name in (ours, *also.split(", ")) if name}

_EVIDENCE = (("F24", "2024-01"), ("W21", "2021"))
"""What the compiled helplines' evidence says of when they were last seen, the newest first."""

_LIST_LIMIT = 20


def columns_of(header: Sequence[str]) -> list[str]:
    """Our names for the columns of a header; "" for one that is not known or comes again."""
    found: list[str] = []
    for cell in header:
        ours = _COLUMN.get(fold(cell[:LINE_LIMIT]), "")
        found.append("" if ours in found else ours)
    return found


def looks_like_a_list(columns: Sequence[str]) -> bool:
    """Whether a table with these columns (`columns_of`) lists things to turn to."""
    return "name" in columns and not {"phone", "text", "link", "chat", "address", "place", "note"}.isdisjoint(columns)


def read_listed(row: Mapping[str, str], *, country: str = "") -> Resource:
    """One row, by our names of its columns; `country` is what to take where it names none. Raises `Unusable`."""
    name = name_of(row, "name")
    phone, text_to = number_in(line(row, "phone")), line(row, "text")
    link, chat = link_in(line(row, "link")), link_in(line(row, "chat"))
    email, address, city = line(row, "email"), line(row, "address"), line(row, "city")
    described, place = note(row, "note"), line(row, "place")
    if not (phone or text_to or link or chat or email or address or city or place or described):
        raise Unusable(_("It says no phone, text, link, place or note."))
    named = line(row, "country")
    found = country_of_name(named) if named else country
    if found is None:
        raise Unusable(_("The country is not known. Write it as two letters, such as GB."))
    checked, precision = _checked(row)
    source = line(row, "source")
    return Resource(
        name=name,
        organization=line(row, "organization", limit=NAME_LIMIT),
        key=line(row, "key") or _key(name, found, place, city, address, phone, text_to),
        country=found,
        region=place,
        phone=phone,
        text_to=text_to,
        chat_url=chat,
        link=link,
        email=email,
        address=address,
        city=city,
        state=line(row, "state"),
        postcode=line(row, "postcode"),
        latitude=degrees(row, "latitude", 90),
        longitude=degrees(row, "longitude", 180),
        hours=line(row, "hours"),
        languages=_languages(line(row, "languages")),
        topics=_topics(row, name, described),
        eligibility=line(row, "eligibility"),
        cost=line(row, "cost"),
        source=source,
        checked=checked,
        checked_precision=precision,
        confirmed=_confirmed(row, source, checked),
        note=described,
        pair=line(row, "pair"),
        former=_parts(line(row, "former")),
    )


def _key(*identity: str) -> str:
    return blake2b("\n".join(identity).encode(), digest_size=16).hexdigest()


def _checked(row: Mapping[str, str]) -> tuple[date | None, Precision]:
    said = line(row, "checked")
    if not said:
        evidence = line(row, "evidence")
        said = next((day for mark, day in _EVIDENCE if mark in evidence), "")
    for text in (said, said[:10]):
        try:
            return parse_checked(text)
        except ValueError:
            continue
    return None, "day"


def _confirmed(row: Mapping[str, str], source: str, checked: date | None) -> bool:
    """What the row says; else whether an address of its own stands among its sources and a date is known."""
    said = line(row, "confirmed").casefold()
    if said:
        return said == "yes"
    if not source:
        return checked is not None
    addresses = (urlsplit(part.strip()).hostname for part in source.split(";") if "://" in part)
    return checked is not None and any(addresses)


def _languages(text: str) -> tuple[str, ...]:
    """Codes or names, a remark in brackets behind each passed over."""
    parts = _parts(re.sub(r"\([^)]*\)", "", text))
    return tuple(dict.fromkeys(code for part in parts if (code := language_code(part))))


def _topics(row: Mapping[str, str], name: str, described: str) -> tuple[str, ...]:
    """What the row names; where it names none, what its name and description tell."""
    named = [topic_id(part) or part for part in _parts(line(row, "topics"))]
    return tuple(dict.fromkeys(named)) or topics_told([name, line(row, "organization")], described)


def _parts(text: str) -> tuple[str, ...]:
    parts = (part.strip() for part in re.split(r"[;,|]", text))
    return tuple(part for part in parts if part)[:_LIST_LIMIT]
