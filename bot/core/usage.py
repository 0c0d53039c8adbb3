"""How a command is typed: its usage, and examples that work."""

from typing import Final

from bot.core.commands import Command, Parameter

_EXAMPLES: Final = {
    "country": "Canada",
    "date": "tomorrow",
    "day": "tomorrow",
    "days": "tue, thu",
    "hours": "22:00-07:00",
    "language": "Spanish",
    "minutes": "45",
    "name": "Sam",
    "number": "3",
    "text": "Sam",
    "time": "20:30",
    "zone": "Europe/Berlin",
}
"""What is typed for a kind of value, by the kind's name, where its parameter has no example of its own."""


def usage(command: Command) -> str:
    """The command with the names of its values: `<needed>`, `[if you like]`."""
    shown = (f"<{p.name}>" if p.required else f"[{p.name}]" for p in command.parameters)
    return " ".join([command.name, *shown])


def examples(command: Command) -> tuple[str, ...]:
    """One or two lines that can be typed as they are: with what the command needs, and with all that it takes."""
    needed = [p for p in command.parameters if p.required]
    found = (_line(command, needed), _line(command, command.parameters))
    return tuple(dict.fromkeys(found))


def _line(command: Command, parameters: tuple[Parameter, ...] | list[Parameter]) -> str:
    values = [example_of(parameter) for parameter in parameters]
    quoted = [
        f'"{value}"' if p.kind.name in {"name", "text"} and " " in value and not p.rest else value
        for p, value in zip(parameters, values, strict=True)
    ]
    return " ".join([command.name, *quoted])


def example_of(parameter: Parameter) -> str:
    """What can be typed for it."""
    if parameter.example or parameter.kind.name in _EXAMPLES:
        return parameter.example or _EXAMPLES[parameter.kind.name]
    choices = getattr(parameter.kind, "choices", (("", ""),))
    return str(choices[0][0])
