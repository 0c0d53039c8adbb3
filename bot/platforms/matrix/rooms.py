"""The rooms the bot is in, and who is in them."""

from collections.abc import Iterable

import nio

from bot.core.matching import fold
from bot.core.platform import Acquaintance
from bot.platforms.matrix.account import server_of
from bot.platforms.matrix.errors import Refused
from bot.platforms.matrix.session import Session

_MOST_SHARED = 100
"""Shared rooms that are told the hub: enough to find a community by."""


class Rooms:
    """What the last sync says about rooms; rooms just made or joined can be looked up before the next one."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._client = session.client

    def joined(self, room_id: str) -> bool:
        """Whether the bot is in the room."""
        return room_id in self._client.rooms

    def members(self, room_id: str) -> frozenset[str]:
        """Everybody who is in the room or invited to it."""
        room = self._client.rooms.get(room_id)
        return frozenset() if room is None else frozenset(room.users)

    def people(self, words: str, room_ids: Iterable[str]) -> list[Acquaintance]:
        """Those who have come into one of these rooms and have that account, or a name there that begins so."""
        names: dict[str, set[str]] = {}
        for room_id in room_ids:
            room = self._client.rooms.get(room_id)
            for account, user in {} if room is None else room.users.items():
                if not user.invited and account != self._session.user_id:
                    names.setdefault(account, set()).update({user.name or account, account[1:].partition(":")[0]})
        wanted = _compared(words)
        return [
            Acquaintance(account=account, names=tuple(sorted(known)))
            for account, known in names.items()
            if words == account or any(_compared(name).startswith(wanted) for name in known)
        ]

    def only_for(self, room_id: str, account: str) -> bool:
        """Whether nobody else than the bot and this person is in the room or invited to it."""
        return self.members(room_id) == {self._session.user_id, account}

    def closed_for(self, room_id: str, account: str) -> bool:
        """Whether nobody else is in the room, and nobody comes in unasked or reads along."""
        return self.only_for(room_id, account) and not self.is_open(room_id)

    def is_open(self, room_id: str) -> bool:
        """Whether others may come in unasked, or read what is said without coming in."""
        room = self._client.rooms.get(room_id)
        return room is not None and (
            room.join_rule not in {"invite", "knock", "private"} or room.history_visibility == "world_readable"
        )

    def was_replaced(self, room_id: str) -> bool:
        """Whether people go on in another room: what is still done here counts, but nothing is said here any more."""
        room = self._client.rooms.get(room_id)
        return room is not None and bool(room.replacement_room)

    def made_by_bot(self, room_id: str) -> bool:
        """Whether the bot itself has made the room: it makes direct rooms only."""
        room = self._client.rooms.get(room_id)
        return room is not None and room.made_by == self._session.user_id

    def made_for(self, account: str) -> str | None:
        """A direct room that the bot has made for this person, who need not have come in yet.

        It is encrypted, was not replaced, and has no name as those have that are for something of its own.
        """
        plain = (
            room_id
            for room_id, room in self._client.rooms.items()
            if room.encrypted and not room.name and not room.replacement_room
        )
        return min((room for room in plain if self.made_by_bot(room) and self.closed_for(room, account)), default=None)

    def shared_with(self, account: str) -> tuple[str, ...]:
        """Rooms and spaces in which both are members, at most a hundred."""
        shared = (
            room_id
            for room_id, room in self._client.rooms.items()
            if account in room.users and not room.users[account].invited
        )
        return tuple(sorted(shared)[:_MOST_SHARED])

    async def is_in(self, room_id: str, account: str) -> bool:
        """Whether they are in the room now, not only invited; raises `Refused` where that may be known later.

        What the last sync says is believed where they are: who is gone may have come back since.
        """
        room = self._client.rooms.get(room_id)
        if room is not None and account in room.users and not room.users[account].invited:
            return True
        return await self._has_joined(room_id, account)

    async def has_bot(self, room_id: str) -> bool:
        """Whether the homeserver says that the bot is in the room; raises `Refused` where that may be known later."""
        return await self._has_joined(room_id, self._session.user_id)

    async def _has_joined(self, room_id: str, account: str) -> bool:
        try:
            found = await self._client.call("GET", "rooms", room_id, "state", "m.room.member", account)
        except Refused as refused:
            if refused.may_pass:
                raise
            return False  # the bot is not in the room any more, or they never were
        return found.get("membership") == "join"

    def space_of(self, room_id: str) -> str | None:
        """The space the bot is in that lists the room. A room's own word about its space proves nothing."""
        spaces = (
            space_id
            for space_id, space in self._client.rooms.items()
            if room_id in space.children and space.room_type == "m.space"
        )
        return min(spaces, default=None)

    async def look_up(self, room_id: str) -> None:
        """Learn a room's state now, without waiting for the next sync to bring it; raises `Refused`."""
        state = (await self._client.room_get_state(room_id)).events
        async with self._client.room_keys:
            room = self._client.room(room_id)
            for source in state:
                event = nio.Event.parse_event(source)
                if isinstance(event, nio.RoomMemberEvent):
                    room.handle_membership(event)
                elif isinstance(event, nio.Event):
                    room.handle_event(event)
            room.members_synced = True
            if room.encrypted:
                self._client.encrypted_rooms.add(room_id)
                self._client.olm.update_tracked_users(room)

    def forget(self, room_id: str) -> None:
        """The bot is not in the room any more; nio keeps such rooms."""
        self._client.rooms.pop(room_id, None)

    async def join(self, room_id: str, via: str = "") -> None:
        """Join, asking the server of the user id `via` for the way; raises `Refused`."""
        query = {"server_name": server_of(via), "via": server_of(via)} if via else None
        await self._client.call("POST", "join", room_id, body={}, query=query)

    async def leave(self, room_id: str) -> None:
        """Leave the room, or refuse the invitation; raises `Refused`."""
        await self._client.call("POST", "rooms", room_id, "leave", body={})
        self.forget(room_id)


def _compared(name: str) -> str:
    return fold(name.removeprefix("@")) or name.casefold()
