"""Who and what is at the console, for the terminal's own commands."""

from sqlalchemy import select

from bot.core.community import PlaceKind
from bot.storage.database import Database, Transaction
from bot.storage.tables import Identity, Place, RoleGiven

NAME = "console"

_CLOSED = {PlaceKind.PEERS.value, PlaceKind.MODERATORS.value}


class ConsolePeople:
    """The accounts and rooms at the console, of all communities."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def roles(self) -> dict[str, frozenset[str]]:
        """Each account that the bot knows, with the roles it was given beyond that of a member."""
        query = (
            select(Identity.account, RoleGiven.role)
            .outerjoin(RoleGiven, RoleGiven.member_id == Identity.member_id)
            .where(Identity.platform == NAME)
            .order_by(Identity.id)
        )
        found: dict[str, frozenset[str]] = {}
        async with self._database.begin() as tx:
            for account, role in await tx.session.execute(query):
                found[account] = found.get(account, frozenset()) | ({role} if role else set())
        return found

    async def rooms(self) -> dict[str, bool]:
        """Each room, and whether it is closed to people without a role."""
        async with self._database.begin() as tx:
            return {place.address: bool(_CLOSED & set(place.kinds)) for place in await _places(tx)}


async def _places(tx: Transaction) -> list[Place]:
    return list(await tx.session.scalars(select(Place).where(Place.platform == NAME).order_by(Place.id)))
