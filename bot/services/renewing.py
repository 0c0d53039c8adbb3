"""One message that stands for many, in a flood: where it was said already, it is renewed in its place."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from bot.core.content import Content, Upon
from bot.delivery.outbox import EDIT, Message, Priority
from bot.services.escalations.relay_rows import address_of
from bot.services.voice import Voice
from bot.storage.database import Transaction
from bot.storage.tables import Delivery


async def renew(
    tx: Transaction,
    voice: Voice,
    said: Iterable[Delivery],
    content: Content,
    language: str,
    *,
    by: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> None:
    """Let these messages, also those that have not left yet, say `content` at once; `by`: what is new, for their keys.

    A platform that cannot change a message says it anew.
    """
    for page in said:
        message = Message(
            key=f"{EDIT}{page.key}:{by}",
            to=address_of(page),
            content=replace(content, upon=Upon(act="refresh", message=page.message_id, delivery=page.id)),
            priority=Priority.CRISIS,
            due_at=now,
            expires_at=expires_at,
            member_id=page.member_id,
        )
        await voice.put(tx, message, language, now=now)
