"""Fixtures of the outbox's tests."""

from harness.fixtures import (
    database_kind,
    database_url,
    key_file,
    postgresql_server,
)

__all__ = [
    "database_kind",
    "database_url",
    "key_file",
    "postgresql_server",
]
