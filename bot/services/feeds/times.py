"""When listed meetings start: wall times of many zones, brought into one order."""

from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from heapq import merge
from itertools import groupby, islice
from operator import itemgetter
from typing import Final
from zoneinfo import ZoneInfo

from bot.core.occurrences import instant
from bot.services.feeds import statements
from bot.services.feeds.postings import Bits, both, ids_in, lists_of, of_start
from bot.storage.database import Transaction

Start = tuple[datetime, int]
"""When a meeting starts, and its id."""

_Window = tuple[str, int, int, int, int]
"""Zone, ISO weekday, first minute, last minute, and what makes of these minutes the minutes since 1970 in UTC."""

_FIRST: Final = timedelta(hours=1)
_WIDER: Final = 4
"""Mostly the next hour has enough; if not, so many times as long a time is looked at, and so on."""
_TOGETHER: Final = 1
"""Starts whose meetings are asked for at once: at first; then twice as many, and so on."""
_MOST_TOGETHER: Final = 64
_DAY_MINUTES: Final = 1440
_PIECE: Final = 30
"""Minutes that are ordered together on a day on which the clocks are changed."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


async def of_few(tx: Transaction, ids: Iterable[int], begin: datetime, end: datetime) -> list[Start]:
    """All starts between two instants, at most a week apart, of a few meetings, in order."""
    within: dict[str, _Within] = {}
    starts: list[tuple[int, int]] = []
    rows = await tx.session.execute(statements.starting(tx.is_shared), {"ids": tx.ids(ids)})
    for zone, weekday, minute, id_ in rows:
        its = within.get(zone)
        if its is None:
            its = within[zone] = _Within(ZoneInfo(zone), begin, end)
        starts += [(start, id_) for start in its.starts(weekday, minute)]
    starts.sort()
    return [(_EPOCH + timedelta(minutes=start), id_) for start, id_ in starts]


async def in_order(
    tx: Transaction, starts: Mapping[str, Mapping[int, list[int]]], among: Bits, begin: datetime, end: datetime
) -> AsyncIterator[Start]:
    """The starts between two instants, at most a week apart, of these meetings, in order.

    `starts`: when any meeting starts (`Vocabulary.starts`).
    """
    coming = _coming(starts, begin, end)
    together = _TOGETHER
    while some := list(islice(coming, together)):
        of = await lists_of(tx, {term for _start, terms in some for term in terms})
        for start, terms in some:
            for id_ in merge(*(ids_in(both(of[term], among)) for term in terms)):
                yield start, id_
        together = min(2 * together, _MOST_TOGETHER)


def _coming(
    starts: Mapping[str, Mapping[int, list[int]]], begin: datetime, end: datetime
) -> Iterator[tuple[datetime, list[str]]]:
    """The instants at which any meeting starts, in order, and the terms of those that start then."""
    since, step = begin, _FIRST
    while since < end:
        until = min(since + step, end)
        found = sorted(
            (start, of_start(zone, weekday, minute))
            for zone, days in starts.items()
            for start, weekday, minute in _Within(ZoneInfo(zone), since, until).of(days)
        )
        for start, terms in groupby(found, itemgetter(0)):
            yield _EPOCH + timedelta(minutes=start), [term for _start, term in terms]
        since, step = until, step * _WIDER


class _Within:
    """When something starts between two instants by the clocks of a zone, in minutes since 1970."""

    def __init__(self, zone: ZoneInfo, begin: datetime, end: datetime) -> None:
        self._first, self._end = _minutes_until(begin), _minutes_until(end)
        self._windows: dict[int, list[tuple[int, int, int]]] = {}
        for _zone, weekday, since, until, base in _windows(zone, begin, end):
            self._windows.setdefault(weekday, []).append((since, until, base))

    def starts(self, weekday: int, minute: int) -> list[int]:
        """Of what starts at that minute of that ISO weekday."""
        return [
            base + minute
            for since, until, base in self._windows.get(weekday, ())
            if since <= minute <= until and self._first <= base + minute < self._end
        ]

    def of(self, days: Mapping[int, list[int]]) -> Iterator[tuple[int, int, int]]:
        """Each start, weekday and minute of those minutes, by weekday and in order."""
        for weekday, windows in self._windows.items():
            minutes = days.get(weekday, [])
            for since, until, base in windows:
                for minute in minutes[bisect_left(minutes, since) : bisect_right(minutes, until)]:
                    if self._first <= base + minute < self._end:
                        yield base + minute, weekday, minute


def _windows(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[_Window]:
    """Which weekdays and minutes, by the clocks of a zone, lie between two instants."""
    first, last = begin.astimezone(zone), end.astimezone(zone)
    for day in _days(first.date(), last.date()):
        midnight = instant(day, time(), zone)
        if instant(day + timedelta(days=1), time(), zone) - midnight == timedelta(days=1):
            since = first.hour * 60 + first.minute if day == first.date() else 0
            until = last.hour * 60 + last.minute if day == last.date() else _DAY_MINUTES
            yield zone.key, day.isoweekday(), since, until, _minutes(midnight)
        else:  # the clocks are changed
            for since, until in _pieces(day, zone):
                start = instant(day, time(since // 60, since % 60), zone)
                if begin - timedelta(minutes=_PIECE) < start < end:
                    yield zone.key, day.isoweekday(), since, until, _minutes(start) - since


def _pieces(day: date, zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    """First and last minutes of the pieces of a day in which clocks go as usual; of what they skip, every minute."""
    for since in range(0, _DAY_MINUTES, _PIECE):
        until = since + _PIECE - 1
        took = instant(day, time(until // 60, until % 60), zone) - instant(day, time(since // 60, since % 60), zone)
        if took == timedelta(minutes=until - since):
            yield since, until
        else:
            yield from ((minute, minute) for minute in range(since, until + 1))


def _minutes(moment: datetime) -> int:
    return int((moment - _EPOCH).total_seconds() // 60)


def _minutes_until(moment: datetime) -> int:
    return -((_EPOCH - moment) // timedelta(minutes=1))


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
