"""What can happen to an escalation, and what must be said for it: the values that `bot.core.escalation` goes by."""

from dataclasses import dataclass
from enum import StrEnum

from bot.core.crisis.signal import Severity
from bot.core.policy import Step


class Outcome(StrEnum):
    """How a case ended, in the word of the person who ended it."""

    SAFE = "safe"
    SERVICES = "services"
    DECLINED = "declined"
    FALSE_ALARM = "false-alarm"
    ERASED = "erased"


# Events


@dataclass(frozen=True, slots=True)
class Opened:
    """The case begins."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Another signal of the same member: it joins the case.

    `read`: the peers in it read the words themselves; `away`: it is not known that one of them is there just now.
    """

    severity: Severity
    read: bool = False
    away: bool = False


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
class StillThere:
    """Of a quiet case a person in it says that they are still with the member. `turn`: that of the button."""

    by: int
    turn: int | None = None


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


Event = (
    Opened
    | Heard
    | TimerFired
    | Skipped
    | Taken
    | Joined
    | Left
    | Spoke
    | MemberSpoke
    | StillThere
    | HandedOver
    | Ended
)


# Effects


@dataclass(frozen=True, slots=True)
class Page:
    """Tell those whom `step` names; `number` counts the case's pages from 1; `last`: it is the policy's last step.

    `again`: that was paged before, and nobody has come: all moderators and organizers are called, too.
    """

    step: Step
    number: int
    last: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class PageBeside:
    """Tell those whom `step` names that there is an emergency with a member whose peer may not be there."""

    step: Step


@dataclass(frozen=True, slots=True)
class AnswerMember:
    """Tell the member at once what happens next, with helplines."""


@dataclass(frozen=True, slots=True)
class TellMemberLate:
    """Tell the member honestly that nobody has come yet; `again`: they were told before."""

    again: bool = False


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
class AskWhetherStillThere:
    """Ask the holder of a quiet case whether they are still with the member; `last`: others are called after it."""

    holder: int
    last: bool


@dataclass(frozen=True, slots=True)
class Stays:
    """Thank who is still with the member; `waits`: there are words of the member that wait for an answer."""

    waits: bool


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
    | PageBeside
    | AnswerMember
    | TellMemberLate
    | OpenRelay
    | LetIn
    | LetOut
    | TellHolder
    | Nudge
    | AskWhetherStillThere
    | Stays
    | GiveBack
    | CloseRelay
    | AlreadyTaken
    | NotYours
    | AlreadyEnded
)
