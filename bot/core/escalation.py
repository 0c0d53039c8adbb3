"""The life of an escalation: a pure state machine, `(case, event, now) → (case, effects)`.

    opened → paged → acknowledged → in conversation → resolved
                ↑         |               |
                +---------+---- handed over (to nobody: paged again; to a peer: acknowledged)

In a conversation the member's words may be unanswered, and it may be quiet for long. An open case always has a timer
(`next_at`), whoever holds it: a person who leaves the member without a word is asked and then replaced, and so is one
who has forgotten a case; only a person's word ends it. Others may join whoever holds it (`helpers`): they read and
write with them, but the case is the holder's to keep, to hand over and to end.
The policies are copied onto the case when it opens, so an edit never changes a running case. docs/escalation.md has
the whole of it as a picture.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.crisis.signal import Severity
from bot.core.escalation_events import (
    AlreadyEnded,
    AlreadyTaken,
    AnswerMember,
    AskWhetherStillThere,
    CloseRelay,
    Effect,
    Ended,
    Event,
    GiveBack,
    HandedOver,
    Heard,
    Joined,
    Left,
    LetIn,
    LetOut,
    MemberSpoke,
    NotYours,
    Nudge,
    Opened,
    OpenRelay,
    Outcome,
    Page,
    PageBeside,
    Skipped,
    Spoke,
    Stays,
    StillThere,
    Taken,
    TellHolder,
    TellMemberLate,
    TimerFired,
)
from bot.core.policy import Policies, Policy

__all__ = [
    "AT_ONCE",
    "LATE",
    "LATE_AGAIN",
    "LATE_APART",
    "QUIET",
    "SILENCE",
    "TOLD_AGAIN",
    "AlreadyEnded",
    "AlreadyTaken",
    "AnswerMember",
    "AskWhetherStillThere",
    "Case",
    "CloseRelay",
    "Effect",
    "Ended",
    "Event",
    "GiveBack",
    "HandedOver",
    "Heard",
    "Joined",
    "Left",
    "LetIn",
    "LetOut",
    "MemberSpoke",
    "NotYours",
    "Nudge",
    "OpenRelay",
    "Opened",
    "Outcome",
    "Page",
    "PageBeside",
    "Skipped",
    "Spoke",
    "State",
    "Stays",
    "StillThere",
    "Taken",
    "TellHolder",
    "TellMemberLate",
    "TimerFired",
    "advance",
]

SILENCE = timedelta(minutes=10)
"""So long a holder may leave the member without a word before they are asked, and again before others are called."""

AT_ONCE = timedelta(minutes=5)
"""So long a holder of whom it is not known that they are there may leave an emergency without a word."""

QUIET = timedelta(hours=12)
"""After so long without a word in a conversation its holder is asked whether they are still with the member, then once
more; after the same time again others are called."""

LATE = timedelta(minutes=10)
"""After this long without a person the member is told honestly that it takes longer."""

LATE_AGAIN = (timedelta(minutes=30), timedelta(hours=2), timedelta(hours=6))
"""So long after the beginning they are told again while nobody has come; then each time after as long as the last."""

LATE_APART = timedelta(minutes=20)
"""They are not told again sooner than this, whatever has happened meanwhile."""

TOLD_AGAIN = timedelta(minutes=5)
"""How long the peers in a case are not told of another signal that is no worse: of words that they read anyway, and of
words that they would not see. A member who writes much at once must not be drowned out by the bot."""


class State(StrEnum):
    """Where a case stands."""

    OPENED = "opened"
    PAGED = "paged"
    ACKNOWLEDGED = "acknowledged"
    IN_CONVERSATION = "in conversation"
    """The peer's words were the last."""
    UNANSWERED = "unanswered"
    """The member's words were the last, and wait for their peer's."""
    QUIET = "quiet"
    """Nobody has written for long, and the holder was asked whether they are still with the member."""
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One escalation.

    `holder` is the member id of the peer who has it, `helpers` are those who have joined them; `nudged`: they were
    asked whether they are with the member, in a quiet case for the last time; `heard_at`: when they were told of a
    signal last; `step` is that of the next page, and one beyond the last once that was paged; `late_at`: from when on
    the member is told that it takes long, None: for the first time; `turn` rises whenever the case gets or loses a
    holder, which makes the buttons that the one before was given stale; `version` rises with every change.
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
    late_at: datetime | None = None
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


def advance(case: Case, event: Event, now: datetime) -> tuple[Case, tuple[Effect, ...]]:
    """The case after `event`, and what must be said; a stale event changes nothing."""
    if not case.is_open:
        return case, () if isinstance(event, TimerFired | Skipped | Heard | Spoke | MemberSpoke) else (AlreadyEnded(),)
    after, effects = _advance_open(case, event, now)
    return (after if after == case else replace(after, version=case.version + 1)), effects


def _advance_open(case: Case, event: Event, now: datetime) -> tuple[Case, tuple[Effect, ...]]:
    after: Case
    effects: tuple[Effect, ...]
    if isinstance(event, StillThere | HandedOver | Ended) and event.turn not in {None, case.turn}:
        return case, (NotYours(),)
    match event:
        case Opened():
            after, effects = _opened(case, now)
        case Heard():
            after, effects = _heard(case, event, now)
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
        case StillThere(by):
            after, effects = _still_there(case, by, now)
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
        return replace(case, state=State.IN_CONVERSATION, nudged=False, next_at=now + QUIET)
    return _unanswered(case, now)


def _unanswered(case: Case, now: datetime) -> Case:
    """The case, whose holder's silence is timed from now on, if it is not already."""
    if case.state in {State.ACKNOWLEDGED, State.UNANSWERED} and case.next_at is not None:
        return case
    state = case.state if case.state is State.ACKNOWLEDGED else State.UNANSWERED
    return replace(case, state=state, nudged=False, next_at=now + SILENCE)


def _still_there(case: Case, by: int, now: datetime) -> tuple[Case, tuple[Effect, ...]]:
    """A quiet case stays as it is; what waits for an answer goes on waiting for words."""
    if by not in {case.holder, *case.helpers} or case.holder is None:
        return case, (NotYours(),)
    if case.state not in {State.IN_CONVERSATION, State.QUIET}:
        return case, (Stays(waits=True),)
    return _spoke(case, Spoke(), now), (Stays(waits=False),)


def _given_back(case: Case, now: datetime) -> tuple[Case, tuple[Effect, ...]]:
    """Somebody else is called, from the first step on; a case that nobody has is being called for already."""
    if case.holder is None:
        return case, (GiveBack(None),)
    without = replace(case, holder=None, turn=case.turn + 1, step=0, nudged=False, late_at=now + LATE)
    paged, effects = _page(without, now)
    return paged, (GiveBack(case.holder), *effects)


def _given_to(case: Case, to: int, now: datetime) -> tuple[Case, tuple[Effect, ...]]:
    """A named peer has it now; if they do not speak, their silence is a holder's silence."""
    if case.holder == to:
        return case, (AlreadyTaken(to),)
    return _held(case, to, now), (GiveBack(case.holder, to), OpenRelay(to, instead=case.holder))


def _page(case: Case, now: datetime) -> tuple[Case, tuple[Effect, ...]]:
    """Page the current step and set the timer for the next one; the last step repeats."""
    last = len(case.policy) - 1
    number = min(case.step, last)
    step = case.policy[number]
    paged = replace(
        case,
        state=State.PAGED,
        step=number + 1,
        pages=case.pages + 1,
        next_at=now + step.wait,
    )
    # What can wait calls nobody else at night.
    again = case.step > last and case.severity is not Severity.CONCERN
    return paged, (Page(step, paged.pages, last=number == last, again=again),)


def _heard(case: Case, heard: Heard, now: datetime) -> tuple[Case, tuple[Effect, ...]]:
    raised = heard.severity.rank > case.severity.rank
    # What is worse is said to everybody anew, also to those whom the steps before have called in vain.
    after = replace(case, severity=heard.severity, step=0) if raised else case
    if case.holder is None:
        return _page(after, now) if raised else (after, ())
    after = _unanswered(after, now)
    beside: tuple[Effect, ...] = ()
    if heard.away and (raised or heard.severity is Severity.EMERGENCY):
        soon = now + AT_ONCE
        after = replace(after, nudged=True, next_at=min(after.next_at or soon, soon))
        beside = (PageBeside(after.policy[0]),)
    # What they read anyway need not be told each time; what stands where they do not see it, always.
    lately = case.heard_at is not None and case.heard_at <= now < case.heard_at + TOLD_AGAIN
    if heard.read and not raised and lately:
        return after, beside
    return replace(after, heard_at=now), (TellHolder(heard.severity), *beside)


def _timer_fired(case: Case, now: datetime) -> tuple[Case, tuple[Effect, ...]]:
    if case.next_at is None or now < case.next_at:
        return case, ()
    if case.holder is not None and case.state in {State.IN_CONVERSATION, State.QUIET}:
        return _quiet(case, case.holder, now)
    if case.holder is not None and not case.nudged:
        return replace(case, nudged=True, next_at=now + SILENCE), (Nudge(case.holder),)
    if case.holder is not None:
        return _given_back(case, now)
    paged, effects = _page(case, now)
    if now < (case.late_at or case.opened_at + LATE):
        return paged, effects
    return replace(paged, late_at=_late_again(case, now)), (*effects, TellMemberLate(again=case.late_at is not None))


def _late_again(case: Case, now: datetime) -> datetime:
    """When the member is told once more: at growing intervals, so that it is a comfort and no alarm."""
    waited = now - case.opened_at
    growing = next((case.opened_at + after for after in LATE_AGAIN if after > waited), now + LATE_AGAIN[-1])
    return max(growing, now + LATE_APART)


def _quiet(case: Case, holder: int, now: datetime) -> tuple[Case, tuple[Effect, ...]]:
    """Nobody has written for long: the holder is asked twice, then others are called."""
    asked = case.state is State.QUIET
    if asked and case.nudged:
        return _given_back(case, now)
    after = replace(case, state=State.QUIET, nudged=asked, next_at=now + QUIET)
    return after, (AskWhetherStillThere(holder, last=asked),)
