"""A resource as plain JSON values, without what is empty: how imported ones are stored and compared."""

import json
from dataclasses import fields
from datetime import date
from hashlib import blake2b
from typing import Any

from bot.core.resources.model import Phone, Resource

_NAMES = tuple(field.name for field in fields(Resource))
_EMPTY: dict[str, Any] = {field.name: field.default for field in fields(Resource)}
_TUPLES = frozenset({"languages", "topics", "former"})


def dump_resource(resource: Resource) -> dict[str, Any]:
    """`resource` as JSON values."""
    found: dict[str, Any] = {}
    for name in _NAMES:
        value = getattr(resource, name)
        if value == _EMPTY[name] or value is None:
            continue
        match value:
            case date():
                found[name] = value.isoformat()
            case tuple() if name == "more_phones":
                found[name] = [[phone.number, phone.kind, phone.note] for phone in value]
            case tuple():
                found[name] = list(value)
            case _:
                found[name] = value
    return found


def load_resource(stored: dict[str, Any]) -> Resource:
    """What `dump_resource` wrote."""
    values: dict[str, Any] = {
        name: tuple(value) if name in _TUPLES else value for name, value in stored.items() if name in _EMPTY
    }
    if "checked" in values:
        values["checked"] = date.fromisoformat(values["checked"])
    if "more_phones" in values:
        phones = (Phone(number=number, kind=kind, note=note) for number, kind, note in values["more_phones"])
        values["more_phones"] = tuple(phones)
    return Resource(**values)


def digest_of(stored: dict[str, Any]) -> str:
    """Tells whether a stored resource has changed."""
    plain = json.dumps(stored, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return blake2b(plain.encode(), digest_size=16).hexdigest()
