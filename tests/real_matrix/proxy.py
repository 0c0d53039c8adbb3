"""A reverse proxy before Synapse at which things go wrong: the bot goes through it, people do not."""

import asyncio
import re
import time
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web

_HOST = "127.0.0.1"
_PAGE = "<html><head><title>{status}</title></head><body>The upstream server is away.</body></html>"
_HEADERS_OF_A_HOP = frozenset({"host", "connection", "transfer-encoding", "content-length", "content-encoding"})
_LARGEST_BODY = 64 * 1024 * 1024


@dataclass
class ProxyFault:
    """What goes wrong with the next `times` matching requests; `after_commit`: once the homeserver has done them."""

    method: str
    path: re.Pattern[str]
    status: int
    times: int
    after_commit: bool
    drop: bool
    html: bool
    hang: bool


class FaultProxy:
    """Forwards to the homeserver at `target`, except where a test wants otherwise."""

    def __init__(self, target: str) -> None:
        self.failed = 0
        """Requests that were answered wrongly, or not at all."""
        self._target = target
        self._faults: list[ProxyFault] = []
        self._storm_ends = 0.0
        self._storm_wait = 0
        self._cut = asyncio.Event()
        self._healed = asyncio.Event()
        self._healed.set()
        self._hangs = False
        self._port = 0
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    @property
    def base_url(self) -> str:
        """Where the bot finds the homeserver."""
        return f"http://{_HOST}:{self._port}"

    async def start(self) -> None:
        """Listen on a free port."""
        # auto_decompress off: what the homeserver has packed is passed on as it is.
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(), auto_decompress=False)
        app = web.Application(client_max_size=_LARGEST_BODY)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, _HOST, 0).start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Break every connection."""
        self.heal()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.stop()

    # Making things go wrong

    def fail_next(
        self,
        method: str,
        path_regex: str,
        *,
        status: int = 500,
        times: int = 1,
        after_commit: bool = False,
        drop: bool = False,
        html: bool = False,
        hang: bool = False,
    ) -> None:
        """Let the next matching requests fail: with a status, in JSON or as a page; dropped; or never answered."""
        pattern = re.compile(path_regex)
        self._faults.append(ProxyFault(method, pattern, status, times, after_commit, drop, html, hang))

    def storm(self, seconds: float, *, retry_after_ms: int = 100) -> None:
        """Answer 429 to everything for so long."""
        self._storm_ends, self._storm_wait = time.monotonic() + seconds, retry_after_ms

    def partition(self, *, hang: bool = False) -> None:
        """Cut the way to the homeserver until `heal`: connections break, or hang without a word. Long polls, too."""
        self._hangs = hang
        self._healed.clear()
        self._cut.set()

    def heal(self) -> None:
        """End a partition; what hung breaks now."""
        self._cut.clear()
        self._healed.set()

    def heal_requests(self) -> None:
        """Forget what `fail_next` has asked for."""
        self._faults.clear()

    # Answering

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if self._cut.is_set():
            return await self._no_way(request)
        if time.monotonic() < self._storm_ends:
            self.failed += 1
            wait = {"errcode": "M_LIMIT_EXCEEDED", "error": "Too many requests", "retry_after_ms": self._storm_wait}
            return web.json_response(wait, status=HTTPStatus.TOO_MANY_REQUESTS)
        fault = self._take(request.method, request.path)
        if fault is not None and not fault.after_commit:
            return await self._fail(request, fault)
        answering = asyncio.ensure_future(self._forward(request))
        cutting = asyncio.ensure_future(self._cut.wait())
        try:
            await asyncio.wait({answering, cutting}, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                return await self._no_way(request)
            response = answering.result()
        finally:
            answering.cancel()
            cutting.cancel()
        return response if fault is None else await self._fail(request, fault)

    def _take(self, method: str, path: str) -> ProxyFault | None:
        for fault in self._faults:
            if fault.method == method and fault.path.search(path):
                fault.times -= 1
                if not fault.times:
                    self._faults.remove(fault)
                return fault
        return None

    async def _no_way(self, request: web.Request) -> web.Response:
        self.failed += 1
        if self._hangs:
            await self._healed.wait()
        return _aborted(request)

    async def _fail(self, request: web.Request, fault: ProxyFault) -> web.Response:
        self.failed += 1
        if fault.hang:
            await asyncio.Event().wait()  # until the client gives up, or the proxy stops
        if fault.drop:
            return _aborted(request)
        if fault.html:
            page = _PAGE.format(status=fault.status)
            return web.Response(status=fault.status, text=page, content_type="text/html")
        body = {"errcode": "M_UNKNOWN", "error": "Internal server error"}
        return web.json_response(body, status=fault.status)

    async def _forward(self, request: web.Request) -> web.Response:
        assert self._session is not None
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HEADERS_OF_A_HOP}
        try:
            async with self._session.request(
                request.method,
                f"{self._target}{request.raw_path}",
                headers=headers,
                data=await request.read(),
                allow_redirects=False,
            ) as answer:
                kept = {name: value for name, value in answer.headers.items() if name.lower() not in _HEADERS_OF_A_HOP}
                if packed := answer.headers.get("Content-Encoding"):
                    kept["Content-Encoding"] = packed
                return web.Response(status=answer.status, body=await answer.read(), headers=kept)
        except aiohttp.ClientError:
            return _aborted(request)  # the homeserver is away


def _aborted(request: web.Request) -> web.Response:
    """No answer at all: the client cannot know whether its request was carried out."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=499)
