"""Draws docs/escalation.md's picture from the state machine itself: `python -m bot.operations.escalation_diagram`.

Every event is tried on every kind of case that can come up; an arrow is what it does to the state.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bot.core.crisis import Severity
from bot.core.escalation import (
    Case,
    Ended,
    Event,
    HandedOver,
    Heard,
    Joined,
    Left,
    MemberSpoke,
    Opened,
    Outcome,
    Skipped,
    Spoke,
    State,
    StillThere,
    Taken,
    TimerFired,
    advance,
)
from bot.core.policy import Policies

BEGIN, END = "<!-- drawn by bot.operations.escalation_diagram -->", "<!-- end of the drawing -->"

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_ONE, _OTHER = 1, 2

_EVENTS: tuple[tuple[str, Event], ...] = (
    ("opens", Opened()),
    ("heard something worse", Heard(Severity.EMERGENCY)),
    ("timer", TimerFired()),
    ("nobody to page", Skipped()),
    ("taken", Taken(_ONE)),
    ("joined", Joined(_OTHER)),
    ("a helper leaves", Left(_OTHER)),
    ("the peer writes", Spoke()),
    ("the member writes", MemberSpoke()),
    ("the peer is still there", StillThere(_ONE)),
    ("handed to a peer", HandedOver(_OTHER)),
    ("handed back", HandedOver()),
    ("a person ends it", Ended(Outcome.SAFE)),
)


def drawing() -> str:
    """The state machine as a Mermaid diagram."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {_name(State.OPENED)}"]
    lines += [f'    state "{state.value}" as {_name(state)}' for state in State if " " in state.value]
    arrows: dict[tuple[State, State], list[str]] = {}
    for before, label, after in _arrows():
        labels = arrows.setdefault((before, after), [])
        if label not in labels:
            labels.append(label)
    order = list(State)
    for (before, after), labels in sorted(arrows.items(), key=lambda arrow: tuple(map(order.index, arrow[0]))):
        lines.append(f"    {_name(before)} --> {_name(after)}: {', '.join(labels)}")
    return "\n".join([*lines, f"    {_name(State.RESOLVED)} --> [*]", "```"])


def _arrows() -> Iterator[tuple[State, str, State]]:
    """What each event does, from every case that can be reached; an event that changes nothing is no arrow."""
    first = Case(policies=Policies(), severity=Severity.URGENT, opened_at=_NOW)
    seen, waiting = set(), [first]
    while waiting:
        case = waiting.pop()
        for label, event in _EVENTS:
            now = case.next_at if isinstance(event, TimerFired) and case.next_at is not None else _NOW
            after, _effects = advance(case, event, now)
            if after == case:
                continue
            yield case.state, _told(label, case, after), after.state
            # Counters and times do not matter for where a case can go; only that there is a timer does.
            alike = replace(
                after, pages=0, turn=0, version=0, late_at=None, heard_at=None, next_at=after.next_at and _NOW
            )
            if alike not in seen:
                seen.add(alike)
                waiting.append(alike)


def _told(label: str, before: Case, after: Case) -> str:
    if label != "timer":
        return label
    if before.holder is None:
        return "timer: next step, the last repeats"
    if after.holder is None:
        return "timer: still silent"
    return "timer: are you still with them?" if after.state is State.QUIET else "timer: are you with them?"


def _name(state: State) -> str:
    return state.value.replace(" ", "_")


def renewed(document: str) -> str:
    """The document with the drawing of today between its marks."""
    before, _, rest = document.partition(BEGIN)
    _old, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{drawing()}\n{END}{after}"


def main(path: Path) -> None:
    """Renew the drawing in the file."""
    path.write_text(renewed(path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/escalation.md"))
