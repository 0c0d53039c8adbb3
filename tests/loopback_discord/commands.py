"""The application commands a bot registered, and turning what a person typed into interaction data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .components import resolve
from .entities import DM, JSON, Channel, Role
from .permissions import ADMINISTRATOR

if TYPE_CHECKING:
    from .people import Person
    from .state import World

CHAT_INPUT, USER_COMMAND, MESSAGE_COMMAND = 1, 2, 3
SUBCOMMAND, SUBCOMMAND_GROUP, STRING, INTEGER, BOOLEAN = 1, 2, 3, 4, 5
USER, CHANNEL, ROLE, MENTIONABLE, NUMBER = 6, 7, 8, 9, 10


class Commands:
    """What was registered, globally (None) and per guild."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._registered: dict[int | None, list[JSON]] = {}

    def registered(self, guild_id: int | None = None) -> list[JSON]:
        """Return the commands as Discord would give them back."""
        return self._registered.get(guild_id, [])

    def replace(self, guild_id: int | None, bodies: list[JSON]) -> list[JSON]:
        """Overwrite all commands; one that keeps its name and type keeps its id."""
        before = {(old["name"], old["type"]): old for old in self.registered(guild_id)}
        self._registered[guild_id] = [
            self._stored(guild_id, body, before.get((body["name"], body.get("type") or 1))) for body in bodies
        ]
        return self._registered[guild_id]

    def upsert(self, guild_id: int | None, body: JSON) -> JSON:
        """Register one command, over an old one of the same name."""
        key = (body["name"], body.get("type") or 1)
        kept = [old for old in self.registered(guild_id) if (old["name"], old["type"]) != key]
        same = next((old for old in self.registered(guild_id) if (old["name"], old["type"]) == key), None)
        stored = self._stored(guild_id, body, same)
        self._registered[guild_id] = [*kept, stored]
        return stored

    def remove(self, guild_id: int | None, command_id: str) -> bool:
        """Delete one command; tell whether it was there."""
        kept = [one for one in self.registered(guild_id) if one["id"] != command_id]
        found = len(kept) < len(self.registered(guild_id))
        self._registered[guild_id] = kept
        return found

    def _stored(self, guild_id: int | None, body: JSON, same: JSON | None) -> JSON:
        data = {key: value for key, value in body.items() if value is not None}
        data |= {
            "id": same["id"] if same else str(self.world.snowflake()),
            "application_id": str(self.world.bot.id),
            "version": str(self.world.snowflake()),
            "type": body.get("type") or CHAT_INPUT,
            "description": body.get("description") or "",
            "default_member_permissions": body.get("default_member_permissions"),
        }
        if guild_id is not None:
            data["guild_id"] = str(guild_id)
        permissions = data["default_member_permissions"]
        data["default_member_permissions"] = None if permissions is None else str(permissions)
        return data

    def find(self, name: str, kind: int, channel: Channel, person: Person) -> JSON:
        """Find a command this person could use in this channel, or say why not."""
        guild = channel.guild
        own = [] if guild is None else self.registered(guild.id)
        offered = [command for command in [*own, *self.registered()] if command["type"] == kind]
        command = next((command for command in offered if command["name"] == name), None)
        names = sorted(command["name"] for command in offered)
        assert command is not None, f"there is no command {name!r} here; there are {names}"
        contexts = command.get("contexts")
        where = 1 if channel.type == DM else 0
        allowed = where in contexts if contexts else where == 0 or command.get("dm_permission", True)
        assert allowed, f"the command {name!r} is not offered {'in direct messages' if where else 'in guilds'}"
        needed = command["default_member_permissions"]
        if needed is not None and guild is not None:
            has = guild.permissions_of(person.id)
            # "0" means: administrators only.
            wanted = int(needed) or ADMINISTRATOR
            assert has & wanted == wanted, f"{person.name} is not offered {name!r}"
        return command

    def chat_input(
        self,
        typed: str,
        channel: Channel,
        person: Person,
        given: Mapping[str, Any],
        focused: str | None = None,
    ) -> JSON:
        """Turn ``checkin start`` and its options into interaction data, checked like Discord's own client."""
        name, *path = typed.removeprefix("/").split()
        command = self.find(name, CHAT_INPUT, channel, person)
        declared: list[JSON] = command.get("options", [])
        nesting: list[JSON] = []
        for part in path:
            inner = next((one for one in declared if one["name"] == part and one["type"] <= 2), None)
            assert inner is not None, f"/{name} has no {part!r}; it has {[one['name'] for one in declared]}"
            nesting.append(inner)
            declared = inner.get("options", [])
        unfinished = [one["name"] for one in declared if one["type"] <= SUBCOMMAND_GROUP]
        assert not unfinished, f"/{typed} needs one of {unfinished}"
        resolved: JSON = {}
        options = _options(declared, given, resolved, channel, typed=typed, focused=focused)
        for inner in reversed(nesting):
            options = [{"name": inner["name"], "type": inner["type"], "options": options}]
        data: JSON = {"id": command["id"], "name": name, "type": CHAT_INPUT, "options": options}
        data |= {"guild_id": command["guild_id"]} if "guild_id" in command else {}
        return data | ({"resolved": resolved} if resolved else {})


def _options(
    declared: list[JSON],
    given: Mapping[str, Any],
    resolved: JSON,
    channel: Channel,
    *,
    typed: str,
    focused: str | None,
) -> list[JSON]:
    by_name = {option["name"]: option for option in declared}
    unknown = sorted(set(given) - set(by_name))
    assert not unknown, f"/{typed} has no option {unknown}; it has {sorted(by_name)}"
    missing = [name for name, one in by_name.items() if one.get("required") and name not in given]
    assert not missing or focused is not None, f"/{typed} needs {missing}"
    options: list[JSON] = []
    for name, value in given.items():
        option = by_name[name]
        if name == focused:
            assert option.get("autocomplete"), f"/{typed} does not complete {name!r}"
            options.append({"name": name, "type": option["type"], "value": value, "focused": True})
        else:
            options.append({"name": name, "type": option["type"], "value": _value(option, value)})
            if not isinstance(value, (str, int, float)):
                resolve(resolved, value, channel.guild)
    return options


def _value(option: JSON, value: Any) -> Any:
    name, kind = option["name"], option["type"]
    wrong = f"{name!r} does not take {value!r}"
    if option.get("choices"):
        offered = {choice["name"]: choice["value"] for choice in option["choices"]}
        offered |= {choice["value"]: choice["value"] for choice in option["choices"]}
        assert value in offered, f"{wrong}; it takes {list(offered)}"
        value = offered[value]
    if kind == STRING:
        assert isinstance(value, str), wrong
        low, high = option.get("min_length") or 0, option.get("max_length") or 6000
        assert low <= len(value) <= high, f"{wrong}: {low} to {high} characters"
    elif kind in (INTEGER, NUMBER):
        numeric = isinstance(value, int) or (kind == NUMBER and isinstance(value, float))
        assert numeric, wrong
        assert not isinstance(value, bool), wrong
        assert option.get("min_value", value) <= value <= option.get("max_value", value), wrong
    elif kind == BOOLEAN:
        assert isinstance(value, bool), wrong
    else:
        assert kind in (USER, CHANNEL, ROLE, MENTIONABLE), f"option type {kind} is not supported"
        expected = {USER: not isinstance(value, (Role, Channel)), MENTIONABLE: not isinstance(value, Channel)}
        expected |= {CHANNEL: isinstance(value, Channel), ROLE: isinstance(value, Role)}
        assert expected[kind], wrong
        assert hasattr(value, "id"), wrong
        types = option.get("channel_types")
        assert kind != CHANNEL or not types or value.type in types, wrong
        return str(value.id)
    return value
