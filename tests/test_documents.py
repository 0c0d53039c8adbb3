"""What the documents tell people to type works as it stands."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from bot.cli import app

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
HOW = "README.md#the-command-handrail"

_BLOCK = re.compile(r"^ *```[a-z]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^ *(?:echo .*\| )?handrail (?:--config \S+ )?([a-z]+(?: [a-z-]+)?)", re.MULTILINE)


def typed(text: str) -> Iterator[list[str]]:
    """The first words behind each `handrail` in a document's blocks of commands."""
    for block in _BLOCK.findall(text):
        for words in _COMMAND.findall(block):
            yield words.split()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_is_typed_is_one_command_everywhere_and_there_is_such_a_command(document: Path) -> None:
    text = document.read_text("utf-8")
    by_hand = [line for line in text.splitlines() if "cd /" not in line and "`.venv/bin/handrail`" not in line]
    assert ".venv/bin/handrail" not in "\n".join(by_hand)
    commands = list(typed(text))
    if commands and document.name != "README.md":
        assert HOW in text, "it says at the top how handrail becomes a command"
    root: Any = typer.main.get_command(app)
    for first, *others in commands:
        assert first in root.commands
        if within := getattr(root.commands[first], "commands", None):
            assert others[0] in within, (first, *others)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_document_that_is_named_is_there(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text("utf-8")):
        assert (document.parent / target).exists(), target
