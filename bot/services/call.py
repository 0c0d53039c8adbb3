"""What a command's handler is given."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.inbound import Inbound, Target
from bot.core.people import Member
from bot.storage.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One invocation of a command: who, when, in which transaction, and about whose message.

    `inbound` is what came in from the platform; its text is hostile. `in_danger`: danger was heard in it.
    """

    tx: Transaction
    member: Member
    now: datetime
    inbound: Inbound
    in_danger: bool = False

    @property
    def about(self) -> Target | None:
        """Somebody's message that the command was called on."""
        return self.inbound.about
