"""`handrail scan`: what the crisis detector hears in each message on standard input. Nothing is stored."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, TextIO

from rich.console import Console
from rich.text import Text as Line

from bot.core.crisis import Detector, Explanation, Severity
from bot.core.text import clean
from bot.core.words import Say, _
from bot.operations.scan_lines import LONGEST_LINE, json_object, lines_of

NONE = "none"
"""The severity of a message in which nothing is heard."""

_LOOK = {
    Severity.EMERGENCY: ("●", "bold white on red"),
    Severity.URGENT: ("●", "bold red"),
    Severity.CONCERN: ("●", "yellow"),
    None: ("○", "dim"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message: `id` is its own, or the number of its line."""

    id: str | int
    text: str


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no message, and why."""

    number: int
    reason: Say

    def __str__(self) -> str:
        return str(_("line {number}: {reason}", number=self.number, reason=self.reason))


Show = Callable[[Message, Explanation], None]


def scan(source: BinaryIO, detector: Detector, show: Show, tell: Callable[[str], None]) -> bool:
    """Show what is heard in each message, as it comes; False if there was a bad line, which `tell` was told."""
    well = True
    for message in read_messages(source):
        if isinstance(message, BadLine):
            tell(str(message))
            well = False
        else:
            show(message, detector.explain(message.text))
    return well


def read_messages(source: BinaryIO) -> Iterator[Message | BadLine]:
    """The messages: JSON lines if the first line that is not empty begins with "{", else a message a line."""
    as_json: bool | None = None
    for number, line in lines_of(source):
        if line is None:
            yield BadLine(number, _("longer than {limit} bytes", limit=LONGEST_LINE))
            continue
        if not line.strip():
            continue
        if as_json is None:
            as_json = line.lstrip().startswith("{")
        yield _message(number, line) if as_json else Message(id=number, text=line)


def _message(number: int, line: str) -> Message | BadLine:
    """The message in a JSON line."""
    read = json_object(line)
    if read is None:
        return BadLine(number, _("not a JSON object"))
    text, its_id = read.get("text"), read.get("id", number)
    if not isinstance(text, str):
        return BadLine(number, _("“text” must be a text"))
    if its_id is None:
        its_id = number
    if not isinstance(its_id, str | int) or isinstance(its_id, bool):
        return BadLine(number, _("“id” must be a text or a whole number"))
    return Message(id=its_id, text=text)


# For programs


def json_lines(out: TextIO) -> Show:
    """Shows each message as a line of JSON."""

    def show(message: Message, heard: Explanation) -> None:
        out.write(_encodable(as_json(message, heard), out.encoding or "utf-8") + "\n")
        out.flush()

    return show


def as_json(message: Message, heard: Explanation) -> dict[str, Any]:
    """What was heard; `start` and `end` count Unicode characters (code points) of the text."""
    signal = heard.signal
    return {
        "id": message.id,
        "severity": signal.severity.value if signal else NONE,
        "category": signal.category.value if signal and signal.category else None,
        "matches": [
            {"start": span.start, "end": span.end, "text": message.text[span.start : span.end], "rule": span.rule}
            for span in (signal.spans if signal else ())
        ],
        "lowered_by": list(heard.lowered_by),
    }


def _encodable(value: dict[str, Any], encoding: str) -> str:
    """JSON as people can read it; escaped where the text is half a character, or the terminal's set lacks it."""
    line = json.dumps(value, ensure_ascii=False)
    try:
        line.encode(encoding)
    except UnicodeEncodeError:
        return json.dumps(value)
    return line


# For people


def explained(console: Console) -> Show:
    """Shows each message with the words that were heard marked, and the rules."""

    def show(message: Message, heard: Explanation) -> None:
        for line in _explanation(message, heard, marks=console.color_system is None):
            console.print(line, soft_wrap=True)

    return show


def _explanation(message: Message, heard: Explanation, *, marks: bool) -> Iterator[Line]:
    """The lines for one message; with `marks` the words stand in »«, for a terminal without colours."""
    signal = heard.signal
    sign, style = _LOOK[signal.severity if signal else None]
    what = NONE if signal is None else signal.severity.value
    if signal is not None and signal.category is not None:
        what = f"{what} · {signal.category.value}"
    first = Line(f"{sign} {what}", style=style)
    first.append(f"  {_one_line(str(message.id))}", style="dim not bold")
    yield first
    marked = Line("  ")
    at = 0
    for start, end in _stretches((span.start, span.end) for span in (signal.spans if signal else ())):
        marked.append(_one_line(message.text[at:start]))
        words = _one_line(message.text[start:end])
        marked.append(f"»{words}«" if marks else words, style=f"{style} underline")
        at = end
    marked.append(_one_line(message.text[at:]))
    yield marked
    if signal:
        yield Line(f"  {_('raised by: {rules}', rules=', '.join(signal.rules))}", style="dim")
    elif heard.heard:
        yield Line(f"  {_('heard, and taken back: {rules}', rules=', '.join(heard.heard))}", style="dim")
    if heard.lowered_by:
        yield Line(f"  {_('lowered by: {rules}', rules=', '.join(heard.lowered_by))}", style="dim")


def _stretches(spans: Iterator[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans, those that overlap as one."""
    stretches: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if stretches and start <= stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], max(end, stretches[-1][1]))
        else:
            stretches.append((start, end))
    return stretches


def _one_line(text: str) -> str:
    """A piece of somebody's message, harmless for a terminal; spaces at its ends stay."""
    before = text[: len(text) - len(text.lstrip())]
    after = text[len(text.rstrip()) :] if text.strip() else ""
    return f"{' ' * bool(before)}{' '.join(clean(text, 3 * len(text)).split())}{' ' * bool(after)}"
