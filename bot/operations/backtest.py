"""`handrail backtest`: what the ear would have said about a community's own history. Nothing is stored.

The words are read, heard and forgotten; what is printed are counts.
"""

import json
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from bot.core.crisis import Context, Detector, Severity, Signal
from bot.operations.backtest_files import Notes, Said, Told, read_history

TOGETHER = timedelta(minutes=2)
"""Messages of one author in one place that come within this time are heard together."""

_MOST_EARLIER = 5
"""Earlier messages that the detector hears again."""

_MOST_AUTHORS = 10_000
"""Authors whose last messages are kept in mind, before those are forgotten that wrote longer ago."""

GRAVEST_FIRST = tuple(sorted(Severity, key=lambda severity: -severity.rank))


@dataclass(slots=True)
class Week:
    """One week's messages, and alerts by severity and by rule. A rule counts once for each alert that it raised."""

    messages: int = 0
    alerts: Counter[Severity] = field(default_factory=Counter)
    rules: Counter[tuple[str, Severity]] = field(default_factory=Counter)

    def count(self, signal: Signal | None) -> None:
        """One more message."""
        self.messages += 1
        if signal is not None:
            self.alerts[signal.severity] += 1
            self.rules.update((rule, signal.severity) for rule in signal.rules)

    @property
    def pages(self) -> int:
        """Alerts that page peers."""
        return sum(count for severity, count in self.alerts.items() if severity.pages)


@dataclass(slots=True)
class Tally:
    """Weeks by the Monday they begin with, in UTC; None: what has no date."""

    weeks: dict[date | None, Week] = field(default_factory=dict)

    def count(self, at: datetime | None, signal: Signal | None) -> None:
        """One more message."""
        monday = None if at is None else at.date() - timedelta(days=at.weekday())
        self.weeks.setdefault(monday, Week()).count(signal)

    @property
    def dated(self) -> list[tuple[date, Week]]:
        """The weeks that have a date, in order."""
        return sorted((monday, week) for monday, week in self.weeks.items() if monday is not None)

    @property
    def whole(self) -> Week:
        """All weeks as one."""
        whole = Week()
        for week in self.weeks.values():
            whole.messages += week.messages
            whole.alerts.update(week.alerts)
            whole.rules.update(week.rules)
        return whole


class Ear:
    """Hears messages in their order, with what their author wrote there just before."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._recent: dict[tuple[str, str], deque[tuple[datetime, str]]] = {}

    def hear(self, said: Said) -> Signal | None:
        """What the detector says about it."""
        if said.at is None or not said.author:
            return self._detector.detect(said.text)
        recent = self._recent.setdefault((said.place, said.author), deque(maxlen=_MOST_EARLIER))
        earlier = tuple(text for at, text in recent if timedelta() <= said.at - at <= TOGETHER)
        signal = self._detector.detect(said.text, Context(earlier=earlier))
        recent.append((said.at, said.text))
        if len(self._recent) > _MOST_AUTHORS:
            self._forget(said.at)
        return signal

    def _forget(self, now: datetime) -> None:
        """Forget whoever wrote longer ago; in a file out of order, everybody."""
        kept = {who: texts for who, texts in self._recent.items() if abs(now - texts[-1][0]) <= TOGETHER}
        self._recent = kept if len(kept) <= _MOST_AUTHORS // 2 else {}


def backtest(paths: Iterable[Path], detector: Detector, notes: Notes, console: Console) -> Tally:
    """Hear all files; the progress is shown at `console`, if that is a terminal."""
    tally = Tally()
    for path in paths:
        ear = Ear(detector)
        with _progress(path, console) as told:
            for said in read_history(path, notes, told):
                tally.count(said.at, ear.hear(said))
    return tally


@contextmanager
def _progress(path: Path, console: Console) -> Iterator[Told]:
    """A bar for one file, by the bytes read."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(path.name, total=path.stat().st_size if path.is_file() else None)
        yield lambda read: progress.update(task, completed=read)


def as_json(tally: Tally, notes: Notes) -> str:
    """The counts for a program."""
    undated = tally.weeks.get(None)
    weeks = [(monday.isoformat(), week) for monday, week in tally.dated]
    whole = tally.whole
    return json.dumps(
        {
            **_week_as_json(whole),
            "weeks": [
                {"week": monday, **_week_as_json(week)}
                for monday, week in [*weeks, *([(None, undated)] if undated else [])]
            ],
            "left_out": notes.counts,
        },
        ensure_ascii=False,
    )


def _week_as_json(week: Week) -> dict[str, object]:
    return {
        "messages": week.messages,
        "alerts": {severity.value: week.alerts[severity] for severity in GRAVEST_FIRST},
        "rules": {
            rule: {severity.value: week.rules[rule, severity] for severity in GRAVEST_FIRST} for rule in by_alerts(week)
        },
    }


def by_alerts(week: Week) -> list[str]:
    """The rules that raised alerts, those with the most first."""
    alerts: Counter[str] = Counter()
    for (rule, _severity), count in week.rules.items():
        alerts[rule] += count
    return sorted(alerts, key=lambda rule: (-alerts[rule], rule))
