"""HSDS as tables: joined to records as its JSON has them, on disk and not in memory, however many there are."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_OWNED_BY: dict[str, tuple[str, ...]] = {
    "phones": ("service_at_location_id", "service_id", "location_id", "contact_id", "organization_id"),
    "schedules": ("service_at_location_id", "service_id", "location_id"),
    "languages": ("phone_id", "service_id", "location_id"),
    "addresses": ("location_id",),
    "service_areas": ("service_id",),
    "cost_options": ("service_id",),
    "contacts": ("service_at_location_id", "service_id", "location_id", "organization_id"),
    "service_at_location": ("service_id",),
    "attributes": ("link_id",),
    "services": ("id",),
    "organizations": ("id",),
    "locations": ("id",),
    "taxonomy_terms": ("id",),
}
"""The tables that are read, and which of their columns say whose a row is."""

TABLES = tuple(_OWNED_BY)

_BATCH = 1_000
_ROWS_LIMIT = 40
"""Rows of one table that belong to one thing."""


def table_of(name: str) -> str | None:
    """The table of HSDS that a file's name names; None if it names none."""
    stem = name.removesuffix(".csv")
    return stem if stem in _OTHERS or stem in _OWNED_BY else None


_OTHERS = frozenset(
    {
        "accessibility",
        "funding",
        "meta_table_descriptions",
        "metadata",
        "organization_identifiers",
        "programs",
        "required_documents",
        "taxonomies",
    }
)


class Tables:
    """Rows by table and owner, in a file that is deleted with it."""

    def __init__(self) -> None:
        self._rows = sqlite3.connect("")  # a temporary file of SQLite's own
        self._rows.execute("CREATE TABLE rows (kind TEXT, owner TEXT, row TEXT)")

    def fill(self, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take the rows of a table; of one that is not read, none."""
        if table not in _OWNED_BY:
            return
        batch: list[tuple[str, str, str]] = []
        for row in rows:
            told = {key: value for key, value in row.items() if value not in {"", None}}
            batch += [
                (f"{table}.{column}", str(told[column]), json.dumps(told))
                for column in _OWNED_BY[table]
                if column in told
            ]
            if len(batch) >= _BATCH:
                self._rows.executemany("INSERT INTO rows VALUES (?, ?, ?)", batch)
                batch.clear()
        self._rows.executemany("INSERT INTO rows VALUES (?, ?, ?)", batch)

    def services(self, first: int) -> Iterator[tuple[int, dict[str, Any]]]:
        """Every service with what belongs to it, numbered from `first`; afterwards nothing is left here."""
        try:
            self._rows.execute("CREATE INDEX by_owner ON rows (kind, owner)")
            every = self._rows.execute("SELECT row FROM rows WHERE kind = 'services.id' ORDER BY rowid")
            for number, (row,) in enumerate(every, first):
                yield number, self._service(json.loads(row))
        finally:
            self._rows.close()

    def _service(self, service: dict[str, Any]) -> dict[str, Any]:
        id_ = str(service["id"])
        service["status"] = service.get("status", "")
        for table in ("schedules", "languages", "service_areas", "cost_options"):
            service[table] = self._of(table, "service_id", id_)
        service["phones"] = self._phones("service_id", id_)
        organizations = self._of("organizations", "id", str(service.get("organization_id", "")))
        if organizations:
            organization = organizations[0]
            organization["phones"] = self._phones("organization_id", str(organization["id"]))
            service["organization"] = organization
        service["service_at_locations"] = [self._place(at) for at in self._of("service_at_location", "service_id", id_)]
        service["attributes"] = [self._attribute(of) for of in self._of("attributes", "link_id", id_)]
        return service

    def _place(self, at: dict[str, Any]) -> dict[str, Any]:
        id_ = str(at.get("id", ""))
        at["phones"] = self._phones("service_at_location_id", id_)
        at["schedules"] = self._of("schedules", "service_at_location_id", id_)
        locations = self._of("locations", "id", str(at.get("location_id", "")))
        if locations:
            location = locations[0]
            for table in ("addresses", "schedules", "languages"):
                location[table] = self._of(table, "location_id", str(location["id"]))
            location["phones"] = self._phones("location_id", str(location["id"]))
            at["location"] = location
        return at

    def _phones(self, column: str, owner: str) -> list[dict[str, Any]]:
        phones = self._of("phones", column, owner)
        for phone in phones:
            phone["languages"] = self._of("languages", "phone_id", str(phone.get("id", "")))
        return phones

    def _attribute(self, attribute: dict[str, Any]) -> dict[str, Any]:
        terms = self._of("taxonomy_terms", "id", str(attribute.get("taxonomy_term_id", "")))
        return {**attribute, "taxonomy_term": terms[0]} if terms else attribute

    def _of(self, table: str, column: str, owner: str) -> list[dict[str, Any]]:
        if not owner:
            return []
        found = self._rows.execute(
            "SELECT row FROM rows WHERE kind = ? AND owner = ? LIMIT ?", (f"{table}.{column}", owner, _ROWS_LIMIT)
        )
        return [json.loads(row) for (row,) in found]
