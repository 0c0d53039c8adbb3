"""What `nursery` has imported before it forks."""

import gc
from importlib import import_module

from bot.app import load_detector

for _module in (
    "bot.cli",
    "bot.operations.running",
    "bot.platforms.discord",
    "bot.platforms.matrix",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.dialects.sqlite.aiosqlite",
):
    import_module(_module)
load_detector()
gc.collect()
gc.freeze()
