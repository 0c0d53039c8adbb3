"""Opening what `config.toml` names: the configuration itself and its database, or a sentence on what to do."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.engine import make_url

from bot.config import Config, load_config
from bot.core.faults import where
from bot.core.words import _
from bot.operations.stopping import Stop
from bot.sections import SQLITE
from bot.storage.database import Database, make_engine
from bot.storage.opening import UnknownVersion, open_database, pending_migrations
from bot.storage.vault import KEY_VARIABLE, KeyProblem


def open_config(path: Path) -> Config:
    """The configuration in the file at `path`; raises `BadFile`, and `Stop` if there is no such file."""
    if not path.exists():
        raise Stop(no_config(path))
    config = load_config(path)
    key = config.encryption.key.get_secret_value()
    if key:
        # The vault knows the key by its variable only; it may also stand in the file.
        os.environ[KEY_VARIABLE] = key
    return config


def no_config(path: Path) -> str:
    """What to do without a configuration."""
    return str(
        _(
            "There is no {file} here. “make run” makes one; or copy config.example.toml to {file}, or name another"
            " with --config.",
            file=str(path),
        )
    )


async def open_configured(config: Config) -> Database:
    """The configured database, migrated; raises `KeyProblem`, and `Stop` if it cannot be opened."""
    try:
        return await open_database(config.database.url.get_secret_value(), config.encryption.key_file)
    except UnknownVersion:
        raise Stop(
            _("The database is of another version of Handrail. Use the newest version, or restore the backup of it.")
        ) from None
    except KeyProblem:
        raise
    except Exception as error:  # a driver's own errors come as they are: asyncpg's are no SQLAlchemyError
        raise _cannot_open(error) from error


def _cannot_open(error: Exception) -> Stop:
    return Stop(
        _(
            "The database cannot be opened. Look at [database] in the configuration, and whether the bot may write"
            " there."
        ),
        where(error),
    )


@contextmanager
def only_one_running(config: Config) -> Iterator[None]:
    """Be the only bot that runs on this SQLite file until the end of the block; raises `Stop` if there is one.

    The operating system frees the lock when the process ends, however it ends; the lock's file stays. Commands that
    only look or change something need no lock. On PostgreSQL several may run.
    """
    file = sqlite_file(config)
    if file is None:
        yield
        return
    lock = FileLock(f"{file.resolve()}.lock", timeout=0, mode=0o600, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout:
        raise Stop(
            _(
                "Handrail is running already with this database, and an SQLite file is for one bot only. Stop the other"
                " one first (Ctrl-C where it runs, or its service). To run several, use PostgreSQL: see [database] in"
                " the configuration."
            )
        ) from None
    except OSError as error:
        raise _cannot_open(error) from error
    try:
        yield
    finally:
        lock.release()


async def upgrade_configured(config: Config) -> bool:
    """Migrate the configured database; whether there was anything to do. Raises as `open_configured`."""
    before = await _revision_is_old(config)
    database = await open_configured(config)
    await database.close()
    return before


async def _revision_is_old(config: Config) -> bool:
    if not database_is_there(config):
        return True
    engine = make_engine(config.database.url.get_secret_value())
    try:
        return await pending_migrations(engine)
    except Exception:
        return True  # opening it says what is wrong
    finally:
        await engine.dispose()


def database_is_there(config: Config) -> bool:
    """Whether there is a database to look into. One on a server is taken to be there."""
    file = sqlite_file(config)
    return file is None or file.exists()


def sqlite_file(config: Config) -> Path | None:
    """The database's file; None if it is on a server."""
    url = make_url(config.database.url.get_secret_value())
    if url.drivername != SQLITE or url.database is None or url.database.startswith(("file:", ":memory:")):
        return None
    return Path(url.database)
