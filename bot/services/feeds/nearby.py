"""Listed meetings near a place, and where a place is: known from the records themselves, nobody else is asked."""

import json
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import cache
from itertools import pairwise
from math import cos, radians
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.core.distance import Box, Point, boxes, by_distance, centre, find_point, kilometres, point_of
from bot.core.matching import fold
from bot.core.meetings.model import Attendance
from bot.core.occurrences import instant
from bot.core.resources.index import Need, queries
from bot.core.resources.match import all_words
from bot.services.feeds import finding
from bot.services.feeds.finding import NOT_NOW, Listed, Sought
from bot.services.feeds.vocabulary import Vocabulary
from bot.storage import fulltext
from bot.storage.database import Transaction
from bot.storage.feed_tables import ListedMeeting, ListedTime, MeetingFeed

REACH: Final = ((2.0, 250), (8.0, 1000), (30.0, 2000), (160.0, 3000))
"""Kilometres, and how many of the nearest are looked at: further, where there were not enough before."""
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
    known = ListedMeeting.latitude.is_not(None)
    rows = await tx.session.scalars(
        select(ListedMeeting.data)
        .join(MeetingFeed, MeetingFeed.id == ListedMeeting.feed_id)
        .where(*narrowed.all, known)
        .limit(_SAMPLE)
    )
    in_town: list[Point] = []
    somewhere: list[Point] = []
    for row in rows:
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
    narrowed = await finding.narrowed_to(tx, community_id, replace(sought, near=""), vocabulary)
    if narrowed is None:
        return []
    conditions = [*narrowed.all, ListedMeeting.status.not_in(NOT_NOW)]
    in_person = [] if sought.online else [ListedMeeting.attendance != Attendance.ONLINE.value]
    conditions += in_person
    found: list[Listed] = []
    for km, most in REACH:
        around = await _around(tx, spot.point, km, most, conditions, _early(sought, narrowed.few))
        starts = await _starts(tx, around, begin, end)
        soonest = sorted((start, id_) for id_, start in starts.items())[: 3 * limit]
        found = await _load(tx, {id_: (around[id_], start) for start, id_ in soonest})
        found = sorted((each for each in found if finding.takes_place(each)), key=_start)[:limit]
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
    for km, most in REACH:
        around = await _around(tx, spot.point, km, most, narrowed.all, _early(sought, narrowed.few))
        if len(around) >= limit:
            break
    first = sorted(around, key=lambda id_: (around[id_], id_))[:limit]
    return sorted(await _load(tx, {id_: (around[id_], None) for id_ in first}), key=lambda each: each.away or 0.0)


def _start(listed: Listed) -> tuple[datetime, int]:
    assert listed.start is not None  # noqa: S101  those that are coming have one
    return listed.start, listed.id


def _early(sought: Sought, few: list[int] | None) -> list[Any]:
    """What is asked before the nearest are chosen: where many others are nearer, they must not hide what is rare."""
    if few is not None:
        return [ListedMeeting.id.in_(few)]
    return [ListedMeeting.programme == sought.programme] if sought.programme else []


async def _around(
    tx: Transaction, point: Point, km: float, most: int, conditions: list[Any], early: list[Any]
) -> dict[int, float]:
    """Of the `most` nearest within `km` those that fit, and how far each is. First the box alone, by its index."""
    north, east = ListedMeeting.latitude, ListedMeeting.longitude
    far: dict[int, float] = {}
    for box in boxes(point, km):
        rise, along = north - point.north, (east - _seen_from(point, box)) * cos(radians(point.north))
        inside = north.between(box.south, box.north), east.between(box.west, box.east)
        nearest_first = (
            select(ListedMeeting.id, north, east).where(*inside, *early).order_by(rise * rise + along * along)
        )
        for row in await tx.session.execute(nearest_first.limit(most)):
            far[row.id] = kilometres(point, Point(row.latitude, row.longitude))
    ids = sorted((id_ for id_ in far if far[id_] <= km), key=lambda id_: (far[id_], id_))[:most]
    if not ids:
        return {}
    fitting = (
        select(ListedMeeting.id)
        .join(MeetingFeed, MeetingFeed.id == ListedMeeting.feed_id)
        .where(ListedMeeting.id.in_(ids), *conditions)
    )
    return {id_: far[id_] for id_ in await tx.session.scalars(fitting)}


def _seen_from(point: Point, box: Box) -> float:
    """The point's longitude, counted on beyond the antimeridian where the box is on the other side of it."""
    if box.west <= point.east <= box.east:
        return point.east
    return point.east + 360 if point.east < box.west else point.east - 360


async def _starts(tx: Transaction, ids: Any, begin: datetime, end: datetime) -> dict[int, datetime]:
    """The first start of each between two instants, at most a week apart; without those that have none."""

    @cache
    def first(zone: str, weekday: int, minute: int) -> datetime | None:
        day = begin.astimezone(ZoneInfo(zone)).date()
        day += timedelta(days=(weekday - day.isoweekday()) % 7)
        for each in (day, day + timedelta(days=7)):
            start = instant(each, time(minute // 60, minute % 60), ZoneInfo(zone))
            if begin <= start < end:
                return start
        return None

    starts: dict[int, datetime] = {}
    columns = (ListedTime.listed_id, ListedTime.zone, ListedTime.weekday, ListedTime.minute)
    for row in await tx.session.execute(select(*columns).where(ListedTime.listed_id.in_(list(ids)))):
        start = first(row.zone, row.weekday, row.minute)
        if start is not None and (row.listed_id not in starts or start < starts[row.listed_id]):
            starts[row.listed_id] = start
    return starts


async def _load(tx: Transaction, wanted: dict[int, tuple[float, datetime | None]]) -> list[Listed]:
    rows = await tx.session.execute(finding.query_for().where(ListedMeeting.id.in_(wanted)))
    return [replace(finding.listed_in(row, wanted[row.id][1]), away=wanted[row.id][0]) for row in rows]
