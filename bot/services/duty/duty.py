"""Who is on, and who can be called: what escalations ask, and what people are shown."""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.duty import Entry, Plan, Ready, ready
from bot.services.duty import store
from bot.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class Who:
    """Who is on by the rota, who of them can be called, and who comes at the next change, if there is one soon.

    `off`: whoever takes a break, has a credential that lapsed, or is in danger. Which of these it is, is nobody else's
    business, so the last are on by no rota here, either.
    """

    on: tuple[int, ...]
    ready: Ready
    change_at: datetime | None
    next_on: tuple[int, ...]
    off: tuple[int, ...]
    has_rotas: bool


class Duty:
    """Answers who is on call and who is available, as member ids, best first."""

    async def on_call(self, tx: Transaction, community_id: int, now: datetime) -> tuple[int, ...]:
        """Who is on by the rotas and can be called; who rests only if nobody else is there."""
        return (await self._ready(tx, community_id, now)).on_call

    async def available(self, tx: Transaction, community_id: int, now: datetime) -> tuple[int, ...]:
        """All peers who can be called: not off, on a break, full or in danger, and within their hours or on.

        Who rests after a case only if nobody else is there.
        """
        return (await self._ready(tx, community_id, now)).available

    async def takes_a_break(self, tx: Transaction, community_id: int, person: int, now: datetime) -> bool:
        """Whether a peer takes a break, or a credential of theirs has lapsed."""
        roster = await store.load_roster(tx, community_id, now)
        return any(entry.member == person and entry.is_off(now) for entry in roster)

    async def is_off(self, tx: Transaction, community_id: int, person: int, now: datetime) -> bool:
        """Whether a peer is off or on a break, or it is neither their shift nor within their hours.

        Who is in no rota and has named no hours is there whenever they are.
        """
        roster, plan = await self._loaded(tx, community_id, now)
        entry = next((entry for entry in roster if entry.member == person), None)
        if entry is None:
            return False  # a moderator or an organizer, who is on no roster
        if entry.is_off(now) or person in plan.on_at(now):
            return entry.is_off(now)
        if entry.hours is not None:
            return not entry.hours.hold(now, entry.zone)
        return any(person in rota.people for rota in plan.rotas)

    async def who(self, tx: Transaction, community_id: int, now: datetime) -> Who:
        """Who is on now, and next."""
        roster, plan = await self._loaded(tx, community_id, now)
        plan = replace(plan, off={**plan.off, **{entry.member: now for entry in roster if entry.in_danger}})
        on = plan.on_at(now)
        change_at = plan.next_change(now)
        return Who(
            on=on,
            ready=ready(roster, on, now),
            change_at=change_at,
            next_on=() if change_at is None else plan.on_at(change_at),
            off=tuple(entry.member for entry in roster if entry.is_off(now) or entry.in_danger),
            has_rotas=bool(plan.rotas),
        )

    async def _ready(self, tx: Transaction, community_id: int, now: datetime) -> Ready:
        roster, plan = await self._loaded(tx, community_id, now)
        return ready(roster, plan.on_at(now), now)

    @staticmethod
    async def _loaded(tx: Transaction, community_id: int, now: datetime) -> tuple[list[Entry], Plan]:
        roster = await store.load_roster(tx, community_id, now)
        return roster, await store.load_plan(tx, community_id, now, roster)
