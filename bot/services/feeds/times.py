"""When listed meetings start: wall times of many zones, brought into one order."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import JSON, ColumnElement, Integer, String, Text, and_, cast, column, func, select

from bot.core.occurrences import instant
from bot.storage.database import Transaction
from bot.storage.feed_tables import ListedMeeting, ListedTime, MeetingFeed

Start = tuple[datetime, int]
"""When a meeting starts, and its id."""

_Window = tuple[str, int, int, int, int]
"""Zone, ISO weekday, first minute, last minute, and what makes of these minutes the minutes since 1970 in UTC."""

_FIRST: Final = timedelta(minutes=5)
_WIDER: Final = 2
"""Mostly the next minutes have enough; if not, so many times as long a time is looked at, and so on."""
_QUIET: Final = timedelta(hours=6)
_LOOKED_AT: Final = 250
"""Starts that are looked at whether they fit, before only those that fit are asked for."""
_DAY_MINUTES: Final = 1440
_PIECE: Final = 30
"""Minutes that are ordered together on a day on which the clocks are changed."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


async def of_few(
    tx: Transaction, ids: Sequence[int], conditions: Sequence[ColumnElement[bool]], begin: datetime, end: datetime
) -> list[Start]:
    """All starts between two instants, at most a week apart, of a few meetings, in order."""
    query = (
        select(ListedTime.zone, ListedTime.weekday, ListedTime.minute, ListedTime.listed_id)
        .join(ListedMeeting, ListedMeeting.id == ListedTime.listed_id)
        .join(MeetingFeed, MeetingFeed.id == ListedMeeting.feed_id)
        .where(ListedTime.listed_id.in_(ids), *conditions)
    )
    known: dict[tuple[str, int, int], list[datetime]] = {}
    starts: list[Start] = []
    for zone, weekday, minute, id_ in await tx.session.execute(query):
        when = known.get((zone, weekday, minute))
        if when is None:
            when = known[zone, weekday, minute] = list(_starts(ZoneInfo(zone), weekday, minute, begin, end))
        starts += [(start, id_) for start in when]
    return sorted(starts)


def _starts(zone: ZoneInfo, weekday: int, minute: int, begin: datetime, end: datetime) -> Iterator[datetime]:
    for day in _days(begin.astimezone(zone).date(), end.astimezone(zone).date()):
        if day.isoweekday() == weekday:
            start = instant(day, time(minute // 60, minute % 60), zone)
            if begin <= start < end:
                yield start


async def in_order(
    tx: Transaction,
    zones: Sequence[ZoneInfo],
    conditions: Sequence[ColumnElement[bool]],
    words: Sequence[ColumnElement[bool]],
    begin: datetime,
    end: datetime,
    most: int,
) -> AsyncIterator[list[Start]]:
    """The starts between two instants, at most a week apart, in order, about so many at a time.

    `words` are conditions on `ListedTime` alone. Of more than `most` in one minute the rest is left out.
    """
    since, step = begin.replace(second=0, microsecond=0), _FIRST
    if since < begin:
        since += timedelta(minutes=1)
    since = await _next(tx, zones, since, end)
    while since < end:
        until = min(since + step, end)
        windows = [window for zone in zones for window in _windows(zone, since, until)]
        starts, whole = await _among_the_first(tx, windows, conditions) if not words else ([], False)
        if not whole and len(starts) < most:
            starts = await _fitting(tx, windows, [*words, *conditions], most)
            whole = len(starts) < most
        if whole:
            step *= _WIDER
        else:  # there may be more: what starts at the last minute is asked for again
            until = max(starts[-1][0], since + timedelta(minutes=1))
        if starts := [each for each in starts if since <= each[0] < end]:
            yield starts
        since = until if starts or words else await _next(tx, zones, until, end)


async def _next(tx: Transaction, zones: Sequence[ZoneInfo], since: datetime, end: datetime) -> datetime:
    """The first instant from `since` on at which anything starts, if that is within a few hours; else the last of them.

    In the small hours nothing may start for long, and each look at a piece of that time would cost as much as one at a
    piece of the evening.
    """
    until = min(since + _QUIET, end)
    if since >= until or not zones:
        return end
    windows = [window for zone in zones for window in _windows(zone, since, until)]
    zone_name, weekday, first, last, base = _given(tx, windows)
    there = (
        select(func.min(ListedTime.minute))
        .where(ListedTime.zone == zone_name, ListedTime.weekday == weekday, ListedTime.minute.between(first, last))
        .scalar_subquery()
    )
    found = await tx.session.scalar(select(func.min(base + there)))
    return until if found is None else min(max(_EPOCH + timedelta(minutes=found), since), until)


async def _among_the_first(
    tx: Transaction, windows: Sequence[_Window], conditions: Sequence[ColumnElement[bool]]
) -> tuple[list[Start], bool]:
    """Those that fit of the first starts in these windows, in order, and whether there were no more to look at.

    Mostly they are enough; and to look at so few costs little, however many start in the same minute.
    """
    start, within = _within(tx, windows)
    first = select(start, ListedTime.listed_id.label("id")).where(within).order_by(start, ListedTime.listed_id)
    looked = first.limit(_LOOKED_AT).subquery()
    query = (
        select(looked.c.start, looked.c.id, and_(*conditions).label("fits"))
        .join(ListedMeeting, ListedMeeting.id == looked.c.id)
        .join(MeetingFeed, MeetingFeed.id == ListedMeeting.feed_id)
        .order_by(looked.c.start, looked.c.id)
    )
    rows = (await tx.session.execute(query)).all()
    starts = [(_EPOCH + timedelta(minutes=minutes), id_) for minutes, id_, fits in rows if fits]
    return starts, len(rows) < _LOOKED_AT


async def _fitting(
    tx: Transaction, windows: Sequence[_Window], conditions: Sequence[ColumnElement[bool]], most: int
) -> list[Start]:
    """The first starts that fit in these windows, in order."""
    start, within = _within(tx, windows)
    query = (
        select(start, ListedTime.listed_id)
        .join(ListedMeeting, ListedMeeting.id == ListedTime.listed_id)
        .join(MeetingFeed, MeetingFeed.id == ListedMeeting.feed_id)
        .where(within, *conditions)
        .order_by(start, ListedTime.listed_id)
        .limit(most)
    )
    return [(_EPOCH + timedelta(minutes=minutes), id_) for minutes, id_ in await tx.session.execute(query)]


def _within(tx: Transaction, windows: Sequence[_Window]) -> tuple[Any, ColumnElement[bool]]:
    """When a listed time is, in minutes since 1970, and whether it is in one of the windows."""
    zone, weekday, since, until, base = _given(tx, windows)
    within = and_(ListedTime.zone == zone, ListedTime.weekday == weekday, ListedTime.minute.between(since, until))
    return (base + ListedTime.minute).label("start"), within


def _given(tx: Transaction, windows: Sequence[_Window]) -> list[Any]:
    """The five columns of a table that holds the windows.

    It is one value in JSON: a statement with so many values more for each zone would be put together anew every time,
    which takes longer than what it asks for.
    """
    text = json.dumps(windows)
    if tx.is_shared:
        rows = func.json_array_elements(cast(cast(text, Text), JSON)).table_valued(column("value", JSON))
        found = [rows.c.value.op("->>")(number) for number in range(5)]
        return [cast(found[0], String), *(cast(each, Integer) for each in found[1:])]
    rows = func.json_each(text).table_valued("value")
    return [func.json_extract(rows.c.value, f"$[{number}]", type_=Integer if number else String) for number in range(5)]


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


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
