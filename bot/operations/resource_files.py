"""Files of resources, record by record: their kind is recognised by what they hold. Streaming, and bounded.

JSON (an array, a page of an API, one record, tables or countries by name), JSON lines, CSV, and a folder with the
tables of HSDS. Raises `Broken` with a sentence for a person where a file cannot be read, or not to its end.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import IO, Any

import ijson

from bot.core.resources.listed import columns_of, looks_like_a_list
from bot.core.resources.oldlist import looks_like_an_old_list, paragraphs_of
from bot.core.words import _
from bot.operations.resource_tables import TABLES, Tables, table_of
from bot.services.directory import Broken

RECORD_LIMIT = 4_000_000
"""Bytes of one record, and of a file that is one record: an organization with all its services."""
FILE_LIMIT = 4_000_000_000
"""Bytes of one file."""
FIELD_LIMIT = 100_000
"""Characters of one field of a CSV file."""
DEPTH_LIMIT = 60
"""Objects and lists within each other; HSDS has 12."""
_HEAD = 65_536
_OPENING = b"[{"
_NOT_STRUCTURE = bytes(set(range(256)) - set(b'[]{}"'))
_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_STRING = re.compile(rb'"[^"]*"')
_LISTS = frozenset({"contents", "rows", "services", "data", "results", "items", "organizations", "records"})
"""What exports call the list of their records."""
_KEYS_LOOKED_AT = 40

Numbered = tuple[int, Any]


def records_in(path: Path) -> Iterator[Numbered]:
    """The records of a file or folder, each with its number: from 1, in CSV that of its row in a spreadsheet."""
    if path.is_dir():
        return _folder(path)
    if not path.is_file():
        raise Broken(_("There is no file {file}.", file=str(path)))
    if path.stat().st_size > FILE_LIMIT:
        raise Broken(_("The file is too big. At most {limit} GB are read.", limit=FILE_LIMIT // 10**9))
    with path.open("rb") as opened:
        head = opened.read(_HEAD).lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head:
        raise Broken(_("The file is empty."))
    if head[:1] in {b"[", b"{"}:
        return _json(path, head)
    if head[:1] == b"<":
        raise Broken(_("This is a web page, no data. Was it downloaded without signing in?"))
    return _csv(path)


class _Bounded:
    """A file for ijson, which stops where one record is longer than it may be."""

    def __init__(self, opened: IO[bytes]) -> None:
        self._opened = opened
        self._since = 0
        self._depth = 0
        self._in_string = False
        self._cut = b""

    def read(self, size: int = -1) -> bytes:
        data = self._opened.read(size)
        self._since += len(data)
        if self._since > RECORD_LIMIT + _HEAD:
            raise Broken(_("One record is over {limit} MB.", limit=RECORD_LIMIT // 10**6))
        self._look_deep(data)
        return data

    def _look_deep(self, data: bytes) -> None:
        """Stop at what is nested deeper than any record: ijson takes memory with the square of the depth."""
        data = self._cut + data
        # An escape may be cut in two between this piece of the file and the next.
        self._cut = b"\\" if (len(data) - len(data.rstrip(b"\\"))) % 2 else b""
        data = data[: len(data) - len(self._cut)]
        plain = _ESCAPED.sub(b"", b'"' + data if self._in_string else data).translate(None, _NOT_STRUCTURE)
        self._in_string = plain.count(b'"') % 2 == 1
        brackets = _STRING.sub(b"", plain + b'"' if self._in_string else plain)
        for char in brackets:
            self._depth += 1 if char in _OPENING else -1
            if self._depth > DEPTH_LIMIT:
                raise Broken(_("The file is no whole JSON: it breaks off or has an error in it."))

    def next(self) -> None:
        """A record has been read."""
        self._since = 0


def _json(path: Path, head: bytes) -> Iterator[Numbered]:
    if head[:1] == b"[":
        return _items(path, "item")
    if re.match(rb"\{[^\n]{0,60000}\}\s*\n\s*\{", head):
        return _lines(path)
    return _object(path)


def _items(path: Path, prefix: str) -> Iterator[Numbered]:
    with path.open("rb") as opened:
        bounded = _Bounded(opened)
        yield from enumerate(_parsed(ijson.items(_unmarked(bounded), prefix, use_float=True), bounded), 1)


def _unmarked(bounded: _Bounded) -> _Bounded:
    """Past a byte order mark, which is no JSON."""
    if bounded.read(3) != b"\xef\xbb\xbf":
        bounded._opened.seek(0)
    return bounded


def _parsed(values: Iterable[Any], bounded: _Bounded) -> Iterator[Any]:
    rest = iter(values)
    while True:
        try:
            value = next(rest)
        except StopIteration:
            return
        except (ijson.JSONError, UnicodeDecodeError, ValueError, RecursionError):
            raise Broken(_("The file is no whole JSON: it breaks off or has an error in it.")) from None
        bounded.next()
        yield value


def _object(path: Path) -> Iterator[Numbered]:
    """The records of a file that is one object: its list, its countries, its tables, or itself."""
    keys: list[str] = []
    with path.open("rb") as opened:
        bounded = _Bounded(opened)
        for prefix, event, value in _parsed(ijson.parse(_unmarked(bounded), use_float=True), bounded):
            if prefix == "" and event == "map_key":
                keys.append(value)
                if len(keys) > _KEYS_LOOKED_AT or value == "parsed_batches":
                    break
            elif prefix in _LISTS and event == "start_array" and not {"id", "name"} & set(keys):
                return _items(path, f"{prefix}.item")
            elif prefix.endswith(".parsed_batches"):
                return _countries(path)
    if path.stat().st_size > RECORD_LIMIT:
        raise Broken(_("One record is over {limit} MB.", limit=RECORD_LIMIT // 10**6))
    return _whole(json.loads(path.read_text("utf-8-sig", errors="replace")))


def _countries(path: Path) -> Iterator[Numbered]:
    with path.open("rb") as opened:
        bounded = _Bounded(opened)
        countries = _parsed(ijson.kvitems(_unmarked(bounded), "", use_float=True), bounded)
        found = (p for name, value in countries if looks_like_an_old_list(value) for p in paragraphs_of(name, value))
        yield from enumerate(found, 1)


def _whole(value: dict[str, Any]) -> Iterator[Numbered]:
    if "$schema" in value or ("properties" in value and "type" in value) or "openapi" in value:
        raise Broken(_("This describes how records look; it holds none."))
    if "resources" in value and "profile" in value:
        raise Broken(_("This describes tables; the tables are not in it. Give the folder in which they are."))
    tables = {table: rows for name, rows in value.items() if (table := table_of(name)) and isinstance(rows, list)}
    if "services" in tables and len(tables) == len(value):
        joined = Tables()
        for table, rows in tables.items():
            joined.fill(table, (row for row in rows if isinstance(row, dict)))
        return joined.services(1)
    return iter([(1, value)])


def _lines(path: Path) -> Iterator[Numbered]:
    with path.open("rb") as opened:
        for number, line in enumerate(iter(lambda: opened.readline(RECORD_LIMIT), b""), 1):
            if line.strip():
                try:
                    yield number, json.loads(line)
                except (ValueError, RecursionError):
                    yield number, None


def _folder(path: Path) -> Iterator[Numbered]:
    joined = Tables()
    files = {table: file for table in TABLES if (file := path / f"{table}.csv").is_file()}
    if "services" not in files:
        raise Broken(_("There is no services.csv in this folder: it holds no tables of HSDS."))
    for table, file in files.items():
        joined.fill(table, (row for _number, row in _rows(file)))
    return joined.services(2)


def _csv(path: Path) -> Iterator[Numbered]:
    header, rows = _header_of(path), _rows(path)
    table = table_of(path.name)
    if table == "services" and "organization_id" in header:
        return _folder(path.parent)
    if table is not None and "id" in header and any(name.endswith("_id") for name in header):
        raise Broken(_("This is one table of HSDS. Give the folder in which all of them are."))
    columns = columns_of(header)
    if not looks_like_a_list(columns) and "name1" not in header:
        raise Broken(_("The first line must name the columns, and one of them must be “name”."))
    return rows


def _header_of(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as opened:
        first = opened.readline(FIELD_LIMIT)
    return next(csv.reader([first], delimiter=_delimiter(first)), [])


def _rows(path: Path) -> Iterator[Numbered]:
    """The rows of a CSV file by their header, numbered as a spreadsheet does: the first is 2."""
    csv.field_size_limit(FIELD_LIMIT)
    header = _header_of(path)
    with path.open(encoding=_encoding(path), errors="replace", newline="") as opened:
        delimiter = _delimiter(opened.readline(FIELD_LIMIT))
        opened.seek(0)
        reader = csv.reader(chain(opened), delimiter=delimiter)
        next(reader, None)
        number = 1
        try:
            for number, cells in enumerate(reader, 2):
                if any(cell.strip() for cell in cells):
                    yield number, dict(zip(header, cells, strict=False))
        except csv.Error:
            raise Broken(
                _("From row {row} on this is not readable as CSV. Is a quotation mark open?", row=number + 1)
            ) from None


def _encoding(path: Path) -> str:
    """UTF-8; what is not is taken for what Excel writes in the west."""
    with path.open("rb") as opened:
        head = opened.read(_HEAD)
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return "utf-8-sig" if error.start > len(head) - 4 else "cp1252"
    return "utf-8-sig"


def _delimiter(header: str) -> str:
    return max(",;\t", key=header.count)
