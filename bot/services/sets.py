"""Due rows set by set: what is true of many rows is worked out once, and the database does the rest for all of them."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import ARRAY, JSON, ColumnElement, Integer, Row, Select, any_, bindparam, func, select

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
    await tx.join_by_index()
    limit = limit or (SHARED_BATCH if tx.is_shared else BATCH)
    # Ordered as the index is, and not by the id alone: PostgreSQL would walk the primary key past all that are done.
    in_order = (table.next_at, table.id)
    at = await tx.session.scalar(_first(table), {"now": now})
    if at is None:
        return these(tx, table, ())
    of_then = select(table.id).where(table.next_at <= at).order_by(*in_order).limit(limit)
    return these(tx, table, list(await tx.session.scalars(of_then.with_for_update(skip_locked=True))))


@cache
def _first(table: type[CheckInSchedule] | type[Reminder]) -> Select[datetime | None]:
    """The first instant of a row that no other process has."""
    due = select(table.next_at).where(table.next_at <= bindparam("now")).order_by(table.next_at, table.id)
    return due.limit(1).with_for_update(skip_locked=True)


def these(tx: Transaction, table: type[CheckInSchedule] | type[Reminder], ids: Sequence[int]) -> Some:
    """The rows with these ids: one parameter for all, as one for each would take longer than the work."""
    if tx.is_shared:
        return Some(table, ids, table.id == any_(bindparam(None, ids, type_=ARRAY(Integer))))
    given = func.json_each(bindparam(None, ids, type_=JSON)).table_valued("value")
    return Some(table, ids, table.id.in_(select(given.c.value)))


@dataclass(frozen=True, slots=True)
class Sets:
    """Some rows by what they have in common: one `found` row for each set, with what it has, and the `ids` of its rows.

    `failed` are the sets for which nothing could be worked out, such as those of a zone that is no longer in tzdata.
    """

    tx: Transaction
    some: Some
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
        return these(self.tx, self.some.table, [id_ for row in rows for id_ in row.ids]).rows


async def sets_of(tx: Transaction, some: Some, *columns: Any) -> Sets:
    """The rows by the values of `columns`, which are the table's or the member's (null where there is none)."""
    table = some.table
    # With their ids: to look for a set's rows by their values again would read all of them again.
    ids: Any = func.array_agg(table.id) if tx.is_shared else func.json_group_array(table.id, type_=JSON)
    query = select(*columns, ids.label("ids")).select_from(table).outerjoin(Member, Member.id == table.member_id)
    return Sets(tx, some, (await tx.session.execute(query.where(some.rows).group_by(*columns))).all())
