"""The roster, rotas and what was changed of them, and what was told when."""

import sqlalchemy as sa
from alembic import op

from bot.storage.columns import UtcDateTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "boards",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=255), nullable=False),
        sa.Column("message_id", sa.String(length=255), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id"], ["communities.id"], name=op.f("fk_boards_community_id_communities"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boards")),
        sa.UniqueConstraint("platform", "address", name=op.f("uq_boards_platform_address")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("boards", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_boards_community_id"), ["community_id"], unique=False)

    op.create_table(
        "duty_clocks",
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("next_change_at", UtcDateTime(), nullable=False),
        sa.Column("weekly_at", UtcDateTime(), nullable=False),
        sa.Column("board_at", UtcDateTime(), nullable=True),
        sa.Column("has_board", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id"],
            ["communities.id"],
            name=op.f("fk_duty_clocks_community_id_communities"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("community_id", name=op.f("pk_duty_clocks")),
    )
    with op.batch_alter_table("duty_clocks", schema=None) as batch_op:
        batch_op.create_index("ix_duty_clocks_board", ["board_at"], unique=False)
        batch_op.create_index("ix_duty_clocks_change", ["next_change_at"], unique=False)
        batch_op.create_index("ix_duty_clocks_weekly", ["weekly_at"], unique=False)

    op.create_table(
        "rotas",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("days", sa.JSON(), nullable=False),
        sa.Column("begins", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        sa.Column("zone", sa.String(length=255), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("turns", sa.String(length=16), nullable=False),
        sa.Column("from_file", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id"], ["communities.id"], name=op.f("fk_rotas_community_id_communities"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rotas")),
        sa.UniqueConstraint("community_id", "name", name=op.f("uq_rotas_community_id_name")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("rotas", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rotas_community_id"), ["community_id"], unique=False)

    op.create_table(
        "credentials",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_credentials_member_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credentials")),
        sa.UniqueConstraint("member_id", "name", name=op.f("uq_credentials_member_id_name")),
    )
    with op.batch_alter_table("credentials", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_credentials_member_id"), ["member_id"], unique=False)

    op.create_table(
        "roster",
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=True),
        sa.Column("hours_days", sa.JSON(), nullable=False),
        sa.Column("hours_from", sa.Time(), nullable=True),
        sa.Column("hours_until", sa.Time(), nullable=True),
        sa.Column("break_since", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_roster_member_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_roster")),
    )
    op.create_table(
        "rota_overrides",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rota_id", sa.Integer(), nullable=False),
        sa.Column("begins_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_rota_overrides_member_id_members"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["rota_id"], ["rotas.id"], name=op.f("fk_rota_overrides_rota_id_rotas"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rota_overrides")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("rota_overrides", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rota_overrides_member_id"), ["member_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_rota_overrides_rota_id"), ["rota_id"], unique=False)

    op.create_table(
        "rota_people",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rota_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_rota_people_member_id_members"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["rota_id"], ["rotas.id"], name=op.f("fk_rota_people_rota_id_rotas"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rota_people")),
        sa.UniqueConstraint("rota_id", "member_id", name=op.f("uq_rota_people_rota_id_member_id")),
    )
    with op.batch_alter_table("rota_people", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rota_people_member_id"), ["member_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_rota_people_rota_id"), ["rota_id"], unique=False)

    op.create_table(
        "rota_swaps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rota_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("giver_id", sa.Integer(), nullable=False),
        sa.Column("taker_id", sa.Integer(), nullable=False),
        sa.Column("return_rota_id", sa.Integer(), nullable=True),
        sa.Column("return_day", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("agreed_at", UtcDateTime(), nullable=True),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["giver_id"], ["members.id"], name=op.f("fk_rota_swaps_giver_id_members"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["return_rota_id"], ["rotas.id"], name=op.f("fk_rota_swaps_return_rota_id_rotas"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["rota_id"], ["rotas.id"], name=op.f("fk_rota_swaps_rota_id_rotas"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["taker_id"], ["members.id"], name=op.f("fk_rota_swaps_taker_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rota_swaps")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("rota_swaps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rota_swaps_giver_id"), ["giver_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_rota_swaps_rota_id"), ["rota_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_rota_swaps_taker_id"), ["taker_id"], unique=False)
