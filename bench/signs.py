"""What the ear hears of messages that it has not learnt from: `python -m bench.signs`.

Each file of invented messages is heard once with the signs that all others teach, and "unseen.jsonl", from which
nothing is ever learnt, with those that come with the bot. `--renew` learns from all the others and writes the table.
"""

import argparse
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from bench.learning import MESSAGES, Message, learn, read
from bench.report import Row, conclude, progress, told
from bot.core.crisis import Context, Detector, Severity, Signal
from bot.core.crisis.weighing import kinds_of, parse_signs
from bot.operations.lexicon import built_in

FOLDER = Path(__file__).parents[1] / "bot/core/crisis/signs"
LANGUAGE = "en"
UNSEEN = "unseen"
"""Nothing is learnt from it, and no rule is written with it in sight."""
_TO_READ = "# phrase, alone, danger, page, life, category, lean: made by `make signs`, not by hand, from {digest}\n"


def main() -> int:
    """Measure and print, or renew."""
    options = argparse.ArgumentParser(prog="python -m bench.signs", description=__doc__)
    options.add_argument("--renew", action="store_true", help="learn, and write the table that comes with the bot")
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    if chosen.renew:
        FOLDER.joinpath(f"{LANGUAGE}.tsv").write_text(renewed(), "utf-8")
        sys.stdout.write("renewed\n")
        return 0
    return conclude(measure(read(LANGUAGE)), as_json=chosen.json)


def table() -> dict[str, Any]:
    """The bounds and kinds, as they are written."""
    return tomllib.loads(FOLDER.joinpath(f"{LANGUAGE}.toml").read_text("utf-8"))


def renewed() -> str:
    """The table of weights, learnt anew from all messages but the unseen ones."""
    return first_line() + _learnt(read(LANGUAGE), but={UNSEEN})


def first_line() -> str:
    """How the table begins: with what tells whether it was learnt from the messages and kinds as they are now."""
    digest = sha256(repr(sorted(table()["kinds"].items())).encode())
    for file in sorted((MESSAGES / LANGUAGE).iterdir()):
        if file.stem != UNSEEN:
            digest.update(file.read_bytes())
    return _TO_READ.format(digest=digest.hexdigest()[:16])


def measure(parts: Mapping[str, Sequence[Message]]) -> Iterator[Row]:
    """All figures."""
    yield from heard(UNSEEN, parts[UNSEEN], Detector(built_in()))
    for name, messages in parts.items():
        if name != UNSEEN:
            progress(f"learning from all but {name}")
            yield from heard(name, messages, without(parts, name))


def without(parts: Mapping[str, Sequence[Message]], name: str) -> Detector:
    """The ear as it would be without what part `name` teaches."""
    signs = parse_signs(table(), _learnt(parts, but={UNSEEN, name}))
    return Detector([replace(each, signs=signs) if each.name == LANGUAGE else each for each in built_in()])


def _learnt(parts: Mapping[str, Iterable[Message]], *, but: set[str]) -> str:
    messages = [message for name, messages in parts.items() if name not in but for message in messages]
    return learn(messages, kinds_of(table()))


def heard(name: str, messages: Sequence[Message], ear: Detector) -> Iterator[Row]:
    """How much of a part the `ear` hears, of it how much as grave as it is, and what it hears where nothing is."""
    grave = [(message, signal) for message in messages for signal in [_signal(ear, message)] if message.severity]
    if grave:
        yield told(f"{name}: dangers heard", _share(signal is not None for _, signal in grave), "%")
        now = [signal for message, signal in grave if message.severity is Severity.EMERGENCY]
        yield told(f"{name}: emergencies heard", _share(signal is not None for signal in now), "%")
        right = [
            signal.severity.pages is message.severity.pages for message, signal in grave if signal and message.severity
        ]
        yield told(f"{name}: of what is heard, page against queue right", _share(right), "%")
    none = [_signal(ear, message) for message in messages if message.severity is None]
    yield told(f"{name}: false alerts", _share(signal is not None for signal in none), "%")
    yield told(f"{name}: false pages", _share(signal is not None and signal.severity.pages for signal in none), "%")


def _signal(ear: Detector, message: Message) -> Signal | None:
    """The gravest that is heard while the messages come one after the other."""
    signals = [ear.detect(text, Context(earlier=message.texts[:at])) for at, text in enumerate(message.texts)]
    return max(filter(None, signals), key=lambda signal: signal.severity.rank, default=None)


def _share(held: Iterable[bool]) -> float:
    answers = list(held)
    return 100 * sum(answers) / max(1, len(answers))


if __name__ == "__main__":
    sys.exit(main())
