"""What is read before a case opens, in one statement: each one more would let its page leave later."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, ScalarSelect, Select, bindparam, func, select

from bot.core.crisis import Severity, Signal
from bot.core.people import Member
from bot.core.text import clean, excerpt
from bot.services import resources
from bot.services.escalations import followup, store
from bot.services.escalations.paging import FLOOD_WINDOW
from bot.storage import tables
from bot.storage.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class AtOpening:
    """How it is before a case of a member opens.

    `has_case`: they have an open one; `waiting`, and of these `emergencies`: cases of the community opened within
    `paging.FLOOD_WINDOW` that nobody has.
    """

    has_case: bool
    waiting: int
    emergencies: int


async def read(tx: Transaction, member: Member, *, now: datetime) -> AtOpening:
    """Read it; whom the member was with before, and the community's own helplines, need not be read after it."""
    community = member.community.id
    values = {"member": member.id, "community": community, "since": now - FLOOD_WINDOW}
    ((open_case, peer, waiting, emergencies, own),) = await tx.rows(_query(), values)
    tx.known(followup.PEERS)[member.id] = peer
    tx.known(resources.OWN)[community] = own
    return AtOpening(has_case=open_case is not None, waiting=waiting, emergencies=emergencies)


@cache
def _query() -> Select[*tuple[Any, ...]]:
    case: Any = tables.CaseRow.__table__.c
    follow_up: Any = tables.FollowUp.__table__.c
    own: Any = tables.CommunityResource.__table__.c
    member: BindParameter[int] = bindparam("member")
    community: BindParameter[int] = bindparam("community")
    nobodys = (case.community_id == community, case.open_for.is_not(None), case.holder.is_(None))
    waiting = select(func.count()).where(*nobodys, case.opened_at > bindparam("since"))
    found: tuple[ScalarSelect[Any], ...] = (
        select(case.id).where(case.open_for == member).scalar_subquery(),
        select(follow_up.peer).where(follow_up.member_id == member).scalar_subquery(),
        waiting.scalar_subquery(),
        waiting.where(case.severity == Severity.EMERGENCY.value).scalar_subquery(),
        select(own.csv).where(own.community_id == community).scalar_subquery(),
    )
    return select(*found)


def heard_in(text: str, signal: Signal, before: str) -> str:
    """The words around what was heard; of the messages `before`, those that have part in it and no others."""
    start, end = signal.spans[0].start, signal.spans[0].end
    if signal.before and before:
        first = len(before) - signal.before
        line = before.rfind("\n", 0, first) + 1
        text = before[line:] + text
        start, end = first - line, len(before) - line + end
    return clean(excerpt(text, start, end, store.EXCERPT_LIMIT), store.EXCERPT_LIMIT)
