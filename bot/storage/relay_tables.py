"""Tables of the relay's own: where a case is talked about, and the pictures that are sent in it."""

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


class CasePicture(Base):
    """A picture of a message of a relay. It is brought here only once somebody in the case wants to see it."""

    __tablename__ = "case_pictures"

    id: Mapped[int] = mapped_column(primary_key=True)
    relay_id: Mapped[int] = mapped_column(ForeignKey("relay_messages.id", ondelete="CASCADE"), index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    author: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    source_sealed: Mapped[bytes]
    """Where the platform has it (`bot.core.inbound.Picture`); with its keys, if it is encrypted there."""
    size: Mapped[int]
    """Bytes, as its platform says."""
    wanted_by: Mapped[list[Any]] = mapped_column(JSON)
    """Member ids of those who have asked to see it."""
    kind: Mapped[str | None] = mapped_column(String(16))
    width: Mapped[int | None]
    height: Mapped[int | None]
    data_sealed: Mapped[bytes | None]
    """The picture as it is shown (`bot.core.pictures.Still`); null until it was brought."""


class PictureWish(Base):
    """What somebody wants of all pictures of one case: "all" are shown, or "none". Without a row they are asked."""

    __tablename__ = "picture_wishes"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True, index=True)
    wish: Mapped[str] = mapped_column(String(8))
