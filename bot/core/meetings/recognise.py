"""What a source is, told by its content and never by its name."""

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, Final

HEAD: Final = 65_536
"""Bytes of a source's beginning that are looked at."""


class Form(StrEnum):
    """How a source is written."""

    JSON = "json"
    ICALENDAR = "icalendar"
    CSV = "csv"
    HTML = "html"
    EMPTY = "empty"
    UNKNOWN = "unknown"


class Kind(StrEnum):
    """What its records are."""

    MEETING_GUIDE = "meeting-guide"
    OIAA = "oiaa"
    BMLT = "bmlt"
    BMLT_FORMATS = "bmlt-formats"
    BMLT_SERVICE_BODIES = "bmlt-service-bodies"
    TYPES = "meeting-guide-types"
    ICALENDAR = "icalendar"
    CSV = "csv"
    UNKNOWN = "unknown"


_HTML: Final = re.compile(
    rb"\s*(?:<!--.{0,2000}?-->\s*)*<(?:!doctype|html|head|body|script|meta|title)\b", re.IGNORECASE | re.DOTALL
)
_ENCODINGS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def encoding_of(head: bytes) -> str:
    """The encoding of a text with this beginning: by its mark, else UTF-8, else Windows' western one."""
    for mark, encoding in _ENCODINGS:
        if head.startswith(mark):
            return encoding
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # A character that the end of the head cuts in two is no fault.
        return "utf-8" if error.start >= len(head) - 3 else "cp1252"
    return "utf-8"


def form_of(head: bytes) -> Form:
    """How a source with this beginning is written."""
    text = head.decode(encoding_of(head), errors="replace").lstrip("\ufeff \t\r\n")
    if not text:
        return Form.EMPTY
    if text[0] in "[{":
        return Form.JSON
    if text[:15].upper().startswith("BEGIN:VCALENDAR"):
        return Form.ICALENDAR
    if _HTML.match(head.lstrip(b"\xef\xbb\xbf")):
        return Form.HTML
    first = text.partition("\n")[0]
    if text[0] != "<" and any(mark in first for mark in ",;\t"):
        return Form.CSV
    return Form.UNKNOWN


def kind_of(keys: Collection[str]) -> Kind:
    """What records with these keys are."""
    has = set(keys)
    if {"weekday_tinyint", "meeting_name"} & has and {"id_bigint", "start_time"} & has:
        return Kind.BMLT
    if {"key_string", "name_string"} <= has:
        return Kind.BMLT_FORMATS
    if {"id", "parent_id", "name"} <= has and has & {"world_id", "helpline", "type"}:
        return Kind.BMLT_SERVICE_BODIES
    if {"name"} <= has and has & {"rtc", "timeUTC", "communities", "features"}:
        return Kind.OIAA
    if {"name", "slug", "day", "time"} & has and (has & {"day", "days", "time", "conference_url", "slug"}):
        return Kind.MEETING_GUIDE
    return Kind.UNKNOWN


_CHALLENGE: Final = re.compile(
    rb"cf-challenge|cf_chl|challenge-platform|just a moment|checking your browser|captcha|access denied|sucuri"
    rb"|ddos-guard|attention required|enable javascript and cookies|verify you are (?:a )?human|wordfence|incapsula",
    re.IGNORECASE,
)


def is_challenge(html: bytes) -> bool:
    """Whether a page asks whoever comes to prove that they are human."""
    return _CHALLENGE.search(html) is not None


_FEEDS: Final = (
    re.compile(rb"data-(?:src|json|feed)\s*=\s*[\"']([^\"'<>\s]{4,500})[\"']", re.IGNORECASE),
    re.compile(
        rb"<link[^>]+type\s*=\s*[\"'](?:application/json|text/calendar)[\"'][^>]*href\s*=\s*[\"']([^\"'<>\s]{4,500})[\"']",
        re.IGNORECASE,
    ),
    re.compile(
        rb"<link[^>]+href\s*=\s*[\"']([^\"'<>\s]{4,500})[\"'][^>]*type\s*=\s*[\"'](?:application/json|text/calendar)[\"']",
        re.IGNORECASE,
    ),
    re.compile(rb"[\"'(]([^\"'<>\s()]{0,400}admin-ajax\.php\?action=meetings[^\"'<>\s)]{0,200})[\"')]", re.IGNORECASE),
    re.compile(
        rb"<a[^>]+href\s*=\s*[\"']([^\"'<>\s]{0,400}(?:\.ics|meetings\.json|feed\.json)(?:\?[^\"'<>\s]{0,200})?)[\"']",
        re.IGNORECASE,
    ),
)


def linked_feed(html: bytes) -> str | None:
    """The address of the feed that a page names, perhaps relative; None if it names none.

    Known are the map of TSML UI (`data-src`), `<link type="application/json">`, the WordPress plugin's own address,
    and links to a calendar or JSON.
    """
    for pattern in _FEEDS:
        found = pattern.search(html)
        if found and b"wp-json/wp/" not in found[1] and b"oembed" not in found[1]:
            return found[1].decode(errors="replace").replace("&amp;", "&")
    return None


_OLD_SHEET: Final = "gsx$"


def rows_of(record: Any) -> Mapping[str, Any] | None:
    """A record as its fields: Airtable and Google's older sheets wrap them. None if it is no record at all."""
    if not isinstance(record, dict):
        return None
    fields = record.get("fields")
    if isinstance(fields, dict) and "id" in record and "name" not in record:
        return {"slug": record["id"], **fields}
    if _OLD_SHEET in "".join(record) and any(key.startswith(_OLD_SHEET) for key in record):
        cells = ((key.removeprefix(_OLD_SHEET), cell) for key, cell in record.items() if key.startswith(_OLD_SHEET))
        return {key: cell.get("$t") for key, cell in cells if isinstance(cell, dict)}
    return record
