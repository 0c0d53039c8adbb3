"""A community's own guides."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import delete, select

from bot.core import community
from bot.core.guides import Guide
from bot.storage.database import Transaction
from bot.storage.resource_tables import CommunityGuide
from bot.storage.tables import Community


async def of_community(tx: Transaction, community_id: int) -> list[Guide]:
    """Its own guides, in the order of its file."""
    rows = await tx.session.scalars(
        select(CommunityGuide).where(CommunityGuide.community_id == community_id).order_by(CommunityGuide.id)
    )
    return [
        Guide(
            id=row.slug,
            title=row.guide["title"],
            paragraphs=(row.guide["text"],),
            sources=tuple(row.guide["sources"]),
            written=date.fromisoformat(row.guide["written"]),
            from_community=True,
        )
        for row in rows
    ]


async def stored(tx: Transaction, slug: str) -> list[dict[str, object]]:
    """The guides of the community of that id, as its file has them."""
    rows = await tx.session.scalars(
        select(CommunityGuide)
        .join(Community, Community.id == CommunityGuide.community_id)
        .where(Community.slug == slug)
        .order_by(CommunityGuide.id)
    )
    return [{"id": row.slug, **row.guide} for row in rows]


async def replace_guides(tx: Transaction, community_id: int, guides: Sequence[community.Guide]) -> None:
    """Store these in place of the ones before."""
    await tx.session.execute(delete(CommunityGuide).where(CommunityGuide.community_id == community_id))
    tx.session.add_all(
        CommunityGuide(
            community_id=community_id,
            slug=guide.id,
            guide={
                "title": guide.title,
                "text": guide.text,
                "sources": list(guide.sources),
                "written": guide.written,
            },
        )
        for guide in guides
    )
    await tx.session.flush()
