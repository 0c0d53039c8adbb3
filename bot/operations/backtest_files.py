"""A community's history as its files have it: exports of Discord and Matrix rooms, and JSON lines.

| file | made by |
| --- | --- |
| an object whose `messages` have `content`, `timestamp`, `author` | DiscordChatExporter, format JSON |
| an object whose `messages` are events of Matrix | Element: room info, Export chat, format JSON |
| a line each `{"text", "at"?, "author"?, "place"?}` | anybody; `at` is ISO 8601, or seconds since 1970 |
"""

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from bot.core.words import Say, _
from bot.operations.backtest_json import entries
from bot.operations.scan_lines import LONGEST_LINE, BadJson, json_object, lines_of

Told = Callable[[int], None]
"""Is told how many bytes of the file have been read."""

_SNIFFED = 20
"""Lines that are looked at to see whether a file is JSON lines."""

_MOST_PROBLEMS = 20
"""Problems of one file that are told in words; the others are counted."""

_DISCORD_WORDS: Final = {"Default", "Reply", "0", "19"}
"""DiscordChatExporter's types of messages that people have written; the others are "joined", "pinned" and so on."""

_MILLISECONDS = 100_000_000_000
"""Beyond this a number is a time in milliseconds: in seconds it would be the year 5138."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody wrote; `at` in UTC, None if it is not known; `author` "" if it is not known."""

    text: str
    at: datetime | None
    author: str
    place: str


@dataclass(slots=True)
class Notes:
    """What was left out of a file, and why."""

    bots: int = 0
    without_words: int = 0
    problems: list[str] = field(default_factory=list)
    more_problems: int = 0

    def problem(self, file: str, reason: Say) -> None:
        """A part of `file` cannot be read."""
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(f"{file}: {reason}")
        else:
            self.more_problems += 1

    @property
    def told(self) -> Iterator[str]:
        """The problems, a line each."""
        yield from self.problems
        if self.more_problems:
            yield str(_("and {n} more of this kind", n=self.more_problems))

    @property
    def counts(self) -> dict[str, int]:
        """The numbers of what was left out."""
        refused = len(self.problems) + self.more_problems
        return {"bots": self.bots, "without_words": self.without_words, "refused": refused}


def read_history(path: Path, notes: Notes, told: Told) -> Iterator[Said]:
    """What people wrote, in the file's order; what is not in it for whatever reason goes into `notes`."""
    try:
        with path.open("rb") as opened:
            jsonl = _is_json_lines(opened)
            opened.seek(0)
            yield from (_of_lines if jsonl else _of_export)(opened, path.name, notes, told)
    except OSError as error:
        notes.problem(path.name, _("cannot be read ({reason}).", reason=error.strerror or ""))


def _is_json_lines(opened: BinaryIO) -> bool:
    """Whether one of the first lines is a whole object with a text."""
    for _number, (_line, line) in zip(range(_SNIFFED), lines_of(opened), strict=False):
        read = json_object(line) if line else None
        if read is not None and "text" in read:
            return True
    return False


def _of_lines(opened: BinaryIO, file: str, notes: Notes, told: Told) -> Iterator[Said]:
    """JSON lines."""
    for number, line in lines_of(opened):
        told(opened.tell())
        if line is None:
            notes.problem(file, _("line {number}: longer than {limit} bytes", number=number, limit=LONGEST_LINE))
            continue
        if not line.strip():
            continue
        read = json_object(line)
        text = None if read is None else read.get("text")
        if read is None or not isinstance(text, str):
            notes.problem(file, _("line {number}: not a JSON object with a “text”", number=number))
        elif not text.strip():
            notes.without_words += 1
        else:
            yield Said(
                text=text,
                at=_instant(read.get("at")),
                author=_name(read.get("author")),
                place=f"{file}/{_name(read.get('place'))}",
            )


def _of_export(opened: BinaryIO, file: str, notes: Notes, told: Told) -> Iterator[Said]:
    """One room's export."""
    with io.TextIOWrapper(opened, "utf-8-sig", errors="replace") as source:
        number = 0
        try:
            for entry in entries(source, "messages"):
                told(opened.tell())
                number += 1
                said = _said(entry, file, notes)
                if said is not None:
                    yield said
        except BadJson:
            reason = _(
                "no export that is known here, or cut off: after message {number} it cannot be read."
                " DiscordChatExporter and Element write one as JSON; or a line each: {example}",
                number=number,
                example='{"text": "…", "at": "2026-11-22T10:00Z", "author": "…"}',
            )
            notes.problem(file, reason)


def _said(entry: Any, file: str, notes: Notes) -> Said | None:
    """What a message of an export says; None if nobody's own words."""
    if not isinstance(entry, Mapping):
        notes.without_words += 1
        return None
    is_discord = isinstance(entry.get("content"), str)
    said, by_bot = _of_discord(entry, file) if is_discord else _of_matrix(entry, file)
    if by_bot:
        notes.bots += 1
        return None
    if not said.text.strip():
        notes.without_words += 1
        return None
    return said


def _of_discord(entry: Mapping[str, Any], file: str) -> tuple[Said, bool]:
    """A message of DiscordChatExporter, and whether a bot wrote it."""
    written = entry.get("author")
    author = written if isinstance(written, Mapping) else {}
    text = entry["content"] if str(entry.get("type", "Default")) in _DISCORD_WORDS else ""
    name = _name(author.get("id")) or _name(author.get("name"))
    return Said(text=text, at=_instant(entry.get("timestamp")), author=name, place=file), author.get("isBot") is True


def _of_matrix(entry: Mapping[str, Any], file: str) -> tuple[Said, bool]:
    """An event of Element's export, its words as the bot itself would hear them; no bot: notices have no words."""
    # nio takes a second to load, and only these files need it.
    from bot.platforms.matrix.events import Event  # noqa: PLC0415

    event = Event(entry)
    text = event.text if event.type == "m.room.message" else ""
    place = _name(entry.get("room_id")) or file
    return Said(text=text, at=_instant(entry.get("origin_server_ts")), author=event.sender, place=place), False


def _name(value: object) -> str:
    """A name or id; "" if it is none."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _instant(value: object) -> datetime | None:
    """An instant in UTC; without a zone it is taken for UTC, in which two hours more or less do not matter here."""
    try:
        if isinstance(value, str):
            read = datetime.fromisoformat(value)
            return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if abs(value) > _MILLISECONDS else value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None
