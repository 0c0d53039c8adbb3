"""Opening the database: the right key first, then the migrations."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from cryptography.fernet import Fernet
from harness.fixtures import on_both_databases
from sqlalchemy import Connection, inspect, text

from bot.services.feeds import postings
from bot.storage import fulltext
from bot.storage.database import make_engine
from bot.storage.opening import MIGRATIONS, NEWEST, open_database, pending_migrations, upgrade
from bot.storage.tables import Base
from bot.storage.vault import KEY_VARIABLE, KeyProblem


@pytest.fixture(autouse=True)
def no_key_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)


def bytes_of(file: Path) -> bytes | None:
    """What stands in a file; None if there is none."""
    return file.read_bytes() if file.exists() else None


def take_away(file: Path) -> None:
    """Somebody has lost the file."""
    file.unlink()


def differences(opened: Connection) -> list[Any]:
    """What Alembic would still change. Full text is each database's own, and SQLAlchemy knows nothing of it."""
    opts = {"compare_type": True, "include_name": lambda name, kind, _of: not (name or "").startswith(fulltext.TABLES)}
    return list(compare_metadata(MigrationContext.configure(opened, opts=opts), Base.metadata))


@on_both_databases
async def test_the_migrations_make_the_tables_that_the_code_describes(database_url: str) -> None:
    engine = make_engine(database_url)
    try:
        await upgrade(engine)
        async with engine.begin() as opened:
            assert await opened.run_sync(differences) == []
    finally:
        await engine.dispose()


@on_both_databases
async def test_an_empty_database_lacks_migrations_and_an_upgraded_one_does_not(database_url: str) -> None:
    engine = make_engine(database_url)
    try:
        assert await pending_migrations(engine)
        await upgrade(engine)
        assert not await pending_migrations(engine)
    finally:
        await engine.dispose()


def before_the_places(opened: Connection) -> None:
    """The tables as they were before meetings and services had coordinates of their own, with one of each."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = opened
    command.upgrade(config, "0008")
    statements = (
        "INSERT INTO meeting_feeds (id, source, kind, contact, generation, attempts, serial, meetings, report)"
        " VALUES (1, 's', 'csv', '', 1, 1, 1, 1, '{}')",
        "INSERT INTO listed_meetings (id, feed_id, handle, born, seen, digest, likeness, name, status, attendance,"
        " types, data) VALUES (1, 1, 'h', 1, 1, 'd', 'l', 'n', 'active', 'in_person', ',', :meeting),"
        " (2, 1, 'i', 1, 1, 'd', 'l', 'n', 'active', 'in_person', ',', :nowhere)",
        "INSERT INTO listed_words (word, listed_id) VALUES ('serenity', 1), ('circle', 1)",
        "INSERT INTO listed_times (listed_id, weekday, zone, minute) VALUES (1, 2, 'Europe/Berlin', 1140)",
        "INSERT INTO resource_sources (id, name, imported_at, report) VALUES (1, 's', '2026-11-23 13:00:00', '{}')",
        "INSERT INTO services (id, source_id, key, digest, state, record) VALUES (1, 1, 'k', 'd', 'shown', :service)",
    )
    values = {
        "meeting": '{"place":{"latitude":52.5,"longitude":13.4}}',
        "nowhere": '{"place":{"latitude":52.5}}',
        "service": '{"latitude":-33.9,"longitude":18.4}',
    }
    for statement in statements:
        used = {name: value for name, value in values.items() if f":{name}" in statement}
        opened.execute(text(statement), used)


@on_both_databases
async def test_what_was_imported_before_there_were_places_and_posting_lists_is_found_by_them(database_url: str) -> None:
    engine = make_engine(database_url)
    try:
        async with engine.begin() as opened:
            await opened.run_sync(before_the_places)
        await upgrade(engine)
        async with engine.begin() as opened:
            meetings = await opened.execute(text("SELECT latitude, longitude FROM listed_meetings ORDER BY id"))
            services = await opened.execute(text("SELECT latitude, longitude FROM services"))
            found = [meetings.all(), services.all()]
            lists = await opened.execute(text("SELECT term, bits FROM listed_postings WHERE block = 0"))
            ids = {term: list(postings.ids_in({0: postings.bits_in(bits)})) for term, bits in lists}
        assert found == [[(52.5, 13.4), (None, None)], [(-33.9, 18.4)]]
        start = postings.of_start("Europe/Berlin", 2, 1140)
        words = {term: [1] for term in ("serenity", "circle", start)}
        assert ids == {**words, postings.SOMEWHERE: [1], postings.NOWHERE: [2], "+in_person": [1, 2], "!": [1, 2]}
    finally:
        await engine.dispose()


def before_the_pauses(opened: Connection) -> None:
    """The tables as they were before pauses had one of their own, with a case whose member was paused."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = opened
    command.upgrade(config, "0013")
    for statement in (
        "INSERT INTO communities (id, slug, name, country, zone, languages, checkin_time, policy, retention_days)"
        " VALUES (1, 'riverside', 'Riverside', 'US', 'UTC', '[]', '20:00:00', '{}', 30)",
        "INSERT INTO members (id, community_id, from_file) VALUES (7, 1, false), (8, 1, false)",
        "INSERT INTO cases (id, community_id, member_id, opened_by, severity, rules, policy, state, step, pages,"
        " told_late, nudged, version, opened_at) VALUES (3, 1, 7, 'member', 'urgent', '[]', '[]', 'resolved', 0, 0,"
        " false, false, 1, '2026-11-23 13:00:00')",
        "INSERT INTO case_events (id, case_id, at, what, actor) VALUES"
        " (1, 3, '2026-11-23 13:00:00', 'Opened', NULL), (2, 3, '2026-11-23 14:00:00', 'pages paused', 8)",
    ):
        opened.execute(text(statement))


@on_both_databases
async def test_a_pause_that_stood_with_a_case_stands_with_the_member(database_url: str) -> None:
    engine = make_engine(database_url)
    try:
        async with engine.begin() as opened:
            await opened.run_sync(before_the_pauses)
        await upgrade(engine)
        async with engine.begin() as opened:
            pauses = await opened.execute(text("SELECT community_id, member_id, what, actor FROM member_pauses"))
            events = await opened.execute(text("SELECT what FROM case_events"))
            assert [pauses.all(), events.all()] == [[(1, 7, "pages paused", 8)], [("Opened",)]]
    finally:
        await engine.dispose()


def test_the_name_of_the_newest_migrations_file_tells_its_revision() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == NEWEST


@on_both_databases
async def test_a_database_is_opened_again_with_its_key(database_url: str, key_file: Path) -> None:
    first = await open_database(database_url, key_file)
    sealed = first.vault.seal("words", "notes")
    await first.close()
    second = await open_database(database_url, key_file)
    assert second.vault.open(sealed, "notes") == "words"
    await second.close()


@on_both_databases
async def test_a_missing_key_is_said_and_none_is_made(database_url: str, key_file: Path) -> None:
    await (await open_database(database_url, key_file)).close()
    take_away(key_file)
    with pytest.raises(KeyProblem, match=r"missing.*Nothing was changed"):
        await open_database(database_url, key_file)
    assert bytes_of(key_file) is None


@on_both_databases
async def test_a_wrong_key_is_said_and_nothing_is_overwritten(
    database_url: str, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await open_database(database_url, key_file)
    fingerprint = database.vault.fingerprint
    await database.close()
    key = bytes_of(key_file)
    with monkeypatch.context() as patch:
        patch.setenv(KEY_VARIABLE, Fernet.generate_key().decode())
        with pytest.raises(KeyProblem, match="not the encryption key of this database"):
            await open_database(database_url, key_file)
    assert bytes_of(key_file) == key
    database = await open_database(database_url, key_file)
    assert database.vault.fingerprint == fingerprint
    await database.close()


async def test_with_a_wrong_key_no_migration_runs(
    database_url: str, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await (await open_database(database_url, key_file)).close()
    engine = make_engine(database_url)
    try:
        async with engine.begin() as opened:
            await opened.execute(text("DELETE FROM alembic_version"))
        monkeypatch.setenv(KEY_VARIABLE, Fernet.generate_key().decode())
        with pytest.raises(KeyProblem):
            await open_database(database_url, key_file)
        assert await pending_migrations(engine)
    finally:
        await engine.dispose()


async def test_with_a_key_from_the_environment_no_file_is_made(
    database_url: str, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, Fernet.generate_key().decode())
    await (await open_database(database_url, key_file)).close()
    assert bytes_of(key_file) is None


async def test_the_database_holds_our_tables_and_no_others(database_url: str) -> None:
    engine = make_engine(database_url)
    try:
        await upgrade(engine)
        async with engine.begin() as opened:
            tables = await opened.run_sync(lambda c: set(inspect(c).get_table_names()))
    finally:
        await engine.dispose()
    ours = {name for name in tables if not name.startswith(fulltext.TABLES)}
    assert ours == set(Base.metadata.tables) | {"alembic_version"}


@on_both_databases
async def test_two_processes_that_start_at_once_on_an_empty_database_both_open_it(
    database_url: str, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, Fernet.generate_key().decode())
    opening = "import asyncio, sys, pathlib; from bot.storage.opening import open_database as o; "
    opening += "asyncio.run(o(sys.argv[1], pathlib.Path(sys.argv[2])))"
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", opening, database_url, str(key_file))
        for _process in range(2)
    ]
    assert [await process.wait() for process in processes] == [0, 0]
