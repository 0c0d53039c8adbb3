"""The shipped CSV files and a community's own list, from text to values.

Shipped files (`bot/data`) are trusted to be well formed: an error in one is a mistake of ours and raises
`ValueError` with its row. A community's list is anybody's file: what cannot be taken is refused with a reason
for a person, and the rest is kept.

In helplines.csv `checked` is what the evidence of a row carries: 2024-01 where a helpline directory's listing of
January 2024 has it, else 2021 where a dated list of 2021 has it, else nothing. `confirmed` is "yes" where an
address of the service itself stands among its sources and a date of a check is known, and "no" where only other
people's lists name it, however many agree, or where they disagree. In emergency_numbers.csv it is "yes" where a
page of the country's own authorities, or of the European Commission for the European Union, was read.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from io import StringIO
from types import MappingProxyType
from urllib.parse import urlsplit

from rapidfuzz import process

from bot.core.countries import country_of_name
from bot.core.matching import fold
from bot.core.resources.languages import language_code
from bot.core.resources.model import EmergencyNumber, Precision, Resource
from bot.core.resources.topics import topic_id
from bot.core.text import clean, clean_name
from bot.core.words import Text, _

ROWS_LIMIT = 5_000
FIELD_LIMIT = 500
"""Characters of one field."""
TEXT_LIMIT = 10_000_000
"""Characters of a whole file; over it nothing is read."""
LIST_LIMIT = 20
"""Topics or languages of one resource."""

COLUMNS = ("name", "phone", "text", "link", "topics", "place", "country", "hours", "languages", "note", "checked")
"""The columns of a community's own list; only the name is required."""

_ALSO_CALLED = {
    "url": "link",
    "website": "link",
    "web": "link",
    "tel": "phone",
    "number": "phone",
    "sms": "text",
    "city": "place",
    "address": "place",
    "area": "place",
    "category": "topics",
    "description": "note",
    "notes": "note",
    "updated": "checked",
}
"""What other lists call a column, where its letters alone would not tell."""

_HEADER_ROW = 1


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not taken. `row` counts from 1, the header, as a spreadsheet does."""

    row: int
    reason: Text


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a community's list holds, and what of it was refused."""

    resources: tuple[Resource, ...]
    refused: tuple[Refused, ...]


class _Unusable(Exception):
    """A field cannot be taken; the argument says why, for a person."""

    def __init__(self, reason: Text) -> None:
        super().__init__()
        self.reason = reason


def parse_helplines(text: str) -> tuple[Resource, ...]:
    """The resources in `bot/data/helplines.csv`. Raises ValueError, with the row, for a malformed one."""
    found = []
    for number, row in enumerate(csv.DictReader(StringIO(text, newline="")), _HEADER_ROW + 1):
        try:
            found.append(_helpline(row))
        except (KeyError, AttributeError, ValueError) as problem:
            raise ValueError(f"helplines, row {number}: malformed") from problem
    return tuple(found)


def parse_emergency_numbers(text: str) -> Mapping[str, EmergencyNumber]:
    """Country code to number, from `bot/data/emergency_numbers.csv`. Raises ValueError for a malformed row."""
    found: dict[str, EmergencyNumber] = {}
    for number, row in enumerate(csv.DictReader(StringIO(text, newline="")), _HEADER_ROW + 1):
        country = row.get("country") or ""
        if country_of_name(country) != country or not row.get("number") or row.get("confirmed") not in {"yes", "no"}:
            raise ValueError(f"emergency numbers, row {number}: malformed")
        found[country] = EmergencyNumber(
            country=country,
            number=row["number"],
            note=row["note"],
            source=row["source"],
            confirmed=row["confirmed"] == "yes",
        )
    return MappingProxyType(found)


def parse_community_resources(text: str, *, source: str) -> Parsed:
    """A community's own list: CSV with a header of `COLUMNS`, separated by comma, semicolon or tab.

    `source` names the list to its readers, such as the community's name. Raises nothing.
    """
    if len(text) > TEXT_LIMIT:
        return _nothing(_("The file is too long. At most {limit} characters are read.", limit=TEXT_LIMIT))
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    reader = csv.reader(StringIO(plain), delimiter=_delimiter(plain))
    resources: list[Resource] = []
    refused: list[Refused] = []
    header: list[str] = []
    number = 0
    try:
        for number, cells in enumerate(reader, _HEADER_ROW):
            if number == _HEADER_ROW:
                header = [fold(cell[:FIELD_LIMIT]) for cell in cells]
                while header and not header[-1]:
                    header.pop()
                if "name" not in header:
                    return _nothing(_("The first line must name the columns, and one of them must be “name”."))
                refused += _refused_columns(header)
            elif number > ROWS_LIMIT + _HEADER_ROW:
                refused.append(Refused(number, _("Only the first {limit} rows are read.", limit=ROWS_LIMIT)))
                break
            elif any(cell.strip() for cell in cells):
                try:
                    resources.append(_community_resource(header, cells, source))
                except _Unusable as unusable:
                    refused.append(Refused(number, unusable.reason))
    except csv.Error:
        refused.append(Refused(number + 1, _("From here on this is not readable as CSV. Is a quotation mark open?")))
    if not header and not refused:
        return _nothing(_("The file is empty."))
    return Parsed(tuple(resources), tuple(refused))


def _helpline(row: Mapping[str, str]) -> Resource:
    if country_of_name(row["country"]) != row["country"] or not row["name"] or row["confirmed"] not in {"yes", "no"}:
        raise ValueError
    checked, precision = parse_checked(row["checked"])
    return Resource(
        name=row["name"],
        country=row["country"],
        region=row["region"],
        phone=row["phone"],
        text_to=row["text"],
        chat_url=row["chat_url"],
        hours=row["hours"],
        languages=_parts(row["languages"]),
        topics=_parts(row["topics"]),
        source=row["source"],
        checked=checked,
        checked_precision=precision,
        confirmed=row["confirmed"] == "yes",
        note=row["note"],
        pair=row["pair"],
        former=_parts(row["former"]),
    )


def parse_checked(text: str) -> tuple[date | None, Precision]:
    """A date written YYYY, YYYY-MM or YYYY-MM-DD, and how exact it is; "" is None. Raises ValueError."""
    match = re.fullmatch(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", text, re.ASCII)
    if not text:
        return None, "day"
    if match is None:
        raise ValueError("not a date")
    year, month, day = match.groups()
    precision: Precision = "day" if day else "month" if month else "year"
    return date(int(year), int(month or 1), int(day or 1)), precision


def _nothing(reason: Text) -> Parsed:
    return Parsed((), (Refused(_HEADER_ROW, reason),))


def _delimiter(text: str) -> str:
    header = text.partition("\n")[0]
    return max(",;\t", key=header.count)


def _refused_columns(header: list[str]) -> list[Refused]:
    refused = []
    for place, column in enumerate(header):
        if column in COLUMNS and column not in header[:place]:
            continue
        shown = clean_name(column)
        if column in COLUMNS:
            reason = _("The column “{column}” is there twice. The first one counts.", column=shown)
        else:
            reason = _(
                "The column “{column}” is not known and was left out. Did you mean “{nearest}”?",
                column=shown or "?",
                nearest=_nearest(column),
            )
        refused.append(Refused(_HEADER_ROW, reason))
    return refused


def _nearest(column: str) -> str:
    match = process.extractOne(column, COLUMNS)
    return _ALSO_CALLED.get(column) or (match[0] if match else COLUMNS[0])


def _community_resource(header: list[str], cells: list[str], source: str) -> Resource:
    if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
        raise _Unusable(_("This row has more fields than there are columns."))
    row: dict[str, str] = {}
    for column, cell in zip(header, cells, strict=False):
        if len(cell) > FIELD_LIMIT:
            raise _Unusable(_("A field has over {limit} characters.", limit=FIELD_LIMIT))
        row.setdefault(column, clean(cell) if column == "note" else " ".join(clean(cell).split()))
    if not row.get("name"):
        raise _Unusable(_("The name is missing."))
    if not any(row.get(column) for column in ("phone", "text", "link", "place", "note")):
        raise _Unusable(_("It says no phone, text, link, place or note."))
    checked, precision = _checked(row.get("checked", ""))
    return Resource(
        name=row["name"],
        country=_country(row.get("country", "")),
        region=row.get("place", ""),
        phone=_phone(row.get("phone", "")),
        text_to=row.get("text", ""),
        link=_link(row.get("link", "")),
        hours=row.get("hours", ""),
        languages=tuple(language_code(part) or part for part in _parts(row.get("languages", ""))),
        topics=tuple(dict.fromkeys(topic_id(part) or part for part in _parts(row.get("topics", "")))),
        source=source,
        checked=checked,
        checked_precision=precision,
        confirmed=checked is not None,
        note=row.get("note", ""),
        from_community=True,
    )


def _parts(text: str) -> tuple[str, ...]:
    parts = (part.strip() for part in re.split(r"[;,|]", text))
    return tuple(part for part in parts if part)[:LIST_LIMIT]


def _country(text: str) -> str:
    code = country_of_name(text) if text else ""
    if code is None:
        raise _Unusable(_("The country is not known. Write it as two letters, such as GB."))
    return code


def _phone(text: str) -> str:
    """Any number with a digit in it: short codes such as 988 and *4141 fail phone validators and are right."""
    if text and not any(char.isdigit() for char in text):
        raise _Unusable(_("The phone has no digits."))
    return text


def _link(text: str) -> str:
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and parts.hostname and not parts.username and " " not in text
    except ValueError:
        good = False
    if not good:
        raise _Unusable(_("The link must begin with https:// or http://."))
    return text


def _checked(text: str) -> tuple[date | None, Precision]:
    try:
        return parse_checked(text)
    except ValueError:
        raise _Unusable(_("The date of checking must look like 2026-03-31, 2026-03 or 2026.")) from None
