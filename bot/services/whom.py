"""Whom somebody means who asks for a peer for another person."""

import re

from sqlalchemy import select

from bot.core.commands import BadValue
from bot.core.inbound import Inbound
from bot.core.matching import fold, nearest
from bot.core.people import Member
from bot.core.words import _
from bot.services import members
from bot.services.whereabouts import stands_in
from bot.storage import tables
from bot.storage.database import Transaction

ACCOUNT_LIMIT = 255
"""Characters of a platform's account id; a Matrix user id has no more."""

_DISCORD_MENTION = re.compile(r"<@!?(\d{1,20})>")

NOBODY = _("I know nobody of that name here.")


async def author(tx: Transaction, by: Member, inbound: Inbound) -> Member:
    """The author of the message that `by` has called a command on; raises `BadValue`.

    Somebody who never spoke to the bot becomes a member only by a message in one of the community's rooms.
    """
    assert inbound.about is not None  # noqa: S101  the caller has looked
    account = inbound.about.account
    known = await _with_account(tx, by.community.id, inbound.platform, account)
    if known is None and len(account) <= ACCOUNT_LIMIT and await stands_in(tx, by.community.id, inbound):
        known, _new = await members.ensure(tx, by.community.id, inbound.platform, account)
    if known is None:
        raise BadValue(NOBODY, parameter="person")
    return await members.load(tx, known)


async def named(tx: Transaction, by: Member, platform: str, typed: str) -> Member:
    """The member of `by`'s community with this account, mentioned so, or with this chosen name.

    Raises `BadValue`: a name that is nearly somebody's is asked about, never guessed, because a page to the wrong
    person would tell them of another's danger.
    """
    typed = typed.strip()
    mention = _DISCORD_MENTION.fullmatch(typed)
    account = mention[1] if mention else typed
    known = await _with_account(tx, by.community.id, "discord" if mention else platform, account)
    return await members.load(tx, await _with_name(tx, by.community.id, typed) if known is None else known)


async def _with_account(tx: Transaction, community_id: int, platform: str, account: str) -> int | None:
    """The member with this account, on `platform` rather than on another one."""
    identity = tables.Identity
    query = (
        select(identity.member_id)
        .where(identity.community_id == community_id, identity.account == account)
        .order_by((identity.platform == platform).desc(), identity.id)
    )
    return await tx.session.scalar(query.limit(1))


async def _with_name(tx: Transaction, community_id: int, typed: str) -> int:
    rows = await tx.session.execute(
        select(tables.Member.id, tables.Member.name_sealed)
        .where(tables.Member.community_id == community_id, tables.Member.name_sealed.is_not(None))
        .order_by(tables.Member.id)
    )
    names = {id_: tx.vault.open(sealed, members.NAME_PURPOSE) for id_, sealed in rows if sealed is not None}
    wanted = _compared(typed)
    same = [id_ for id_, name in names.items() if _compared(name) == wanted]
    if len(same) == 1:
        return same[0]
    if same:
        several = _("Several people here have that name. Reply to a message of theirs, or name their account.")
        raise BadValue(several, parameter="person")
    guesses = nearest(typed, [(_compared(name), name) for name in names.values()])
    raise BadValue(_("Whom do you mean?") if guesses else NOBODY, tuple(guesses), parameter="person")


def _compared(name: str) -> str:
    """A name as it is compared; of one without any letter, such as an emoji, it is the name itself."""
    return fold(name) or name.casefold()
