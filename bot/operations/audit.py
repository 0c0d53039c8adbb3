"""`handrail audit export`: the audit log of a community's cases as CSV. Numbers and times, nobody's words or names."""

import csv
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from sqlalchemy import select

from bot.core.words import _
from bot.operations.community_commands import existing
from bot.operations.community_files import unknown
from bot.operations.stopping import Stop
from bot.storage import tables
from bot.storage.database import Database

COLUMNS = ("at", "case", "what", "actor")


async def export(config_path: Path, slug: str, path: Path | None) -> int:
    """Print the log, or write it to a new file; how many lines. Raises `Stop`."""
    async with existing(config_path) as database:
        if database is None:
            raise unknown([])
        lines = await _lines(database, slug)
    if path is None:
        _write(sys.stdout, lines)
        return len(lines)
    try:
        # Who was with whom is nobody else's business on the machine.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Stop(_("{file} is there already, and nothing was written. Name another file.", file=path.name)) from None
    except OSError as error:
        raise Stop(_("{file} cannot be written ({error}).", file=path.name, error=type(error).__name__)) from None
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as opened:
        _write(opened, lines)
    return len(lines)


async def _lines(database: Database, slug: str) -> list[tuple[str, int, str, int | None]]:
    community, case, event = tables.Community, tables.CaseRow, tables.CaseEvent
    async with database.begin() as tx:
        id_ = await tx.session.scalar(select(community.id).where(community.slug == slug))
        if id_ is None:
            known = await tx.session.scalars(select(community.slug).order_by(community.id))
            raise unknown(list(known))
        query = (
            select(event.at, event.case_id, event.what, event.actor)
            .join(case, case.id == event.case_id)
            .where(case.community_id == id_)
            .order_by(event.id)
        )
        rows = (await tx.session.execute(query)).all()
    return [(row.at.isoformat(timespec="seconds"), row.case_id, row.what, row.actor) for row in rows]


def _write(to: TextIO, lines: Iterable[tuple[object, ...]]) -> None:
    writer = csv.writer(to, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(lines)
