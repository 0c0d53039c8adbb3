"""Refusing records, and reading fields of hostile ones: what every reader of resources shares. All bounded."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from bot.core.text import clean
from bot.core.words import Text, _

NAME_LIMIT = 200
NUMBER_LIMIT = 80
"""Characters of a phone number with its words, such as "988 then press 1"."""
LINE_LIMIT = 300
NOTE_LIMIT = 1_500
"""Characters of a description; what is longer is cut, with "…"."""
LINK_LIMIT = 500
ENTRIES_LIMIT = 40
"""Entries of one list in a record that are looked at."""


class Unusable(Exception):
    """A record cannot be taken; `reason` says why, for a person."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.message)
        self.reason = reason


def line(raw: Mapping[str, Any], *names: str, limit: int = LINE_LIMIT) -> str:
    """The first of these fields that says something, cleaned, on one line, cut at `limit`; "" if none does."""
    return " ".join(note(raw, *names, limit=limit).split())


def note(raw: Mapping[str, Any], *names: str, limit: int = NOTE_LIMIT) -> str:
    """As `line`, with its line breaks."""
    for name in names:
        value = raw.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            continue
        text = str(value)[: 4 * limit]
        # Most fields are plain: nothing in them is to be cleaned, and there are millions of them.
        text = text.strip() if text.isascii() and text.isprintable() else clean(text, limit=4 * limit)
        if text:
            return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
    return ""


def name_of(raw: Mapping[str, Any], *names: str) -> str:
    """The record's name; raises `Unusable` where there is none."""
    found = line(raw, *names, limit=NAME_LIMIT)
    if not found:
        raise Unusable(_("The name is missing."))
    return found


def number_in(text: str) -> str:
    """A phone number as it is dialled, without a source's quotation marks and "tel:"; "" if no digit is in it.

    988, 116 123 and *4141 fail phone validators and are right: nothing else is asked of it.
    """
    plain = re.sub(r"^tel:\s*", "", text.strip().strip("\"'“”").strip(), flags=re.IGNORECASE)
    plain = " ".join(plain.split())[:NUMBER_LIMIT]
    return plain if any(char.isdigit() for char in plain) else ""


def link_in(text: str) -> str:
    """A web address; "https://" is put before a bare "www.example.org"; "" if it is none."""
    text = text.strip()
    if text and "://" not in text and re.match(r"[\w-]+(\.[\w-]+)+(/|$)", text):
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and "." in (parts.hostname or "") and not parts.username
    except ValueError:
        return ""
    return text if good and len(text) <= LINK_LIMIT and not re.search(r"[\s<>\"]", text) else ""


def entries(raw: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    """The objects in a list of the record; anything else there is passed over."""
    found = raw.get(name)
    if isinstance(found, list):
        yield from (entry for entry in found[:ENTRIES_LIMIT] if isinstance(entry, Mapping))


def child(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object within the record; an empty one if it is not there."""
    found = raw.get(name)
    return found if isinstance(found, Mapping) else {}


def degrees(raw: Mapping[str, Any], name: str, most: float) -> float | None:
    """A latitude or longitude from -`most` to `most`; None if it is none."""
    value = raw.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return round(number, 6) if -most <= number <= most and number else None
