"""`handrail check`: findings with their mends, and nothing made on the way."""

import contextlib
import json
import socket
import sqlite3

import pytest

from cli.handrail import Handrail, Place


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_a_fresh_machine_is_fine_and_stays_as_it_is(handrail: Handrail, fresh: Place) -> None:
    done = handrail(fresh, "check")
    assert (done.code, done.err) == (0, "")
    assert "made at the first run" in done.out
    assert fresh.names() == {"config.toml"}


def test_after_a_run_it_looks_at_key_database_and_communities(handrail: Handrail, used: Place) -> None:
    done = handrail(used, "check", "--json")
    report = json.loads(done.out)
    assert (done.code, report["broken"]) == (0, False)
    whats = " ".join(finding["what"] for finding in report["findings"])
    assert all(word in whats for word in ("encryption key", "database", "Community sample", "console"))


def test_a_homeserver_that_does_not_answer_is_broken_and_comes_with_a_mend(handrail: Handrail, fresh: Place) -> None:
    fresh.write("matrix.password", "not a secret")
    (fresh.folder / "matrix.password").chmod(0o600)
    fresh.write(
        "config.toml",
        f'[matrix]\nhomeserver = "http://127.0.0.1:{free_port()}"\nuser_id = "@handrail:example.org"\n'
        'password_file = "matrix.password"\n',
    )
    done = handrail(fresh, "check", "--json")
    broken = [finding for finding in json.loads(done.out)["findings"] if finding["level"] == "broken"]
    assert done.code == 1
    assert broken
    assert all(finding["mend"] for finding in broken)
    assert fresh.names() == {"config.toml", "matrix.password"}


def test_every_problem_of_the_configuration_is_one_finding(handrail: Handrail, fresh: Place) -> None:
    fresh.write("config.toml", '[matrix]\nhomeserver = "https://example.org"\n[log]\nlevel = "loud"\n')
    done = handrail(fresh, "check")
    assert done.code == 1
    assert len(done.out.splitlines()) == 3
    assert all(line.startswith("✗ broken") and "To mend it:" in line for line in done.out.splitlines())


def test_a_missing_key_is_broken_and_no_key_is_made(handrail: Handrail, used: Place) -> None:
    used.key.unlink()
    done = handrail(used, "check")
    assert done.code == 1
    assert "The encryption key is missing" in done.out
    assert f"To mend it: Put the key back from your backup: as {used.key}" in " ".join(done.out.split())
    assert not used.key.exists()


def test_a_key_that_others_can_read_is_broken_and_the_mend_is_a_command(handrail: Handrail, used: Place) -> None:
    used.key.chmod(0o644)
    done = handrail(used, "check")
    assert done.code == 1
    assert f"To mend it: Run: chmod 600 {used.key}" in " ".join(done.out.split())


def test_a_key_that_is_none_is_broken(handrail: Handrail, fresh: Place) -> None:
    fresh.write("handrail.key", "no key").chmod(0o600)
    done = handrail(fresh, "check")
    assert done.code == 1
    assert "The encryption key is not a key" in done.out
    assert (
        "To mend it: Put the right key back from your backup; if the bot has never run yet, delete the file" in done.out
    )
    assert "no key" not in done.out.replace("is not a key", "")


def test_a_missing_migration_is_said(handrail: Handrail, used: Place) -> None:
    with contextlib.closing(sqlite3.connect(used.database)) as database:
        database.execute("DELETE FROM alembic_version")
        database.commit()
    done = handrail(used, "check")
    assert done.code == 0
    assert "! warning The database lacks a migration." in done.out


def test_a_file_that_is_no_database_is_broken(handrail: Handrail, fresh: Place) -> None:
    fresh.database.write_bytes(b"this is not a database" * 100)
    done = handrail(fresh, "check")
    assert done.code == 1
    assert "The database cannot be opened" in done.out


@pytest.mark.parametrize(("arguments", "code"), [((), 0), (("--config", "config.toml"), 1)])
def test_no_configuration_is_broken_only_if_one_was_named(
    handrail: Handrail, empty: Place, arguments: tuple[str, ...], code: int
) -> None:
    done = handrail(empty, *arguments, "check")
    assert done.code == code
    assert "make run" in done.out
