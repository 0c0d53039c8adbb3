"""Words whose author a platform does not tell, such as those that a proxy bot says for a member.

Nobody can be written to and no case can be opened, so people look: those on duty are told where, and whoever wrote it
is shown how to call a person.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.core.content import Content
from bot.core.inbound import Inbound
from bot.core.people import Community
from bot.core.platform import Address
from bot.core.roles import Role
from bot.core.words import _
from bot.delivery.outbox import Message, Priority
from bot.services import incoming, members
from bot.services.ear import Ear
from bot.services.offer import I_NEED_A_PERSON
from bot.services.voice import Voice
from bot.services.whereabouts import community_id_of
from bot.storage import tables
from bot.storage.database import Database, Transaction

log = logging.getLogger(__name__)

_SILENCE = timedelta(minutes=10)
"""How often a place is shown the way to a person at most."""


class Unnamed:
    """Hears them."""

    def __init__(self, *, database: Database, ear: Ear, voice: Voice, now: Callable[[], datetime]) -> None:
        self._database = database
        self._ear = ear
        self._voice = voice
        self._now = now

    async def hear(self, inbound: Inbound) -> None:
        """Tell of them if they sound like danger, once for each event. Nothing in them is a command."""
        signal = await self._ear.signal_in(inbound)
        if signal is None or not signal.severity.pages:
            return
        now = self._now()
        async with self._database.begin() as tx:
            if not await incoming.keep(tx, inbound, now=now):
                return
            community_id = await community_id_of(tx, inbound)
            if community_id is not None:
                row = await tx.get(tables.Community, community_id)
                await self._tell(tx, members.community_of(row, tx), inbound, now=now)
            await incoming.handled(tx, incoming.key_of(inbound))

    async def _tell(self, tx: Transaction, community: Community, inbound: Inbound, *, now: datetime) -> None:
        key = f"unnamed:{inbound.platform}:{inbound.event_id}"
        look, crisis = _please_look(inbound.link or inbound.place), Priority.CRISIS
        for kind in ("peers", "moderators"):
            if await self._voice.to_places(tx, community, kind, look, key=key, priority=crisis, now=now):
                break
        else:
            for member_id in await members.with_roles(tx, community.id, {Role.PEER, Role.MODERATOR}):
                member = await members.load(tx, member_id)
                await self._voice.to_member(tx, member, look, key=f"{key}:{member_id}", priority=crisis, now=now)
        place = Address(platform=inbound.platform, kind="place", id=inbound.place)
        turn = int(now.timestamp() // _SILENCE.total_seconds())
        line_key = f"unnamed:{inbound.platform}:{inbound.place}:{turn}"
        line = Message(key=line_key, to=place, content=_way_to_a_person(), priority=crisis, due_at=now)
        await self._voice.put(tx, line, community.language, now=now)


def _please_look(link: str) -> Content:
    return Content(
        title=_("⚠️ Somebody may be in danger, and I do not know who"),
        text=_(
            "A bot has said something for one of the members that sounds like danger. Its author is not told to me, so "
            "I cannot write to them and there is no case. Please look, and write to them yourself: {link}",
            link=link,
        ),
    )


def _way_to_a_person() -> Content:
    return Content(text=_("If you need a person, press the button or write to me."), choices=(I_NEED_A_PERSON,))
