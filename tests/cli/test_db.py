"""`handrail db` and what all commands share."""

import json

import pytest

from cli.handrail import Handrail, Place


def test_a_database_is_upgraded_once(handrail: Handrail, fresh: Place) -> None:
    outcomes = [json.loads(handrail(fresh, "db", "upgrade", "--json").out) for _time in range(2)]
    assert outcomes == [{"upgraded": True}, {"upgraded": False}]


def test_help_names_the_commands_for_a_newcomer(fresh: Place) -> None:
    done = fresh.program("--help")
    assert done.code == 0
    assert all(name in done.out for name in ("run", "demo", "check", "community", "db"))


# aiosqlite ends the thread of a connection that failed without waiting for it: it may outlive the event loop.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_database_that_cannot_be_opened_is_said_without_a_traceback(handrail: Handrail, fresh: Place) -> None:
    fresh.database.mkdir()
    done = handrail(fresh, "db", "upgrade")
    assert done.code == 1
    assert done.err.startswith("The database cannot be opened.")
    assert "Traceback" not in done.err
