"""REST: from an HTTP request to a route and back, with everything Discord does around each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from aiohttp import web

from . import errors
from .compose import File
from .entities import JSON, Channel
from .limits import Fault, too_many, too_many_headers
from .messages import Message
from .outages import abort

if TYPE_CHECKING:
    from .server import LoopbackDiscord

API = "/api/v10"
_PAGE = "<!doctype html><html><head><title>Just a moment</title></head><body>Checking</body></html>"


@dataclass(eq=False)
class Call:
    """One request, taken apart."""

    server: LoopbackDiscord
    params: dict[str, str]
    query: dict[str, str]
    body: Any = None
    files: dict[str, File] = field(default_factory=dict)

    def channel(self, need: int = 0) -> Channel:
        """Find the channel of the path; the bot must see it and have the permissions needed."""
        channel = self.server.world.channels.get(_number(self.params["channel_id"]))
        if channel is None:
            raise errors.unknown("Channel")
        has = channel.permissions_of(self.server.world.bot.id)
        if not has:
            raise errors.missing_access()
        if has & need != need:
            raise errors.missing_permissions()
        return channel

    def message(self, need: int = 0) -> Message:
        """Find the message of the path in the channel of the path."""
        message = self.channel(need).messages.get(_number(self.params["message_id"]))
        if message is None:
            raise errors.unknown("Message")
        return message


Handler = Callable[[Call], Any]


@dataclass(frozen=True)
class Route:
    """A route of Discord's API, named as in the published document."""

    method: str
    template: str
    pattern: re.Pattern[str]
    handler: Handler
    token_in_path: bool
    major: str | None


ROUTES: list[Route] = []
_MAJOR = ("channel_id", "guild_id", "webhook_id", "interaction_id")


def route(method: str, template: str, *, token_in_path: bool = False) -> Callable[[Handler], Handler]:
    """Register a handler; what it returns is the JSON answer, None is 204."""
    pattern = re.compile("^" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template) + "$")
    major = next((name for name in _MAJOR if f"{{{name}}}" in template), None)

    def register(handler: Handler) -> Handler:
        ROUTES.append(Route(method, template, pattern, handler, token_in_path, major))
        return handler

    return register


def _number(text: str) -> int:
    if not text.isdecimal():
        raise errors.invalid_form("id", "NUMBER_TYPE_COERCE", f'Value "{text}" is not snowflake.')
    return int(text)


class Rest:
    """The HTTP side of the server."""

    def __init__(self, server: LoopbackDiscord) -> None:
        self.server = server

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request and write it into the log."""
        path = request.rel_url.raw_path.removeprefix(API)
        if await self.server.outages.swallows(request):
            return web.Response(status=499)
        response = await self._answer(request, path)
        self.server.note_request(request.method, path, response.status)
        return response

    async def _answer(self, request: web.Request, path: str) -> web.StreamResponse:
        server, method = self.server, request.method
        one, params = _find(method, path)
        if one is None:
            server.unknown_requests.append((method, path))
            return _json(404, {"message": "404: Not Found", "code": 0})
        if not one.token_in_path and request.headers.get("Authorization") != f"Bot {server.token}":
            return _json(401, errors.unauthorized().body)
        major = params.get(one.major or "", "")
        everywhere = not one.token_in_path
        verdict = server.limits.check(method, one.template, path, major, counts_globally=everywhere)
        if verdict.refused is not None:
            return _json(429, verdict.refused, verdict.headers)
        fault = server.faults.take(method, path)
        if fault is not None and not fault.after_commit:
            return await self._fail(request, fault)
        response = await self._carry_out(request, one, params, verdict.headers)
        return response if fault is None else await self._fail(request, fault)

    async def _carry_out(
        self, request: web.Request, one: Route, params: dict[str, str], headers: dict[str, str]
    ) -> web.StreamResponse:
        call = Call(self.server, params, dict(request.query))
        try:
            call.body, call.files = await _read(request)
            violation = self.server.schema.check(one.method, one.template, call.body)
            if violation is not None:
                self.server.violations.append(f"{one.method} {one.template}: {violation}")
                raise errors.invalid_form("body", "SCHEMA", violation)
            result = one.handler(call)
        except errors.ApiError as refusal:
            return _json(refusal.status, refusal.body, headers)
        except (KeyError, TypeError, ValueError) as error:
            # A body that does not have what the route needs; seen when there is no document to check against.
            self.server.violations.append(f"{one.method} {one.template}: {error!r}")
            return _json(400, errors.invalid_form("body", "INVALID", repr(error)).body, headers)
        return web.Response(status=204, headers=headers) if result is None else _json(200, result, headers)

    async def _fail(self, request: web.Request, fault: Fault) -> web.Response:
        if fault.hang:
            self.server.world.changed.notify()
            await self.server.outages.keep_waiting(request)
            return web.Response(status=499)
        if fault.drop:
            # No answer at all: the client cannot know whether its request was carried out.
            abort(request)
            return web.Response(status=499)
        if fault.html:
            # What a proxy before Discord says; it does not come from Discord, so there is no Via header.
            headers = {"Retry-After": str(int(fault.retry_after) + 1)} if fault.status == 429 else None
            return web.Response(status=fault.status, text=_PAGE, content_type="text/html", headers=headers)
        if fault.status == 429:
            return _json(429, too_many(fault.retry_after), too_many_headers(fault.retry_after))
        return _json(fault.status, {"message": f"{fault.status}: made to fail", "code": fault.code})


def _find(method: str, path: str) -> tuple[Route | None, dict[str, str]]:
    for one in ROUTES:
        if one.method == method and (match := one.pattern.match(path)):
            return one, {name: unquote(value) for name, value in match.groupdict().items()}
    return None, {}


async def _read(request: web.Request) -> tuple[Any, dict[str, File]]:
    """Read a JSON body, or a form with ``payload_json`` and ``files[n]``."""
    if request.content_type != "multipart/form-data":
        raw = await request.read()
        if not raw:
            return None, {}
        if request.content_type != "application/json":
            raise errors.ApiError(400, 50035, f"unsupported content type {request.content_type}")
        try:
            return json.loads(raw), {}
        except ValueError:
            raise errors.ApiError(400, 50109, "The request body contains invalid JSON.") from None
    form = await request.post()
    files: dict[str, File] = {}
    for name, value in form.items():
        if isinstance(value, web.FileField):
            number = name.removeprefix("files[").removesuffix("]")
            files[number] = File(value.filename, value.file.read())
            value.file.close()
    payload = form.get("payload_json", "{}")
    return json.loads(payload if isinstance(payload, str) else "{}"), files


def _json(status: int, body: JSON | list[JSON], headers: dict[str, str] | None = None) -> web.Response:
    # discord.py compares the content type as a whole: with a charset it would not read the JSON.
    raw = json.dumps(body, ensure_ascii=False).encode()
    return web.Response(status=status, body=raw, headers={**(headers or {}), "Content-Type": "application/json"})
