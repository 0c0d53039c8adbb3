"""A source's records, one after the other, from a file of any size.

Everything in it is hostile until it is read: no record may be longer than `RECORD_LIMIT`, and nothing is held but
the record at hand.
"""

import codecs
import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, Final

import ijson

from bot.core.meetings import bmlt, cleaning, columns, ical, meeting_guide, types
from bot.core.meetings.meeting_guide import Refused, Sense
from bot.core.meetings.model import Meeting, Refusal
from bot.core.meetings.recognise import HEAD, Form, Kind, encoding_of, form_of, is_challenge, kind_of, rows_of
from bot.core.meetings.weekdays import Numbering
from bot.core.meetings.zones import Zones

_SEGMENT, _DEEPEST = 1024, 500
"""Bytes between two looks at how deep it is nested, and how deep it may be; real records are three deep."""
RECORD_LIMIT: Final = 4_000_000
"""Bytes of one record; those of the longest real one are 20,000."""
CALENDAR_LIMIT: Final = 50_000_000
"""Bytes of a calendar: its events are held together, for one may change another."""
_LOOKED_AT: Final = 300
"""Records by which a source's weekday numbers are told."""


NO_SUCH_FILE: Final = "there is no such file, or it cannot be read"


class BadSource(Exception):
    """A source cannot be read: `problem` says so to an organizer, in English words that hold nothing of its text."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class _Measured:
    """A file that notices a record that is too long."""

    def __init__(self, file: BinaryIO, start: bytes = b"") -> None:
        self._file = file
        self._start = start
        self.since = 0
        self.depth = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        if self.since > RECORD_LIMIT:
            raise BadSource("one of its records is too long")
        if self._start:
            data, self._start = self._start, b""
        else:
            data = self._file.read(65_536 if size < 0 else size)
        self.since += len(data)
        self._mind_the_depth(data)
        return data

    def _mind_the_depth(self, data: bytes) -> None:
        """Notice what is nested without end: reading it takes the square of its depth.

        Brackets inside texts are counted too; those of real feeds are few, and are forgotten with each record.
        """
        for start in range(0, len(data), _SEGMENT):
            part = data[start : start + _SEGMENT]
            self.depth += part.count(b"[") + part.count(b"{") - part.count(b"]") - part.count(b"}")
            if self.depth > _DEEPEST:
                raise BadSource("its records are nested too deep")

    def begin_record(self) -> None:
        """A record has been read whole."""
        self.since = self.depth = 0


_DEPTH: Final = 2
"""A list of records lies at most so deep: "feed.entry" in Google's older sheets."""

Raw = tuple[int, Any]
"""A record's number, and what stands there."""


@dataclass(slots=True, kw_only=True)
class Source:
    """An opened source: what it is, and its records. `close` closes its file."""

    form: Form
    kind: Kind
    numbering: Numbering
    records: Iterator[Raw]
    close: Callable[[], None]
    formats: dict[str, str] = field(default_factory=dict)
    hint: str | None = None
    contact: str = ""

    def meetings(self, programme: str | None, zones: Zones, now: datetime) -> Iterator[tuple[int, Meeting | Refusal]]:
        """What each record is, with its number; raises `BadSource` where the source breaks off."""
        sense = Sense(programme=programme, zones=zones, numbering=self.numbering, formats=self.formats)
        if self.kind is Kind.ICALENDAR:
            yield from _events((line for _number, line in self.records), sense, now)
            return
        read = bmlt.read if self.kind is Kind.BMLT else meeting_guide.read
        for number, raw in self.records:
            record = rows_of(raw)
            if record is None:
                yield number, Refusal(record=number, reason="it is no record")
                continue
            try:
                yield number, read(columns.renamed(record), sense)
            except Refused as refused:
                yield number, Refusal(record=number, reason=refused.reason)


def _events(lines: Iterable[bytes], sense: Sense, now: datetime) -> Iterator[tuple[int, Meeting | Refusal]]:
    try:
        for number, found in enumerate(ical.read(lines, sense, now), 1):
            yield (found.record if isinstance(found, Refusal) else number), found
    except ValueError:
        raise BadSource("it is no calendar") from None


def open_source(path: Path) -> Source:
    """Open the file; what it is, is told by what stands in it. Raises `BadSource`."""
    try:
        file = path.open("rb")
    except (OSError, ValueError):
        raise BadSource(NO_SUCH_FILE) from None
    try:
        head = file.read(HEAD)
        file.seek(0)
        return _opened(file, head)
    except OSError:
        file.close()
        raise BadSource("it cannot be read") from None
    except BaseException:
        file.close()
        raise


_WALL: Final = "it is a page that wants to see a human first"


def _opened(file: BinaryIO, head: bytes) -> Source:
    match form_of(head):
        case Form.JSON:
            return _json(file, head)
        case Form.CSV:
            return _csv(file, head)
        case Form.ICALENDAR:
            return _calendar(file)
        case Form.EMPTY:
            raise BadSource("it is empty")
        case Form.HTML:
            raise BadSource(_WALL if is_challenge(head) else "it is a web page, not a feed")
        case _:
            raise BadSource("it is neither JSON nor CSV nor a calendar")


def _calendar(file: BinaryIO) -> Source:
    def lines() -> Iterator[Raw]:
        read = 0
        while line := file.readline(RECORD_LIMIT):
            read += len(line)
            if read > CALENDAR_LIMIT:
                raise BadSource("it is too long for a calendar")
            yield read, line

    return Source(form=Form.ICALENDAR, kind=Kind.ICALENDAR, numbering=Numbering.ISO, records=lines(), close=file.close)


# JSON


def _json(file: BinaryIO, head: bytes) -> Source:
    encoding = encoding_of(head)
    text: Any = file
    if encoding == "utf-8-sig":
        file.seek(3)
    elif encoding != "utf-8":
        text = codecs.EncodedFile(file, "utf-8", encoding, errors="replace")
    measured = _Measured(text)
    prefix = _prefix(head, encoding)
    if prefix is None:
        raise BadSource("it is JSON, but there is no list of meetings in it")
    records = _guarded(measured, prefix)
    first = list(islice(records, _LOOKED_AT))
    everything: Iterator[Raw] = chain(first, records)
    if first and isinstance(first[0][1], list):  # rows of a sheet, the first with the headings
        names = columns.headings(first[0][1])
        everything = _rows(chain(first[1:], records), names)
        first = [(number, columns.as_record(names, row)) for number, row in first[1:] if isinstance(row, list)]
    keys = _keys_of(first)
    kind = Kind.TYPES if prefix == "" and {"en"} <= keys else kind_of(keys)
    source = Source(form=Form.JSON, kind=kind, numbering=_numbering(kind, first), records=everything, close=file.close)
    _look_closer(source, first)
    if kind is Kind.BMLT and prefix != "item":
        source.formats = _formats_beside(Path(file.name))
    return source


def _prefix(head: bytes, encoding: str) -> str | None:
    """Where the first list of records is: "item" at the top; "" where each key has one; None if nowhere."""
    text = head.decode(encoding, errors="replace").lstrip("\ufeff \t\r\n")
    if text.startswith("["):
        return "item"
    found: str | None = None
    start = ""
    try:
        for prefix, event, _value in ijson.parse(io.BytesIO(text.encode())):
            depth = prefix.count(".")
            if event in {"start_map", "start_array"} and start and prefix == f"{start}.item":
                if start != "formats":
                    return f"{start}.item"
                found = found or "meetings.item"
            elif event == "start_array" and depth < _DEPTH and prefix:
                start = prefix
            elif event == "start_map" and prefix and not depth and found is None:
                found = ""
    except (ijson.JSONError, ValueError):
        pass  # the head ends in the middle
    return found


def _guarded(measured: _Measured, prefix: str) -> Iterator[Raw]:
    """The records with their numbers; raises `BadSource` where it is no JSON."""
    items = ijson.items(measured, prefix, use_float=True) if prefix else ijson.kvitems(measured, "", use_float=True)
    number = 0
    try:
        for number, item in enumerate(items, 1):
            measured.begin_record()
            yield number, item if prefix else item[1]
    except ijson.IncompleteJSONError:
        raise BadSource(f"it is not JSON after record {number}: it breaks off, or holds something else") from None
    except (ijson.JSONError, ValueError, RecursionError, OverflowError):
        raise BadSource(f"it is not JSON after record {number}") from None


def _rows(rows: Iterator[Raw], names: list[str]) -> Iterator[Raw]:
    for number, row in rows:
        yield number - 1, columns.as_record(names, row) if isinstance(row, list) else row


def _formats_beside(path: Path) -> dict[str, str]:
    """The formats in the same answer as the meetings: `get_used_formats=1`."""
    formats: dict[str, str] = {}
    with path.open("rb") as file:
        for _number, record in _guarded(_Measured(file), "formats.item"):
            if isinstance(record, dict) and "key_string" in record:
                _add_format(formats, record)
    return formats


def read_formats(source: Source) -> tuple[dict[str, str], list[Refusal], int]:
    """What the keys of a GetFormats answer mean, which records are none, and how many there are."""
    formats: dict[str, str] = {}
    refused: list[Refusal] = []
    number = 0
    for number, record in source.records:
        if not isinstance(record, dict) or not _add_format(formats, record):
            refused.append(Refusal(record=number, reason="it has no key or no name"))
    return formats, refused, number


def _add_format(formats: dict[str, str], record: dict[str, Any]) -> bool:
    try:
        for key, meaning in bmlt.format_names(record).items():
            formats.setdefault(key, meaning)
    except Refused:
        return False
    return True


# CSV


def _csv(file: BinaryIO, head: bytes) -> Source:
    encoding = encoding_of(head)
    first_line = head.decode(encoding, errors="replace").lstrip("\ufeff\r\n ").partition("\n")[0]
    delimiter = max(",;\t", key=first_line.count)
    text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
    rows = _csv_rows(csv.reader(text, delimiter=delimiter))
    names: list[str] = []
    for _number, row in rows:
        if isinstance(row, list) and any(cell.strip() for cell in row):
            names = columns.headings(row)
            break
    if not ({"name", "day"} <= set(names) or {"name", "time"} <= set(names) or "weekday_tinyint" in names):
        raise BadSource("it is a table, but no column of it is a meeting's name, day or time")
    records = _filled(rows, names)
    first = list(islice(records, _LOOKED_AT))
    kind = Kind.BMLT if "weekday_tinyint" in names else Kind.CSV
    source = Source(
        form=Form.CSV,
        kind=kind,
        numbering=_numbering(kind, first),
        records=chain(first, records),
        close=text.close,
    )
    _look_closer(source, first)
    return source


def _csv_rows(reader: Iterator[list[str]]) -> Iterator[Raw]:
    number = 0
    while True:
        try:
            yield number, next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield number, None
        number += 1


def _filled(rows: Iterator[Raw], names: list[str]) -> Iterator[Raw]:
    """Rows in which something stands, counted from 1."""
    number = 0
    for _line, row in rows:
        if row is None:
            number += 1
            yield number, None
        elif record := columns.as_record(names, [cell.strip() for cell in row]):
            number += 1
            yield number, record


# What it is


def _records_of(first: list[Raw]) -> Iterator[Any]:
    for _number, raw in first:
        record = rows_of(raw)
        if record is not None:
            yield columns.renamed(record)


def _keys_of(first: list[Raw]) -> set[str]:
    return {str(key) for record in islice(_records_of(first), 20) for key in record}


def _numbering(kind: Kind, first: list[Raw]) -> Numbering:
    """How the source counts weekdays: BMLT's database has a 0 where its API has none."""
    if kind is Kind.OIAA:
        return Numbering.ISO
    if kind is not Kind.BMLT:
        return Numbering.SUNDAY_0
    days = {cleaning.line(record.get("weekday_tinyint")) for record in _records_of(first)}
    return Numbering.SUNDAY_0 if "0" in days and "7" not in days else Numbering.SUNDAY_1


def _look_closer(source: Source, first: list[Raw]) -> None:
    """Whose it seems to be, and where mistakes are reported."""
    texts: list[str] = []
    for record in islice(_records_of(first), 20):
        texts += [
            cleaning.line(record.get(name)) for name in ("url", "entity", "entity_url", "website", "location_url")
        ]
        source.contact = source.contact or cleaning.line(record.get("entity_email") or record.get("feedback_url"))
    source.hint = "na" if source.kind is Kind.BMLT else types.hinted(*texts)
