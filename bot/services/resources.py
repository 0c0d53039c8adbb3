"""Looking resources up: the built-in helplines beside the community's own list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select

from bot.core.content import Field
from bot.core.people import Member
from bot.core.resources import (
    EmergencyNumber,
    Found,
    Parsed,
    Resource,
    crisis_lines,
    describe_briefly,
    parse_community_resources,
    search,
)
from bot.storage.database import Transaction
from bot.storage.tables import CommunityResource


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """All that can be looked up. `helplines` and `emergency_numbers` (by country) ship with the bot."""

    helplines: Sequence[Resource]
    emergency_numbers: Mapping[str, EmergencyNumber]

    async def find(
        self,
        tx: Transaction,
        member: Member,
        words: str,
        *,
        country: str | None = None,
        topic: str | None = None,
        place: str | None = None,
        limit: int = 3,
    ) -> tuple[Found, ...]:
        """What fits the words best, for the asked country, else the member's, else the community's."""
        return search(
            await self.all_for(tx, member.community.id),
            words,
            country=country or member.country,
            place=place,
            topic=topic,
            language=member.language,
            limit=limit,
        )

    async def all_for(self, tx: Transaction, community_id: int) -> list[Resource]:
        """The community's own resources, then the built-in helplines."""
        stored = await tx.session.scalar(
            select(CommunityResource.csv).where(CommunityResource.community_id == community_id)
        )
        own = () if stored is None else parse_community_resources(stored.decode(errors="replace"), source="").resources
        return [*own, *self.helplines]

    def emergency_number(self, country: str | None) -> EmergencyNumber | None:
        """The number to call when a life is in danger, if it is known."""
        return self.emergency_numbers.get(country or "")

    async def crisis_fields(self, tx: Transaction, member: Member, category: str | None) -> tuple[Field, ...]:
        """The helplines for somebody in danger, as fields: brief, for there is no time to read."""
        lines = crisis_lines(await self.all_for(tx, member.community.id), member.country, category)
        return tuple(describe_briefly(line) for line in lines)


async def replace_community_resources(tx: Transaction, community_id: int, text: str, *, source: str) -> Parsed:
    """Store the community's own list (CSV) in place of the one before; says which rows were refused."""
    parsed = parse_community_resources(text, source=source)
    await tx.session.execute(delete(CommunityResource).where(CommunityResource.community_id == community_id))
    tx.session.add(CommunityResource(community_id=community_id, csv=text.encode()))
    return parsed
