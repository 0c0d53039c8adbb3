"""A relay that knows where its messages stand, what comes after a case, and ready answers."""

import sqlalchemy as sa
from alembic import op

from bot.storage.columns import UtcDateTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("verdict", sa.String(length=16), nullable=True))
    with op.batch_alter_table("relay_messages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=8), server_default="text", nullable=False))
        batch_op.add_column(sa.Column("about", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("platform", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("message_id", sa.String(length=255), nullable=True))
        batch_op.add_column(sa.Column("removed_at", UtcDateTime(), nullable=True))
        batch_op.create_index(
            "ix_relay_messages_original",
            ["platform", "message_id"],
            unique=False,
            sqlite_where=sa.text("message_id IS NOT NULL"),
            postgresql_where=sa.text("message_id IS NOT NULL"),
        )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("relay_id", sa.Integer(), nullable=True))
        batch_op.create_index(
            "ix_deliveries_relay",
            ["relay_id"],
            unique=False,
            sqlite_where=sa.text("relay_id IS NOT NULL"),
            postgresql_where=sa.text("relay_id IS NOT NULL"),
        )
    op.create_table(
        "swaps",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("other", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        *_points_at("swaps", ("case_id", "cases"), ("member_id", "members"), ("other", "members")),
        sa.PrimaryKeyConstraint("case_id", "member_id", "other", name=op.f("pk_swaps")),
    )
    op.create_index(op.f("ix_swaps_member_id"), "swaps", ["member_id"])
    op.create_index(op.f("ix_swaps_other"), "swaps", ["other"])
    op.create_table(
        "follow_ups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("peer", sa.Integer(), nullable=True),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        *_points_at("follow_ups", ("member_id", "members"), ("case_id", "cases")),
        sa.ForeignKeyConstraint(["peer"], ["members.id"], name=op.f("fk_follow_ups_peer_members"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_ups")),
        sa.UniqueConstraint("member_id", name=op.f("uq_follow_ups_member_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_follow_ups_due", "follow_ups", ["next_at"])
    op.create_index(op.f("ix_follow_ups_case_id"), "follow_ups", ["case_id"])
    op.create_index(op.f("ix_follow_ups_peer"), "follow_ups", ["peer"])
    op.create_table(
        "snippets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("text", sa.String(length=1500), nullable=False),
        *_points_at("snippets", ("community_id", "communities")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snippets")),
        sa.UniqueConstraint("community_id", "name", name=op.f("uq_snippets_community_id_name")),
    )


def _points_at(table: str, *keys: tuple[str, str]) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(
            [column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"), ondelete="CASCADE"
        )
        for column, target in keys
    ]
