"""Imported services: a source's records brought in all at once, found by their words, and given out again.

A source may hold a hundred thousand services, and somebody in danger must not wait for that: what is new is stored
out of sight in small transactions, then one short transaction shows it and hides what it replaces, and what is hidden
is deleted in small ones. If it is broken off anywhere, the source is as it was, and the next import clears up.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import blake2b
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import delete, func, insert, select, update

from bot.core.distance import point_of
from bot.core.resources.index import index_of
from bot.core.resources.model import Resource
from bot.core.resources.records import Record
from bot.core.resources.serial import digest_of, dump_resource, load_resource
from bot.core.words import ENGLISH, Text, _
from bot.storage import fulltext
from bot.storage.database import Database, Transaction
from bot.storage.resource_tables import ResourceSource, ServiceRow

BATCH = 500
"""Records in one transaction."""

REFUSALS_KEPT = 1_000
"""Refused records that a report names; all are counted."""

_ENOUGH_TO_COMPARE = 20
"""Services; a smaller source may lose more than half of them."""

T = TypeVar("T")

COMING, SHOWN, GOING = "coming", "shown", "going"


@dataclass(slots=True, kw_only=True)
class Report:
    """What an import did, or would do. `error`: why nothing was changed; "" if all went well."""

    source: str
    records: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    refused_count: int = 0
    refused: list[tuple[int, Text]] = field(default_factory=list)
    error: Text | str = ""

    def refuse(self, number: int, reason: Text) -> None:
        """Count a refused record, and name it if there is room."""
        self.refused_count += 1
        if len(self.refused) < REFUSALS_KEPT:
            self.refused.append((number, reason))

    def as_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "source": self.source,
            "records": self.records,
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "gone": self.gone,
            "refused": [{"record": number, "reason": str(reason)} for number, reason in self.refused],
            "refused_count": self.refused_count,
            "error": str(self.error) or None,
        }


class Broken(Exception):
    """A source cannot be read on; the argument says why, for a person. Nothing of it is imported."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _New:
    key: str
    digest: str
    resource: Resource
    stored: dict[str, Any]


async def import_source(
    database: Database | None,
    name: str,
    records: Iterable[Record],
    *,
    now: datetime,
    community_id: int | None = None,
    dry_run: bool = False,
    even_if_fewer: bool = False,
) -> Report:
    """Bring the source called `name` to what `records` hold; says what changed.

    Its services are for one community, or for all (None). With `dry_run` it only looks, which needs no database.
    Where `records` raises `Broken`, or holds less than half of the services it had before, nothing changes.
    """
    report = Report(source=name)
    source_id, before, is_new = await _open(database, name, community_id, now=now, dry_run=dry_run)
    seen: set[str] = set()
    replaced: list[int] = []
    try:
        for batch in _batches(_usable(records, report, seen)):
            replaced += await _stage(database, source_id, batch, report, dry_run=dry_run)
    except Broken as broken:
        report.error = broken.reason
    kept = report.added + report.changed + report.unchanged
    report.gone = max(0, before - report.changed - report.unchanged)
    if not report.error and not kept and (before or report.refused_count):
        report.error = _("There is no service in it that can be used.")
    if not report.error and before >= _ENOUGH_TO_COMPARE and kept < before / 2 and not even_if_fewer:
        report.error = _(
            "It holds {kept} services and had {before} before. What there was is kept; if this is right, import it"
            " again with --even-if-fewer.",
            kept=kept,
            before=before,
        )
    if database is not None and source_id is not None and not dry_run:
        await _conclude(database, source_id, seen, replaced, report, now=now)
        if report.error and is_new:  # what could not be read is no source
            async with database.begin() as tx:
                await tx.session.execute(delete(ResourceSource).where(ResourceSource.id == source_id))
    if report.error:
        report.added = report.changed = report.gone = 0
    return report


def _usable(records: Iterable[Record], report: Report, seen: set[str]) -> Iterator[_New]:
    """The records that can be taken, each once; the others are refused in the report."""
    for record in records:
        report.records += 1
        if record.resource is None:
            report.refuse(record.number, record.reason or _("It is no record."))
            continue
        stored = dump_resource(record.resource)
        key = key_of(record.resource)
        if key in seen:
            report.refuse(record.number, _("It is the same as one before it."))
            continue
        seen.add(key)
        yield _New(key, digest_of(stored), record.resource, stored)


async def _open(
    database: Database | None, name: str, community_id: int | None, *, now: datetime, dry_run: bool
) -> tuple[int | None, int, bool]:
    """The source's id, how many services it shows, and whether it is new; what a broken import left is deleted."""
    if database is None:
        return None, 0, True
    async with database.read() as tx:
        row = await _source(tx, name, community_id)
        shown = 0 if row is None else await _shown(tx, row.id)
    if dry_run:
        return None if row is None else row.id, shown, row is None
    is_new = row is None
    if row is None:
        async with database.begin() as tx:
            row = ResourceSource(name=name, community_id=community_id, imported_at=now, report={})
            tx.session.add(row)
    await _delete(database, row.id, (COMING, GOING))
    return row.id, shown, is_new


async def _source(tx: Transaction, name: str, community_id: int | None) -> ResourceSource | None:
    mine = ResourceSource.community_id.is_not_distinct_from(community_id)
    found: ResourceSource | None = await tx.session.scalar(
        select(ResourceSource).where(ResourceSource.name == name, mine)
    )
    return found


async def _shown(tx: Transaction, source_id: int) -> int:
    count = select(func.count()).where(ServiceRow.source_id == source_id, ServiceRow.state == SHOWN)
    return await tx.session.scalar(count) or 0


async def _stage(
    database: Database | None, source_id: int | None, batch: Sequence[_New], report: Report, *, dry_run: bool
) -> list[int]:
    """Store what is new or has changed, out of sight; the ids of what it will replace."""
    known: dict[str, tuple[int, str]] = {}
    if database is not None and source_id is not None:
        async with database.read() as tx:
            rows = await tx.session.execute(
                select(ServiceRow.key, ServiceRow.id, ServiceRow.digest).where(
                    ServiceRow.source_id == source_id,
                    ServiceRow.state == SHOWN,
                    ServiceRow.key.in_([new.key for new in batch]),
                )
            )
            known = {key: (id_, digest) for key, id_, digest in rows}
    fresh = [new for new in batch if new.key not in known or known[new.key][1] != new.digest]
    replaced = [known[new.key][0] for new in fresh if new.key in known]
    report.unchanged += len(batch) - len(fresh)
    report.changed += len(replaced)
    report.added += len(fresh) - len(replaced)
    if database is not None and fresh and not dry_run:
        async with database.begin() as tx:
            await _insert(tx, source_id, fresh)
    return replaced


async def _insert(tx: Transaction, source_id: int | None, fresh: Sequence[_New]) -> None:
    rows = [
        {
            "source_id": source_id,
            "key": new.key,
            "digest": new.digest,
            "state": COMING,
            "checked": new.resource.checked,
            "record": new.stored,
            "latitude": point and point.north,
            "longitude": point and point.east,
        }
        for new, point in ((new, point_of(new.resource.latitude, new.resource.longitude)) for new in fresh)
    ]
    returned = insert(ServiceRow).returning(ServiceRow.id, sort_by_parameter_order=True)
    ids = list(await tx.session.scalars(returned, rows))
    words = [(id_, index_of(new.resource)) for id_, new in zip(ids, fresh, strict=True)]
    await fulltext.write(tx, words)


async def _conclude(
    database: Database, source_id: int, seen: set[str], replaced: list[int], report: Report, *, now: datetime
) -> None:
    """Show what is new instead of what it replaces, or, after an error, forget it; keep the report."""
    changed = bool(report.added or report.changed or report.gone)
    if not report.error and changed:
        gone = await _not_seen(database, source_id, seen) if report.gone else []
        async with database.begin() as tx:
            mine = ServiceRow.source_id == source_id
            for ids in _batches([*replaced, *gone]):
                await tx.session.execute(
                    update(ServiceRow).where(ServiceRow.id.in_(ids)).values(state=GOING),
                    execution_options=_BULK,
                )
            coming = update(ServiceRow).where(mine, ServiceRow.state == COMING).values(state=SHOWN)
            await tx.session.execute(coming, execution_options=_BULK)
            await _keep(tx, source_id, report, now=now)
    else:
        async with database.begin() as tx:
            await _keep(tx, source_id, report, now=now)
    await _delete(database, source_id, (COMING, GOING))
    if changed and not report.error:
        async with database.begin() as tx:
            await fulltext.renew_words(tx)


_BULK = {"synchronize_session": False}


async def _keep(tx: Transaction, source_id: int, report: Report, *, now: datetime) -> None:
    row = await tx.session.get_one(ResourceSource, source_id)
    row.imported_at = now
    row.report = {**report.as_json(), "error": ENGLISH.render(report.error) or None}


async def _not_seen(database: Database, source_id: int, seen: set[str]) -> list[int]:
    async with database.read() as tx:
        rows = await tx.session.stream(
            select(ServiceRow.id, ServiceRow.key).where(ServiceRow.source_id == source_id, ServiceRow.state == SHOWN)
        )
        return [id_ async for id_, key in rows if key not in seen]


async def _delete(database: Database, source_id: int, states: Sequence[str]) -> None:
    doomed = select(ServiceRow.id).where(ServiceRow.source_id == source_id, ServiceRow.state.in_(states)).limit(BATCH)
    while True:
        async with database.begin() as tx:
            ids = list(await tx.session.scalars(doomed))
            if ids:
                await tx.session.execute(delete(ServiceRow).where(ServiceRow.id.in_(ids)), execution_options=_BULK)
        if len(ids) < BATCH:
            return


def _batches(values: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(values)
    while batch := list(islice(rest, BATCH)):
        yield batch


async def exported(tx: Transaction, name: str | None = None) -> AsyncIterator[Resource]:
    """Every imported service, or those of the source of that name, one by one."""
    rows = (
        select(ServiceRow.record, ResourceSource.name)
        .join(ResourceSource, ResourceSource.id == ServiceRow.source_id)
        .where(ServiceRow.state == SHOWN)
        .order_by(ServiceRow.id)
    )
    if name is not None:
        rows = rows.where(ResourceSource.name == name)
    async for record, source in await tx.session.stream(rows):
        yield load_resource({"source": source, **record})


async def sources(tx: Transaction) -> list[tuple[ResourceSource, int]]:
    """All sources by name, each with how many services of it are shown."""
    shown = (ServiceRow.source_id == ResourceSource.id) & (ServiceRow.state == SHOWN)
    rows = await tx.session.execute(
        select(ResourceSource, func.count(ServiceRow.id))
        .outerjoin(ServiceRow, shown)
        .group_by(ResourceSource.id)
        .order_by(ResourceSource.name, ResourceSource.id)
    )
    return [(source, count) for source, count in rows]


async def forget(database: Database, name: str, community_id: int | None) -> int:
    """Take a source out with all its services; how many they were. Raises `LookupError` if there is none."""
    async with database.begin() as tx:
        row = await _source(tx, name, community_id)
        if row is None:
            raise LookupError(name)
        shown = await _shown(tx, row.id)
        mine = update(ServiceRow).where(ServiceRow.source_id == row.id)
        await tx.session.execute(mine.values(state=GOING), execution_options=_BULK)
    await _delete(database, row.id, (COMING, GOING))
    async with database.begin() as tx:
        await tx.session.execute(delete(ResourceSource).where(ResourceSource.id == row.id))
        await fulltext.renew_words(tx)
    return shown


def key_of(resource: Resource) -> str:
    """What its row is stored under: a digest of what its source calls it."""
    return blake2b(resource.key.encode(), digest_size=16).hexdigest()


async def by_key(tx: Transaction, community_id: int, key: str) -> Resource | None:
    """The service that this community is shown and that is stored under `key`."""
    own = ResourceSource.community_id
    rows = await tx.session.execute(
        select(ServiceRow.record, ResourceSource.name)
        .join(ResourceSource, ResourceSource.id == ServiceRow.source_id)
        .where(own.is_(None) | (own == community_id), ServiceRow.key == key, ServiceRow.state == SHOWN)
        .order_by(own.is_(None), ServiceRow.id)
        .limit(1)
    )
    row = rows.first()
    return None if row is None else load_resource({"source": row.name, **row.record})


async def oldest_checked(tx: Transaction, community_id: int, country: str, before: date, limit: int) -> list[Resource]:
    """Services of this country that nobody has checked since `before`: first the community's own, then the oldest."""
    own = ResourceSource.community_id
    rows = await tx.session.execute(
        select(ServiceRow.record, ResourceSource.name)
        .join(ResourceSource, ResourceSource.id == ServiceRow.source_id)
        .where(
            own.is_(None) | (own == community_id),
            ServiceRow.record["country"].as_string() == country,
            ServiceRow.state == SHOWN,
            ServiceRow.checked.is_(None) | (ServiceRow.checked < before),
        )
        .order_by(own.is_(None), ServiceRow.checked.nulls_first(), ServiceRow.id)
        .limit(limit)
    )
    return [load_resource({"source": name, **record}) for record, name in rows]
