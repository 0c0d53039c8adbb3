"""What deliveries say, sealed: each its own words, or one text that is stored once for many."""

import json
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update

from bot.core.content import Content
from bot.core.faults import where
from bot.core.pictures import Still
from bot.storage.database import Transaction
from bot.storage.relay_tables import CasePicture
from bot.storage.tables import SharedContent

log = logging.getLogger(__name__)

PURPOSE = "deliveries.content"
PICTURE = "case_pictures.data"

TAKEN_BACK = "its picture was taken back"
"""The reason of a row that is not sent because what it was to show is gone."""

USED_AGAIN = timedelta(days=1)
"""How old "last used" may become before it is written again."""

UNUSED = timedelta(days=40)
"""When a shared content is deleted after its last use: no delivery that has it is kept for so long."""


class PictureGone(LookupError):
    """The picture that a content shows is not stored any more: whoever sent it has taken it back."""


def seal(tx: Transaction, content: Content) -> bytes:
    """A rendered content as a delivery stores it."""
    return tx.vault.seal_json(content.as_json(), PURPOSE)


async def share(tx: Transaction, content: Content, *, now: datetime) -> int:
    """The id under which a rendered content is stored for many; it holds nobody's own words."""
    plain = json.dumps(content.as_json(), ensure_ascii=False, sort_keys=True)
    digest = tx.vault.digest(plain, PURPOSE)
    known = select(SharedContent.id, SharedContent.used_at).where(SharedContent.digest == digest)
    # Locked against being forgotten meanwhile as unused, but not against others who use it.
    row = (await tx.session.execute(known.with_for_update(read=True, key_share=True))).one_or_none()
    if row is None:
        await tx.insert_new(SharedContent, digest=digest, content_sealed=seal(tx, content), used_at=now)
        row = (await tx.session.execute(known)).one()
    elif now - row.used_at >= USED_AGAIN:
        await tx.session.execute(update(SharedContent).where(SharedContent.id == row.id).values(used_at=now))
    return int(row.id)


async def unseal(tx: Transaction, sealed: bytes | None, shared_id: int | None) -> Content:
    """The content of a delivery; raises whatever a damaged value does to the parser."""
    if sealed is None:
        sealed = await tx.session.scalar(select(SharedContent.content_sealed).where(SharedContent.id == shared_id))
    return opened(tx, sealed)


def opened(tx: Transaction, sealed: bytes | None) -> Content:
    """A content as `seal` sealed it; raises whatever a damaged value does to the parser."""
    if sealed is None:
        raise LookupError("a delivery has no content")
    return Content.from_json(tx.vault.open_json(sealed, PURPOSE))


async def with_picture(tx: Transaction, content: Content) -> Content:
    """The content with the picture it shows, which is stored once.

    Raises `PictureGone`, and whatever a damaged one does to the parser.
    """
    if content.picture is None:
        return content
    row = await tx.session.get(CasePicture, content.picture.id)
    if row is None or row.data_sealed is None or row.kind is None:
        raise PictureGone("a delivery has no picture")
    data = tx.vault.open_bytes(row.data_sealed, PICTURE)
    still = Still(kind=row.kind, width=row.width or 0, height=row.height or 0, data=data)
    tx.session.expunge(row)  # it is large, and nobody else in this transaction asks for it
    return replace(content, picture=replace(content.picture, still=still))


def only_choices(tx: Transaction, delivery_id: int, sealed: bytes | None) -> bytes:
    """What stays of a content; nothing of a damaged one, which must not keep the words of all others."""
    try:
        choices = opened(tx, sealed).choices
    except Exception as error:
        log.error("delivery %d: its content cannot be read, and is emptied: %s", delivery_id, where(error))
        choices = ()
    return seal(tx, Content(choices=choices))


async def forget_unused(tx: Transaction, *, now: datetime) -> int:
    """Delete the shared contents that no delivery has any more; how many."""
    result: Any = await tx.session.execute(delete(SharedContent).where(SharedContent.used_at < now - UNUSED))
    return int(result.rowcount)
