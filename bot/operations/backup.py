"""`handrail backup`: a copy of the database that is whole, taken while the bot runs."""

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from bot.config import Config
from bot.core.words import _
from bot.operations.opening import database_is_there, sqlite_file
from bot.operations.stopping import Stop

_HALF = ".part"
"""Ends the name of a copy that is not whole yet."""


def back_up(config: Config, to: Path) -> None:
    """Copy the database into a new file that only its owner can read, and look whether the copy is whole.

    Others write meanwhile; the copy is of one moment. Raises `Stop`, and then there is no file `to` that was not there.
    """
    database = sqlite_file(config)
    if database is None:
        raise Stop(_("The database is on a PostgreSQL server: back it up with pg_dump, as docs/backup.md says."))
    if not database_is_there(config):
        raise Stop(_("There is no database yet, so there is nothing to back up."))
    if to.exists():
        raise Stop(_("{file} is there already; nothing was overwritten.", file=str(to)))
    half = to.with_name(to.name + _HALF)
    try:
        half.unlink(missing_ok=True)
        os.close(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _copy(database, half)
        os.replace(half, to)
    except (OSError, sqlite3.Error) as error:
        half.unlink(missing_ok=True)
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise Stop(_("{file}: cannot be written ({reason}).", file=str(to), reason=reason)) from None


def _copy(database: Path, to: Path) -> None:
    # All in one step: SQLite's write-ahead log lets others write while it is read.
    with (
        closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(to)) as copy,
    ):
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        if copy.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("the copy is damaged")


def tell(config: Config, to: Path) -> None:
    """Say what was written, and what is not in it."""
    key = str(config.encryption.key_file)
    sys.stdout.write(str(_("Written: {file}", file=str(to))) + "\n")
    said = _(
        "The key ({key}) is not in it. Keep a copy of the key in another place than this file: without it nobody can"
        " read the backup, and with both everybody can.",
        key=key,
    )
    sys.stdout.write(str(said) + "\n")
