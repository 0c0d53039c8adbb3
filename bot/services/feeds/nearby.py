"""Listed meetings near a place, and where a place is: known from the records themselves, nobody else is asked."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice, pairwise
from math import cos, radians
from typing import Any, Final

from bot.core.distance import Box, Point, boxes, by_distance, centre, find_point, kilometres, point_of
from bot.core.matching import fold
from bot.core.resources.index import Need, queries
from bot.core.resources.match import all_words
from bot.services.feeds import finding, postings, statements, times
from bot.services.feeds.finding import Listed, Sought
from bot.services.feeds.postings import Bits
from bot.services.feeds.vocabulary import Vocabulary
from bot.storage import fulltext
from bot.storage.database import Transaction

REACH: Final = ((2.0, 250), (8.0, 1000), (30.0, 2000), (160.0, 3000))
"""Kilometres, and how many of the nearest are looked at: further, where there were not enough before."""
_PARTS: Final = (0.25, 0.5, 1.0)
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
    among = await finding.narrowed_to(tx, community_id, Sought(near=words), vocabulary, [postings.SOMEWHERE])
    meant = vocabulary.meant(words)
    ids = postings.ids_in(among)
    listed: list[Listed] = []
    while len(listed) < _SAMPLE and (some := list(islice(ids, _SAMPLE))):
        listed += await finding.load(tx, community_id, some)
    in_town: list[Point] = []
    somewhere: list[Point] = []
    for each in listed[:_SAMPLE]:
        place = each.meeting.place
        point = point_of(place.latitude, place.longitude)
        if point is None:
            continue
        town = _words(place.city, place.state, place.address)
        if all(town.intersection(words) for words in meant):
            in_town.append(point)
        elif all((town | _words(place.region, place.name)).intersection(words) for words in meant):
            somewhere.append(point)
    return centre(in_town or somewhere)


def _words(*texts: str) -> set[str]:
    folded = fold(" ".join(texts)).split()
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
    in_person = [] if sought.online else [postings.NOT_ONLY_ONLINE]
    there = [[postings.NOW], [postings.SOMEWHERE], *in_person]
    among = await finding.narrowed_to(tx, community_id, replace(sought, near=""), vocabulary, *there)
    found: list[Listed] = []
    async for around in _further(tx, spot.point, among, sought, limit):
        starts: dict[int, datetime] = {}
        for start, id_ in await times.of_few(tx, around, begin, end):
            starts.setdefault(id_, start)
        soonest = list(starts)
        found = []
        for some in _more(soonest, 3 * limit):
            loaded = await _load(tx, community_id, {id_: (around[id_], starts[id_]) for id_ in some})
            found += sorted((each for each in loaded if finding.takes_place(each)), key=_start)
            if len(found) >= limit:
                break
        del found[limit:]
        if len(found) == limit:
            break
    found.sort(key=lambda each: (by_distance(each.away), _start(each)))
    if len(found) < limit and sought.near:
        nowhere = [[postings.NOWHERE], *in_person]
        wanted = limit - len(found)
        found += await finding.coming(
            tx, community_id, sought, vocabulary, begin=begin, end=end, limit=wanted, also=nowhere
        )
    return found


async def nearest(
    tx: Transaction, community_id: int, sought: Sought, vocabulary: Vocabulary, spot: Spot, *, limit: int
) -> list[Listed]:
    """The nearest meetings that fit, whenever they are."""
    among = await finding.narrowed_to(tx, community_id, replace(sought, near=""), vocabulary, [postings.SOMEWHERE])
    found: list[Listed] = []
    async for around in _further(tx, spot.point, among, sought, limit):
        first = sorted(around, key=lambda id_: (around[id_], id_))
        found = []
        for some in _more(first, limit):
            found += await _load(tx, community_id, {id_: (around[id_], None) for id_ in some})
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
        for part in _PARTS:
            found = await _boxed(tx, point, km * part, most, few, early)
            if len(found) < most and part < 1:
                continue
            far = {id_: kilometres(point, there) for id_, there in found.items()}
            ids = sorted((id_ for id_ in far if far[id_] <= km * part), key=lambda id_: (far[id_], id_))[:most]
            if len(ids) == most:
                break
        fitting = {id_: far[id_] for id_ in ids if postings.holds(among, id_)}
        if len(fitting) >= least or km == REACH[-1][0]:
            yield fitting


async def _boxed(
    tx: Transaction, point: Point, km: float, most: int, few: list[int] | None, early: Bits | None
) -> dict[int, Point]:
    """Where those within `km` are, and some that are a little further: the `most` nearest, of a few; or the `early`."""
    found: dict[int, Point] = {}
    values: dict[str, Any] = {"at_north": point.north, "narrow": cos(radians(point.north)), "most": most}
    if few is not None:
        values["ids"] = tx.ids(few)
    query = statements.around(tx.is_shared, few=few is not None, nearest=early is None)
    for box in boxes(point, km):
        values |= {"south": box.south, "north": box.north, "west": box.west, "east": box.east}
        values["at_east"] = _seen_from(point, box)
        for id_, north, east in await tx.session.execute(query, values):
            if early is None or postings.holds(early, id_):
                found[id_] = Point(north, east)
    return found


def _seen_from(point: Point, box: Box) -> float:
    """The point's longitude, counted on beyond the antimeridian where the box is on the other side of it."""
    if box.west <= point.east <= box.east:
        return point.east
    return point.east + 360 if point.east < box.west else point.east - 360


async def _load(
    tx: Transaction, community_id: int | None, wanted: dict[int, tuple[float, datetime | None]]
) -> list[Listed]:
    loaded = await finding.load(tx, community_id, wanted)
    return [replace(each, start=wanted[each.id][1], away=wanted[each.id][0]) for each in loaded]
