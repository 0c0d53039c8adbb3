"""Whether what is typed somewhere is a word between people."""

from sqlalchemy import or_, select

from bot.core.platform import Address
from bot.services.escalations import store
from bot.storage.database import Transaction
from bot.storage.relay_tables import CasePlace
from bot.storage.tables import CaseRow, Identity


async def is_talk(tx: Transaction, address: Address) -> bool:
    """Whether at `address` somebody is in an open case that a person has, on either side."""
    case = CaseRow
    accompanied = (case.open_for.is_not(None), case.holder.is_not(None))
    if address.kind == "place":
        there = (CasePlace.platform == address.platform, CasePlace.address == address.id)
        found = select(case.id).join(CasePlace, CasePlace.case_id == case.id).where(*there, *accompanied)
        return await tx.session.scalar(found.limit(1)) is not None
    theirs = select(Identity.member_id).where(Identity.platform == address.platform, Identity.account == address.id)
    people = set(await tx.session.scalars(theirs))
    in_one = or_(case.open_for.in_(people), case.holder.in_(people), store.HAS_HELPERS)
    rows = await tx.session.execute(select(case.open_for, case.holder, case.helpers).where(in_one, *accompanied))
    return any(people & {row.open_for, row.holder, *row.helpers} for row in rows)
