"""A TOML file that people write by hand: read whole or not at all, every problem with it on one line.

The models of such a file are pydantic's; each of their values says what it takes (`Takes`), so that the problem
is told in words for people, in their language, and never shows a value that is private.
"""

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, time
from typing import Any, get_args, get_origin

from pydantic import BaseModel, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, ErrorDetails, core_schema
from rapidfuzz import process

from bot.core.commands import BadValue
from bot.core.text import clean
from bot.core.words import Say, Text, _

FILE_LIMIT = 262_144
"""Characters of a file: a community of a thousand people needs about a third of it."""

SHOWN_LIMIT = 60
"""Characters of a value or key that a problem repeats."""

_LINE = re.compile(r"\(at line (\d+), column \d+\)$")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,60}")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend in a file.

    - `file`: its name, or "environment".
    - `key`: where in it, such as "people[2].zone" (counted from 1), or the line of a mistake in the TOML itself.
    - `expected`: what the key takes.
    - `got`: what stands there; None where that is private, or nothing.
    """

    file: str
    key: Say
    expected: Text
    got: Say | None = None

    @property
    def text(self) -> Text:
        """The problem as one line."""
        if self.got is None:
            return _("{file}: {key}: {expected}", file=self.file, key=self.key, expected=self.expected)
        return _(
            "{file}: {key}: {expected} (got {got})",
            file=self.file,
            key=self.key,
            expected=self.expected,
            got=self.got,
        )

    def __str__(self) -> str:
        return str(self.text)


class BadFile(Exception):
    """A file cannot be used as it is: `problems` says everything that is to be mended, at least one thing."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class Clashes(ValueError):
    """Values that are right one by one, but not together; raised by a model's validator of a list.

    `found` holds the key below the validated one, such as "[2].address" (counted from 1), and what is expected.
    """

    def __init__(self, found: list[tuple[str, Text]]) -> None:
        super().__init__()
        self.found = found


@dataclass(frozen=True, eq=False)
class Takes:
    """What a value of a file is, said in every problem about it; used as `Annotated[str, Takes(_("…"))]`.

    `parse` makes the value from what the file holds, instead of pydantic; a `ValueError` from it becomes a problem
    in the words of `expected`, a `BadValue` in its own. The value of a `private` one is never shown.
    """

    expected: Text
    parse: Callable[[Any], object] | None = None
    private: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """How pydantic makes the value."""
        if self.parse is not None:
            return core_schema.no_info_plain_validator_function(lambda value: self._try(self.parse, value))
        return core_schema.no_info_wrap_validator_function(
            lambda value, inner: self._try(inner, value), handler(source)
        )

    def _try(self, parse: Callable[[Any], object] | None, value: Any) -> object:
        assert parse is not None  # noqa: S101  the schema above gives one
        try:
            return parse(value)
        except BadValue:
            raise
        except ValueError:
            raise BadValue(self.expected) from None


def read_toml(text: str, file: str) -> dict[str, Any]:
    """The tables of a file's `text`; raises `BadFile`."""
    if len(text) > FILE_LIMIT:
        raise BadFile((Problem(file, _("size"), _("at most {limit} characters", limit=FILE_LIMIT)),))
    # Windows' Notepad writes a byte order mark, which TOML does not know.
    text = text.removeprefix("\ufeff")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadFile((_syntax_problem(str(error), text, file),)) from None
    except (ValueError, RecursionError):
        # A number of thousands of digits; brackets nested by the hundred.
        raise BadFile((Problem(file, _("TOML"), _("no such long numbers, and no such deep nesting")),)) from None


def _syntax_problem(message: str, text: str, file: str) -> Problem:
    found = _LINE.search(message)
    line = int(found[1]) if found else text.rstrip("\n").count("\n") + 1
    if message.startswith(("Cannot", "Duplicate")):
        expected = _("every key and every [table] only once")
    else:
        expected = _('TOML: a line such as key = "value", every quotation mark and bracket closed')
    return Problem(file, _("line {line}", line=line), expected)


def problems_of(error: ValidationError, model: type[BaseModel], file: str) -> tuple[Problem, ...]:
    """What pydantic found wrong with the `model` of a file, in the order of its keys."""
    errors = error.errors(include_url=False)
    wrong = {found["loc"][:length] for found in errors for length in range(len(found["loc"]))}
    return tuple(
        problem
        for found in errors
        # A list whose entries are all wrong is not empty, though pydantic has none left.
        if found["type"] != "too_short" or found["loc"] not in wrong
        for problem in _problems(found, model, file)
    )


def _problems(found: ErrorDetails, model: type[BaseModel], file: str) -> Iterator[Problem]:
    owner, takes = _locate(model, found["loc"])
    key = key_of(found["loc"])
    cause = found.get("ctx", {}).get("error")
    told = isinstance(cause, BadValue) and takes is not None and cause.message is takes.expected
    # A whole list or nothing at all says nothing more, unless a text should stand there.
    empty = found["input"] is None or (isinstance(found["input"], list | tuple) and not told)
    got = None if takes is None or takes.private or empty else shown(found["input"])
    match found["type"]:
        case "extra_forbidden":
            yield Problem(file, key, _unknown(str(found["loc"][-1]), list(owner.model_fields)))
        case "missing" if takes is not None:
            yield Problem(file, key, _("missing: {expected}", expected=takes.expected))
        case _ if isinstance(cause, Clashes):
            for below, expected in cause.found:
                yield Problem(file, key + below, expected)
        case _ if isinstance(cause, BadValue):
            yield Problem(file, key, did_you_mean(cause.message, cause.guesses), got)
        case kind:
            yield Problem(file, key, _shape(kind), got)


def _shape(kind: str) -> Text:
    """What is expected where pydantic's error of this `kind` came up."""
    match kind:
        case "missing":
            return _("missing")
        case "tuple_type" | "list_type":
            return _('a list, in brackets: ["…", "…"]')
        case "too_short":
            return _("a list that is not empty")
        case "model_type" | "model_attributes_type" | "dict_type":
            return _("a table, with keys of its own")
        case _:
            return _("another value")


def did_you_mean(message: Text, guesses: tuple[str, ...]) -> Text:
    """`message` with the nearest guesses, if there are any."""
    if not guesses:
        return message
    return _("{message}; did you mean {guesses}?", message=message, guesses=", ".join(guesses))


def _unknown(key: str, known: list[str]) -> Text:
    nearest = process.extractOne(key[:SHOWN_LIMIT].lower(), known, score_cutoff=60)
    if nearest is None:
        return _("unknown key; the keys here are {keys}", keys=", ".join(known))
    return did_you_mean(_("unknown key"), (nearest[0],))


def key_of(location: tuple[int | str, ...]) -> str:
    """A place in the file as people count: ("people", 1, "zone") is "people[2].zone"."""
    key = ""
    for part in location:
        if isinstance(part, int):
            key += f"[{part + 1}]"
        else:
            key += ("." if key else "") + (part if _BARE_KEY.fullmatch(part) else str(shown(part)))
    return key


def shown(value: object) -> Say:
    """A value from a file as a problem repeats it: one line, short, without control characters."""
    match value:
        case str():
            short = " ".join(clean(value[: 2 * SHOWN_LIMIT]).split())
            said: Say = f'"{short[:SHOWN_LIMIT]}…"' if len(short) > SHOWN_LIMIT else f'"{short}"'
        case bool():
            said = str(value).lower()
        case int() if value.bit_length() > 64:  # noqa: PLR2004  more than any platform's id
            said = _("a huge number")
        case date() | time():
            said = value.isoformat()
        case list() | tuple():
            said = _("a list")
        case dict():
            said = _("a table")
        case _:
            said = str(value)
    return said


def _locate(model: type[BaseModel], location: tuple[int | str, ...]) -> tuple[type[BaseModel], Takes | None]:
    """The model that owns the last key of `location`, and what that key takes."""
    owner, takes = model, None
    for part in location:
        if isinstance(part, int):
            continue
        field = owner.model_fields.get(part)
        if field is None:
            return owner, None
        parts = [*field.metadata, *_parts(field.annotation)]
        takes = next((p for p in parts if isinstance(p, Takes)), None)
        owner = next((p for p in parts if isinstance(p, type) and issubclass(p, BaseModel)), owner)
    return owner, takes


def _parts(annotation: Any) -> Iterator[Any]:
    """The types and the metadata an annotation is made of."""
    yield annotation
    if get_origin(annotation) is not None:
        for part in get_args(annotation):
            yield from _parts(part)
