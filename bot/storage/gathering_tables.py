"""The tables of what people do with meetings: shown in calendars, who comes, who greets or chairs."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.tables import NEVER_TWICE, Base


class Mirror(Base):
    """A meeting's entry in the calendar of one place, kept current.

    It outlives its meeting (`meeting_id` null), and being chosen (`wanted` false), until its entry is gone there.
    """

    __tablename__ = "mirrors"
    __table_args__ = (UniqueConstraint("meeting_id", "platform", "address"), NEVER_TWICE)

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("communities.id", ondelete="CASCADE"), index=True)
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meetings.id", ondelete="SET NULL"))
    name: Mapped[str]
    platform: Mapped[str] = mapped_column(String(16))
    address: Mapped[str]
    wanted: Mapped[bool]
    serial: Mapped[int]
    """How many deliveries it has had: each has a key of its own."""
    delivery_id: Mapped[int | None]
    """The delivery whose outcome is not known yet; no foreign key, as for a delivery's `shared_id`."""
    message_id: Mapped[str | None]
    """The platform's id of the entry; null while there is none."""
    said: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of what the entry says; null: it is to be said anew."""
    filed: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of what its file says."""
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    """Of the date that it shows."""
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    """When it is looked at next."""
    problem: Mapped[str | None] = mapped_column(String(32))
    """Why it could not be shown, as the organizers were told."""


class Attendance(Base):
    """Whether a member comes to one date of a meeting; erased once that is over."""

    __tablename__ = "attendances"
    __table_args__ = (UniqueConstraint("meeting_id", "member_id", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    day: Mapped[date]
    """The date as the meeting's rule has it."""
    coming: Mapped[bool]
    ends_at: Mapped[datetime] = mapped_column(index=True)


class MeetingTask(Base):
    """Something one date of a meeting needs somebody for, such as greeting newcomers; gone once that is over."""

    __tablename__ = "meeting_tasks"
    __table_args__ = (UniqueConstraint("meeting_id", "day", "task"), NEVER_TWICE)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    day: Mapped[date]
    task: Mapped[str] = mapped_column(String(16))
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("members.id", ondelete="SET NULL"), index=True)
    taker: Mapped[int | None] = mapped_column(ForeignKey("members.id", ondelete="SET NULL"), index=True)
    turn: Mapped[int]
    """How often it was taken or given back: what is said of it has a key of its own each time."""
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    """When whoever has taken it is reminded, or whoever asked is told that nobody has."""
