"""What a community's organizers said of resources: right or wrong, and when."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from bot.core.resources.ages import Checked, identity_of, with_checks
from bot.core.resources.model import Resource
from bot.storage.database import Transaction
from bot.storage.resource_tables import ResourceCheck


async def applied(tx: Transaction, community_id: int, resources: Sequence[Resource]) -> list[Resource]:
    """`resources` as this community's organizers found them."""
    rows = await tx.session.execute(
        select(ResourceCheck.resource, ResourceCheck.right, ResourceCheck.day).where(
            ResourceCheck.community_id == community_id
        )
    )
    return with_checks(resources, {resource: Checked(right, day) for resource, right, day in rows})


async def say(tx: Transaction, community_id: int, resource: Resource, *, right: bool, day: date) -> None:
    """Store what an organizer found on `day`."""
    row = {"community_id": community_id, "resource": identity_of(resource), "right": right, "day": day}
    await tx.insert_or_write(ResourceCheck, [row], key=("community_id", "resource"))
