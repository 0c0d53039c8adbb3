"""Which community something that came in is meant for."""

from datetime import UTC, datetime
from functools import cache

from sqlalchemy import Select, and_, bindparam, func, or_, select
from sqlalchemy import case as case_when

from bot.core.inbound import Inbound
from bot.storage import tables
from bot.storage.database import Transaction

NEVER_SEEN = datetime(1970, 1, 1, tzinfo=UTC)
"""When an account was "last seen" that is known on somebody else's word only: it redirects nobody's private chat."""

_LARGEST_ID = 2**31 - 1


async def community_id_of(tx: Transaction, inbound: Inbound) -> int | None:
    """The community that is meant; None if it cannot be told.

    In a room it is the room's; in one that is no community's, theirs with whom they share another room with the bot,
    of several where they are in a case or were last seen.

    In a private chat, of the communities that know the account, it is the one of the case or question that a button
    names; else of the open case they are in, their own before one they hold, so that a conversation is never lost;
    else where they were last seen. Then it is one whose rooms they share with the bot, one that has them in its file,
    the only one on this platform, or, where none is there, the only one at all.
    """
    if not inbound.private:
        named = await _of_places(tx, inbound, [inbound.place, *([inbound.space] if inbound.space else [])])
        return await _of_guest(tx, inbound) if named is None and inbound.shared_spaces else named
    for look in (_named, _of_place_apart, _where_they_are, _of_shared_spaces, _known, _only_one):
        found = await look(tx, inbound)
        if found is not None:
            return found
    return None


async def _of_guest(tx: Transaction, inbound: Inbound) -> int | None:
    """Of somebody in a room of nobody's: only what they share with the bot elsewhere, at this moment, counts."""
    shared = await _of_shared_spaces(tx, inbound)
    return None if shared is None else await _where_they_are(tx, inbound) or shared


def _of_account(inbound: Inbound) -> Select[int]:
    identity = tables.Identity
    return select(identity.community_id).where(
        identity.platform == inbound.platform, identity.account == inbound.account
    )


async def _named(tx: Transaction, inbound: Inbound) -> int | None:
    """Of the case or the question that the button or the command names, if the account is known there."""
    if inbound.invocation is None:
        return None
    identity, case, question = tables.Identity, tables.CaseRow, tables.Question
    arguments = inbound.invocation.arguments
    if (number := _id(arguments.get("case", ""))) is not None:
        query = _of_account(inbound).join(case, case.community_id == identity.community_id).where(case.id == number)
        return await tx.session.scalar(query.limit(1))
    if (number := _id(arguments.get("question", ""))) is not None:
        query = _of_account(inbound).join(question, question.member_id == identity.member_id)
        return await tx.session.scalar(query.where(question.id == number).limit(1))
    return None


async def _of_place_apart(tx: Transaction, inbound: Inbound) -> int | None:
    """Of the case in whose place it was written, if the account is known there."""
    if (number := inbound.case) is None:
        return None
    identity, case = tables.Identity, tables.CaseRow
    query = _of_account(inbound).join(case, case.community_id == identity.community_id).where(case.id == number)
    return await tx.session.scalar(query.limit(1))


def _id(text: str) -> int | None:
    """A row's id as a button has it; what no column could hold is none."""
    if not (text.isdecimal() and len(text) <= len(str(_LARGEST_ID))):
        return None
    return number if (number := int(text)) <= _LARGEST_ID else None


async def _where_they_are(tx: Transaction, inbound: Inbound) -> int | None:
    """Of their open case, or where they were last seen."""
    account = {"platform": inbound.platform, "account": inbound.account}
    return await tx.session.scalar(_open_case_or_last_seen(), account)


@cache
def _open_case_or_last_seen() -> Select[int]:
    identity, case = tables.Identity, tables.CaseRow
    own = case.open_for == identity.member_id
    held = and_(case.holder == identity.member_id, case.open_for.is_not(None))
    rank = case_when((own, 2), (held, 1), else_=0)
    return (
        select(identity.community_id)
        .outerjoin(case, or_(own, held))
        .where(identity.platform == bindparam("platform"), identity.account == bindparam("account"))
        .where(or_(case.id.is_not(None), identity.last_seen_at > NEVER_SEEN))
        # Without a case all have the same of the first two.
        .order_by(rank.desc(), func.coalesce(case.id, 0).desc(), identity.last_seen_at.desc(), identity.id)
        .limit(1)
    )


async def _of_shared_spaces(tx: Transaction, inbound: Inbound) -> int | None:
    return await _of_places(tx, inbound, list(inbound.shared_spaces))


async def _known(tx: Transaction, inbound: Inbound) -> int | None:
    """Where the account is known, although it was never seen anywhere."""
    return await tx.session.scalar(_of_account(inbound).order_by(tables.Identity.id).limit(1))


async def _only_one(tx: Transaction, inbound: Inbound) -> int | None:
    """The only community that can be meant; of two none is guessed: a cry for help would reach strangers."""
    place = tables.Place
    here = select(place.community_id).where(place.platform == inbound.platform).distinct()
    found = list(await tx.session.scalars(here.limit(2)))
    if not found:
        found = list(await tx.session.scalars(select(tables.Community.id).limit(2)))
    return found[0] if len(found) == 1 else None


async def _of_places(tx: Transaction, inbound: Inbound, addresses: list[str]) -> int | None:
    place = tables.Place
    found = (
        select(place.community_id)
        .where(place.platform == inbound.platform, place.address.in_(addresses))
        .order_by(place.id)
        .limit(1)
    )
    return await tx.session.scalar(found)


async def stands_in(tx: Transaction, community_id: int, inbound: Inbound) -> bool:
    """Whether it came from one of the community's rooms."""
    addresses = [inbound.place, *([inbound.space] if inbound.space else [])]
    return not inbound.private and await _of_places(tx, inbound, addresses) == community_id
