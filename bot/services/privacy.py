"""A member's own data: given to them, erased, and not kept longer than was said.

All three walk `bot.storage.personal.PERSONAL`, so that a new table cannot be forgotten.
"""

import json
import logging
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, bindparam, delete, false, func, or_, select, tuple_, update

from bot.core.content import Content
from bot.core.faults import where
from bot.core.people import Member
from bot.delivery import contents
from bot.services import incoming, members
from bot.services.escalations import Escalations
from bot.services.hosting.hosting import Hosting
from bot.services.recently import Recently
from bot.storage.database import Transaction
from bot.storage.personal import PERSONAL, Kept, Personal, column_at
from bot.storage.tables import Base, CaseRow, Community, Delivery, Identity, InboundEvent, Remembered
from bot.storage.vault import KeyProblem

log = logging.getLogger(__name__)

BLANK_AFTER = timedelta(days=1)
"""How long the words of a delivery are kept once nobody will send it any more; its choices still work after that."""

BLANK_BATCH = 500
"""Deliveries blanked at once: the database's one writer is held for less than a blink."""

OLDEST = 1000
"""Rows of a table that are looked at, and deleted if they are old enough, at once."""

OLDEST_FIRST = frozenset({"checkins", "case_events", "deliveries"})
"""Tables whose rows have been written in the order of their ids: the oldest are found without an index on the time, and
without reading millions of young ones every hour."""

STRANGERS_KEPT = timedelta(days=1)
"""How long a delivery to the private chat of somebody who is no member (any more) is kept: it names their account."""

CHAT, HEARD = "dm:", "last:"
"""What adapters remember of private chats: `dm:ACCOUNT` is where one is, `last:WHERE` how far it was heard."""

LOOKED_AT = 5000
"""Remembered rows that are looked through at once for the chats of strangers."""

LOOKED_UP_TO = ("housekeeping", "looked up to")
"""Where is remembered how far they were looked through, while there are more."""

EXPORT_BYTES = 4_000_000
"""Size of an export, as UTF-8: well under what the platforms take as a file (Discord: 10 MB)."""

EXPORT_ROWS = 5000
"""Rows of one table in an export, the newest."""

SEALED = "_sealed"
REMEMBERED = "remembered.value"
UNSENT = ("pending", "sending")


async def export(tx: Transaction, member: Member) -> str:
    """What is stored about the member, as JSON for people and programs to read.

    Of messages that hold somebody else's words, only when they were sent. Beyond `EXPORT_BYTES` or `EXPORT_ROWS` the
    oldest rows are left out, those of `PERSONAL`'s last tables first; `left_out` says how many of which table.
    """
    document: dict[str, Any] = {"community": member.community.name}
    left_out: dict[str, int] = {}
    own_cases = set(await tx.session.scalars(select(CaseRow.id).where(CaseRow.member_id == member.id)))
    room = EXPORT_BYTES
    for name, personal in PERSONAL.items():
        table = Base.metadata.tables[name]
        mine = table.c[personal.member] == member.id
        newest_first = select(table).where(mine).order_by(*(key.desc() for key in table.primary_key))
        shown: list[dict[str, Any]] = []
        for found in await tx.session.execute(newest_first.limit(EXPORT_ROWS)):
            row = dict(found._mapping)
            readable = _readable(tx, table, personal, row)
            if name == Delivery.__tablename__ and _is_for(member, row, own_cases):
                readable["text"] = await _text_of(tx, row)
            room -= len(json.dumps([[readable]], ensure_ascii=False, indent=2).encode())
            if room < 0:
                break
            shown.append(readable)
        document[name] = shown[::-1]
        there_are = await tx.session.scalar(select(func.count()).select_from(table).where(mine)) or 0
        if there_are > len(shown):
            left_out[name] = there_are - len(shown)
    if left_out:
        document["left_out"] = left_out
    return json.dumps(document, ensure_ascii=False, indent=2)


def _readable(tx: Transaction, table: Table, personal: Personal, row: Mapping[str, Any]) -> dict[str, Any]:
    readable: dict[str, Any] = {}
    for column in personal.exported or table.c.keys():
        value = row[column]
        if column.endswith(SEALED):
            plain = column.removesuffix(SEALED)
            readable[plain] = _opened(tx, value, f"{table.name}.{plain}")
        elif isinstance(value, datetime | date | time):
            readable[column] = value.isoformat()
        else:
            readable[column] = value
    return readable


def _opened(tx: Transaction, sealed: bytes | None, purpose: str) -> str | None:
    """What was sealed; None also if it is damaged: the rest is exported, or erased."""
    try:
        return None if sealed is None else tx.vault.open(sealed, purpose)
    except KeyProblem:
        log.error("a stored %s cannot be opened", purpose)
        return None


def _is_for(member: Member, delivery: Mapping[str, Any], own_cases: set[int]) -> bool:
    """Whether the words of a delivery to the member are nobody else's. A case that was forgotten was somebody's."""
    is_own_case = delivery["case_id"] is None or delivery["case_id"] in own_cases
    return is_own_case and delivery["about_id"] in {None, member.id}


async def _text_of(tx: Transaction, delivery: Mapping[str, Any]) -> str | None:
    """What was said; not its file, which may be an export itself. None if it is damaged."""
    try:
        return str((await contents.unseal(tx, delivery["content_sealed"], delivery["shared_id"])).text)
    except (KeyProblem, LookupError, TypeError, ValueError) as error:
        log.error(
            "delivery %d: its content cannot be read, and is left out of an export: %s", delivery["id"], where(error)
        )
        return None


async def erase(
    tx: Transaction, member: Member, escalations: Escalations, hosting: Hosting, recently: Recently, *, now: datetime
) -> None:
    """Forget the member: their open case ends, the cases they have are handed over, all rows about them go.

    Their name goes from the queue of a meeting that is open, and what they lead is over. What this process
    keeps of their words in memory is forgotten, too; another one forgets it within minutes.
    """
    await members.lock(tx, {member.id})
    await _erase_rows(tx, member, Delivery.__tablename__)
    # What they had sent and was not handled yet is not to be: not from here, nor where the platform brings it again.
    await tx.session.execute(update(InboundEvent).where(InboundEvent.member_id == member.id).values(state="handled"))
    await escalations.on_erasure(tx, member, now=now)
    await hosting.on_erasure(tx, member, now=now)
    await tx.session.flush()
    # What that has just said (the case has ended) holds none of their words, and peers wait for it.
    await tx.session.execute(update(Delivery).where(Delivery.about_id == member.id).values(about_id=None))
    await _forget_remembered(tx, member, recently)
    # Children first: the members row itself comes last.
    for name in reversed(PERSONAL):
        await _erase_rows(tx, member, name)
    tx.session.expunge_all()


async def _erase_rows(tx: Transaction, member: Member, name: str) -> None:
    table, personal = Base.metadata.tables[name], PERSONAL[name]
    mine = or_(*(column_at(table, path) == member.id for path in (personal.member, *personal.also)))
    if personal.forget:
        await tx.session.execute(update(table).where(mine).values(dict.fromkeys(personal.forget)))
    else:
        await tx.session.execute(delete(table).where(mine))


async def _forget_remembered(tx: Transaction, member: Member, recently: Recently) -> None:
    """Adapters name what they remember of an account `…:ACCOUNT`, and a thread's account in its value."""
    identities = await tx.session.execute(
        select(Identity.platform, Identity.account).where(Identity.member_id == member.id)
    )
    for platform, account in identities.all():
        recently.forget_account(platform, account)
        for row in await _remembered_of(tx, platform, account):
            # Of a damaged one nobody can tell what it leads to; the erasure is not refused for it.
            value = _opened(tx, row.value_sealed, REMEMBERED)
            for back in await _remembered_of(tx, platform, value or ""):
                await tx.session.delete(back)
            await tx.session.delete(row)
    await tx.session.flush()


async def _remembered_of(tx: Transaction, platform: str, of: str) -> list[Remembered]:
    """What is remembered under a name that ends with `of`. LIKE alone would be blind to capitals in SQLite."""
    if not of:
        return []
    ending = f":{of}"
    query = select(Remembered).where(Remembered.platform == platform, Remembered.name.endswith(ending, autoescape=True))
    return [row for row in await tx.session.scalars(query) if row.name.endswith(ending)]


async def keep_no_longer(tx: Transaction, *, now: datetime) -> int:
    """Delete or empty what has been kept for as long as was said; how many rows.

    Of the tables that grow large a batch at a time: call it again until there was nothing.
    """
    retentions = await tx.session.execute(select(Community.id, Community.retention_days))
    days_by_community = {row.id: row.retention_days for row in retentions}
    done = 0
    for name, personal in PERSONAL.items():
        table = Base.metadata.tables[name]
        if personal.forget_after is not None:
            # Of an event its words are there only together with its person or its next attempt, which have indexes.
            columns = [
                column for column in personal.forget if (table.name, column) != ("inbound_events", "body_sealed")
            ]
            full = or_(*(table.c[column].is_not(None) for column in columns))
            old = _is_old(table, personal, personal.forget_after, days_by_community, now=now)
            done += await _count(tx, update(table).where(old, full).values(dict.fromkeys(personal.forget)))
        if personal.kept != "member":
            old = _is_old(table, personal, personal.kept, days_by_community, now=now)
            old = await _a_batch_of(tx, table, personal, old)
            done += await _count(tx, delete(table).where(old))
    to_strangers = and_(Delivery.member_id.is_(None), Delivery.kind == "direct")
    done += await _count(tx, delete(Delivery).where(to_strangers, _over_since(now - STRANGERS_KEPT)))
    done += await _forget_chats_of_strangers(tx)
    done += await contents.forget_unused(tx, now=now)
    return done + await _blank(tx, now=now)


def _is_old(
    table: Table, personal: Personal, kept: Kept, days_by_community: Mapping[int, int], *, now: datetime
) -> ColumnElement[bool]:
    since = column_at(table, personal.since or "")
    if isinstance(kept, int):
        old = since < now - timedelta(days=kept)
    else:
        community = column_at(table, "community_id" if "community_id" in table.c else "case_id.community_id")
        old = or_(
            false(),  # there may be no community yet
            *(
                and_(community == community_id, since < now - timedelta(days=days))
                for community_id, days in days_by_community.items()
            ),
        )
    if table.name == Delivery.__tablename__:
        old = and_(old, table.c.state.not_in(UNSENT))
    if table.name == InboundEvent.__tablename__:
        # What waits to be handled, after the bot was off for a day, is forgotten once it is handled or parked; one
        # without an instant waits for nothing: it was seen by a version that kept no bodies.
        old = and_(old, or_(table.c.state != incoming.SEEN, table.c.next_at.is_(None)))
    return old


async def _a_batch_of(
    tx: Transaction, table: Table, personal: Personal, old: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Of the old rows of a large table the oldest; of a small one all."""
    if table.name in OLDEST_FIRST:
        oldest = select(table.c.id)
        if table.name == Delivery.__tablename__:
            oldest = oldest.where(table.c.state.not_in(UNSENT))
        ids = list(await tx.session.scalars(oldest.order_by(table.c.id).limit(OLDEST)))
        return and_(old, table.c.id.between(ids[0], ids[-1])) if ids else false()
    if table.name == InboundEvent.__tablename__:
        seen = table.c[personal.since or ""]
        last = await tx.session.scalar(select(seen).order_by(seen).offset(OLDEST).limit(1))
        return old if last is None else and_(old, seen <= last)
    return old


async def _forget_chats_of_strangers(tx: Transaction) -> int:
    """Delete what is remembered of private chats with nobody's account that no delivery names any more; how many rows.

    Whoever writes to the bot once leaves these, and so does a member whose erasure they have sent privately: the
    adapter writes them a moment later. Not 0 while there is more to be looked through.
    """
    platform, name = Remembered.platform, Remembered.name
    begun = await tx.session.get(Remembered, LOOKED_UP_TO)
    known = None if begun is None else _opened(tx, begun.value_sealed, REMEMBERED)
    page = tuple_(platform, name) > tuple(json.loads(known) if known else ("", ""))
    last = select(platform, name).where(page).order_by(platform, name).offset(LOOKED_AT - 1).limit(1)
    end = (await tx.session.execute(last)).first()
    if end is not None:
        page = and_(page, tuple_(platform, name) <= end)
    of_strangers = select(platform, name, Remembered.value_sealed).where(page, _is_strangers_chat())
    chats = (await tx.session.execute(of_strangers.order_by(platform, name).limit(OLDEST))).all()
    done = 0
    for of in {chat.platform for chat in chats}:
        theirs = [chat for chat in chats if chat.platform == of]
        # Of a damaged one nobody can tell where it was.
        heard = [f"{HEARD}{_opened(tx, chat.value_sealed, REMEMBERED)}" for chat in theirs]
        names = [*(chat.name for chat in theirs), *heard]
        done += await _count(tx, delete(Remembered).where(platform == of, name.in_(names)))
    looked_up_to = chats[-1][:2] if len(chats) == OLDEST else end
    if looked_up_to is None:
        if begun is not None:
            await tx.session.delete(begun)
        return done
    value = tx.vault.seal(json.dumps(tuple(looked_up_to)), REMEMBERED)
    row = {"platform": LOOKED_UP_TO[0], "name": LOOKED_UP_TO[1], "value_sealed": value}
    await tx.insert_or_write(Remembered, [row], key=("platform", "name"))
    return done + 1


def _is_strangers_chat() -> ColumnElement[bool]:
    # Not LIKE, which would be blind to capitals in SQLite.
    is_chat = func.substr(Remembered.name, 1, len(CHAT)) == CHAT
    account = func.substr(Remembered.name, len(CHAT) + 1)
    is_members = and_(Identity.platform == Remembered.platform, Identity.account == account)
    is_named = and_(Delivery.platform == Remembered.platform, Delivery.kind == "direct", Delivery.address == account)
    return and_(is_chat, ~select(Identity.id).where(is_members).exists(), ~select(Delivery.id).where(is_named).exists())


def _over_since(instant: datetime) -> ColumnElement[bool]:
    """Deliveries that nobody has tried to send since. A failed or expired one tells only when it was last due."""
    return and_(Delivery.state.not_in(UNSENT), func.coalesce(Delivery.sent_at, Delivery.due_at) < instant)


async def _blank(tx: Transaction, *, now: datetime) -> int:
    """Drop the words of deliveries that are over, crises and replies first; how many."""
    over = (
        select(Delivery.id, Delivery.content_sealed, Delivery.has_choices)
        .where(Delivery.blanked_at.is_(None), Delivery.content_sealed.is_not(None), _over_since(now - BLANK_AFTER))
        .order_by(Delivery.priority, Delivery.id)
        .limit(BLANK_BATCH)
    )
    rows = (await tx.session.execute(over)).all()
    if not rows:
        return 0
    nothing = contents.seal(tx, Content())
    blanked = [
        {"row": row.id, "blank": contents.only_choices(tx, row.id, row.content_sealed) if row.has_choices else nothing}
        for row in rows
    ]
    table = Base.metadata.tables[Delivery.__tablename__]
    one = update(table).where(table.c.id == bindparam("row"))
    await tx.session.execute(one.values(content_sealed=bindparam("blank"), blanked_at=now), blanked)
    return len(rows)


async def _count(tx: Transaction, statement: Any) -> int:
    result: Any = await tx.session.execute(statement)
    return int(result.rowcount)
