"""Every table is known to be personal or not, and every personal one can be exported, erased and forgotten."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from harness.fixtures import on_both_databases
from sqlalchemy import DateTime, LargeBinary

from bot.services import privacy
from bot.storage.columns import UtcDateTime
from bot.storage.opening import open_database
from bot.storage.personal import IMPERSONAL, PERSONAL
from bot.storage.tables import Base

TABLES = Base.metadata.tables


def test_every_table_stands_in_one_of_the_two_lists() -> None:
    assert set(PERSONAL) | IMPERSONAL == set(TABLES)
    assert not set(PERSONAL) & IMPERSONAL


@pytest.mark.parametrize("name", PERSONAL)
def test_the_named_columns_exist(name: str) -> None:
    personal, columns = PERSONAL[name], TABLES[name].c
    assert personal.member in columns
    assert all(columns[column].nullable for column in personal.forget)
    if personal.kept == "member":
        assert personal.since is None
    else:
        assert personal.since is not None
        assert isinstance(columns[personal.since].type, UtcDateTime | DateTime)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_points_at_a_member_is_personal(name: str) -> None:
    targets = {key.column.table.name for key in TABLES[name].foreign_keys}
    assert "members" not in targets or name in PERSONAL


@pytest.mark.parametrize("name", TABLES)
def test_bytes_are_sealed_words_and_named_so(name: str) -> None:
    stored = {column.name for column in TABLES[name].c if isinstance(column.type, LargeBinary)}
    assert {column for column in stored if not column.endswith("_sealed")} <= {"csv"}


@on_both_databases
async def test_housekeeping_of_an_empty_database_does_nothing(database_url: str, key_file: Path) -> None:

    database = await open_database(database_url, key_file)
    async with database.begin() as tx:
        assert await privacy.keep_no_longer(tx, now=datetime(2026, 11, 23, tzinfo=UTC)) == 0
    await database.close()
