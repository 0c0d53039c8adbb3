"""Places where one case is talked about, and where in them its messages stand."""

import sqlalchemy as sa
from alembic import op

from bot.storage.columns import UtcDateTime

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "case_places",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=255), nullable=False),
        sa.Column("facts", sa.String(length=255), nullable=True),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_places_case_id_cases"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("case_id", "platform", name=op.f("pk_case_places")),
    )
    # Without a copy of the table: SQLite would lose what points at its rows.
    op.add_column("cases", sa.Column("heard_at", UtcDateTime(), nullable=True))
    with op.batch_alter_table("relay_messages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("place", sa.String(length=255), nullable=True))
