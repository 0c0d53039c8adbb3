"""What the audit log alone says of a case, to be compared with how the case is stored."""

import json
from dataclasses import dataclass, field
from typing import Any

from bot.core.crisis import Severity


@dataclass(slots=True)
class Replay:
    """A case as its lines of the audit log tell it."""

    policy: dict[str, Any]
    severity: Severity = Severity.URGENT
    state: str = "opened"
    holder: int | None = None
    helpers: list[int] = field(default_factory=list)
    pages: int = 0
    index: int = 0
    """The step that the next page is for."""
    last: bool = False
    """The last page was for the policy's last step, or for everybody."""
    everybody: bool = False
    """The last page was for everybody."""
    repeated: bool = False
    """The last step was paged twice since the case had nobody."""
    taken: bool = False
    ended_by: int | None = None
    paged: set[int] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    def steps(self) -> list[list[Any]]:
        """The steps for its severity."""
        if self.severity is Severity.CONCERN:
            steps = self.policy["concern"]
        elif self.severity is Severity.URGENT:
            steps = self.policy["steps"]
        else:
            steps = self.policy.get("emergency") or self.policy["steps"]
        return list(steps)

    def read(self, what: str, actor: int | None, severity: Severity) -> None:  # noqa: PLR0912  a kind of line each
        """One more line; `severity`: that of the case after it."""
        if self.severity is not severity:
            self.severity = severity
            self._from_the_first()
        match what:
            case "Opened":
                self.state = "paged"
            case "Taken":
                self._held_by(actor)
            case "Joined" if self.holder is None:
                self._held_by(actor)
            case "Joined" if actor is not None:
                self.helpers.append(actor)
            case "Left" if actor in self.helpers:
                self.helpers.remove(actor)
            case "Spoke" | "StillThere":
                self.state = "in conversation"
            case "MemberSpoke" | "Heard" if self.state in {"in conversation", "quiet"}:
                self.state = "unanswered"
            case "TimerFired" if self.state == "in conversation":
                self.state = "quiet"
            case "HandedOver":
                self._lost()
            case "was given it":
                self._held_by(actor)
            case "Ended":
                self.state, self.helpers, self.ended_by = "resolved", [], actor
            case "paged" | "counted in a page" if actor is not None:
                self.paged.add(actor)
            case _ if what.startswith("page "):
                self._page(what.partition(": ")[2])
            case "TimerFired" | "MemberSpoke" | "Heard":
                pass
            case _ if not what.startswith(("not delivered", "seen ", "beside: ", "graver ")):
                self.problems.append(f"a line of the audit log that nobody knows: {what}")

    def _page(self, whom: str) -> None:
        if self.state == "resolved":
            self.problems.append("a page after the end")
        if self.holder is not None and whom != "everybody":
            self._lost()  # their timer fired a second time
        self.everybody = whom == "everybody"
        if self.everybody:
            self.last = True
            return
        steps = self.steps()
        if steps[self.index][0] != whom:
            self.problems.append(f"paged {whom}, but step {self.index + 1} is another")
        self.pages += 1
        self.wait = steps[self.index][1]
        self.state = "paged"
        self.last = self.index == len(steps) - 1
        self.repeated = self.repeated or (self.last and self._was_last)
        self._was_last = self.last
        self.index = min(self.index + 1, len(steps) - 1)

    wait: float = 0.0
    """Seconds that the last page waits for somebody."""
    _was_last: bool = False

    def _held_by(self, actor: int | None) -> None:
        self.state, self.holder, self.taken = "acknowledged", actor, True
        self.helpers = [helper for helper in self.helpers if helper != actor]

    def _lost(self) -> None:
        self.holder, self.state = None, "paged"
        self._from_the_first()

    def _from_the_first(self) -> None:
        self.index, self._was_last, self.repeated = 0, False, False

    def differs(self, row: dict[str, Any]) -> str | None:
        """Where the stored case is not what the log says."""
        for name in ("state", "holder", "pages"):
            if row[name] != getattr(self, name):
                return f"{name} is {row[name]}, but the audit log says {getattr(self, name)}"
        if sorted(json.loads(row["helpers"])) != sorted(self.helpers):
            return "other helpers than the audit log says"
        return None
