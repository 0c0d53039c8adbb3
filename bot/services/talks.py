"""The open cases that an account is in, whichever of its communities they belong to.

A person has one chat with the bot for all their communities, so it must be known for whom words in it are.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, String, and_, bindparam, cast, or_, select

from bot.core.escalation import State
from bot.core.inbound import Inbound
from bot.storage import tables
from bot.storage.database import Transaction

WITH_SOMEBODY, WAITING, IN_REACH, NONE = 3, 2, 1, 0
"""How near a case is to plain words: they talk with somebody; their own waits for somebody; they are a peer in it."""

_WITHOUT_WORDS = frozenset({State.OPENED, State.PAGED, State.ACKNOWLEDGED})
"""In which nobody has said anything to the member yet, or who has is gone."""

_BY_NUMBER = re.compile(
    r"[!/]?(?:(?:take|join|leave|checklist|exchange) (?:case |#)?(\d{1,9})"
    r"|(?:say|resolve|hand[ -]over|send) (?:case |#)?(\d{1,9})\b.*)",
    re.IGNORECASE | re.DOTALL,
)
"""Words that are about the case which they name."""

_SAY = re.compile(r"say (\d{1,9})[:,]?\s+(\S.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """An open case and the account's part in it; `case` 0: the community knows the account, which is in none there.

    `own`: it is about them; `seen`: when they were last seen in the community.
    """

    case: int
    community: int
    community_name: str
    member: int
    own: bool
    rank: int
    seen: datetime


async def of_account(tx: Transaction, platform: str, account: str) -> list[Talk]:
    """What a private chat of the account may be about, the nearest first; without a case, where it was seen last."""
    rows = (await tx.session.execute(_of_account(), {"platform": platform, "account": account})).all()
    return sorted((_talk(row) for row in rows), key=lambda talk: (-talk.rank, -talk.case, -talk.seen.timestamp()))


async def elsewhere(tx: Transaction, inbound: Inbound, community_id: int) -> list[Talk]:
    """The talks in other communities for which private words may be as well as for those in this one.

    None where it is clear: in a case's place, and in answer to a message of a case.
    """
    if not inbound.private or inbound.apart is not None or await answered(tx, inbound) is not None:
        return []
    talks = [talk for talk in await of_account(tx, inbound.platform, inbound.account) if talk.rank]
    if not talks:
        return []
    nearest = talks[0]
    # Of those whom they are with as a peer, the one they have talked with already is no likelier than the other.
    also = [t for t in talks if t.rank == nearest.rank or not (t.own or nearest.own)]
    return [t for t in also if t.community != community_id]


async def answered(tx: Transaction, inbound: Inbound) -> int | None:
    """The case of the message that is answered, reacted to or changed; None if it is of none."""
    message = inbound.about.message_id if inbound.about is not None else inbound.replaces
    if message is None:
        return None
    relay, delivery = tables.RelayMessage, tables.Delivery
    for table in (relay, delivery):
        found = select(table.case_id).where(table.platform == inbound.platform, table.message_id == message)
        case = await tx.session.scalar(found.where(table.case_id.is_not(None)).limit(1))
        if case is not None:
            return case
    return None


def number_in(text: str) -> int | None:
    """The number of the case that typed words name, such as "take 12"."""
    found = _BY_NUMBER.fullmatch(text.strip())
    return None if found is None else int(found[1] or found[2])


def said_to(text: str) -> tuple[int, str] | None:
    """The case and the words of "say 12 hello"."""
    found = _SAY.fullmatch(text.strip())
    return None if found is None else (int(found[1]), found[2])


@cache
def _of_account() -> Select[Any]:
    identity, case, community = tables.Identity, tables.CaseRow, tables.Community
    # No database finds one number in a list of JSON the way another does: who has helpers is looked through.
    is_helped = and_(case.community_id == identity.community_id, cast(case.helpers, String) != "[]")
    in_it = or_(case.open_for == identity.member_id, case.holder == identity.member_id, is_helped)
    columns = (identity.community_id, community.name, identity.member_id, identity.last_seen_at)
    return (
        select(*columns, case.id, case.open_for, case.holder, case.helpers, case.state)
        .join(community, community.id == identity.community_id)
        .outerjoin(case, and_(case.open_for.is_not(None), in_it))
        .where(identity.platform == bindparam("platform"), identity.account == bindparam("account"))
        .order_by(identity.id)
    )


def _talk(row: Any) -> Talk:
    me, in_it = row.member_id, row.id is not None and row.member_id in {row.open_for, row.holder, *row.helpers}
    own = in_it and row.open_for == me
    rank = NONE
    if in_it:
        talks = row.holder is not None if own else row.state not in _WITHOUT_WORDS
        rank = WITH_SOMEBODY if talks else WAITING if own else IN_REACH
    return Talk(
        case=row.id if in_it else 0,
        community=row.community_id,
        community_name=row.name,
        member=me,
        own=own,
        rank=rank,
        seen=row.last_seen_at,
    )
