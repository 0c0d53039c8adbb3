"""Where "now" comes from: the machine's clock, or one that a demo or a test moves by hand.

And what tells that the machine's clock was set. A machine without a battery clock boots in the past and is put right
by time synchronisation minutes later; one that was wrong in the future goes back.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

TOLERANCE = timedelta(seconds=3)
"""How far a clock may go astray between two looks before it counts as set: slewing is 0.05 %, a leap second one."""


def system_now() -> datetime:
    """The machine's time, in UTC."""
    return datetime.now(UTC)


class VirtualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock needs a time zone")
        self._now = start.astimezone(UTC)

    def __call__(self) -> datetime:
        """The time it shows, in UTC."""
        return self._now

    def move_to(self, at: datetime) -> None:
        """Show another time, never an earlier one."""
        self._now = max(self._now, at.astimezone(UTC))

    def set_to(self, at: datetime) -> None:
        """Show any other time, as a machine's clock does that somebody sets."""
        self._now = at.astimezone(UTC)


class ClockWatch:
    """Compares a clock that can be set, `now`, with one that cannot, `steady` (seconds since whenever)."""

    def __init__(self, now: Callable[[], datetime] = system_now, steady: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self._steady = steady
        self._last = self._look()

    def _look(self) -> tuple[datetime, float]:
        return self.now(), self._steady()

    def jump(self) -> timedelta:
        """By how much the clock was set since the last look; zero if by no more than `TOLERANCE`.

        Negative: it went back. Positive: it went forward, or the machine was asleep, which Linux does not count.
        """
        before, self._last = self._last, self._look()
        passed = timedelta(seconds=self._last[1] - before[1])
        jumped = self._last[0] - before[0] - passed
        return jumped if abs(jumped) > TOLERANCE else timedelta()

    def running(self) -> datetime:
        """An instant that only ever moves on, to measure pauses by: no time of day."""
        return datetime.fromtimestamp(self._steady(), UTC)
