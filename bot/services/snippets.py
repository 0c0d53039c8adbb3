"""Ready answers: what a community's peers say often, written once, well, and sent by its name."""

from sqlalchemy import delete, func, select

from bot.core.text import clean_name
from bot.storage.database import Transaction
from bot.storage.tables import Snippet

MOST = 50
"""Ready answers of one community."""

TEXT_LIMIT = 1500
"""Characters of one: with a title it is one message on every platform."""


async def all_of(tx: Transaction, community_id: int) -> list[Snippet]:
    """A community's ready answers, by name."""
    query = select(Snippet).where(Snippet.community_id == community_id).order_by(Snippet.name)
    return list(await tx.session.scalars(query))


async def named(tx: Transaction, community_id: int, name: str) -> Snippet | None:
    """The one of that name."""
    query = select(Snippet).where(Snippet.community_id == community_id, Snippet.name == _key(name))
    return await tx.session.scalar(query)


async def put(tx: Transaction, community_id: int, name: str, text: str) -> bool:
    """Store one under a name, in place of the one before; False if there are too many."""
    known = await named(tx, community_id, name)
    if known is not None:
        known.text = text
        return True
    there_are = await tx.session.scalar(select(func.count()).where(Snippet.community_id == community_id)) or 0
    if there_are >= MOST:
        return False
    tx.session.add(Snippet(community_id=community_id, name=_key(name), text=text))
    await tx.session.flush()
    return True


async def remove(tx: Transaction, community_id: int, name: str) -> bool:
    """Forget one; False if there is none of that name."""
    known = await named(tx, community_id, name)
    if known is None:
        return False
    await tx.session.execute(delete(Snippet).where(Snippet.id == known.id))
    return True


def _key(name: str) -> str:
    return clean_name(name).casefold()[:40]
