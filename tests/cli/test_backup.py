"""`handrail backup`: a copy that can be restored, without the key."""

import json
import os
import shutil
import sqlite3
import stat

import pytest

from cli.handrail import Handrail, Place


def communities(handrail: Handrail, place: Place) -> list[str]:
    return [each["id"] for each in json.loads(handrail(place, "community", "list", "--json").out)]


def test_a_backup_taken_while_others_write_is_restored_with_its_key(handrail: Handrail, used: Place) -> None:
    running = sqlite3.connect(used.database, isolation_level=None)
    running.execute("BEGIN IMMEDIATE")
    running.execute("DELETE FROM communities")
    done = handrail(used, "backup", "monday.db")
    running.execute("ROLLBACK")
    running.close()
    assert done.code == 0, done.err
    assert "handrail.key) is not in it" in done.out
    assert used.key.read_bytes().strip() not in (used.folder / "monday.db").read_bytes()
    assert handrail(used, "community", "remove", "sample", "--yes").code == 0
    assert communities(handrail, used) == []
    for left in used.folder.glob("handrail.db-*"):
        left.unlink()
    shutil.copy(used.folder / "monday.db", used.database)
    assert communities(handrail, used) == ["sample"]
    assert handrail(used, "run", said="alice@dm: help\n").code == 0


@pytest.mark.skipif(os.name != "posix", reason="file permissions are POSIX's")
def test_a_backup_is_for_its_owner_only_and_overwrites_nothing(handrail: Handrail, used: Place) -> None:
    assert handrail(used, "backup", "monday.db").code == 0
    assert stat.S_IMODE((used.folder / "monday.db").stat().st_mode) == 0o600
    kept = (used.folder / "monday.db").read_bytes()
    again = handrail(used, "backup", "monday.db")
    assert (again.code, "nothing was overwritten" in again.err) == (1, True)
    assert (used.folder / "monday.db").read_bytes() == kept
    assert handrail(used, "backup", "no/such/folder.db").code == 1
    assert not list(used.folder.glob("*.part"))


def test_without_a_database_there_is_nothing_to_back_up(handrail: Handrail, fresh: Place) -> None:
    assert "nothing to back up" in handrail(fresh, "backup", "monday.db").err
    assert not (fresh.folder / "monday.db").exists()


def test_a_database_on_a_server_is_left_to_its_own_tool(handrail: Handrail, fresh: Place) -> None:
    text = (fresh.folder / "config.toml").read_text("utf-8")
    fresh.write("config.toml", text.replace('file = "handrail.db"', 'url = "postgresql://bot@localhost/handrail"'))
    assert "pg_dump" in handrail(fresh, "backup", "monday.db").err
