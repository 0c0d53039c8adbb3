"""How far places are from each other, what lies around one, and how that is said."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import asin, ceil, cos, degrees, floor, inf, isfinite, pi, radians, sin, sqrt
from statistics import median
from typing import Final

from bot.core.words import Text, _, _n

EARTH: Final = 6371.0088
"""Kilometres: the mean radius of the Earth (IUGG)."""
MILE: Final = 1.609344
"""Kilometres in a mile."""
HALFWAY: Final = pi * EARTH
"""Kilometres: no two places are further apart."""

MILES_IN: Final = frozenset({"US", "GB", "LR", "MM", "PR", "GU", "VI", "AS", "MP", "IM", "JE", "GG"})
"""Countries whose road signs are in miles."""

_CELL: Final = 0.5
"""Degrees: points of one town lie in one such cell, or in its neighbours."""
_TEN: Final = 10


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """A place on the Earth: degrees north (-90 to 90) and east (-180 to 180), WGS 84."""

    north: float
    east: float


@dataclass(frozen=True, slots=True)
class Box:
    """All between two parallels and two meridians, in degrees; `west` is never greater than `east`."""

    south: float
    north: float
    west: float
    east: float

    def holds(self, point: Point) -> bool:
        """Whether the point is in it."""
        return self.south <= point.north <= self.north and self.west <= point.east <= self.east


def kilometres(one: Point, other: Point) -> float:
    """How far two points are from each other along the Earth, by the haversine formula: right within half a percent."""
    north, other_north = radians(one.north), radians(other.north)
    rise, turn = sin((other_north - north) / 2), sin(radians(other.east - one.east) / 2)
    return 2 * EARTH * asin(min(1.0, sqrt(rise * rise + cos(north) * cos(other_north) * turn * turn)))


def boxes(point: Point, km: float) -> tuple[Box, ...]:
    """Boxes that hold every point within `km` of this one, and not much more: two across the antimeridian."""
    angle = min(km / EARTH * (1 + 1e-9) + 1e-12, pi)
    south, north = point.north - degrees(angle), point.north + degrees(angle)
    if south <= -90 or north >= 90:  # noqa: PLR2004  a pole is within reach, and so is every meridian
        return (Box(max(south, -90.0), min(north, 90.0), -180.0, 180.0),)
    wide = degrees(asin(min(1.0, sin(angle) / cos(radians(point.north))))) * (1 + 1e-9) + 1e-9
    west, east = point.east - wide, point.east + wide
    if west < -180:  # noqa: PLR2004  the antimeridian
        return Box(south, north, -180.0, east), Box(south, north, west + 360, 180.0)
    if east > 180:  # noqa: PLR2004  the antimeridian
        return Box(south, north, west, 180.0), Box(south, north, -180.0, east - 360)
    return (Box(south, north, west, east),)


def centre(points: Iterable[Point]) -> Point | None:
    """Where most of the points are; None if there are none.

    Towns of one name lie in several states: those in the fullest half-degree cell and around it count, by their
    median, which one wrong point does not move.
    """
    known = list(points)
    if not known:
        return None
    cells = Counter(_cell(point) for point in known)
    (north, east), _most = min(cells.items(), key=lambda cell: (-cell[1], cell[0]))
    near = [p for p in known if abs(_cell(p)[0] - north) <= 1 and abs(_cell(p)[1] - east) <= 1]
    return Point(median(p.north for p in near), median(p.east for p in near))


def _cell(point: Point) -> tuple[int, int]:
    return floor(point.north / _CELL), floor(point.east / _CELL)


def about(km: float, country: str | None) -> Text:
    """A distance as people in `country` (ISO 3166) say it: about 3 km, about 2 miles."""
    if (country or "").upper() in MILES_IN:
        miles = _rounded(km / MILE)
        return _n("about {n} mile", "about {n} miles", n=miles) if miles else _("less than a mile")
    rounded = _rounded(km)
    return _("about {n} km", n=rounded) if rounded else _("less than 1 km")


def _rounded(distance: float) -> int:
    """To whole units, from 20 on to fives, from 100 on to tens; 0 is less than one."""
    whole = floor(distance + 0.5)
    if distance < 1:
        return 0
    if whole < 2 * _TEN:
        return whole
    step = _TEN // 2 if whole < _TEN * _TEN else _TEN
    return step * ceil(whole / step - 0.5)


_NUMBER = r"[-+\N{MINUS SIGN}]?\d{1,3}(?:\.\d{1,15})?"
_POINT = re.compile(
    rf"(?<![\w.])(?:geo:)?(?P<north>{_NUMBER})\s*°?\s*(?P<ns>[NnSs])?\s*[,;\s]\s*"
    rf"(?P<east>{_NUMBER})\s*°?\s*(?P<ew>[EeWwOo])?(?![\w.]\d|\w)"
)


def find_point(text: str) -> tuple[Point, tuple[int, int]] | None:
    """The first pair of coordinates in `text` ("40.71, -74.01", "40.71° N 74.01° W"), and where it stands there.

    A pair of whole numbers without letters is none: it may be anything.
    """
    for found in _POINT.finditer(text[:500]):
        signed = found["ns"] is not None and found["ew"] is not None
        if not signed and not ("." in found["north"] and "." in found["east"]):
            continue
        north, east = (float(found[name].replace("\N{MINUS SIGN}", "-")) for name in ("north", "east"))
        north = -abs(north) if found["ns"] in {"S", "s"} else north
        east = -abs(east) if found["ew"] in {"W", "w", "O", "o"} else east
        point = point_of(north, east)
        if point is not None:
            return point, found.span()
    return None


def point_of(north: float | None, east: float | None) -> Point | None:
    """The point, if these are coordinates. 0, 0 is none: it is what a program writes that knows none."""
    if north is None or east is None or not (isfinite(north) and isfinite(east)) or (north == 0 and east == 0):
        return None
    return Point(north, east) if abs(north) <= 90 and abs(east) <= 180 else None  # noqa: PLR2004  poles, antimeridian


_POSTCODE = re.compile(
    r"\b(?:[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"  # the United Kingdom
    r"|[A-Z]\d[A-Z] ?\d[A-Z]\d"  # Canada
    r"|\d{5}(?=-\d{4}\b|\b)(?!\s+\w+\s+(?:st|ave|rd|dr|blvd|street|avenue|road)\b))",  # the USA, and many others
    re.IGNORECASE | re.ASCII,
)


def postcodes(address: str) -> Sequence[str]:
    """What may be a postcode in an address, without spaces, in lower case; the last one is the likeliest."""
    return [found[0].replace(" ", "").lower() for found in _POSTCODE.finditer(address[:300])]


def by_distance(km: float | None) -> float:
    """What to sort by: what is not known comes last."""
    return inf if km is None else km
