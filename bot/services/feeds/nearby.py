"""Listed meetings near a place, and where a place is: known from the records themselves, nobody else is asked."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice, pairwise
from math import cos, radians
from typing import Any, Final

from sqlalchemy import ColumnElement, select

from bot.core.distance import Box, Point, boxes, by_distance, centre, find_point, kilometres, point_of
from bot.core.matching import fold
from bot.core.meetings.model import Attendance
from bot.core.resources.index import Need, queries
from bot.core.resources.match import all_words
from bot.services.feeds import finding, postings, times
from bot.services.feeds.finding import Listed, Sought
from bot.services.feeds.postings import Bits
from bot.services.feeds.vocabulary import Vocabulary
from bot.storage import fulltext
from bot.storage.database import Transaction
from bot.storage.feed_tables import ListedMeeting, MeetingFeed

REACH: Final = ((2.0, 250), (8.0, 1000), (30.0, 2000), (160.0, 3000))
"""Kilometres, and how many of the nearest are looked at: further, where there were not enough before."""
_PARTS: Final = (0.125, 0.25, 0.5, 1.0)
"""Of each of these distances: the nearest are first looked for close by."""
_SAMPLE: Final = 300
"""Records from which is told where a place is."""
_REMEMBERED: Final = 2000


@dataclass(frozen=True, slots=True)
class Spot:
    """A place that somebody named: `name` as they typed it."""

    name: str
    point: Point


async def whereis(
    tx: Transaction, community_id: int | None, typed: str, vocabulary: Vocabulary, *, country: str | None
) -> Spot | None:
    """Where the place is that somebody has typed: coordinates, a town, a postcode; None if no record tells.

    It is where most of the records are that name it; meetings are asked first, then services.
    """
    if (found := find_point(typed)) is not None:
        return Spot(typed.strip(), found[0])
    words = fold(typed[:100])
    if not words:
        return None
    await vocabulary.renew(tx)  # forgets what is known of places, if a feed has changed
    key = (community_id, words, country)
    if key not in vocabulary.places:
        point = await _by_meetings(tx, community_id, words, vocabulary)
        if point is None:
            point = await _by_services(tx, community_id, words, country)
            if point is None:
                return None  # services may be imported meanwhile
        if len(vocabulary.places) >= _REMEMBERED:
            vocabulary.places.clear()
        vocabulary.places[key] = point
    return Spot(typed.strip(), vocabulary.places[key])


async def _by_meetings(tx: Transaction, community_id: int | None, words: str, vocabulary: Vocabulary) -> Point | None:
    narrowed = await finding.narrowed_to(tx, community_id, Sought(near=words), vocabulary)
    if narrowed is None:
        return None
    meant = vocabulary.meant(words)
    rows: list[str] = []
    ids = postings.ids_in(narrowed.among)
    while len(rows) < _SAMPLE and (some := list(islice(ids, _SAMPLE))):
        known = tx.among(ListedMeeting.id, some), ListedMeeting.latitude.is_not(None)
        query = select(ListedMeeting.data).join(MeetingFeed, MeetingFeed.id == ListedMeeting.feed_id)
        rows += await tx.session.scalars(query.where(*known, *narrowed.conditions).order_by(ListedMeeting.id))
    in_town: list[Point] = []
    somewhere: list[Point] = []
    for row in rows[:_SAMPLE]:
        place: dict[str, Any] = json.loads(row).get("place", {})
        point = point_of(place.get("latitude"), place.get("longitude"))
        if point is None:
            continue
        town = _words(place, "city", "state", "address")
        if all(town.intersection(each) for each in meant):
            in_town.append(point)
        elif all((town | _words(place, "region", "name")).intersection(each) for each in meant):
            somewhere.append(point)
    return centre(in_town or somewhere)


def _words(place: dict[str, Any], *names: str) -> set[str]:
    text = " ".join(str(place.get(name, "")) for name in names)
    folded = fold(text).split()
    # A postcode may be written in two parts.
    return {*folded, *(one + other for one, other in pairwise(folded))}


async def _by_services(tx: Transaction, community_id: int | None, words: str, country: str | None) -> Point | None:
    query = next(queries(Need(place=all_words(words), country=country)), None)
    if query is None:
        return None
    found = await fulltext.find(tx, community_id, [query], _SAMPLE // 5)
    points = (point_of(record.get("latitude"), record.get("longitude")) for _id, record in found)
    return centre(point for point in points if point is not None)


async def coming(
    tx: Transaction,
    community_id: int | None,
    sought: Sought,
    vocabulary: Vocabulary,
    spot: Spot,
    *,
    begin: datetime,
    end: datetime,
    limit: int,
) -> list[Listed]:
    """The next meetings near a spot, the nearest of them first; then those there whose list does not say where.

    `sought.near` are the words that named the spot. Those online only are none, unless they are asked for.
    """
    narrowed = await finding.narrowed_to(tx, community_id, replace(sought, near=""), vocabulary, now=True)
    if narrowed is None:
        return []
    in_person = [] if sought.online else [ListedMeeting.attendance != Attendance.ONLINE.value]
    conditions = [*narrowed.conditions, *in_person]
    found: list[Listed] = []
    async for around in _further(tx, spot.point, narrowed.among, sought, limit):
        starts: dict[int, datetime] = {}
        for start, id_ in await times.of_few(tx, around, begin, end):
            starts.setdefault(id_, start)
        soonest = list(starts)
        found = []
        for some in _more(soonest, 3 * limit):
            loaded = await _load(tx, {id_: (around[id_], starts[id_]) for id_ in some}, conditions)
            found += sorted((each for each in loaded if finding.takes_place(each)), key=_start)
            if len(found) >= limit:
                break
        del found[limit:]
        if len(found) == limit:
            break
    found.sort(key=lambda each: (by_distance(each.away), _start(each)))
    if len(found) < limit and sought.near:
        nowhere = (ListedMeeting.latitude.is_(None), *in_person)
        wanted = limit - len(found)
        found += await finding.coming(
            tx, community_id, sought, vocabulary, begin=begin, end=end, limit=wanted, also=nowhere
        )
    return found


async def nearest(
    tx: Transaction, community_id: int, sought: Sought, vocabulary: Vocabulary, spot: Spot, *, limit: int
) -> list[Listed]:
    """The nearest meetings that fit, whenever they are."""
    narrowed = await finding.narrowed_to(tx, community_id, replace(sought, near=""), vocabulary)
    if narrowed is None:
        return []
    found: list[Listed] = []
    async for around in _further(tx, spot.point, narrowed.among, sought, limit):
        first = sorted(around, key=lambda id_: (around[id_], id_))
        found = []
        for some in _more(first, limit):
            found += await _load(tx, {id_: (around[id_], None) for id_ in some}, narrowed.conditions)
            if len(found) >= limit:
                break
        if len(found) >= limit:
            break
    return sorted(found, key=lambda each: (by_distance(each.away), each.id))[:limit]


def _start(listed: Listed) -> tuple[datetime, int]:
    assert listed.start is not None  # noqa: S101  those that are coming have one
    return listed.start, listed.id


def _more(ids: list[int], first: int) -> Iterator[list[int]]:
    """Some, then twice as many, and so on, until all were told."""
    while ids:
        some, ids, first = ids[:first], ids[first:], 2 * first
        yield some


async def _further(
    tx: Transaction, point: Point, among: Bits, sought: Sought, least: int
) -> AsyncIterator[dict[int, float]]:
    """Of those among which one is looked for the nearest, and how far each is: each time from further away."""
    few = list(postings.ids_in(among)) if postings.count(among) <= finding.FEW else None
    # Where many others are nearer, they must not hide what is rare.
    early = among if sought.programme and few is None else None
    for km, most in REACH:
        around: dict[int, float] = {}
        for part in _PARTS:
            around = await _around(tx, point, km * part, most, few, early)
            if len(around) == most:
                break
        fitting = {id_: away for id_, away in around.items() if postings.holds(among, id_)}
        if len(fitting) >= least or km == REACH[-1][0]:
            yield fitting


async def _around(
    tx: Transaction, point: Point, km: float, most: int, few: list[int] | None, early: Bits | None
) -> dict[int, float]:
    """The `most` nearest within `km`, of a few or of those that are `early`, and how far each is."""
    north, east = ListedMeeting.latitude, ListedMeeting.longitude
    far: dict[int, float] = {}
    for box in boxes(point, km):
        query = select(ListedMeeting.id, north, east).where(
            north.between(box.south, box.north), east.between(box.west, box.east)
        )
        if few is not None:
            query = query.where(tx.among(ListedMeeting.id, few))
        if early is None:
            rise, along = north - point.north, (east - _seen_from(point, box)) * cos(radians(point.north))
            query = query.order_by(rise * rise + along * along).limit(most)
        for id_, its_north, its_east in await tx.session.execute(query):
            if early is None or postings.holds(early, id_):
                far[id_] = kilometres(point, Point(its_north or 0.0, its_east or 0.0))
    ids = sorted((id_ for id_ in far if far[id_] <= km), key=lambda id_: (far[id_], id_))[:most]
    return {id_: far[id_] for id_ in ids}


def _seen_from(point: Point, box: Box) -> float:
    """The point's longitude, counted on beyond the antimeridian where the box is on the other side of it."""
    if box.west <= point.east <= box.east:
        return point.east
    return point.east + 360 if point.east < box.west else point.east - 360


async def _load(
    tx: Transaction, wanted: dict[int, tuple[float, datetime | None]], conditions: Sequence[ColumnElement[bool]]
) -> list[Listed]:
    query = finding.query_for().where(tx.among(ListedMeeting.id, wanted), *conditions)
    rows = await tx.session.execute(query)
    return [replace(finding.listed_in(row, wanted[row.id][1]), away=wanted[row.id][0]) for row in rows]
