"""Who somebody is: from a platform's account to a member of a community."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from bot.core.inbound import Inbound
from bot.core.people import Community, Member
from bot.core.roles import Role
from bot.core.text import clean_name
from bot.services.policies import read_policy
from bot.services.whereabouts import NEVER_SEEN, community_id_of
from bot.storage import tables
from bot.storage.database import Transaction

SEEN_AGAIN = timedelta(minutes=10)
"""How old "last seen" may become before it is written again: most messages then cost no write."""

NAME_PURPOSE = "members.name"


def community_of(row: tables.Community) -> Community:
    """The community stored in `row`."""
    return Community(
        id=row.id,
        slug=row.slug,
        name=row.name,
        country=row.country,
        zone=ZoneInfo(row.zone),
        language=row.languages[0],
        checkin_time=row.checkin_time,
        policy=read_policy(row.policy),
        retention_days=row.retention_days,
    )


async def load(tx: Transaction, member_id: int, *, is_new: bool = False) -> Member:
    """The member of that id, who must exist."""
    row = await tx.session.get_one(tables.Member, member_id)
    community = await tx.session.get_one(tables.Community, row.community_id)
    roles = await tx.session.scalars(select(tables.RoleGiven.role).where(tables.RoleGiven.member_id == member_id))
    return Member(
        id=row.id,
        community=community_of(community),
        roles=frozenset({Role.MEMBER, *(Role(role) for role in roles)}),
        name=None if row.name_sealed is None else tx.vault.open(row.name_sealed, NAME_PURPOSE),
        own_zone=None if row.zone is None else ZoneInfo(row.zone),
        own_country=row.country,
        own_language=row.language,
        quiet_from=row.quiet_from,
        quiet_until=row.quiet_until,
        is_new=is_new,
    )


async def resolve(tx: Transaction, inbound: Inbound, *, now: datetime) -> Member | None:
    """Who wrote this; a first contact makes them a member. None if no community can be told."""
    community_id = await community_id_of(tx, inbound)
    if community_id is None:
        return None
    member_id, is_new = await ensure(tx, community_id, inbound.platform, inbound.account, seen_at=now)
    await _seen(tx, member_id, inbound, now=now)
    return await load(tx, member_id, is_new=is_new)


async def find(tx: Transaction, inbound: Inbound) -> Member | None:
    """Who wrote this, if they are a member already."""
    community_id = await community_id_of(tx, inbound)
    query = select(tables.Identity.member_id).where(
        tables.Identity.community_id == community_id,
        tables.Identity.platform == inbound.platform,
        tables.Identity.account == inbound.account,
    )
    member_id = await tx.session.scalar(query)
    return None if member_id is None else await load(tx, member_id)


async def ensure(
    tx: Transaction, community_id: int, platform: str, account: str, *, seen_at: datetime = NEVER_SEEN
) -> tuple[int, bool]:
    """The id of the member with this account in the community, made if need be; and whether it was made.

    `seen_at` is given only where the person themself was heard: a member made on somebody else's word must not draw
    that person's private chat into the community.
    """
    identity = tables.Identity
    known = select(identity.member_id).where(
        identity.community_id == community_id, identity.platform == platform, identity.account == account
    )
    member_id = await tx.session.scalar(known)
    if member_id is not None:
        return member_id, False
    row = tables.Member(community_id=community_id)
    tx.session.add(row)
    await tx.session.flush()
    inserted = await tx.insert_new(
        identity,
        community_id=community_id,
        member_id=row.id,
        platform=platform,
        account=account,
        last_seen_at=seen_at,
    )
    if inserted:
        return row.id, True
    await tx.session.delete(row)  # another process was quicker
    return (await tx.session.scalars(known)).one(), False


async def set_name(tx: Transaction, member_id: int, name: str | None) -> None:
    """Store the name somebody chose to be seen under; None forgets it."""
    cleaned = clean_name(name or "")
    row = await tx.session.get_one(tables.Member, member_id)
    row.name_sealed = tx.vault.seal(cleaned, NAME_PURPOSE) if cleaned else None


async def set_place(
    tx: Transaction,
    member_id: int,
    *,
    zone: ZoneInfo | None = None,
    country: str | None = None,
    language: str | None = None,
) -> None:
    """Store what a member told of where they are; what is None stays as it is."""
    row = await tx.session.get_one(tables.Member, member_id)
    row.zone = row.zone if zone is None else zone.key
    row.country = country or row.country
    row.language = language or row.language


async def set_quiet_hours(tx: Transaction, member_id: int, hours: tuple[time, time] | None) -> None:
    """Store between which local times the member wants no reminders; None: they may come at any time."""
    row = await tx.session.get_one(tables.Member, member_id)
    row.quiet_from, row.quiet_until = hours or (None, None)


async def with_roles(tx: Transaction, community_id: int, roles: set[Role]) -> list[int]:
    """The ids of the community's members who have one of these roles."""
    query = (
        select(tables.Member.id)
        .join(tables.RoleGiven, tables.RoleGiven.member_id == tables.Member.id)
        .where(tables.Member.community_id == community_id, tables.RoleGiven.role.in_(sorted(roles)))
        .distinct()
        .order_by(tables.Member.id)
    )
    return list(await tx.session.scalars(query))


async def _seen(tx: Transaction, member_id: int, inbound: Inbound, *, now: datetime) -> None:
    """Note where the person is reached best: on the platform they used last."""
    identity = tables.Identity
    row = (
        await tx.session.scalars(
            select(identity).where(
                identity.member_id == member_id,
                identity.platform == inbound.platform,
                identity.account == inbound.account,
            )
        )
    ).one()
    # Of this person, and of this account in other communities: a private chat belongs to where they were last.
    theirs = (identity.platform == inbound.platform) & (identity.account == inbound.account)
    newest = await tx.session.scalar(
        select(func.max(identity.last_seen_at)).where((identity.member_id == member_id) | theirs)
    )
    if now - row.last_seen_at >= SEEN_AGAIN or (newest is not None and newest > row.last_seen_at):
        row.last_seen_at = now
    if not inbound.private and row.last_place != inbound.place:
        row.last_place = inbound.place


async def known_place(tx: Transaction, platform: str, address: str) -> bool:
    """Whether a community has this place."""
    place = tables.Place
    found = select(place.id).where(place.platform == platform, place.address == address)
    return await tx.session.scalar(found.limit(1)) is not None
