"""Fixtures of the outbox's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from harness.fixtures import (
    database_kind,
    database_url,
    key_file,
    postgresql_server,
)

from bot.storage.opening import open_database
from delivery.post import Post

__all__ = [
    "database_kind",
    "database_url",
    "key_file",
    "postgresql_server",
]


@pytest.fixture
async def post(database_url: str, key_file: Path) -> AsyncIterator[Post]:
    database = await open_database(database_url, key_file)
    yield Post(database)
    await database.close()
