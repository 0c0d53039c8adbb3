"""The roster: what peers tell of how they help, and what organizers write down of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import delete

from bot.core.commands import BadValue
from bot.core.duty import Entry
from bot.core.occurrences import local_date
from bot.core.words import Say, _
from bot.services.duty import store
from bot.services.duty.breaks import roster_row
from bot.services.duty.words import names
from bot.storage.database import Transaction
from bot.storage.duty_tables import BoardRow, CredentialRow, DutyClock

LIST_LIMIT = 20
"""Languages, topics, or peers in one list."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A peer's entry with their chosen name, and what day it is by their clock."""

    name: Say
    entry: Entry
    today: date


async def listed(tx: Transaction, community_id: int, *, now: datetime) -> list[Listed]:
    """The whole roster."""
    return [
        Listed(await names(tx, [entry.member]), entry, local_date(now, entry.zone))
        for entry in await store.load_roster(tx, community_id, now)
    ]


async def set_lists(
    tx: Transaction,
    member_id: int,
    *,
    languages: Sequence[str] | None = None,
    topics: Sequence[str] | None = None,
) -> None:
    """Store languages (ISO 639-1) or topics; None stays as it is."""
    row = await roster_row(tx, member_id)
    row.languages = row.languages if languages is None else list(dict.fromkeys(languages))[:LIST_LIMIT]
    row.topics = row.topics if topics is None else list(dict.fromkeys(topics))[:LIST_LIMIT]


async def set_hours(tx: Transaction, member_id: int, hours: tuple[Sequence[int], time, time] | None) -> None:
    """Store on which ISO weekdays, from when until when a peer can be called; None: always."""
    row = await roster_row(tx, member_id)
    days, row.hours_from, row.hours_until = hours or ((), None, None)
    row.hours_days = list(days)


async def set_most(tx: Transaction, member_id: int, most: int) -> None:
    """Store how many open cases a peer has at most."""
    (await roster_row(tx, member_id)).most = most


async def set_credential(
    tx: Transaction, community_id: int, member_id: int, name: str, until: date | None, *, now: datetime
) -> None:
    """Store a credential, or renew the one of that name."""
    row = {"member_id": member_id, "name": name, "until": until}
    await tx.insert_or_write(CredentialRow, [row], key=("member_id", "name"))
    await store.replan(tx, community_id, now)


async def forget_credential(tx: Transaction, community_id: int, member_id: int, name: str, *, now: datetime) -> None:
    """Remove a credential; raises `BadValue` with those there are."""
    roster = await store.load_roster(tx, community_id, now)
    known = [each.name for entry in roster if entry.member == member_id for each in entry.credentials]
    if name not in known:
        if not known:
            raise BadValue(_("They have no credential here, so there is none to remove. “roster” shows all there are."))
        text = _("Which credential? They have: {names}.", names=", ".join(known))
        raise BadValue(text, tuple(known[:5]), parameter="name")
    mine = (CredentialRow.member_id == member_id) & (CredentialRow.name == name)
    await tx.session.execute(delete(CredentialRow).where(mine))
    await store.replan(tx, community_id, now)


async def set_board(tx: Transaction, community_id: int, *, on: bool, now: datetime) -> bool:
    """Turn the board on, as a new message, or off: it stays as it was last. False where there is no rota."""
    clock = await tx.session.get(DutyClock, community_id)
    if clock is None:
        return False
    clock.has_board, clock.board_at = on, now if on else None
    if not on:
        await tx.session.execute(delete(BoardRow).where(BoardRow.community_id == community_id))
    return True
