"""The tables of duty: the roster, rotas and what was changed of them, and what was told when."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.tables import NEVER_TWICE, Base


class RosterRow(Base):
    """What a peer has told of how they help. A peer without a row is on the roster all the same."""

    __tablename__ = "roster"

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    languages: Mapped[list[Any]]
    topics: Mapped[list[Any]]
    most: Mapped[int | None]
    hours_days: Mapped[list[Any]]
    """ISO weekdays on which they can be called from `hours_from` to `hours_until`, by their own clock."""
    hours_from: Mapped[time | None]
    hours_until: Mapped[time | None]
    break_since: Mapped[datetime | None]


class CredentialRow(Base):
    """A certificate or training of a peer, as the organizer wrote it down; `until` is its last valid date."""

    __tablename__ = "credentials"
    __table_args__ = (UniqueConstraint("member_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    until: Mapped[date | None]


class RotaRow(Base):
    """A rota: weekdays, wall times, zone; see `bot.core.duty.rota`."""

    __tablename__ = "rotas"
    __table_args__ = (UniqueConstraint("community_id", "name"), NEVER_TWICE)

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("communities.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    days: Mapped[list[Any]]
    begins: Mapped[time]
    ends: Mapped[time]
    zone: Mapped[str]
    starts_on: Mapped[date]
    turns: Mapped[str] = mapped_column(String(16))
    from_file: Mapped[bool] = mapped_column(default=False)


class RotaPerson(Base):
    """Somebody who takes turns in a rota, in the order of `position`."""

    __tablename__ = "rota_people"
    __table_args__ = (UniqueConstraint("rota_id", "member_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    rota_id: Mapped[int] = mapped_column(ForeignKey("rotas.id", ondelete="CASCADE"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]


class RotaOverride(Base):
    """For a while this person is on in a rota, and nobody else; `member_id` None: nobody is."""

    __tablename__ = "rota_overrides"
    __table_args__ = NEVER_TWICE

    id: Mapped[int] = mapped_column(primary_key=True)
    rota_id: Mapped[int] = mapped_column(ForeignKey("rotas.id", ondelete="CASCADE"), index=True)
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)


class RotaSwap(Base):
    """A shift that `giver_id` gives to `taker_id`, perhaps for one in return: `asked → agreed | declined`."""

    __tablename__ = "rota_swaps"
    __table_args__ = NEVER_TWICE

    id: Mapped[int] = mapped_column(primary_key=True)
    rota_id: Mapped[int] = mapped_column(ForeignKey("rotas.id", ondelete="CASCADE"), index=True)
    day: Mapped[date]
    giver_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    taker_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    return_rota_id: Mapped[int | None] = mapped_column(ForeignKey("rotas.id", ondelete="CASCADE"))
    return_day: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(8))
    agreed_at: Mapped[datetime | None]
    ends_at: Mapped[datetime]
    """When the later of its shifts is over."""


class DutyClock(Base):
    """When a community that has rotas is to be told something next."""

    __tablename__ = "duty_clocks"
    __table_args__ = (
        Index("ix_duty_clocks_change", "next_change_at"),
        Index("ix_duty_clocks_weekly", "weekly_at"),
        Index("ix_duty_clocks_board", "board_at"),
    )

    community_id: Mapped[int] = mapped_column(ForeignKey("communities.id", ondelete="CASCADE"), primary_key=True)
    next_change_at: Mapped[datetime]
    weekly_at: Mapped[datetime]
    board_at: Mapped[datetime | None]
    """When the board is to be written again; None: only when something changes."""
    has_board: Mapped[bool] = mapped_column(default=True)


class BoardRow(Base):
    """The one message in a peers' room that is edited in place."""

    __tablename__ = "boards"
    __table_args__ = (UniqueConstraint("platform", "address"), NEVER_TWICE)

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("communities.id", ondelete="CASCADE"), index=True)
    platform: Mapped[str] = mapped_column(String(16))
    address: Mapped[str]
    message_id: Mapped[str | None]
    version: Mapped[int]
    """Counts what was written, for the keys of its deliveries."""
    digest: Mapped[str] = mapped_column(String(64))
    written_at: Mapped[datetime]
