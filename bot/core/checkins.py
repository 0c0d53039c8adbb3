"""Check-ins: the moods, which local date has its question when, and what a month of answers looks like."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import IntEnum
from zoneinfo import ZoneInfo

from bot.core.occurrences import Occurrence, instant, local_date, next_daily
from bot.core.words import Text, _, _n


class Mood(IntEnum):
    """How a member says they are, from hardest to best."""

    HARD = 1
    LOW = 2
    OKAY = 3
    GOOD = 4
    GREAT = 5


MOODS: dict[Mood, Text] = {
    Mood.GREAT: _("😄 Great"),
    Mood.GOOD: _("🙂 Good"),
    Mood.OKAY: _("😐 Okay"),
    Mood.LOW: _("🙁 Low"),
    Mood.HARD: _("😣 Hard"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn:
    """One member's answer for one of their local days; `mood` None is "not today"."""

    day: date
    mood: Mood | None
    note: str | None = None


_LOOK_BACK = timedelta(days=3)
"""Any three days have a daily occurrence in them, also where a place skips a date."""


def next_question(
    wall: time, zone: ZoneInfo, *, after: datetime, asked: Collection[date], planned: date | None = None
) -> Occurrence:
    """When the member is asked next, and for which of their local dates; `after` is an aware instant.

    Every local date on which a member lives to see their wall time has one question, wherever they go:

    - a date that has had its question (`asked`) has no second one: who flies west sees its wall time twice;
    - a date before one that was asked has its own all the same, if the member comes back to it;
    - who flies east over the wall time of the date they arrive on is asked at once, at `after`. To tell that from a
      schedule that began after today's wall time, a move names `planned`, the date whose question came next
      by the clock that was left. None: no move, and what is past is past;
    - a date that is over when they arrive, its wall time never seen, has none: an answer is for today.
    """
    today = local_date(after, zone)
    if planned is not None and planned <= today and today not in asked and instant(today, wall, zone) <= after:
        return Occurrence(today, after)
    coming = next_daily(wall, zone, after)
    while coming.day in asked:
        coming = next_daily(wall, zone, coming.at)
    return coming


def latest_question(wall: time, zone: ZoneInfo, due: Occurrence, *, now: datetime) -> Occurrence:
    """Of the questions that have become due from `due` to `now` by this clock, the last.

    After a downtime only that one can still be of use.
    """
    latest = due
    if now - due.at > _LOOK_BACK:
        latest = next_daily(wall, zone, now - _LOOK_BACK)
    while (coming := next_daily(wall, zone, latest.at)).at <= now:
        latest = coming
    return latest


_GLYPHS = {Mood.HARD: "▁", Mood.LOW: "▃", Mood.OKAY: "▄", Mood.GOOD: "▆", Mood.GREAT: "█", None: "·"}


def draw_month(checkins: Sequence[CheckIn], *, until: date) -> str:
    """The days of `until`'s month as a row of bars, one a day; a dot is a day without an answer."""
    moods = {c.day: c.mood for c in checkins}
    return "".join(_GLYPHS[moods.get(until.replace(day=day))] for day in range(1, until.day + 1))


def summarise(checkins: Sequence[CheckIn]) -> Text:
    """How often each mood was chosen, without any judgement."""
    counted = Counter(c.mood for c in checkins if c.mood is not None)
    if not counted:
        return _("No check-ins yet this month. Whenever you like.")
    total = sum(counted.values())
    parts: Text = _("{mood} × {times}", mood=MOODS[max(counted)], times=counted[max(counted)])
    for mood in sorted(counted, reverse=True)[1:]:
        parts = _("{before}, {mood} × {times}", before=parts, mood=MOODS[mood], times=counted[mood])
    return _(
        "{count}: {moods}",
        count=_n("You checked in once", "You checked in {n} times", n=total),
        moods=parts,
    )
