"""What the console shows: every message of the bot with whom it goes to, and what each person has seen so far."""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, tzinfo

from rich.console import Console
from rich.text import Text as Line

from bot.core.content import Choice
from bot.core.text import clean
from bot.core.words import _
from bot.platforms.console import Shown

REMEMBERED = 500
"""Messages that can still be looked at."""

_LONGEST = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One message at the console: of the bot to `to` (`who` is None), or of `who`, said in `place`."""

    at: datetime
    who: str | None
    to: str
    place: str
    private: bool
    text: str
    choices: tuple[Choice, ...] = ()
    ways: tuple[str, ...] = ()

    def seen_by(self, name: str, *, closed: Collection[str]) -> bool:
        """Whether that person can read it; `closed` are the rooms they may not enter."""
        if self.private:
            return name == (self.to if self.who is None else self.who)
        return self.place not in closed


class Screen:
    """Prints messages. With `live`, a person is typing: the prompt is printed again below each message."""

    def __init__(self, out: Console, *, zone: tzinfo | None = None, live: bool) -> None:
        self._out = out
        self._zone = zone
        self._live = live
        self._prompt = ""
        self._entries: deque[Entry] = deque(maxlen=REMEMBERED)

    @property
    def live(self) -> bool:
        """Whether a person is typing."""
        return self._live

    def show(self, shown: Shown) -> None:
        """A message of the bot."""
        self._show(
            Entry(
                at=shown.at,
                who=None,
                to=shown.to,
                place=shown.place,
                private=shown.private,
                text=shown.text,
                choices=shown.choices,
                ways=shown.ways,
            )
        )

    def heard(self, at: datetime, who: str, place: str, text: str, *, private: bool) -> None:
        """What a person said: it is on the screen already, and only remembered."""
        self._entries.append(Entry(at=at, who=who, to=who, place=place, private=private, text=text))

    def seen_by(self, name: str, *, closed: Collection[str]) -> None:
        """Print what a person has seen, the oldest first."""
        seen = [entry for entry in self._entries if entry.seen_by(name, closed=closed)]
        if not seen:
            self.tell(str(_("{name} has seen nothing yet.", name=name)))
        for entry in seen:
            self._print(entry)

    def choices_in(self, place: str) -> tuple[Choice, ...]:
        """The choices under the newest message of the bot in a room that has some."""
        for entry in reversed(self._entries):
            if entry.choices and not entry.private and entry.place == place:
                return entry.choices
        return ()

    def tell(self, line: str) -> None:
        """A line of the program's own."""
        self._out.print(Line(clean(line, _LONGEST), style="dim italic" if self._live else ""), soft_wrap=True)

    def ask(self, prompt: str) -> None:
        """Print the prompt; nothing unless a person is typing."""
        if self._live:
            self._prompt = prompt
            self._out.print(Line(prompt, style="bold green"), end="")

    def answered(self) -> None:
        """The person has typed a line: the prompt is gone."""
        self._prompt = ""

    def end(self) -> None:
        """Leave the prompt's line, if there is one."""
        if self._prompt:
            self._out.print()
            self._prompt = ""

    def _show(self, entry: Entry) -> None:
        self._entries.append(entry)
        if self._prompt:
            self._out.print()
        self._print(entry)
        if self._prompt:
            self.ask(self._prompt)

    def _print(self, entry: Entry) -> None:
        at = entry.at.astimezone(self._zone)
        line = Line(f"{at:%a %H:%M}  ", style="dim")
        line.append(_heading(entry), style="bold magenta" if entry.private else "bold cyan")
        self._out.print(line, soft_wrap=True)
        self._out.print(Line(clean(entry.text, _LONGEST)), soft_wrap=not self._live)
        for choice, way in zip(entry.choices, entry.ways, strict=True):
            label, button = clean(str(choice.label)), Line("  ")
            button.append(f" {way if way.isdecimal() else '•'} ", style="reverse")
            button.append(f" {label}")
            if not way.isdecimal() and way != label:
                button.append(f" → {clean(way)}")
            self._out.print(button, soft_wrap=True)
        self._out.print()


def _heading(entry: Entry) -> str:
    match entry:
        case Entry(who=None, private=True):
            return str(_("to {name}, privately", name=entry.to))
        case Entry(who=None):
            return str(_("in the room {place}", place=entry.place))
        case Entry(who=str(who), private=True):
            return str(_("{name} says privately", name=who))
        case _:
            return str(_("{name} says in the room {place}", name=str(entry.who), place=entry.place))
