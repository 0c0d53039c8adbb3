"""What a command is: declared once by a cog, turned by each adapter into what its platform offers."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from bot.core.content import Reply
from bot.core.roles import Action
from bot.core.words import Say, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """For whom a value is read: an hour, a date or a place means something only to somebody."""

    now: datetime
    zone: ZoneInfo
    country: str | None = None


class BadValue(ValueError):
    """A person's words are not what a parameter takes: says so, with the nearest guesses.

    `guesses` are values the parameter would take, best first, at most five. A handler that finds only later that
    a value means nothing (no meeting of that name) names the `parameter` to ask again.
    """

    def __init__(self, message: Text, guesses: tuple[str, ...] = (), parameter: str | None = None) -> None:
        super().__init__(message.message)
        self.message = message
        self.guesses = guesses
        self.parameter = parameter


class Kind(Protocol):
    """What sort of value a parameter takes, such as a time zone."""

    name: str
    """A short name that is shown as a placeholder, such as "zone"."""

    def parse(self, text: str, reader: Reader) -> Any:
        """The value meant by `text`; raises `BadValue`."""

    def suggest(self, typed: str, reader: Reader) -> list[tuple[str, Say]]:
        """Values and their labels for what has been typed so far, best first (Discord shows up to 25)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One value a command takes, with an `example` of what is typed for it where its kind's own would not do.

    `rest`: in typed commands it takes everything to the end of the line; `after`: words that people put before it, such
    as "to" before a name. `sure`: in typed commands words that are no such value are not asked about: with them it is
    perhaps no command at all ("help me"). `at_an_end`: in typed commands it stands first or last, as people like:
    "pause 24h alice", "pause alice 24h".
    """

    name: str
    ask: Text
    """The question that asks for it, which also describes it."""
    kind: Kind
    required: bool = True
    rest: bool = False
    after: tuple[str, ...] = ()
    sure: bool = False
    at_an_end: bool = False
    example: str = ""


Handler = Callable[..., Awaitable[Reply]]
First = Callable[..., Awaitable[Reply | Mapping[str, str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One thing people can ask for.

    `name` is one or two lower-case words; `hidden` ones are reached by buttons only; `on_message` is the label
    under which it stands in the menu of somebody's message (its handler then finds that message in the call);
    `phrases`: whole messages that mean it, each perhaps in several ways, with " / " between them.

    `first` is called, with the values that are known, before a missing one is asked for: it answers, or raises
    `BadValue`, where asking would be for nothing, and else returns the arguments that it has found out.
    """

    name: str
    summary: Text
    may: Action
    run: Handler
    parameters: tuple[Parameter, ...] = ()
    hidden: bool = False
    on_message: Text | None = None
    phrases: tuple[Text, ...] = ()
    first: First | None = None

    def missing(self, arguments: Mapping[str, object]) -> tuple[Parameter, ...]:
        """The required parameters that `arguments` lacks: what a form must ask."""
        return tuple(p for p in self.parameters if p.required and p.name not in arguments)


def command(
    name: str,
    summary: Text,
    *parameters: Parameter,
    may: Action = Action.USE,
    hidden: bool = False,
    on_message: Text | None = None,
    phrases: tuple[Text, ...] = (),
    first: First | None = None,
) -> Callable[[Handler], Handler]:
    """Declare a cog's method as a command; the method is called with the call and the parsed parameters.

    `first` is a method of the same cog.
    """

    def declare(method: Handler) -> Handler:
        method.__handrail_command__ = Command(  # type: ignore[attr-defined]  # read by commands_of, below
            name=name,
            summary=summary,
            may=may,
            run=method,
            parameters=parameters,
            hidden=hidden,
            on_message=on_message,
            phrases=phrases,
            first=first,
        )
        return method

    return declare


def commands_of(cog: object) -> Iterator[Command]:
    """The commands a cog declares, bound to it, in the order of its source."""
    for attribute in vars(type(cog)).values():
        declared = getattr(attribute, "__handrail_command__", None)
        if isinstance(declared, Command):
            first = declared.first
            bound = None if first is None else first.__get__(cog)
            yield replace(declared, run=attribute.__get__(cog), first=bound)


@dataclass(frozen=True, slots=True)
class Registry:
    """All commands, by name."""

    by_name: Mapping[str, Command] = field(default_factory=dict)

    @classmethod
    def of(cls, *cogs: object) -> "Registry":
        """The commands of these cogs; two of the same name are a mistake of ours."""
        by_name: dict[str, Command] = {}
        for cog in cogs:
            for found in commands_of(cog):
                if found.name in by_name:
                    raise ValueError(f"two commands are named {found.name!r}")
                by_name[found.name] = found
        return cls(by_name)

    def __iter__(self) -> Iterator[Command]:
        return iter(self.by_name.values())

    def get(self, name: str) -> Command | None:
        """The command of that name, if there is one."""
        return self.by_name.get(name)
