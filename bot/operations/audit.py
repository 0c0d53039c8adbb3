"""`handrail audit`: the audit log of a community's cases as CSV, numbers and times, nobody's words or names.

Whose number one is, is asked for each by itself, and that stands in the log, too.
"""

import csv
import os
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from heapq import merge
from pathlib import Path
from typing import TextIO

import typer
from sqlalchemy import or_, select

from bot.core.text import clean_name
from bot.core.words import _
from bot.operations.community_commands import existing
from bot.operations.community_files import unknown
from bot.operations.stopping import Stop
from bot.services import members
from bot.storage import tables
from bot.storage.database import Database, Transaction

LOOKED_UP = "name looked up"
"""The line of the log that says whose number was asked for."""

_LARGEST = 2**31 - 1
"""No database takes a larger number of a member."""

COLUMNS = ("at", "case", "what", "actor", "member")

Line = tuple[datetime, int | None, str, int | None, int | None]
"""When, in which case, what, who did it, and to which member, if it is about no case."""


async def export(config_path: Path, slug: str | None, path: Path | None) -> int:
    """Print the log, or write it to a new file; how many lines. Raises `Stop`.

    Without an id it is that of the only community there is.
    """
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


async def lines(database: Database, slug: str | None) -> list[Line]:
    """The log of one community, or of the only one, the oldest first. Raises `Stop` where there is none of that id."""
    case, event, pause = tables.CaseRow, tables.CaseEvent, tables.MemberPause
    async with database.begin() as tx:
        id_ = await _community(tx, slug)
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


async def tell_who(config_path: Path, slug: str, number: int) -> None:
    """Print whose number it is. Raises `Stop`."""
    async with existing(config_path) as database:
        if database is None:
            raise unknown([])
        found = await who(database, slug, number, now=datetime.now(UTC))
    for line in found:
        typer.echo(line)


async def who(database: Database, slug: str, number: int, *, now: datetime) -> list[str]:
    """The name and the accounts of the member with a number that stands in the community's log.

    That they were asked for is in the log before anybody reads them. Raises `Stop` where nobody there has the number,
    whoever else may have it.
    """
    async with database.begin() as tx:
        community = await _community(tx, slug)
        row = await tx.session.get(tables.Member, number) if 0 < number <= _LARGEST else None
        if row is None or row.community_id != community or not await _stands_in_it(tx, community, number):
            text = _(
                "No member here has the number {number} in the log, or they have erased their data.", number=number
            )
            raise Stop(text)
        identity = tables.Identity
        accounts = await tx.session.scalars(select(identity).where(identity.member_id == number).order_by(identity.id))
        member = await members.load(tx, number)
        told = [f"{number}: {clean_name(member.name or '') or _('without a name')}"]
        told += [f"  {one.platform}: {clean_name(one.account)}" for one in accounts]
        await tx.insert(
            tables.MemberPause, community_id=community, member_id=number, at=now, what=LOOKED_UP, actor=None
        )
    return told


async def _community(tx: Transaction, slug: str | None) -> int:
    community = tables.Community
    rows = await tx.session.execute(select(community.slug, community.id))
    known: dict[str, int] = {row.slug: row.id for row in rows}
    if slug is None and len(known) == 1:
        (id_,) = known.values()
        return id_
    if slug is None and known:
        raise Stop(
            _("Which community? Write its id behind the command. There are: {ids}", ids=", ".join(sorted(known)))
        )
    if slug not in known:
        raise unknown(sorted(known))
    return known[slug]


async def _stands_in_it(tx: Transaction, community: int, number: int) -> bool:
    case, event, pause = tables.CaseRow, tables.CaseEvent, tables.MemberPause
    of_cases = select(event.id).join(case, case.id == event.case_id).where(case.community_id == community)
    of_nobodys = select(pause.id).where(pause.community_id == community)
    for found in (
        of_cases.where(event.actor == number),
        of_nobodys.where(or_(pause.actor == number, pause.member_id == number)),
    ):
        if await tx.session.scalar(found.limit(1)) is not None:
            return True
    return False


def _write(to: TextIO, log: Iterable[Line]) -> None:
    writer = csv.writer(to, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((at.isoformat(timespec="seconds"), *rest) for at, *rest in log)
