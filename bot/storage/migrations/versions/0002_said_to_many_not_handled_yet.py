"""What many are told in the same words, and what came in and is not handled yet."""

import sqlalchemy as sa
from alembic import op

from bot.storage.columns import UtcDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    for table in ("checkin_schedules", "reminders"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_index(f"ix_{table}_due")
            batch_op.create_index(f"ix_{table}_due", ["next_at", "id"], unique=False)

    op.create_table(
        "shared_contents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shared_contents")),
        sa.UniqueConstraint("digest", name=op.f("uq_shared_contents_digest")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("shared_id", sa.Integer(), nullable=True))
        batch_op.alter_column("content_sealed", existing_type=sa.BLOB(), nullable=True)
        batch_op.drop_index(batch_op.f("ix_deliveries_about_id"))
        batch_op.drop_index(batch_op.f("ix_deliveries_case_id"))
        batch_op.drop_index(batch_op.f("ix_deliveries_queue"))
        batch_op.drop_index("ix_deliveries_message")
        batch_op.create_index(
            "ix_deliveries_message",
            ["platform", "message_id"],
            unique=False,
            sqlite_where=sa.text("message_id IS NOT NULL"),
            postgresql_where=sa.text("message_id IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_deliveries_queue",
            ["platform", "priority", "due_at", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )
        batch_op.create_index(
            "ix_deliveries_about",
            ["about_id"],
            unique=False,
            sqlite_where=sa.text("about_id IS NOT NULL"),
            postgresql_where=sa.text("about_id IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_deliveries_case",
            ["case_id"],
            unique=False,
            sqlite_where=sa.text("case_id IS NOT NULL"),
            postgresql_where=sa.text("case_id IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_deliveries_expiring",
            ["expires_at"],
            unique=False,
            sqlite_where=sa.text("state = 'pending' AND expires_at IS NOT NULL"),
            postgresql_where=sa.text("state = 'pending' AND expires_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_deliveries_leased",
            ["platform", "lease_until"],
            unique=False,
            sqlite_where=sa.text("state = 'sending'"),
            postgresql_where=sa.text("state = 'sending'"),
        )
        batch_op.create_index(
            "ix_deliveries_wordy",
            ["priority", "id"],
            unique=False,
            sqlite_where=sa.text("content_sealed IS NOT NULL AND blanked_at IS NULL"),
            postgresql_where=sa.text("content_sealed IS NOT NULL AND blanked_at IS NULL"),
        )

    with op.batch_alter_table("inbound_events", schema=None) as batch_op:
        batch_op.add_column(sa.Column("body_sealed", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("member_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("attempts", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("next_at", UtcDateTime(), nullable=True))
        batch_op.create_index(
            "ix_inbound_events_due",
            ["next_at"],
            unique=False,
            sqlite_where=sa.text("next_at IS NOT NULL"),
            postgresql_where=sa.text("next_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_inbound_events_member",
            ["member_id"],
            unique=False,
            sqlite_where=sa.text("member_id IS NOT NULL"),
            postgresql_where=sa.text("member_id IS NOT NULL"),
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_inbound_events_member_id_members"), "members", ["member_id"], ["id"], ondelete="CASCADE"
        )
