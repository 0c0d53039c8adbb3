"""Where meetings and services are; hosted meetings, their hosts, words, raised hands, and requests for notes."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for table, column, path in (("listed_meetings", "data", ("place",)), ("services", "record", ())):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("latitude", sa.Double(), nullable=True))
            batch_op.add_column(sa.Column("longitude", sa.Double(), nullable=True))
        _fill(table, column, path)
        op.create_index(f"ix_{table}_where", table, ["latitude", "longitude"])
    _hosting()


def _hosting() -> None:
    op.create_table(
        "meeting_hosts",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        *_points_at("meeting_hosts", meeting_id="meetings", member_id="members"),
        sa.PrimaryKeyConstraint("meeting_id", "member_id", name=op.f("pk_meeting_hosts")),
    )
    op.create_table(
        "meeting_scripts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("text", sa.String(length=1500), nullable=False),
        *_points_at("meeting_scripts", community_id="communities", meeting_id="meetings"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_scripts")),
    )
    op.create_table(
        "hosted_meetings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("host_id", sa.Integer(), nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=255), nullable=False),
        sa.Column("open_in", sa.String(length=300), nullable=True),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("turn_seconds", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("queue_delivery", sa.Integer(), nullable=True),
        *_points_at("hosted_meetings", community_id="communities", meeting_id="meetings", host_id="members"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hosted_meetings")),
        sa.UniqueConstraint("open_in", name=op.f("uq_hosted_meetings_open_in")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "raised_hands",
        sa.Column("hosted_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        *_points_at("raised_hands", hosted_id="hosted_meetings", member_id="members"),
        sa.PrimaryKeyConstraint("hosted_id", "member_id", name=op.f("pk_raised_hands")),
    )
    op.create_table(
        "attendance_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hosted_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        *_points_at("attendance_requests", hosted_id="hosted_meetings", member_id="members"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance_requests")),
        sa.UniqueConstraint("hosted_id", "member_id", name=op.f("uq_attendance_requests_hosted_id_member_id")),
        sqlite_autoincrement=True,
    )
    for table, columns in (
        ("meeting_hosts", ("member_id",)),
        ("meeting_scripts", ("community_id", "meeting_id")),
        ("hosted_meetings", ("community_id", "meeting_id", "host_id")),
        ("raised_hands", ("member_id",)),
        ("attendance_requests", ("member_id",)),
    ):
        for column in columns:
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _points_at(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([name], [f"{to}.id"], name=op.f(f"fk_{table}_{name}_{to}"), ondelete="CASCADE")
        for name, to in columns.items()
    ]


def _fill(table: str, column: str, path: tuple[str, ...]) -> None:
    """What was imported before gets its coordinates from its record."""
    if op.get_bind().dialect.name == "postgresql":
        north, east = (
            f"(({column}::jsonb) #>> '{{{','.join((*path, name))}}}')::double precision"
            for name in ("latitude", "longitude")
        )
    else:
        north, east = (f"json_extract({column}, '$.{'.'.join((*path, name))}')" for name in ("latitude", "longitude"))
    op.execute(
        f"UPDATE {table} SET latitude = {north}, longitude = {east}"  # noqa: S608  names of ours
        f" WHERE {north} IS NOT NULL AND {east} IS NOT NULL AND NOT ({north} = 0 AND {east} = 0)"
    )
