"""A community's rooms: read once in a transaction, and with them whose they are."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select

from bot.core.platform import Address
from bot.storage.database import Transaction
from bot.storage.tables import Place

ROOMS = "places"
"""Under this a transaction knows the rooms of a community."""

_PLACE: Any = Place.__table__.c
_ALL = select(_PLACE.community_id, _PLACE.platform, _PLACE.address, _PLACE.kinds).order_by(_PLACE.platform, _PLACE.id)
_OF_COMMUNITY = _ALL.where(_PLACE.community_id == bindparam("community"))
_OF_WHOSE_IT_IS = _ALL.where(
    _PLACE.community_id
    == select(_PLACE.community_id)
    .where(_PLACE.platform == bindparam("on"), _PLACE.address.in_(bindparam("addresses", expanding=True)))
    .order_by(_PLACE.id)
    .limit(1)
    .correlate(None)
    .scalar_subquery()
)
"""Each message asks these: built once, for that takes longer than the answer."""


async def community_with(tx: Transaction, platform: str, addresses: Sequence[str]) -> int | None:
    """The community that has one of these rooms; of several the one that has had its own for longest."""
    found = await tx.rows(_OF_WHOSE_IT_IS, {"on": platform, "addresses": list(addresses)})
    if not found:
        return None
    community_id: int = found[0].community_id
    tx.known(ROOMS)[community_id] = found
    return community_id


async def of_kind(tx: Transaction, community_id: int, kind: str) -> list[Address]:
    """The community's rooms of a kind ("lobby", "peers", "moderators", "meetings"), on all platforms."""
    known = tx.known(ROOMS)
    found = known.get(community_id)
    if found is None:
        found = known[community_id] = await tx.rows(_OF_COMMUNITY, {"community": community_id})
    return [Address(platform=room.platform, kind="place", id=room.address) for room in found if kind in room.kinds]
