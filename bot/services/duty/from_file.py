"""The rotas of a community's file: stored, compared, and written back."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from bot.core import recurrence
from bot.core.community import CommunityFile, RotaEntry
from bot.core.people import Community
from bot.core.roles import Role
from bot.services import members
from bot.services.duty import store
from bot.services.duty.rotas import Rotas
from bot.storage.database import Transaction
from bot.storage.duty_tables import RotaPerson, RotaRow
from bot.storage.tables import Identity, Member


async def rotas_of_file(tx: Transaction, community_id: int) -> list[dict[str, Any]]:
    """The stored rotas as the file would list them; of their people those whom the file lists as peers."""
    found: list[dict[str, Any]] = []
    for row in await store.rota_rows(tx, community_id):
        query = (
            select(RotaPerson.member_id)
            .join(Member, Member.id == RotaPerson.member_id)
            .where(RotaPerson.rota_id == row.id, Member.from_file.is_(True))
            .order_by(RotaPerson.position)
        )
        people = [await members.load(tx, member) for member in await tx.session.scalars(query)]
        names = [person.name for person in people if person.name and Role.PEER in person.roles]
        if names:
            found.append(_as_file(row, names))
    return found


def _as_file(row: RotaRow, names: list[str]) -> dict[str, Any]:
    rule = recurrence.weekly([int(day) for day in row.days])
    return {
        "name": row.name,
        "days": str(recurrence.describe(recurrence.parse(rule), row.starts_on)),
        "begins": row.begins.isoformat("minutes"),
        "ends": row.ends.isoformat("minutes"),
        "people": names,
        "turns": row.turns,
        "zone": row.zone,
    }


def rotas_by_name(file: CommunityFile | None) -> dict[str, Any]:
    """The rotas of a file in a form in which "tue" and "Tuesdays" are no difference."""
    return {} if file is None else {rota.name: _compared(rota, file) for rota in file.rotas}


def _compared(rota: RotaEntry, file: CommunityFile) -> tuple[Any, ...]:
    return (rota.weekdays, rota.begins, rota.ends, rota.people, rota.turns, file.zone_of(rota).key)


async def apply_rotas(
    tx: Transaction, community: Community, file: CommunityFile, rotas: Rotas, *, now: datetime
) -> None:
    """Store the file's rotas; those that organizers made by command are left alone."""
    async with rotas.told_if_on_now(tx, community.id, now=now):
        stored = {row.name: row for row in await store.rota_rows(tx, community.id)}
        wanted = {rota.name: rota for rota in file.rotas}
        for name, row in stored.items():
            if row.from_file and name not in wanted:
                await rotas.remove(tx, community, row, now=now)
        for rota in file.rotas:
            await rotas.put(
                tx,
                community,
                name=rota.name,
                days=rota.weekdays,
                begins=rota.begins,
                ends=rota.ends,
                zone=file.zone_of(rota),
                people=[await _member(tx, community.id, file, name) for name in rota.people],
                turns=rota.turns,
                from_file=True,
                now=now,
            )
        if not wanted:
            # People's roles may have changed, and so who counts.
            await store.replan(tx, community.id, now)


async def _member(tx: Transaction, community_id: int, file: CommunityFile, name: str) -> int:
    """The member whom the file calls by this name; they have been stored."""
    person = next(each for each in file.people if each.name == name and Role.PEER in each.roles)
    platform, account = person.accounts[0]
    query = select(Identity.member_id).where(
        Identity.community_id == community_id, Identity.platform == platform, Identity.account == account
    )
    return (await tx.session.scalars(query)).one()
