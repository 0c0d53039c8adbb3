"""Alembic's environment: it always runs on the connection that `bot.storage.opening.upgrade` hands in."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from bot.storage.columns import UtcDateTime
from bot.storage.tables import Base


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write our own column type into a new migration by its short name."""
    if kind == "type" and isinstance(item, UtcDateTime):
        autogen.imports.add("from bot.storage.columns import UtcDateTime")
        return "UtcDateTime()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=render_item,
)
context.run_migrations()
