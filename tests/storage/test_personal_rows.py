"""Every table is known to be personal or not, and every personal one can be exported, erased and forgotten."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from harness.fixtures import on_both_databases
from sqlalchemy import DateTime, LargeBinary

from bot.services import privacy
from bot.storage.columns import UtcDateTime
from bot.storage.opening import open_database
from bot.storage.personal import IMPERSONAL, PERSONAL, column_at
from bot.storage.tables import Base

TABLES = Base.metadata.tables


def test_every_table_stands_in_one_of_the_two_lists() -> None:
    assert set(PERSONAL) | IMPERSONAL == set(TABLES)
    assert not set(PERSONAL) & IMPERSONAL


@pytest.mark.parametrize("name", PERSONAL)
def test_the_named_columns_exist(name: str) -> None:
    personal, columns = PERSONAL[name], TABLES[name].c
    assert {personal.member, *personal.exported} <= set(columns.keys())
    assert all(columns[column].nullable for column in personal.forget)
    assert all(column_at(TABLES[name], path) is not None for path in personal.also)
    if personal.kept == "member":
        assert personal.since is None
    else:
        assert personal.since is not None
        assert isinstance(column_at(TABLES[name], personal.since).type, UtcDateTime | DateTime)


@pytest.mark.parametrize("name", PERSONAL)
def test_only_what_stays_after_an_erasure_is_emptied_before_it_is_deleted(name: str) -> None:
    personal = PERSONAL[name]
    assert personal.forget_after is None or (personal.forget and isinstance(personal.kept, int))


@pytest.mark.parametrize("name", PERSONAL)
def test_rows_that_name_another_person_are_erased_or_cut_loose_with_them(name: str) -> None:
    personal = PERSONAL[name]
    for key in TABLES[name].foreign_keys:
        if key.column.table.name == "members":
            walked = {personal.member, *personal.also, *personal.forget}
            assert key.parent.name in walked or key.ondelete == "SET NULL", key.parent.name


@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_points_at_a_member_is_personal(name: str) -> None:
    targets = {key.column.table.name for key in TABLES[name].foreign_keys}
    assert "members" not in targets or name in PERSONAL


@pytest.mark.parametrize("name", TABLES)
def test_bytes_are_sealed_words_and_named_so(name: str) -> None:
    stored = {column.name for column in TABLES[name].c if isinstance(column.type, LargeBinary)}
    assert {column for column in stored if not column.endswith("_sealed")} <= {"csv", "toml", "bits"}


@on_both_databases
async def test_housekeeping_of_an_empty_database_does_nothing(database_url: str, key_file: Path) -> None:

    database = await open_database(database_url, key_file)
    async with database.begin() as tx:
        assert await privacy.keep_no_longer(tx, now=datetime(2026, 11, 23, tzinfo=UTC)) == 0
    await database.close()
