"""Check-ins: the moods, and what a month of them looks like."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

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
