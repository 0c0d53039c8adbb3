"""The rows of a relay: what was written, its copies, and what was done to those."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update

from bot.core.content import Act, Upon
from bot.core.platform import Address
from bot.core.words import Text
from bot.storage import tables
from bot.storage.database import Transaction
from bot.storage.relay_tables import CasePicture
from bot.storage.tables import Delivery, RelayMessage

TEXT, REACTION, PICTURE = "text", "reaction", "picture"
"""What a row is: words, an emoji, or one or more pictures."""

CHANGED = "changed:"
"""How the keys of deliveries begin, behind the case's, that change a copy and are none themselves."""


def address_of(copy: Delivery) -> Address:
    """Where it went."""
    return Address(
        platform=copy.platform,
        kind="direct" if copy.kind == "direct" else "place",
        id=copy.address,
        fallback=copy.fallback,
    )


def upon_copy(act: Act, copy: Delivery, otherwise: Text | str) -> Upon:
    """Something that is done to it, also if it has not left yet."""
    return Upon(act=act, message=copy.message_id, delivery=copy.id, otherwise=otherwise)


async def has_carried(tx: Transaction, platform: str, message_id: str) -> bool:
    """Whether a message, or a reaction, was somebody's word to another."""
    return await original(tx, platform, message_id) is not None


async def original(tx: Transaction, platform: str, message_id: str) -> RelayMessage | None:
    """The message, or the reaction, that its author has written there; of words with pictures, the words."""
    return next(iter(await originals(tx, platform, message_id)), None)


async def originals(tx: Transaction, platform: str, message_id: str) -> Sequence[RelayMessage]:
    """All that its author has put there: first the words, then their pictures."""
    query = select(RelayMessage).where(RelayMessage.platform == platform, RelayMessage.message_id == message_id)
    return list(await tx.session.scalars(query.order_by(RelayMessage.kind == PICTURE, RelayMessage.id.desc())))


async def forget_pictures(tx: Transaction, relay_id: int) -> None:
    """The pictures of a message that was taken back."""
    await tx.session.execute(delete(CasePicture).where(CasePicture.relay_id == relay_id))


async def copies(tx: Transaction, relay_id: int) -> Sequence[Delivery]:
    """The deliveries that brought a message, or its last words, to people; what only did something to one is none."""
    is_change = Delivery.key.like(f"case:%:relay:{CHANGED}%")
    query = select(Delivery).where(Delivery.relay_id == relay_id, ~is_change).order_by(Delivery.id)
    return list(await tx.session.scalars(query.execution_options(populate_existing=True)))


async def drop(tx: Transaction, copy: Delivery, *, now: datetime) -> None:
    """What has not left yet never leaves; what is just being sent is not tried again, should it fail."""
    this = update(Delivery).where(Delivery.id == copy.id).execution_options(synchronize_session=False)
    await tx.session.execute(this.where(Delivery.state == "sending").values(expires_at=now))
    reason = "it was taken back or changed before it left"
    await tx.session.execute(this.where(Delivery.state == "pending").values(state="expired", reason=reason))


async def changes(tx: Transaction, copies: Sequence[Delivery]) -> list[Delivery]:
    """What has changed these copies, or waits to: where a platform keeps it as a message of its own, it goes, too."""
    is_change = Delivery.key.like(f"case:%:relay:{CHANGED}%")
    query = select(Delivery).where(Delivery.relay_id.in_({copy.relay_id for copy in copies}), is_change)
    there = {(copy.platform, copy.message_id) for copy in copies}
    return [one for one in await tx.session.scalars(query) if (one.platform, one.message_id) not in there]


async def is_of(tx: Transaction, member_id: int, platform: str, account: str) -> bool:
    """Whether the account is this member's."""
    identity = tables.Identity
    query = select(identity.id).where(
        identity.member_id == member_id, identity.platform == platform, identity.account == account
    )
    return await tx.session.scalar(query.limit(1)) is not None
