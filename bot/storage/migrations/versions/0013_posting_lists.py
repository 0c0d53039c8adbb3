"""Listed meetings are found by posting lists, and a reading that changes nothing writes nothing."""

from collections.abc import Iterator
from itertools import groupby
from struct import pack

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STILL = 2**31 - 1
BLOCK, SPARSE = 4096, 64

_POSTINGS = sa.table("listed_postings", *map(sa.column, ("term", "block", "feed_id", "bits")))


def upgrade() -> None:
    op.drop_index("ix_listed_meetings_seen", table_name="listed_meetings")
    op.execute("ALTER TABLE listed_meetings RENAME COLUMN seen TO last")
    op.execute(
        f"UPDATE listed_meetings SET last = {STILL} WHERE last >="  # noqa: S608  a number of ours
        " (SELECT generation FROM meeting_feeds WHERE meeting_feeds.id = listed_meetings.feed_id)"
    )
    ends = sa.text(f"last < {STILL}")
    op.create_index(
        "ix_listed_meetings_last", "listed_meetings", ["feed_id", "last"], sqlite_where=ends, postgresql_where=ends
    )
    op.create_table(
        "listed_postings",
        sa.Column("term", sa.String(length=80), nullable=False),
        sa.Column("block", BIG, autoincrement=False, nullable=False),
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("bits", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feed_id"], ["meeting_feeds.id"], name=op.f("fk_listed_postings_feed_id_meeting_feeds"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("term", "block", name=op.f("pk_listed_postings")),
        sqlite_with_rowid=False,
    )
    _fill()
    op.create_index("ix_listed_postings_block", "listed_postings", ["feed_id", "block"])
    op.drop_table("listed_words")
    op.drop_index("ix_listed_times_when", table_name="listed_times")


def _fill() -> None:
    """From the words, times and codes of each meeting, one block of ids after the other."""
    database = op.get_bind()
    first = sa.text("SELECT id, feed_id FROM listed_meetings WHERE id >= :id ORDER BY id LIMIT 1")
    within = {
        "meetings": "SELECT id, types, attendance, programme, status, latitude FROM listed_meetings WHERE id >= :a AND id < :b",
        "times": "SELECT listed_id, zone, weekday, minute FROM listed_times WHERE listed_id >= :a AND listed_id < :b",
        "words": "SELECT listed_id, word FROM listed_words WHERE listed_id >= :a AND listed_id < :b",
    }
    block = -1
    while (found := database.execute(first, {"id": (block + 1) * BLOCK}).first()) is not None:
        block = found.id // BLOCK
        meetings, times, words = (
            database.execute(sa.text(text), {"a": block * BLOCK, "b": (block + 1) * BLOCK}).all()
            for text in within.values()
        )
        had = {(str(word), int(id_)) for id_, word in words}
        had |= {(f"@{zone} {weekday} {minute}", int(id_)) for id_, zone, weekday, minute in times}
        had |= {(term, int(row[0])) for row in meetings for term in _terms(*row[1:])}
        rows = [
            {"term": term, "block": block, "feed_id": found.feed_id, "bits": _packed([id_ % BLOCK for _, id_ in ids])}
            for term, ids in groupby(sorted(had), key=lambda one: one[0])
        ]
        op.bulk_insert(_POSTINGS, rows)


def _terms(types: str, attendance: str, programme: str | None, status: str, latitude: float | None) -> Iterator[str]:
    yield from (f"#{code}"[:80] for code in types.split(",") if code)
    yield f"+{attendance}"
    if programme:
        yield f"%{programme}"
    yield "/" if latitude is None else "?"
    yield "-" if status in {"inactive", "temporarily_closed"} else "!"


def _packed(places: list[int]) -> bytes:
    if len(places) < SPARSE:
        return pack(f"<{len(places)}H", *places)
    return sum(1 << place for place in places).to_bytes(BLOCK // 8, "little")
