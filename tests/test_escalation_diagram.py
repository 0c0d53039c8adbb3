"""The picture in docs/escalation.md is that of the code."""

from pathlib import Path

from bot.operations.escalation_diagram import renewed

DOCUMENT = Path(__file__).parents[1] / "docs/escalation.md"


def test_the_drawing_is_the_state_machine() -> None:
    text = DOCUMENT.read_text("utf-8")
    assert renewed(text) == text, "draw it again: make diagram"
