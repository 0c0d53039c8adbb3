"""Somebody whose community cannot be told asks for a person: they are asked which it is, and its peers hear of them.

Whoever names a community is not let into it by that: no case is opened and nothing of it is shown, not even whether it
is here. Its peers see who asks, and write to them.
"""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from bot.core.content import Content
from bot.core.inbound import Inbound
from bot.core.matching import fold
from bot.core.resources import ELSEWHERE
from bot.core.words import _
from bot.services import members, telling_of_strangers
from bot.services.voice import Voice
from bot.storage import tables
from bot.storage.database import Transaction

ASKED = "stranger:"
"""How the key of an answer begins that asks which community it is."""

_OPEN = timedelta(hours=1)
"""So long what they write next is taken for its name."""

_LONGEST = 200


def key_for(inbound: Inbound) -> str:
    """The key of the answer to this, which asks for the name of their community."""
    return f"{ASKED}{inbound.platform}:{inbound.event_id}"


async def named(tx: Transaction, voice: Voice, inbound: Inbound, *, now: datetime) -> Content | None:
    """What they are answered who name a community after they were asked; None where they were not.

    It is the same whether the community is here or not.
    """
    if not await is_answer(tx, inbound, now=now):
        return None
    await tell(tx, voice, inbound, now=now)
    if await _was_answered(tx, inbound):
        return Content(
            text=_(
                "If somebody there was told, they write to you here. If nobody does, please write in one of its rooms,"
                " or call your local emergency number (112 or 911 in many countries) if you are in danger.\n\n"
                "{elsewhere}",
                elsewhere=ELSEWHERE,
            )
        )
    return Content(
        text=_(
            "Thank you. If that names a community that is here, its peers have been told that you ask for a person,"
            " and they write to you. If nobody does soon, or I have not understood the name, please write in one of its"
            " rooms. In danger, call your local emergency number (112 or 911 in many countries).\n\n"
            "{elsewhere}",
            elsewhere=ELSEWHERE,
        )
    )


async def tell(tx: Transaction, voice: Voice, inbound: Inbound, *, now: datetime) -> None:
    """Tell the peers of the community that their words name, if they do."""
    community = await _called(tx, inbound.text)
    if community is not None:
        await telling_of_strangers.tell(tx, voice, members.community_of(community, tx), inbound, now=now)


async def is_answer(tx: Transaction, inbound: Inbound, *, now: datetime) -> bool:
    """Whether they were asked for their community lately; of what is read back, when that was written."""
    if not inbound.private or not inbound.text:
        return False
    written = inbound.at if inbound.read_back else now
    sent = tables.Delivery
    asked = select(sent.id).where(
        sent.platform == inbound.platform,
        sent.kind == "direct",
        sent.address == inbound.account,
        sent.key.startswith(ASKED),
        sent.due_at > written - _OPEN,
    )
    return await tx.session.scalar(asked.limit(1)) is not None


async def _was_answered(tx: Transaction, inbound: Inbound) -> bool:
    """Whether they have been answered since they were asked last."""
    sent = tables.Delivery
    to = (sent.platform == inbound.platform, sent.kind == "direct", sent.address == inbound.account)
    asked = select(func.max(sent.id)).where(*to, sent.key.startswith(ASKED)).scalar_subquery()
    answered = select(sent.id).where(*to, sent.key.startswith("reply:"), sent.id > asked)
    return await tx.session.scalar(answered.limit(1)) is not None


async def _called(tx: Transaction, text: str) -> tables.Community | None:
    """The community whose name, or short name, stands in their words: "I am in Harbour, please hurry"."""
    said = f" {fold(text[:_LONGEST])} "
    rows = await tx.session.scalars(select(tables.Community).order_by(tables.Community.id))
    names = [(fold(name), row) for row in rows for name in (row.name, row.slug)]
    found = [(len(name), row) for name, row in names if name and f" {name} " in said]
    return max(found, key=lambda one: one[0], default=(0, None))[1]  # "North Harbour" is not "Harbour"
