"""A record of any source, read or refused: its kind is recognised by what it holds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from bot.core.resources.fields import Unusable
from bot.core.resources.findtreatment import looks_like_findtreatment, read_findtreatment
from bot.core.resources.hsds import looks_like_hsds, read_hsds, services_in
from bot.core.resources.known import KnownNumbers
from bot.core.resources.listed import columns_of, looks_like_a_list, read_listed
from bot.core.resources.model import Precision, Resource
from bot.core.resources.oldlist import read_paragraph
from bot.core.words import Text, _


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How records are read.

    `today`: what has ended by then is not taken. `country`: of records that name none. `checked`: when the list was
    last checked, of records that do not say. `known`: numbers of which more is known than a list says.
    """

    today: date
    country: str = ""
    checked: date | None = None
    precision: Precision = "day"
    known: KnownNumbers


@dataclass(frozen=True, slots=True)
class Record:
    """A record by its number in its source, read (`resource`) or refused (`reason`)."""

    number: int
    resource: Resource | None
    reason: Text | None = None


def read_record(number: int, raw: object, reading: Reading) -> Iterator[Record]:
    """What one record holds: one service mostly, several in an organization's."""
    try:
        for service in _services(raw):
            try:
                yield Record(number, _known(_read(service, reading), reading))
            except Unusable as unusable:
                yield Record(number, None, unusable.reason)
    except Unusable as unusable:
        yield Record(number, None, unusable.reason)


def _services(raw: object) -> Iterator[Mapping[str, Any]]:
    if not isinstance(raw, Mapping):
        raise Unusable(_("It is no record."))
    if "location_type" in raw:
        raise Unusable(_("It is a place, and does not say what is offered there."))
    if not {"parent_id", "taxonomy", "taxonomy_id", "term_uri"}.isdisjoint(raw):
        raise Unusable(_("It is a term of a vocabulary, no service."))
    yield from services_in(raw) if looks_like_hsds(raw) else [raw]


def _read(raw: Mapping[str, Any], reading: Reading) -> Resource:
    if looks_like_findtreatment(raw):
        return read_findtreatment(raw)
    if looks_like_hsds(raw) or "service_at_locations" in raw:
        return read_hsds(raw, today=reading.today, country=reading.country)
    if "description" in raw and "phones" in raw and "country" in raw:
        return read_paragraph(raw)
    columns = columns_of(list(raw))
    if looks_like_a_list(columns):
        row = {column: raw[name] for column, name in zip(columns, raw, strict=True) if column}
        return read_listed(row, country=reading.country)
    raise Unusable(_("It is no service: it has no name and no way to reach it that I know."))


def _known(resource: Resource, reading: Reading) -> Resource:
    """With the date of the whole list where it has none, and what is known of its number."""
    if resource.checked is None and reading.checked is not None:
        resource = replace(resource, checked=reading.checked, checked_precision=reading.precision)
    return reading.known.apply(resource)
