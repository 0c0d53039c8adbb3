"""Fixtures of the services' tests."""

from harness.fixtures import (
    database_kind,
    database_url,
    key_file,
    migrated_url,
    postgresql_server,
    stories,
    story,
    world,
    world_url,
)

__all__ = [
    "database_kind",
    "database_url",
    "key_file",
    "migrated_url",
    "postgresql_server",
    "stories",
    "story",
    "world",
    "world_url",
]
