"""Who somebody is: from a platform's account to a member of a community.

Whoever is in danger gets their answer, and peers their pages, also where a stored value of theirs or of the community
is damaged or its zone is no longer in tzdata: it counts as not told, and the log says so once.
"""

import logging
from collections.abc import Callable, Collection, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, TypeVar
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from sqlalchemy import String, and_, bindparam, cast, delete, func, insert, or_, select
from sqlalchemy.orm import aliased

from bot.core.community import PlaceKind
from bot.core.faults import Told, where
from bot.core.inbound import Inbound
from bot.core.people import Community, Member
from bot.core.pictures import MIB
from bot.core.policy import Policies
from bot.core.roles import Action, Role, may
from bot.core.text import clean_name
from bot.services.policies import read_policies
from bot.services.whereabouts import NEVER_SEEN, community_id_of
from bot.storage import tables
from bot.storage.database import Transaction
from bot.storage.vault import KeyProblem, Vault

log = logging.getLogger(__name__)

_ROLES = frozenset(Role)

SEEN_AGAIN = timedelta(minutes=10)
"""How old "last seen" may become before it is written again: most messages then cost no write."""

NAME_PURPOSE = "members.name"

Value = TypeVar("Value")

_UNREADABLE = (ArithmeticError, AttributeError, KeyProblem, LookupError, OSError, TypeError, ValueError)
"""What a damaged value raises; a zone that is not there a `LookupError`, or an `OSError` if it names a folder."""

_ONCE = datetime(1, 1, 1, tzinfo=UTC)
"""When it was told: by this clock never again while it lasts."""

_MENDED_BY = {
    "communities": "mend its file and run 'handrail community apply'",
    "members": "its member mends it with 'settings'",
}

_told: WeakKeyDictionary[Vault, Told] = WeakKeyDictionary()
"""Which values were told, for each database."""

# Each message asks these: built once, for that takes longer than the answer.

_MEMBERS: Any = tables.Member.__table__

_MEMBER = (
    select(tables.Member, tables.Community, tables.RoleGiven.role)
    .join(tables.Community, tables.Community.id == tables.Member.community_id)
    .outerjoin(tables.RoleGiven, tables.RoleGiven.member_id == tables.Member.id)
    .where(tables.Member.id == bindparam("member"))
)

_OF_ACCOUNT = select(tables.Identity.member_id).where(
    tables.Identity.community_id == bindparam("community"),
    tables.Identity.platform == bindparam("platform"),
    tables.Identity.account == bindparam("account"),
)

_OTHERS: Any = aliased(tables.Identity)

_NEWEST = (
    select(func.max(_OTHERS.last_seen_at))
    .where(
        or_(
            _OTHERS.member_id == tables.Identity.member_id,
            and_(_OTHERS.platform == tables.Identity.platform, _OTHERS.account == tables.Identity.account),
        )
    )
    .scalar_subquery()
)
"""Of this person, and of this account in other communities: a private chat belongs to where they were last."""

_WHO = (
    select(tables.Identity, _NEWEST, tables.Member, tables.Community, tables.RoleGiven.role)
    .join(tables.Member, tables.Member.id == tables.Identity.member_id)
    .join(tables.Community, tables.Community.id == tables.Member.community_id)
    .outerjoin(tables.RoleGiven, tables.RoleGiven.member_id == tables.Member.id)
    .where(
        tables.Identity.community_id == bindparam("community"),
        tables.Identity.platform == bindparam("platform"),
        tables.Identity.account == bindparam("account"),
    )
)

_NEW_MEMBER = insert(_MEMBERS).returning(_MEMBERS.c.id)

_WITH_ROLES = (
    select(tables.Member.id)
    .join(tables.RoleGiven, tables.RoleGiven.member_id == tables.Member.id)
    .where(
        tables.Member.community_id == bindparam("community"),
        tables.RoleGiven.role.in_(bindparam("roles", expanding=True)),
    )
    .distinct()
    .order_by(tables.Member.id)
)


def community_of(row: tables.Community, tx: Transaction | None = None) -> Community:
    """The community stored in `row`; with `tx` the log tells what of it cannot be read.

    What cannot be read is UTC, English, or the policies that a community has which chose none.
    """

    def read(column: str, value: Callable[[], Value]) -> Value | None:
        return _read(None if tx is None else tx.vault, row, column, value)

    return Community(
        id=row.id,
        slug=row.slug,
        name=row.name,
        country=row.country,
        zone=read("zone", lambda: ZoneInfo(row.zone)) or ZoneInfo("UTC"),
        language=read("languages", lambda: _first_language(row.languages)) or "en",
        checkin_time=row.checkin_time,
        policies=read("policy", lambda: read_policies(row.policy)) or Policies(),
        retention_days=row.retention_days,
        picture_limit=row.picture_mib * MIB if row.pictures else 0,
    )


def zone_named(key: str) -> ZoneInfo | None:
    """The zone of that name; None if it is not in tzdata."""
    try:
        return ZoneInfo(key)
    except _UNREADABLE:
        return None


async def load(tx: Transaction, member_id: int, *, is_new: bool = False) -> Member:
    """The member of that id, who must exist; what of them cannot be read is as if they had not told it."""
    known = tx.known("roles")
    roles = known.get(member_id)
    if roles is None:
        found = (await tx.session.execute(_MEMBER, {"member": member_id})).all()
        roles = known[member_id] = _noted(tx, found)
    row = await tx.get(tables.Member, member_id)
    community = await tx.get(tables.Community, row.community_id)
    sealed, zone = row.name_sealed, row.zone
    return Member(
        id=row.id,
        community=community_of(community, tx),
        roles=frozenset({Role.MEMBER, *(Role(role) for role in roles if role in _ROLES)}),
        name=_read(tx.vault, row, "name", lambda: None if sealed is None else tx.vault.open(sealed, NAME_PURPOSE)),
        own_zone=_read(tx.vault, row, "zone", lambda: None if zone is None else ZoneInfo(zone)),
        own_country=row.country,
        own_language=row.language,
        quiet_from=row.quiet_from,
        quiet_until=row.quiet_until,
        is_new=is_new,
    )


def _noted(tx: Transaction, found: Sequence[Sequence[Any]]) -> frozenset[str | None]:
    """What was read of one member is not read again in this transaction; their roles. In `found` those are last."""
    for *_more, row, community, _role in found[:1]:
        tx.read_row(row, row.id)
        tx.read_row(community, community.id)
    return frozenset(role for *_more, role in found)


async def lock(tx: Transaction, member_ids: Collection[int]) -> None:
    """Let nobody change what is these members' until the transaction ends, before they are merged or erased.

    What others then store for one of them waits, and fails on its foreign key if the member is gone: an event is tried
    again, and a case is never left without its member. Rows are locked in the order in which those who hear somebody,
    or whose timers fire, take them; where two still wait for each other, PostgreSQL fails one, which is tried again.
    """
    identity, case, member = tables.Identity, tables.CaseRow, tables.Member
    theirs = or_(*(column.in_(member_ids) for column in (case.member_id, case.open_for, case.holder)))
    for rows in (
        select(identity.id).where(identity.member_id.in_(member_ids)).order_by(identity.id),
        select(case.id).where(theirs).order_by(case.id),
        select(member.id).where(member.id.in_(member_ids)).order_by(member.id),
    ):
        await tx.session.execute(rows.with_for_update())


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of who wrote something before it is stored.

    `community_id`: None if none can be told. `identity`: None if they are no member yet; `newest`: when that person, or
    that account in another community, was heard last.
    """

    community_id: int | None
    identity: tables.Identity | None = None
    newest: datetime | None = None

    @property
    def member_id(self) -> int | None:
        """Who they are; None if they are no member yet."""
        return None if self.identity is None else self.identity.member_id


async def look_up(tx: Transaction, inbound: Inbound) -> Known:
    """Who wrote this, as far as it is known; nothing is written."""
    community_id = await community_id_of(tx, inbound)
    if community_id is None:
        return Known(None)
    values = {"community": community_id, "platform": inbound.platform, "account": inbound.account}
    found = (await tx.session.execute(_WHO, values)).all()
    if not found:
        return Known(community_id)
    identity, newest, member, *_rest = found[0]
    tx.known("roles")[member.id] = _noted(tx, found)
    return Known(community_id, identity, newest)


async def resolve(tx: Transaction, inbound: Inbound, *, now: datetime) -> Member | None:
    """Who wrote this; a first contact makes them a member. None if no community can be told."""
    return await heard(tx, inbound, await look_up(tx, inbound), now=now)


async def heard(tx: Transaction, inbound: Inbound, known: Known, *, now: datetime) -> Member | None:
    """The same, where it is `known` already who they are, if they are anybody."""
    community_id = known.community_id
    if community_id is None:
        return None
    if known.identity is None:
        place = None if inbound.private else inbound.place
        member_id, is_new = await _make(tx, community_id, inbound.platform, inbound.account, seen_at=now, place=place)
        return await load(tx, member_id, is_new=is_new)
    _seen(known.identity, known.newest, inbound, now=now)
    return await load(tx, known.identity.member_id)


async def find(tx: Transaction, inbound: Inbound) -> Member | None:
    """Who wrote this, if they are a member already."""
    known = await look_up(tx, inbound)
    return None if known.member_id is None else await load(tx, known.member_id)


async def ensure(
    tx: Transaction, community_id: int, platform: str, account: str, *, seen_at: datetime = NEVER_SEEN
) -> tuple[int, bool]:
    """The id of the member with this account in the community, made if need be; and whether it was made.

    `seen_at` is given only where the person themself was heard: a member made on somebody else's word must not draw
    that person's private chat into the community.
    """
    known = {"community": community_id, "platform": platform, "account": account}
    member_id = await tx.session.scalar(_OF_ACCOUNT, known)
    if member_id is not None:
        return member_id, False
    return await _make(tx, community_id, platform, account, seen_at=seen_at)


async def _make(
    tx: Transaction, community_id: int, platform: str, account: str, *, seen_at: datetime, place: str | None = None
) -> tuple[int, bool]:
    """The same for an account that was nobody's a moment ago; `place`: where it was heard, if that is public."""
    member_id = (await tx.session.execute(_NEW_MEMBER, {"community_id": community_id})).scalar_one()
    inserted = await tx.insert_new(
        tables.Identity,
        community_id=community_id,
        member_id=member_id,
        platform=platform,
        account=account,
        last_seen_at=seen_at,
        last_place=place,
    )
    if inserted:
        return member_id, True
    await tx.session.execute(delete(_MEMBERS).where(_MEMBERS.c.id == member_id))  # another process was quicker
    known = {"community": community_id, "platform": platform, "account": account}
    return (await tx.session.scalars(_OF_ACCOUNT, known)).one(), False


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


async def with_roles(tx: Transaction, community_id: int, roles: Set[Role]) -> list[int]:
    """The ids of the community's members who have one of these roles."""
    return list(await tx.session.scalars(_WITH_ROLES, {"community": community_id, "roles": sorted(roles)}))


def _read(
    vault: Vault | None, row: tables.Community | tables.Member, column: str, value: Callable[[], Value]
) -> Value | None:
    """A value of the row, or None if it cannot be read, which is told once."""
    table = row.__tablename__
    key = f"{table} {row.id} {column}"
    try:
        found = value()
    except _UNREADABLE as error:
        if vault is not None and _told.setdefault(vault, Told()).is_news(key, _ONCE):
            log.error(
                "%s %d: its %s cannot be read, and counts as not told: %s; %s",
                table,
                row.id,
                column,
                where(error),
                _MENDED_BY[table],
            )
        return None
    told = None if vault is None else _told.get(vault)
    if told is not None and told.is_over(key):
        log.warning("%s %d: its %s can be read again", table, row.id, column)
    return found


def _first_language(languages: object) -> str:
    """The language that a community speaks; raises `TypeError` or `LookupError`."""
    if not isinstance(languages, list) or not isinstance(languages[0], str):
        raise TypeError("languages are a list of codes")
    return str(languages[0])


def _seen(row: tables.Identity, newest: datetime | None, inbound: Inbound, *, now: datetime) -> None:
    """Note where the person is reached best: on the platform they used last."""
    if now - row.last_seen_at >= SEEN_AGAIN or (newest is not None and newest > row.last_seen_at):
        row.last_seen_at = now
    if not inbound.private and row.last_place != inbound.place:
        row.last_place = inbound.place


async def was_seen(tx: Transaction, platform: str, account: str) -> bool:
    """Whether the account was ever heard, in whatever community."""
    identity = tables.Identity
    found = select(identity.id).where(identity.platform == platform, identity.account == account)
    return await tx.session.scalar(found.where(identity.last_seen_at > NEVER_SEEN).limit(1)) is not None


async def known_place(tx: Transaction, platform: str, address: str) -> bool:
    """Whether a community has this place."""
    place = tables.Place
    found = select(place.id).where(place.platform == platform, place.address == address)
    return await tx.session.scalar(found.limit(1)) is not None


async def known_servers(tx: Transaction, platform: str, limit: int) -> list[str]:
    """The servers of communities on a platform, the oldest first: at most `limit`."""
    place = tables.Place
    is_server = cast(place.kinds, String).contains(f'"{PlaceKind.SERVER}"')
    query = select(place.address).where(place.platform == platform, is_server).order_by(place.id)
    return list(await tx.session.scalars(query.limit(limit)))


async def who_is_called(tx: Transaction, platform: str) -> list[tuple[str, tuple[str, ...]]]:
    """The accounts on a platform of those who may take cases, each with all servers of their community there.

    Only those who were heard there once: who has not come yet has not left, and would be off when they come.
    """
    place, identity, given = tables.Place, tables.Identity, tables.RoleGiven
    roles = [role.value for role in Role if may(frozenset({role}), Action.TAKE_CASE)]
    query = (
        select(identity.member_id, identity.account, place.address)
        .join(place, (place.community_id == identity.community_id) & (place.platform == identity.platform))
        .where(identity.platform == platform, cast(place.kinds, String).contains(f'"{PlaceKind.SERVER}"'))
        .where(identity.last_seen_at > NEVER_SEEN)
        .where(select(given.role).where(given.member_id == identity.member_id, given.role.in_(roles)).exists())
        .order_by(identity.id, place.id)
    )
    servers: dict[tuple[int, str], list[str]] = {}
    for member_id, account, server in await tx.session.execute(query):
        servers.setdefault((member_id, account), []).append(server)
    return [(account, tuple(theirs)) for (_member, account), theirs in servers.items()]


async def lobbies(tx: Transaction, platform: str, addresses: Sequence[str]) -> list[str]:
    """The lobbies on a platform of the community that has one of these places, the oldest first."""
    place = tables.Place
    mine = select(place.community_id).where(place.platform == platform, place.address.in_(addresses))
    is_lobby = cast(place.kinds, String).contains(f'"{PlaceKind.LOBBY}"')
    query = select(place.address).where(place.platform == platform, is_lobby)
    query = query.where(place.community_id == mine.order_by(place.id).limit(1).scalar_subquery())
    return list(await tx.session.scalars(query.order_by(place.id)))
