"""Imported services with their full text, their sources, how lately they were checked, and communities' own guides."""

import sqlalchemy as sa
from alembic import op

from bot.storage import fulltext
from bot.storage.columns import UtcDateTime

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "resource_sources",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("imported_at", UtcDateTime(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id"],
            ["communities.id"],
            name=op.f("fk_resource_sources_community_id_communities"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resource_sources")),
        sa.UniqueConstraint("community_id", "name", name=op.f("uq_resource_sources_community_id_name")),
    )
    op.create_table(
        "services",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("checked", sa.Date(), nullable=True),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["resource_sources.id"],
            name=op.f("fk_services_source_id_resource_sources"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_services")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_services_key", "services", ["source_id", "key"])
    op.create_index("ix_services_checked", "services", ["source_id", "state", "checked"])
    op.create_table(
        "service_words",
        sa.Column("word", sa.String(length=64), nullable=False),
        sa.Column("head", sa.String(length=2), nullable=False),
        sa.Column("tail", sa.String(length=3), nullable=False),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_service_words")),
    )
    op.create_index(op.f("ix_service_words_head"), "service_words", ["head"])
    op.create_index(op.f("ix_service_words_tail"), "service_words", ["tail"])
    _of_a_community(
        "resource_checks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("resource", sa.String(length=32), nullable=False),
        sa.Column("right", sa.Boolean(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        unique="resource",
    )
    op.create_table(
        "resource_reviews",
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("off", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id"],
            ["communities.id"],
            name=op.f("fk_resource_reviews_community_id_communities"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("community_id", name=op.f("pk_resource_reviews")),
    )
    op.create_index(op.f("ix_resource_reviews_asked_at"), "resource_reviews", ["asked_at"])
    _of_a_community(
        "community_guides",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("guide", sa.JSON(), nullable=False),
        unique="slug",
    )
    for statement in fulltext.making(op.get_bind().dialect.name):
        op.execute(statement)


def _of_a_community(name: str, *columns: sa.Column[object], unique: str) -> None:
    """A table of rows of which each community has at most one of a kind."""
    op.create_table(
        name,
        *columns,
        sa.ForeignKeyConstraint(
            ["community_id"], ["communities.id"], name=op.f(f"fk_{name}_community_id_communities"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("community_id", unique, name=op.f(f"uq_{name}_community_id_{unique}")),
    )
