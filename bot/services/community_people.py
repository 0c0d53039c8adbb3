"""The people of a community's file: who is one person, which roles they have, and which they lose."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select

from bot.core.community import Person
from bot.core.roles import Action, may
from bot.services import members
from bot.services.escalations import Escalations
from bot.services.merging import history, merge
from bot.storage import tables
from bot.storage.database import Transaction


async def apply_people(
    tx: Transaction, community_id: int, wanted: Sequence[Person], escalations: Escalations, *, now: datetime
) -> dict[str, int]:
    """Store the people as the file lists them; their ids by name.

    Whoever may carry cases no more gives back those they have.
    """
    await _part(tx, community_id, wanted)
    kept: dict[int, str] = {}
    for person in wanted:
        member_id = await _one_member(tx, community_id, person, escalations, now=now)
        kept[member_id] = person.name
        row = await tx.session.get_one(tables.Member, member_id)
        row.from_file = True
        row.zone = row.zone if person.zone is None else person.zone.key
        row.language = person.language or row.language
        await members.set_name(tx, member_id, person.name)
        await _give_roles(tx, member_id, [role.value for role in person.roles])
    for member_id in set(await people_ids(tx, community_id)) - kept.keys():
        await _give_roles(tx, member_id, [])
        (await tx.session.get_one(tables.Member, member_id)).from_file = False
    await tx.session.flush()
    await _hand_over(tx, community_id, escalations, now=now)
    return {name: id_ for id_, name in kept.items()}


async def people_ids(tx: Transaction, community_id: int) -> list[int]:
    """The ids of the members whom the file lists."""
    query = select(tables.Member.id).where(
        tables.Member.community_id == community_id, tables.Member.from_file.is_(True)
    )
    return list(await tx.session.scalars(query.order_by(tables.Member.id)))


async def person_of(tx: Transaction, member_id: int) -> dict[str, Any]:
    """A member as the file would list them."""
    member = await members.load(tx, member_id)
    identities = await tx.session.scalars(select(tables.Identity).where(tables.Identity.member_id == member_id))
    person: dict[str, Any] = {"name": member.name, "roles": sorted(r.value for r in member.roles if r != "member")}
    person |= {identity.platform: identity.account for identity in identities}
    if member.own_zone is not None:
        person["zone"] = member.own_zone.key
    if member.own_language is not None:
        person["language"] = member.own_language
    return person


async def _part(tx: Transaction, community_id: int, wanted: Sequence[Person]) -> None:
    """A member whose accounts the file gives to several people stays the one of their name, else the first.

    The others begin anew: what somebody told the bot must not become another person's.
    """
    claims: dict[int, dict[int, list[tables.Identity]]] = {}
    for number, person in enumerate(wanted):
        for platform, account in person.accounts:
            identity = await _identity(tx, community_id, platform, account)
            if identity is not None:
                claims.setdefault(identity.member_id, {}).setdefault(number, []).append(identity)
    for member_id, claimed in claims.items():
        if len(claimed) == 1:
            continue
        name = (await members.load(tx, member_id)).name
        stays = next((number for number in claimed if wanted[number].name == name), min(claimed))
        for number, identities in claimed.items():
            if number != stays:
                await _begin_anew(tx, community_id, identities)


async def _begin_anew(tx: Transaction, community_id: int, identities: list[tables.Identity]) -> None:
    row = tables.Member(community_id=community_id)
    tx.session.add(row)
    await tx.session.flush()
    for identity in identities:
        identity.member_id = row.id
    await tx.session.flush()


async def _identity(tx: Transaction, community_id: int, platform: str, account: str) -> tables.Identity | None:
    identity = tables.Identity
    query = select(identity).where(
        identity.community_id == community_id, identity.platform == platform, identity.account == account
    )
    return await tx.session.scalar(query)


async def _one_member(
    tx: Transaction, community_id: int, person: Person, escalations: Escalations, *, now: datetime
) -> int:
    """One member for all of a person's accounts; what was several members becomes the one with most history."""
    histories: dict[int, int] = {}
    for platform, account in person.accounts:
        member_id, _new = await members.ensure(tx, community_id, platform, account)
        histories[member_id] = await history(tx, member_id)
    first = max(histories, key=histories.__getitem__)
    for other in histories.keys() - {first}:
        await merge(tx, other, into=first, escalations=escalations, now=now)
    for identity in await tx.session.scalars(select(tables.Identity).where(tables.Identity.member_id == first)):
        if (identity.platform, identity.account) not in person.accounts:
            await tx.session.delete(identity)
    return first


async def _give_roles(tx: Transaction, member_id: int, roles: list[str]) -> None:
    """The member has these roles and no others."""
    tx.changes("roles")
    await tx.session.execute(delete(tables.RoleGiven).where(tables.RoleGiven.member_id == member_id))
    for role in dict.fromkeys(roles):
        await tx.insert_new(tables.RoleGiven, member_id=member_id, role=role)


async def _hand_over(tx: Transaction, community_id: int, escalations: Escalations, *, now: datetime) -> None:
    """A conversation is not left with somebody who is no peer any more, nor does anything of a case reach them."""
    case, delivery = tables.CaseRow, tables.Delivery
    cases = select(case.holder, case.helpers).where(case.community_id == community_id, case.open_for.is_not(None))
    people = {person for row in await tx.session.execute(cases) for person in (row.holder, *row.helpers)}
    of_cases = or_(delivery.case_id.is_not(None), delivery.key.startswith("page:"))
    waiting = select(delivery.member_id).join(tables.Member, tables.Member.id == delivery.member_id)
    waiting = waiting.where(tables.Member.community_id == community_id, delivery.state == "pending", of_cases)
    people |= set(await tx.session.scalars(waiting.distinct()))
    for person_id in sorted(person for person in people if person is not None):
        person = await members.load(tx, person_id)
        if not may(person.roles, Action.TAKE_CASE):
            await escalations.on_role_lost(tx, person, now=now)
