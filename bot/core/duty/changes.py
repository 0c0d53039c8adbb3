"""What people change of a rota: shifts that are handed on, and times in which somebody else is on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.core.commands import BadValue
from bot.core.duty.rota import Rota, Shift, shift_on, shifts
from bot.core.words import _

LONGEST_OVERRIDE = timedelta(days=31)
"""Whoever is away for longer is better taken out of the rota."""

_AROUND = timedelta(days=2)
"""No shift is longer than this, whatever the clocks do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """The shift of `rota` that begins on the local date `day` goes from `giver` to `taker`."""

    rota: int
    day: date
    giver: int
    taker: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """From `begin` to `end` (not included) `member` is on in `rota`, and nobody else, whatever its shifts say.

    `member` None: nobody is, and the cover gap is told as one.
    """

    rota: int
    begin: datetime
    end: datetime
    member: int | None


def in_shift(shift: Shift, handed: Iterable[Handed]) -> tuple[int, ...]:
    """Who is in a planned shift after it was handed on; a change by somebody who does not have it changes nothing."""
    people = list(shift.people)
    for change in handed:
        mine = (change.rota, change.day) == (shift.rota, shift.day)
        if mine and change.giver in people and change.taker not in people:
            people[people.index(change.giver)] = change.taker
    return tuple(people)


def check_override(
    known: Iterable[Override], *, rota: int, begin: datetime, end: datetime, member: int | None, now: datetime
) -> Override:
    """The override, if it makes sense beside those that are `known`; raises `BadValue`."""
    if end <= begin:
        raise BadValue(_("That ends before it begins. Until when?"), parameter="until")
    if end <= now:
        raise BadValue(_("That time has passed already. When shall it be?"), parameter="start")
    if end - begin > LONGEST_OVERRIDE:
        raise BadValue(_("At most 31 days. For longer, change the rota itself."), parameter="until")
    if any(other.rota == rota and other.begin < end and begin < other.end for other in known):
        raise BadValue(
            _("Somebody is put on for a part of that time already. Take that back first, with “rota undo”."),
            parameter="start",
        )
    return Override(rota=rota, begin=begin, end=end, member=member)


def check_swap(
    rotas: Sequence[Rota],
    handed: Sequence[Handed],
    *,
    giver: int,
    given: tuple[int, date],
    taker: int,
    taken: tuple[int, date] | None,
    now: datetime,
) -> tuple[Handed, ...]:
    """What a swap changes: `giver` gives the shift `given` to `taker`, perhaps for that one's shift `taken`.

    A shift is named by its rota and local date. Raises `BadValue` with the reason: it is not theirs, it has begun,
    somebody would be on twice at the same time, or it would go round in a circle.
    """
    if giver == taker:
        raise BadValue(_("A swap needs somebody else. With whom?"), parameter="person")
    if given == taken:
        raise BadValue(_("These are the same shift. Which one do you take in return?"), parameter="take")
    wanted = [(given, giver, taker)] + ([] if taken is None else [(taken, taker, giver)])
    changes = tuple(Handed(rota=s[0], day=s[1], giver=of, taker=to) for s, of, to in wanted)
    for (rota_id, day), of, to in wanted:
        shift = _shift(rotas, rota_id, day)
        held = () if shift is None else in_shift(shift, handed)
        if shift is None or of not in held:
            yours = of == giver
            raise BadValue(
                _("You do not have that shift. See “rota”.")
                if yours
                else _("They do not have that shift. See “rota”."),
                parameter="shift" if yours else "take",
            )
        if shift.begin <= now:
            raise BadValue(
                _("That shift has begun. If you cannot be there: “break”, and others are called."), parameter="shift"
            )
        if to in held or any(c.giver == to for c in handed if (c.rota, c.day) == (rota_id, day)):
            raise BadValue(
                _(
                    "That would go round in a circle: they had this shift themselves, and gave it away. An organizer"
                    " can put somebody on with “rota put”."
                ),
                parameter="person",
            )
    for (rota_id, day), _of, to in wanted:
        shift = _shift(rotas, rota_id, day)
        assert shift is not None  # noqa: S101  looked at above
        if _is_on_besides(rotas, (*handed, *changes), shift, to):
            raise BadValue(
                _("One of you would have two shifts at the same time. Ask somebody else, or for another shift."),
                parameter="person",
            )
    return changes


def _shift(rotas: Sequence[Rota], rota_id: int, day: date) -> Shift | None:
    return next((shift_on(rota, day) for rota in rotas if rota.id == rota_id), None)


def _is_on_besides(rotas: Sequence[Rota], handed: Sequence[Handed], shift: Shift, member: int) -> bool:
    """Whether `member` has another shift at the time of `shift`."""
    around = (
        other
        for rota in rotas
        for other in shifts(rota, shift.begin - _AROUND, shift.end + _AROUND)
        if other.begin < shift.end and shift.begin < other.end
    )
    return any(
        member in in_shift(other, handed) for other in around if (other.rota, other.day) != (shift.rota, shift.day)
    )
