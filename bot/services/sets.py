"""Due rows set by set: what is true of many rows is worked out once, and the database does the rest for all of them."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, and_, false, func, or_, select

from bot.storage.database import Transaction
from bot.storage.tables import CheckInSchedule, Member, Reminder

BATCH = 2000
"""Rows in one transaction: on SQLite a page never waits for the database's one writer for longer than a blink."""

SHARED_BATCH = 4000
"""The same on PostgreSQL, where nobody waits for a writer: larger is faster."""

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Some:
    """Rows of one table that are due: `rows` selects just these."""

    table: type[CheckInSchedule] | type[Reminder]
    ids: Sequence[int]
    rows: ColumnElement[bool]


async def first_due(
    tx: Transaction, table: type[CheckInSchedule] | type[Reminder], *, now: datetime, limit: int | None = None
) -> Some:
    """The first rows that are due, of one instant, locked for this transaction; those of other processes left out."""
    limit = limit or (SHARED_BATCH if tx.is_shared else BATCH)
    # Ordered as the index is, and not by the id alone: PostgreSQL would walk the primary key past all that are done.
    in_order = (table.next_at, table.id)
    due = select(table.next_at).where(table.next_at <= now).order_by(*in_order).limit(1)
    at = await tx.session.scalar(due.with_for_update(skip_locked=True))  # of a row that no other process has
    if at is None:
        return Some(table, (), false())
    of_then = select(table.id).where(table.next_at <= at).order_by(*in_order).limit(limit)
    ids = list(await tx.session.scalars(of_then.with_for_update(skip_locked=True)))
    # Thousands of ids in each statement would cost more than the work itself. Between the first and the last there are
    # others only where another process has them.
    between = and_(table.next_at == at, table.id.between(ids[0], ids[-1]))
    alone = await tx.session.scalar(select(func.count()).select_from(table).where(between)) == len(ids)
    return Some(table, ids, between if alone else table.id.in_(ids))


@dataclass(frozen=True, slots=True)
class Sets:
    """Some rows by what they have in common: one `found` row of `columns` for each set.

    `failed` are the sets for which nothing could be worked out, such as those of a zone that is no longer in tzdata.
    """

    some: Some
    columns: Sequence[Any]
    found: Sequence[Row[*tuple[Any, ...]]]
    failed: dict[int, Exception] = field(default_factory=dict)

    def by(self, key: Callable[[Row[*tuple[Any, ...]]], Key | None]) -> Iterator[tuple[Key, ColumnElement[bool]]]:
        """The sets joined further: each key there is, and what selects the rows that have it. None leaves out.

        Where `key` fails, that set has `failed`, and is left out from now on.
        """
        chosen: dict[Key, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
        for number, row in enumerate(self.found):
            if number in self.failed:
                continue
            try:
                value = key(row)
            except Exception as error:
                self.failed[number] = error
            else:
                if value is not None:
                    chosen[value].append(row)
        for value, rows in chosen.items():
            yield value, self._those(rows)

    def failures(self) -> Iterator[tuple[Exception, ColumnElement[bool]]]:
        """What has failed, and what selects its rows."""
        for number, error in self.failed.items():
            yield error, self._those([self.found[number]])

    def _those(self, rows: Sequence[Row[*tuple[Any, ...]]]) -> ColumnElement[bool]:
        if len(rows) == len(self.found):
            return self.some.rows
        table = self.some.table
        differ = [n for n in range(len(self.columns)) if len({row[n] for row in self.found}) > 1]
        alike = or_(*(and_(*(self.columns[n].is_not_distinct_from(row[n]) for n in differ)) for row in rows))
        ids = select(table.id).outerjoin(Member, Member.id == table.member_id).where(self.some.rows, alike)
        return table.id.in_(ids.correlate(None))


async def sets_of(tx: Transaction, some: Some, *columns: Any) -> Sets:
    """The rows by the values of `columns`, which are the table's or the member's (null where there is none)."""
    table = some.table
    query = select(*columns).select_from(table).outerjoin(Member, Member.id == table.member_id)
    return Sets(some, columns, (await tx.session.execute(query.where(some.rows).group_by(*columns))).all())
