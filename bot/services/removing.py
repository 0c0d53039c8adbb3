"""Removing a community with all that is stored for it: its people's rows by the way of their own erasure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, select, tuple_

from bot.services import directory, members, privacy
from bot.services.escalations import Escalations
from bot.services.feeds import forgetting
from bot.services.hosting.hosting import Hosting
from bot.services.meetings import Meetings
from bot.services.recently import Recently
from bot.storage import tables
from bot.storage.database import Database, Transaction
from bot.storage.feed_tables import MeetingFeed
from bot.storage.resource_tables import ResourceSource

_AT_ONCE = 20
"""Members erased in one transaction: others write meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How much is stored for a community."""

    id: int
    name: str
    members: int
    open_cases: int
    cases: int
    meetings: int
    sources: int
    """Feeds of meetings and lists of services that are its alone."""


async def held(tx: Transaction, slug: str) -> Held | None:
    """What is stored for the community of that id; None if there is none."""
    row = await tx.session.scalar(select(tables.Community).where(tables.Community.slug == slug))
    if row is None:
        return None

    async def count(table: Any, *also: Any) -> int:
        query = select(func.count()).select_from(table).where(table.community_id == row.id, *also)
        return await tx.session.scalar(query) or 0

    return Held(
        id=row.id,
        name=row.name,
        members=await count(tables.Member),
        open_cases=await count(tables.CaseRow, tables.CaseRow.open_for.is_not(None)),
        cases=await count(tables.CaseRow),
        meetings=await count(tables.MeetingRow),
        sources=await count(MeetingFeed) + await count(ResourceSource),
    )


class Removal:
    """Removes communities. What it tells anybody goes with them."""

    def __init__(self, meetings: Meetings, escalations: Escalations, hosting: Hosting) -> None:
        self._meetings = meetings
        self._escalations = escalations
        self._hosting = hosting

    async def remove(self, database: Database, community_id: int, *, now: datetime) -> None:
        """Remove the community. What breaks off in the middle is ended by removing it again."""
        async with database.begin() as tx:
            # First: from now on nobody is made a member of it, and nothing is said in its rooms any more.
            place = tables.Place
            rooms = select(place.platform, place.address).where(place.community_id == community_id)
            to_rooms = tuple_(tables.Delivery.platform, tables.Delivery.address).in_(rooms)
            await tx.session.execute(delete(tables.Delivery).where(tables.Delivery.kind != "direct", to_rooms))
            await tx.session.execute(delete(place).where(place.community_id == community_id))
        async with database.read() as tx:
            feeds = list(await tx.session.scalars(_of(MeetingFeed.id, MeetingFeed.community_id, community_id)))
            lists = list(await tx.session.scalars(_of(ResourceSource.name, ResourceSource.community_id, community_id)))
        for feed_id in feeds:
            await forgetting.forget(database, feed_id, self._meetings, now=now)
        for name in lists:
            await directory.forget(database, name, community_id)
        while await self._erase_some(database, community_id, now=now):
            pass
        async with database.begin() as tx:
            await tx.session.execute(delete(tables.Community).where(tables.Community.id == community_id))

    async def _erase_some(self, database: Database, community_id: int, *, now: datetime) -> bool:
        """Erase a few members; False once there are none."""
        async with database.begin() as tx:
            some = _of(tables.Member.id, tables.Member.community_id, community_id).order_by(tables.Member.id)
            ids = list(await tx.session.scalars(some.limit(_AT_ONCE)))
            for id_ in ids:
                member = await members.load(tx, id_)
                await privacy.erase(tx, member, self._escalations, self._hosting, Recently(lambda: now), now=now)
        return bool(ids)


def _of(column: Any, of: Any, community_id: int) -> Select[Any]:
    return select(column).where(of == community_id)
