"""A lexicon's own examples, run: what `handrail lexicon test` and the tests print."""

from collections.abc import Callable

from bot.core.crisis.detector import Detector
from bot.core.crisis.lexicon import Lexicon
from bot.core.crisis.rules import Lowering, Rule


def failed_examples(
    detector: Detector, lexicon: Lexicon, concerned: Callable[[str], bool] | None = None
) -> tuple[str, ...]:
    """One line for each example of `lexicon` that does not come out as its author says; muted rules are left out.

    Only the texts that are `concerned` are looked at. Examples are named by number, so that the lines may be logged.
    """
    failed: list[str] = []
    known = {rule.id for rule in detector.rules} | {lowering.id for lowering in detector.lowerings}
    entries: tuple[Rule | Lowering, ...] = (*lexicon.rules, *lexicon.lowerings)
    for entry in entries:
        if entry.id not in known:
            continue
        failed += [
            f"{entry.id}: example {number} of {kind} does not hold"
            for kind, texts, wanted in (("hears", entry.hears, True), ("ignores", entry.ignores, False))
            for number, text in enumerate(texts, start=1)
            if (concerned is None or concerned(text)) and holds(detector, entry, text) is not wanted
        ]
    return tuple(failed)


def holds(detector: Detector, entry: Rule | Lowering, text: str) -> bool:
    """Whether `text` is heard as `entry` says.

    For a rule: it is among those that raised a signal of its severity or a graver one; but any signal as grave
    counts against an "ignores", so that one rule's exception is not overruled by another unseen.
    """
    answer = detector.explain(text)
    if isinstance(entry, Lowering):
        return entry.id in answer.lowered_by
    signal = answer.signal
    return signal is not None and signal.severity >= entry.severity and entry.id in signal.rules
