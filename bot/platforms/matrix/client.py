"""nio's client, with its sharp edges taken off."""

import asyncio
import json
import logging
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import nio

from bot.core.platform import read_at_most
from bot.platforms.matrix.errors import Refused
from bot.platforms.matrix.guards import Room, guard

REQUEST_SECONDS = 20
"""How long any request but a sync may take."""

_FIRST_ERROR_STATUS = 400
_ERROR_LIMIT = 65_536

# Below this, nio logs what people wrote, whenever an event is not as it should be.
logging.getLogger("nio").setLevel(logging.CRITICAL)


class Client(nio.AsyncClient):  # type: ignore[misc]  # nio has no types
    """One logged-in device.

    Unlike nio's own client it raises `Refused` where nio answers with an error object, it never retries by
    itself (the outbox owns retries, and making a room twice makes two), and it does nothing once closed.
    """

    def __init__(self, homeserver: str, user_id: str, *, store_path: str = "", pickle_key: str = "") -> None:
        config = nio.AsyncClientConfig(
            encryption_enabled=True,
            store_sync_tokens=False,
            pickle_key=pickle_key or "DEFAULT_KEY",
            max_timeouts=0,
            max_limit_exceeded=0,
            request_timeout=REQUEST_SECONDS,
        )
        super().__init__(homeserver.rstrip("/"), user_id, store_path=store_path, config=config)
        self.room_keys = asyncio.Lock()
        """Held while room keys are shared and used: a sync in between may throw them away."""
        self._closed = False

    async def call(
        self, method: str, *path: str, body: object = None, query: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """Call the client API at `path` (its parts unquoted) and answer the JSON object; raises `Refused`."""
        address = "/_matrix/client/v3/" + "/".join(quote(part, safe="") for part in path)
        return await self.call_address(method, address + (f"?{urlencode(query)}" if query else ""), body)

    async def call_address(self, method: str, address: str, body: object = None) -> dict[str, Any]:
        """Call a full address on the homeserver; raises `Refused`, also for an answer that is no JSON object.

        A proxy's page under status 200 must not pass for an empty answer: the bot would take its keys, its rooms or
        its message for gone.
        """
        headers = {"Content-Type": "application/json"}
        if self.access_token:
            headers["Authorization"] = f"Bearer {self.access_token}"
        data = None if body is None else json.dumps(body)
        response = await self.send(method, address, data, headers)
        return _object_in(response, await response.read())

    async def download_at_most(self, address: str, limit: int, seconds: float) -> bytes:
        """A file of the homeserver's, of `limit` bytes at most; raises `Refused`, and `NeverAgain` for a larger one."""
        headers = {"Authorization": f"Bearer {self.access_token}"}
        response = await self.send("GET", address, None, headers, None, seconds)
        async with response:
            if response.status != HTTPStatus.OK:
                _object_in(response, await read_at_most(response.content.iter_any(), _ERROR_LIMIT))
                raise Refused(None, response.status)
            return await read_at_most(response.content.iter_any(), limit)

    async def send(self, *args: Any, **kwargs: Any) -> Any:
        """Send a request. Without the check, nio would open a new session after its close."""
        if self._closed:
            raise aiohttp.ClientConnectionError("the client is closed")
        return await super().send(*args, **kwargs)

    async def create_matrix_response(
        self, response_class: type, transport_response: aiohttp.ClientResponse, *args: Any, **kwargs: Any
    ) -> Any:
        """Parse an answer; raises `Refused` for an error.

        nio takes the page of a failing proxy for success wherever the expected answer is an empty object.
        """
        response = await super().create_matrix_response(response_class, transport_response, *args, **kwargs)
        status = transport_response.status
        if isinstance(response, nio.ErrorResponse):
            raise Refused(response.status_code, status, response.retry_after_ms)
        if status >= _FIRST_ERROR_STATUS:
            raise Refused(None, status)
        return response

    async def receive_response(self, response: Any) -> None:
        """Take an answer in; a sync only while nobody is using room keys."""
        if not isinstance(response, nio.SyncResponse):
            await super().receive_response(response)
            return
        async with self.room_keys:
            for room_id in response.rooms.join:
                self.room(room_id)
            await super().receive_response(response)

    def room(self, room_id: str) -> Room:
        """What is known of a room the bot is in; it is made here, so that nio makes none of its own kind."""
        if room_id not in self.rooms:
            self.rooms[room_id] = Room(room_id, self.user_id, room_id in self.encrypted_rooms)
        room: Room = self.rooms[room_id]
        return room

    def load_store(self) -> None:
        """Open the key store."""
        super().load_store()
        if self.olm is not None:
            guard(self.olm)

    async def close(self) -> None:
        """Close the connections and the key store; nothing can be sent any more."""
        self._closed = True
        await super().close()
        if self.store is not None and not self.store.database.is_closed():
            self.store.database.close()


def _object_in(response: aiohttp.ClientResponse, body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise Refused(None, response.status, _retry_after_ms(response))
    if response.status >= _FIRST_ERROR_STATUS:
        errcode = answer.get("errcode")
        raise Refused(
            errcode if isinstance(errcode, str) else None,
            response.status,
            answer.get("retry_after_ms", _retry_after_ms(response)),
        )
    return answer


def _retry_after_ms(response: aiohttp.ClientResponse) -> int | None:
    """The wait that the header asks for, as servers and proxies say it since Matrix 1.10."""
    seconds = response.headers.get("Retry-After", "")
    return int(seconds) * 1000 if seconds.isascii() and seconds.isdigit() else None
