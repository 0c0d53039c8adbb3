"""The script in the README shows all four jobs, and does what the README says."""

import io
import json
from pathlib import Path

import pytest

from bot.operations.demo import run_script

SCRIPT = Path(__file__).parent / "four_jobs.txt"
README = Path(__file__).parents[2] / "README.md"


@pytest.fixture
async def said() -> list[tuple[str, str, list[str]]]:
    """What the demo says: to whom, the text, the choices."""
    out = io.StringIO()
    assert await run_script(SCRIPT.read_text("utf-8").splitlines(), out) is None
    messages = [json.loads(line) for line in out.getvalue().splitlines()]
    assert all(set(m) == {"at", "to", "place", "private", "text", "choices"} for m in messages)
    return [(m["to"], m["text"], m["choices"]) for m in messages]


def test_the_readme_has_the_script_word_for_word() -> None:
    assert SCRIPT.read_text("utf-8") in README.read_text("utf-8")


async def test_the_script_shows_all_four_jobs(said: list[tuple[str, str, list[str]]]) -> None:
    told = [
        ("alice", "How are you today?"),
        ("alice", "Thank you for checking in"),
        ("alice", "Noted, for you alone"),
        ("olive", "Morning circle is announced"),
        ("alice", "Morning circle starts soon: Wed 25 Nov, 07:00"),
        ("lobby", "Morning circle starts soon"),
        ("alice", "SAMHSA National Helpline"),
        ("peers", "Urgent"),
        ("alice", "Thank you for saying it"),
        ("alice", "Sam is here"),
        ("alice", "I have been there too"),
        ("sam", "i'm so tired"),
        ("alice", "Your talk with Sam has ended"),
        ("peers", "Case 1 has ended"),
    ]
    position = 0
    for to, part in told:
        position = next(n for n in range(position, len(said)) if said[n][0] == to and part in said[n][1])
