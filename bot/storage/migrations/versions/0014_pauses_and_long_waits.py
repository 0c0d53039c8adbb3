"""Who was paused, and by whom, in the audit log; and when a member is told once more that it takes long."""

import sqlalchemy as sa
from alembic import op

from bot.storage.columns import UtcDateTime

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "member_pauses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("what", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["community_id"],
            ["communities.id"],
            name=op.f("fk_member_pauses_community_id_communities"),
            ondelete="CASCADE",
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], ["members.id"], name=op.f(f"fk_member_pauses_{column}_members"), ondelete="SET NULL"
            )
            for column in ("member_id", "actor")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_pauses")),
    )
    for column in ("community_id", "member_id", "actor"):
        op.create_index(op.f(f"ix_member_pauses_{column}"), "member_pauses", [column])
    # Until now they stood with the last case of the member, if there was one.
    op.execute(
        "INSERT INTO member_pauses (community_id, member_id, at, what, actor)"
        " SELECT cases.community_id, cases.member_id, case_events.at, case_events.what, case_events.actor"
        " FROM case_events JOIN cases ON cases.id = case_events.case_id"
        " WHERE case_events.what IN ('pages paused', 'pages resumed') ORDER BY case_events.id"
    )
    op.execute("DELETE FROM case_events WHERE what IN ('pages paused', 'pages resumed')")
    # Without a copy of the table: SQLite would lose what points at its rows.
    op.add_column("cases", sa.Column("late_at", UtcDateTime(), nullable=True))
    # Who has been told is told again with the next page.
    op.execute("UPDATE cases SET late_at = next_at WHERE told_late")
    op.drop_column("cases", "told_late")
