"""Folders for the command line's tests. A program takes over a second to start: what has run once is copied."""

import shutil
from pathlib import Path

import pytest

from cli.handrail import Handrail, Outcome, Place


@pytest.fixture
def handrail(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Handrail:
    """Runs commands in this process."""
    return Handrail(monkeypatch, capsys)


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Outcome]:
    """The folder after a first run, and what that run did."""
    place = Place.fresh(tmp_path_factory.mktemp("first"))
    return place, place.program("run", said='/who\nalice@nowhere: hello\nsam clicks "nothing"\nhelp\n')


@pytest.fixture
def empty(tmp_path: Path) -> Place:
    """A folder with nothing in it."""
    (tmp_path / "empty").mkdir()
    return Place(tmp_path / "empty")


@pytest.fixture
def fresh(empty: Place) -> Place:
    """A folder with nothing but the example's configuration."""
    return Place.fresh(empty.folder)


@pytest.fixture
def used(first_run: tuple[Place, Outcome], tmp_path: Path) -> Place:
    """A copy of the folder after a first run."""
    shutil.copytree(first_run[0].folder, tmp_path / "used")
    return Place(tmp_path / "used")
