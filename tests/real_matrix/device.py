"""A logged-in Matrix client that keeps itself up to date and remembers everything it saw."""

import asyncio
import contextlib
import json
import shutil
from collections.abc import Callable, Sequence
from typing import Any, Self, TypeVar
from urllib.parse import quote, urlencode
from uuid import uuid4

import aiohttp
import nio

from .homeserver import Homeserver, scratch_directory
from .records import Invitation, MatrixError, Message, Reaction, expect, message_from

T = TypeVar("T")

# Without a filter a sync brings ten timeline events per room; 100 is what Synapse allows at most.
_SYNC_FILTER = {"room": {"timeline": {"limit": 100}}}
_SYNC_MILLISECONDS = 30_000
_RETRY_SECONDS = 0.2

PATIENCE = 60.0
"""Seconds after which something that should have come has not, on a busy machine too."""


class Client(nio.AsyncClient):  # type: ignore[misc]  # nio has no types
    """nio's client, whose syncs do not change room keys while a message is being encrypted.

    A membership or device change in a sync throws the outbound session away; if that happens between
    sharing the session and encrypting with it, nio fails with a KeyError.
    """

    def __init__(self, base_url: str, user: str, store: str) -> None:
        config = nio.AsyncClientConfig(
            encryption_enabled=True, store_sync_tokens=False, max_timeout_retry_wait_time=_RETRY_SECONDS
        )
        super().__init__(base_url, user, store_path=store, config=config)
        self.room_keys = asyncio.Lock()

    async def get_timeout_retry_wait_time(self, got_timeouts: int) -> float:
        """Seconds until a homeserver that does not answer is asked again: nio asks again at once, the first time."""
        return max(0.1, float(await super().get_timeout_retry_wait_time(got_timeouts)))

    async def receive_response(self, response: Any) -> None:
        """Take in a response; a sync only when nobody is sending."""
        async with self.room_keys if isinstance(response, nio.SyncResponse) else contextlib.nullcontext():
            await super().receive_response(response)


class MatrixDevice:
    """One device of one person: logs in, syncs in a task of its own, and records what arrives."""

    def __init__(self, homeserver: Homeserver, name: str, password: str, *, accepts_invitations: bool) -> None:
        self.name = name
        self.accepts_invitations = accepts_invitations
        self.invitations: list[Invitation] = []
        self.reactions: list[Reaction] = []
        self.syncs = 0
        """How many there were."""
        self._homeserver = homeserver
        self._password = password
        self._store = scratch_directory("handrail-person-")
        self._seen: list[Message] = []
        self._redacted: set[str] = set()
        self._changed = asyncio.Condition()
        self._syncing: asyncio.Task[None] | None = None
        self.client = Client(homeserver.base_url, name, str(self._store))

    @property
    def user_id(self) -> str:
        """The full user id."""
        return str(self.client.user_id)

    @property
    def device_id(self) -> str:
        """The id of this device."""
        return str(self.client.device_id)

    async def log_in(self) -> Self:
        """Log in, publish device keys, sync once, and go on syncing in the background."""
        try:
            expect(await self.client.login(self._password), "logging in")
            # Before anybody can learn of her: who is invited without a device gets no room keys.
            expect(await self.client.keys_upload(), "uploading device keys")
            await self._sync_once(milliseconds=0)
        except BaseException:
            await self.close()
            raise
        self._syncing = asyncio.create_task(self._keep_syncing(), name=f"sync of {self.name}")
        return self

    async def close(self) -> None:
        """Stop syncing and let go of everything; the account stays on the server."""
        if self._syncing is not None:
            self._syncing.cancel()
            # What went wrong in the loop was already told to whoever waited for something.
            await asyncio.gather(self._syncing, return_exceptions=True)
        await self.client.close()
        if self.client.store is not None:
            self.client.store.database.close()
        shutil.rmtree(self._store, ignore_errors=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def until(self, look: Callable[[], T | None], what: str, *, seconds: float = PATIENCE) -> T:
        """Look now and after every sync until something true is seen."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                while not (found := look()):
                    if self._syncing is not None and self._syncing.done():
                        self._syncing.result()
                    await self._changed.wait()
                return found
        except TimeoutError:
            heard = f"{len(self._seen)} messages, {sum(m.undecryptable for m in self._seen)} undecryptable"
            raise TimeoutError(f"{self.user_id} waited {seconds} s for {what}; saw {heard}") from None

    async def next_sync(self, after: int) -> None:
        """Wait until there was another one than the first `after`: also what is no message may have changed."""
        await self.until(lambda: self.syncs > after, "another sync")

    async def is_up_to_date(self) -> None:
        """Wait until her client has seen all that the homeserver has for her: what has not come by then does not."""
        async with asyncio.timeout(PATIENCE):
            while True:
                syncs = self.syncs
                if not await self._has_news():
                    return
                await self.next_sync(syncs)

    async def _has_news(self) -> bool:
        """Whether the homeserver knows more than the last sync has brought."""
        # Synapse gives an answer again to the same question: so nobody has asked in these words.
        words = {"room": {"ephemeral": {"types": []}, "account_data": {"types": []}, "not_rooms": [f"!{uuid4().hex}"]}}
        question = {"since": self.client.next_batch, "timeout": "0", "filter": json.dumps(words)}
        headers = {"Authorization": f"Bearer {self.client.access_token}"}
        async with await self.client.send(
            "GET", f"/_matrix/client/v3/sync?{urlencode(question)}", None, headers
        ) as got:
            news = await got.json()
        return bool(news.get("rooms") or news.get("to_device", {}).get("events"))

    async def direct_rooms(self) -> dict[str, list[str]]:
        """Answer the ``m.direct`` account data: who, and in which rooms."""
        response = await self.client.list_direct_rooms()
        if isinstance(response, nio.ErrorResponse) and response.status_code == "M_NOT_FOUND":
            return {}
        return dict(expect(response, "reading m.direct").rooms)

    async def mark_direct(self, user_id: str, room_id: str) -> None:
        """Add a room to the ``m.direct`` account data."""
        rooms = await self.direct_rooms()
        rooms[user_id] = [*rooms.get(user_id, []), room_id]
        # nio can read m.direct but has no call that writes account data.
        response = await self.client.send(
            "PUT",
            f"/_matrix/client/v3/user/{quote(self.user_id)}/account_data/m.direct",
            json.dumps(rooms),
            {"Authorization": f"Bearer {self.client.access_token}", "Content-Type": "application/json"},
        )
        async with response:
            if not response.ok:
                raise MatrixError("writing m.direct", None, response.status, await response.text())

    async def _keep_syncing(self) -> None:
        try:
            while True:
                try:
                    await self._sync_once(milliseconds=_SYNC_MILLISECONDS)
                except (aiohttp.ClientError, TimeoutError, MatrixError) as trouble:
                    if isinstance(trouble, MatrixError) and trouble.status_code == "M_UNKNOWN_TOKEN":
                        raise
                    # A homeserver that restarts: people's clients try again by themselves, so does she.
                    await asyncio.sleep(_RETRY_SECONDS)
        finally:
            # Whoever waits must learn that nothing will come any more.
            async with self._changed:
                self._changed.notify_all()

    async def _sync_once(self, *, milliseconds: int) -> None:
        response = expect(await self.client.sync(timeout=milliseconds, sync_filter=_SYNC_FILTER), "syncing")
        # Recorded first: nio already counts this sync as seen, whatever fails from here on.
        for room_id, joined in response.rooms.join.items():
            for event in joined.timeline.events:
                self._take_in(room_id, event)
        if any(isinstance(event, nio.RoomKeyEvent) for event in response.to_device_events):
            self._try_again_to_decrypt()
        try:
            await self._look_after_keys()
            for room_id, invited in response.rooms.invite.items():
                await self._take_in_invitation(room_id, invited.invite_state)
        finally:
            self.syncs += 1
            async with self._changed:
                self._changed.notify_all()

    async def _look_after_keys(self) -> None:
        """Do between two syncs what nio's own sync_forever does."""
        client = self.client
        async with client.room_keys:
            await client.send_to_device_messages()
            if client.should_upload_keys:
                expect(await client.keys_upload(), "uploading one-time keys")
            if client.should_query_keys:
                expect(await client.keys_query(), "asking for device keys")
            if client.should_claim_keys:
                expect(await client.keys_claim(client.get_users_for_key_claiming()), "claiming keys")

    def _take_in(self, room_id: str, event: Any) -> None:
        if isinstance(event, nio.RedactionEvent):
            self._redacted.add(event.redacts)
            for message in self._seen:
                message.redacted = message.redacted or message.event_id == event.redacts
            for reaction in self.reactions:
                reaction.redacted = reaction.redacted or reaction.event_id == event.redacts
        elif isinstance(event, nio.ReactionEvent):
            self.reactions.append(Reaction(room_id, event.event_id, event.sender, event.reacts_to, event.key))
        elif (arrived := message_from(room_id, event)) is not None:
            self._seen.append(arrived)
            if arrived.redacted:
                self._redacted.add(arrived.event_id)

    def _try_again_to_decrypt(self) -> None:
        """Read what was said before its key came, as people's clients do; nio does not by itself."""
        for place, message in enumerate(self._seen):
            if isinstance(message.event, nio.MegolmEvent):
                with contextlib.suppress(nio.EncryptionError):
                    event = self.client.decrypt_event(message.event)
                    self._seen[place] = message_from(message.room_id, event) or message

    async def _take_in_invitation(self, room_id: str, state: Sequence[Any]) -> None:
        for event in state:
            if isinstance(event, nio.InviteMemberEvent) and event.state_key == self.user_id:
                is_direct = bool(event.content.get("is_direct"))
                self.invitations.append(Invitation(room_id, event.sender, is_direct))
                if self.accepts_invitations:
                    expect(await self.client.join(room_id), "accepting an invitation")
                    if is_direct:
                        await self.mark_direct(event.sender, room_id)
