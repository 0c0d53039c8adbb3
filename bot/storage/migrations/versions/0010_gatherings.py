"""What people do with meetings: entries in calendars, who comes, who greets or chairs."""

import sqlalchemy as sa
from alembic import op

from bot.storage.columns import UtcDateTime

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "mirrors",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=255), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=True),
        sa.Column("message_id", sa.String(length=255), nullable=True),
        sa.Column("said", sa.String(length=64), nullable=True),
        sa.Column("filed", sa.String(length=64), nullable=True),
        sa.Column("starts_at", UtcDateTime(), nullable=True),
        sa.Column("ends_at", UtcDateTime(), nullable=True),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("problem", sa.String(length=32), nullable=True),
        _to("mirrors", "community_id", "communities", "CASCADE"),
        _to("mirrors", "meeting_id", "meetings", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mirrors")),
        sa.UniqueConstraint("meeting_id", "platform", "address", name=op.f("uq_mirrors_meeting_id_platform_address")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_mirrors_community_id"), "mirrors", ["community_id"])
    op.create_index(op.f("ix_mirrors_next_at"), "mirrors", ["next_at"])
    op.create_table(
        "attendances",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("coming", sa.Boolean(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        _to("attendances", "meeting_id", "meetings", "CASCADE"),
        _to("attendances", "member_id", "members", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendances")),
        sa.UniqueConstraint("meeting_id", "member_id", "day", name=op.f("uq_attendances_meeting_id_member_id_day")),
    )
    op.create_index(op.f("ix_attendances_member_id"), "attendances", ["member_id"])
    op.create_index(op.f("ix_attendances_ends_at"), "attendances", ["ends_at"])
    op.create_table(
        "meeting_tasks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("task", sa.String(length=16), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("taker", sa.Integer(), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        _to("meeting_tasks", "meeting_id", "meetings", "CASCADE"),
        _to("meeting_tasks", "asked_by", "members", "SET NULL"),
        _to("meeting_tasks", "taker", "members", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_tasks")),
        sa.UniqueConstraint("meeting_id", "day", "task", name=op.f("uq_meeting_tasks_meeting_id_day_task")),
        sqlite_autoincrement=True,
    )
    for column in ("asked_by", "taker", "ends_at", "next_at"):
        op.create_index(op.f(f"ix_meeting_tasks_{column}"), "meeting_tasks", [column])


def _to(table: str, column: str, target: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)
