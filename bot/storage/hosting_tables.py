"""The tables of hosted meetings: who may host, what is said at the beginning and end, who has raised a hand."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.tables import NEVER_TWICE, Base


class MeetingHost(Base):
    """A member whom an organizer has named as a host of a meeting."""

    __tablename__ = "meeting_hosts"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True, index=True)


class MeetingScript(Base):
    """What is said when a meeting is opened or closed, in an organizer's words; `meeting_id` None: for all others."""

    __tablename__ = "meeting_scripts"

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("communities.id", ondelete="CASCADE"), index=True)
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    """"opening" or "closing"."""
    text: Mapped[str] = mapped_column(String(1500))


class HostedMeeting(Base):
    """A meeting that is held in a room, or was within the last days. Who was there is not known."""

    __tablename__ = "hosted_meetings"
    __table_args__ = (UniqueConstraint("open_in"), NEVER_TWICE)

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("communities.id", ondelete="CASCADE"), index=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), index=True)
    host_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    platform: Mapped[str] = mapped_column(String(16))
    address: Mapped[str]
    open_in: Mapped[str | None] = mapped_column(String(300))
    """The room, while it is open: in one room there is one meeting at a time."""
    opened_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    turn_seconds: Mapped[int] = mapped_column(default=0)
    """How long a turn is; 0: without a timer."""
    turn: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=0)
    """How often the queue was written."""
    queue_delivery: Mapped[int | None]
    """The id of the delivery that has become the queue's message; no foreign key, as for `Delivery.shared_id`."""


class RaisedHand(Base):
    """A raised hand; gone once the meeting is closed."""

    __tablename__ = "raised_hands"

    hosted_id: Mapped[int] = mapped_column(ForeignKey("hosted_meetings.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True, index=True)
    place: Mapped[int]
    """0 for who speaks, 1 for who is next."""
    named: Mapped[bool]
    """Shown by their chosen name; else as "somebody"."""
    at: Mapped[datetime]


class AttendanceRequest(Base):
    """Somebody who asks for a note that they were there; gone once the host has answered."""

    __tablename__ = "attendance_requests"
    __table_args__ = (UniqueConstraint("hosted_id", "member_id"), NEVER_TWICE)

    id: Mapped[int] = mapped_column(primary_key=True)
    hosted_id: Mapped[int] = mapped_column(ForeignKey("hosted_meetings.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    name_sealed: Mapped[bytes]
    """The name that shall stand on the note."""
    asked_at: Mapped[datetime]
