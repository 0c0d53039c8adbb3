"""Pictures in the talk of a case: whether a community has them, the pictures, and who wants which."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    with op.batch_alter_table("communities", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pictures", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("picture_mib", sa.Integer(), server_default="4", nullable=False))
    op.create_table(
        "case_pictures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("relay_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("author", sa.Integer(), nullable=False),
        sa.Column("source_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("wanted_by", sa.JSON(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("data_sealed", sa.LargeBinary(), nullable=True),
        *_points_at("case_pictures", relay_id="relay_messages", case_id="cases", author="members"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_pictures")),
    )
    op.create_table(
        "picture_wishes",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("wish", sa.String(length=8), nullable=False),
        *_points_at("picture_wishes", case_id="cases", member_id="members"),
        sa.PrimaryKeyConstraint("case_id", "member_id", name=op.f("pk_picture_wishes")),
    )
    for table, columns in (("case_pictures", ("relay_id", "case_id", "author")), ("picture_wishes", ("member_id",))):
        for column in columns:
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _points_at(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([name], [f"{to}.id"], name=op.f(f"fk_{table}_{name}_{to}"), ondelete="CASCADE")
        for name, to in columns.items()
    ]
