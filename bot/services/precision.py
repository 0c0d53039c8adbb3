"""How often each rule of the ear was right, in the word of the peers who took its cases."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import and_, exists, func, or_, select

from bot.core.escalation import Ended, Outcome
from bot.storage.database import Transaction
from bot.storage.tables import CaseEvent, CaseRow

RIGHT = frozenset({Outcome.SAFE, Outcome.SERVICES, Outcome.DECLINED})
"""Outcomes by which somebody was in need: also who did not want to talk."""


@dataclass(frozen=True, slots=True)
class Judged:
    """How many alerts of a rule were right, and how many were false alarms."""

    right: int = 0
    false_alarms: int = 0

    @property
    def precision(self) -> float:
        """The share that was right, 0 to 1."""
        return self.right / (self.right + self.false_alarms)


async def by_rule(tx: Transaction, community_id: int) -> dict[str, Judged]:
    """By the id of the rule, for all ended cases that the ear opened in this community and that are still kept.

    What a peer has said of the alert afterwards counts before the outcome. A case that its member ended ("I'm safe"),
    or whose member's data was erased, tells nothing of the rule otherwise, and is not counted. A case that several
    rules opened or raised counts for each.
    """
    ended_by_its_member = exists().where(
        CaseEvent.case_id == CaseRow.id, CaseEvent.what == Ended.__name__, CaseEvent.actor == CaseRow.member_id
    )
    judged = or_(
        CaseRow.outcome == Outcome.FALSE_ALARM.value,
        and_(CaseRow.outcome.in_([outcome.value for outcome in RIGHT]), ~ended_by_its_member),
    )
    judged = or_(CaseRow.verdict.is_not(None), judged)
    query = select(CaseRow.rules, func.coalesce(CaseRow.verdict, CaseRow.outcome)).where(
        CaseRow.community_id == community_id, CaseRow.opened_by == "signal", CaseRow.open_for.is_(None), judged
    )
    right: defaultdict[str, int] = defaultdict(int)
    false_alarms: defaultdict[str, int] = defaultdict(int)
    for rules, outcome in await tx.session.execute(query):
        counts = false_alarms if outcome == Outcome.FALSE_ALARM.value else right
        for rule in set(rules):
            counts[rule] += 1
    return {rule: Judged(right[rule], false_alarms[rule]) for rule in sorted({*right, *false_alarms})}
