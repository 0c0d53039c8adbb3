"""An escalation's policy: who is called, how, in which order, and how long each waits."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from bot.core.crisis.signal import Severity


class Whom(StrEnum):
    """Who is paged by a step."""

    ROOM = "room"
    """Whoever reads the peers' rooms."""
    ON_CALL = "on-call"
    """The peers whose shift it is."""
    PEER = "peer"
    """One person, who is named."""
    PEERS = "peers"
    """All peers who may be called now; in a policy's last step all peers."""
    MODERATORS = "moderators"
    """All moderators and organizers."""
    ORGANIZERS = "organizers"


class How(StrEnum):
    """By which way a step reaches them."""

    PRIVATE = "private"
    """A private message to each, on every platform where they have an account."""
    ROOM = "room"
    """A message in their rooms: the moderators' for moderators and organizers, the peers' for all others."""
    BOTH = "both"


_USUAL = {Whom.ROOM: How.ROOM, Whom.MODERATORS: How.BOTH}


def usual(whom: Whom) -> How:
    """How they are paged unless a policy says otherwise."""
    return _USUAL.get(whom, How.PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Page `whom`, then wait this long for somebody to take the case.

    `how` None is the usual way; `member` is the id of the person whom `Whom.PEER` names.
    """

    whom: Whom
    wait: timedelta
    how: How | None = None
    member: int | None = None

    @property
    def privately(self) -> bool:
        """Whether people are written to."""
        return self.whom is not Whom.ROOM and (self.how or usual(self.whom)) is not How.ROOM

    @property
    def in_rooms(self) -> bool:
        """Whether it is said in their rooms."""
        return self.whom is Whom.ROOM or (self.how or usual(self.whom)) is not How.PRIVATE


Policy = tuple[Step, ...]
"""The steps in order, at least one; the last one repeats until a person answers."""

DEFAULT_POLICY: Policy = (
    Step(whom=Whom.ROOM, wait=timedelta(minutes=3)),
    Step(whom=Whom.ROOM, wait=timedelta(minutes=3)),
    Step(whom=Whom.PEERS, wait=timedelta(minutes=5)),
    Step(whom=Whom.MODERATORS, wait=timedelta(minutes=10)),
)

CONCERN_POLICY: Policy = (
    Step(whom=Whom.ROOM, wait=timedelta(hours=1)),
    Step(whom=Whom.ROOM, wait=timedelta(hours=4)),
)
"""A concern queues: it stands in the peers' room and is said again there, without calling anybody at night."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """What is done for each severity; `emergency` None: the same as for what is urgent. Raises `ValueError`."""

    urgent: Policy = DEFAULT_POLICY
    emergency: Policy | None = None
    concern: Policy = CONCERN_POLICY

    def __post_init__(self) -> None:
        if not all(map(self.of, Severity)):
            raise ValueError("a policy has at least one step")

    @classmethod
    def same(cls, policy: Policy) -> "Policies":
        """One policy whatever the severity."""
        return cls(urgent=policy, concern=policy)

    def of(self, severity: Severity) -> Policy:
        """The steps for a case as severe as that."""
        if severity is Severity.CONCERN:
            return self.concern
        return self.urgent if severity is Severity.URGENT or self.emergency is None else self.emergency
