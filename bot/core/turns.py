"""Whose turn it is in a meeting, and who waits: the rules of raised hands."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

MOST: Final = 50
"""Hands that can be up at once."""

LONGEST: Final = timedelta(minutes=30)
"""A turn's longest time."""


@dataclass(frozen=True, slots=True)
class Hand:
    """A member with a raised hand. `named`: shown by their chosen name; else as "somebody"."""

    member: int
    named: bool


@dataclass(frozen=True, slots=True)
class Turns:
    """Who speaks, and who comes after them, in this order. Nobody is in it twice."""

    speaking: Hand | None = None
    waiting: tuple[Hand, ...] = ()

    def place_of(self, member: int) -> int | None:
        """0 for who speaks, 1 for who is next, and so on; None for who has no hand up."""
        if self.speaking is not None and self.speaking.member == member:
            return 0
        return next((place for place, hand in enumerate(self.waiting, start=1) if hand.member == member), None)

    def raised(self, hand: Hand) -> "Turns":
        """A hand goes up, at the end; one that is up keeps its place, and is shown as was asked last.

        Raises `OverflowError` where there are `MOST` already.
        """
        place = self.place_of(hand.member)
        if place == 0:
            return replace(self, speaking=hand)
        if place is not None:
            return replace(self, waiting=(*self.waiting[: place - 1], hand, *self.waiting[place:]))
        if len(self.waiting) >= MOST:
            raise OverflowError
        return replace(self, waiting=(*self.waiting, hand))

    def lowered(self, member: int) -> "Turns":
        """A hand goes down, or a turn ends before its time; nobody else's turn begins by that."""
        speaking = None if self.place_of(member) == 0 else self.speaking
        return Turns(speaking, tuple(hand for hand in self.waiting if hand.member != member))

    def next(self) -> "Turns":
        """The turn is over; the first who waits has the next one."""
        return Turns(self.waiting[0], self.waiting[1:]) if self.waiting else Turns()

    def skipped(self) -> "Turns":
        """Who has the turn is not there: the next one has it, and they wait behind all others."""
        if self.speaking is None:
            return self.next()
        behind = (*self.waiting, self.speaking)
        return Turns(behind[0], behind[1:]) if self.waiting else Turns(None, behind)


def warned_before(turn: timedelta) -> timedelta:
    """How long before its end they are told that their turn is nearly over: half a minute, of short ones a quarter."""
    return min(timedelta(seconds=30), turn / 4)
