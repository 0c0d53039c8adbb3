"""The roster: what is known of each peer, and who of them can be called at an instant."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.core.crisis.signal import Severity
from bot.core.escalation import Outcome
from bot.core.occurrences import in_quiet_hours, instant, local_date

MOST_CASES = 2
"""Open cases that a peer has at a time, unless they chose another number: nobody listens well to three."""

_REST = {Severity.EMERGENCY: timedelta(minutes=30), Severity.URGENT: timedelta(minutes=10)}
"""How long a peer is not called after the end of a case, if somebody else is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A certificate or training of a peer; `until` is its last valid local date, None if it does not expire."""

    name: str
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When a peer can be called, besides their shifts: on ISO weekdays, between two wall times of their own zone.

    An end at or before the beginning is on the next day; equal ones are the whole day.
    """

    days: frozenset[int]
    begins: time
    ends: time

    def hold(self, at: datetime, zone: ZoneInfo) -> bool:
        """Whether they can be called at the instant `at`."""
        shown = at.astimezone(zone).time()
        day = local_date(at, zone)
        if self.ends <= self.begins and shown < self.ends:
            day -= timedelta(days=1)  # what runs past midnight belongs to the day on which it began
        open_now = self.begins == self.ends or in_quiet_hours(at, zone, self.begins, self.ends)
        return open_now and day.isoweekday() in self.days


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A peer on the roster. `held` is how many open cases they have, `rest_until` when their rest is over.

    `in_danger`: a case about themselves is open, so somebody comes to them, and they come to nobody. Who has no part
    in that case must not learn of it by this.
    """

    member: int
    zone: ZoneInfo
    languages: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    credentials: tuple[Credential, ...] = ()
    hours: Hours | None = None
    most: int = MOST_CASES
    break_since: datetime | None = None
    held: int = 0
    rest_until: datetime | None = None
    in_danger: bool = False

    @property
    def lapses_at(self) -> datetime | None:
        """When the first of their credentials lapses: at the end of its last date, by their own clock."""
        ends = [
            instant(each.until + timedelta(days=1), time.min, self.zone)
            for each in self.credentials
            if each.until is not None
        ]
        return min(ends, default=None)

    @property
    def off_from(self) -> datetime | None:
        """From when on no rota counts with them; None: they are in."""
        off = [at for at in (self.lapses_at, self.break_since) if at is not None]
        return min(off, default=None)

    def is_off(self, at: datetime) -> bool:
        """Whether they take a break, or a credential has lapsed."""
        return self.off_from is not None and self.off_from <= at

    def is_resting(self, at: datetime) -> bool:
        """Whether a case has just ended for them."""
        return self.rest_until is not None and at < self.rest_until


@dataclass(frozen=True, slots=True)
class Ready:
    """Who can be called: those who are `on_call` by the rota, and all who are `available`, best first."""

    on_call: tuple[int, ...]
    available: tuple[int, ...]


def ready(roster: Sequence[Entry], on: Collection[int], at: datetime) -> Ready:
    """Who can be called at the instant `at`, where `on` are on by the rota.

    Nobody who is off, is in danger, or has as many cases as they can. Whoever rests after a case only if there is
    nobody else; whoever is on can be called whatever their hours. First those who are on, then those with fewer cases.
    """
    can = [entry for entry in roster if not (entry.is_off(at) or entry.in_danger) and entry.held < entry.most]
    there = [entry for entry in can if entry.member in on or entry.hours is None or entry.hours.hold(at, entry.zone)]
    rested = [entry for entry in there if not entry.is_resting(at)]
    called = sorted(rested or there, key=lambda entry: (entry.member not in on, entry.held, entry.member))
    return Ready(
        on_call=tuple(entry.member for entry in called if entry.member in on),
        available=tuple(entry.member for entry in called),
    )


def rest_until(severity: Severity, outcome: Outcome | None, ended_at: datetime) -> datetime:
    """Until when a peer rests after a case; a false alarm needs none."""
    rest = timedelta() if outcome is Outcome.FALSE_ALARM else _REST.get(severity, timedelta())
    return ended_at.astimezone(UTC) + rest
