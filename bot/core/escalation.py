"""The life of an escalation: a pure state machine, `(case, event, now) → (case, effects)`.

    opened → paged → acknowledged → in conversation → resolved
                ↑         |               |
                +---------+---- handed over (to nobody: paged again; to a peer: acknowledged)

An open case always has either a person (`holder`) or a timer (`next_at`), and a person who leaves the member
without a word has a timer too; only a person's word ends it.
The policy is copied onto the case when it opens, so an edit never changes a running case.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.crisis.signal import Severity


class Whom(StrEnum):
    """Who is paged by a step."""

    ROOM = "room"
    PEERS = "peers"
    MODERATORS = "moderators"
    ORGANIZERS = "organizers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Page `whom`, then wait this long for somebody to take the case."""

    whom: Whom
    wait: timedelta


Policy = tuple[Step, ...]
"""The steps in order, at least one; the last one repeats until a person answers."""

DEFAULT_POLICY: Policy = (
    Step(whom=Whom.ROOM, wait=timedelta(minutes=3)),
    Step(whom=Whom.ROOM, wait=timedelta(minutes=3)),
    Step(whom=Whom.PEERS, wait=timedelta(minutes=5)),
    Step(whom=Whom.MODERATORS, wait=timedelta(minutes=10)),
)

SILENCE = timedelta(minutes=10)
"""So long a holder may leave the member without a word before they are asked, and again before others are called."""

LATE = timedelta(minutes=10)
"""After this long without a person the member is told honestly that it takes longer."""


class State(StrEnum):
    """Where a case stands."""

    OPENED = "opened"
    PAGED = "paged"
    ACKNOWLEDGED = "acknowledged"
    IN_CONVERSATION = "in conversation"
    RESOLVED = "resolved"


class Outcome(StrEnum):
    """How a case ended, in the word of the person who ended it."""

    SAFE = "safe"
    SERVICES = "services"
    DECLINED = "declined"
    FALSE_ALARM = "false-alarm"
    ERASED = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One escalation.

    `holder` is the member id of the peer who has it; `nudged`: they were asked whether they are with the member;
    `version` rises with every change.
    """

    policy: Policy
    severity: Severity
    opened_at: datetime
    state: State = State.OPENED
    step: int = 0
    pages: int = 0
    next_at: datetime | None = None
    holder: int | None = None
    told_late: bool = False
    nudged: bool = False
    outcome: Outcome | None = None
    version: int = 0

    @property
    def is_open(self) -> bool:
        """Whether nobody has ended it yet."""
        return self.state is not State.RESOLVED


# Events


@dataclass(frozen=True, slots=True)
class Opened:
    """The case begins."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Another signal of the same member: it joins the case."""

    severity: Severity


@dataclass(frozen=True, slots=True)
class TimerFired:
    """`next_at` has come."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A person says "I'm on it"."""

    by: int


@dataclass(frozen=True, slots=True)
class Spoke:
    """The peer's words went to the member."""


@dataclass(frozen=True, slots=True)
class MemberSpoke:
    """The member's words went to the peer, and wait for an answer."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The holder gives the case back: somebody else is to be found."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A person ends the case."""

    outcome: Outcome


Event = Opened | Heard | TimerFired | Taken | Spoke | MemberSpoke | HandedOver | Ended


# Effects


@dataclass(frozen=True, slots=True)
class Page:
    """Tell `whom` about the case; `number` counts the case's pages from 1."""

    whom: Whom
    number: int


@dataclass(frozen=True, slots=True)
class AnswerMember:
    """Tell the member at once what happens next, with helplines."""


@dataclass(frozen=True, slots=True)
class TellMemberLate:
    """Tell the member honestly that nobody has come yet."""


@dataclass(frozen=True, slots=True)
class OpenRelay:
    """Tell the member that a person is here, and the peer how to talk to them."""

    peer: int


@dataclass(frozen=True, slots=True)
class TellHolder:
    """Tell the holder that the member was heard again, as severe as `severity`."""

    severity: Severity


@dataclass(frozen=True, slots=True)
class Nudge:
    """Ask the holder whether they are with the member."""

    holder: int


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Tell the member that `holder`, if there was one, is gone, and who gave the case back that others are called."""

    holder: int | None


@dataclass(frozen=True, slots=True)
class CloseRelay:
    """Tell both that the conversation has ended."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class AlreadyTaken:
    """The action came too late: somebody else has the case."""

    holder: int


@dataclass(frozen=True, slots=True)
class AlreadyEnded:
    """The action came too late: the case has ended."""


Effect = (
    Page
    | AnswerMember
    | TellMemberLate
    | OpenRelay
    | TellHolder
    | Nudge
    | GiveBack
    | CloseRelay
    | AlreadyTaken
    | AlreadyEnded
)


def advance(case: Case, event: Event, now: datetime) -> tuple[Case, tuple[Effect, ...]]:
    """The case after `event`, and what must be said; a stale event changes nothing."""
    if not case.is_open:
        return case, () if isinstance(event, TimerFired | Heard | Spoke | MemberSpoke) else (AlreadyEnded(),)
    after, effects = _advance_open(case, event, now)
    return (after if after == case else replace(after, version=case.version + 1)), effects


def _advance_open(case: Case, event: Event, now: datetime) -> tuple[Case, tuple[Effect, ...]]:
    after: Case
    effects: tuple[Effect, ...]
    match event:
        case Opened():
            after, effects = _opened(case, now)
        case Heard(severity):
            after, effects = _heard(case, severity, now)
        case TimerFired():
            after, effects = _timer_fired(case, now)
        case Taken(by):
            after, effects = _taken(case, by, now)
        case Spoke() | MemberSpoke():
            after, effects = _spoke(case, event, now), ()
        case HandedOver():
            after, effects = _given_back(case, now)
        case Ended(outcome):
            after = replace(case, state=State.RESOLVED, outcome=outcome, next_at=None)
            effects = (CloseRelay(outcome),)
    return after, effects


def _opened(case: Case, now: datetime) -> tuple[Case, tuple[Effect, ...]]:
    if case.state is not State.OPENED:
        return case, ()
    paged, effects = _page(case, now)
    # The page first: the answer must not say that somebody was told when there is nobody.
    return paged, (*effects, AnswerMember())


def _taken(case: Case, by: int, now: datetime) -> tuple[Case, tuple[Effect, ...]]:
    if case.holder is not None:
        return case, (AlreadyTaken(case.holder),)
    taken = replace(case, state=State.ACKNOWLEDGED, holder=by, nudged=False, next_at=now + SILENCE)
    return taken, (OpenRelay(by),)


def _spoke(case: Case, event: Spoke | MemberSpoke, now: datetime) -> Case:
    """The peer's words stop the timer of their silence, the member's start it."""
    if case.holder is None:
        return case
    if isinstance(event, Spoke):
        return replace(case, state=State.IN_CONVERSATION, nudged=False, next_at=None)
    return replace(case, next_at=case.next_at or now + SILENCE)


def _given_back(case: Case, now: datetime) -> tuple[Case, tuple[Effect, ...]]:
    """Somebody else is called, from the first step on; a case that nobody has is being called for already."""
    if case.holder is None:
        return case, (GiveBack(None),)
    paged, effects = _page(replace(case, holder=None, step=0, nudged=False, told_late=False), now)
    return paged, (GiveBack(case.holder), *effects)


def _page(case: Case, now: datetime) -> tuple[Case, tuple[Effect, ...]]:
    """Page the current step and set the timer for the next one; the last step repeats."""
    step = case.policy[min(case.step, len(case.policy) - 1)]
    paged = replace(
        case,
        state=State.PAGED,
        step=min(case.step + 1, len(case.policy) - 1),
        pages=case.pages + 1,
        next_at=now + step.wait,
    )
    return paged, (Page(step.whom, paged.pages),)


def _heard(case: Case, severity: Severity, now: datetime) -> tuple[Case, tuple[Effect, ...]]:
    raised = severity.rank > case.severity.rank
    after = replace(case, severity=severity) if raised else case
    if case.holder is not None:
        return replace(after, next_at=after.next_at or now + SILENCE), (TellHolder(severity),)
    return _page(after, now) if raised else (after, ())


def _timer_fired(case: Case, now: datetime) -> tuple[Case, tuple[Effect, ...]]:
    if case.next_at is None or now < case.next_at:
        return case, ()
    if case.holder is not None and not case.nudged:
        return replace(case, nudged=True, next_at=now + SILENCE), (Nudge(case.holder),)
    if case.holder is not None:
        return _given_back(case, now)
    paged, effects = _page(case, now)
    if not case.told_late and now - case.opened_at >= LATE:
        return replace(paged, told_late=True), (*effects, TellMemberLate())
    return paged, effects
