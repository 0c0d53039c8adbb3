"""Direct rooms: one person and the bot, and nobody else."""

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any
from weakref import WeakValueDictionary

from bot.core.faults import where
from bot.core.platform import Unreachable
from bot.platforms.matrix.errors import Refused
from bot.platforms.matrix.rooms import Rooms
from bot.platforms.matrix.session import Session

log = logging.getLogger(__name__)

_STORING_SECONDS = 5.0

_RENEWED_FOR = 24 * 60 * 60
"""Seconds in which somebody who left the direct room is invited anew only once: a "no" is taken for an answer."""

_MAKING_AT_ONCE = 2
"""Rooms that are made at the same time, but for people in a crisis. One is much work for a homeserver: ten at once are
all slow, and a bot that dies before any of them is done asks for ten more when it is back."""

_ENCRYPTED = {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}


class DirectRooms:
    """Which room is whose, kept in the account data `m.direct`, as other clients do, and by the hub."""

    def __init__(self, session: Session, rooms: Rooms) -> None:
        self._session = session
        self._client = session.client
        self._rooms = rooms
        self._by_account: dict[str, list[str]] = {}
        self._unwritten = False
        """Whether the account data lacks something that is known here."""
        self._writing = asyncio.Lock()
        self._making: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """A lock per person who is just being written to, so that two messages do not make two rooms."""
        self._makers = asyncio.Semaphore(_MAKING_AT_ONCE)

    async def load(self) -> None:
        """Read `m.direct`; raises `Refused`."""
        try:
            self.learn(await self._client.call("GET", *self._account_data()))
        except Refused as refused:
            if refused.errcode != "M_NOT_FOUND":
                raise

    def learn(self, content: Mapping[str, Any]) -> None:
        """Take in the content of `m.direct`."""
        for account, rooms in content.items():
            known = self._by_account.setdefault(account, [])
            if isinstance(rooms, list):
                # Merged, not replaced: what a sync brings may be older than what was just written.
                known += [room for room in rooms if isinstance(room, str) and room not in known]

    def is_private(self, room_id: str, account: str) -> bool:
        """Whether what this person says there is said to the bot alone.

        A room of the bot's own making counts, too: it may have been killed before it wrote down whose the room is. One
        that has become open to others, or in which somebody else is, does not, whoever's it was. Of a room that the
        bot was put out of nothing else is known than whose it was.
        """
        is_theirs = room_id in self._by_account.get(account, ())
        if not self._rooms.joined(room_id):
            return is_theirs
        return (is_theirs or self._rooms.made_by_bot(room_id)) and self._rooms.closed_for(room_id, account)

    def owner(self, room_id: str) -> str | None:
        """Whose direct room it is."""
        return next((account for account, rooms in self._by_account.items() if room_id in rooms), None)

    def expect(self, account: str, room_id: str) -> None:
        """It is the person's direct room, and is still to be marked as that."""
        rooms = self._by_account.setdefault(account, [])
        if room_id not in rooms:
            rooms.append(room_id)
            self._unwritten = True

    async def keep(self, account: str, room_id: str) -> None:
        """It is the person's direct room, though nobody has made it as that; after a restart, too.

        Who has one that was made as that, and is encrypted perhaps, is still written to there.

        Raises nothing: what cannot be stored counts as long as the bot runs.
        """
        if room_id in self._by_account.get(account, ()):
            return
        self.expect(account, room_id)
        try:
            async with asyncio.timeout(_STORING_SECONDS):
                others = [room for room in await self._known(account) if room != room_id]
                if not any(self._rooms.closed_for(room, account) for room in others):
                    await self._session.remember(f"direct:{account}", room_id)
        except Exception as error:
            log.error("Whose direct Matrix room one is could not be stored: %s", where(error))

    async def mark(self, account: str, room_id: str) -> None:
        """Record that this is the person's direct room from now on; raises `Refused`.

        It counts at once, and what could not be written is written by the next call.
        """
        self.expect(account, room_id)
        await self._session.remember(f"direct:{account}", room_id)
        async with self._writing:
            if self._unwritten:
                self._unwritten = False
                try:
                    await self._client.call("PUT", *self._account_data(), body=self._by_account)
                except BaseException:
                    self._unwritten = True
                    raise

    async def move(self, old: str, new: str) -> None:
        """Follow the upgrade of a room, if it is a direct one; raises `Refused`."""
        account = self.owner(old)
        if account is not None:
            self._by_account[account].remove(old)
            try:
                await self.mark(account, new)
            except BaseException:
                self._by_account[account].insert(0, old)  # to be moved again
                raise

    async def room_for(self, account: str, *, urgent: bool = False) -> str:
        """The person's direct room, made if there is none; at once if it is `urgent`.

        Raises `Unreachable` where the person cannot be invited or has just refused, and `Refused`.
        """
        lock = self._making.setdefault(account, asyncio.Lock())
        async with lock:
            known = await self._known(account)
            for room_id in known:
                if self._rooms.closed_for(room_id, account):
                    if room_id not in self._by_account.get(account, ()):
                        await self.mark(account, room_id)  # the bot was killed before it came to that
                    return room_id
            if (orphan := self._rooms.made_for(account)) is not None:
                await self.mark(account, orphan)  # the bot was killed before it learned the room's id
                return orphan
            lost = [room for room in known if account not in self._rooms.members(room)]
            await self._count_renewal(account, lost)
            async with nullcontext() if urgent else self._makers:
                room_id = await self._make(account)
            if lost:
                await self._session.remember(f"direct_renewed:{account}", f"{room_id} {int(time.time())}")
            return room_id

    async def _known(self, account: str) -> list[str]:
        # The newest was appended last.
        rooms = list(reversed(self._by_account.get(account, [])))
        try:
            remembered = await self._session.remembered(f"direct:{account}")
        except Exception:
            # Somebody in danger is answered without the database, too; but no room is made without it.
            if not any(self._rooms.closed_for(room, account) for room in rooms):
                raise
            return rooms
        return [remembered, *(room for room in rooms if room != remembered)] if remembered else rooms

    async def _count_renewal(self, account: str, lost: list[str]) -> None:
        renewed, _, at = (await self._session.remembered(f"direct_renewed:{account}") or "").partition(" ")
        if renewed in lost and at.isdigit() and time.time() - int(at) < _RENEWED_FOR:
            raise Unreachable("the person has left the direct room, and its replacement too")

    async def _make(self, account: str) -> str:
        wish = {
            "preset": "trusted_private_chat",
            "is_direct": True,
            "invite": [account],
            "initial_state": [_ENCRYPTED],
        }
        try:
            room_id = (await self._client.call("POST", "createRoom", body=wish)).get("room_id")
        except Refused as refused:
            if refused.may_pass:
                raise
            raise Unreachable(f"the homeserver refused a direct room: {refused}") from refused
        if not isinstance(room_id, str):
            raise Refused(None, None)  # an answer that makes no sense is an accident of the moment
        # First of all it is remembered: a crash from here on must not make a second room.
        await self._session.remember(f"direct:{account}", room_id)
        await self._rooms.look_up(room_id)
        await self.mark(account, room_id)
        return room_id

    def _account_data(self) -> tuple[str, ...]:
        return ("user", self._session.user_id, "account_data", "m.direct")
