"""Each side of a talk sees a chosen name only, unless both want to know each other's account."""

from datetime import datetime

from sqlalchemy import select

from bot.core.content import Choice, Content
from bot.core.people import Member
from bot.core.words import _
from bot.delivery.outbox import Priority
from bot.services import members
from bot.services.escalations import store, words
from bot.services.voice import Voice
from bot.storage import tables
from bot.storage.database import Transaction


class Swapping:
    """Asks the one and the other, and tells both once both have agreed."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    async def agree(self, tx: Transaction, row: tables.CaseRow, person: Member, *, now: datetime) -> Content:
        """This person agrees. The other is asked, or, if they have agreed before, both are told."""
        other_id = row.holder if row.member_id == person.id else row.member_id
        if other_id is None:
            return Content(text=_("You are not in a talk just now."))
        other = await members.load(tx, other_id)
        await tx.insert_new(tables.Swap, case_id=row.id, member_id=person.id, other=other.id, at=now)
        agreed = await tx.session.get(tables.Swap, (row.id, other.id, person.id))
        name = person.name or (words.A_MEMBER if row.member_id == person.id else words.A_PEER)
        if agreed is None:
            asked = Content(
                text=_(
                    "{name} would like to swap accounts with you, to stay in touch. You need not: nothing is told"
                    " unless you press, too.",
                    name=name,
                ),
                choices=(Choice(label=_("Exchange accounts"), command="exchange", arguments={"case": str(row.id)}),),
            )
            await self._tell(tx, row, other, asked, f"swap:{person.id}:asked", now=now)
            return Content(text=_("I have asked them. Each of you learns the other's account only if both want it."))
        await store.note(tx, row.id, "accounts swapped", person.id, now=now)
        theirs = _("{name} has agreed, too: {accounts}", name=name, accounts=await _accounts(tx, person.id))
        await self._tell(tx, row, other, Content(text=theirs), f"swap:{person.id}", now=now)
        return Content(text=_("They have agreed, too: {accounts}", accounts=await _accounts(tx, other.id)))

    async def _tell(
        self, tx: Transaction, row: tables.CaseRow, to: Member, content: Content, key: str, *, now: datetime
    ) -> None:
        await self._voice.to_member(
            tx,
            to,
            content,
            key=f"case:{row.id}:{key}",
            priority=Priority.REPLY,
            now=now,
            case_id=row.id,
            about_id=row.member_id,
        )


async def _accounts(tx: Transaction, member_id: int) -> str:
    query = select(tables.Identity).where(tables.Identity.member_id == member_id).order_by(tables.Identity.id)
    return ", ".join(f"{one.platform}: {one.account}" for one in await tx.session.scalars(query))
