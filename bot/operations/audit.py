"""`handrail audit export`: the audit log of a community's cases as CSV. Numbers and times, nobody's words or names."""

import csv
import os
import sys
from collections.abc import Iterable
from datetime import datetime
from heapq import merge
from pathlib import Path
from typing import TextIO

from sqlalchemy import select

from bot.core.words import _
from bot.operations.community_commands import existing
from bot.operations.community_files import unknown
from bot.operations.stopping import Stop
from bot.storage import tables
from bot.storage.database import Database

COLUMNS = ("at", "case", "what", "actor", "member")

Line = tuple[datetime, int | None, str, int | None, int | None]
"""When, in which case, what, who did it, and to which member, if it is about no case."""


async def export(config_path: Path, slug: str, path: Path | None) -> int:
    """Print the log, or write it to a new file; how many lines. Raises `Stop`."""
    async with existing(config_path) as database:
        if database is None:
            raise unknown([])
        log = await lines(database, slug)
    if path is None:
        _write(sys.stdout, log)
        return len(log)
    try:
        # Who was with whom is nobody else's business on the machine.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Stop(_("{file} is there already, and nothing was written. Name another file.", file=path.name)) from None
    except OSError as error:
        raise Stop(_("{file} cannot be written ({error}).", file=path.name, error=type(error).__name__)) from None
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as opened:
        _write(opened, log)
    return len(log)


async def lines(database: Database, slug: str) -> list[Line]:
    """The log of one community, the oldest first. Raises `Stop` where there is none of that id."""
    community, case, event, pause = tables.Community, tables.CaseRow, tables.CaseEvent, tables.MemberPause
    async with database.begin() as tx:
        id_ = await tx.session.scalar(select(community.id).where(community.slug == slug))
        if id_ is None:
            known = await tx.session.scalars(select(community.slug).order_by(community.id))
            raise unknown(list(known))
        of_cases = (
            select(event.at, event.case_id, event.what, event.actor)
            .join(case, case.id == event.case_id)
            .where(case.community_id == id_)
            .order_by(event.id)
        )
        of_nobodys = (
            select(pause.at, pause.what, pause.actor, pause.member_id)
            .where(pause.community_id == id_)
            .order_by(pause.id)
        )
        events: list[Line] = [(*row, None) for row in await tx.session.execute(of_cases)]
        pauses: list[Line] = [
            (at, None, what, actor, member) for at, what, actor, member in await tx.session.execute(of_nobodys)
        ]
    return list(merge(events, pauses, key=lambda line: line[0]))


def _write(to: TextIO, log: Iterable[Line]) -> None:
    writer = csv.writer(to, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((at.isoformat(timespec="seconds"), *rest) for at, *rest in log)
