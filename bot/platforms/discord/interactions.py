"""What a person did with a command, a button, a menu or a form, read from the raw interaction."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import discord

from bot.core.content import read_token
from bot.core.inbound import Target
from bot.platforms.discord.commands import MESSAGE_MENU, STRING, Menu


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A command with its arguments, as strings.

    - `about`: the message whose menu was used.
    - `about_id`: that message's id, where a form was opened from the menu.
    - `focused`: the parameter that is being typed, where suggestions are wanted.
    - `typed`: what the person typed, into a command's options or a form's fields.
    - `token`: what a form must carry so that its answer finds the command again; None where no form can follow.
    """

    command: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    about: Target | None = None
    about_id: str | None = None
    focused: str | None = None
    token: str | None = None
    typed: tuple[str, ...] = ()


def read(interaction: discord.Interaction, menu: Menu) -> Asked | None:
    """What was asked; None if it is nothing of ours."""
    data: Mapping[str, Any] = interaction.data or {}
    match interaction.type:
        case discord.InteractionType.application_command if data.get("type") == MESSAGE_MENU:
            return _from_message_menu(interaction, data, menu)
        case discord.InteractionType.application_command | discord.InteractionType.autocomplete:
            return _from_slash(data, menu)
        case discord.InteractionType.component:
            values = data.get("values") or [data.get("custom_id", "")]
            return replace(_from_token(str(values[0]), {}), token=str(values[0]))
        case discord.InteractionType.modal_submit:
            return _from_token(str(data.get("custom_id", "")), dict(_fields(data.get("components", ()))))
        case _:
            return None


def _from_slash(data: Mapping[str, Any], menu: Menu) -> Asked:
    path = [str(data.get("name", ""))]
    options: Sequence[Mapping[str, Any]] = data.get("options") or ()
    while options and options[0].get("type") != STRING:
        path.append(str(options[0].get("name", "")))
        options = options[0].get("options") or ()
    command = menu.by_path.get(tuple(path))
    arguments = {str(option["name"]): str(option.get("value", "")) for option in options}
    return Asked(
        command=" ".join(path) if command is None else command.name,
        arguments=arguments,
        typed=tuple(arguments.values()),
        focused=next((str(option["name"]) for option in options if option.get("focused")), None),
    )


def _from_message_menu(interaction: discord.Interaction, data: Mapping[str, Any], menu: Menu) -> Asked | None:
    command = menu.by_label.get(str(data.get("name", "")))
    message_id = str(data.get("target_id", ""))
    message = data.get("resolved", {}).get("messages", {}).get(message_id)
    if command is None or message is None:
        return None
    about = Target(
        message_id=message_id,
        account=str(message["author"]["id"]),
        text=str(message.get("content", "")),
        link=f"https://discord.com/channels/{interaction.guild_id or '@me'}/{interaction.channel_id}/{message_id}",
    )
    return Asked(command=command.name, about=about, token=f"{command.name}#{message_id}")


def _from_token(token: str, fields: Mapping[str, str]) -> Asked:
    token, _, about_id = token.partition("#")
    command, arguments = read_token(token)
    typed = tuple(fields.values())
    return Asked(command=command, arguments={**arguments, **fields}, about_id=about_id or None, typed=typed)


def _fields(components: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """The filled-in fields of a form. One left empty was not given."""
    for component in components:
        match component.get("type"):
            case 1:  # a row
                yield from _fields(component.get("components", ()))
            case 18:  # a label with its field
                yield from _fields([component.get("component", {})])
            case 4 if component.get("value"):
                yield str(component["custom_id"]), str(component["value"])
            case _:
                continue


def words_of(asked: Asked) -> str:
    """What a person has typed, into whichever field: the crisis detector hears all of it. A press is no words."""
    return "\n".join(asked.typed)
