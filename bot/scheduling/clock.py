"""Where "now" comes from: the machine's clock, or one that a demo or a test moves by hand."""

from datetime import UTC, datetime


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
