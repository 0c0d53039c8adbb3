"""Which community something that came in is meant for."""

from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Select, select

from bot.core.inbound import Inbound
from bot.core.roles import Action, Role, may
from bot.services import questions, rooms, talks
from bot.storage import tables
from bot.storage.database import Transaction

NEVER_SEEN = datetime(1970, 1, 1, tzinfo=UTC)
"""When an account was "last seen" that is known on somebody else's word only: it redirects nobody's private chat."""

SAY = "say"
"""The command that carries a message to one of several conversations."""

_LARGEST_ID = 2**31 - 1

_TAKE_CASES = [role.value for role in Role if may(frozenset({role}), Action.TAKE_CASE)]


async def community_id_of(tx: Transaction, inbound: Inbound) -> int | None:
    """The community that is meant; None if it cannot be told.

    In a room it is the room's; in one that is no community's, theirs with whom they share another room with the bot,
    of several where they are in a case or were last seen.

    In a private chat, of the communities that know the account, it is the one of the case or question that a button
    names, of the message that is answered, or of the number that is typed; else of the open case they are in that is
    nearest (`talks.Talk.rank`), so that a conversation is never lost; else where they were last seen. Then it is one
    whose rooms they share with the bot, one that has them in its file, the only one on this platform, or, where none
    is there, the only one at all.
    """
    if not inbound.private:
        named = await rooms.community_with(tx, inbound.platform, _addresses(inbound))
        return await _of_guest(tx, inbound) if named is None and inbound.shared_spaces else named
    for look in (_named, _of_place_apart, _answered, _of_number, _where_they_are, _of_shared_spaces, _known, _only_one):
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
    identity, question = tables.Identity, tables.Question
    arguments = inbound.invocation.arguments
    if (number := _id(arguments.get("case", ""))) is not None:
        return await _of_case(tx, inbound, number)
    if (number := _id(arguments.get("question", ""))) is not None:
        query = _of_account(inbound).join(question, question.member_id == identity.member_id)
        return await tx.session.scalar(query.where(question.id == number).limit(1))
    return None


async def _of_place_apart(tx: Transaction, inbound: Inbound) -> int | None:
    """Of the case in whose place it was written, if the account is known there."""
    return None if inbound.case is None else await _of_case(tx, inbound, inbound.case)


def _id(text: str) -> int | None:
    """A row's id as a button has it; what no column could hold is none."""
    if not (text.isdecimal() and len(text) <= len(str(_LARGEST_ID))):
        return None
    return number if (number := int(text)) <= _LARGEST_ID else None


async def _answered(tx: Transaction, inbound: Inbound) -> int | None:
    """Of the case whose message is answered or changed, if the account is known there."""
    number = await talks.answered(tx, inbound)
    return None if number is None else await _of_case(tx, inbound, number)


async def _of_number(tx: Transaction, inbound: Inbound) -> int | None:
    """Of the case whose number is typed, where it is one of the account's, or of a peer's community.

    A number alone answers the question to which case words go.
    """
    text = inbound.text.strip()
    if inbound.invocation is None and _id(text) is not None:
        question = tables.Question
        asked = _of_account(inbound).join(question, question.member_id == tables.Identity.member_id)
        asked = asked.where(question.command == SAY, question.asked_at > inbound.at - questions.VALID)
        asked = asked.order_by(question.asked_at.desc())
        return await tx.session.scalar(asked.limit(1))
    if inbound.invocation is not None or (number := talks.number_in(text)) is None:
        return None
    role = tables.RoleGiven
    works = select(role.role).where(role.member_id == tables.Identity.member_id, role.role.in_(_TAKE_CASES)).exists()
    return await _of_case(tx, inbound, number, works)


async def _of_case(tx: Transaction, inbound: Inbound, number: int, *conditions: ColumnElement[bool]) -> int | None:
    """The community of a case, if the account is known there."""
    identity, case = tables.Identity, tables.CaseRow
    query = _of_account(inbound).join(case, case.community_id == identity.community_id).where(case.id == number)
    return await tx.session.scalar(query.where(*conditions).limit(1))


async def _where_they_are(tx: Transaction, inbound: Inbound) -> int | None:
    """Of the open case they are in that is nearest, or where they were last seen."""
    known = await talks.of_account(tx, inbound.platform, inbound.account)
    return next((talk.community for talk in known if talk.rank or talk.seen > NEVER_SEEN), None)


async def _of_shared_spaces(tx: Transaction, inbound: Inbound) -> int | None:
    return await rooms.community_with(tx, inbound.platform, list(inbound.shared_spaces))


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


async def stands_in(tx: Transaction, community_id: int, inbound: Inbound) -> bool:
    """Whether it came from one of the community's rooms."""
    return not inbound.private and await rooms.community_with(tx, inbound.platform, _addresses(inbound)) == community_id


def _addresses(inbound: Inbound) -> list[str]:
    """Where it was written, and in which server or space."""
    return [inbound.place, *([inbound.space] if inbound.space else [])]
