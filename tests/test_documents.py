"""The documents say once how `handrail` becomes a command, type it the same way everywhere, and name what is there.

That each line of theirs can be typed is held by `tests/cli/test_help.py`.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
HOW = "README.md#the-command-handrail"

_TYPED = re.compile(r"^ *```sh\n(?:(?! *```).*\n)*? *handrail ", re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_is_typed_is_one_command_everywhere_and_it_is_said_how_to_have_it(document: Path) -> None:
    text = document.read_text("utf-8")
    by_hand = [line for line in text.splitlines() if "cd /" not in line and "`.venv/bin/handrail`" not in line]
    assert ".venv/bin/handrail" not in "\n".join(by_hand)
    if document.name == "README.md":
        assert "source .venv/bin/activate" in text
    elif _TYPED.search(text):
        assert HOW in text


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_document_that_is_named_is_there(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text("utf-8")):
        assert (document.parent / target).exists(), target
