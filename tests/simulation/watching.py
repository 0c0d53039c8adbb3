"""What must hold after every transaction, read from the stored cases, the audit log and the outbox themselves."""

import json
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from bot.core.crisis import Severity
from bot.core.escalation import QUIET, SILENCE
from bot.scheduling.clock import VirtualClock
from bot.services.escalations.store import ENTERED
from simulation.audit import Replay
from simulation.town import Roster

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ENOUGH = 100
"""Broken invariants after which there is nothing more to learn from a run."""


class Broken(AssertionError):
    """An invariant does not hold; the message has the seed that replays it."""


@dataclass(slots=True)
class Result:
    """What came of it. Times are in seconds of the virtual clock."""

    seed: int
    cases: int = 0
    transactions: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    invariants_broken: list[str] = field(default_factory=list)
    first_answer: list[float] = field(default_factory=list)
    acknowledged: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Watched:
    """A case as the simulation knows it."""

    replay: Replay
    opened_at: datetime
    community: int
    member: int
    shunned: bool
    """Nobody comes until the last step of its policy was repeated."""
    policy: str
    paged_at: datetime = START
    plan: str = ""


class Watch:
    """Looks at everything; `strict` raises `Broken` at the first invariant that does not hold."""

    def __init__(self, seed: int, wanted: int, *, strict: bool) -> None:
        self.random = Random(seed)
        self.result = Result(seed)
        self.wanted = wanted
        self.strict = strict
        self.clock = VirtualClock(START)
        self.raw = sqlite3.connect(":memory:", check_same_thread=False)
        self.roster = Roster()
        self.cases: dict[int, Watched] = {}
        self.done: set[int] = set()
        self.last_event = self.last_delivery = 0
        self.put_up_with = False

    def begins(self, case_id: int, case: Watched, holder: int) -> None:
        """Somebody has the case now."""
        raise NotImplementedError

    def look(self, *, put_up_with: bool = False) -> None:
        """Every invariant, after every transaction; `put_up_with`: the bot has put up with a fault in it."""
        self.put_up_with = put_up_with
        touched = self._read_log()
        self._look_at_deliveries()
        columns = "id, state, holder, next_at, pages, helpers, severity, open_for, member_id, policy"
        where = f"open_for IS NOT NULL OR id IN ({','.join(map(str, touched)) or '0'})"
        for values in self.raw.execute(f"SELECT {columns} FROM cases WHERE {where}").fetchall():  # noqa: S608  numbers
            row = dict(zip(columns.split(", "), values, strict=True))
            id_ = row["id"]
            case = self.cases.get(id_)
            if case is None:
                self.broken(id_, "a case that the audit log does not know")
                continue
            if row["open_for"] is not None and row["next_at"] is None:
                self.broken(id_, "open, without a timer")
            self._look_at_timer(id_, case, row)
            if row["policy"] != case.policy:
                self.broken(id_, "its policy has changed")
            if difference := case.replay.differs(row):
                self.broken(id_, difference)
            for problem in case.replay.problems:
                self.broken(id_, problem)
            case.replay.problems.clear()
            if row["open_for"] is None:
                self._over(id_, case)

    def _look_at_timer(self, id_: int, case: Watched, row: dict[str, Any]) -> None:
        """The timer of an open case fires soon enough, and is not overdue. A fault may put it off by a minute."""
        if row["open_for"] is None or row["next_at"] is None:
            return
        at = datetime.fromisoformat(row["next_at"]).replace(tzinfo=UTC)
        silence = QUIET if row["state"] in {"in conversation", "quiet"} else SILENCE
        latest = (
            case.paged_at + timedelta(seconds=case.replay.wait) if row["holder"] is None else self.clock() + silence
        )
        if at > max(latest, self.clock()) + 2 * MINUTE:
            self.broken(id_, "its timer is later than its policy says")
        if at < self.clock() - 10 * MINUTE:
            self.broken(id_, "its timer is overdue")

    def _read_log(self) -> set[int]:
        """The new lines of the audit log; which cases they are about."""
        query = (
            "SELECT e.id, e.case_id, e.what, e.actor, c.severity, c.community_id, c.member_id, c.policy"
            " FROM case_events e JOIN cases c ON c.id = e.case_id WHERE e.id > ? ORDER BY e.id"
        )
        touched = set()
        for id_, case_id, what, actor, severity, community, member, policy in self.raw.execute(
            query, (self.last_event,)
        ).fetchall():
            self.last_event = id_
            touched.add(case_id)
            case = self.cases.get(case_id)
            if what == "Opened":
                replay = Replay(json.loads(policy), Severity(severity))
                shunned = self.random.random() < 0.08
                case = self.cases[case_id] = Watched(replay, self.clock(), community, member, shunned, policy)
                self.result.cases += 1
                self._must_be_answered(case_id)
            if case is None:
                if case_id not in self.done or what.startswith("page"):
                    self.broken(case_id, f"{what}, of a case that is not open")
                continue
            case.replay.read(what, actor, Severity(severity))
            if what in ENTERED and self._is_in_danger(actor):
                self.broken(case_id, "somebody came to it who is in danger themselves")
            if what in ENTERED and case.replay.holder == actor:
                self.begins(case_id, case, actor)
            if what.startswith("page "):
                case.paged_at = self.clock()
            if what == "paged":
                self._may_be_paged(case_id, case, actor)
        return touched

    def _must_be_answered(self, case_id: int) -> None:
        found = self.raw.execute("SELECT 1 FROM deliveries WHERE key = ?", (f"case:{case_id}:member:answer",))
        if found.fetchone() is None:
            self.broken(case_id, "its member has no answer in the outbox")

    def _may_be_paged(self, case_id: int, case: Watched, actor: int) -> None:
        # Where the rota could not be read all peers are called.
        if actor in self.roster.off[case.community] and not case.replay.last and not self.put_up_with:
            self.broken(case_id, "somebody was paged who is off, full or resting")
        if actor == case.member:
            self.broken(case_id, "a member was paged about themself")
        elif self._is_in_danger(actor) and not case.replay.everybody:
            self.broken(case_id, "somebody was paged who is in danger themselves")

    def _is_in_danger(self, person: int) -> bool:
        """Whether a case about them is open that is no mere concern."""
        return any(
            case.member == person and case.replay.state != "resolved" and case.replay.severity is not Severity.CONCERN
            for case in self.cases.values()
        )

    def _look_at_deliveries(self) -> None:
        query = "SELECT id, key, member_id FROM deliveries WHERE id > ? AND key LIKE 'page:%' ORDER BY id"
        for _id, key, member in self.raw.execute(query, (self.last_delivery,)).fetchall():
            parts = key.split(":")
            if parts[1] == "flood":
                continue
            case = self.cases.get(int(parts[1]))
            if case is None or case.replay.state == "resolved":
                self.broken(int(parts[1]), "a page after the end")
            elif member is not None and member not in case.replay.paged:
                self.broken(int(parts[1]), "a page that is not in the audit log")

    def _over(self, case_id: int, case: Watched) -> None:
        """Count how a case has ended."""
        replay = case.replay
        if replay.taken:
            how = "taken"
        elif replay.ended_by == case.member:
            how = "by its member"
        elif replay.repeated:
            how = "every step tried and repeated"
        else:
            how = "lost"
            self.broken(case_id, "it was neither taken, nor every step of its policy tried and repeated")
        self.result.ends[how] += 1
        self.done.add(case_id)
        del self.cases[case_id]

    def conclude(self) -> None:
        ended = self.raw.execute("SELECT count(*) FROM cases WHERE open_for IS NULL").fetchone()[0]
        if ended != self.result.cases:
            self.broken(0, "there are cases that were never looked at")

    def broken(self, case_id: int, what: str) -> None:
        """An invariant does not hold."""
        told = (
            f"seed {self.result.seed}, case {case_id} at {self.clock():%d %b %H:%M:%S}: {what};"
            f" again with: python -m bench.duty --cases {self.wanted} --seed {self.result.seed}"
        )
        self.result.invariants_broken.append(told)
        if self.strict or len(self.result.invariants_broken) > 100:
            raise Broken(told)
