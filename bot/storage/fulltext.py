"""Full text of imported services, with each database's own means: FTS5 on SQLite, tsvector on PostgreSQL.

The words are folded and separated by spaces already (`bot.core.resources.index`): no database stems or folds them in
its own way, so that both find the same. These tables are no part of `Base.metadata`: SQLAlchemy knows no such things.
"""

import json
from collections.abc import Sequence
from functools import cache
from math import cos, radians
from typing import Any

from sqlalchemy import TextClause, delete, insert, select, text

from bot.core.distance import Box, Point
from bot.storage.database import Transaction
from bot.storage.resource_tables import ServiceWord

TABLES = "service_text"
"""The beginning of the names of all these tables."""

Query = tuple[tuple[str, ...], ...]
"""Groups of words: of each a service has at least one."""

_WORD_LIMIT = 64

_ON_SQLITE = (
    # Only whether a word is there is asked: no positions, no lengths.
    "CREATE VIRTUAL TABLE service_text USING fts5(words, detail=none, columnsize=0)",
    "CREATE VIRTUAL TABLE service_text_words USING fts5vocab(service_text, row)",
    "CREATE TRIGGER services_are_gone AFTER DELETE ON services"
    " BEGIN DELETE FROM service_text WHERE rowid = old.id; END",
)
_ON_POSTGRESQL = (
    "CREATE TABLE service_text (service_id INTEGER PRIMARY KEY REFERENCES services (id) ON DELETE CASCADE,"
    " words TSVECTOR NOT NULL)",
    "CREATE INDEX ix_service_text_words ON service_text USING gin (words)",
)


def making(dialect: str) -> tuple[str, ...]:
    """The statements that make the tables."""
    return _ON_POSTGRESQL if dialect == "postgresql" else _ON_SQLITE


async def write(tx: Transaction, words: Sequence[tuple[int, str]]) -> None:
    """Index these services: their ids and words."""
    if tx.is_shared:
        statement = "INSERT INTO service_text (service_id, words) VALUES (:id, to_tsvector('simple', :words))"
    else:
        statement = "INSERT INTO service_text (rowid, words) VALUES (:id, :words)"
    await tx.session.execute(text(statement), [{"id": id_, "words": said} for id_, said in words])


async def find(
    tx: Transaction, community_id: int | None, queries: Sequence[Query], limit: int
) -> list[tuple[int, dict[str, Any]]]:
    """Services that fit one of the `queries` and that this community (None: any) may see: their ids and records.

    Of each query at most `limit`, those imported last; those of the first query first.
    """
    if not queries:
        return []
    written = _written_for_postgresql if tx.is_shared else _written_for_sqlite
    values: dict[str, Any] = {f"q{number}": written(query) for number, query in enumerate(queries)}
    values |= {"most": limit, "community": community_id}
    rows = await tx.session.execute(_finding(len(queries), tx.is_shared), values)
    found: dict[int, dict[str, Any]] = {}
    for id_, record, name in rows:
        if id_ not in found:
            found[id_] = {"source": name, **_stored(record)}
    return list(found.items())


async def near(
    tx: Transaction, community_id: int | None, query: Query, point: Point, box: Box, limit: int
) -> list[tuple[int, dict[str, Any]]]:
    """Services in a box around a point that fit the query and that this community (None: any) may see.

    At most `limit`, the nearest first: their ids and records.
    """
    written = _written_for_postgresql if tx.is_shared else _written_for_sqlite
    east = point.east
    if not box.west <= east <= box.east:  # on the other side of the antimeridian
        east += 360 if east < box.west else -360
    values = {
        "query": written(query), "most": limit, "community": community_id, "north": point.north, "east": east,
        "narrow": cos(radians(point.north)), "low": box.south, "high": box.north, "left": box.west, "right": box.east,
    }  # fmt: skip
    rows = await tx.session.execute(_near(tx.is_shared), values)
    return [(id_, {"source": name, **_stored(record)}) for id_, record, name in rows]


@cache
def _near(on_postgresql: bool) -> TextClause:
    """The box first, by its index; a unary plus keeps SQLite from taking another one."""
    key = "service_id" if on_postgresql else "rowid"
    fits = "words @@ to_tsquery('simple', :query)" if on_postgresql else "service_text MATCH :query"
    community = "CAST(:community AS INTEGER)"
    rise, along = "(services.latitude - :north)", "((services.longitude - :east) * :narrow)"
    return text(
        "SELECT services.id, services.record, resource_sources.name FROM services"  # noqa: S608  names of ours
        " JOIN resource_sources ON resource_sources.id = +services.source_id"
        " WHERE services.latitude BETWEEN :low AND :high AND services.longitude BETWEEN :left AND :right"
        f" AND services.state = 'shown' AND +services.id IN (SELECT {key} FROM service_text WHERE {fits})"
        f" AND ({community} IS NULL OR resource_sources.community_id IS NULL"
        f" OR resource_sources.community_id = {community})"
        f" ORDER BY {rise} * {rise} + {along} * {along}, services.id LIMIT :most"
    )


def _stored(record: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(record) if isinstance(record, str) else record
    return found


@cache
def _finding(count: int, on_postgresql: bool) -> TextClause:
    """The statement for so many queries. All in one: each way to SQLite's thread and back takes as long as a query."""
    key = "service_id" if on_postgresql else "rowid"
    fits = "words @@ to_tsquery('simple', :q{0})" if on_postgresql else "service_text MATCH :q{0}"
    community = "CAST(:community AS INTEGER)"
    found = " UNION ALL ".join(
        f"SELECT * FROM (SELECT {number} AS place, {key} AS id FROM service_text"  # noqa: S608  numbers and names of ours
        f" WHERE {fits.format(number)} ORDER BY {key} DESC LIMIT :most) AS f{number}"
        for number in range(count)
    )
    return text(
        f"SELECT services.id, services.record, resource_sources.name FROM ({found}) AS found"  # noqa: S608  as above
        " JOIN services ON services.id = found.id"
        " JOIN resource_sources ON resource_sources.id = services.source_id"
        " WHERE services.state = 'shown'"
        f" AND ({community} IS NULL OR resource_sources.community_id IS NULL"
        f" OR resource_sources.community_id = {community})"
        " ORDER BY found.place, services.id DESC"
    )


def _written_for_sqlite(query: Query) -> str:
    return " AND ".join("({})".format(" OR ".join(f'"{_plain(word)}"' for word in group)) for group in query)


def _written_for_postgresql(query: Query) -> str:
    return " & ".join("({})".format(" | ".join(f"'{_plain(word)}'" for word in group)) for group in query)


def _plain(word: str) -> str:
    """A word that can stand in a query whatever it is: folded words hold letters and digits only."""
    return "".join(char for char in word if char.isalnum())


async def renew_words(tx: Transaction) -> None:
    """Gather the words of all services anew."""
    if tx.is_shared:
        gathered = "SELECT word FROM ts_stat('SELECT words FROM service_text')"
    else:
        gathered = "SELECT term FROM service_text_words"
    words = [str(word) for word in await tx.session.scalars(text(gathered))]
    await tx.session.execute(delete(ServiceWord))
    rows = [
        {"word": word, "head": word[:2], "tail": word[-3:]}
        for word in words
        if len(word) <= _WORD_LIMIT and not word.startswith("zq") and word.isalpha()
    ]
    if rows:
        await tx.session.execute(insert(ServiceWord), rows)


async def like(tx: Transaction, words: Sequence[str]) -> dict[str, list[str]]:
    """For each of the `words` that no service has: those that begin or end as it does."""
    asked = [word for word in words if len(word) <= _WORD_LIMIT]
    if not asked:
        return {}
    there = set(await tx.session.scalars(select(ServiceWord.word).where(ServiceWord.word.in_(asked))))
    found: dict[str, list[str]] = {}
    for word in asked:
        if word not in there:
            near = (ServiceWord.head == word[:2]) | (ServiceWord.tail == word[-3:])
            found[word] = list(await tx.session.scalars(select(ServiceWord.word).where(near)))
    return found
