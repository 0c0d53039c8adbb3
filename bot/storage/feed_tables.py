"""The tables of meetings that others publish. Nothing in them is about a member."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Index, Integer, String, Text, and_, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.storage.tables import NEVER_TWICE, Base

BIG = BigInteger().with_variant(Integer(), "sqlite")
"""For ids that are counted within their feed; SQLite's integers are as big as they must be."""


MANY: Final = 1 << 32
"""Rows that a feed may number, one after the other."""
STILL: Final = 2**31 - 1
"""The `last` generation of what counts now and goes on."""
_HAS_TWIN: Final = text("twin IS NOT NULL")
_NO_ROWID: Final = {"sqlite_with_rowid": False}
ENDS: Final = text(f"last < {STILL}")


class MeetingFeed(Base):
    """A source of meetings: a file or an address, what was read from it, and when.

    What a feed lists is seen in generations: a row counts from the generation in which it was `born` to the `last` one
    in which it did; the feed's `generation` is the one that counts now. So a new reading is put beside the old one in
    small steps, and counts all at once.
    """

    __tablename__ = "meeting_feeds"
    __table_args__ = NEVER_TWICE

    id: Mapped[int] = mapped_column(primary_key=True)
    community_id: Mapped[int | None] = mapped_column(ForeignKey("communities.id", ondelete="CASCADE"), index=True)
    """None: for every community."""
    source: Mapped[str] = mapped_column(String(1000))
    kind: Mapped[str] = mapped_column(String(32))
    programme: Mapped[str | None] = mapped_column(String(64))
    zone: Mapped[str | None] = mapped_column(String(64))
    contact: Mapped[str] = mapped_column(default="")
    etag: Mapped[str | None] = mapped_column(String(500))
    last_modified: Mapped[str | None]
    generation: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    serial: Mapped[int] = mapped_column(default=0)
    meetings: Mapped[int] = mapped_column(default=0)
    read_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(String(500))
    report: Mapped[dict[str, Any]]


class ListedMeeting(Base):
    """A meeting as a feed lists it. `data` is the whole of it as JSON; the other columns are what is looked for."""

    __tablename__ = "listed_meetings"
    __table_args__ = (
        Index("ix_listed_meetings_record", "feed_id", "handle"),
        Index("ix_listed_meetings_last", "feed_id", "last", sqlite_where=ENDS, postgresql_where=ENDS),
        Index("ix_listed_meetings_twin", "twin", sqlite_where=_HAS_TWIN, postgresql_where=_HAS_TWIN),
        Index("ix_listed_meetings_where", "latitude", "longitude"),
    )

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    feed_id: Mapped[int] = mapped_column(ForeignKey("meeting_feeds.id", ondelete="CASCADE"))
    handle: Mapped[str] = mapped_column(String(20))
    born: Mapped[int]
    last: Mapped[int]
    digest: Mapped[str] = mapped_column(String(32))
    likeness: Mapped[str] = mapped_column(String(20), index=True)
    twin: Mapped[str | None] = mapped_column(String(40))
    """The same for all copies of one meeting that several feeds list."""
    name: Mapped[str]
    programme: Mapped[str | None] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(24))
    attendance: Mapped[str] = mapped_column(String(16))
    types: Mapped[str] = mapped_column(String(1000))
    """Codes and languages, each between commas: ",O,D,en,"."""
    data: Mapped[str] = mapped_column(Text())
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    """Degrees north and east (WGS 84), where it is known; both or neither."""


class ListedTime(Base):
    """A weekday and minute of the day at which a listed meeting starts, by the clocks of `zone`."""

    __tablename__ = "listed_times"
    __table_args__ = _NO_ROWID

    listed_id: Mapped[int] = mapped_column(
        BIG, ForeignKey("listed_meetings.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    weekday: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    zone: Mapped[str] = mapped_column(String(64))
    minute: Mapped[int]


class ListedPosting(Base):
    """Which meetings of a block of ids have a term: a word, a code, a start (`bot.services.feeds.postings`)."""

    __tablename__ = "listed_postings"
    __table_args__ = (Index("ix_listed_postings_block", "feed_id", "block"), _NO_ROWID)

    term: Mapped[str] = mapped_column(String(80), primary_key=True)
    block: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    feed_id: Mapped[int] = mapped_column(ForeignKey("meeting_feeds.id", ondelete="CASCADE"))
    bits: Mapped[bytes]
    """They may be of meetings that are gone: ids are never used again."""


def is_visible(listed: Any = ListedMeeting, feed: Any = MeetingFeed) -> ColumnElement[bool]:
    """Whether a row counts: it is of the generation that its feed has now."""
    return and_(listed.born <= feed.generation, listed.last >= feed.generation)
