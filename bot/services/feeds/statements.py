"""Statements of searches and imports, each put together once: that takes longer than SQLite takes for what they ask."""

from functools import cache
from typing import Any, Final

from sqlalchemy import Float, Integer, Select, String, and_, bindparam, exists, or_, select

from bot.storage.database import among
from bot.storage.feed_tables import ListedMeeting, ListedPosting, ListedTime, MeetingFeed, is_visible

_listed: Any = ListedMeeting.__table__
_feed: Any = MeetingFeed.__table__
_posting: Any = ListedPosting.__table__
_time: Any = ListedTime.__table__

FEEDS: Final[Select[Any]] = select(_feed.c.id, _feed.c.generation, _feed.c.community_id).order_by(_feed.c.id)
"""What there is, and whether it has changed."""

LISTS: Final[Select[Any]] = select(_posting.c.term, _posting.c.block, _posting.c.bits).where(
    _posting.c.term.in_(bindparam("terms", expanding=True))
)
"""The posting lists of some `terms`."""


_COMMUNITY: Final = bindparam("community", type_=Integer)
_SHOWN: Final[Select[Any]] = (
    select(
        *(_listed.c[name] for name in ("id", "handle", "feed_id", "data")),
        *(_feed.c[name] for name in ("source", "contact", "read_at")),
    )
    .join(_feed, _feed.c.id == _listed.c.feed_id)
    .where(is_visible(_listed.c, _feed.c), _feed.c.community_id.is_(None) | (_feed.c.community_id == _COMMUNITY))
)
"""Meetings that count for a `community` (None: for all), with what is shown of them."""

NAMED: Final[Select[Any]] = _SHOWN.where(
    _listed.c.feed_id == bindparam("feed"), _listed.c.handle.between(bindparam("first"), bindparam("last"))
).limit(1)
"""Of these one of a `feed`, whose handle is between `first` and `last`."""


@cache
def counting(is_shared: bool) -> Select[Any]:
    """Of these those of the `ids`, each meeting once."""
    other, its = _listed.alias(), _feed.alias()
    # An expression, so that SQLite looks for copies by their mark, and not through all of a community's feeds.
    theirs = its.c.community_id + 0
    listed_before = exists().where(
        other.c.twin == _listed.c.twin,
        other.c.feed_id < _listed.c.feed_id,
        its.c.id == other.c.feed_id,
        is_visible(other.c, its.c),
        theirs.is_(None) | (theirs == _COMMUNITY),
    )
    once = or_(_listed.c.twin.is_(None), ~listed_before)
    return _SHOWN.where(among(_listed.c.id, is_shared), once).order_by(_listed.c.id)


@cache
def starting(is_shared: bool) -> Select[Any]:
    """When those of the `ids` start."""
    columns = _time.c.zone, _time.c.weekday, _time.c.minute, _time.c.listed_id
    return select(*columns).where(among(_time.c.listed_id, is_shared))


@cache
def around(is_shared: bool, *, few: bool, nearest: bool) -> Select[Any]:
    """Those in the box from `south` to `north` and from `west` to `east`, and where they are.

    `few`: those of the `ids` only. `nearest`: of them the `most` that are nearest to a point, given as `at_north` and
    `at_east` with the cosine of its latitude, `narrow`.
    """
    north, east = _listed.c.latitude, _listed.c.longitude
    south_of, north_of, west_of, east_of, at_north, at_east, narrow = (
        bindparam(name, type_=Float) for name in ("south", "north", "west", "east", "at_north", "at_east", "narrow")
    )
    inside = and_(north.between(south_of, north_of), east.between(west_of, east_of))
    query = select(_listed.c.id, north, east).where(inside)
    if few:
        query = query.where(among(_listed.c.id, is_shared))
    if nearest:
        rise, along = north - at_north, (east - at_east) * narrow
        query = query.order_by(rise * rise + along * along).limit(bindparam("most", type_=Integer))
    return query


# Of an import.

ATTEMPTS: Final[Select[Any]] = select(_feed.c.attempts).where(_feed.c.id == bindparam("feed"))
OTHER_FEED: Final[Select[Any]] = (
    select(_feed.c.id).where(_feed.c.id != bindparam("feed"), _feed.c.generation > 0).limit(1)
)
"""Whether there is another feed that may list the same meetings."""


@cache
def known(is_shared: bool) -> Select[Any]:
    """What is stored of a `feed` under the handles that are `ids`."""
    return select(*(_listed.c[name] for name in ("id", "handle", "digest", "born", "last"))).where(
        _listed.c.feed_id == bindparam("feed"), among(_listed.c.handle, is_shared, are=String)
    )
