"""What an import has done, for a person and for a program."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from bot.core.meetings.model import Meeting, Refusal, Status, ZoneFrom

REFUSED_KEPT = 1000
"""Refusals that are told one by one; all are counted."""


@dataclass(slots=True, kw_only=True)
class Report:
    """What became of a source's records.

    `merged` are copies: the same record again, or a meeting that another feed lists too. `inactive` do not take
    place now. `problem` says why nothing was taken; then what was there before is `kept`.
    """

    source: str
    kind: str = "unknown"
    programme: str | None = None
    records: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    merged: int = 0
    inactive: int = 0
    refused: list[Refusal] = field(default_factory=list)
    refusals: int = 0
    irregular: int = 0
    doubts: Counter[str] = field(default_factory=Counter)
    zones: Counter[str] = field(default_factory=Counter)
    clocks: Counter[str] = field(default_factory=Counter)
    """Zones of those whose own words or place tell theirs."""
    assumed: str | None = None
    """The community's zone, where it was taken for those that tell none."""
    statuses: Counter[str] = field(default_factory=Counter)
    problem: str | None = None
    kept: bool = False
    not_modified: bool = False
    dry_run: bool = False
    explains: bool = False
    """It lists no meetings, and says what is in those that were read with it."""

    @property
    def taken(self) -> int:
        """Records that are meetings of their own."""
        return self.added + self.changed + self.unchanged

    def refuse(self, refusal: Refusal) -> None:
        """Count a refusal, and tell it if there are not too many."""
        self.refusals += 1
        if len(self.refused) < REFUSED_KEPT:
            self.refused.append(refusal)

    def count(self, meeting: Meeting) -> None:
        """Count what is to be known of a meeting."""
        self.statuses[str(meeting.status)] += 1
        self.inactive += meeting.status in (Status.INACTIVE, Status.TEMPORARILY_CLOSED)
        self.irregular += bool(meeting.irregular)
        if meeting.doubts:
            self.doubts.update(meeting.doubts)
        if meeting.zone_from is not ZoneFrom.UNKNOWN or not meeting.by_appointment:
            self.zones[str(meeting.zone_from)] += 1
        if meeting.zone_from in (ZoneFrom.RECORD, ZoneFrom.PLACE) and meeting.zone:
            self.clocks[meeting.zone] += 1
        elif meeting.zone_from is ZoneFrom.COMMUNITY:
            self.assumed = meeting.zone

    def as_json(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        return {
            "source": self.source,
            "kind": self.kind,
            "programme": self.programme,
            "records": self.records,
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "gone": self.gone,
            "merged": self.merged,
            "inactive": self.inactive,
            "refused": [{"record": refusal.record, "reason": refusal.reason} for refusal in self.refused],
            "refusals": self.refusals,
            "irregular": self.irregular,
            "statuses": dict(sorted(self.statuses.items())),
            "zones": dict(sorted(self.zones.items())),
            "clocks": dict(sorted(self.clocks.items())),
            "assumed_zone": self.assumed,
            "doubts": dict(sorted(self.doubts.items())),
            "not_modified": self.not_modified,
            "kept": self.kept,
            "problem": self.problem,
            "dry_run": self.dry_run,
        }
