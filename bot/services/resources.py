"""Looking resources up: the built-in helplines beside the community's own list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import groupby

from sqlalchemy import delete, select

from bot.core.content import Field
from bot.core.countries import country_name
from bot.core.distance import Point, kilometres, point_of
from bot.core.people import Member
from bot.core.resources import (
    EmergencyNumber,
    Found,
    KnownNumbers,
    Parsed,
    Resource,
    crisis_lines,
    describe_briefly,
    parse_community_resources,
    read_need,
    search,
)
from bot.core.resources.ages import identity_of
from bot.core.resources.index import Need
from bot.core.resources.where import heading
from bot.core.words import Text, _
from bot.services import directory, found_services, resource_checks
from bot.services.feeds.nearby import whereis
from bot.services.feeds.vocabulary import Vocabulary
from bot.storage.database import Database, Transaction
from bot.storage.tables import CommunityResource

PAGE = 3
"""Answers at a time: what a phone shows at once."""


OWN = "communities' own resources"
"""Under this a transaction knows the list of a community, as it is stored."""

FARTHEST = 200.0
"""Kilometres: what is further from where somebody looks is no answer where something is near."""

ANSWERS = 30
"""Answers that can be asked for, page by page."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some answers, and how many more there are behind them."""

    found: tuple[Found, ...]
    more: int
    known: bool = False
    """Whether it is known where the place is that was asked for."""

    def heading(self, place: str, country: str, language: str | None = None) -> Text:
        """What is said before these answers for a place that was asked for."""
        return heading(
            place,
            country_name(country, language or "en") if country else _("your country"),
            near=any(match.near for match in self.found),
            others=not all(match.near for match in self.found),
            known=self.known,
            further=any(match.further for match in self.found),
        )

    @classmethod
    def of(cls, ranked: Sequence[Found], number: int) -> "Page":
        """The page of that number, from 0, of `ranked`; what is paired is never parted, nor shown in part."""
        pages: list[list[Found]] = [[]]
        for _pair, group in groupby(ranked, key=lambda match: match.resource.pair or object()):
            together = list(group)
            if pages[-1] and len(pages[-1]) + len(together) > PAGE:
                pages.append([])
            pages[-1] += together
        return cls(tuple(pages[number]) if number < len(pages) else (), sum(len(page) for page in pages[number + 1 :]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A search: as `bot.core.resources.search` takes it. `at` is the reader's own time, `point` where `place` is."""

    words: str
    country: str | None
    at: datetime
    place: str | None = None
    topic: str | None = None
    language: str | None = None
    point: Point | None = None

    @property
    def need(self) -> Need:
        """What is asked for."""
        return read_need(self.words, country=self.country, place=self.place, topic=self.topic, language=self.language)


@dataclass(frozen=True, kw_only=True)
class Resources:
    """All that can be looked up. `helplines` and `emergency_numbers` (by country) ship with the bot."""

    helplines: Sequence[Resource]
    emergency_numbers: Mapping[str, EmergencyNumber]

    @cached_property
    def known(self) -> KnownNumbers:
        """What the helplines know of numbers."""
        return KnownNumbers.of(self.helplines)

    async def find(
        self,
        tx: Transaction,
        member: Member,
        words: str,
        *,
        now: datetime,
        country: str | None = None,
        topic: str | None = None,
        place: str | None = None,
        point: Point | None = None,
        page: int = 0,
    ) -> Page:
        """What fits the words best, for the asked country, else the member's, else the community's.

        `page` counts from 0.
        """
        own = await resource_checks.applied(tx, member.community.id, await self.all_for(tx, member.community.id))
        asked = Asked(
            words=words,
            country=country or member.country,
            place=place,
            topic=topic,
            language=member.language,
            at=now.astimezone(member.zone),
            point=point,
        )
        imported = await found_services.candidates(tx, member.community.id, asked.need, point)
        return self.ranked(own, await resource_checks.applied(tx, member.community.id, imported), asked, page=page)

    async def find_anywhere(self, database: Database | None, asked: Asked, *, page: int = 0) -> Page:
        """What fits best of the helplines and all that was imported, whichever community it is for."""
        if database is None:
            return self.ranked(self.helplines, (), asked, page=page)
        async with database.read() as tx:
            if asked.place:
                spot = await whereis(tx, None, asked.place, Vocabulary(), country=asked.country)
                asked = replace(asked, point=None if spot is None else spot.point)
            imported = await found_services.candidates(tx, None, asked.need, asked.point)
        return self.ranked(self.helplines, imported, asked, page=page)

    def ranked(self, own: Sequence[Resource], imported: Sequence[Resource], asked: Asked, *, page: int = 0) -> Page:
        """A page of what fits best among `own` and those of the `imported` that are no helpline of ours over again."""
        unknown: dict[tuple[str, ...], Resource] = {}
        for one in imported:
            if one.city or one.address or self.known.line_of(one) is None:
                unknown.setdefault((one.name.casefold(), one.phone, one.city, one.address), one)
        ranked = search(
            [*own, *unknown.values()],
            asked.words,
            country=asked.country,
            place=asked.place,
            topic=asked.topic,
            language=asked.language,
            at=asked.at,
            point=asked.point,
            limit=ANSWERS,
        )
        if any(match.near for match in ranked):
            ranked = tuple(match for match in ranked if not _is_too_far(match.resource, asked.point))
        known = asked.point is not None or any(match.near for match in ranked)
        return replace(Page.of(ranked, page), known=known)

    async def named(self, tx: Transaction, member: Member, name: str) -> Resource | None:
        """The resource of that `name_of`, as this community is shown it; None if it is not on any list any more."""
        imported = await directory.by_key(tx, member.community.id, name)
        own = [one for one in await self.all_for(tx, member.community.id) if identity_of(one) == name]
        found = await resource_checks.applied(tx, member.community.id, [*own, *([imported] if imported else [])])
        return found[0] if found else None

    async def all_for(self, tx: Transaction, community_id: int) -> list[Resource]:
        """The community's own resources, then the built-in helplines."""
        known = tx.known(OWN)
        if community_id not in known:
            query = select(CommunityResource.csv).where(CommunityResource.community_id == community_id)
            known[community_id] = await tx.session.scalar(query)
        stored: bytes | None = known[community_id]
        own = () if stored is None else parse_community_resources(stored.decode(errors="replace"), source="").resources
        return [*own, *self.helplines]

    def emergency_number(self, country: str | None) -> EmergencyNumber | None:
        """The number to call when a life is in danger, if it is known."""
        return self.emergency_numbers.get(country or "")

    async def crisis_fields(self, tx: Transaction, member: Member, category: str | None) -> tuple[Field, ...]:
        """The helplines for somebody in danger, as fields: brief, for there is no time to read."""
        lines = crisis_lines(await self.all_for(tx, member.community.id), member.country, category)
        return tuple(describe_briefly(line) for line in lines)


def name_of(resource: Resource) -> str:
    """A short name by which a button asks for this resource."""
    return directory.key_of(resource) if resource.key else identity_of(resource)


def _is_too_far(one: Resource, point: Point | None) -> bool:
    """Whether it is known to be out of reach of where somebody looks."""
    there = point_of(one.latitude, one.longitude)
    return point is not None and there is not None and kilometres(point, there) > FARTHEST


async def replace_community_resources(tx: Transaction, community_id: int, text: str, *, source: str) -> Parsed:
    """Store the community's own list (CSV) in place of the one before; says which rows were refused."""
    parsed = parse_community_resources(text, source=source)
    tx.changes(OWN)
    await tx.session.execute(delete(CommunityResource).where(CommunityResource.community_id == community_id))
    tx.session.add(CommunityResource(community_id=community_id, csv=text.encode()))
    return parsed
