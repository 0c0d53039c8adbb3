"""Which of the people of a step are called first, and who is called alone."""

import logging
from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select

from bot.core.crisis import Severity
from bot.core.duty.fit import Fit, Order, in_order
from bot.core.faults import where
from bot.core.people import Member
from bot.services import spoken
from bot.storage import tables
from bot.storage.database import Transaction
from bot.storage.duty_tables import RosterRow

log = logging.getLogger(__name__)


async def fitting(tx: Transaction, row: tables.CaseRow, people: Iterable[int], wait: timedelta) -> Order:
    """All of `people`, in the order in which they fit the case's member; as they are, where that cannot be told."""
    called = tuple(people)
    if len(called) < 2 or row.member_id is None:  # noqa: PLR2004  there is nothing to choose
        return Order(called)
    try:
        async with tx.session.begin_nested():
            return await _in_order(tx, row, called, wait)
    except Exception as error:
        log.error("case %d: who fits it cannot be told, and all are called at once: %s", row.id, where(error))
        return Order(called)


async def _in_order(tx: Transaction, row: tables.CaseRow, called: tuple[int, ...], wait: timedelta) -> Order:
    community = await tx.session.get_one(tables.Community, row.community_id)
    member = await tx.session.get_one(tables.Member, row.member_id)
    usual = str(community.languages[0])
    person, roster = tables.Member, RosterRow
    query = (
        select(person.id, person.language, roster.languages, roster.topics)
        .outerjoin(roster, roster.member_id == person.id)
        .where(person.id.in_(called))
    )
    known = {each.id: each for each in (await tx.session.execute(query)).all()}
    fits = [
        # Who has told nothing speaks the language in which the bot writes to them.
        Fit(
            member=one,
            languages=known[one].languages or (known[one].language or usual,),
            topics=known[one].topics or (),
        )
        for one in called
        if one in known
    ]
    language = member.language or spoken.heard_in(tx, member.id) or usual
    return in_order(fits, language=language, category=row.category, severity=Severity(row.severity), wait=wait)


async def paged_alone(tx: Transaction, person: Member) -> list[int]:
    """The cases that wait for this person alone: nobody else, and no room, was told of them by the last page."""
    case, delivery = tables.CaseRow, tables.Delivery
    waiting = select(case.id, case.pages).where(
        case.community_id == person.community.id, case.open_for.is_not(None), case.holder.is_(None)
    )
    alone = []
    for row in (await tx.session.execute(waiting)).all():
        pages = select(delivery.member_id).where(delivery.key.startswith(f"page:{row.id}:{row.pages}:"))
        called = set(await tx.session.scalars(pages.where(delivery.case_id == row.id)))
        if called == {person.id}:
            alone.append(row.id)
    return alone
