"""Members whose asking by hand calls nobody for a while: a moderator's answer to misuse.

Whatever the bot hears of danger in their words calls as ever, and they have the numbers whenever they ask.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy import select

from bot.core.people import Member
from bot.services import members
from bot.storage import tables
from bot.storage.database import Transaction

log = logging.getLogger(__name__)

LONGEST = timedelta(days=30)

LISTED = 20
"""So many at most are listed."""

USUAL = timedelta(hours=24)
"""So long, where a moderator names no time."""


async def is_paused(tx: Transaction, member: Member, *, now: datetime) -> bool:
    """Whether asking by hand calls nobody for them."""
    row = await tx.session.get_one(tables.Member, member.id)
    return row.paused_until is not None and now < row.paused_until


async def listed(tx: Transaction, community_id: int, *, now: datetime) -> list[tuple[Member, datetime]]:
    """Who is paused in a community, and until when, the first to end first; at most `LISTED`. For overseers alone."""
    member = tables.Member
    query = select(member.id, member.paused_until).where(member.community_id == community_id, member.paused_until > now)
    rows = await tx.session.execute(query.order_by(member.paused_until, member.id).limit(LISTED))
    return [(await members.load(tx, id_), until) for id_, until in rows if until is not None]


async def pause(tx: Transaction, member: Member, *, until: datetime | None, by: Member, now: datetime) -> None:
    """Let the member's asking by hand call nobody `until` then; None: it calls again.

    It stands in the bot's own log and in the audit log, by ids.
    """
    row = await tx.session.get_one(tables.Member, member.id)
    row.paused_until = until if until is None else min(until, now + LONGEST)
    what = "pages resumed" if until is None else "pages paused"
    tx.after_commit(lambda: log.info("member %d: %s by member %d", member.id, what, by.id))
    community = member.community.id
    await tx.insert(tables.MemberPause, community_id=community, member_id=member.id, at=now, what=what, actor=by.id)
