"""On SQLite there is one bot, and a second one says so; that a killed one bars nobody shows `test_takeover`."""

import subprocess
from collections.abc import Iterator

import pytest
from cli.handrail import PATIENCE, Place, clean_environment, command


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Where a bot runs, at a terminal at which nobody types."""
    place = Place.fresh(tmp_path_factory.mktemp("one"))
    with subprocess.Popen(  # noqa: S603  our own program
        command("run"),
        cwd=place.folder,
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stderr is not None
        while not (line := process.stderr.readline()).startswith("Handrail is on"):
            assert line, "the bot has ended"
        yield place
        assert process.poll() is None
        process.terminate()
        assert process.wait(PATIENCE) == 0


def test_a_second_bot_says_that_one_is_running_and_exits_with_1(place: Place) -> None:
    done = place.program("run")
    assert done.code == 1
    assert done.err.startswith("Handrail is running already with this database")
    assert "Stop the other one first" in done.err
    assert len(done.err.splitlines()) == 1


def test_other_commands_work_while_the_bot_runs(place: Place) -> None:
    done = place.program("community", "list")
    assert done.code == 0, done.err
