"""Opening the database: the right key first, then the migrations."""

import contextlib
import os
from pathlib import Path

from sqlalchemy import Connection, func, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.core.faults import where
from bot.storage import feed_tables  # noqa: F401  its tables belong to the metadata
from bot.storage.database import Database, make_engine
from bot.storage.vault import KEY_VARIABLE, KeyProblem, Vault, load_key, make_key

MIGRATIONS = Path(__file__).parent / "migrations"

NEWEST = max(path.name for path in (MIGRATIONS / "versions").glob("[0-9]*.py")).partition("_")[0]
"""The revision of the newest migration: the number that its file's name begins with."""

MIGRATING = int.from_bytes(b"handrail", signed=True)
"""PostgreSQL's advisory lock of who migrates: the same for all, and not from the key, which may not be there yet."""


class UnknownVersion(Exception):
    """The database was migrated by another version of Handrail: there is no way from its revision to the newest."""


async def open_database(url: str, key_file: Path) -> Database:
    """The database at `url`, migrated to the newest version, with its vault.

    At the very first run a key is made in `key_file`. Raises `KeyProblem`, before anything is written, if the
    database is encrypted with another key or its key is missing; `UnknownVersion` if a newer Handrail has used it.
    """
    engine = make_engine(url, command_seconds=None)  # a migration of a big table takes its time
    _keep_to_owner(engine)
    try:
        vault = await open_vault(engine, key_file)
        await upgrade(engine)
        async with engine.begin() as opened:
            await opened.execute(
                text(
                    "INSERT INTO installation (id, key_fingerprint) VALUES (1, :fingerprint)"
                    " ON CONFLICT (id) DO NOTHING"
                ),
                {"fingerprint": vault.fingerprint},
            )
            # Another process may have been quicker, with a key of its own.
            _compare(await opened.run_sync(_fingerprint), vault, key_file)
    finally:
        await engine.dispose()
    return Database(make_engine(url), vault)


def _keep_to_owner(engine: AsyncEngine) -> None:
    """A new SQLite file is its owner's only: who is in a community is nobody else's business on the machine."""
    path = engine.url.database
    if engine.dialect.name == "sqlite" and path and path != ":memory:":
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


async def open_vault(engine: AsyncEngine, key_file: Path) -> Vault:
    """The vault that belongs to this database; a new one only if nothing was ever encrypted here."""
    async with engine.begin() as opened:
        fingerprint = await opened.run_sync(_fingerprint)
    key = load_key(key_file)
    if key is None:
        if fingerprint is not None:
            raise KeyProblem(
                f"The encryption key is missing: this database was encrypted with one, and neither {KEY_VARIABLE}"
                f" nor {key_file.name} holds it. Nothing was changed.",
                f"Put the key back from your backup: as {key_file.name}, readable by its owner alone, or in"
                f" {KEY_VARIABLE}.",
            )
        key = make_key(key_file)
    vault = Vault(key)
    _compare(fingerprint, vault, key_file)
    return vault


def _compare(fingerprint: str | None, vault: Vault, key_file: Path) -> None:
    """Raise `KeyProblem` if the database, whose key has this fingerprint, was encrypted with another key."""
    if fingerprint is not None and fingerprint != vault.fingerprint:
        raise KeyProblem(
            f"This is not the encryption key of this database (found in {KEY_VARIABLE} or {key_file.name}). Nothing"
            " was changed.",
            f"Put the right key back from your backup, into {KEY_VARIABLE} if that is set, else as {key_file}.",
        )


def _fingerprint(opened: Connection) -> str | None:
    if not inspect(opened).has_table("installation"):
        return None
    value = opened.execute(text("SELECT key_fingerprint FROM installation WHERE id = 1")).scalar()
    return None if value is None else str(value)


async def upgrade(engine: AsyncEngine) -> None:
    """Run the migrations that this database lacks; of several processes that start at once, one does.

    Raises `UnknownVersion`.
    """
    async with engine.begin() as opened:
        if engine.dialect.name == "postgresql":  # SQLite has one writer, and lets the others wait
            await opened.execute(select(func.pg_advisory_xact_lock(MIGRATING)))
        if await opened.run_sync(_revision) != NEWEST:
            await opened.run_sync(_migrate)


def _migrate(opened: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = opened
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise UnknownVersion(where(error)) from None


async def pending_migrations(engine: AsyncEngine) -> bool:
    """Whether this database lacks a migration."""
    async with engine.begin() as opened:
        return await opened.run_sync(_revision) != NEWEST


def _revision(opened: Connection) -> str | None:
    """The last migration that ran here. Alembic knows it too, but to load it takes longer than all the rest."""
    if not inspect(opened).has_table("alembic_version"):
        return None
    return opened.execute(text("SELECT version_num FROM alembic_version")).scalar()
