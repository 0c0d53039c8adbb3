"""People with real Matrix clients, who talk to each other and to the bot over a real homeserver."""

# ruff: noqa: ASYNC109  # "wait up to so long" is part of what a test says, and tells what was missing

from collections.abc import Callable, Sequence
from typing import Any, Self
from uuid import uuid4

import nio

from .device import PATIENCE, MatrixDevice
from .homeserver import Homeserver
from .records import Invitation, MatrixError, Message, Reaction, expect

__all__ = ["Invitation", "MatrixError", "MatrixPerson", "Message", "Reaction"]

_MEGOLM = {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}


class MatrixPerson(MatrixDevice):
    """A human being with a client of her own.

    Everything that waits looks first at what already arrived, then again after every sync, and fails
    with a TimeoutError that tells what was waited for.
    """

    @classmethod
    async def join_server(cls, homeserver: Homeserver, name: str, *, accepts_invitations: bool = True) -> Self:
        """Register, log in, publish device keys and start syncing."""
        password = uuid4().hex
        await homeserver.register(name, password)
        return await cls(homeserver, name, password, accepts_invitations=accepts_invitations).log_in()

    async def another_device(self) -> Self:
        """Log the same human being in once more: same user id, own device, no keys from before."""
        twin = type(self)(self._homeserver, self.name, self._password, accepts_invitations=self.accepts_invitations)
        return await twin.log_in()

    # Rooms

    async def create_room(
        self,
        name: str | None = None,
        *,
        invite: Sequence[str] = (),
        encrypted: bool = False,
        room_version: str = "11",
        direct: bool = False,
    ) -> str:
        """Make a room and wait until it and the invitations arrived in her own client; answers its id."""
        response = await self.client.room_create(
            name=name,
            room_version=room_version,
            is_direct=direct,
            preset=nio.RoomPreset.trusted_private_chat if direct else nio.RoomPreset.private_chat,
            invite=list(invite),
            initial_state=[_MEGOLM] if encrypted else [],
        )
        room_id = str(expect(response, "creating a room").room_id)

        def arrived() -> bool:
            room = self.client.rooms.get(room_id)
            if room is None or (encrypted and not room.encrypted):
                return False
            # Synapse invites after making the room; a sync in between shows it without the guests,
            # and a message sent then is encrypted without them.
            return all(guest in room.users for guest in invite)

        await self.until(arrived, f"her new room {room_id}")
        return room_id

    async def join(self, room_id: str) -> None:
        """Join a room and wait until it arrived in her own client."""
        expect(await self.client.join(room_id), "joining")
        await self.members_joined(room_id, [self.user_id])

    async def members_joined(self, room_id: str, user_ids: Sequence[str], timeout: float = PATIENCE) -> None:
        """Wait until all of these are members, not only invited."""

        def all_there() -> bool:
            room = self.client.rooms.get(room_id)
            return room is not None and all(user in room.users and not room.users[user].invited for user in user_ids)

        await self.until(all_there, f"{', '.join(user_ids)} to join {room_id}", seconds=timeout)

    async def direct_room_with(self, user_id: str, *, encrypted: bool = True) -> str:
        """Answer the direct room with someone; makes and marks one if there is none of this kind."""
        for room_id in (await self.direct_rooms()).get(user_id, []):
            room = self.client.rooms.get(room_id)
            if room is not None and user_id in room.users and room.encrypted == encrypted:
                return room_id
        room_id = await self.create_room(invite=[user_id], encrypted=encrypted, direct=True)
        await self.mark_direct(user_id, room_id)
        return room_id

    async def knows_device(self, user_id: str, device_id: str, timeout: float = PATIENCE) -> None:
        """Wait until her client would encrypt for this device; only people in her encrypted rooms count."""

        def known() -> bool:
            devices = self.client.device_store.active_user_devices(user_id)
            return any(device.id == device_id for device in devices)

        await self.until(known, f"device {device_id} of {user_id}", seconds=timeout)

    # Saying things

    async def says(
        self,
        room_id: str,
        text: str,
        *,
        reply_to: str | None = None,
        thread: str | None = None,
        transaction_id: str | None = None,
    ) -> str:
        """Send a text message, encrypted where the room is; answers the event id."""
        content: dict[str, Any] = {"msgtype": "m.text", "body": text}
        if thread is not None:
            content["m.relates_to"] = {
                "rel_type": "m.thread",
                "event_id": thread,
                "is_falling_back": reply_to is None,
                "m.in_reply_to": {"event_id": reply_to or thread},
            }
        elif reply_to is not None:
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": reply_to}}
        return await self.sends(room_id, "m.room.message", content, transaction_id=transaction_id)

    async def edits(self, room_id: str, event_id: str, text: str) -> str:
        """Replace what an earlier message of hers says."""
        content = {
            "msgtype": "m.text",
            "body": f"* {text}",
            "m.new_content": {"msgtype": "m.text", "body": text},
            "m.relates_to": {"rel_type": "m.replace", "event_id": event_id},
        }
        return await self.sends(room_id, "m.room.message", content)

    async def reacts(self, room_id: str, event_id: str, key: str) -> str:
        """React to an event; reactions are never encrypted."""
        relation = {"rel_type": "m.annotation", "event_id": event_id, "key": key}
        return await self.sends(room_id, "m.reaction", {"m.relates_to": relation})

    async def redacts(self, room_id: str, event_id: str, reason: str | None = None) -> str:
        """Remove the content of an event; answers the id of the redaction."""
        response = await self.client.room_redact(room_id, event_id, reason=reason)
        return str(expect(response, "redacting").event_id)

    async def sends(
        self, room_id: str, event_type: str, content: dict[str, Any], *, transaction_id: str | None = None
    ) -> str:
        """Send any event, encrypted where the room is; answers the event id."""
        async with self.client.room_keys:
            # nio asks for device keys only before the first message in a room; whoever joined since
            # is only noted for the next question, and gets no key from a message sent before it.
            if self.client.should_query_keys:
                expect(await self.client.keys_query(), "asking for device keys")
            response = await self.client.room_send(
                room_id, event_type, content, tx_id=transaction_id, ignore_unverified_devices=True
            )
        return str(expect(response, f"sending {event_type}").event_id)

    async def pinned(self, room_id: str) -> list[str]:
        """The ids of the events that are pinned in a room."""
        answer = await self.client.room_get_state_event(room_id, "m.room.pinned_events")
        return list(answer.content.get("pinned", [])) if isinstance(answer, nio.RoomGetStateEventResponse) else []

    # What she saw

    def all_messages(self) -> list[Message]:
        """Answer the messages of other people in all rooms, in the order they arrived."""
        return [message for message in self._seen if message.sender != self.user_id]

    def messages(self, room_id: str, *, own: bool = False) -> list[Message]:
        """Answer the messages of a room in the order they arrived, her own too if wanted."""
        return [m for m in self._seen if m.room_id == room_id and (own or m.sender != self.user_id)]

    async def wait_for_message(
        self,
        room_id: str | None,
        predicate: Callable[[Message], bool],
        timeout: float = PATIENCE,
        *,
        own: bool = False,
    ) -> Message:
        """Answer the first message, past or coming, in this or any room, for which the predicate holds."""

        def fits(message: Message) -> bool:
            here = room_id in (None, message.room_id)
            return here and (own or message.sender != self.user_id) and predicate(message)

        where = room_id or "any room"
        return await self.until(lambda: next(filter(fits, self._seen), None), f"a message in {where}", seconds=timeout)

    async def wait_for_invite(self, timeout: float = PATIENCE, *, room_id: str | None = None) -> Invitation:
        """Answer the first invitation, to this room if one is given."""
        return await self.until(
            lambda: next((i for i in self.invitations if room_id in (None, i.room_id)), None),
            f"an invitation to {room_id or 'any room'}",
            seconds=timeout,
        )

    async def wait_for_reaction(
        self, room_id: str, event_id: str, key: str | None = None, timeout: float = PATIENCE, *, own: bool = False
    ) -> Reaction:
        """Answer the first reaction to an event that still stands, with this key if one is given."""

        def fits(reaction: Reaction) -> bool:
            right_event = (reaction.room_id, reaction.reacts_to) == (room_id, event_id)
            right_person = own or reaction.sender != self.user_id
            return right_event and right_person and key in (None, reaction.key) and not reaction.redacted

        return await self.until(
            lambda: next(filter(fits, self.reactions), None), f"a reaction to {event_id}", seconds=timeout
        )

    async def wait_for_redaction(self, event_id: str, timeout: float = PATIENCE) -> None:
        """Wait until an event was redacted."""
        await self.until(lambda: event_id in self._redacted, f"the redaction of {event_id}", seconds=timeout)
