"""Fixtures of the outbox's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from harness.fixtures import (
    database_kind,
    key_file,
    migrated_url,
    postgresql_server,
    stories,
)

from bot.storage.opening import open_database
from delivery.post import Post

__all__ = [
    "database_kind",
    "key_file",
    "migrated_url",
    "postgresql_server",
    "stories",
]


@pytest.fixture
async def post(migrated_url: str, key_file: Path) -> AsyncIterator[Post]:
    database = await open_database(migrated_url, key_file)
    yield Post(database)
    await database.close()
