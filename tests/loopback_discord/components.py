"""Finding what a person would click or fill in, by the words they see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .entities import JSON, Channel, Guild, Role

if TYPE_CHECKING:
    from .messages import Message
    from .people import Person

ACTION_ROW, BUTTON, STRING_SELECT, TEXT_INPUT, LABEL = 1, 2, 3, 4, 18
USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT = 5, 6, 7, 8
SELECTS = (STRING_SELECT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT)
LINK_STYLE = 5


def walk(components: Sequence[JSON]) -> Iterator[JSON]:
    """Go through components and everything nested in them."""
    for component in components:
        yield component
        yield from walk(component.get("components", ()))
        for key in ("component", "accessory"):
            if component.get(key):
                yield from walk([component[key]])


def texts(components: Sequence[JSON]) -> list[str]:
    """Collect the text displays of a components-v2 message."""
    return [part["content"] for part in walk(components) if part["type"] == 10]


def labels(message: Message) -> list[str]:
    """List what can be pressed or chosen in a message."""
    found: list[str] = []
    for component in walk(message.components):
        if component["type"] == BUTTON:
            found.append(component.get("label") or (component.get("emoji") or {}).get("name", ""))
        found.extend(option["label"] for option in component.get("options", ()))
    return found


def press(message: Message, label: str) -> JSON | None:
    """Make the interaction data of pressing a button or choosing one option, if it is there."""
    for component in walk(message.components):
        if component["type"] == BUTTON:
            shown = component.get("label") or (component.get("emoji") or {}).get("name")
            if shown != label:
                continue
            assert component.get("style") != LINK_STYLE, f"{label!r} is a link"
            assert not component.get("disabled"), f"{label!r} is disabled"
            return {"custom_id": component["custom_id"], "component_type": BUTTON, "id": 1}
        for option in component.get("options", ()):
            if option["label"] == label:
                return choose(component, [label], None)
    return None


def choose(component: JSON, wanted: Sequence[str | Person | Role | Channel], guild: Guild | None) -> JSON:
    """Make the interaction data of choosing in one select menu."""
    assert not component.get("disabled"), "the menu is disabled"
    low, high = component.get("min_values", 1), component.get("max_values", 1)
    low = low if component.get("required", True) or wanted else 0
    assert low <= len(wanted) <= high, f"the menu takes {low} to {high} values, not {len(wanted)}"
    data: JSON = {"custom_id": component["custom_id"], "component_type": component["type"], "id": 1}
    if component["type"] != STRING_SELECT:
        things = [one for one in wanted if not isinstance(one, str)]
        assert len(things) == len(wanted), "this menu takes people, roles or channels"
        resolved: JSON = {}
        for thing in things:
            resolve(resolved, thing, guild)
        return data | {"values": [str(thing.id) for thing in things], "resolved": resolved}
    offered = {option["label"]: option["value"] for option in component["options"]}
    offered |= {value: value for value in offered.values()}
    missing = [one for one in wanted if one not in offered]
    assert not missing, f"{missing} is not among {sorted(offered)}"
    return data | {"values": [offered[str(one)] for one in wanted]}


def menu(message: Message, wanted: str | None) -> JSON | None:
    """Find a select menu by custom_id or placeholder, or the only one."""
    for component in walk(message.components):
        if component["type"] in SELECTS and (
            wanted is None or wanted in (component.get("custom_id"), component.get("placeholder"))
        ):
            return component
    return None


def resolve(resolved: JSON, thing: Person | Role | Channel, guild: Guild | None) -> None:
    """Add the full data of something that is referred to by its id."""
    key = str(thing.id)
    if isinstance(thing, Role):
        resolved.setdefault("roles", {})[key] = thing.json()
    elif isinstance(thing, Channel):
        resolved.setdefault("channels", {})[key] = thing.json() | {"permissions": "0"}
    else:
        resolved.setdefault("users", {})[key] = thing.user.json()
        if guild is not None and thing.id in guild.members:
            member = guild.members[thing.id].json(with_user=False)
            member["permissions"] = str(guild.permissions_of(thing.id))
            resolved.setdefault("members", {})[key] = member


def fill_in(modal: JSON, fields: Mapping[str, Any], guild: Guild | None) -> JSON:
    """Make the interaction data of submitting a modal; fields go by custom_id or label.

    A label may be written like a Python name: ``why_now`` for "Why now".
    """
    left = dict(fields)
    filled: list[JSON] = []
    resolved: JSON = {}
    for row in modal["components"]:
        if row["type"] == ACTION_ROW:
            inner = [_fill(part, part.get("label"), left, resolved, guild) for part in row["components"]]
            filled.append({"type": ACTION_ROW, "id": 1, "components": inner})
        elif row["type"] == LABEL:
            part = _fill(row["component"], row.get("label"), left, resolved, guild)
            filled.append({"type": LABEL, "id": 1, "component": part})
    assert not left, f"the modal {modal['title']!r} has no field {sorted(left)}"
    data: JSON = {"custom_id": modal["custom_id"], "components": filled}
    return data | ({"resolved": resolved} if resolved else {})


def _fill(part: JSON, label: str | None, left: dict[str, Any], resolved: JSON, guild: Guild | None) -> JSON:
    spoken = {part["custom_id"], label, (label or "").casefold().replace(" ", "_")}
    key = next((key for key in left if key in spoken), None)
    given = None if key is None else left.pop(key)
    required = part.get("required", True)
    name = label or part.get("custom_id")
    assert given not in (None, "") or not required or part.get("value"), f"the field {name!r} is required"
    answer: JSON = {"type": part["type"], "id": 1, "custom_id": part["custom_id"]}
    if part["type"] == TEXT_INPUT:
        text = part.get("value") or "" if given is None else str(given)
        low, high = part.get("min_length") or 0, part.get("max_length") or 4000
        assert not text or low <= len(text) <= high, f"{name!r} takes {low} to {high} characters"
        return answer | {"value": text}
    assert part["type"] in SELECTS, f"component type {part['type']} is not supported in a modal"
    if given is None:
        return answer | {"values": []}
    chosen = choose(part, given if isinstance(given, (list, tuple)) else [given], guild)
    for kind, things in chosen.get("resolved", {}).items():
        resolved.setdefault(kind, {}).update(things)
    return answer | {"values": chosen["values"]}
