"""What an escalation asks of the rota: who is on call, and who may be called at all."""

from datetime import datetime
from typing import Protocol

from bot.core.roles import Role
from bot.services import members
from bot.services.escalations import store
from bot.storage.database import Transaction


class Duty(Protocol):
    """Who is there for a community at an instant. Answers hold member ids, each once, in the order of calling."""

    async def on_call(self, tx: Transaction, community_id: int, now: datetime) -> tuple[int, ...]:
        """Whose shift it is; () if it is nobody's."""
        ...

    async def available(self, tx: Transaction, community_id: int, now: datetime) -> tuple[int, ...]:
        """The peers who may be paged: neither off, on a break nor full, not resting after a case, not in danger."""
        ...

    async def takes_a_break(self, tx: Transaction, community_id: int, person: int, now: datetime) -> bool:
        """Whether this person is off, whoever's shift it is: on a break, or without a valid credential."""
        return False

    async def is_off(self, tx: Transaction, community_id: int, person: int, now: datetime) -> bool:
        """Whether nobody may count on this person just now: off, on a break, or out of their shift or hours."""
        return False


class EveryPeer(Duty):
    """The duty of a community without a rota: every peer, at every hour."""

    async def on_call(self, tx: Transaction, community_id: int, now: datetime) -> tuple[int, ...]:
        """All peers."""
        return await self.available(tx, community_id, now)

    async def available(self, tx: Transaction, community_id: int, now: datetime) -> tuple[int, ...]:
        """All peers but for those who are in danger themselves."""
        peers = await members.with_roles(tx, community_id, {Role.PEER})
        in_danger = await store.in_danger(tx, peers)
        return tuple(peer for peer in peers if peer not in in_danger)
