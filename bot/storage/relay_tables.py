"""Tables of the relay's own: where a case is talked about."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.tables import Base


class CasePlace(Base):
    """A place apart where the peers of one case talk with its member: a thread, a room."""

    __tablename__ = "case_places"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    platform: Mapped[str] = mapped_column(String(16), primary_key=True)
    address: Mapped[str]
    facts: Mapped[str | None]
    """The platform's id of the message with the case's facts, which is kept in sight and edited in place."""
    people: Mapped[list[Any]] = mapped_column(JSON)
    """Member ids of those who were let in and have not left: what is said there reaches them."""
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    """When the case ended; an hour later the place is closed, and after the community's retention time it is gone."""
