"""The life of an escalation: a pure state machine, `(case, event, now) → (case, effects)`.

    opened → paged → acknowledged → in conversation → resolved
                ↑         |               |
                +---------+---- handed over (to nobody: paged again; to a peer: acknowledged)

An open case always has either a person (`holder`) or a timer (`next_at`), and a person who leaves the member
without a word has a timer too; only a person's word ends it. Others may join whoever holds it (`helpers`): they read
and write with them, but the case is the holder's to keep, to hand over and to end.
The policies are copied onto the case when it opens, so an edit never changes a running case. docs/escalation.md has
the whole of it as a picture.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.crisis.signal import Severity
from bot.core.policy import Policies, Policy, Step

SILENCE = timedelta(minutes=10)
"""So long a holder may leave the member without a word before they are asked, and again before others are called."""

LATE = timedelta(minutes=10)
"""After this long without a person the member is told honestly that it takes longer."""

TOLD_AGAIN = timedelta(minutes=5)
"""How long the peers in a case are not told of another signal that is no worse: of words that they read anyway, and of
words that they would not see. A member who writes much at once must not be drowned out by the bot."""


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

    `holder` is the member id of the peer who has it, `helpers` are those who have joined them; `nudged`: they were
    asked whether they are with the member; `heard_at`: when they were told of a signal last; `turn` rises whenever the
    case gets or loses a holder, which makes the buttons that the one before was given stale; `version` rises with every
    change.
    """

    policies: Policies
    severity: Severity
    opened_at: datetime
    state: State = State.OPENED
    step: int = 0
    pages: int = 0
    next_at: datetime | None = None
    holder: int | None = None
    helpers: tuple[int, ...] = ()
    turn: int = 0
    told_late: bool = False
    nudged: bool = False
    heard_at: datetime | None = None
    outcome: Outcome | None = None
    version: int = 0

    @property
    def is_open(self) -> bool:
        """Whether nobody has ended it yet."""
        return self.state is not State.RESOLVED

    @property
    def policy(self) -> Policy:
        """The steps for a case as severe as this one is now."""
        return self.policies.of(self.severity)


# Events


@dataclass(frozen=True, slots=True)
class Opened:
    """The case begins."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Another signal of the same member: it joins the case. `read`: the peers in it read the words themselves."""

    severity: Severity
    read: bool = False


@dataclass(frozen=True, slots=True)
class TimerFired:
    """`next_at` has come."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """The step that was paged last reaches nobody: the next one is due at once."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A person says "I'm on it"."""

    by: int


@dataclass(frozen=True, slots=True)
class Joined:
    """A second person comes to help the holder; where there is none, they take the case."""

    by: int


@dataclass(frozen=True, slots=True)
class Left:
    """A helper goes."""

    by: int


@dataclass(frozen=True, slots=True)
class Spoke:
    """The peer's words went to the member."""


@dataclass(frozen=True, slots=True)
class MemberSpoke:
    """The member's words went to the peer, and wait for an answer."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The holder gives the case to `to`, or back: somebody else is to be found. `turn`: that of the button."""

    to: int | None = None
    turn: int | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """A person ends the case. `turn`: that of the button they pressed."""

    outcome: Outcome
    turn: int | None = None


Event = Opened | Heard | TimerFired | Skipped | Taken | Joined | Left | Spoke | MemberSpoke | HandedOver | Ended


# Effects


@dataclass(frozen=True, slots=True)
class Page:
    """Tell those whom `step` names; `number` counts the case's pages from 1; `last`: it is the policy's last step."""

    step: Step
    number: int
    last: bool = False


@dataclass(frozen=True, slots=True)
class AnswerMember:
    """Tell the member at once what happens next, with helplines."""


@dataclass(frozen=True, slots=True)
class TellMemberLate:
    """Tell the member honestly that nobody has come yet."""


@dataclass(frozen=True, slots=True)
class OpenRelay:
    """Tell the member that a person is here (`instead` of another who has gone), and the peer how to talk to them."""

    peer: int
    instead: int | None = None


@dataclass(frozen=True, slots=True)
class LetIn:
    """Tell all in the case that `helper` has come, and the helper how to talk."""

    helper: int


@dataclass(frozen=True, slots=True)
class LetOut:
    """Tell all in the case that `helper` has gone."""

    helper: int


@dataclass(frozen=True, slots=True)
class TellHolder:
    """Tell the holder, and all who have joined them, that the member was heard again, as severe as `severity`."""

    severity: Severity


@dataclass(frozen=True, slots=True)
class Nudge:
    """Ask the holder whether they are with the member."""

    holder: int


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Tell the member and `holder`, if there was one, that it is theirs no more, and who comes instead.

    `to` None: others are called.
    """

    holder: int | None
    to: int | None = None


@dataclass(frozen=True, slots=True)
class CloseRelay:
    """Tell all in it that the conversation has ended: the member, the holder and the `helpers`."""

    outcome: Outcome
    helpers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class AlreadyTaken:
    """The action came too late: somebody else has the case."""

    holder: int


@dataclass(frozen=True, slots=True)
class NotYours:
    """The action is of a time when things were different: the button is old, or its presser not in the case."""


@dataclass(frozen=True, slots=True)
class AlreadyEnded:
    """The action came too late: the case has ended."""


Effect = (
    Page
    | AnswerMember
    | TellMemberLate
    | OpenRelay
    | LetIn
    | LetOut
    | TellHolder
    | Nudge
    | GiveBack
    | CloseRelay
    | AlreadyTaken
    | NotYours
    | AlreadyEnded
)


def advance(case: Case, event: Event, now: datetime) -> tuple[Case, tuple[Effect, ...]]:
    """The case after `event`, and what must be said; a stale event changes nothing."""
    if not case.is_open:
        return case, () if isinstance(event, TimerFired | Skipped | Heard | Spoke | MemberSpoke) else (AlreadyEnded(),)
    after, effects = _advance_open(case, event, now)
    return (after if after == case else replace(after, version=case.version + 1)), effects


def _advance_open(case: Case, event: Event, now: datetime) -> tuple[Case, tuple[Effect, ...]]:
    after: Case
    effects: tuple[Effect, ...]
    if isinstance(event, HandedOver | Ended) and event.turn not in {None, case.turn}:
        return case, (NotYours(),)
    match event:
        case Opened():
            after, effects = _opened(case, now)
        case Heard(severity, read):
            after, effects = _heard(case, severity, read, now)
        case TimerFired():
            after, effects = _timer_fired(case, now)
        case Skipped():
            after, effects = _page(case, now) if case.state is State.PAGED else (case, ())
        case Taken(by):
            after, effects = _taken(case, by, now)
        case Joined(by):
            after, effects = _joined(case, by, now)
        case Left(by):
            after, effects = _left(case, by)
        case Spoke() | MemberSpoke():
            after, effects = _spoke(case, event, now), ()
        case HandedOver(to):
            after, effects = _given_back(case, now) if to is None else _given_to(case, to, now)
        case Ended(outcome):
            ended = replace(case, state=State.RESOLVED, outcome=outcome, next_at=None)
            after = replace(ended, turn=case.turn + 1, helpers=())
            effects = (CloseRelay(outcome, case.helpers),)
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
    return _held(case, by, now), (OpenRelay(by),)


def _held(case: Case, by: int, now: datetime) -> Case:
    """The case with another holder, whose silence is timed from now on."""
    return replace(
        case,
        state=State.ACKNOWLEDGED,
        holder=by,
        helpers=_without(case.helpers, by),
        turn=case.turn + 1,
        nudged=False,
        heard_at=None,
        next_at=now + SILENCE,
    )


def _joined(case: Case, by: int, now: datetime) -> tuple[Case, tuple[Effect, ...]]:
    if case.holder is None:
        return _taken(case, by, now)
    if by in {case.holder, *case.helpers}:
        return case, (AlreadyTaken(by),)
    return replace(case, helpers=(*case.helpers, by)), (LetIn(by),)


def _left(case: Case, by: int) -> tuple[Case, tuple[Effect, ...]]:
    if by not in case.helpers:
        return case, (NotYours(),)
    return replace(case, helpers=_without(case.helpers, by)), (LetOut(by),)


def _without(people: tuple[int, ...], one: int) -> tuple[int, ...]:
    return tuple(person for person in people if person != one)


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
    without = replace(case, holder=None, turn=case.turn + 1, step=0, nudged=False, told_late=False)
    paged, effects = _page(without, now)
    return paged, (GiveBack(case.holder), *effects)


def _given_to(case: Case, to: int, now: datetime) -> tuple[Case, tuple[Effect, ...]]:
    """A named peer has it now; if they do not speak, their silence is a holder's silence."""
    if case.holder == to:
        return case, (AlreadyTaken(to),)
    told_late = case.told_late and case.holder is None  # else a wait that is over
    given = replace(_held(case, to, now), told_late=told_late)
    return given, (GiveBack(case.holder, to), OpenRelay(to, instead=case.holder))


def _page(case: Case, now: datetime) -> tuple[Case, tuple[Effect, ...]]:
    """Page the current step and set the timer for the next one; the last step repeats."""
    last = len(case.policy) - 1
    number = min(case.step, last)
    step = case.policy[number]
    paged = replace(
        case,
        state=State.PAGED,
        step=min(number + 1, last),
        pages=case.pages + 1,
        next_at=now + step.wait,
    )
    return paged, (Page(step, paged.pages, last=number == last),)


def _heard(case: Case, severity: Severity, read: bool, now: datetime) -> tuple[Case, tuple[Effect, ...]]:
    raised = severity.rank > case.severity.rank
    after = replace(case, severity=severity) if raised else case
    if after.policy != case.policy:
        after = replace(after, step=0)
    if case.holder is not None:
        after = replace(after, next_at=after.next_at or now + SILENCE)
        # What they read anyway need not be told each time; what stands where they do not see it, always.
        lately = case.heard_at is not None and case.heard_at <= now < case.heard_at + TOLD_AGAIN
        if read and not raised and lately:
            return after, ()
        return replace(after, heard_at=now), (TellHolder(severity),)
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
