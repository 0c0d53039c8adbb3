"""Somebody wrote what the bot has no key for: the peers know that there is somebody whom it cannot hear."""

from datetime import datetime, timedelta

from bot.core.content import Content
from bot.core.inbound import Inbound
from bot.core.roles import Role
from bot.core.words import Text, _
from bot.delivery.outbox import Priority
from bot.services import members
from bot.services.voice import Voice
from bot.services.whereabouts import community_id_of, stands_in
from bot.storage import tables
from bot.storage.database import Transaction

_ONE_IN = timedelta(minutes=10)
"""A client without keys sends many such messages: the peers are told once in so long."""

_OF_USE = timedelta(hours=1)


async def tell_peers(tx: Transaction, voice: Voice, inbound: Inbound, *, now: datetime) -> None:
    """Tell the peers' room, else each peer, that there was such a message, and not who has written it.

    Where it was is told of a room of the community: there the peers see it themselves.
    """
    community_id = await community_id_of(tx, inbound)
    if community_id is None:
        return
    community = members.community_of(await tx.get(tables.Community, community_id), tx)
    place: Text = _("It was to me alone.")
    if not inbound.private:
        place = _("It was in a room with others.")
        if inbound.link and await stands_in(tx, community_id, inbound):
            place = _("It is here: {link}", link=inbound.link)
    content = Content(
        title=_("Somebody wrote what I could not read"),
        text=_(
            "Its encryption key did not reach me, so I do not know whether it was about danger. {place} I have told "
            "them there, and how they reach one of you all the same.",
            place=place,
        ),
    )
    key = f"unread:{community_id}:{int(now.timestamp() / _ONE_IN.total_seconds())}"
    reply, until = Priority.REPLY, now + _OF_USE
    if await voice.to_places(tx, community, "peers", content, key=key, priority=reply, now=now, expires_at=until):
        return
    for peer_id in await members.with_roles(tx, community_id, {Role.PEER}):
        peer = await members.load(tx, peer_id)
        await voice.to_member(tx, peer, content, key=f"{key}:{peer_id}", priority=reply, now=now, expires_at=until)
