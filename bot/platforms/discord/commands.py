"""The bot's commands as Discord's application commands: slash commands and entries of a message's menu."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from bot.core.commands import Command, Parameter, Reader, Registry
from bot.core.text import NOTE_LIMIT
from bot.platforms.discord.rendering import cut

SLASH, MESSAGE_MENU = 1, 3
SUBCOMMAND, STRING = 1, 3
_GUILD, _DIRECT = 0, 1
_ON_GUILDS = 0

_NAME = re.compile(r"[-_'\w]{1,32}")
_DESCRIPTION_LIMIT = 100
_LABEL_LIMIT = 32
_VALUE_LIMIT = 300
_OPTIONS_LIMIT = 25

_NAMES_FOR_GROUP_ITSELF = ("list", "show", "open")


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """What is registered with Discord, and which command each entry means."""

    payload: list[dict[str, Any]]
    by_path: Mapping[tuple[str, ...], Command]
    by_label: Mapping[str, Command]

    @property
    def digest(self) -> str:
        """A short name of the payload: another payload has another one."""
        text = json.dumps(self.payload, sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def menu_of(registry: Registry) -> Menu:
    """The commands of `registry` that people can type or find in a message's menu.

    A command of two words is a subcommand. Discord has no command that is also a group: where "meetings" stands
    beside "meetings add", it becomes "meetings list" (or, where that exists too, "meetings show").
    Raises `ValueError` for a name that Discord would refuse: one such name, and it refuses all of them.
    """
    payload: list[dict[str, Any]] = []
    by_path: dict[tuple[str, ...], Command] = {}
    by_label: dict[str, Command] = {}
    shown = sorted((one for one in registry if not one.hidden), key=lambda one: one.name.split())
    for name, family in groupby(shown, key=lambda one: one.name.split()[0]):
        members = _members(name, family)
        if set(members) == {""}:
            by_path[name,] = members[""]
            payload.append(_slash(name, members[""]))
            continue
        by_path.update({(name, sub): command for sub, command in members.items()})
        payload.append(_group(name, members))
    for command in registry:
        if command.on_message is not None:
            label = str(command.on_message)[:_LABEL_LIMIT]
            by_label[label] = command
            payload.append({"type": MESSAGE_MENU, "name": label, **_everywhere()})
    return Menu(payload=payload, by_path=by_path, by_label=by_label)


def _members(group: str, family: Iterable[Command]) -> dict[str, Command]:
    """The commands of one first word by their second one; "" is the only command without a second word."""
    members: dict[str, Command] = {}
    for command in family:
        first, *more = command.name.split()
        if len(more) > 1:
            raise ValueError(f"the command {command.name!r} has more than two words")
        for word in (first, *more):
            _checked(word)
        members[more[0] if more else ""] = command
    if "" in members and len(members) > 1:
        free = next((name for name in _NAMES_FOR_GROUP_ITSELF if name not in members), None)
        if free is None:
            raise ValueError(f"there is no name left for the command {group!r} beside its subcommands")
        members[free] = members.pop("")
    if len(members) > _OPTIONS_LIMIT:
        raise ValueError(f"the group {group!r} has more than {_OPTIONS_LIMIT} commands")
    return members


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name) or name != name.lower():
        raise ValueError(f"{name!r} is not a lower-case name of at most 32 letters")
    return name


def _slash(name: str, command: Command) -> dict[str, Any]:
    return {
        "type": SLASH,
        "name": name,
        "description": _description(str(command.summary)),
        "options": _options(command),
        **_everywhere(),
    }


def _group(name: str, members: Mapping[str, Command]) -> dict[str, Any]:
    subcommands = [
        {
            "type": SUBCOMMAND,
            "name": sub,
            "description": _description(str(command.summary)),
            "options": _options(command),
        }
        for sub, command in sorted(members.items())
    ]
    # Nobody sees a group's own description, but Discord wants one.
    return {"type": SLASH, "name": name, "description": name, "options": subcommands, **_everywhere()}


def _everywhere() -> dict[str, Any]:
    return {"contexts": [_GUILD, _DIRECT], "integration_types": [_ON_GUILDS]}


def _options(command: Command) -> list[dict[str, Any]]:
    if len(command.parameters) > _OPTIONS_LIMIT:
        raise ValueError(f"the command {command.name!r} has more than {_OPTIONS_LIMIT} parameters")
    required_first = sorted(command.parameters, key=lambda parameter: not parameter.required)
    return [
        {
            "type": STRING,
            "name": _checked(parameter.name),
            "description": _description(str(parameter.ask)),
            "required": parameter.required,
            "max_length": value_limit(parameter),
            "autocomplete": _suggests(parameter),
        }
        for parameter in required_first
    ]


def _description(text: str) -> str:
    return cut(text, _DESCRIPTION_LIMIT) or "…"


def value_limit(parameter: Parameter) -> int:
    """Characters a person may give for `parameter`."""
    return NOTE_LIMIT if parameter.rest else _VALUE_LIMIT


def _suggests(parameter: Parameter) -> bool:
    """Whether there is anything to suggest before a word is typed; otherwise Discord shows an empty list."""
    nobody = Reader(now=datetime.now(UTC), zone=ZoneInfo("UTC"))
    try:
        return bool(parameter.kind.suggest("", nobody))
    except Exception:  # a kind that cannot suggest to nobody in particular does not suggest
        return False
