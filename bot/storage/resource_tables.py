"""The tables of services that were imported, of what organizers say of them, and of a community's own guides."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.tables import NEVER_TWICE, Base


class ResourceSource(Base):
    """Where imported services come from, and the report of its last import. `community_id` None: for all."""

    __tablename__ = "resource_sources"
    __table_args__ = (UniqueConstraint("community_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int | None] = mapped_column(ForeignKey("communities.id", ondelete="CASCADE"))
    name: Mapped[str]
    imported_at: Mapped[datetime]
    report: Mapped[dict[str, Any]]
    """Counts, and the first of the refused records with their reasons."""


class ServiceRow(Base):
    """An imported service: `coming → shown → going`, so that a source's services change all at once.

    Its words are in `service_text`, which each database has in its own way (`bot.storage.fulltext`).
    """

    __tablename__ = "services"
    __table_args__ = (
        Index("ix_services_key", "source_id", "key"),
        Index("ix_services_checked", "source_id", "state", "checked"),
        Index("ix_services_where", "latitude", "longitude"),
        NEVER_TWICE,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("resource_sources.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(32))
    """A digest of what its source calls it."""
    digest: Mapped[str] = mapped_column(String(32))
    """Tells whether its record has changed."""
    state: Mapped[str] = mapped_column(String(8))
    checked: Mapped[date | None]
    record: Mapped[dict[str, Any]]
    """`bot.core.resources.dump_resource`."""
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    """Degrees north and east (WGS 84), where it is known; both or neither."""


class ServiceWord(Base):
    """A word that stands in an imported service, by its beginning and end: what a typing error leaves."""

    __tablename__ = "service_words"

    word: Mapped[str] = mapped_column(String(64), primary_key=True)
    head: Mapped[str] = mapped_column(String(2), index=True)
    tail: Mapped[str] = mapped_column(String(3), index=True)


class ResourceCheck(Base):
    """What a community's organizers said of a resource last: that it is still right, or that it is not."""

    __tablename__ = "resource_checks"
    __table_args__ = (UniqueConstraint("community_id", "resource"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("communities.id", ondelete="CASCADE"))
    resource: Mapped[str] = mapped_column(String(32))
    """A digest of what it is (`bot.core.resources.ages.identity_of`)."""
    right: Mapped[bool]
    day: Mapped[date]


class ResourceReview(Base):
    """When a community's organizers were last asked to look after old resources; `off`: they want no more of that."""

    __tablename__ = "resource_reviews"

    community_id: Mapped[int] = mapped_column(ForeignKey("communities.id", ondelete="CASCADE"), primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(index=True)
    off: Mapped[bool] = mapped_column(default=False)


class CommunityGuide(Base):
    """A guide of the community's own, as its file has it."""

    __tablename__ = "community_guides"
    __table_args__ = (UniqueConstraint("community_id", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("communities.id", ondelete="CASCADE"))
    slug: Mapped[str] = mapped_column(String(40))
    guide: Mapped[dict[str, Any]]
