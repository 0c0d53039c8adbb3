"""Meetings that others publish: feeds, and what they list."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "meeting_feeds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=1000), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("programme", sa.String(length=64), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=True),
        sa.Column("contact", sa.String(length=255), nullable=False),
        sa.Column("etag", sa.String(length=500), nullable=True),
        sa.Column("last_modified", sa.String(length=255), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("meetings", sa.Integer(), nullable=False),
        sa.Column("read_at", INSTANT, nullable=True),
        sa.Column("tried_at", INSTANT, nullable=True),
        sa.Column("next_at", INSTANT, nullable=True),
        sa.Column("problem", sa.String(length=500), nullable=True),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id"],
            ["communities.id"],
            name=op.f("fk_meeting_feeds_community_id_communities"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_feeds")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_meeting_feeds_community_id"), "meeting_feeds", ["community_id"])
    op.create_table(
        "listed_meetings",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("handle", sa.String(length=20), nullable=False),
        sa.Column("born", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("likeness", sa.String(length=20), nullable=False),
        sa.Column("twin", sa.String(length=40), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("programme", sa.String(length=64), nullable=True),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("attendance", sa.String(length=16), nullable=False),
        sa.Column("types", sa.String(length=1000), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feed_id"], ["meeting_feeds.id"], name=op.f("fk_listed_meetings_feed_id_meeting_feeds"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listed_meetings")),
    )
    op.create_index("ix_listed_meetings_record", "listed_meetings", ["feed_id", "handle"])
    op.create_index("ix_listed_meetings_seen", "listed_meetings", ["feed_id", "seen"])
    op.create_index(op.f("ix_listed_meetings_likeness"), "listed_meetings", ["likeness"])
    op.create_index(
        "ix_listed_meetings_twin",
        "listed_meetings",
        ["twin"],
        sqlite_where=sa.text("twin IS NOT NULL"),
        postgresql_where=sa.text("twin IS NOT NULL"),
    )
    op.create_table(
        "listed_times",
        sa.Column("listed_id", BIG, autoincrement=False, nullable=False),
        sa.Column("weekday", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["listed_id"],
            ["listed_meetings.id"],
            name=op.f("fk_listed_times_listed_id_listed_meetings"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("listed_id", "weekday", name=op.f("pk_listed_times")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_listed_times_when", "listed_times", ["zone", "weekday", "minute", "listed_id"])
    op.create_table(
        "listed_words",
        sa.Column("word", sa.String(length=32), nullable=False),
        sa.Column("listed_id", BIG, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["listed_id"],
            ["listed_meetings.id"],
            name=op.f("fk_listed_words_listed_id_listed_meetings"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("word", "listed_id", name=op.f("pk_listed_words")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_listed_words_listed_id", "listed_words", ["listed_id"])
    with op.batch_alter_table("meetings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("feed_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("handle", sa.String(length=20), nullable=True))
