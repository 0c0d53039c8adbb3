"""Fixtures: two processes' views of one database, and a Discord for real processes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from harness.fixtures import database_kind, database_url, key_file, postgresql_server
from loopback_discord import LoopbackDiscord

from bot.storage.database import Database
from bot.storage.opening import open_database
from processes.bots import Scene, open_scene

__all__ = ["database_kind", "database_url", "key_file", "postgresql_server"]


@pytest.fixture
async def database(database_url: str, key_file: Path) -> AsyncIterator[Database]:
    """The database, as one process has it open."""
    opened = await open_database(database_url, key_file)
    yield opened
    await opened.close()


@pytest.fixture
async def other(database: Database, database_url: str, key_file: Path) -> AsyncIterator[Database]:
    """The same database, as another process has it open."""
    opened = await open_database(database_url, key_file)
    yield opened
    await opened.close()


@pytest.fixture
async def discord() -> AsyncIterator[LoopbackDiscord]:
    server = LoopbackDiscord()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def scene(discord: LoopbackDiscord, database_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """A community on Discord, and a folder from which its bots can be started."""
    async with open_scene(discord, database_url, tmp_path) as opened:
        yield opened
