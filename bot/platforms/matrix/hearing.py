"""What people do in rooms, as the hub hears it."""

import asyncio
import contextlib
import logging
from dataclasses import replace

import nio

from bot.core.content import Choice
from bot.core.faults import where
from bot.core.inbound import Inbound, Invocation, Reaction, Target
from bot.core.platform import Address, Hub
from bot.platforms.matrix.addressed import to_the_bot
from bot.platforms.matrix.apart import RoomsApart
from bot.platforms.matrix.directs import DirectRooms
from bot.platforms.matrix.errors import Refused
from bot.platforms.matrix.events import SAID, Event, link_to
from bot.platforms.matrix.media import pictures_of
from bot.platforms.matrix.patience import OUT_OF_REACH
from bot.platforms.matrix.reactions import MOST_KEYCAPS, asks_for_help, chosen, number_in
from bot.platforms.matrix.recent import Recent, Said
from bot.platforms.matrix.rooms import Rooms
from bot.platforms.matrix.session import PLATFORM, Session
from bot.platforms.matrix.upgrades import Upgrades

log = logging.getLogger(__name__)

_LOOK_UP_SECONDS = 5.0
"""How long something is looked up that an event is about, while everybody behind it waits."""

_FOR_ANOTHER, _FOR_ONESELF = "escalate", "peer"
"""Commands behind the SOS reaction."""


class Hearing:
    """Turns events into `Inbound`."""

    def __init__(
        self,
        session: Session,
        rooms: Rooms,
        directs: DirectRooms,
        apart: RoomsApart,
        upgrades: Upgrades,
        recent: Recent,
    ) -> None:
        self._apart = apart
        self._session = session
        self._hub: Hub = session.hub
        self._rooms = rooms
        self._directs = directs
        self._upgrades = upgrades
        self._recent = recent

    async def inbound(self, room_id: str, event: Event) -> Inbound | None:
        """What the hub shall hear of this event; None for what is not meant for it.

        Raises `Refused` or a connection's error where something about it cannot be looked up for the moment.
        """
        match event.type:
            case _ if event.type in SAID or event.is_something_else:
                return await self._message(room_id, event)
            case "m.reaction":
                return await self._reaction(room_id, event)
            case "m.room.redaction":
                self._recent.drop(event.redacts)
                self._hub.removed(PLATFORM, event.redacts)
                if event.redacts and event.sender != self._session.user_id:
                    await self._hub.taken_back(PLATFORM, event.redacts, event.sender)
            case "m.room.member" if event.leaver and event.leaver != self._session.user_id:
                await self._left(room_id, event.leaver)
        return None

    async def _left(self, room_id: str, account: str) -> None:
        """Somebody has left. Read late, that may be long over: who is back by now has not gone."""
        async with asyncio.timeout(_LOOK_UP_SECONDS):
            is_back = await self._rooms.is_in(room_id, account)
        if not is_back:
            await self._hub.left(PLATFORM, account, await self._upgrades.place_of(room_id))

    async def plain(self, room_id: str, event: Event) -> Inbound | None:
        """What can be said of an event whose surroundings cannot be looked up; None where that is nothing.

        Somebody's words, and a call for help without whom it is for.
        """
        if event.sender == self._session.user_id:
            return None
        if event.type in SAID and event.text.strip():
            return replace(await self._said(room_id, event), text=event.text)
        if event.type == "m.reaction" and event.relation == "m.annotation" and asks_for_help(event.reaction):
            return replace(await self.bare(room_id, event), invocation=Invocation(command=_FOR_ANOTHER))
        return None

    async def bare(self, room_id: str, event: Event) -> Inbound:
        """That somebody did something, and nothing of what it was; raises nothing."""
        private = await self.is_private(room_id, event.sender)
        shared = self._rooms.shared_with(event.sender)
        space = self._rooms.space_of(room_id)
        place, *shared_places = await self._places_of([room_id, *shared])
        return Inbound(
            event_id=event.event_id,
            platform=PLATFORM,
            account=event.sender,
            place=place,
            private=private,
            at=event.at,
            apart=self._apart.key_of(room_id),
            space=None if space is None else (await self._places_of([space]))[0],
            shared_spaces=tuple(shared_places),
            link=event.link(room_id),
        )

    async def is_private(self, room_id: str, account: str) -> bool:
        """Whether it is for the bot alone, or for those in a place apart.

        Where nobody else is, that is so also if the room was not made as a direct one, unless it is a community's or
        open to others.
        """
        if self._apart.key_of(room_id) is not None or self._directs.is_private(room_id, account):
            return True
        if not self._rooms.closed_for(room_id, account) or await self._is_a_communitys(room_id):
            return False
        if self._rooms.closed_for(room_id, account) and not self._rooms.was_replaced(room_id):
            await self._directs.keep(account, room_id)
        return True

    async def _is_a_communitys(self, room_id: str) -> bool:
        space = self._rooms.space_of(room_id)
        try:
            async with asyncio.timeout(_LOOK_UP_SECONDS):
                for place in await self._places_of([room_id, *([] if space is None else [space])]):
                    if await self._hub.is_known_place(PLATFORM, place):
                        return True
        except Exception as error:
            # Then it counts as one: nothing private is said where others may come to read it.
            log.error("Whether a Matrix room is a community's could not be read: %s", where(error))
            return True
        return False

    async def _places_of(self, rooms: list[str]) -> list[str]:
        try:
            async with asyncio.timeout(_LOOK_UP_SECONDS):
                return [await self._upgrades.place_of(room) for room in rooms]
        except Exception as error:
            # Somebody in danger must reach the hub, which has an answer even where the database cannot be read.
            log.error("Which places Matrix rooms are could not be read: %s", where(error))
            return [self._upgrades.place_known_of(room) for room in rooms]

    async def _message(self, room_id: str, event: Event) -> Inbound | None:
        text = event.text
        if text and event.event_id:
            if event.is_edit:
                self._recent.replace_text(event.related_to, event.sender, text)
            else:
                self._recent.keep(event.event_id, event.sender, text)
        if event.sender == self._session.user_id:
            return None
        files = event.has_file and not event.is_edit and await self.is_private(room_id, event.sender)
        if not text.strip() and not files:
            return None
        pictures = pictures_of(event.content) if files else ()
        inbound = replace(await self._said(room_id, event), files=files, pictures=pictures)
        about = await self._quoted(room_id, event.reply_to) if event.reply_to and not event.is_edit else None
        invocation = await self._typed_choice(inbound, text) if not event.is_edit else None
        text = to_the_bot(text, event.formatted, self._session.user_id)
        return replace(inbound, text=text, about=about, invocation=invocation)

    async def _said(self, room_id: str, event: Event) -> Inbound:
        """A message without its words; of an edit, which one it replaces."""
        replaces = event.related_to if event.is_edit else None
        return replace(await self.bare(room_id, event), edited=event.is_edit, replaces=replaces)

    async def _typed_choice(self, inbound: Inbound, text: str) -> Invocation | None:
        """A digit typed to the bot alone presses a choice; elsewhere it may be anything."""
        number = number_in(text)
        if not inbound.private or number is None:
            return None
        address = Address(platform=PLATFORM, kind="direct", id=inbound.account)
        if inbound.apart is not None:
            address = Address(platform=PLATFORM, kind="place", id=inbound.place)
        choice = await self._hub.numbered(address, number)
        return None if choice is None else Invocation(command=choice.command, arguments=choice.arguments)

    async def _reaction(self, room_id: str, event: Event) -> Inbound | None:
        if event.sender == self._session.user_id or event.relation != "m.annotation" or not event.related_to:
            return None
        if asks_for_help(event.reaction):
            return await self._call_for_help(room_id, event)
        if number_in(event.reaction) is None:
            return await self._sign(room_id, event)
        choice = chosen((await self._choices(room_id, event.related_to))[:MOST_KEYCAPS], event.reaction)
        if choice is None:
            return None
        invocation = Invocation(command=choice.command, arguments=choice.arguments)
        return replace(await self.bare(room_id, event), invocation=invocation)

    async def _sign(self, room_id: str, event: Event) -> Inbound | None:
        """An emoji in a private chat: it may be meant for whoever is at the other end."""
        if not event.reaction or not await self.is_private(room_id, event.sender):
            return None
        about = Target(message_id=event.related_to, account="", text="")
        reaction = Reaction(emoji=event.reaction, id=event.event_id)
        return replace(await self.bare(room_id, event), reaction=reaction, about=about)

    async def _choices(self, room_id: str, event_id: str) -> tuple[Choice, ...]:
        """The choices under a message of the bot: remembered, known to the hub, or read in the message itself."""
        known = self._recent.offered(event_id) or await self._hub.choices(PLATFORM, event_id)
        if known:
            return known
        # A bot that was killed after the homeserver took the message has not stored which one it was.
        event = await self._looked_up(room_id, event_id)
        return event.choices if event is not None and event.sender == self._session.user_id else ()

    async def _call_for_help(self, room_id: str, event: Event) -> Inbound:
        """SOS on another's message asks for a peer for them; on one's own, or the bot's, for oneself."""
        target = await self._target(room_id, event.related_to)
        for_oneself = target is not None and target.account in {event.sender, self._session.user_id}
        own_words = target if target is not None and target.account == event.sender else None
        inbound = await self.bare(room_id, event)
        if for_oneself and self._hub.registry.get(_FOR_ONESELF) is not None:
            return replace(inbound, invocation=Invocation(command=_FOR_ONESELF), about=own_words)
        return replace(inbound, invocation=Invocation(command=_FOR_ANOTHER), about=target)

    async def _quoted(self, room_id: str, event_id: str) -> Target | None:
        """The message that a reply is to; None also where it cannot be fetched: that must never cost the words."""
        try:
            return await self._target(room_id, event_id)
        except (Refused, nio.ProtocolError, *OUT_OF_REACH) as trouble:
            log.warning("What a reply in Matrix room %s is to is unknown: %s", room_id, type(trouble).__name__)
            return None

    async def _target(self, room_id: str, event_id: str) -> Target | None:
        said = self._recent.get(event_id) or await self._fetched(room_id, event_id)
        if said is None:
            return None
        link = link_to(room_id, event_id, said.account)
        return Target(message_id=event_id, account=said.account, text=said.text, link=link)

    async def _fetched(self, room_id: str, event_id: str) -> Said | None:
        """Ask the homeserver for a message; its text is "" where the bot has no key for it."""
        event = await self._looked_up(room_id, event_id)
        return None if event is None else self._recent.keep(event_id, event.sender, event.text)

    async def _looked_up(self, room_id: str, event_id: str) -> Event | None:
        """A message as the homeserver has it, decrypted where the bot has its key; None where there is none."""
        client = self._session.client
        try:
            async with asyncio.timeout(_LOOK_UP_SECONDS):
                found = (await client.room_get_event(room_id, event_id)).event
        except Refused as refused:
            if refused.may_pass:
                raise
            return None
        if isinstance(found, nio.MegolmEvent):
            found.room_id = room_id
            with contextlib.suppress(nio.EncryptionError):
                found = client.decrypt_event(found)
        event = Event(found.source)
        known = event.event_id == event_id and event.type in {*SAID, "m.room.encrypted"}
        return event if known else None
