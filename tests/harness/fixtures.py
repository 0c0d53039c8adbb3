"""Fixtures around `World`; a folder's conftest.py imports those it uses."""

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.storage.opening import open_database
from harness import postgres
from harness.world import World, open_world

SQLITE, POSTGRESQL = "sqlite", "postgresql"

on_both_databases = pytest.mark.parametrize(
    "database_kind", [SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.postgresql)], indirect=True
)
"""The test runs on SQLite and on PostgreSQL."""

on_postgresql = pytest.mark.parametrize(
    "database_kind", [pytest.param(POSTGRESQL, marks=pytest.mark.postgresql)], indirect=True
)
"""The test runs on PostgreSQL only."""


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> str:
    """Which database the test runs on."""
    return str(getattr(request, "param", SQLITE))


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Any:
    """A PostgreSQL server, started once for all folders that import this fixture."""
    is_first = postgres.started.cache_info().currsize == 0
    server = postgres.started(tmp_path_factory.getbasetemp() / "postgresql")
    if is_first:
        pytestconfig.add_cleanup(server.cleanup)
    return server


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """Where the key of a test's database is, or will be."""
    return tmp_path / "handrail.key"


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of the test's own, without any table."""
    if database_kind == POSTGRESQL:
        return postgres.fresh_database(request.getfixturevalue("postgresql_server"))
    return f"sqlite+aiosqlite:///{tmp_path}/handrail.db"


Story = Callable[[World], Awaitable[None]]


async def met(world: World) -> None:
    """Alice and bob have met the bot already."""
    await world.alice.joins()
    await world.bob.joins()


_numbers = itertools.count(1)


class Stories:
    """Databases in which a story has happened already: made once for each story and kind, then copied."""

    def __init__(self, folders: pytest.TempPathFactory) -> None:
        self._folders = folders
        self._made: dict[tuple[Story | None, str], tuple[Path, str]] = {}

    def copy(self, story: Story | None, kind: str, folder: Path, request: pytest.FixtureRequest) -> str:
        """The address of a copy, its key and perhaps its file in `folder`. None: nothing has happened yet."""
        made = self._made.get((story, kind))
        if made is None:
            made = self._made[story, kind] = self._make(story, kind, request)
        key_file, source = made
        shutil.copy(key_file, folder / key_file.name)
        if kind == POSTGRESQL:
            return postgres.fresh_database(request.getfixturevalue("postgresql_server"), template=source)
        shutil.copy(source, folder / "handrail.db")
        return f"sqlite+aiosqlite:///{folder}/handrail.db"

    def _make(self, story: Story | None, kind: str, request: pytest.FixtureRequest) -> tuple[Path, str]:
        folder = self._folders.mktemp("story")
        key_file, source = folder / "handrail.key", str(folder / "handrail.db")
        url = f"sqlite+aiosqlite:///{source}"
        if kind == POSTGRESQL:
            source = f"story_{next(_numbers)}"
            url = postgres.fresh_database(request.getfixturevalue("postgresql_server"), name=source)
        asyncio.run(_tell(story, url, key_file))
        return key_file, source


async def _tell(story: Story | None, url: str, key_file: Path) -> None:
    if story is None:
        await (await open_database(url, key_file)).close()
        return
    async with open_world(url, key_file) as world:
        await story(world)


@pytest.fixture(scope="session")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Stories:
    """The databases from which tests start."""
    return Stories(tmp_path_factory)


@pytest.fixture
def migrated_url(database_kind: str, tmp_path: Path, stories: Stories, request: pytest.FixtureRequest) -> str:
    """A database with all tables and nothing in them, with its key beside it."""
    return stories.copy(None, database_kind, tmp_path, request)


@pytest.fixture
def story() -> Story:
    """What has happened before the test begins; a module may have a story of its own."""
    return met


@pytest.fixture
def world_url(
    story: Story, database_kind: str, tmp_path: Path, stories: Stories, request: pytest.FixtureRequest
) -> str:
    """A database in which the story has happened, with its key beside it."""
    return stories.copy(story, database_kind, tmp_path, request)


@pytest.fixture
async def world(world_url: str, key_file: Path) -> AsyncIterator[World]:
    """The bot with the Harbour community, after the story."""
    async with open_world(world_url, key_file, community=None) as world:
        yield world
        world.all_was_seen()
