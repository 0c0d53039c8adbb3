"""The week of the peers, for those who look after them: load, time to the first answer, false alarms, hard cases."""

from collections import Counter
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import func, select

from bot.core.content import Field
from bot.core.crisis import Severity
from bot.core.escalation import Outcome
from bot.core.words import Say, Text, _, _n
from bot.services.duty.words import names
from bot.services.escalations.store import ENTERED
from bot.storage.database import Transaction
from bot.storage.tables import CaseEvent, CaseRow, RelayMessage

WEEK = timedelta(days=7)

MANY_HARD = 3
"""So many hard cases in a week and somebody should ask the peer how they are."""


async def week_of(tx: Transaction, community_id: int, *, now: datetime) -> list[Field]:
    """What the last seven days were like; nothing where there was no case."""
    query = select(CaseRow).where(CaseRow.community_id == community_id, CaseRow.opened_at > now - WEEK)
    cases = list(await tx.session.scalars(query.order_by(CaseRow.id)))
    if not cases:
        return []
    were_in = await _who_was_in(tx, cases)
    load = Counter(peer for row in cases for peer in were_in[row.id])
    hard = Counter(peer for row in cases if _is_hard(row) for peer in were_in[row.id])
    false = sum(row.outcome == Outcome.FALSE_ALARM for row in cases)
    summary: Text = _n("{n} case", "{n} cases", n=len(cases))
    summary = _("{cases}, false alarms: {false}", cases=summary, false=false)
    fields = [Field(name=_("Cases of the last seven days"), value=summary)]
    answers = await _minutes_to_answer(tx, cases)
    if answers:
        value = _("median {median} min, longest {longest} min", median=round(median(answers)), longest=max(answers))
        fields.append(Field(name=_("To the first answer of a person"), value=value))
    if load:
        lines: Say | None = None
        for member, count in load.most_common():
            line = _("{name}: {n}", name=await names(tx, [member]), n=count)
            lines = line if lines is None else _("{before}\n{line}", before=lines, line=line)
        fields.append(Field(name=_("Cases per peer"), value=lines or ""))
    tired = [member for member, count in hard.items() if count >= MANY_HARD]
    if tired:
        value = _("{names}. Please ask them how they are.", names=await names(tx, tired))
        fields.append(Field(name=_("Three hard cases or more"), value=value))
    return fields


async def _who_was_in(tx: Transaction, cases: list[CaseRow]) -> dict[int, list[int]]:
    """For each case all who have had it or have helped in it, though they may have handed it over."""
    event, people = CaseEvent, {row.id: dict.fromkeys([row.holder]) for row in cases}
    entered = select(event.case_id, event.actor).where(event.case_id.in_(people), event.what.in_(ENTERED))
    for case_id, actor in (await tx.session.execute(entered.order_by(event.id))).all():
        people[case_id][actor] = None
    return {case_id: [peer for peer in found if peer is not None] for case_id, found in people.items()}


def _is_hard(row: CaseRow) -> bool:
    """A life was in danger, or emergency services were needed; a false alarm was not hard."""
    if row.outcome == Outcome.FALSE_ALARM:
        return False
    return row.severity == Severity.EMERGENCY or row.outcome == Outcome.SERVICES


async def _minutes_to_answer(tx: Transaction, cases: list[CaseRow]) -> list[int]:
    """For each case with a person: minutes from its opening to their first words, else until they took it."""
    ids = [row.id for row in cases]
    spoke = select(RelayMessage.case_id, func.min(RelayMessage.at)).join(CaseRow, CaseRow.id == RelayMessage.case_id)
    by_others = RelayMessage.author.is_distinct_from(CaseRow.member_id)
    words = await tx.session.execute(
        spoke.where(RelayMessage.case_id.in_(ids), by_others).group_by(RelayMessage.case_id)
    )
    taken = select(CaseEvent.case_id, func.min(CaseEvent.at)).where(
        CaseEvent.case_id.in_(ids), CaseEvent.what == "Taken"
    )
    # Their first words count where there are any; whoever took the case and called somebody has none.
    first: dict[int, datetime] = {}
    for found in (await tx.session.execute(taken.group_by(CaseEvent.case_id)), words):
        first |= {row[0]: row[1] for row in found}
    return [int((first[row.id] - row.opened_at).total_seconds() // 60) for row in cases if row.id in first]
